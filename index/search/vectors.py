"""Vectors on disk and nearest neighbours. The only module that imports faiss."""

from __future__ import annotations

from typing import Protocol, Self

import faiss
import numpy as np
import numpy.typing as npt

from index.errors import SnapshotDamagedError

Floats = npt.NDArray[np.float32]


class VectorStore(Protocol):
    """Finds the vectors nearest to one vector."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def search(self, vector: Floats, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
        """The numbers of the ``count`` nearest vectors and their inner products, best first."""

    def vectors(self) -> Floats:
        """All vectors, shape (count, dimension), in the order they were given."""

    def to_bytes(self) -> bytes:
        """The store as it is kept on disk."""


class FaissStore:
    """An exact inner-product index (``IndexFlatIP``): cosine similarity for vectors of length 1.

    Exact, because an article has at most some thousand passages: a scan takes well under a millisecond.
    """

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def from_vectors(cls, vectors: Floats) -> Self:
        """Builds the store of vectors of shape (count, dimension)."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return cls(index)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Reads what ``to_bytes`` wrote.

        Raises:
            SnapshotDamagedError: it is not a FAISS index.
        """
        try:
            return cls(faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8)))
        except RuntimeError as error:
            raise SnapshotDamagedError("The vector index cannot be read.") from error

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._index.d)

    def search(self, vector: Floats, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
        """See ``VectorStore``."""
        scores, numbers = self._index.search(vector[np.newaxis], min(count, len(self)))
        return numbers[0], scores[0]

    def vectors(self) -> Floats:
        """All vectors, shape (count, dimension), in the order they were given."""
        return np.asarray(self._index.reconstruct_n(0, len(self)), dtype=np.float32)

    def to_bytes(self) -> bytes:
        """See ``VectorStore``."""
        return bytes(faiss.serialize_index(self._index))
