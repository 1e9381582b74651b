"""Snapshots that lie in a storage which machines share, and those of them that this machine has.

In the storage, of all libraries together::

    snapshots/<digest>    a snapshot, see ``packed_snapshot``
    database.id           by which it is known whose storage it is, see ``database``
    probe/                what was written to try it

Under the data folder::

    cache/<digest>/...    its files, see ``snapshot_files``
    cache/<digest>.json   a manifest alone, where nobody needed more of a snapshot
    cache/*.lock          held by who fetches

A digest is the SHA-256 of a manifest, which has those of all other files: what has that name can only be
one thing. So it is fetched once, by one of all threads and processes of the machine; each file is held
against its sum, and a folder has its name when all of it is there. A row of the database names a digest only
once the storage has all of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import SnapshotDamagedError, StorageError
from index.storage.durable import delete_folder, make_folder, path_bytes, replace_file
from index.storage.folders import names_in
from index.storage.library_record import Upload
from index.storage.packed_snapshot import START, manifest_in, pack, unpack
from index.storage.shared_storage import Storage
from index.storage.snapshot_files import (
    MANIFEST,
    Content,
    Manifest,
    Snapshot,
    checked_sums,
    manifest_at,
    read_manifest,
    write_files,
)

CACHE = "cache"
"""The folder's name."""

UNNAMED_FOR = timedelta(days=1)
"""How old what no row names has to be to be deleted: what is being uploaded has no row yet."""

_SNAPSHOTS = "snapshots"
_WORK = ".writing-"
_WHOLE = "whole"
_GROWTH = 0.01  # the share of what may be here that may come before room is made
_RESTS = 600.0  # seconds since it was asked for last; before that, somebody may be about to read it
_PATIENCE = 120.0  # seconds for another process to fetch what is needed
_LOOKS = 0.005  # seconds between two looks whether it has: most are fetched in some milliseconds
_ATTEMPTS = 2  # at what a connection may have left only a part of
PAUSE = 5.0
"""Seconds for which a storage that did not answer is not asked again: each who asks would wait for it."""

log = logging.getLogger(__name__)


class SnapshotCache:
    """Thread-safe; any number of processes may share the folder, and any number of machines the storage.

    Args:
        path: ``cache`` under the data folder; made when first written to.
        storage: Where all snapshots are.
        nbytes: How much this machine keeps; 0 for as much as there is.
    """

    def __init__(self, path: Path, storage: Storage, *, nbytes: int = 0) -> None:
        self.path = path
        self.storage = storage
        self._nbytes = nbytes
        self._growth = nbytes  # what others left here is not known yet
        self._failure: tuple[float, StorageError] | None = None
        self._lock = threading.Lock()
        self._open: weakref.WeakValueDictionary[tuple[str, int], Snapshot] = weakref.WeakValueDictionary()

    def has(self, digest: str) -> bool:
        """Whether a snapshot is on this machine."""
        return (self.path / digest / MANIFEST).is_file()

    def folder(self, digest: str) -> Path:
        """The folder of a snapshot, fetched where this machine does not have it.

        Raises:
            StorageError: it cannot be fetched just now.
            SnapshotDamagedError: the storage does not have it as it was written.
        """
        path = self.path / digest
        if not self.has(digest):
            with self._fetching(digest):
                if not self.has(digest):
                    self._grow(self._fetch(digest))
        with contextlib.suppress(OSError):  # it is only a little older then
            os.utime(path / MANIFEST)
        return path

    def whole(self, digest: str) -> Path:
        """As ``folder``, each of its files held against its sum; what is damaged here is fetched again."""
        if self.has(digest):
            try:
                return _checked(self.folder(digest))
            except SnapshotDamagedError as error:
                log.warning("It is fetched again from the storage: %s", error)
                self.drop(digest)
        return _checked(self.folder(digest))

    def manifest(self, digest: str) -> Manifest:
        """What a snapshot says of itself; no more of it is fetched. Raises as ``folder``."""
        if self.has(digest):
            return read_manifest(self.path / digest)
        path = self.path / f"{digest}.json"
        if not path.is_file():
            with self._fetching(digest):
                make_folder(self.path)
                replace_file(path, self._fetched_manifest(digest))
        return manifest_at(path)

    def store(self, files: Mapping[str, Content]) -> Upload:
        """Writes a snapshot here and uploads it.

        Raises:
            StorageError: it cannot be uploaded.
            OSError: it cannot be written here.
        """
        with self._work() as work:
            write_files(work, files)
            return self._uploaded(work)

    def adopt(self, folder: Path) -> Upload:
        """Uploads a snapshot that lies in a folder, which stays.

        Raises:
            StorageError: it cannot be uploaded.
            SnapshotDamagedError: it is not as it was written.
            OSError: it cannot be written here.
        """
        _checked(folder)
        with self._work() as work:
            shutil.copytree(folder, work, dirs_exist_ok=True)
            return self._uploaded(work)

    def drop(self, digest: str) -> None:
        """Lets go of what this machine has of a snapshot: it is damaged."""
        delete_folder(self.path / digest)

    def keep(self, digest: str, snapshot: Snapshot) -> None:
        """Has a snapshot stay here for as long as it is open in this process."""
        with self._lock:
            self._open[digest, id(snapshot)] = snapshot

    def make_room(self) -> None:
        """Lets go of what was not asked for for longest, until what is here is no more than it may be.

        What is open stays, and what somebody may be about to read. On what other processes have open, they
        go on: their files are deleted once they are closed.
        """
        self._growth = 0
        if not self._nbytes:
            return
        entries = sorted((_asked_at(path), path, path_bytes(path)) for path in self._entries())
        total = sum(nbytes for *_, nbytes in entries)
        with self._lock:
            is_open = {digest for digest, _ in self._open}
        for asked_at, path, nbytes in entries:
            if total <= self._nbytes or asked_at > time.time() - _RESTS:
                return
            if path.name not in is_open:
                self._let_go(path)
                total -= nbytes

    def tidy(self, digests: Collection[str]) -> None:
        """Deletes what this machine has of what no row names any more, and what killed processes left.

        Args:
            digests: Those that the rows of all libraries name.
        """
        past = time.time() - UNNAMED_FOR.total_seconds()
        for path in self._entries():
            if path.name.partition(".")[0] not in digests and _asked_at(path) < past:
                self._let_go(path)

    def leftovers(self, digests: Callable[[], Collection[str]]) -> Iterator[tuple[str, int]]:
        """What the storage has of what no row names, with its bytes: only what is old enough.

        A listing may be late: what it lacks may be there, and what it has may be gone. So only what it has
        counts, and only with a time of its own. Each is looked at when it is its turn: a backup that is
        restored meanwhile may have put it there again, and named it.

        Args:
            digests: Reads those that the rows of all libraries name: after the listing, so that what was
                published meanwhile is among them.

        Raises:
            StorageError: it cannot be listed.
        """
        listing = self.storage.listing(_SNAPSHOTS)
        for digest in sorted(listing.keys() - set(digests())):
            written_at = self.storage.written_at(_name(digest))
            is_old = written_at is not None and written_at < datetime.now(UTC) - UNNAMED_FOR
            if is_old and digest not in digests():
                yield digest, listing[digest]

    def delete(self, digest: str) -> None:
        """Deletes a snapshot in the storage.

        Raises:
            StorageError: it cannot be deleted.
        """
        self.storage.delete(_name(digest))

    def _uploaded(self, work: Path) -> Upload:
        digest = hashlib.sha256((work / MANIFEST).read_bytes()).hexdigest()
        whole = work / _WHOLE
        pack(work, whole)
        nbytes = whole.stat().st_size
        self.storage.upload(_name(digest), whole)
        whole.unlink()
        if not self.has(digest):
            self._put(work, digest)
        self._grow(nbytes)
        return Upload(digest, nbytes)

    def _fetch(self, digest: str) -> int:
        """Fetches a snapshot; how many bytes it has."""
        with self._work() as work:
            for _ in range(_ATTEMPTS):
                content = self._read(digest)
                if unpack(content, digest, work):
                    break
            else:
                raise self._damaged(digest)
            self._put(work, digest)
        (self.path / f"{digest}.json").unlink(missing_ok=True)
        return len(content)

    def _grow(self, nbytes: int) -> None:
        """Makes room once so much has come that it matters: it takes a look at all that is here."""
        self._growth += nbytes
        if self._growth > self._nbytes * _GROWTH:
            self.make_room()

    def _put(self, work: Path, digest: str) -> None:
        delete_folder(self.path / digest)  # what lies there has no manifest
        work.rename(self.path / digest)

    def _fetched_manifest(self, digest: str) -> bytes:
        for nbytes in (START, None):
            if (manifest := manifest_in(self._read(digest, nbytes), digest)) is not None:
                return manifest
        raise self._damaged(digest)

    def _damaged(self, digest: str) -> SnapshotDamagedError:
        return SnapshotDamagedError(
            "{file} in the storage {storage} is not as it was written.",
            file=_name(digest),
            storage=self.storage.name,
        )

    def _read(self, digest: str, nbytes: int | None = None) -> bytes:
        """A snapshot from the storage, or its first bytes."""
        name, failure = _name(digest), self._failure
        if failure is not None and time.monotonic() < failure[0] + PAUSE:
            raise copy(failure[1])
        try:
            content = self.storage.read(name, nbytes)
        except StorageError as error:
            self._failure = time.monotonic(), error
            raise
        if content is None:
            raise SnapshotDamagedError(
                "{file} is not in the storage {storage}.", file=name, storage=self.storage.name
            ) from FileNotFoundError(name)
        return content

    @contextlib.contextmanager
    def _fetching(self, digest: str) -> Iterator[None]:
        """Of all who need a snapshot, one fetches it. There are sixteen locks, which are never deleted."""
        try:
            make_folder(self.path)
            with FileLock(self.path / f"{digest[0]}.lock", timeout=_PATIENCE, poll_interval=_LOOKS):
                yield
        except Timeout:
            raise StorageError(
                "What another process fetches from the storage {storage} has not come for {seconds} s. Try "
                "again in a moment.",
                storage=self.storage.name,
                seconds=round(_PATIENCE),
            ) from None
        except OSError as error:
            raise StorageError(
                "What is fetched from the storage {storage} cannot be written to {folder}: {reason}. Make "
                "room there, or check its access rights.",
                storage=self.storage.name,
                folder=self.path,
                reason=error.strerror or str(error),
            ) from error

    @contextlib.contextmanager
    def _work(self) -> Iterator[Path]:
        """A folder of our own; what is left of it at the end is removed."""
        make_folder(self.path)
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=self.path))
        work.chmod(0o755)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _entries(self) -> list[Path]:
        return [self.path / name for name in names_in(self.path) if not name.endswith(".lock")]

    def _let_go(self, path: Path) -> None:
        try:
            if path.is_dir():
                delete_folder(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:  # the next one tries again
            log.warning("%s could not be removed: %s.", path, error)


def _name(digest: str) -> str:
    """Where a snapshot lies in the storage."""
    return f"{_SNAPSHOTS}/{digest}"


def _checked(folder: Path) -> Path:
    for file, record in read_manifest(folder).files.items():
        checked_sums(folder / file, record)
    return folder


def _asked_at(path: Path) -> float:
    """When something here was asked for last."""
    for one in (path / MANIFEST, path):
        with contextlib.suppress(OSError):
            return one.stat().st_mtime
    return 0.0
