"""The models of a process: what embeds, what re-ranks, what reads, and what was fitted for them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal, NamedTuple

from index.answering.answerer import is_english
from index.answering.calibration import thresholds
from index.answering.confidence import Thresholds
from index.answering.fitted_reader import FittedReader, load_reader
from index.library.encoder_choice import fastest_runtime
from index.model.article import Article
from index.search.build import OnProgress
from index.search.embedding import Embedder, Runtime, SentenceTransformerEmbedder
from index.search.ranking import Reranker
from index.search.reranking import CrossEncoderReranker
from index.search.torch_encoder import import_sentence_transformers

NO_READER = "off"
"""Said instead of a folder: nothing reads."""

RuntimeChoice = Literal["auto", Runtime]
"""What runs the bundled embedding model, or that this is found out."""


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
        data_dir: Where it is kept what runs the bundled embedding model faster.
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        encoder: What runs the bundled one.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        reader: The folder of a reader; None for the one that ships, NO_READER for none.
        embedder: An embedder to use instead of loading ``embedding_model``.
    """

    def __init__(
        self,
        data_dir: Path,
        embedding_model: str | None = None,
        encoder: RuntimeChoice = "auto",
        reranker: str | None = None,
        reader: str | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._embedding_model, self._reranker, self._reader = embedding_model, reranker, reader
        self._data_dir, self._encoder = data_dir, encoder
        self._embedder = embedder
        self._models: LoadedModels | None = None
        self._thresholds: dict[str, Thresholds] = {}
        self._lock = threading.Lock()

    def load(self) -> LoadedModels:
        """All that answers.

        Raises:
            EmbeddingModelError: one cannot be loaded.
        """
        with self._lock:
            if self._models is None:
                embedder = self._embedder or SentenceTransformerEmbedder(
                    self._embedding_model, runtime=_runtime(self._data_dir, self._encoder)
                )
                reranker = CrossEncoderReranker(self._reranker) if self._reranker is not None else None
                self._models = LoadedModels(embedder, reranker, self._load_reader(embedder))
            return self._models

    @property
    def are_loaded(self) -> bool:
        """Whether ``load`` has nothing left to do."""
        return self._models is not None

    def _load_reader(self, embedder: Embedder) -> FittedReader | None:
        if self._reranker is not None or self._reader == NO_READER:
            return None
        return load_reader(Path(self._reader).expanduser() if self._reader else None, embedder.sha256)

    def thresholds(self, index_thresholds: Thresholds | None, on_progress: OnProgress) -> Thresholds:
        """The embedding model's: those of an index that it made before, or known, or fitted now."""
        embedder = self.load().embedder
        if embedder.sha256 not in self._thresholds:
            self._thresholds[embedder.sha256] = index_thresholds or thresholds(embedder, on_progress)
        return self._thresholds[embedder.sha256]


def import_model_libraries(
    data_dir: Path, *, embedding_model: str | None, encoder: RuntimeChoice, reranker: str | None
) -> None:
    """Imports what models run on that ``Models`` loads, before something is served that must not stand still.

    An import holds the interpreter's lock for long stretches, whichever thread it happens in.
    """
    if embedding_model is not None or reranker is not None or _runtime(data_dir, encoder) == "torch":
        import_sentence_transformers()


def _runtime(data_dir: Path, encoder: RuntimeChoice) -> Runtime:
    return fastest_runtime(data_dir) if encoder == "auto" else encoder
