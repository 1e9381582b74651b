"""A backup as one file: a tar of a data folder's files, and last among them what each has to be.

It is not compressed: token embeddings hardly are any smaller so, and nothing that is read out of it can be
larger than it is. Anything else is refused: a link, a device, a name that leads out of the folder.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from index.errors import BackupError
from index.storage.snapshot_files import FileSum

SUMS = "footnote-backup.json"
"""The name of the last file of a backup: what the others have to be."""

CHUNK = 1 << 20  # bytes that are read at a time
_MOST_FILES = 1_000_000  # of an archive: a hostile one may name any number
_MOST_SUMS_BYTES = 256 * _MOST_FILES
_LONGEST_NAME = 400  # of a file in it; ours have some 100 characters
_PART = re.compile(r"[^\x00-\x1f\x7f/\\:]{1,255}")
_DAMAGE = (tarfile.TarError, EOFError, OverflowError, ValueError)
"""What tarfile raises where a file is no tar, and what a name that is no text does."""


class Sums(BaseModel):
    """What a backup says of itself.

    Attributes:
        format: Of the backup.
        begun_at: When it was begun.
        files: The files by their names in the data folder, with slashes.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1, 2] = 2  # 1 had no records.json
    begun_at: AwareDatetime
    files: dict[str, FileSum]

    @property
    def nbytes(self) -> int:
        """The bytes of all files."""
        return sum(one.size for one in self.files.values())


class HashedCopy:
    """Reads from a stream, and knows the size and the SHA-256 of what it has read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._size = 0

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes."""
        part = self._stream.read(size)
        self._hash.update(part)
        self._size += len(part)
        return part

    @property
    def sum(self) -> FileSum:
        """What was read so far."""
        return FileSum(size=self._size, sha256=self._hash.hexdigest())


def read_archive(file: Path, take: Callable[[PurePosixPath, HashedCopy], None]) -> Sums:
    """Reads a backup from its start to its end, and holds every file of it against its sum.

    Args:
        file: The backup.
        take: Called with the name and the content of each file, before it is known to be as it was written;
            what it does not read is read after it.

    Returns:
        What the backup says of itself.

    Raises:
        BackupError: it is no backup, or not as it was written.
        OSError: it cannot be read, or ``take`` cannot write.
    """
    try:
        with file.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            return _read(file, tar, take)
    except _DAMAGE as error:
        raise BackupError("{file} is no backup of Footnote's: {reason}.", file=file, reason=error) from error


def _read(file: Path, tar: tarfile.TarFile, take: Callable[[PurePosixPath, HashedCopy], None]) -> Sums:
    sums: dict[str, FileSum] = {}
    while (member := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]  # else it keeps them all
        name, content = member.name, tar.extractfile(member) if member.isreg() else None
        if content is None or member.issparse():
            raise _refused(file, name, "it is not a plain file")
        if name == SUMS:
            return _compared(file, content.read(_MOST_SUMS_BYTES), sums)
        if name in sums or len(sums) >= _MOST_FILES:
            raise _refused(file, name, "it is there twice" if name in sums else "there are too many files")
        copy = HashedCopy(content)
        take(_inner(file, name), copy)
        while copy.read():
            pass
        sums[name] = copy.sum
    raise BackupError(
        "{file} is no whole backup of Footnote's: it ends before it says what is in it. Make a new one with "
        "`footnote backup`, or take another.",
        file=file,
    )


def _inner(file: Path, name: str) -> PurePosixPath:
    """A name that stays in the folder, whatever system it is read on."""
    parts = name.split("/")
    if len(name) > _LONGEST_NAME or not all(
        _PART.fullmatch(part) and part[-1] not in ". " and len(part.encode()) <= 255 for part in parts
    ):
        raise _refused(file, name, "it is no name within a folder")
    return PurePosixPath(*parts)


def _compared(file: Path, content: bytes, contents: dict[str, FileSum]) -> Sums:
    try:
        sums = Sums.model_validate_json(content)
    except ValidationError as error:
        raise BackupError(
            "{file} does not say what is in it in a way that this version of Footnote knows. Restore it with "
            "the version that made it, or a newer one.",
            file=file,
        ) from error
    if sums.files != contents:
        different = sums.files.items() ^ contents.items()
        raise BackupError(
            "{file} is damaged: “{name}” is not as it was written. Take another backup.",
            file=file,
            name=min(name for name, _ in different),
        )
    return sums


def _refused(file: Path, name: str, reason: str) -> BackupError:
    return BackupError(
        "{file} is not restored: “{name}” in it is refused, since {reason}.",
        file=file,
        name=name[:_LONGEST_NAME],
        reason=reason,
    )
