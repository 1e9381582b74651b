"""The snapshots of an article: immutable, each published by one row of the database.

Under the library's folder, for each article::

    articles/<article id>/snapshots/000001-5f3a9c1e/     number, start of the SHA-256 of the article's text

What stands in one is described in ``snapshot_files``. It is written into a folder ``.writing-…``, synced to
disk and renamed; a row of the database then makes it count, and says where it lies. Where machines share a
storage, it lies there instead, and this machine has what it needs of it: see ``snapshot_cache``. The highest
number is the newest: no clock decides. One that is taken back is marked in its row. What no row names is left
over from a process that was killed, and is swept away. Numbers go on upward.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.errors import SnapshotDamagedError, SnapshotError, StorageError
from index.model.article import Article
from index.model.library import Action
from index.model.source import ANSWERS, Origin, Source
from index.search.token_vectors import Floats, TokenCodec, TokenVectors
from index.storage.all_libraries import digests
from index.storage.durable import folder_bytes, make_folder, rename_for_good
from index.storage.folders import names_in
from index.storage.library_record import (
    NO_UPLOAD,
    SNAPSHOT_NAME,
    ArticleRecord,
    SnapshotRecord,
    Upload,
    by_name,
    snapshot_number,
)
from index.storage.notes import Note, now
from index.storage.records import Records
from index.storage.snapshot_cache import SnapshotCache
from index.storage.snapshot_files import (
    ARTICLE,
    QUESTIONS,
    SIDECAR,
    SOURCE,
    TOKENS,
    Content,
    EncodedSnapshot,
    FileSum,
    Manifest,
    Snapshot,
    checked,
    checked_sums,
    read_manifest,
    read_snapshot,
    unreadable,
    write_files,
)
from index.storage.stored_article import StoredArticle

log = logging.getLogger(__name__)

SNAPSHOTS_KEPT = 3
"""How many snapshots of an article are kept, unless it is set otherwise."""

_WRITING_PREFIX = ".writing-"


class SnapshotFolder:
    """The snapshots of one article.

    Args:
        records: What the database says of its library.
        article: The article's id.
        snapshots_kept: How many snapshots are kept.
        cache: What this machine has of the storage that machines share; None where there is none.

    Attributes:
        folder: ``articles/<article id>/snapshots``; made when first published to.
    """

    def __init__(
        self,
        records: Records,
        article: str,
        *,
        snapshots_kept: int = SNAPSHOTS_KEPT,
        cache: SnapshotCache | None = None,
    ) -> None:
        self.folder = records.folder / "articles" / article / "snapshots"
        self._records = records
        self._article = article
        self._snapshots_kept = snapshots_kept
        self._cache = cache

    def published(self) -> list[SnapshotRecord]:
        """The published snapshots, and where they lie, newest first."""
        return self._record.published

    def names(self) -> list[str]:
        """The published snapshots, newest first."""
        return [one.name for one in self._record.published]

    def newest(self) -> tuple[str, int] | None:
        """The newest snapshot's name and a number: both change with what is newest, after a restore too."""
        library = self._records.now()
        published = record.published if (record := library.articles.get(self._article)) else []
        return next(((one.name, (library.key << 32) + one.key) for one in published), None)

    def undone(self) -> list[str]:
        """The snapshots that were taken back, newest first: no ``names``, but ``article`` reads them."""
        return [one.name for one in self._record.undone]

    def leftovers(self) -> list[str]:
        """The folders that killed processes have left behind, or that are being written just now."""
        paths = self._records.now().paths
        return [name for name in names_in(self.folder) if self._path(name) not in paths]

    def next_number(self) -> int:
        """The number of the next snapshot: above every one that is known of here, or lies here."""
        library = self._records.now()
        records = [one for part in (library.articles, library.removals) if (one := part.get(self._article))]
        names = [one.name for record in records for one in record.snapshots]
        names += filter(SNAPSHOT_NAME.fullmatch, names_in(self.folder))
        return max(map(snapshot_number, names), default=0) + 1

    def manifest(self, name: str) -> Manifest:
        """What a snapshot says of itself; see ``read_manifest``."""
        record = self._record_of(name)
        if record is None or record.digest is None:
            return read_manifest(self._folder_of(name))
        return self._cache_of(record).manifest(record.digest)

    def open(self, name: str) -> Snapshot:
        """Opens a snapshot; see ``read_snapshot``. One that is damaged here is fetched again.

        Raises:
            StorageError: it cannot be fetched.
        """
        record = self._record_of(name)
        if record is None or record.digest is None:
            return read_snapshot(self._folder_of(name), name)
        cache = self._cache_of(record)
        try:
            snapshot = read_snapshot(cache.folder(record.digest), name)
        except SnapshotDamagedError as error:
            if not cache.has(record.digest):
                raise
            log.warning("It is fetched again from the storage: %s", error)
            cache.drop(record.digest)
            snapshot = read_snapshot(cache.folder(record.digest), name)
        cache.keep(record.digest, snapshot)
        return snapshot

    def is_here(self, name: str) -> bool:
        """Whether a snapshot is on this machine."""
        record = self._record_of(name)
        return record is None or record.digest is None or self._cache_of(record).has(record.digest)

    def check(self, name: str) -> None:
        """Holds every file of a snapshot against its checksum.

        Raises:
            SnapshotDamagedError: one does not match.
        """
        for file, record in self.manifest(name).files.items():
            checked_sums(self._folder_of(name) / file, record)

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
            record = self.manifest(name).files[ARTICLE]
        except (SnapshotDamagedError, KeyError):
            record = None
        try:
            content = StoredArticle.model_validate_json(
                checked(path, record) if record else path.read_bytes()
            )
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from error
        if not name.endswith(f"-{content.article().sha256[:8]}"):
            raise SnapshotDamagedError("{file} is not as it was written.", file=path)
        return content.article(), content.origin

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

    def _part(self, name: str, record: FileSum | None, file: str) -> bytes | None:
        """A file of a snapshot, or the same of another one; None where the snapshot has none."""
        if record is None:
            return None
        for one in (name, *self.names()):
            with contextlib.suppress(SnapshotDamagedError):
                return checked(self._folder_of(one) / file, record)
        return checked(self._folder_of(name) / file, record)

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

    def token_rows(self, name: str, rows: npt.NDArray[np.int64], codec: TokenCodec) -> Floats:
        """Some rows of a snapshot's token embeddings, mapped into memory: no more of the file is read.

        They are not held against their checksum, which is the whole file's.

        Raises:
            SnapshotDamagedError: they are not there.
        """
        path = self._folder_of(name) / TOKENS
        try:
            return TokenVectors(np.load(path, mmap_mode="r"), codec)[rows]
        except (OSError, ValueError, IndexError) as error:
            raise unreadable(path, error) from error

    def publish(self, note: Note, snapshot: EncodedSnapshot, *, instead_of: Sequence[str] = ()) -> Snapshot:
        """Writes a snapshot beside the others and makes it the newest, all or nothing.

        The first article that a library gets is put in use, unless one was chosen; but for what its admins
        have answered, which is asked where another one does not answer.

        One at a time: the caller holds the library's lock.

        Args:
            note: The change, which is entered in the history; its number is what ``next_number`` gave.
            snapshot: What to write.
            instead_of: Damaged ones that go when it is there, so that none of the whole ones has to.

        Raises:
            OSError, SnapshotError: it cannot be written; nothing is changed.
        """
        name = snapshot_name(note.number, snapshot.index.article)
        self._records.enroll()
        try:
            upload = self._write(name, snapshot.files)
        except BaseException:
            self.remove_if_empty()
            raise
        going = [*self.outgoing(instead_of), *self.undone()]
        before, keys = self._records.now(), by_name(self._record.snapshots, going)
        with self._records.change() as writer:
            if upload.digest is not None:  # the lock of another machine ends with its connection
                writer.demand(note)
            writer.publish(self._article, name, self._path(name), keys, upload)
            if note.action is Action.ADDED and before.in_use is None and snapshot.manifest.origin != ANSWERS:
                writer.use(self._article, None)
            writer.enter(note)
        with contextlib.suppress(OSError, SnapshotError):  # it is published, and the next one clears up
            self.sweep()
        result = Snapshot(name, snapshot.manifest, snapshot.index)
        if upload.digest is not None and self._cache is not None:
            self._cache.keep(upload.digest, result)
        return result

    def _write(self, name: str, files: Mapping[str, Content]) -> Upload:
        if self._cache is not None:
            with self._records.database.reading() as connection:
                self._records.database.ownership.demand_in_storage(connection)
            return self._cache.store(files)
        make_folder(self.folder)
        with _work_folder(self.folder) as work:
            write_files(work, files)
            rename_for_good(work, self.folder / name)
        return NO_UPLOAD

    def outgoing(self, instead_of: Sequence[str] = ()) -> list[str]:
        """The snapshots that are too many, once one more is there and ``instead_of`` has gone."""
        whole = [one for one in self.names() if one not in instead_of]
        return [*instead_of, *whole[self._snapshots_kept - 1 :]]

    def nbytes(self, names: Sequence[str]) -> int:
        """The bytes that some snapshots take."""
        records = {one.name: one for one in self._record.snapshots}
        return sum(nbytes_of(self._records.folder, records[name]) for name in names)

    def take_back(self, note: Note, names: Sequence[str]) -> None:
        """Takes the newest snapshots back, so that the one before them is the newest.

        Raises:
            SnapshotError: it cannot be written; nothing is changed.
        """
        keys = by_name(self._record.snapshots, names)
        with self._records.change() as writer:
            writer.take_back(keys, now())
            writer.enter(note)

    def sweep(self) -> None:
        """Deletes what no row names: what was replaced, and what killed processes have left behind.

        The caller has the lock.
        """
        for name in self.leftovers():
            try:
                shutil.rmtree(self.folder / name)
            except OSError as error:  # the next one tries again
                log.warning("The old snapshot %s could not be removed: %s.", name, error)
        self.remove_if_empty()
        if self._cache is not None:
            self._cache.tidy(digests(self._records.database))

    def remove_if_empty(self) -> None:
        """Removes the folders of an article that was never published."""
        for folder in (self.folder, self.folder.parent):
            with contextlib.suppress(OSError):  # not empty, or not there
                folder.rmdir()

    @property
    def _record(self) -> ArticleRecord:
        return self._records.now().articles.get(self._article) or ArticleRecord(0, ())

    def _path(self, name: str) -> str:
        """Where a folder here lies below the library's."""
        return (self.folder / name).relative_to(self._records.folder).as_posix()

    def _folder_of(self, name: str) -> Path:
        record = self._record_of(name)
        if record is not None and record.digest is not None:
            return self._cache_of(record).folder(record.digest)
        return self._records.folder / (record.path if record is not None else self._path(name))

    def _record_of(self, name: str) -> SnapshotRecord | None:
        return next((one for one in self._record.snapshots if one.name == name), None)

    def _cache_of(self, record: SnapshotRecord) -> SnapshotCache:
        if self._cache is None:
            raise StorageError(
                "The index {name} of “{id}” lies in a storage. Set FOOTNOTE_STORAGE_URL to it; `footnote "
                "backup` with it, and `footnote restore` without it, bring all back into the data folder.",
                name=record.name,
                id=self._article,
            )
        return self._cache


def nbytes_of(folder: Path, snapshot: SnapshotRecord) -> int:
    """The bytes that a snapshot takes in a library's folder, or in the storage."""
    return folder_bytes(folder / snapshot.path) if snapshot.digest is None else snapshot.nbytes


def snapshot_name(number: int, article: Article) -> str:
    """A snapshot's name: its number and the start of the hash of the article's text."""
    return f"{number:06d}-{article.sha256[:8]}"


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    """A folder of our own beside the snapshots; what is left of it at the end is removed."""
    work = Path(tempfile.mkdtemp(prefix=_WRITING_PREFIX, dir=parent))
    work.chmod(0o755)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
