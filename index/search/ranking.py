"""Question -> scored passages and sentences.

The constants were chosen by citation@1 on the question files of the README's "Quality", so that its figures
for those files are not held out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from index.language.follow_ups import FollowUp, telling_words
from index.language.terms import Analyzer, LocatedTerms
from index.model.article import Passage, Sentence, Span
from index.search.bm25 import BM25
from index.search.build import Index, Ints, TokenTable
from index.search.embedding import Embedder, Embedding, Floats
from index.search.leads import Leads
from index.search.scores import best_matches, inherited_matches, max_sim, z_scores

CANDIDATE_PASSAGES = 8
"""How many passages each of FAISS and BM25 sends on to be ranked sentence by sentence."""

RERANKED = 20
"""How many of the best sentences a re-ranker reads."""

LESS = 0.5
"""What a word counts in a follow-up that tells less than its own: one of the questions before, or a "he"."""

NEIGHBOUR = 0.3
"""What a follow-up adds to the score of the sentences beside those cited before: people ask on from there."""

DECIDING = 3
"""How many runs of words of a quote are set off as deciding at most."""

DECISIVE = 0.5
"""How much a word has to match, against the one that matches best, to be set off."""

MENTIONED, NAME_TOKENS = 8, 32
"""How many names count with a sentence at most, and how many tokens of each: more than any prose has."""

FIGURES = 0.5
"""What a passage gains by the numbers of the question: to an embedding, version 2.2 and 2.3 are alike.

Chosen, not fitted: enough to part passages that match alike, and less than a better match is ahead by.
"""

LEAD_TOKENS = 64
"""How many tokens of what leads a sentence count with it at most: more than any question or lead-in has."""

_IDF_POWER = 0.75  # the plain idf lets one rare word decide alone, its root lets common words outvote it
_BM25_WEIGHT = 0.05  # only parts sentences that match about as well: MaxSim knows the words' senses, BM25 not
_LOOKED_AT = 200  # characters that any model's window holds
_start = attrgetter("start")
_BEHIND_THE_REST = 100.0  # what was cited already: no two scores are that far apart


class QuestionTokens(NamedTuple):
    """Token embeddings of a question, shape (tokens, dimension), and what each counts, shape (tokens,)."""

    tokens: Floats
    weights: Floats


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence and its score for a question.

    ``support`` is its MaxSim alone, from -1 to 1; for a follow-up, midway between that of the question with
    what was asked before it, and that of its own words.
    """

    sentence: Sentence
    score: float
    support: float


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage and its score for a question."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a question found, best first; ``question`` has its telling words, where it was read by words."""

    sentences: tuple[ScoredSentence, ...]
    passages: tuple[ScoredPassage, ...]
    question: QuestionTokens | None = None


class Reranker(Protocol):
    """Scores a question against texts, reading both together."""

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        """One score a text, higher is better, shape (texts,)."""


class Retriever:
    """Ranks an article's sentences and passages for a question.

    FAISS (dense passage vectors) and BM25 give candidate passages. MaxSim between the question's token
    embeddings and the candidates' stored ones ranks their sentences, with a little weight on the
    sentence's BM25 score. A passage ranks by its best sentence and by its own MaxSim as a whole.

    What a sentence leans on counts with it: it inherits the matches of the sentences before it, and where it
    says "he" or is quoted speech, the token embeddings of the person's name, which ``mentions`` finds, count
    as its own, as do those of the question or the line that leads it (``Leads``).
    """

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        *,
        mentions: Callable[[Span], Sequence[Span]] = lambda _: (),
        reranker: Reranker | None = None,
    ) -> None:
        article, passages, store, tokens = index
        self._article = article
        self._passages = passages
        self.leads = Leads(article, passages)
        self.sentences = [sentence for citable in self.leads.citable for sentence in citable]
        self._store = store
        self._tokens = tokens
        self._embedder = embedder
        self._mentions = mentions
        self._reranker = reranker
        self._analyzer = Analyzer(article.language)
        self._known_rows: dict[int, Ints] = {}
        counts = [len(citable) for citable in self.leads.citable]
        self._first_sentence = np.concatenate([[0], np.cumsum(counts)]).tolist()

    def rank(self, question: str, follow_up: FollowUp | None = None) -> Ranking:
        """Ranks the candidates for a question, best first.

        A follow-up goes through the model as one text with what it leans on, so that its "he" is embedded
        in view of the name. Its own telling words then count whole, its others and the telling ones of the
        questions before for LESS.
        """
        read = f"{follow_up.context} {question}" if follow_up else question
        cited = follow_up.spans if follow_up else ()
        embedding = self._embedder.embed_question(read)
        candidates = self._candidates(embedding, read, cited)
        sentences = [n for passage in candidates for n in self._sentence_numbers(passage)]
        first = np.cumsum([0, *(len(self.leads.citable[passage]) for passage in candidates[:-1])])
        best = self._best_matches(embedding, sentences)
        places = np.arange(len(sentences)) - np.repeat(first, np.diff([*first, len(sentences)]))
        inherited = inherited_matches(best, places)
        weights = self._weights(embedding.ids)
        own = np.zeros_like(weights)
        telling = _telling_chars(read)[embedding.spans[:, 0]]
        if follow_up:
            asked = embedding.spans[:, 0] > len(follow_up.context)
            own = weights * (asked & telling)
            weights *= np.where(asked & telling, 1, LESS * (asked | telling)).astype(np.float32)
        support = max_sim(inherited, weights)
        words = z_scores(self._sentence_bm25.scores(question)[sentences])
        score = z_scores(support) + _BM25_WEIGHT * words
        score += FIGURES * np.repeat(self._figures(question, candidates), np.diff([*first, len(sentences)]))
        if _is_unreadable(read, embedding):
            support = self._sentence_bm25.shares(question)[sentences]
            score = z_scores(support) + words
        whole = max_sim(np.maximum.reduceat(best, first, axis=1), weights)
        if own.any():
            support = np.asarray((support + max_sim(inherited, own)) / 2, dtype=np.float32)
        if follow_up:
            known = self._overlap(sentences, cited)
            score += (NEIGHBOUR * self._beside(sentences, known)).astype(np.float32)
            score[known & follow_up.asks_on] -= _BEHIND_THE_REST
        passage_score = np.maximum.reduceat(score, first) + z_scores(whole)
        return Ranking(
            sentences=self._rerank(
                read,
                [
                    ScoredSentence(self.sentences[sentences[n]], float(score[n]), float(support[n]))
                    for n in np.argsort(-score, kind="stable")
                ],
            ),
            passages=tuple(
                ScoredPassage(self._passages[candidates[n]], float(passage_score[n]))
                for n in np.argsort(-passage_score, kind="stable")
            ),
            question=QuestionTokens(embedding.tokens, weights * telling),
        )

    def sentence_vectors(self) -> Floats:
        """A vector of length 1 for each sentence: the mean of its tokens, weighted as in a question."""
        bounds = np.searchsorted(self._tokens.starts, [(s.start, s.end) for s in self.sentences])
        weights = self._weights(self._tokens.ids)
        vectors = np.empty((len(bounds), self._vectors.shape[1]), dtype=np.float32)
        for number, (first, last) in enumerate(bounds):
            vectors[number] = weights[first:last] @ self._vectors[first:last].astype(np.float32)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(length > 0, length, 1)
        return vectors

    def deciding(self, span: Span, asked: QuestionTokens | None) -> tuple[Span, ...]:
        """The words of a quote that matched the question best: at most DECIDING runs, in order.

        What a word decides is the sum of the matches, as they count in MaxSim, of the question's tokens that
        have their best match in it.
        """
        text = self._article.text
        first, last = self._bounds(span)
        words = [Span(span.start + w.start, span.start + w.end) for w in telling_words(span.of(text))]
        if asked is None or first == last or not words or not asked.weights.any():
            return ()
        similar = asked.tokens @ self._vectors[first:last].astype(np.float32).T
        places = self._tokens.starts[first:last]
        starts = np.array([word.start for word in words])
        owner = np.maximum(np.searchsorted(starts, places, side="right") - 1, 0)
        inside = (starts[owner] <= places) & (places < np.array([word.end for word in words])[owner])
        best = np.where(inside, similar, -1).argmax(axis=1)
        match = similar[np.arange(len(best)), best]
        share = np.bincount(owner[best], asked.weights * np.maximum(match, 0) * inside[best], len(words))
        runs: list[tuple[float, Span]] = []
        for number in np.flatnonzero((share > 0) & (share >= share.max() * DECISIVE)):
            total, word = float(share[number]), words[number]
            if runs and not text[runs[-1][1].end : word.start].strip(" -’'"):
                before, run = runs.pop()
                total, word = before + total, Span(run.start, word.end)
            runs.append((total, word))
        most = sorted(runs, key=itemgetter(0), reverse=True)[:DECIDING]
        return tuple(sorted((run for _, run in most), key=_start))

    def _candidates(self, embedding: Embedding, read: str, cited: Sequence[Span]) -> list[int]:
        """The numbers of the passages to look into, ascending; also those cited before and around them."""
        numbers, _ = self._store.search(embedding.vector, CANDIDATE_PASSAGES)
        by_words = np.argsort(-self._passage_bm25.scores(read), kind="stable")[:CANDIDATE_PASSAGES]
        found = {*numbers.tolist(), *by_words.tolist()}
        found |= {led for number in found for led in self.leads.led_passages(number)}
        for span in cited:
            at = self.passage_at(span.start).number
            found.update(range(max(at - 1, 0), min(at + 2, len(self._passages))))
        told = [number for number in sorted(found) if self.leads.citable[number]]
        return told or [number for number, citable in enumerate(self.leads.citable) if citable]

    def _figures(self, question: str, candidates: Sequence[int]) -> Floats:
        """Which share of the question's numbers each passage has, with what leads it, shape (candidates,)."""
        asked = {term for term in self._analyzer.terms(question) if any(map(str.isdigit, term))}
        if not asked:
            return np.zeros(len(candidates), dtype=np.float32)
        texts = (self.leads.context(self._passages[n]).of(self._article.text) for n in candidates)
        held = [len(asked.intersection(self._analyzer.terms(text))) for text in texts]
        return np.array(held, dtype=np.float32) / np.float32(len(asked))

    def _overlap(self, sentences: Sequence[int], cited: Sequence[Span]) -> npt.NDArray[np.bool_]:
        some = (self.sentences[number] for number in sentences)
        return np.array([any(s.start < c.end and c.start < s.end for c in cited) for s in some])

    def _beside(self, sentences: Sequence[int], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which sentences stand next to a ``known`` one in its paragraph, and are none themselves."""
        at = [(number, self.sentences[number].paragraph) for number in sentences]
        beside = {(n + step, p) for (n, p), one in zip(at, known, strict=True) if one for step in (-1, 1)}
        return np.array([one in beside for one in at]) & ~known

    def passage_at(self, offset: int) -> Passage:
        """The passage that holds ``offset``."""
        return self._passages[max(bisect_right(self._passages, offset, key=_start) - 1, 0)]

    def citable_in(self, span: Span) -> tuple[Sentence, ...]:
        """What can be cited of a span of whole sentences."""
        first, last = (bisect_left(self.sentences, at, key=_start) for at in (span.start, span.end))
        return tuple(self.sentences[first:last])

    def knows(self, word: str) -> bool:
        """Whether the article has a word in any of its forms."""
        return all(term in self._passage_bm25 for term in self._analyzer.terms(word))

    # What is made of the article when it is first needed: an index that is swapped in answers at once.

    @cached_property
    def _vectors(self) -> npt.NDArray[np.float16]:
        return np.asarray(self._tokens.vectors)  # a memmap is slow to index

    @cached_property
    def _terms(self) -> LocatedTerms:
        return self._analyzer.located_terms(self._article.text)

    @cached_property
    def _passage_bm25(self) -> BM25:
        return BM25(self._terms.within(self._passages), self._analyzer)

    @cached_property
    def _sentence_bm25(self) -> BM25:
        return BM25(self._terms.within(self.sentences), self._analyzer)

    @cached_property
    def _idf(self) -> tuple[dict[int, float], float]:
        return _idf(self._tokens, sum(len(passage.sentences) for passage in self._passages))

    def _sentence_numbers(self, passage: int) -> range:
        first = self._first_sentence[passage]
        return range(first, first + len(self.leads.citable[passage]))

    def _best_matches(self, embedding: Embedding, sentences: Sequence[int]) -> Floats:
        """``best_matches`` of the question in each sentence; -1 in one without a token."""
        best = np.full((len(embedding.tokens), len(sentences)), -1, dtype=np.float32)
        rows = [self._rows(n) for n in sentences]
        filled = [place for place, run in enumerate(rows) if len(run)]
        if filled:
            runs = [rows[place] for place in filled]
            starts = np.cumsum([0, *(len(run) for run in runs[:-1])])
            tokens = self._vectors[np.concatenate(runs)].astype(np.float32)
            best[:, filled] = best_matches(embedding.tokens, tokens, starts)
        return best

    def _rows(self, number: int) -> Ints:
        """The rows of the token table that count for a sentence: its own, and those of what it leans on."""
        found = self._known_rows.get(number)
        if found is None:
            sentence = self.sentences[number]
            bounds = [self._bounds(span) for span in (sentence, *self._mentions(sentence)[:MENTIONED])]
            ends = [bounds[0][1], *(min(end, first + NAME_TOKENS) for first, end in bounds[1:])]
            led = self.leads.led(sentence)
            if led is not None:
                first, end = self._bounds(led.lead)
                bounds.append(np.array([first, end], dtype=np.int32))
                ends.append(min(end, first + LEAD_TOKENS))
            found = np.concatenate(
                [np.arange(first, end) for (first, _), end in zip(bounds, ends, strict=True)]
            )
            self._known_rows[number] = found
        return found

    def _bounds(self, span: Span) -> Ints:
        """The first row of the token table in a span, and the one after its last."""
        return np.searchsorted(self._tokens.starts, [span.start, span.end]).astype(np.int32)

    def _weights(self, ids: Ints) -> Floats:
        """A power of each question token's idf: a rare word's match counts for more than a common one's."""
        known, unseen = self._idf
        idf = np.array([known.get(int(n), unseen) for n in ids], dtype=np.float32)
        return np.asarray(idf**_IDF_POWER, dtype=np.float32)

    def _rerank(self, question: str, ranked: list[ScoredSentence]) -> tuple[ScoredSentence, ...]:
        if self._reranker is None:
            return tuple(ranked)
        top, rest = ranked[:RERANKED], ranked[RERANKED:]
        texts = [scored.sentence.of(self._article.text) for scored in top]
        scores = self._reranker.scores(question, texts)
        order = np.argsort(-scores, kind="stable")
        return (*(replace(top[n], score=float(scores[n])) for n in order), *rest)


def _is_unreadable(text: str, embedding: Embedding) -> bool:
    """Whether most letters of a text are in no token: the model has not learned its script."""
    opening = text[:_LOOKED_AT]
    unread = np.fromiter(map(str.isalnum, opening), dtype=np.bool_, count=len(opening))
    letters = int(unread.sum())
    for start, end in embedding.spans:
        unread[start:end] = False
    return int(unread.sum()) * 2 > letters


def _telling_chars(text: str) -> npt.NDArray[np.bool_]:
    """Which characters of a text stand in a word that says something of the thing asked, shape (chars,)."""
    telling = np.zeros(len(text), dtype=np.bool_)
    for word in telling_words(text):
        telling[word.start : word.end] = True
    return telling


def _idf(tokens: TokenTable, sentences: int) -> tuple[dict[int, float], float]:
    """Inverse document frequency of each token id, a sentence being a document, and of an unseen id."""
    width = int(tokens.ids.max(initial=0)) + 1
    seen = np.unique(tokens.sentences.astype(np.int64) * width + tokens.ids) % width
    ids, counts = np.unique(seen, return_counts=True)
    values = np.log1p((sentences - counts + 0.5) / (counts + 0.5))
    return dict(zip(ids.tolist(), values.tolist(), strict=True)), float(np.log1p((sentences + 0.5) / 0.5))
