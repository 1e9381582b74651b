"""The changes of a library's folder: one at a time, and each of them made or not made, whatever happens.

A change is noted before it is begun and struck out when it stands in the history (see ``catalogue``). Each is
one rename, or is put back where the second of two fails. What a killed process leaves unfinished, whoever
takes the lock next finishes or calls off.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator

from filelock import FileLock, Timeout

from index.errors import LibraryError, ReindexRunningError
from index.model.library import Action, PassageCounts, Restored
from index.storage.catalogue import Note, now
from index.storage.durable import delete_folder, make_folder, rename_for_good
from index.storage.library_folder import OLDER, LibraryFolder, names_in
from index.storage.snapshots import snapshot_number

_ROUND = 0.5  # seconds that the lock is waited for at a time

log = logging.getLogger(__name__)


class Transactions:
    """Makes the changes of one library's folder.

    Args:
        folder: The library's.
    """

    def __init__(self, folder: LibraryFolder) -> None:
        self._folder = folder
        self._catalogue = folder.catalogue
        self._lock = FileLock(folder.path / "library.lock")

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
        with self._folder.writing():
            make_folder(self._folder.path)
            self._acquire(patience, go_on)
        try:
            with self._folder.writing():
                for notice in self._mend():
                    log.warning("%s", notice)
            yield
        finally:
            self._lock.release()

    def mend_if_free(self) -> list[str]:
        """Mends what a killed process left behind, unless somebody is at work; what was, a sentence each."""
        if self._catalogue.pending() is None:
            return []
        try:
            with self._lock.acquire(timeout=0):
                return self._mend()
        except Timeout:
            return []
        except OSError as error:
            folder = self._folder.path
            return [f"{folder} holds work that was cut off, and cannot be written to: {error.strerror}."]

    @contextlib.contextmanager
    def begun(
        self,
        action: Action,
        article: str,
        who: str,
        *,
        detail: PassageCounts | Restored | str = "",
        place: str | None = None,
        number: int = 0,
    ) -> Iterator[Note]:
        """A change that is under way; called off where it fails. The caller has the lock, and enters it.

        Args:
            action: What is to be done,
            article: to which article,
            who: by whom.
            detail: What more there is to say of it.
            place: Where an article is put in use.
            number: The snapshot that is made or taken back.

        Raises:
            SnapshotError: it cannot be written. Nothing was changed.
        """
        note = Note(
            when=now(), who=who, action=action, article=article, detail=detail, place=place, number=number
        )
        with self._folder.writing():
            self._catalogue.begin(note)
        try:
            with self._folder.writing():
                yield note
        except BaseException:
            self._folder.of(article).remove_if_empty()
            if not self._is_done(note):  # else the next change finishes it
                with contextlib.suppress(OSError):
                    self._catalogue.call_off()
            raise

    def enter(self, note: Note) -> None:
        """Enters a change that was made in the history. The caller has the lock.

        Never fails: the change is made, and where the disk refuses its line now, the next change enters it.
        """
        try:
            self._finish(note)
        except OSError as error:
            log.warning("%s cannot be entered in the history yet: %s.", describe(note), error)

    def use(self, article: str, place: str | None, who: str) -> None:
        """Puts an article in use. The caller has the lock.

        Raises:
            SnapshotError: it cannot be written. Nothing was changed.
        """
        with self.begun(Action.USED, article, who, place=place) as note:
            self._catalogue.use(article, place)
        self.enter(note)

    def set_aside(self, article: str, who: str) -> None:
        """Removes an article, so that it can be brought back. The caller has the lock.

        An older one of the same id, which was removed before, goes when the newer one is in its place.

        Raises:
            SnapshotError: it cannot be moved. Nothing was changed.
        """
        removed, older = self._folder.removed(article), self._folder.removed(f"{OLDER}{article}")
        with self.begun(Action.REMOVED, article, who) as note:
            make_folder(removed.parent)
            os.utime(self._folder.article(article))  # it counts as removed from now on
            if removed.exists():
                rename_for_good(removed, older)
            try:
                rename_for_good(self._folder.article(article), removed)
            except BaseException:
                self._settle_older(article)
                raise
        self._settle_older(article)
        self.enter(note)

    def bring_back(self, article: str, who: str) -> None:
        """Brings a removed article back. The caller has the lock.

        Raises:
            SnapshotError: it cannot be moved. Nothing was changed.
        """
        with self.begun(Action.UNDONE, article, who, detail=Restored(None)) as note:
            self._folder.of(article).remove_if_empty()
            make_folder(self._folder.article(article).parent)
            rename_for_good(self._folder.removed(article), self._folder.article(article))
        self.enter(note)

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
        newest = snapshot_number(names[0])
        with self.begun(Action.UNDONE, article, who, detail=Restored(back), number=newest) as note:
            folder.take_back(names[: names.index(back)])
        self.enter(note)

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
                return

    def _mend(self) -> list[str]:
        """Finishes or calls off the change that a killed process had begun. The caller has the lock."""
        for name in names_in(self._folder.path / "removed"):
            if name.startswith(OLDER):
                self._settle_older(name.removeprefix(OLDER))
        note = self._catalogue.pending()
        if note is None:
            return []
        folder = self._folder.of(note.article)
        folder.sweep()
        folder.remove_if_empty()
        if self._is_done(note):
            # Where that fails, nothing else is begun: its note would take this one's place.
            self._finish(note)
            return [f"{describe(note)} was cut off when it was all but done. It has been finished."]
        self._catalogue.call_off()
        return [f"{describe(note)} was cut off. Nothing was changed by it."]

    def _finish(self, note: Note) -> None:
        if note.action is Action.ADDED and self._catalogue.state().in_use is None:
            self._catalogue.use(note.article, note.place)
        self._catalogue.finish(note)

    def _is_done(self, note: Note) -> bool:
        folder = self._folder.of(note.article)
        match note.action:
            case Action.ADDED | Action.REINDEXED:
                return folder.holds(note.number)
            case Action.REMOVED:
                return not folder.names()
            case Action.UNDONE:
                return not folder.holds(note.number) if note.number else bool(folder.names())
            case Action.USED:
                state = self._catalogue.state()
                return note.article == (state.places.get(note.place) if note.place else state.in_use)

    def _settle_older(self, article: str) -> None:
        """Deletes the older of two removed articles of an id, or puts it back where it is the only one."""
        removed, older = self._folder.removed(article), self._folder.removed(f"{OLDER}{article}")
        try:
            if older.exists() and removed.exists():
                delete_folder(older)
            elif older.exists():
                rename_for_good(older, removed)
        except OSError as error:  # whoever takes the lock next tries again
            log.warning("%s cannot be cleared away yet: %s.", older, error.strerror)


def describe(note: Note) -> str:
    """The subject of a sentence on a change."""
    doing = {
        Action.ADDED: "The adding",
        Action.REINDEXED: "The reindex",
        Action.REMOVED: "The removal",
        Action.USED: "The putting in use",
        Action.UNDONE: "The undoing",
    }[note.action]
    return f"{doing} of “{note.article}” by {note.who}, begun {note.when:%Y-%m-%d %H:%M:%S} UTC,"
