"""The changes of a library: one at a time, and each of them made or not made, whatever happens.

A change is one transaction of the database. One that writes a snapshot is noted before it is begun, and the
transaction that strikes the note out makes the snapshot count: what a killed process leaves unfinished,
whoever takes the lock next calls off and clears away.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator

from filelock import Timeout

from index.errors import LibraryError, ReindexRunningError, SnapshotDamagedError, SnapshotError, StorageError
from index.model.library import Action, Restoration
from index.storage.durable import make_folder
from index.storage.library_folder import LibraryFolder
from index.storage.library_lock import LibraryLock
from index.storage.library_record import snapshot_number
from index.storage.notes import Note, describe, now
from index.storage.old_folder import has_notes, put_aside

LOCK = "library.lock"

_ROUND = 0.5  # seconds that the lock is waited for at a time

log = logging.getLogger(__name__)


class Transactions:
    """Makes the changes of one library's folder.

    Args:
        folder: The library's.
    """

    def __init__(self, folder: LibraryFolder) -> None:
        self._folder = folder
        self._records = folder.records
        machines = folder.records.database if folder.cache is not None else None
        self._lock = LibraryLock(folder.path / LOCK, machines, f"library {folder.server}")

    @contextlib.contextmanager
    def locked(self, patience: float, go_on: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Holds the lock, and looks at nothing; see ``alone``."""
        with self._folder.writing():
            make_folder(self._folder.path)
            self._acquire(patience, go_on)
        try:
            yield
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def alone(self, patience: float, go_on: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Holds the lock; what a killed process left unfinished is mended first.

        Args:
            patience: Seconds to wait for it; infinity waits as long as it takes.
            go_on: Called now and then while it waits; may raise to call it off.

        Raises:
            ReindexRunningError: somebody else holds it.
            SnapshotError: nothing can be written here.
        """
        with self.locked(patience, go_on):
            with self._folder.writing():
                for notice in self._mend():
                    log.warning("%s", notice)
            yield

    def mend_if_free(self) -> list[str]:
        """Mends what a killed process left behind, unless somebody is at work; what was, a sentence each."""
        is_pending = self._records.now().pending is not None
        folder = self._folder
        if not (is_pending or has_notes(folder.path) or folder.to_store() or folder.leftovers()):
            return []
        try:
            make_folder(folder.path)
            with self._lock.held(0):
                self._records.forget()
                notices = [*self._mend(), *self._put_in_storage()]
                self.sweep()
                put_aside(folder.path)
                return notices
        except Timeout:
            return []
        except OSError as error:
            if not is_pending:
                return []
            return [f"{folder.path} holds work that was cut off, and cannot be written to: {error.strerror}."]

    @contextlib.contextmanager
    def if_free(self) -> Iterator[bool]:
        """Holds the lock if nobody else does; gives whether it does."""
        try:
            self._lock.acquire(timeout=0)
        except (Timeout, OSError, SnapshotError):
            yield False
            return
        try:
            self._records.forget()
            yield True
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def begun(
        self, action: Action, article: str, who: str, *, number: int, lease: str = ""
    ) -> Iterator[Note]:
        """A change that is under way, called off where it fails. The caller has the lock, and enters it.

        Args:
            action: What is to be done,
            article: to which article,
            who: by whom.
            number: The snapshot that is made.
            lease: Of the job that it is made for, if any.

        Raises:
            SnapshotError: it cannot be written. Nothing was changed.
        """
        note = Note(when=now(), who=who, action=action, article=article, number=number, lease=lease)
        with self._records.change() as writer:
            writer.begin(note)
        try:
            with self._folder.writing():
                yield note
        except BaseException:
            with contextlib.suppress(OSError, SnapshotError):  # else whoever takes the lock next does it
                self._call_off(note)
            raise

    def use(self, article: str, place: str | None, who: str) -> None:
        """Puts an article in use. The caller has the lock.

        Raises:
            SnapshotError: it cannot be written. Nothing was changed.
        """
        with self._records.change() as writer:
            writer.use(article, place)
            writer.enter(Note(when=now(), who=who, action=Action.USED, article=article, place=place))

    def set_aside(self, article: str, who: str) -> None:
        """Removes an article, so that it can be brought back. The caller has the lock.

        An older one of the same id, which was removed before, goes for it.

        Raises:
            SnapshotError: it cannot be written. Nothing was changed.
        """
        note = Note(when=now(), who=who, action=Action.REMOVED, article=article)
        with self._records.change() as writer:
            writer.set_aside(article, note.when)
            writer.enter(note)
        with contextlib.suppress(OSError, SnapshotError):  # it is done, and the next change clears up
            self.sweep()

    def bring_back(self, article: str, who: str) -> None:
        """Brings a removed article back. The caller has the lock.

        Raises:
            SnapshotError: it cannot be written. Nothing was changed.
        """
        key = self._records.now().removals[article].key
        detail = Restoration(None)
        with self._records.change() as writer:
            writer.bring_back(key)
            writer.enter(Note(when=now(), who=who, action=Action.UNDONE, article=article, detail=detail))

    def go_back(self, article: str, who: str) -> None:
        """Takes back what is newer than the whole snapshot before the newest. The caller has the lock.

        Raises:
            LibraryError: there is none.
            SnapshotError: it cannot be written. Nothing was changed.
        """
        folder = self._folder.of(article)
        names = folder.names()
        back = next((name for name in names[1:] if folder.is_whole(name)), None)
        if back is None:
            raise LibraryError("There is no index of “{id}” from before to go back to.", id=article)
        note = Note(
            when=now(),
            who=who,
            action=Action.UNDONE,
            article=article,
            detail=Restoration(back),
            number=snapshot_number(names[0]),
        )
        folder.take_back(note, names[: names.index(back)])

    def _acquire(self, patience: float, go_on: Callable[[], None]) -> None:
        until = time.monotonic() + patience
        while True:
            try:
                self._lock.acquire(timeout=max(0.0, min(_ROUND, until - time.monotonic())))
            except Timeout as error:
                if time.monotonic() >= until:
                    raise ReindexRunningError(
                        "A reindex is running already. Wait until it is done."
                    ) from error
                go_on()
            else:
                self._records.forget()
                return

    def _mend(self) -> list[str]:
        """Calls off the change that a killed process had begun, and clears up. The caller has the lock."""
        note = self._records.now().pending
        if note is None:
            return []
        self.sweep()
        self._call_off(note)
        return [f"{describe(note)} was cut off. Nothing was changed by it."]

    def _put_in_storage(self) -> Iterator[str]:
        """Puts what lies in this folder into the storage that machines share. The caller has the lock."""
        count = 0
        for snapshot in self._folder.to_store():
            assert self._folder.cache is not None  # noqa: S101 - told to the type checker: else there is none
            try:
                upload = self._folder.cache.adopt(self._folder.path / snapshot.path)
            except SnapshotDamagedError as error:  # it stays where it is, and is healed as others are
                yield f"{snapshot.path} is not put into the storage: {error}"
                continue
            except StorageError as error:  # the next start goes on; until then they are asked where they lie
                yield f"What lies in {self._folder.path} is not put into the storage: {error}"
                break
            with self._records.change() as writer:
                writer.store(snapshot.key, upload)
            count += 1
        if count:
            name = f"server {self._folder.server}" if self._folder.server else "the common library"
            yield f"{count} indexes of {name} were put into the storage."

    def _call_off(self, note: Note) -> None:
        self._folder.of(note.article).sweep()
        if self._records.now().pending == note:
            with self._records.change() as writer:
                writer.call_off()

    def sweep(self) -> None:
        """Deletes what no row of the database names; what cannot be deleted is left for the next time.

        The caller has the lock.
        """
        for folder in self._folder.leftovers():
            shutil.rmtree(folder, ignore_errors=True)
            for parent in (folder.parent, folder.parent.parent):
                with contextlib.suppress(OSError):  # not empty
                    parent.rmdir()
