"""The snapshots of an article on disk: immutable, each published by one atomic rename.

Under the library's folder, for each article::

    articles/<article id>/snapshots/000001-5f3a9c1e/     number, start of the SHA-256 of the article's text

What stands in one is described in ``snapshot_files``. It is written into a folder ``.writing-…``, synced to
disk and then renamed; one that has its final name is whole. The highest number is the newest: no clock
decides. One that is taken back is renamed ``.undone-…``; one too many is renamed ``.removing-…`` before it
is deleted, so that nothing half deleted has a snapshot's name. Numbers go on upward.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from index.errors import DataFolderError, SnapshotDamagedError, SnapshotError
from index.model.article import Article
from index.model.source import Origin, Source
from index.search.vectors import FaissStore, Floats
from index.storage.durable import folder_bytes, make_folder, rename_for_good, sync_folder, write_file
from index.storage.snapshot_files import (
    ARTICLE,
    QUESTIONS,
    SIDECAR,
    SOURCE,
    VECTORS,
    EncodedSnapshot,
    FileSum,
    Manifest,
    Snapshot,
    StoredArticle,
    checked,
    read_manifest,
    read_snapshot,
    unreadable,
)

log = logging.getLogger(__name__)

KEPT = 3
"""How many snapshots of an article are kept, unless it is set otherwise."""

_UNFINISHED, _UNDONE, _REMOVING = ".writing-", ".undone-", ".removing-"
_NAME = re.compile(r"(\d{6,})-[0-9a-f]{8}")


class SnapshotFolder:
    """The snapshots of one article.

    Args:
        folder: ``articles/<article id>/snapshots``; made when first published to.
        kept: How many snapshots are kept.
    """

    def __init__(self, folder: Path, *, kept: int = KEPT) -> None:
        self.folder = folder
        self._kept = kept

    def names(self) -> list[str]:
        """The published snapshots, newest first."""
        return [name for name, _ in self._listed()]

    def newest(self) -> tuple[str, int] | None:
        """The newest snapshot's name and the number of its inode: both change with what is newest."""
        return next(iter(self._listed()), None)

    def undone(self) -> list[str]:
        """The snapshots that were taken back, newest first: no ``names``, but ``article`` reads them."""
        return [name for name, _ in self._listed(_UNDONE)]

    def leftovers(self) -> list[str]:
        """The folders that killed processes have left behind, or that are being written just now."""
        return sorted(name for name, _ in self._entries() if name.startswith((_UNFINISHED, _REMOVING)))

    def next_number(self) -> int:
        """The number of the next snapshot: above every one that was ever seen here."""
        return max((snapshot_number(name) for name in (*self.names(), *self.undone())), default=0) + 1

    def holds(self, number: int) -> bool:
        """Whether the snapshot of that number is published."""
        return any(snapshot_number(name) == number for name in self.names())

    def manifest(self, name: str) -> Manifest:
        """What a snapshot says of itself; see ``read_manifest``."""
        return read_manifest(self._folder_of(name))

    def open(self, name: str) -> Snapshot:
        """Opens a snapshot; see ``read_snapshot``."""
        return read_snapshot(self._folder_of(name), name)

    def check(self, name: str) -> None:
        """Holds every file of a snapshot against its checksum.

        Raises:
            SnapshotDamagedError: one does not match.
        """
        for file, record in self.manifest(name).files.items():
            checked(self._folder_of(name) / file, record)

    def is_whole(self, name: str) -> bool:
        """Whether ``check`` finds nothing."""
        with contextlib.suppress(SnapshotDamagedError):
            self.check(name)
            return True
        return False

    def article(self, name: str) -> tuple[Article, Origin | None]:
        """The article of a snapshot, also of one taken back, and where it came from.

        Where the manifest is damaged, the start of the text's hash in the snapshot's name vouches for it.

        Raises:
            SnapshotDamagedError: it is missing or altered.
        """
        path = self._folder_of(name) / ARTICLE
        try:
            expected = self.manifest(name).files[ARTICLE]
        except (SnapshotDamagedError, KeyError):
            expected = None
        try:
            stored = StoredArticle.model_validate_json(
                checked(path, expected) if expected else path.read_bytes()
            )
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from error
        if not name.endswith(f"-{stored.article().sha256[:8]}"):
            raise SnapshotDamagedError("{file} is not as it was written.", file=path)
        return stored.article(), stored.origin

    def source(self, name: str) -> Source | None:
        """What the article of a snapshot was read from; None where the snapshot does not hold it.

        A part that is damaged is taken from another snapshot that has the very same. A question file that is
        damaged everywhere is left out.

        Raises:
            SnapshotDamagedError: it, or the manifest that vouches for it, is damaged.
        """
        manifest = self.manifest(name)
        if manifest.origin is None or SOURCE not in manifest.files:
            return None
        content = self._part(name, manifest.files[SOURCE], SOURCE)
        sidecar = self._part(name, manifest.files.get(SIDECAR), SIDECAR)
        questions: bytes | None = None
        try:
            questions = self._part(name, manifest.files.get(QUESTIONS), QUESTIONS)
        except SnapshotDamagedError as error:
            log.warning("The questions of “%s” are lost: %s", manifest.article_id, error)
        return Source(manifest.origin, content or b"", sidecar, questions)

    def _part(self, name: str, expected: FileSum | None, file: str) -> bytes | None:
        """A file of a snapshot, or the same of another one; None where the snapshot has none."""
        if expected is None:
            return None
        for one in (name, *self.names()):
            with contextlib.suppress(SnapshotDamagedError):
                return checked(self._folder_of(one) / file, expected)
        return checked(self._folder_of(name) / file, expected)

    def unchecked_source(self, name: str, origin: Origin) -> Source | None:
        """The source as it lies there, where the manifest that vouches for it is lost."""
        folder = self._folder_of(name)
        try:
            content, sidecar, questions = (
                (folder / file).read_bytes() if file == SOURCE or (folder / file).exists() else None
                for file in (SOURCE, SIDECAR, QUESTIONS)
            )
        except OSError:
            return None
        return Source(origin, content or b"", sidecar, questions)

    def vectors(self, name: str, model_sha256: str) -> Floats | None:
        """The vectors of a snapshot's passages alone; None where another model made them.

        Raises:
            SnapshotDamagedError: they are missing or altered.
        """
        manifest = self.manifest(name)
        if manifest.model_sha256 != model_sha256 or VECTORS not in manifest.files:
            return None
        content = checked(self._folder_of(name) / VECTORS, manifest.files[VECTORS])
        return FaissStore.from_bytes(content).vectors()

    def publish(self, number: int, encoded: EncodedSnapshot, *, instead_of: Sequence[str] = ()) -> Snapshot:
        """Writes a snapshot beside the others and makes it the newest, all or nothing.

        One at a time: the caller holds the library's lock.

        Args:
            number: What ``next_number`` gave.
            encoded: What to write.
            instead_of: Damaged ones that go when it is there, so that none of the whole ones has to.

        Raises:
            OSError: it cannot be written; nothing is changed.
        """
        name = snapshot_name(number, encoded.index.article)
        try:
            make_folder(self.folder)
            with _work_folder(self.folder) as work:
                for file, parts in encoded.files.items():
                    write_file(work / file, parts)
                sync_folder(work)
                rename_for_good(work, self.folder / name)
        except BaseException:
            self.remove_if_empty()
            raise
        try:
            self.sweep()
            for old in (*self.outgoing(instead_of), *(f"{_UNDONE}{one}" for one in self.undone())):
                self._remove(old)
        except SnapshotError as error:  # it is published, and the next one clears up
            log.warning("What is older than %s could not be removed: %s", name, error)
        return Snapshot(name, encoded.manifest, encoded.index)

    def outgoing(self, instead_of: Sequence[str] = (), *, more: int = 0) -> list[str]:
        """The snapshots that are too many, once ``more`` of them are there and ``instead_of`` has gone."""
        whole = [one for one in self.names() if one not in instead_of]
        return [*instead_of, *whole[max(self._kept - more, 0) :]]

    def nbytes(self, names: Sequence[str]) -> int:
        """The bytes that some snapshots take on disk."""
        return sum(folder_bytes(self._folder_of(name)) for name in names)

    def take_back(self, names: Sequence[str]) -> None:
        """Takes the newest snapshots back, so that the one before them is the newest, all or nothing.

        Raises:
            OSError: one cannot be renamed; nothing is changed.
        """
        renamed: list[str] = []
        try:
            for name in sorted(names, key=snapshot_number):  # the newest last: that is what takes back
                os.utime(self.folder / name)  # it counts as undone from now on
                rename_for_good(self.folder / name, self.folder / f"{_UNDONE}{name}")
                renamed.append(name)
        except OSError:
            for name in renamed:
                with contextlib.suppress(OSError):
                    rename_for_good(self.folder / f"{_UNDONE}{name}", self.folder / name)
            raise

    def undone_since(self, name: str) -> datetime:
        """When a snapshot was taken back."""
        return datetime.fromtimestamp((self.folder / f"{_UNDONE}{name}").stat().st_mtime, UTC)

    def forget(self, name: str) -> None:
        """Deletes a snapshot that was taken back. The caller has the lock."""
        self._remove(f"{_UNDONE}{name}")

    def sweep(self) -> None:
        """Deletes what killed processes have left behind. The caller has the lock."""
        for name in self.leftovers():
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Removes the folders of an article that was never published."""
        for folder in (self.folder, self.folder.parent):
            with contextlib.suppress(OSError):  # not empty, or not there
                folder.rmdir()

    def _listed(self, prefix: str = "") -> list[tuple[str, int]]:
        """The snapshots whose folders have the prefix, without it, newest first."""
        listed = [
            (name.removeprefix(prefix), inode)
            for name, inode in self._entries()
            if name.startswith(prefix) and _NAME.fullmatch(name.removeprefix(prefix))
        ]
        return sorted(listed, key=lambda entry: snapshot_number(entry[0]), reverse=True)

    def _entries(self) -> list[tuple[str, int]]:
        try:
            with os.scandir(self.folder) as entries:
                return [(entry.name, entry.inode()) for entry in entries]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataFolderError(
                "The data folder {folder} cannot be read: {reason}. Check its permissions, or "
                "choose another folder.",
                folder=self.folder,
                reason=error.strerror,
            ) from error

    def _folder_of(self, name: str) -> Path:
        undone = self.folder / f"{_UNDONE}{name}"
        return undone if undone.exists() else self.folder / name

    def _remove(self, name: str) -> None:
        removing = self.folder / f"{_REMOVING}{name.removeprefix('.')}"
        try:
            (self.folder / name).rename(removing)
            shutil.rmtree(removing)
        except OSError as error:  # the next publish tries again
            log.warning("The old snapshot %s could not be removed: %s.", name, error)


def snapshot_name(number: int, article: Article) -> str:
    """A snapshot's name: its number and the start of the hash of the article's text."""
    return f"{number:06d}-{article.sha256[:8]}"


def snapshot_number(name: str) -> int:
    """The number in a snapshot's name."""
    return int(name.partition("-")[0])


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    """A folder of our own beside the snapshots; what is left of it at the end is removed."""
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=parent))
    work.chmod(0o755)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
