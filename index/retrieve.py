"""Question -> scored passages and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from index.build import Index, Ints, TokenTable
from index.embed import Embedder, Embedding, Floats
from index.lexical import BM25, Analyzer
from index.models import Passage, Sentence, Span

CANDIDATES = 8
"""How many passages each of FAISS and BM25 sends on to be ranked sentence by sentence."""

RERANKED = 20
"""How many of the best sentences a re-ranker reads."""

CARRY = 0.75
"""How much of a match in the sentence before counts for a sentence, and so on back through the passage."""

_IDF_POWER = 0.75
_BM25_WEIGHT = 0.05


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


def best_matches(question: Floats, tokens: Floats, starts: Ints) -> Floats:
    """For every question token its best match in each run of tokens.

    Args:
        question: Token embeddings of length 1, shape (question tokens, dimension).
        tokens: Token embeddings of length 1, shape (tokens, dimension).
        starts: Where each run starts in ``tokens``, ascending, shape (runs,).

    Returns:
        Cosine similarities, shape (question tokens, runs).
    """
    return np.asarray(np.maximum.reduceat(question @ tokens.T, starts, axis=1), dtype=np.float32)


def carried(best: Floats, places: Ints) -> Floats:
    """Lets each sentence inherit the matches of the ones before it in its passage.

    Prose names a thing once and then goes on about it. A question token that finds its match a sentence
    earlier has found it at CARRY of its value, two sentences earlier at CARRY squared.

    Args:
        best: What ``best_matches`` gives for sentences in order, shape (question tokens, sentences).
        places: Each sentence's place in its passage, from 0, shape (sentences,).

    Returns:
        The same shape, nowhere smaller where ``best`` is positive.
    """
    inherited = best.copy()
    for place in range(1, int(places.max(initial=0)) + 1):
        here = np.flatnonzero(places == place)
        inherited[:, here] = np.maximum(best[:, here], CARRY * inherited[:, here - 1])
    return inherited


def max_sim(best: Floats, weights: Floats) -> Floats:
    """MaxSim: the mean of the question tokens' best matches, weighted.

    ColBERT's late interaction (Khattab & Zaharia 2020, https://arxiv.org/abs/2004.12832) as a mean.

    Args:
        best: Shape (question tokens, runs).
        weights: Shape (question tokens,), positive.

    Returns:
        Shape (runs,), from -1 to 1; all 0 for a question without a token.
    """
    return np.asarray(weights @ best / max(weights.sum(), np.finfo(np.float32).tiny), dtype=np.float32)


def z_scores(values: Floats) -> Floats:
    """How many standard deviations each value is from the mean; all 0 where they do not differ."""
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-6 else np.zeros_like(values)


class Retriever:
    """Ranks an article's sentences and passages for a question.

    FAISS (dense passage vectors) and BM25 give candidate passages. MaxSim between the question's token
    embeddings and the candidates' stored ones ranks their sentences, with a little weight on the
    sentence's BM25 score. A passage ranks by its best sentence and by its own MaxSim as a whole.

    What a sentence leans on counts with it: matches in the sentences before it are ``carried`` over, and
    where it says "he" or is quoted speech, the token embeddings of the person's name, which ``mentions``
    finds, count as its own.
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
        self._sentences = [sentence for passage in passages for sentence in passage.sentences]
        self._store = store
        self._tokens = tokens._replace(vectors=np.asarray(tokens.vectors))  # a memmap is slow to index
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

    def rank(self, question: str) -> Ranking:
        """Ranks the candidates for a question, best first."""
        embedding = self._embedder.embed_question(question)
        numbers, _ = self._store.search(embedding.vector, CANDIDATES)
        by_words = np.argsort(-self._passage_bm25.scores(question), kind="stable")[:CANDIDATES]
        candidates = np.union1d(numbers, by_words)

        sentences = [n for passage in candidates for n in self._sentence_numbers(int(passage))]
        first = np.cumsum([0, *(len(self._passages[passage].sentences) for passage in candidates[:-1])])
        best = self._best_matches(embedding, sentences)
        weights = self._weights(embedding.ids)
        places = np.arange(len(sentences)) - np.repeat(first, np.diff([*first, len(sentences)]))
        support = max_sim(carried(best, places), weights)
        score = z_scores(support) + _BM25_WEIGHT * z_scores(self._sentence_bm25.scores(question)[sentences])
        whole = max_sim(np.maximum.reduceat(best, first, axis=1), weights)
        passage_score = np.maximum.reduceat(score, first) + z_scores(whole)
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

    def _best_matches(self, embedding: Embedding, sentences: Sequence[int]) -> Floats:
        """``best_matches`` of the question in each sentence; -1 in one without a token."""
        best = np.full((len(embedding.tokens), len(sentences)), -1, dtype=np.float32)
        filled = [place for place, n in enumerate(sentences) if len(self._rows[n])]
        if filled:
            runs = [self._rows[sentences[place]] for place in filled]
            starts = np.cumsum([0, *(len(run) for run in runs[:-1])])
            tokens = self._tokens.vectors[np.concatenate(runs)].astype(np.float32)
            best[:, filled] = best_matches(embedding.tokens, tokens, starts)
        return best

    def _rows_of(self, spans: Sequence[Span]) -> Iterator[Ints]:
        """The rows of the token table that stand in each span."""
        for span in spans:
            yield np.arange(*np.searchsorted(self._tokens.starts, [span.start, span.end]), dtype=np.int32)

    def _weights(self, ids: Ints) -> Floats:
        """A power of each question token's idf: a rare word's match counts for more than a common one's."""
        idf = np.array([self._idf.get(int(n), self._idf_unseen) for n in ids], dtype=np.float32)
        return np.asarray(idf**_IDF_POWER, dtype=np.float32)

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
