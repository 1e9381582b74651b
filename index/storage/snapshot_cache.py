"""Snapshots that lie in a storage which machines share, and those of them that this machine has.

In the storage, of all libraries together::

    snapshots/<digest>/...    the files of a snapshot, see ``snapshot_files``; its manifest is written last
    database.id               by which it is known whose storage it is, see ``database``
    probe/                    what was written to try it

Under the data folder::

    cache/<digest>/...        the same files
    cache/<digest>.json       a manifest alone, where nobody needed more of a snapshot
    cache/*.lock              held by who fetches

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
from index.storage.durable import delete_folder, folder_bytes, make_folder, path_bytes, replace_file
from index.storage.folders import names_in
from index.storage.library_record import Upload
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
_RESTS = 600.0  # seconds since it was asked for last; before that, somebody may be about to read it
_PATIENCE = 120.0  # seconds for another process to fetch what is needed
_ATTEMPTS = 2
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
                    self._fetch(digest)
                self.make_room()
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
                replace_file(path, self._content(digest, MANIFEST, digest))
        return manifest_at(path)

    def store(self, files: Mapping[str, Content]) -> Upload:
        """Writes a snapshot here and uploads it.

        Raises:
            StorageError: it cannot be uploaded; what there is of it has no manifest.
            OSError: it cannot be written here.
        """
        with self._work() as work:
            write_files(work, files)
            return self._uploaded(work)

    def adopt(self, folder: Path) -> Upload:
        """Uploads a snapshot that lies in a folder, which stays.

        Raises:
            StorageError: it cannot be uploaded; what there is of it has no manifest.
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
            files = self.storage.listing(f"{_SNAPSHOTS}/{digest}")
            times = [self.storage.written_at(f"{_SNAPSHOTS}/{digest}/{file}") for file in files]
            dates = [moment for moment in times if moment is not None]
            is_old = dates and max(dates) < datetime.now(UTC) - UNNAMED_FOR
            if is_old and digest not in digests():
                yield digest, sum(files.values())

    def delete(self, digest: str) -> None:
        """Deletes a snapshot in the storage: its manifest first, without which it is none.

        Raises:
            StorageError: it cannot be deleted, or not all of it.
        """
        files = self.storage.listing(f"{_SNAPSHOTS}/{digest}")
        for file in sorted(files, key=lambda file: file != MANIFEST):
            self.storage.delete(f"{_SNAPSHOTS}/{digest}/{file}")

    def _uploaded(self, work: Path) -> Upload:
        digest = hashlib.sha256((work / MANIFEST).read_bytes()).hexdigest()
        for file in (*read_manifest(work).files, MANIFEST):
            self.storage.upload(f"{_SNAPSHOTS}/{digest}/{file}", work / file)
        nbytes = folder_bytes(work)
        if not self.has(digest):
            self._put(work, digest)
        self.make_room()
        return Upload(digest, nbytes)

    def _fetch(self, digest: str) -> None:
        with self._work() as work:
            (work / MANIFEST).write_bytes(self._content(digest, MANIFEST, digest))
            for file, record in read_manifest(work).files.items():
                (work / file).write_bytes(self._content(digest, file, record.sha256))
            self._put(work, digest)
        (self.path / f"{digest}.json").unlink(missing_ok=True)

    def _put(self, work: Path, digest: str) -> None:
        delete_folder(self.path / digest)  # what lies there has no manifest
        work.rename(self.path / digest)

    def _content(self, digest: str, file: str, sha256: str) -> bytes:
        """A file from the storage; asked for once more where a connection left only a part of it."""
        name = f"{_SNAPSHOTS}/{digest}/{file}"
        for _ in range(_ATTEMPTS):
            content = self._read(name)
            if content is None:
                raise SnapshotDamagedError(
                    "{file} is not in the storage {storage}.", file=name, storage=self.storage.name
                ) from FileNotFoundError(name)
            if hashlib.sha256(content).hexdigest() == sha256:
                return content
        raise SnapshotDamagedError(
            "{file} in the storage {storage} is not as it was written.",
            file=name,
            storage=self.storage.name,
        )

    def _read(self, name: str) -> bytes | None:
        failure = self._failure
        if failure is not None and time.monotonic() < failure[0] + PAUSE:
            raise copy(failure[1])
        try:
            return self.storage.read(name)
        except StorageError as error:
            self._failure = time.monotonic(), error
            raise

    @contextlib.contextmanager
    def _fetching(self, digest: str) -> Iterator[None]:
        """Of all who need a snapshot, one fetches it. There are sixteen locks, which are never deleted."""
        try:
            make_folder(self.path)
            with FileLock(self.path / f"{digest[0]}.lock", timeout=_PATIENCE):
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
