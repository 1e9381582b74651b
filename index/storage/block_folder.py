"""What was embedded of a long article, put aside until it is published, for a crash to lose little of it.

A block lies in ``building/<name>.block`` under its library's folder, a safetensors file that holds its own
SHA-256; it is not synced to disk, since one that is not whole is embedded again. What the article's token
embeddings are put together in lies beside them, until it is moved into the snapshot.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from index.search.embedded_blocks import BlockArrays, EmbeddedBlock
from index.search.token_vectors import Codes, StoredCodes
from index.storage.durable import make_folder
from index.storage.folders import names_in
from index.storage.snapshot_files import made_by
from index.storage.stored_rows import WHOLE, StoredRows, Sums, npy_header

_SUFFIX = ".block"
_CODES_FILE = "tokens.npy"

log = logging.getLogger(__name__)


class BlockFolder:
    """The blocks of the articles of a library that are being indexed; see ``EmbeddedBlocks``.

    Whoever uses it holds the library's lock.

    Args:
        path: ``building`` under the library's folder; made when first put to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._asked_for: set[str] = set()

    def get(self, name: str) -> EmbeddedBlock | None:
        """See ``EmbeddedBlocks``."""
        self._asked_for.add(name)
        path = self._path_of(name)
        try:
            content = path.read_bytes()
            arrays = load(content)
            if arrays.pop("sum").tobytes() == _sum(arrays):
                return EmbeddedBlock(BlockArrays(**arrays))
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, KeyError, TypeError) as error:
            log.warning("%s is embedded again: %s", path, error)
            return None
        log.warning("%s is embedded again: it is not as this version writes it.", path)
        return None

    def put(self, name: str, block: EmbeddedBlock) -> None:
        """See ``EmbeddedBlocks``.

        Raises:
            OSError: it cannot be written.
        """
        make_folder(self.path)
        arrays = {key: np.ascontiguousarray(array) for key, array in block.arrays._asdict().items()}
        beside = self.path / f".{name}.writing"
        beside.write_bytes(save({**arrays, "sum": np.frombuffer(_sum(arrays), dtype=np.uint8)}))
        beside.replace(self._path_of(name))

    def joined(self, pieces: Iterable[Codes], count: int) -> Codes | StoredCodes:
        """See ``EmbeddedBlocks``; where they are many, they are on disk, ready to be a snapshot's.

        Raises:
            OSError: they cannot be written.
        """
        rest = iter(pieces)
        first = next(rest)
        if first[:1].nbytes * count <= WHOLE:
            return np.concatenate([first, *rest])
        make_folder(self.path)
        path, sums = self.path / _CODES_FILE, Sums()
        path.unlink(missing_ok=True)  # an index that was not published may still read the one before
        with path.open("wb") as stream:
            for part in _npy(first, rest, count):
                sums.add(part)
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
        return StoredRows(path, sums)

    def clear(self) -> None:
        """Deletes what was asked for: it is published. What cannot be deleted goes by its age."""
        with contextlib.suppress(OSError):
            self.delete(map(self._path_of, self._asked_for))

    def before(self, moment: datetime) -> list[Path]:
        """What was last put here before a moment."""
        return [
            path for name in names_in(self.path) if _changed(path := self.path / name) < moment.timestamp()
        ]

    def delete(self, paths: Iterable[Path]) -> None:
        """Deletes some of it.

        Raises:
            OSError: it cannot be deleted.
        """
        for path in paths:
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty, or not there
            self.path.rmdir()

    def _path_of(self, name: str) -> Path:
        return self.path / f"{name}{_SUFFIX}"


def _npy(first: Codes, pieces: Iterator[Codes], count: int) -> Iterator[Any]:
    yield npy_header((count, first.shape[1]), first.dtype)
    for piece in chain([first], pieces):
        yield np.ascontiguousarray(piece)


def _sum(arrays: dict[str, Any]) -> bytes:
    """Of a block's arrays, as this version writes them: another one may embed a text otherwise."""
    digest = hashlib.sha256(made_by().encode())
    for name in BlockArrays._fields:
        digest.update(f"{arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(arrays[name])
    return digest.digest()


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # whoever builds has just moved it away
        return math.inf
