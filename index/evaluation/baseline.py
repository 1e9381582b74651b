"""What a plain dense bot does, to be measured against: FAISS over one vector a passage and one a sentence."""

from __future__ import annotations

from index.search.build import Index
from index.search.embedding import Embedder
from index.search.ranking import Ranking, ScoredPassage, ScoredSentence
from index.search.vectors import FaissStore


class PlainDense:
    """Ranks by cosine similarity of whole vectors. It has no way to say that the article does not say."""

    def __init__(self, index: Index, embedder: Embedder) -> None:
        text = index.article.text
        self._embedder = embedder
        self._passages = index.passages
        self._sentences = [sentence for passage in index.passages for sentence in passage.sentences]
        self._by_passage, self._by_sentence = (
            FaissStore.from_vectors(
                embedder.encode([span.of(text) for span in spans]), len(spans), embedder.dimension
            )
            for spans in (self._passages, self._sentences)
        )

    def rank(self, question: str) -> Ranking:
        """Passages and sentences, best first."""
        vector = self._embedder.encode([question])[0]
        sentences = zip(*self._by_sentence.search(vector, len(self._sentences)), strict=True)
        passages = zip(*self._by_passage.search(vector, len(self._passages)), strict=True)
        return Ranking(
            sentences=tuple(ScoredSentence(self._sentences[n], float(s), float(s)) for n, s in sentences),
            passages=tuple(ScoredPassage(self._passages[n], float(s)) for n, s in passages),
        )

    def respond(self, question: str) -> tuple[None, Ranking]:
        """Only ranks: the time it takes is a question's."""
        return None, self.rank(question)
