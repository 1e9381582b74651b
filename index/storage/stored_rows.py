"""Arrays that stay on disk: rows are read where they are asked for, each block held against its sum.

Read, and not mapped into memory: where a mapped file is cut off, or its disk fails, the process dies.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import SnapshotDamagedError
from index.search.token_vectors import Codes, Rows

WHOLE = 16 * 1024 * 1024
"""The bytes up to which rows are better held in memory: the token embeddings of some 500,000 characters."""

BLOCK = 32 * 1024
"""The bytes that have a sum: the token embeddings of some two passages."""

_PIECE = 32 * BLOCK
_SUM = 16  # bytes


class Sums:
    """The size and SHA-256 of a file, and the sums of its blocks, taken as it is read or written."""

    def __init__(self) -> None:
        self.size = 0
        self._whole = hashlib.sha256()
        self._blocks: list[bytes] = []
        self._rest = b""

    def add(self, part: Any) -> None:
        """Takes the next bytes in."""
        view = memoryview(part).cast("B")
        self._whole.update(view)
        self.size += len(view)
        for start in range(0, len(view), _PIECE):
            piece = self._rest + bytes(view[start : start + _PIECE])
            end = len(piece) // BLOCK * BLOCK
            self._blocks += [_sum(piece[at : at + BLOCK]) for at in range(0, end, BLOCK)]
            self._rest = piece[end:]

    @property
    def sha256(self) -> str:
        """Of all that was taken in."""
        return self._whole.hexdigest()

    @property
    def blocks(self) -> bytes:
        """BLAKE2b of one block after another, 16 bytes each."""
        return b"".join([*self._blocks, *([_sum(self._rest)] if self._rest else [])])


class StoredRows:
    """The rows of an ``.npy`` file of two dimensions, read as they are asked for. Thread-safe.

    It stays open, and so readable when the file is renamed or, but on Windows, deleted.

    Args:
        path: The file.
        sums: Of its content.

    Attributes:
        path: Where it lies, or lay when it was opened.
        sums: See the argument.
        shape: (rows, width).

    Raises:
        OSError, ValueError: it cannot be read, or is no such file.
    """

    def __init__(self, path: Path, sums: Sums) -> None:
        self.path = path
        self.sums = sums
        self._blocks = sums.blocks
        self._lock = threading.Lock()
        self._file = path.open("rb", buffering=0)
        self.shape, self.dtype = read_npy_header(self._file)
        self._start = self._file.tell()
        self._width = self.shape[1] * self.dtype.itemsize

    def __del__(self) -> None:
        if file := getattr(self, "_file", None):
            file.close()

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: Rows) -> Codes:
        """Some rows, shape (rows, width).

        Raises:
            SnapshotDamagedError: they are not as they were written, or cannot be read.
        """
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        values = np.empty((len(rows), self._width), dtype=np.uint8)
        for first, last in _runs(rows):
            start = self._start + int(rows[first]) * self._width
            content = self._read(start, start + (last - first) * self._width)
            values[first:last] = np.frombuffer(content, dtype=np.uint8).reshape(-1, self._width)
        return values.view(self.dtype)

    @property
    def nbytes(self) -> int:
        """How many bytes of memory it takes."""
        return len(self._blocks)

    def move(self, path: Path) -> None:
        """Moves the file, as it was synced when it was written. Windows moves none that is open: it copies.

        Raises:
            OSError: it is where it was.
        """
        if os.name == "nt":
            shutil.copyfile(self.path, path)
        else:
            self.path.rename(path)
        self.path = path

    def _read(self, start: int, end: int) -> memoryview:
        """The bytes from ``start`` to ``end``; the blocks that they are in are read whole."""
        first, last = start // BLOCK, -(-end // BLOCK)
        try:
            with self._lock:  # Windows has no reading at a place that leaves the file's own place alone
                self._file.seek(first * BLOCK)
                content = self._file.read((last - first) * BLOCK)
        except OSError as error:
            raise SnapshotDamagedError(
                "{file} cannot be read: {reason}.", file=self.path, reason=error.strerror
            ) from error
        for number in range(first, last):
            block = content[(number - first) * BLOCK : (number - first + 1) * BLOCK]
            if _sum(block) != self._blocks[number * _SUM : (number + 1) * _SUM]:
                raise SnapshotDamagedError("{file} is not as it was written.", file=self.path)
        return memoryview(content)[start - first * BLOCK : end - first * BLOCK]


def in_pieces(path: Path) -> Iterator[bytes]:
    """A file's content, piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def sums_of(parts: Iterable[Any]) -> Sums:
    """Those of buffers, one after another."""
    sums = Sums()
    for part in parts:
        sums.add(part)
    return sums


def npy_header(shape: Sequence[int], dtype: np.dtype[Any]) -> bytes:
    """How an ``.npy`` file of an array begins."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header,
        {"shape": tuple(shape), "fortran_order": False, "descr": np.lib.format.dtype_to_descr(dtype)},
    )
    return header.getvalue()


def read_npy_header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and the type of the array of an ``.npy`` file, whose values are what comes next.

    Raises:
        ValueError: it is no such file.
    """
    np.lib.format.read_magic(stream)
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    return shape, dtype


def npy_values(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """How they follow the header."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _sum(block: Any) -> bytes:
    return hashlib.blake2b(block, digest_size=_SUM).digest()


def _runs(rows: npt.NDArray[np.integer[Any]]) -> Iterator[tuple[int, int]]:
    """Where rows that follow each other start and end among those asked for."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    edges = [0, *breaks.tolist(), len(rows)]
    return (run for run in pairwise(edges) if run[0] < run[1])
