"""What a library holds on disk: its articles' snapshots, and what the database says of them.

Under the data folder::

    footnote.sqlite3            the database, unless that is elsewhere, see ``database``
    database.id                 by which one that is elsewhere is known to be this folder's
    articles/<id>/snapshots/    see ``snapshots``
    index/                      of all articles as one, see ``whole_index``
    cache/                      snapshots that lie in a storage which machines share, see ``snapshot_cache``
    building/                   what was embedded of articles that are being indexed, see ``block_folder``
    library.lock                held by whoever changes anything, see ``transactions``
    servers/<number>/           the same again but for the database, for each server
    before-database/            what an earlier version noted, see ``old_folder``
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

from index.errors import SnapshotDamagedError, SnapshotError, StorageError
from index.model.library import MAX_ID_CHARS
from index.storage.all_libraries import pending_servers, servers, servers_to_store
from index.storage.block_folder import BlockFolder
from index.storage.database import Database
from index.storage.durable import FileStamp, folder_bytes
from index.storage.folders import names_in, unwritable_folder
from index.storage.library_record import ArticleRecord, Failure, SnapshotRecord
from index.storage.notes import now
from index.storage.old_folder import has_notes
from index.storage.records import Records
from index.storage.shared_storage import Storage, storage_at
from index.storage.snapshot_cache import CACHE, SnapshotCache
from index.storage.snapshot_files import Manifest, Snapshot
from index.storage.snapshots import SnapshotFolder, nbytes_of
from index.storage.whole_index import WholeIndexFolder

LibraryStamp: TypeAlias = tuple[FileStamp, tuple[int, int]]
"""What tells a library from what it was before: its index's stamp, and its key and revision."""

log = logging.getLogger(__name__)

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class SharedStorage:
    """A storage that machines share, as it is set.

    Attributes:
        url: Its address; see ``storage_at``. A password may stand in it.
        cache_bytes: How much of it this machine keeps; 0 for as much as there is.
    """

    url: str = field(repr=False)
    cache_bytes: int = 0

    def opened(self) -> Storage:
        """It, of which nothing is asked yet; see ``storage_at``."""
        return storage_at(self.url)

    def cache(self, data_dir: Path) -> SnapshotCache:
        """What this machine has of it, in its data folder.

        Raises:
            StorageError: the address is none, or what speaks to it is not installed.
        """
        return SnapshotCache(data_dir / CACHE, self.opened(), nbytes=self.cache_bytes)


@dataclass(frozen=True)
class Condition:
    """What is on disk of an article: the newest snapshot that is whole, and what is wrong with newer ones."""

    newest: tuple[str, int] | None
    names: list[str]
    whole: Snapshot | None
    damaged: dict[str, SnapshotDamagedError]

    @property
    def spoilt(self) -> list[str]:
        """The damaged ones that will not be whole again. One that only could not be read just now may be."""
        return [name for name, error in self.damaged.items() if is_spoilt(error)]


class LibraryFolder:
    """The folder of one library.

    Args:
        path: Made when first written to.
        snapshots_kept: How many snapshots are kept of each article.
        database: Where all that is not a snapshot is kept; None for the SQLite in the folder.
        server: The number of the library's server; "" for the common one.
        cache: What this machine has of the storage that machines share; None where there is none.

    Attributes:
        server: The number of its server.
        cache: See the argument.
        records: What the database says of it.
        index: Of all its articles as one.
    """

    def __init__(
        self,
        path: Path,
        *,
        snapshots_kept: int,
        database: Database | None = None,
        server: str = "",
        cache: SnapshotCache | None = None,
    ) -> None:
        self.path = path
        self.server = server
        self.cache = cache
        self.records = Records(database or Database(path), path, server)
        self._snapshots_kept = snapshots_kept
        self.index = WholeIndexFolder(path / "index")
        self._manifests: dict[str, tuple[tuple[str, int] | None, Manifest | None]] = {}

    def stamp(self) -> LibraryStamp:
        """Changes whenever an article comes, goes or changes, and costs the same however many there are."""
        record = self.records.now()
        return self.index.stamp(), (record.key, record.revision)

    def article(self, article: str) -> Path:
        """The folder of an article."""
        return self.path / "articles" / article

    def of(self, article: str) -> SnapshotFolder:
        """The snapshots of an article."""
        return SnapshotFolder(self.records, article, snapshots_kept=self._snapshots_kept, cache=self.cache)

    def fetching(self, article: str) -> Callable[[], object] | None:
        """What fetches the newest snapshot of an article; None where this machine has it."""
        if self.cache is None:
            return None
        newest = next(iter(self.of(article).published()), None)
        if newest is None or newest.digest is None or self.cache.has(newest.digest):
            return None
        return partial(self.cache.folder, newest.digest)

    def blocks(self) -> BlockFolder:
        """Where what is embedded of an article is put aside."""
        return BlockFolder(self.path / "building")

    def ids(self) -> list[str]:
        """The articles that are here, in order."""
        return list(self.records.now().articles)

    def has(self, article: str) -> bool:
        """Whether an article of that id is here. Any text may be asked for."""
        return article in self.records.now().articles

    def was_removed(self, article: str) -> bool:
        """Whether an article of that id lies aside."""
        return article in self.records.now().removals

    def leftovers(self) -> list[Path]:
        """What no row of the database names: what killed processes have left behind, or are writing."""
        known_paths = self.records.now().paths
        leftovers = [
            self.path / part / name
            for part in ("articles", "removed", "servers")
            for name in names_in(self.path / part)
            if name.startswith(".")
        ]
        for part in ("articles", "removed"):
            for article in filter(is_id, names_in(self.path / part)):
                names = names_in(self.path / part / article / "snapshots")
                paths = (f"{part}/{article}/snapshots/{name}" for name in names)
                leftovers += [self.path / path for path in paths if path not in known_paths]
        return leftovers

    def branches(self) -> list[str]:
        """The numbers of the servers that have a library here."""
        return sorted({*self.folders(), *servers(self.records.database)})

    def unfinished_branches(self) -> list[str]:
        """Those in which a change is under way, or was cut off, and those that are to be taken over.

        They may be of an older version, or are not in the storage yet.
        """
        pending = pending_servers(self.records.database)
        if self.cache is not None:
            pending |= servers_to_store(self.records.database)
        return [one for one in self.branches() if one in pending or has_notes(self.path / "servers" / one)]

    def folders(self) -> list[str]:
        """The numbers of the servers that have a folder here."""
        return [name for name in names_in(self.path / "servers") if name.isdecimal() and name.isascii()]

    def branch(self, name: str) -> LibraryFolder:
        """A server's."""
        return LibraryFolder(
            self.path / "servers" / name,
            snapshots_kept=self._snapshots_kept,
            database=self.records.database,
            server=name,
            cache=self.cache,
        )

    def to_store(self) -> list[SnapshotRecord]:
        """The snapshots that are to be put into the storage which machines share."""
        if self.cache is None:
            return []
        return [one for one in self.records.now().snapshots if one.digest is None]

    def nbytes(self) -> int:
        """The bytes of the library, with all that is kept of it but the servers' folders.

        What lies in a storage counts, whether this machine has it or not.
        """
        parts = (self.path / "articles", self.path / "removed", self.path / "building", self.index.path)
        return sum(map(folder_bytes, parts)) + sum(one.nbytes for one in self.records.now().snapshots)

    def removed_bytes(self) -> int:
        """The bytes of what was removed."""
        return sum(map(self.nbytes_of, self.records.now().removals.values()))

    def nbytes_of(self, record: ArticleRecord) -> int:
        """The bytes of an article's snapshots."""
        return sum(nbytes_of(self.path, one) for one in record.snapshots)

    def manifest(self, article: str) -> Manifest | None:
        """The newest manifest of an article that can be read; kept until another snapshot is the newest.

        While the storage that has it does not answer, the last one that was read.
        """
        folder = self.of(article)
        newest = folder.newest()
        stamp, manifest = self._manifests.get(article, (None, None))
        if newest is None or stamp != newest:
            last, manifest = manifest, None
            try:
                for name in folder.names():
                    with contextlib.suppress(SnapshotDamagedError):
                        manifest = folder.manifest(name)
                        break
            except StorageError as error:
                log.warning("What “%s” is cannot be read: %s", article, error)
                return last
            self._manifests[article] = (newest, manifest)
        return manifest

    def condition(self, article: str) -> Condition:
        """Opens the newest whole snapshot; looks again where one was published or removed meanwhile."""
        folder = self.of(article)
        while True:
            newest, published = folder.newest(), folder.published()
            names = [one.name for one in published]
            damages: dict[str, SnapshotDamagedError] = {}
            whole = None
            for name in names:
                try:
                    whole = folder.open(name)
                    break
                except SnapshotDamagedError as error:
                    damages[name] = error
            if not damages or (folder.newest(), folder.published()) == (newest, published):
                return Condition(newest, names, whole, damages)

    def note_failure(self, article: str, reason: str | None) -> None:
        """Notes why the index of an article could not be built again; None where it has been by now.

        It is only for people to read: where it cannot be written, the log has it.
        """
        with contextlib.suppress(SnapshotError):
            record = self.records.now().articles.get(article)
            if record is not None and (reason is not None or record.failure is not None):
                with self.records.change() as writer:
                    writer.note_failure(record.key, None if reason is None else Failure(now(), reason))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Makes what the disk refuses an error for people."""
        try:
            yield
        except OSError as error:
            raise unwritable_folder(self.path, error.strerror or str(error)) from error


def library_folder(
    data_dir: Path, database_url: str | None, storage: SharedStorage | None, snapshots_kept: int
) -> LibraryFolder:
    """The common library's, with its database; see ``Library`` for the arguments."""
    cache = storage.cache(data_dir) if storage is not None else None
    database = Database(data_dir, database_url, storage=cache.storage if cache else None)
    return LibraryFolder(data_dir, snapshots_kept=snapshots_kept, database=database, cache=cache)


def is_id(text: str) -> bool:
    """Whether this is an article's id: small letters, digits and single hyphens between them."""
    return len(text) <= MAX_ID_CHARS and _ID.fullmatch(text) is not None


def is_spoilt(error: SnapshotDamagedError) -> bool:
    """Whether what is damaged will not be whole again; what the disk only did not give just now may be."""
    cause = error.__cause__
    return not isinstance(cause, OSError) or isinstance(cause, FileNotFoundError)
