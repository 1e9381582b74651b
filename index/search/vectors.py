"""Vectors on disk and nearest neighbours, by faiss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol, Self

import faiss
import numpy as np
import numpy.typing as npt

from index.errors import SnapshotDamagedError

Floats = npt.NDArray[np.float32]

EXACT_UP_TO = 25_000
"""How many vectors are searched exactly at most: that takes three milliseconds, half of embedding a question.

An inverted file takes less (0.8 ms against 2.3 at 20,000, 1.7 against 7.3 at 50,000) and does not find all.
"""

PROBE_SHARE = 0.25
"""Which share of the lists of an inverted file is looked through.

Of 4,094 passages of shuffled sentences, varied to 50,000, it finds 92 % of the eight nearest to a question,
and with half as many lists 85 %.
"""

_PIECE = 1024 * 1024  # bytes

_SAMPLES_EACH = 64  # vectors that each centroid is the mean of, as far as it is trained


class VectorStore(Protocol):
    """Finds the vectors nearest to one vector."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    def search(self, vector: Floats, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
        """The numbers of the ``count`` nearest vectors and their inner products, best first."""

    def vectors(self) -> Floats:
        """All vectors, shape (count, dimension), in the order they were given: read-only, not copied."""

    def write(self, write: Callable[[Any], object]) -> None:
        """Gives the store as it is kept on disk to ``write``, piece by piece."""


class FaissStore:
    """An exact inner-product index (``IndexFlatIP``): cosine similarity for vectors of length 1.

    Exact, because an article has at most some thousand passages: a scan takes well under a millisecond.
    """

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def from_vectors(cls, vectors: Iterable[Floats], count: int, dimension: int) -> Self:
        """Builds the store of ``count`` vectors, shape (dimension,) each, as they come."""
        index: Any = faiss.IndexFlatIP(dimension)
        index.codes.resize(4 * count * dimension)  # adding them would hold them twice
        index.ntotal = count
        store = cls(index)
        rows = store._rows()
        for number, vector in enumerate(vectors):
            rows[number] = vector
        return store

    @classmethod
    def read(cls, take: Callable[[int], bytes]) -> Self:
        """Reads what ``write`` gave, of what gives as many bytes as it is asked for.

        Raises:
            SnapshotDamagedError: it is not a FAISS index.
        """
        try:
            return cls(faiss.read_index(faiss.PyCallbackIOReader(take, _PIECE)))  # type: ignore[attr-defined]
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
        """See ``VectorStore``."""
        rows = self._rows()
        rows.setflags(write=False)
        return rows

    def _rows(self) -> Floats:
        return np.asarray(_Memory(self._index))

    def write(self, write: Callable[[Any], object]) -> None:
        """See ``VectorStore``; what ``write`` raises is raised."""
        errors: list[OSError] = []

        def give(piece: bytes) -> None:
            try:
                write(piece)
            except OSError as error:  # FAISS makes a RuntimeError of it
                errors.append(error)
                raise

        try:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(give, _PIECE))  # type: ignore[attr-defined]
        except RuntimeError as error:
            raise next(iter(errors), error) from error


class _Memory:
    """The vectors of an index for numpy, which keeps it alive for as long as they are looked at."""

    def __init__(self, index: Any) -> None:
        self._index = index
        shape = (int(index.ntotal), int(index.d))
        if shape[0]:
            flat = faiss.rev_swig_ptr(index.get_xb(), shape[0] * shape[1])
            self.__array_interface__ = {**flat.__array_interface__, "shape": shape}
        else:
            self.__array_interface__ = np.empty(shape, dtype=np.float32).__array_interface__


class GrowingStore:
    """Vectors of length 1 with numbers, which come and go: exact while they are few, then an inverted file.

    Exact (``IndexFlatIP``) up to EXACT_UP_TO. Beyond, ``IndexIVFFlat``: the vectors lie in lists about
    centroids (k-means), of which PROBE_SHARE are looked through. The centroids are those of the vectors that
    were there when it became one.

    Args:
        dimension: The length of a vector.
        exact_up_to: How many are searched exactly.
    """

    def __init__(self, dimension: int, exact_up_to: int = EXACT_UP_TO) -> None:
        self._exact_up_to = exact_up_to
        self._flat = faiss.IndexFlatIP(dimension)
        self._with_ids = faiss.IndexIDMap(self._flat)
        self._index: Any = self._with_ids
        self.dimension = dimension

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether every vector is looked at."""
        return self._index is self._with_ids

    def add(self, first: int, vectors: Floats) -> None:
        """Adds vectors of shape (count, dimension), numbered from ``first`` on."""
        numbers = np.arange(first, first + len(vectors), dtype=np.int64)
        self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), numbers)
        if self.is_exact and len(self) > self._exact_up_to:
            self._index = self._inverted()
            self._with_ids.reset()

    def remove(self, first: int, count: int) -> None:
        """Removes the vectors with some numbers."""
        self._index.remove_ids(faiss.IDSelectorRange(first, first + count))

    def search(self, vector: Floats, count: int) -> list[int]:
        """The numbers of the ``count`` nearest vectors, best first."""
        if not len(self):
            return []
        parameters = None
        if not self.is_exact:
            parameters = faiss.SearchParametersIVF(nprobe=math.ceil(PROBE_SHARE * self._index.nlist))  # type: ignore[call-arg]
        _, numbers = self._index.search(vector[np.newaxis], min(count, len(self)), params=parameters)
        return [int(number) for number in numbers[0] if number >= 0]

    def _inverted(self) -> faiss.Index:
        vectors = self._flat.reconstruct_n(0, len(self))
        numbers = faiss.vector_to_array(self._with_ids.id_map)
        lists = max(1, min(math.isqrt(len(vectors)), len(vectors) // _SAMPLES_EACH))
        index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(self.dimension), self.dimension, lists, faiss.METRIC_INNER_PRODUCT
        )
        index.train(vectors[:: max(1, len(vectors) // (lists * _SAMPLES_EACH))])
        index.add_with_ids(vectors, numbers)
        return index
