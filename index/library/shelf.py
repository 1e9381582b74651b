"""What libraries hold in memory: the models, and the articles that were asked last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from index.answering.answerer import Answerer
from index.model.library import IndexInfo
from index.search.embedding import Embedder, SentenceTransformerEmbedder
from index.search.ranking import Reranker
from index.search.reranking import CrossEncoderReranker
from index.storage.snapshots import Snapshot

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class Ready:
    """An index that answers: swapped in as one.

    ``newest`` is what ``SnapshotFolder.newest`` gave when it was chosen: while that stays, it is the one.
    """

    snapshot: Snapshot
    newest: tuple[str, int] | None
    answerer: Answerer
    info: IndexInfo

    @property
    def nbytes(self) -> int:
        """About how much memory it takes: the vectors and token embeddings, and the text's share."""
        index = self.snapshot.index
        arrays = sum(part.nbytes for part in index.tokens)
        return (
            arrays + 4 * self.snapshot.manifest.dimension * len(index.passages) + 50 * len(index.article.text)
        )


class Cache(Generic[K, V]):
    """Keeps what was used last, within a number and a size; one that is too large is kept alone.

    Args:
        count: How many are kept at most.
        nbytes: How many bytes all of them may take.
        size_of: The bytes of one.
    """

    def __init__(self, count: int, nbytes: int, size_of: Callable[[V], int]) -> None:
        self._count, self._nbytes, self._size_of = count, nbytes, size_of
        self._held: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K) -> V | None:
        """What is kept under a key: from now on the one used last."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: K, value: V) -> None:
        """Keeps something, and lets go of what was not used for longest."""
        with self._lock:
            self._held[key] = value
            self._held.move_to_end(key)
            total = sum(map(self._size_of, self._held.values()))
            while len(self._held) > 1 and (len(self._held) > self._count or total > self._nbytes):
                _, dropped = self._held.popitem(last=False)
                total -= self._size_of(dropped)


class Models:
    """The embedding model and the re-ranker, loaded once, when they are first needed. Thread-safe.

    Args:
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        embedder: An embedder to use instead of loading ``embedding_model``.
    """

    def __init__(
        self,
        embedding_model: str | None = None,
        reranker: str | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._names = (embedding_model, reranker)
        self._embedder = embedder
        self._reranker: Reranker | None = None
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
