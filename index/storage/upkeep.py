"""What goes after a while: what was removed or undone, old history, the libraries of servers that left.

A server's library is marked when the bot is not in that server any more, and deleted when it has been so for
a while. Coming back takes the mark away. Where machines share a storage, each clears up its own data folder;
what all share is cleared up under its lock, and looked for again there: whoever comes second finds nothing.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from index.errors import ReindexRunningError, SnapshotError
from index.model.library import ExpiredItem, ExpiredKind, LibraryUse
from index.storage.all_libraries import digests
from index.storage.channels import Channels
from index.storage.durable import delete_folder, folder_bytes, path_bytes
from index.storage.ledger import QuestionLedger
from index.storage.library_folder import LibraryFolder
from index.storage.library_record import SnapshotRecord
from index.storage.record_writer import HISTORY_LINES
from index.storage.snapshots import nbytes_of
from index.storage.transactions import Transactions
from index.storage.watches import Watches

_QUESTION_BYTES = 300  # with its indexes, of some 60 characters
_PATIENCE = 0.5  # seconds; a library that is being changed has its turn the next time

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept.

    Attributes:
        removals: What was removed or undone.
        absences: The library of a server that the bot is not in any more, what was asked there, and what was
            switched on in its channels.
        blocks: What was embedded of an article that was not published.
        questions: What was asked, and what people said of the answers.
    """

    removals: timedelta = timedelta(days=30)
    absences: timedelta = timedelta(days=14)
    blocks: timedelta = timedelta(days=2)
    questions: timedelta = timedelta(days=90)


class Upkeep:
    """Looks after the folders of a library and of its servers.

    Args:
        root: The common library's.
        retention: How long things are kept.
        now: The time.

    Attributes:
        watches: What is read by schedule.
    """

    def __init__(
        self,
        root: LibraryFolder,
        *,
        retention: Retention,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._root = root
        self._ledger = QuestionLedger(root.records.database)
        self._channels = Channels(root.records.database)
        self.watches = Watches(root.records.database)
        self._retention = retention
        self._now = now

    def leave(self, server: str) -> bool:
        """Marks that the bot is not in a server any more; False where it has no library, or is marked.

        Raises:
            SnapshotError: it cannot be written.
        """
        records = self._root.branch(server).records
        if not self._is_known(server) or self.left_since(server) is not None:
            return False
        with records.change() as writer:
            writer.leave(self._now())
        return True

    def come_back(self, server: str) -> bool:
        """Takes the mark away; False where there was none.

        Raises:
            SnapshotError: it cannot be deleted.
        """
        if self.left_since(server) is None:
            return False
        with self._root.branch(server).records.change() as writer:
            writer.leave(None)
        return True

    def meet(self, servers: Collection[str], serves: Callable[[int], bool]) -> list[str]:
        """Takes the mark from the servers that the bot is in, and gives it to the others that have a library.

        Args:
            servers: Those that it is in.
            serves: Whether it would know that it is in a server: another process may serve that one.

        Returns:
            Those that had no mark before.

        Raises:
            SnapshotError: it cannot be written.
        """
        for server in servers:
            self.come_back(server)
        every = {
            *self._root.branches(),
            *self._ledger.servers(),
            *self._channels.servers(),
            *self.watches.servers(),
        }
        others = [one for one in sorted(every) if one not in servers and serves(int(one))]
        return [one for one in others if self.leave(one)]

    def left_since(self, server: str) -> datetime | None:
        """Since when the bot is not in a server any more; None where it is."""
        return self._root.branch(server).records.now().left_at

    def use(self) -> list[LibraryUse]:
        """What each library takes: the common one first, then the servers'."""
        uses = [LibraryUse(None, len(self._root.ids()), self._root.nbytes(), None)]
        for server in self._root.branches():
            folder, since = self._root.branch(server), self.left_since(server)
            leaves = None if since is None else since + self._retention.absences
            uses.append(LibraryUse(server, len(folder.ids()), folder.nbytes(), leaves))
        return uses

    def expired(self) -> list[ExpiredItem]:
        """What may go by now."""
        items = self._expired_questions()
        for server, folder in self._libraries():
            if server is not None and (self._has_gone(server) or self._is_left_behind(folder)):
                items.append(ExpiredItem(ExpiredKind.SERVER, server, None, _all_bytes(folder)))
            else:
                items += self._expired_of(server, folder)
        nbytes = sum(size for _, size in self._leftovers_in_storage())
        return [*items, *([ExpiredItem(ExpiredKind.UNFINISHED, None, None, nbytes)] if nbytes else [])]

    def prune(self, serves: Callable[[int], bool] = lambda _: True) -> list[ExpiredItem]:
        """Deletes what may go by now, and returns what has gone. A library that is being changed is left.

        Args:
            serves: Whether it would be known here that the bot came back to a server: the libraries of others
                are left to whoever knows.
        """
        items = self._pruned_questions()
        for server, folder in self._libraries():
            try:
                if server is not None and self._is_left_behind(folder):
                    items += self._delete_folder(folder)
                    continue
                if server is not None and serves(int(server)) and self._has_gone(server):
                    items += self._delete_server(server)
                    continue
                if any(True for _ in self._expired_of(server, folder)):
                    items += self._pruned(server, folder)
            except ReindexRunningError:
                log.info("%s is being changed, and is cleared up another time.", folder.path)
            except (OSError, SnapshotError) as error:
                log.warning("%s cannot be cleared up: %s", folder.path, error)
        return [*items, *self._pruned_storage()]

    def _leftovers_in_storage(self) -> Iterator[tuple[str, int]]:
        """What the storage that machines share has of what no row names, and this machine keeps none of."""
        cache, database = self._root.cache, self._root.records.database
        return cache.leftovers(lambda: digests(database)) if cache is not None else iter(())

    def _pruned_storage(self) -> list[ExpiredItem]:
        """Deletes what no row names, here and in the storage that machines share: there, one at a time."""
        cache, database = self._root.cache, self._root.records.database
        if cache is None:
            return []
        nbytes = 0
        try:
            cache.tidy(digests(database))
            cache.make_room()
            with database.alone("storage") as is_alone:
                with database.reading() as connection:
                    is_ours = database.ownership.is_in_storage(connection)
                if is_alone and is_ours:
                    for digest, size in self._leftovers_in_storage():
                        cache.delete(digest)
                        nbytes += size
        except (OSError, SnapshotError) as error:  # the next one goes on
            log.warning("The storage cannot be cleared up: %s", error)
        return [ExpiredItem(ExpiredKind.UNFINISHED, None, None, nbytes)] if nbytes else []

    def _expired_questions(self) -> list[ExpiredItem]:
        count = self._ledger.count_until(self._now() - self._retention.questions)
        return [ExpiredItem(ExpiredKind.QUESTIONS, None, None, count * _QUESTION_BYTES)] if count else []

    def _pruned_questions(self) -> list[ExpiredItem]:
        try:
            if items := self._expired_questions():
                self._ledger.delete_until(self._now() - self._retention.questions)
        except SnapshotError as error:
            log.warning("Questions that were asked cannot be cleared up: %s", error)
            return []
        return items

    def _libraries(self) -> Iterator[tuple[str | None, LibraryFolder]]:
        yield None, self._root
        for server in self._root.branches():
            yield server, self._root.branch(server)

    def _expired_of(self, server: str | None, folder: LibraryFolder) -> Iterator[ExpiredItem]:
        record, past = folder.records.now(), self._now() - self._retention.removals
        for article, removal in record.removals.items():
            if removal.removed_at is not None and removal.removed_at <= past:
                yield ExpiredItem(ExpiredKind.REMOVED, server, article, folder.nbytes_of(removal))
        for article in record.articles:
            if old := self._undone_for_long(folder, article):
                nbytes = sum(nbytes_of(folder.path, one) for one in old)
                yield ExpiredItem(ExpiredKind.UNDONE, server, article, nbytes)
        if surplus := folder.records.notes()[:-HISTORY_LINES]:
            nbytes = sum(len(note.model_dump_json()) for note in surplus)
            yield ExpiredItem(ExpiredKind.HISTORY, server, None, nbytes)
        if leftovers := [*folder.leftovers(), *self._old_blocks(folder)]:
            yield ExpiredItem(ExpiredKind.UNFINISHED, server, None, sum(map(path_bytes, leftovers)))

    def _pruned(self, server: str | None, folder: LibraryFolder) -> list[ExpiredItem]:
        transactions = Transactions(folder)
        with transactions.alone(_PATIENCE):
            items = list(self._expired_of(server, folder))  # looked for again: it may differ by now
            for item in items:
                self._delete(item, folder)
            transactions.sweep()
        return items

    def _old_blocks(self, folder: LibraryFolder) -> list[Path]:
        return folder.blocks().before(self._now() - self._retention.blocks)

    def _undone_for_long(self, folder: LibraryFolder, article: str) -> list[SnapshotRecord]:
        """The snapshots of an article that were taken back as long ago as such are kept."""
        past = self._now() - self._retention.removals
        snapshots = folder.records.now().articles[article].snapshots
        return [one for one in snapshots if one.undone_at is not None and one.undone_at <= past]

    def _delete(self, item: ExpiredItem, folder: LibraryFolder) -> None:
        """Strikes one thing out. The caller has the lock, and sweeps afterwards."""
        if item.kind is ExpiredKind.UNFINISHED:
            folder.blocks().delete(self._old_blocks(folder))
            return
        with folder.records.change() as writer:
            match item.kind, item.article:
                case ExpiredKind.REMOVED, str(article):
                    writer.delete(folder.records.now().removals[article].key)
                case ExpiredKind.UNDONE, str(article):
                    writer.forget([one.key for one in self._undone_for_long(folder, article)])
                case ExpiredKind.HISTORY, _:
                    writer.trim(HISTORY_LINES)

    def _delete_server(self, server: str) -> list[ExpiredItem]:
        """Deletes a server's library: what the database has of it, its folder, and then its row.

        Whatever ends in between, the row says that the server was left, and the next time goes on.
        """
        folder = self._root.branch(server)
        nbytes = _all_bytes(folder)
        with Transactions(folder).alone(_PATIENCE):  # nobody is changing it, here or in another process
            if not self._has_gone(server):
                return []
            with folder.records.change() as writer:
                writer.empty()
            self._ledger.delete_server(server)
            self._channels.delete_server(server)
            self.watches.delete_server(server)
        delete_folder(folder.path)  # not while its lock is held: Windows moves no file that is open
        with folder.records.change() as writer:
            writer.vanish()
        return [ExpiredItem(ExpiredKind.SERVER, server, None, nbytes)]

    def _is_left_behind(self, folder: LibraryFolder) -> bool:
        """Whether a server's folder is of a library that another machine has deleted.

        Where machines share a storage, all that is in it can be made again, and a library that is just being
        begun has a folder before it has a row.
        """
        if folder.cache is None or folder.records.now().key:
            return False
        with contextlib.suppress(FileNotFoundError):
            age = self._now() - datetime.fromtimestamp(folder.path.stat().st_mtime, UTC)
            return age >= self._retention.blocks
        return False

    def _delete_folder(self, folder: LibraryFolder) -> list[ExpiredItem]:
        nbytes = folder_bytes(folder.path)
        with Transactions(folder).locked(_PATIENCE):
            if folder.records.now().key:
                return []
        delete_folder(folder.path)
        return [ExpiredItem(ExpiredKind.SERVER, folder.server, None, nbytes)]

    def _has_gone(self, server: str) -> bool:
        since = self.left_since(server)
        return since is not None and self._now() - since >= self._retention.absences

    def _is_known(self, server: str) -> bool:
        """Whether there is anything of a server. Where machines share a storage, no folder says so."""
        folder = self._root.branch(server)
        return (
            (folder.cache is None and folder.path.is_dir())
            or folder.records.now().key != 0
            or server in {*self._ledger.servers(), *self._channels.servers(), *self.watches.servers()}
        )


def _all_bytes(folder: LibraryFolder) -> int:
    """The bytes of a server's folder, and of what lies in the storage of its library."""
    return folder_bytes(folder.path) + sum(one.nbytes for one in folder.records.now().snapshots)


def delete_oldest_removed(folder: LibraryFolder) -> int:
    """Deletes the article that was removed longest ago, and returns its bytes; 0 where there is none.

    The caller has the lock.

    Raises:
        SnapshotError: it cannot be deleted.
    """
    removals = sorted(
        folder.records.now().removals.values(), key=lambda record: (record.removed_at, record.key)
    )
    if not removals:
        return 0
    oldest = removals[0]
    nbytes = folder.nbytes_of(oldest)
    with folder.records.change() as writer:
        writer.delete(oldest.key)
    Transactions(folder).sweep()
    return nbytes
