"""All articles of a library as one: searched together, with one set of weights, and ranked as one set.

Articles come and go one by one, and nothing of the others is touched: vectors are added to one FAISS index,
words to one set of postings, and the counts that idf is made of are added up.
"""

from __future__ import annotations

import sys
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from index.language.follow_ups import FollowUp
from index.language.terms import Analyzer
from index.search.build import Ints
from index.search.embedding import Embedder, Floats
from index.search.postings import Postings, saturated
from index.search.ranking import CANDIDATE_PASSAGES, QuestionTokens, ScoredSentence
from index.search.scoring import (
    Matches,
    SoughtQuestion,
    TokenWeights,
    idf_weights,
    score,
    sentence_matches,
)
from index.search.segments import Segment
from index.search.token_rows import TokenCounts, rows_of
from index.search.vectors import EXACT_UP_TO, GrowingStore

K = TypeVar("K", bound=Hashable)
ReadTokens: TypeAlias = Callable[[K, npt.NDArray[np.int64]], Floats]
"""Reads rows of an article's token table."""

_GAP = 100_000
"""How many numbers of passages that have gone may go unused, and three times as many as are there."""


class ScoredNumber(NamedTuple):
    """The number of a passage of an article, and its score for a question."""

    number: int
    score: float


@dataclass(frozen=True, slots=True)
class Share(Generic[K]):
    """What a question found in one article, best first; scores compare between the articles of a library."""

    key: K
    sentences: tuple[ScoredSentence, ...]
    passages: tuple[ScoredNumber, ...]
    question: QuestionTokens


@dataclass(frozen=True, slots=True)
class _Entry:
    """An article that is in: the numbers of its passages, and what it has added to the counts."""

    first: int
    end: int
    analyzer: str
    terms: tuple[str, ...]
    tokens: TokenCounts
    sentences: int
    sentence_terms: int


class _Words(NamedTuple):
    """The terms of a question with their idf, and the mean length of a sentence in terms."""

    idf: dict[str, float]
    mean_length: float


class WholeIndex(Generic[K]):
    """The articles of a library as one index. Thread-safe.

    Args:
        dimension: The length of a vector.
        exact_up_to: How many passages are searched exactly.
    """

    def __init__(self, dimension: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self._store = GrowingStore(dimension, exact_up_to)
        self._postings = Postings()
        self._entries: dict[K, _Entry] = {}
        self._keys: list[K] = []  # in order of their numbers, as are these
        self._firsts: list[int] = []
        self._next = 0
        self._analyzers: dict[str, Analyzer] = {}
        self._token_counts = np.zeros(0, dtype=np.int64)
        self._token_sentences = self._sentences = self._sentence_terms = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._store)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    @property
    def nbytes(self) -> int:
        """About how much memory it takes."""
        terms = sum(len(entry.terms) for entry in self._entries.values())
        return len(self._store) * (4 * self._store.dimension + 600) + 24 * terms

    @property
    def is_worn(self) -> bool:
        """Whether so much has come and gone that it had better be made anew."""
        return self._next > 4 * len(self) + _GAP

    def knows(self, word: str) -> bool:
        """Whether any article has a word in any of its forms."""
        with self._lock:
            analyzers = list(self._analyzers.items())
            return any(
                all(f"{name}:{term}" in self._postings for term in one.terms(word)) for name, one in analyzers
            )

    def add(self, key: K, segment: Segment) -> None:
        """Adds an article, in place of what it was before."""
        analyzer = Analyzer(segment.language)
        names = [sys.intern(f"{analyzer.name}:{term}") for term in segment.vocabulary]
        texts = segment.terms_within(segment.passages[:, :2])
        lengths = [len(terms) for terms in segment.terms_within(segment.sentences[:, :2])]
        with self._lock:
            self._remove(key)
            first, self._next = self._next, self._next + len(texts)
            self._store.add(first, segment.vectors)
            self._postings.add(first, [Counter(names[place] for place in terms) for terms in texts])
            used = {place for terms in texts for place in terms}
            self._entries[key] = entry = _Entry(
                first,
                self._next,
                analyzer.name,
                tuple(names[place] for place in used),
                segment.token_counts,
                len(lengths),
                sum(lengths),
            )
            self._keys.append(key)
            self._firsts.append(first)
            self._analyzers.setdefault(analyzer.name, analyzer)
            self._count(entry, 1)

    def remove(self, key: K) -> None:
        """Removes an article, if it is there."""
        with self._lock:
            self._remove(key)

    def _remove(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        place = bisect_right(self._firsts, entry.first) - 1
        del self._keys[place], self._firsts[place]
        self._store.remove(entry.first, entry.end - entry.first)
        self._postings.remove(entry.first, entry.end, entry.terms)
        self._count(entry, -1)

    def _count(self, entry: _Entry, sign: int) -> None:
        width = int(entry.tokens.ids.max(initial=-1)) + 1
        if width > len(self._token_counts):
            self._token_counts = np.pad(self._token_counts, (0, width - len(self._token_counts)))
        self._token_counts[entry.tokens.ids] += sign * entry.tokens.counts
        self._token_sentences += sign * entry.tokens.sentences
        self._sentences += sign * entry.sentences
        self._sentence_terms += sign * entry.sentence_terms

    def rank(
        self,
        question: str,
        follow_up: FollowUp | None,
        embedder: Embedder,
        *,
        segment: Callable[[K], Segment],
        tokens: ReadTokens[K],
    ) -> tuple[Share[K], ...]:
        """Ranks passages of all articles, and their sentences, as one set.

        FAISS and BM25 give candidates from the whole library. They are ranked as those of one article are
        (``scoring``), with the library's idf.

        Args:
            question: As it is read.
            follow_up: What it leans on.
            embedder: The model that all vectors were made with.
            segment: An article's segment.
            tokens: Reads rows of an article's token table.

        Returns:
            The share of each article that has a candidate, that of the best passage first.
        """
        query = SoughtQuestion.of(question, follow_up, embedder)
        with self._lock:
            numbers = self._candidates(query)
            near = self._by_article(numbers)
            words = {
                name: self._words(analyzer.terms(question), name)
                for name, analyzer in self._analyzers.items()
            }
            idf = idf_weights(self._in_sentences(query.embedding.ids), self._token_sentences)
            names = {key: self._entries[key].analyzer for key in near}
        weights = TokenWeights.of(query, idf)
        candidates = [
            one
            for key, passages in sorted(near.items(), key=_name)
            if (one := _Candidates.of(key, segment(key), passages)) is not None
        ]
        if not candidates:
            return ()
        matches = [one.matches(query, words[names[one.key]], tokens) for one in candidates]
        of_all = _joined(matches)
        scores = score(query, weights, of_all)
        first = np.cumsum([0, *(len(one.first) for one in matches)])
        of_passages = scores.of_passages(of_all.first)
        start = 0
        shares: list[Share[K]] = []
        asked = QuestionTokens(query.embedding.tokens, weights.all * query.telling)
        for one, at in zip(candidates, first, strict=False):
            end = start + len(one.places)
            shares.append(
                one.share(
                    scores.score[start:end],
                    scores.support[start:end],
                    of_passages[at : at + len(one.passages)],
                    asked,
                )
            )
            start = end
        return tuple(sorted(shares, key=lambda share: -share.passages[0].score))

    def _candidates(self, query: SoughtQuestion) -> list[int]:
        """The numbers of the passages to look into."""
        terms = [f"{name}:{term}" for name, one in self._analyzers.items() for term in one.terms(query.text)]
        by_words = self._postings.best(terms, CANDIDATE_PASSAGES)
        return [*self._store.search(query.embedding.vector, CANDIDATE_PASSAGES), *by_words]

    def _by_article(self, numbers: Sequence[int]) -> dict[K, list[int]]:
        """The articles of passages, each with the numbers that they have there, ascending."""
        near: dict[K, list[int]] = {}
        for number in sorted(set(numbers)):
            place = bisect_right(self._firsts, number) - 1
            near.setdefault(self._keys[place], []).append(number - self._firsts[place])
        return near

    def _in_sentences(self, ids: Ints) -> npt.NDArray[np.int64]:
        """In how many sentences each of some tokens stands."""
        width = len(self._token_counts)
        counts = np.zeros(len(ids), dtype=np.int64)
        counts[ids < width] = self._token_counts[ids[ids < width]]
        return counts

    def _words(self, terms: Sequence[str], name: str) -> _Words:
        idf = {term: self._postings.idf(f"{name}:{term}") for term in dict.fromkeys(terms)}
        return _Words(idf, self._sentence_terms / max(self._sentences, 1))


class _Candidates(NamedTuple, Generic[K]):
    """The candidates of an article: passages that something can be cited of, and the places of that."""

    key: K
    segment: Segment
    passages: list[int]
    places: list[int]
    lengths: list[int]

    @classmethod
    def of(cls, key: K, segment: Segment, passages: Sequence[int]) -> _Candidates[K] | None:
        """The candidates among some passages, and those that they lead; None where nothing can be cited."""
        led_numbers = segment.led[np.isin(segment.led[:, 0], passages), 1].tolist()
        citable = [(number, segment.citable(number)) for number in sorted({*passages, *led_numbers})]
        some = [(number, places) for number, places in citable if places]
        if not some:
            return None
        return cls(
            key,
            segment,
            [number for number, _ in some],
            [place for _, places in some for place in places],
            [len(places) for _, places in some],
        )

    def matches(self, query: SoughtQuestion, words: _Words, tokens: ReadTokens[K]) -> Matches:
        """What they have of a question."""
        segment = self.segment
        rows = [rows_of(segment.runs_of(place)) for place in self.places]
        texts = segment.terms_within(segment.sentences[self.places, :2])
        question_terms = {
            place: idf for term, idf in words.idf.items() if (place := segment.place_of(term)) is not None
        }
        counts = [Counter(term for term in text if term in question_terms) for text in texts]
        asked = {term for term in words.idf if any(map(str.isdigit, term))}
        figures = {segment.place_of(term) for term in asked}
        contexts = segment.terms_within(segment.passages[self.passages, 2:])
        hits = [len(figures.intersection(context)) for context in contexts]
        return Matches(
            best=sentence_matches(
                query.embedding.tokens,
                tokens(self.key, np.concatenate(rows)),
                np.array([len(run) for run in rows], dtype=np.int32),
            ),
            first=np.cumsum([0, *self.lengths[:-1]]).astype(np.int32),
            words=np.array(
                [
                    sum(
                        question_terms[term] * saturated(float(n), float(len(text)), words.mean_length)
                        for term, n in count.items()
                    )
                    for count, text in zip(counts, texts, strict=True)
                ],
                dtype=np.float32,
            ),
            shares=np.array([len(count) / max(len(words.idf), 1) for count in counts], dtype=np.float32),
            figures=np.array([count / max(len(asked), 1) for count in hits], dtype=np.float32),
        )

    def share(self, scores: Floats, supports: Floats, of_passages: Floats, asked: QuestionTokens) -> Share[K]:
        """They, scored."""
        order = np.argsort(-scores, kind="stable")
        return Share(
            self.key,
            tuple(
                ScoredSentence(self.segment.sentence(self.places[n]), float(scores[n]), float(supports[n]))
                for n in order
            ),
            tuple(
                ScoredNumber(self.passages[n], float(of_passages[n]))
                for n in np.argsort(-of_passages, kind="stable")
            ),
            asked,
        )


def _name(one: tuple[Hashable, object]) -> str:
    """What articles that score alike are ordered by, whichever came first."""
    return str(one[0])


def _joined(matches: Sequence[Matches]) -> Matches:
    """Matches of several articles as one."""
    starts = np.cumsum([0, *(one.best.shape[1] for one in matches)])
    return Matches(
        best=np.concatenate([one.best for one in matches], axis=1),
        first=np.concatenate([one.first + start for one, start in zip(matches, starts, strict=False)]).astype(
            np.int32
        ),
        words=np.concatenate([one.words for one in matches]),
        shares=np.concatenate([one.shares for one in matches]),
        figures=np.concatenate([one.figures for one in matches]),
    )
