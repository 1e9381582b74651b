"""What a library holds on disk: its articles, the notes beside them, and the lock that changes take.

Under the library's folder::

    articles/<id>/snapshots/    see ``index/snapshot.py``
    removed/<id>/               an article that was removed, as it was; of each id the last one
    library.json, history.jsonl, pending.json      see ``index/ledger.py``
    library.lock                held by whoever changes anything; who reads does not look at it
    servers/<number>/           the same again, for each server
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import (
    ArticleError,
    LibraryError,
    ReindexRunningError,
    SnapshotDamagedError,
    SnapshotError,
)
from index.model.article import Article
from index.model.library import MAX_ID_CHARS, Action
from index.model.source import Origin, Source
from index.sources.files import Limits, read
from index.sources.sandbox import analyse
from index.storage.durable import delete_folder, make_folder, rename_for_good
from index.storage.ledger import Ledger, Note, now
from index.storage.snapshots import Manifest, Snapshot, SnapshotFolder, snapshot_number

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """An article as it was read, and what from; no source where only the article was left of it."""

    article: Article
    origin: Origin | None
    source: Source | None


@dataclass(frozen=True)
class Look:
    """What is on disk of an article: the newest snapshot that is whole, and what is wrong with newer ones."""

    newest: tuple[str, int] | None
    names: list[str]
    whole: Snapshot | None
    damaged: dict[str, SnapshotDamagedError]

    @property
    def spoilt(self) -> list[str]:
        """The damaged ones that will not be whole again. One that only could not be read just now may be."""
        causes = {name: error.__cause__ for name, error in self.damaged.items()}
        return [
            name
            for name, cause in causes.items()
            if not isinstance(cause, OSError) or isinstance(cause, FileNotFoundError)
        ]


class Holdings:
    """The folder of one library.

    Args:
        folder: Made when first written to.
        kept: How many snapshots are kept of each article.
        limits: What reading a stored source may cost.
    """

    def __init__(self, folder: Path, *, kept: int, limits: Limits) -> None:
        self.folder = folder
        self.ledger = Ledger(folder)
        self._kept = kept
        self._limits = limits
        self._lock = FileLock(folder / "library.lock")
        self._manifests: dict[str, tuple[tuple[str, int] | None, Manifest | None]] = {}

    def of(self, article: str) -> SnapshotFolder:
        """The snapshots of an article."""
        return SnapshotFolder(self.folder / "articles" / article / "snapshots", kept=self._kept)

    def ids(self) -> list[str]:
        """The articles that have a snapshot, in order."""
        return [name for name in self._folders() if self.has(name)]

    def has(self, article: str) -> bool:
        """Whether an article of that id is here. Any text may be asked for."""
        return is_id(article) and self.of(article).newest() is not None

    def was_removed(self, article: str) -> bool:
        """Whether an article of that id lies aside."""
        return is_id(article) and self._removed(article).is_dir()

    def branches(self) -> list[str]:
        """The numbers of the servers that have a folder here."""
        return [name for name in _names(self.folder / "servers") if name.isdigit()]

    def branch(self, name: str) -> Holdings:
        """A server's."""
        return Holdings(self.folder / "servers" / name, kept=self._kept, limits=self._limits)

    def manifest(self, article: str) -> Manifest | None:
        """The newest manifest of an article that can be read; kept until another snapshot is the newest."""
        folder = self.of(article)
        newest = folder.newest()
        kept, manifest = self._manifests.get(article, (None, None))
        if newest is None or kept != newest:
            manifest = None
            for name in folder.names():
                with contextlib.suppress(SnapshotDamagedError):
                    manifest = folder.manifest(name)
                    break
            self._manifests[article] = (newest, manifest)
        return manifest

    def look(self, article: str) -> Look:
        """Opens the newest whole snapshot; looks again where one was published or removed meanwhile."""
        folder = self.of(article)
        while True:
            newest, names = folder.newest(), folder.names()
            damaged: dict[str, SnapshotDamagedError] = {}
            whole = None
            for name in names:
                try:
                    whole = folder.open(name)
                    break
                except SnapshotDamagedError as error:
                    damaged[name] = error
            if not damaged or (folder.newest(), folder.names()) == (newest, names):
                return Look(newest, names, whole, damaged)

    def recover(self, article: str, names: list[str]) -> Reading:
        """The article of the newest of some snapshots of which enough is left.

        Raises:
            SnapshotDamagedError: enough is left of none.
            ArticleError: what it was made from is left, and can no longer be read or analysed.
        """
        folder = self.of(article)
        for name in names:
            source = None
            with contextlib.suppress(SnapshotDamagedError):
                source = folder.source(name)
            with contextlib.suppress(SnapshotDamagedError):
                stored, origin = folder.article(name)
                kept = source or self._doubted_source(folder, name, stored, origin)
                return Reading(analyse(stored, self._limits), origin, kept)
            if source is not None:
                return Reading(read(source, article, self._limits), source.origin, source)
        raise SnapshotDamagedError(
            "The index of “{id}” is damaged, and so is all that it could be built again from. Add the "
            "article again under another id, or remove it first.",
            id=article,
        )

    def _doubted_source(
        self, folder: SnapshotFolder, name: str, article: Article, origin: Origin | None
    ) -> Source | None:
        """A source whose checksum is lost with the manifest, if the very same article comes of it."""
        with contextlib.suppress(SnapshotDamagedError):
            folder.manifest(name)
            return None
        source = folder.unchecked_source(name, origin) if origin is not None else None
        with contextlib.suppress(ArticleError):
            if source is not None and read(source, article.id, self._limits) == article:
                return source
        return None

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Makes what the disk refuses an error for people."""
        try:
            yield
        except OSError as error:
            raise SnapshotError(
                "The data folder {folder} cannot be written to: {reason}. Check its permissions and space, "
                "or set FOOTNOTE_DATA_DIR to another folder.",
                folder=self.folder,
                reason=error.strerror or error,
            ) from error

    @contextlib.contextmanager
    def alone(self, patience: float) -> Iterator[None]:
        """Holds the lock; what a killed process left unfinished is mended first.

        Args:
            patience: Seconds to wait for it; -1 waits as long as it takes.

        Raises:
            ReindexRunningError: somebody else holds it.
            SnapshotError: nothing can be written here.
        """
        with self.writing():
            make_folder(self.folder)
            try:
                self._lock.acquire(timeout=patience)
            except Timeout as error:
                raise ReindexRunningError("A reindex is running already. Wait until it is done.") from error
        try:
            with self.writing():
                for notice in self._mend():
                    log.warning("%s", notice)
            yield
        finally:
            self._lock.release()

    def mend_if_free(self) -> list[str]:
        """Mends what a killed process left behind, unless somebody is at work; what was, a sentence each."""
        if self.ledger.pending() is None:
            return []
        try:
            with self._lock.acquire(timeout=0):
                return self._mend()
        except Timeout:
            return []
        except OSError as error:
            return [f"{self.folder} holds work that was cut off, and cannot be written to: {error.strerror}."]

    def begin(
        self,
        action: Action,
        article: str,
        who: str,
        *,
        detail: str = "",
        place: str | None = None,
        number: int = 0,
    ) -> Note:
        """Notes a change that is about to be made. The caller has the lock.

        Args:
            action: What is to be done,
            article: to which article,
            who: by whom.
            detail: For people.
            place: Where an article is put in use.
            number: The snapshot that is made or taken back.
        """
        note = Note(
            when=now(), who=who, action=action, article=article, detail=detail, place=place, number=number
        )
        with self.writing():
            self.ledger.begin(note)
        return note

    def enter(self, note: Note) -> None:
        """Enters a change that was made in the history. The caller has the lock."""
        try:
            if note.action is Action.USED or (
                note.action is Action.ADDED and self.ledger.state().in_use is None
            ):
                self.ledger.use(note.article, note.place)
            self.ledger.finish(note)
        except OSError as error:  # the change is made, and the next one enters it
            log.warning("%s cannot be entered in the history yet: %s.", describe(note), error)

    def use(self, article: str, place: str | None, who: str) -> None:
        """Puts an article in use. The caller has the lock."""
        note = self.begin(Action.USED, article, who, place=place)
        with self.writing():
            self.ledger.use(article, place)
        self.enter(note)

    def set_aside(self, article: str, who: str) -> None:
        """Removes an article, so that it can be brought back. The caller has the lock."""
        note = self.begin(Action.REMOVED, article, who)
        with self.writing():
            make_folder(self.folder / "removed")
            delete_folder(self._removed(article))
            rename_for_good(self.folder / "articles" / article, self._removed(article))
        self.enter(note)

    def bring_back(self, article: str, who: str) -> None:
        """Brings a removed article back. The caller has the lock."""
        note = self.begin(Action.UNDONE, article, who, detail="brought back")
        with self.writing():
            self.of(article).remove_if_empty()
            make_folder(self.folder / "articles")
            rename_for_good(self._removed(article), self.folder / "articles" / article)
        self.enter(note)

    def go_back(self, article: str, who: str) -> None:
        """Takes back what is newer than the whole snapshot before the newest. The caller has the lock.

        Raises:
            LibraryError: there is none.
        """
        folder = self.of(article)
        names = folder.names()
        back = next((name for name in names[1:] if folder.is_whole(name)), None)
        if back is None:
            raise LibraryError("There is no index of “{id}” from before to go back to.", id=article)
        newest = snapshot_number(names[0])
        note = self.begin(Action.UNDONE, article, who, detail=f"back to {back}", number=newest)
        with self.writing():
            for name in reversed(names[: names.index(back)]):  # the newest last: that is what undoes
                folder.take_back(name)
        self.enter(note)

    def faults(self) -> list[str]:
        """What is wrong on disk, a sentence each, the servers' folders included. Nothing is mended."""
        found: list[str] = []
        if self.ledger.is_damaged():
            found.append(
                f"{self.folder / 'library.json'} is damaged. Which article is in use is worked out from the "
                "history, and written anew with the next change."
            )
        if unreadable := self.ledger.unreadable():
            lines = "1 line" if unreadable == 1 else f"{unreadable} lines"
            found.append(f"{self.folder / 'history.jsonl'} has {lines} that cannot be read.")
        if (pending := self.ledger.pending()) is not None:
            found.append(f"{describe(pending)} is under way, or was cut off: the next change mends it.")
        for article in self._folders():
            found += self._faults_of(self.of(article))
        for name in self.branches():
            found += self.branch(name).faults()
        return found

    def _faults_of(self, folder: SnapshotFolder) -> Iterator[str]:
        for name in folder.names():
            try:
                folder.check(name)
            except SnapshotDamagedError as error:
                if name in folder.names():  # and not removed meanwhile
                    yield f"A snapshot is damaged: {error}"
        if left := folder.leftovers():
            yield f"{folder.folder} holds unfinished work: {', '.join(left)}. The next reindex removes it."

    def _mend(self) -> list[str]:
        """Finishes or calls off the change that a killed process had begun. The caller has the lock."""
        note = self.ledger.pending()
        if note is None:
            return []
        folder = self.of(note.article)
        folder.sweep()
        folder.remove_if_empty()
        if self._was_made(note):
            self.enter(note)
            return [f"{describe(note)} was cut off when it was all but done. It has been finished."]
        self.ledger.call_off()
        return [f"{describe(note)} was cut off. Nothing was changed by it."]

    def _was_made(self, note: Note) -> bool:
        folder = self.of(note.article)
        match note.action:
            case Action.ADDED | Action.REINDEXED:
                return folder.holds(note.number)
            case Action.REMOVED:
                return not folder.names()
            case Action.UNDONE:
                return not folder.holds(note.number) if note.number else bool(folder.names())
            case Action.USED:  # ``enter`` does it, if it was not done
                return True

    def _removed(self, article: str) -> Path:
        return self.folder / "removed" / article

    def _folders(self) -> list[str]:
        return [name for name in _names(self.folder / "articles") if is_id(name)]


def is_id(text: str) -> bool:
    """Whether this is an article's id: small letters, digits and single hyphens between them."""
    return len(text) <= MAX_ID_CHARS and _ID.fullmatch(text) is not None


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


def _names(folder: Path) -> list[str]:
    """What is in a folder, in order."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise SnapshotError(
            "The data folder {folder} cannot be read: {reason}. Check its permissions, or set "
            "FOOTNOTE_DATA_DIR to another folder.",
            folder=folder,
            reason=error.strerror,
        ) from error
