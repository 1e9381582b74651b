"""A snapshot as one file, as it lies in the storage that machines share: it takes one request to have it.

Its parts, one after the other::

    8 bytes       how many bytes the manifest has, least significant first
    manifest      ``manifest.json``, see ``snapshot_files``
    other files   one after the other, in the manifest's order, which has the size and SHA-256 of each
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from index.storage.durable import write_file
from index.storage.snapshot_files import MANIFEST, read_manifest
from index.storage.stored_rows import in_pieces

START = 32 * 1024
"""How many bytes to read of one to have its manifest, unless that is unusually long."""

_HEAD = 8


def pack(folder: Path, path: Path) -> None:
    """Puts the files of a snapshot's folder into one.

    Raises:
        OSError: it cannot be written.
        SnapshotDamagedError: the manifest cannot be read.
    """
    files = read_manifest(folder).files
    head = (folder / MANIFEST).stat().st_size.to_bytes(_HEAD, "little")

    def fill(write: Callable[[Any], object]) -> None:
        write(head)
        for file in (MANIFEST, *files):
            for piece in in_pieces(folder / file):
                write(piece)

    write_file(path, fill)


def manifest_in(start: bytes, digest: str) -> bytes | None:
    """The manifest at the start of one; None where that is not all of the one with this SHA-256."""
    end = _HEAD + int.from_bytes(start[:_HEAD], "little")
    manifest = start[_HEAD:end]
    return manifest if hashlib.sha256(manifest).hexdigest() == digest else None


def unpack(content: bytes, digest: str, folder: Path) -> bool:
    """Writes the files of a snapshot into a folder; False where one is not as it was written.

    Raises:
        OSError: they cannot be written.
        SnapshotDamagedError: the manifest is as it was written, and cannot be read.
    """
    manifest = manifest_in(content, digest)
    if manifest is None:
        return False
    (folder / MANIFEST).write_bytes(manifest)
    rest = memoryview(content)[_HEAD + len(manifest) :]
    for file, record in read_manifest(folder).files.items():
        part, rest = rest[: record.size], rest[record.size :]
        if hashlib.sha256(part).hexdigest() != record.sha256:
            return False
        (folder / file).write_bytes(part)
    return not rest
