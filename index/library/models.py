"""The models of a process: what embeds, what re-ranks, and the thresholds that go with them."""

from __future__ import annotations

import threading

from index.answering.calibration import thresholds
from index.answering.confidence import Thresholds
from index.search.build import OnProgress
from index.search.embedding import Embedder, SentenceTransformerEmbedder
from index.search.ranking import Reranker
from index.search.reranking import CrossEncoderReranker


class Models:
    """The embedding model and the re-ranker, loaded once, when they are first needed. Thread-safe.

    Args:
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        embedder: An embedder to use instead of loading ``embedding_model``.
    """

    def __init__(
        self,
        *,
        embedding_model: str | None = None,
        reranker: str | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._names = (embedding_model, reranker)
        self._embedder = embedder
        self._reranker: Reranker | None = None
        self._thresholds: dict[str, Thresholds] = {}
        self._lock = threading.Lock()

    def load(self) -> tuple[Embedder, Reranker | None]:
        """The models.

        Raises:
            EmbeddingModelError: one cannot be loaded.
        """
        embedding_model, reranker = self._names
        with self._lock:
            if self._embedder is None:
                self._embedder = SentenceTransformerEmbedder(embedding_model)
            if self._reranker is None and reranker is not None:
                self._reranker = CrossEncoderReranker(reranker)
            return self._embedder, self._reranker

    def thresholds(self, known: Thresholds | None, on_progress: OnProgress) -> Thresholds:
        """The embedding model's: those of an index that it made before, or known, or fitted now."""
        embedder, _ = self.load()
        if embedder.sha256 not in self._thresholds:
            self._thresholds[embedder.sha256] = known or thresholds(embedder, on_progress)
        return self._thresholds[embedder.sha256]
