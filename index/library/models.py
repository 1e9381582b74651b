"""The models of a process: what embeds, what re-ranks, what reads, and what was fitted for them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

from index.answering.answerer import is_english
from index.answering.calibration import thresholds
from index.answering.confidence import Thresholds
from index.answering.fitted_reader import FittedReader, load_reader
from index.model.article import Article
from index.search.build import OnProgress
from index.search.embedding import Embedder, SentenceTransformerEmbedder
from index.search.ranking import Reranker
from index.search.reranking import CrossEncoderReranker

NO_READER = "off"
"""Said instead of a folder: nothing reads."""


class LoadedModels(NamedTuple):
    """What answers.

    Attributes:
        embedder: What embeds.
        reranker: What ranks the best sentences once more, if anything.
        reading: What reads, if anything. Nothing does where none was asked for, where a re-ranker decides,
            and where no reader was fitted with the embedder.
    """

    embedder: Embedder
    reranker: Reranker | None
    reading: FittedReader | None

    def read(self, article: Article) -> bool:
        """Whether an article is read: something reads, and knows its language."""
        return self.reading is not None and is_english(article.language)


class Models:
    """The models, each loaded once, when it is first needed. Thread-safe.

    Args:
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        reader: The folder of a reader; None for the one that ships, NO_READER for none.
        embedder: An embedder to use instead of loading ``embedding_model``.
    """

    def __init__(
        self,
        *,
        embedding_model: str | None = None,
        reranker: str | None = None,
        reader: str | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._embedding_model, self._reranker, self._reader = embedding_model, reranker, reader
        self._embedder = embedder
        self._loaded: LoadedModels | None = None
        self._thresholds: dict[str, Thresholds] = {}
        self._lock = threading.Lock()

    def load(self) -> LoadedModels:
        """All that answers.

        Raises:
            EmbeddingModelError: one cannot be loaded.
        """
        with self._lock:
            if self._loaded is None:
                embedder = self._embedder or SentenceTransformerEmbedder(self._embedding_model)
                reranker = CrossEncoderReranker(self._reranker) if self._reranker is not None else None
                self._loaded = LoadedModels(embedder, reranker, self._load_reader(embedder))
            return self._loaded

    def _load_reader(self, embedder: Embedder) -> FittedReader | None:
        if self._reranker is not None or self._reader == NO_READER:
            return None
        return load_reader(Path(self._reader).expanduser() if self._reader else None, embedder.sha256)

    def thresholds(self, known: Thresholds | None, on_progress: OnProgress) -> Thresholds:
        """The embedding model's: those of an index that it made before, or known, or fitted now."""
        embedder = self.load().embedder
        if embedder.sha256 not in self._thresholds:
            self._thresholds[embedder.sha256] = known or thresholds(embedder, on_progress)
        return self._thresholds[embedder.sha256]
