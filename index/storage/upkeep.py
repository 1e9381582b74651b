"""What goes after a while: what was removed or undone, old history, the libraries of servers that left.

A server's library is marked when the bot is not in that server any more (``left.json``), and deleted when it
has been so for a while: renamed first, so that nothing half deleted has its name, and what a crash leaves of
it goes the next time. Coming back takes the mark away.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ValidationError

from index.errors import ReindexRunningError, SnapshotError
from index.model.library import Action, ExpiredItem, ExpiredKind, LibraryUse
from index.storage.catalogue import HISTORY_LINES
from index.storage.durable import REMOVING, delete_folder, folder_bytes, replace_file
from index.storage.library_folder import LibraryFolder, names_in
from index.storage.transactions import Transactions

_PATIENCE = 0.5  # seconds; a library that is being changed has its turn the next time

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept.

    Attributes:
        removed: What was removed or undone.
        left: The library of a server that the bot is not in any more.
    """

    removed: timedelta = timedelta(days=30)
    left: timedelta = timedelta(days=14)


class _Mark(BaseModel):
    left: datetime


class Upkeep:
    """Looks after the folders of a library and of its servers.

    Args:
        root: The common library's.
        retention: How long things are kept.
        now: The time.
    """

    def __init__(
        self,
        root: LibraryFolder,
        *,
        retention: Retention,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._root = root
        self._retention = retention
        self._now = now

    def leave(self, server: str) -> bool:
        """Marks that the bot is not in a server any more; False where it has no library, or is marked.

        Raises:
            SnapshotError: it cannot be written.
        """
        folder = self._root.branch(server)
        if not folder.path.is_dir() or self.left_since(server) is not None:
            return False
        with folder.writing():
            replace_file(self._mark(server), _Mark(left=self._now()).model_dump_json().encode())
        return True

    def come_back(self, server: str) -> bool:
        """Takes the mark away; False where there was none.

        Raises:
            SnapshotError: it cannot be deleted.
        """
        mark = self._mark(server)
        if not mark.exists():
            return False
        with self._root.branch(server).writing():
            mark.unlink(missing_ok=True)
        return True

    def meet(self, servers: Collection[str]) -> list[str]:
        """Takes the mark from the servers that the bot is in, and gives it to the others that have a library.

        Returns those that had none before.

        Raises:
            SnapshotError: it cannot be written.
        """
        for server in servers:
            self.come_back(server)
        return [one for one in self._root.branches() if one not in servers and self.leave(one)]

    def left_since(self, server: str) -> datetime | None:
        """Since when the bot is not in a server any more; None where it is.

        A mark that cannot be read counts from when it was written.
        """
        mark = self._mark(server)
        try:
            return _Mark.model_validate_json(mark.read_bytes()).left
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            with contextlib.suppress(OSError):
                return datetime.fromtimestamp(mark.stat().st_mtime, UTC)
            return None

    def use(self) -> list[LibraryUse]:
        """What each library takes: the common one first, then the servers'."""
        uses = [LibraryUse(None, len(self._root.ids()), self._root.nbytes(), None)]
        for server in self._root.branches():
            folder, left = self._root.branch(server), self.left_since(server)
            leaves = None if left is None else left + self._retention.left
            uses.append(LibraryUse(server, len(folder.ids()), folder.nbytes(), leaves))
        return uses

    def expired(self) -> list[ExpiredItem]:
        """What may go by now."""
        items: list[ExpiredItem] = []
        for server, folder in self._libraries():
            if server is not None and self._has_gone(server):
                items.append(ExpiredItem(ExpiredKind.SERVER, server, None, folder_bytes(folder.path)))
            else:
                items += self._expired_of(server, folder)
        return items

    def prune(self) -> list[ExpiredItem]:
        """Deletes what may go by now, and returns what has gone. A library that is being changed is left."""
        gone: list[ExpiredItem] = []
        for server, folder in self._libraries():
            try:
                if server is not None and self._has_gone(server):
                    gone += self._delete_server(server)
                    continue
                if any(True for _ in self._expired_of(server, folder)):
                    with Transactions(folder).alone(
                        _PATIENCE
                    ):  # what may go is looked for again: it may differ
                        gone += [one for one in self._expired_of(server, folder) if self._delete(one, folder)]
            except ReindexRunningError:
                log.info("%s is being changed, and is cleared up another time.", folder.path)
            except (OSError, SnapshotError) as error:
                log.warning("%s cannot be cleared up: %s", folder.path, error)
        return gone

    def _libraries(self) -> Iterator[tuple[str | None, LibraryFolder]]:
        yield None, self._root
        for server in self._root.branches():
            yield server, self._root.branch(server)

    def _expired_of(self, server: str | None, folder: LibraryFolder) -> Iterator[ExpiredItem]:
        now, removals = self._now(), _last(folder, Action.REMOVED)
        for article in folder.removed_ids():
            since = max(_changed(folder.removed(article)), removals.get(article, _NEVER))
            if now - since >= self._retention.removed:
                nbytes = folder_bytes(folder.removed(article))
                yield ExpiredItem(ExpiredKind.REMOVED, server, article, nbytes)
        for article in folder.articles():
            if old := self._undone_for_long(folder, article):
                yield ExpiredItem(ExpiredKind.UNDONE, server, article, folder.of(article).nbytes(old))
        if surplus := folder.catalogue.surplus_bytes(HISTORY_LINES):
            yield ExpiredItem(ExpiredKind.HISTORY, server, None, surplus)
        if left := _leftovers(folder):
            yield ExpiredItem(ExpiredKind.UNFINISHED, server, None, sum(map(folder_bytes, left)))

    def _undone_for_long(self, folder: LibraryFolder, article: str) -> list[str]:
        """The snapshots of an article that were taken back as long ago as such are kept."""
        snapshots = folder.of(article)
        undone = snapshots.undone()
        if not undone:
            return []
        last, now = _last(folder, Action.UNDONE).get(article, _NEVER), self._now()
        return [
            name
            for name in undone
            if now - max(snapshots.undone_since(name), last) >= self._retention.removed
        ]

    def _delete(self, expired: ExpiredItem, folder: LibraryFolder) -> bool:
        """Deletes one thing. The caller has the lock."""
        match expired.kind, expired.article:
            case ExpiredKind.REMOVED, str(article):
                delete_folder(folder.removed(article))
            case ExpiredKind.UNDONE, str(article):
                for name in self._undone_for_long(folder, article):
                    folder.of(article).forget(name)
            case ExpiredKind.HISTORY, _:
                folder.catalogue.trim(HISTORY_LINES)
            case ExpiredKind.UNFINISHED, _:
                for left in _leftovers(folder):
                    shutil.rmtree(left, ignore_errors=True)
            case _:
                return False
        return True

    def _delete_server(self, server: str) -> list[ExpiredItem]:
        folder = self._root.branch(server)
        nbytes = folder_bytes(folder.path)
        with Transactions(folder).alone(_PATIENCE):  # nobody is changing it, here or in another process
            if not self._has_gone(server):
                return []
        delete_folder(folder.path)  # not while its lock is held: Windows moves no file that is open
        return [ExpiredItem(ExpiredKind.SERVER, server, None, nbytes)]

    def _has_gone(self, server: str) -> bool:
        left = self.left_since(server)
        return left is not None and self._now() - left >= self._retention.left

    def _mark(self, server: str) -> Path:
        return self._root.branch(server).path / "left.json"


_NEVER = datetime.min.replace(tzinfo=UTC)


def delete_oldest_removed(folder: LibraryFolder) -> int:
    """Deletes the article that was removed longest ago, and returns its bytes; 0 where there is none.

    The caller has the lock.

    Raises:
        OSError: it cannot be deleted.
    """
    removals = _last(folder, Action.REMOVED)
    aged = sorted(
        (max(_changed(folder.removed(article)), removals.get(article, _NEVER)), article)
        for article in folder.removed_ids()
    )
    if not aged:
        return 0
    oldest = folder.removed(aged[0][1])
    nbytes = folder_bytes(oldest)
    delete_folder(oldest)
    return nbytes


def _last(folder: LibraryFolder, action: Action) -> dict[str, datetime]:
    """When something was last done to each article. What was removed by an earlier version has no better."""
    return {note.article: note.when for note in folder.catalogue.notes() if note.action is action}


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _leftovers(folder: LibraryFolder) -> list[Path]:
    """The folders that were being deleted when a process was killed."""
    return [
        folder.path / part / name
        for part in ("articles", "removed", "servers")
        for name in names_in(folder.path / part)
        if name.startswith(REMOVING)
    ]
