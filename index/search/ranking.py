"""Question -> scored passages and sentences of an article."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from index.language.follow_ups import FollowUp, telling_words
from index.language.terms import Analyzer, LocatedTerms
from index.model.article import Passage, Sentence, Span
from index.search.bm25 import BM25, TermPlaces
from index.search.build import Index, Ints
from index.search.embedding import Embedder, Floats
from index.search.leads import Leads
from index.search.scores import best_of
from index.search.scoring import (
    Matches,
    SoughtQuestion,
    TokenWeights,
    idf_weights,
    score,
    sentence_matches,
)
from index.search.token_rows import Mentions, TokenCounts, TokenRows, rows_of

CANDIDATE_PASSAGES = 8
"""How many passages each of FAISS and BM25 sends on to be ranked sentence by sentence."""

RERANKING_DEPTH = 20
"""How many of the best sentences a re-ranker reads."""

NEIGHBOUR = 0.3
"""What a follow-up adds to the score of the sentences beside those cited before: people ask on from there."""

DECIDING = 3
"""How many runs of words of a quote are set off as deciding at most."""

DECISIVE = 0.5
"""How much a word has to match, against the one that matches best, to be set off."""

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
        mentions: Mentions = lambda _: (),
        reranker: Reranker | None = None,
    ) -> None:
        article, passages, store, tokens = index
        self._article = article
        self.passages = passages
        self.leads = Leads(article, passages)
        self.sentences = self.leads.citable
        self._store = store
        self._tokens = tokens
        self._embedder = embedder
        self._token_rows = TokenRows(tokens.starts, self.leads, mentions)
        self._reranker = reranker
        self._analyzer = Analyzer(article.language)

    def rank(self, question: str, follow_up: FollowUp | None = None) -> Ranking:
        """Ranks the candidates for a question, best first; see ``SoughtQuestion`` for a follow-up."""
        earlier = follow_up.spans if follow_up else ()
        query = SoughtQuestion.of(question, follow_up, self._embedder)
        candidates = self._candidates(query, earlier)
        sentences = [n for passage in candidates for n in self.sentences.numbers_of(passage)]
        weights = TokenWeights.of(query, self._weights(query.embedding.ids))
        matches = self._matches(query, candidates, sentences)
        scores = score(query, weights, matches)
        if follow_up:
            overlap = self._overlap(sentences, earlier)
            final = scores.score + (NEIGHBOUR * self._beside(sentences, overlap)).astype(np.float32)
            final[overlap & follow_up.asks_on] -= _BEHIND_THE_REST
            scores = scores._replace(score=final)
        passage_score = scores.of_passages(matches.first)
        return Ranking(
            sentences=self._rerank(
                query.text,
                [
                    ScoredSentence(
                        self.sentences[sentences[n]], float(scores.score[n]), float(scores.support[n])
                    )
                    for n in np.argsort(-scores.score, kind="stable")
                ],
            ),
            passages=tuple(
                ScoredPassage(self.passages[candidates[n]], float(passage_score[n]))
                for n in np.argsort(-passage_score, kind="stable")
            ),
            question=QuestionTokens(query.embedding.tokens, weights.all * query.telling),
        )

    def _matches(self, query: SoughtQuestion, candidates: Sequence[int], sentences: Sequence[int]) -> Matches:
        counts = [len(self.sentences.numbers_of(passage)) for passage in candidates]
        rows = [rows_of(self._token_rows.runs(self.sentences[n])) for n in sentences]
        tokens = self._tokens.vectors[np.concatenate(rows)]
        lengths = np.array([len(run) for run in rows], dtype=np.int32)
        words, unreadable = self._bm25[1], query.is_unreadable
        return Matches(
            best=sentence_matches(query.embedding.tokens, tokens, lengths),
            first=np.cumsum([0, *counts[:-1]]).astype(np.int32),
            words=words.scores(query.question)[sentences],
            shares=words.shares(query.question)[sentences] if unreadable else np.zeros(0, dtype=np.float32),
            figures=self._figures(query.question, candidates),
        )

    def sentence_vectors(self) -> Floats:
        """A vector of length 1 for each sentence: the mean of its tokens, weighted as in a question."""
        bounds = np.searchsorted(self._tokens.starts, [(s.start, s.end) for s in self.sentences])
        weights = self._weights(self._tokens.ids)
        vectors = np.empty((len(bounds), self._store.dimension), dtype=np.float32)
        for number, (first, last) in enumerate(bounds):
            vectors[number] = weights[first:last] @ self._tokens.vectors[first:last]
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(length > 0, length, 1)
        return vectors

    def deciding(self, span: Span, question: QuestionTokens | None) -> tuple[Span, ...]:
        """The words of a quote that matched the question best: at most DECIDING runs, in order.

        What a word decides is the sum of the matches, as they count in MaxSim, of the question's tokens that
        have their best match in it.
        """
        text = self._article.text
        first, last = self._token_rows.bounds(span)
        words = [Span(span.start + w.start, span.start + w.end) for w in telling_words(span.of(text))]
        if question is None or first == last or not words or not question.weights.any():
            return ()
        similar = question.tokens @ self._tokens.vectors[first:last].T
        places = self._tokens.starts[first:last]
        starts = np.array([word.start for word in words])
        owner = np.maximum(np.searchsorted(starts, places, side="right") - 1, 0)
        inside = (starts[owner] <= places) & (places < np.array([word.end for word in words])[owner])
        best = np.where(inside, similar, -1).argmax(axis=1)
        match = similar[np.arange(len(best)), best]
        share = np.bincount(owner[best], question.weights * np.maximum(match, 0) * inside[best], len(words))
        runs: list[tuple[float, Span]] = []
        for number in np.flatnonzero((share > 0) & (share >= share.max() * DECISIVE)):
            total, word = float(share[number]), words[number]
            if runs and not text[runs[-1][1].end : word.start].strip(" -’'"):
                before, run = runs.pop()
                total, word = before + total, Span(run.start, word.end)
            runs.append((total, word))
        most = sorted(runs, key=itemgetter(0), reverse=True)[:DECIDING]
        return tuple(sorted((run for _, run in most), key=_start))

    def _candidates(self, query: SoughtQuestion, earlier: Sequence[Span]) -> list[int]:
        """The numbers of the passages to look into, ascending; also those cited before and around them."""
        numbers, _ = self._store.search(query.embedding.vector, CANDIDATE_PASSAGES)
        by_words = best_of(self._bm25[0].scores(query.text), CANDIDATE_PASSAGES)
        near = {*numbers.tolist(), *by_words.tolist()}
        near |= {led for number in near for led in self.leads.led_passages(number)}
        for span in earlier:
            at = self.passages.number_at(span.start)
            near.update(range(max(at - 1, 0), min(at + 2, len(self.passages))))
        citable_numbers = [number for number in sorted(near) if self.sentences.numbers_of(number)]
        return citable_numbers or self.sentences.passages()

    def _figures(self, question: str, candidates: Sequence[int]) -> Floats:
        """Which share of the question's numbers each passage has, with what leads it, shape (candidates,)."""
        asked = {term for term in self._analyzer.terms(question) if any(map(str.isdigit, term))}
        if not asked:
            return np.zeros(len(candidates), dtype=np.float32)
        texts = (self.leads.context(self.passages[n]).of(self._article.text) for n in candidates)
        hits = [len(asked.intersection(self._analyzer.terms(text))) for text in texts]
        return np.array(hits, dtype=np.float32) / np.float32(len(asked))

    def _overlap(self, sentences: Sequence[int], citations: Sequence[Span]) -> npt.NDArray[np.bool_]:
        some = (self.sentences[number] for number in sentences)
        return np.array([any(s.start < c.end and c.start < s.end for c in citations) for s in some])

    def _beside(self, sentences: Sequence[int], citations: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which sentences stand next to a ``citations`` one in its paragraph, and are none themselves."""
        at = [(number, self.sentences[number].paragraph) for number in sentences]
        beside = {(n + step, p) for (n, p), one in zip(at, citations, strict=True) if one for step in (-1, 1)}
        return np.array([one in beside for one in at]) & ~citations

    def passage_at(self, offset: int) -> Passage:
        """The passage that holds ``offset``."""
        return self.passages[self.passages.number_at(offset)]

    def citable_in(self, span: Span) -> tuple[Sentence, ...]:
        """What can be cited of a span of whole sentences."""
        first, last = (bisect_left(self.sentences.starts, at) for at in (span.start, span.end))
        return tuple(self.sentences[first:last])

    def knows(self, word: str) -> bool:
        """Whether the article has a word in any of its forms."""
        return all(term in self.terms for term in self._analyzer.terms(word))

    # What is made of the article when it is first needed: an index that is swapped in answers at once.

    @cached_property
    def located_terms(self) -> LocatedTerms:
        """The terms of the article."""
        return self._analyzer.located_terms(self._article.text)

    @cached_property
    def terms(self) -> TermPlaces:
        """The same, to be looked up."""
        return TermPlaces.of(self.located_terms)

    @cached_property
    def _bm25(self) -> tuple[BM25, BM25]:
        """Of the passages and of the sentences."""
        return (
            BM25(self.terms, self.passages, self._analyzer),
            BM25(self.terms, self.sentences, self._analyzer),
        )

    @cached_property
    def _token_counts(self) -> TokenCounts:
        return TokenCounts.of(self._tokens)

    def _weights(self, ids: Ints) -> Floats:
        """What each token counts: a rare word's match counts for more than a common one's."""
        counts = self._token_counts
        return idf_weights(counts.in_sentences(ids), counts.sentences)

    def _rerank(self, question: str, sentences: list[ScoredSentence]) -> tuple[ScoredSentence, ...]:
        if self._reranker is None:
            return tuple(sentences)
        top, rest = sentences[:RERANKING_DEPTH], sentences[RERANKING_DEPTH:]
        texts = [one.sentence.of(self._article.text) for one in top]
        scores = self._reranker.scores(question, texts)
        order = np.argsort(-scores, kind="stable")
        return (*(replace(top[n], score=float(scores[n])) for n in order), *rest)
