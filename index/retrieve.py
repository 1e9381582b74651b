"""Question -> scored passages and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from index.build import Index, Ints, TokenTable
from index.embed import Embedder, Embedding, Floats
from index.lexical import BM25, Analyzer
from index.models import Article, Passage, Sentence, Span

CANDIDATES = 16
"""How many passages each of FAISS and BM25 sends on to be ranked sentence by sentence."""

RERANKED = 20
"""How many of the best sentences a re-ranker reads."""

# The weights of the sum that ranks, all of z-scores over the candidates. They are the middle of the range
# in which nothing changes by more than a question in a hundred, on three sets of questions.
_SENTENCE_BM25 = 0.05
_SENTENCE_PASSAGE = 0.1
_PASSAGE_VECTOR = 0.25
_PASSAGE_BM25 = 0.25


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence and its score for a question; ``support`` is its MaxSim alone, from -1 to 1."""

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
    """What a question found, best first."""

    sentences: tuple[ScoredSentence, ...]
    passages: tuple[ScoredPassage, ...]


class Reranker(Protocol):
    """Scores a question against texts, reading both together."""

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        """One score a text, higher is better, shape (texts,)."""


def max_sim(question: Floats, weights: Floats, tokens: Floats, starts: Ints) -> Floats:
    """MaxSim of a question with each of several runs of tokens.

    For every question token its best match in the run, averaged with ``weights`` (ColBERT's late
    interaction, Khattab & Zaharia 2020, https://arxiv.org/abs/2004.12832, as a weighted mean).

    Args:
        question: Token embeddings of length 1, shape (question tokens, dimension).
        weights: Shape (question tokens,), not all 0.
        tokens: Token embeddings of length 1, shape (tokens, dimension).
        starts: Where each run starts in ``tokens``, ascending, shape (runs,).

    Returns:
        Shape (runs,), from -1 to 1.
    """
    best = np.maximum.reduceat(question @ tokens.T, starts, axis=1)
    return np.asarray(weights @ best / weights.sum(), dtype=np.float32)


def z_scores(values: Floats) -> Floats:
    """How many standard deviations each value is from the mean; all 0 where they do not differ."""
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-6 else np.zeros_like(values)


class Retriever:
    """Ranks an article's sentences and passages for a question.

    FAISS (dense passage vectors) and BM25 give candidate passages; MaxSim between the question's token
    embeddings and the candidates' stored ones ranks their sentences, with a little weight on the
    sentence's BM25 score and its passage's vector. A passage ranks by its best sentence, its vector
    and its BM25 score.

    A sentence that says "he", or that is quoted speech, is ranked as if it also held the name of the
    person: the token embeddings of the ``mentions`` of a sentence outside of it count as its own.
    """

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        *,
        mentions: Callable[[Span], Sequence[Span]] = lambda span: (),
        reranker: Reranker | None = None,
    ) -> None:
        article, passages, store, tokens = index
        self._article = article
        self._passages = passages
        self._sentences = [sentence for passage in passages for sentence in passage.sentences]
        self._store = store
        self._tokens = tokens
        self._embedder = embedder
        self._reranker = reranker
        analyzer = Analyzer(article.language)
        self._passage_bm25 = BM25([passage.of(article.text) for passage in passages], analyzer)
        self._sentence_bm25 = BM25([s.of(article.text) for s in self._sentences], analyzer)
        numbers = np.arange(len(self._sentences))
        bounds = np.searchsorted(tokens.sentences, [*numbers, len(numbers)])
        self._rows = [
            np.concatenate([np.arange(*bounds[n : n + 2]), *self._rows_of(mentions(sentence))])
            for n, sentence in enumerate(self._sentences)
        ]
        counts = [len(passage.sentences) for passage in passages]
        self._first_sentence = np.concatenate([[0], np.cumsum(counts)]).tolist()
        self._idf, self._idf_unseen = _idf(tokens, len(self._sentences))

    def rank(self, question: str, embedding: Embedding | None = None) -> Ranking:
        """Ranks the candidates for a question, best first.

        Args:
            question: The question, not empty.
            embedding: The question's, where it is at hand.
        """
        if embedding is None:
            embedding = self._embedder.embed_question(question)
        bm25 = self._passage_bm25.scores(question)
        numbers, similarities = self._store.search(embedding.vector, len(self._passages))
        vector = np.empty(len(self._passages), dtype=np.float32)
        vector[numbers] = similarities
        candidates = np.union1d(numbers[:CANDIDATES], np.argsort(-bm25, kind="stable")[:CANDIDATES])

        sentences = [s for n in candidates for s in self._sentence_numbers(int(n))]
        place = np.searchsorted(candidates, [self._sentences[n].passage for n in sentences])
        support = self._support(embedding, sentences)
        score = (
            z_scores(support)
            + _SENTENCE_BM25 * z_scores(self._sentence_bm25.scores(question)[sentences])
            + _SENTENCE_PASSAGE * z_scores(vector[candidates])[place]
        )
        best = np.full(len(candidates), -np.inf, dtype=np.float32)
        np.maximum.at(best, place, score)
        passage_score = (
            best
            + _PASSAGE_VECTOR * z_scores(vector)[candidates]
            + _PASSAGE_BM25 * z_scores(bm25)[candidates]
        )
        return Ranking(
            sentences=self._rerank(
                question,
                [
                    ScoredSentence(self._sentences[sentences[n]], float(score[n]), float(support[n]))
                    for n in np.argsort(-score, kind="stable")
                ],
            ),
            passages=tuple(
                ScoredPassage(self._passages[candidates[n]], float(passage_score[n]))
                for n in np.argsort(-passage_score, kind="stable")
            ),
        )

    def _sentence_numbers(self, passage: int) -> range:
        first = self._first_sentence[passage]
        return range(first, first + len(self._passages[passage].sentences))

    def _support(self, embedding: Embedding, sentences: Sequence[int]) -> Floats:
        """MaxSim of the question with each sentence; -1 for one without a token."""
        support = np.full(len(sentences), -1, dtype=np.float32)
        filled = [place for place, n in enumerate(sentences) if len(self._rows[n])]
        if not filled or not len(embedding.tokens):
            return support
        runs = [self._rows[sentences[place]] for place in filled]
        starts = np.cumsum([0, *(len(run) for run in runs[:-1])])
        tokens = self._tokens.vectors[np.concatenate(runs)].astype(np.float32)
        support[filled] = max_sim(embedding.tokens, self._weights(embedding.ids), tokens, starts)
        return support

    def _rows_of(self, spans: Sequence[Span]) -> Iterator[Ints]:
        """The rows of the token table that stand in each span."""
        for span in spans:
            yield np.arange(*np.searchsorted(self._tokens.starts, [span.start, span.end]))

    def _weights(self, ids: Ints) -> Floats:
        """sqrt(idf) of each question token: a rare word's match counts for more than a common one's."""
        return np.sqrt(np.array([self._idf.get(int(n), self._idf_unseen) for n in ids], dtype=np.float32))

    def _rerank(self, question: str, ranked: list[ScoredSentence]) -> tuple[ScoredSentence, ...]:
        if self._reranker is None:
            return tuple(ranked)
        top, rest = ranked[:RERANKED], ranked[RERANKED:]
        texts = [scored.sentence.of(self._article.text) for scored in top]
        scores = self._reranker.scores(question, texts)
        order = np.argsort(-scores, kind="stable")
        return (*(replace(top[n], score=float(scores[n])) for n in order), *rest)


def _idf(tokens: TokenTable, sentences: int) -> tuple[dict[int, float], float]:
    """Inverse document frequency of each token id, a sentence being a document, and of an unseen id."""
    seen = np.unique(np.stack([tokens.ids, tokens.sentences]), axis=1)[0]
    ids, counts = np.unique(seen, return_counts=True)
    values = np.log1p((sentences - counts + 0.5) / (counts + 0.5))
    return dict(zip(ids.tolist(), values.tolist(), strict=True)), float(np.log1p((sentences + 0.5) / 0.5))
