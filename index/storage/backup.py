"""Data folders saved and brought back, while the bot may run.

A backup is made of one library after the other, each under its lock: no change is under way in it, and its
snapshots are those that the database says count. What the database says of it is saved beside them, so that a
backup fits any database. Questions go on being answered. Bringing back unpacks beside the data folder, checks
all of it, and only then puts it in its place by renaming, with the locks of all libraries held.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import math
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from index.errors import BackupError, SnapshotDamagedError
from index.storage.archive import CHUNK, SUMS, HashedCopy, Sums, read_archive
from index.storage.database import FILE, Database
from index.storage.durable import make_folder, rename_for_good, sync_folder
from index.storage.library_folder import LibraryFolder, SharedStorage, library_folder
from index.storage.library_record import (
    STORED_LIBRARY,
    LibraryRecord,
    SnapshotRecord,
    StoredLibrary,
    in_folder,
    with_snapshots,
)
from index.storage.old_folder import RECORDS, put_aside, stored_library
from index.storage.ownership import handover
from index.storage.records import replace_all
from index.storage.snapshot_cache import CACHE, SnapshotCache
from index.storage.snapshot_files import FileSum
from index.storage.transactions import LOCK, Transactions

UNDER_THE_LOCK = ("articles", "removed")
"""The folders in which nothing goes while the lock is held."""

_PASSING = (".writing-", ".removing-", ".backup-", ".restore-")
"""How the names of what is only there for a moment begin."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was saved or brought back.

    Attributes:
        files: How many files,
        nbytes: and their bytes.
        begun_at: When the backup was begun.
        before: The folder in which what was there before is kept; None where nothing was.
    """

    files: int
    nbytes: int
    begun_at: datetime
    before: Path | None = None


def back_up(
    data_dir: Path,
    file: Path,
    *,
    database_url: str | None = None,
    storage: SharedStorage | None = None,
    replace: bool = False,
    go_on: Callable[[], None] = lambda: None,
) -> BackupReport:
    """Saves a data folder in one file, which then is read again and compared.

    Args:
        data_dir: The folder; others may use it meanwhile. A library that is being changed is waited for.
        file: The backup; nobody else may read it.
        database_url: The address of a PostgreSQL; None for SQLite in the folder.
        storage: The one that machines share, from which what this one lacks is fetched; None where all lies
            in the folder.
        replace: Whether a file may be there already.
        go_on: Called now and then; may raise to call it off.

    Raises:
        BackupError: there is nothing to save, or nothing can be saved there.
        DataFolderError: the locks cannot be taken.
        OSError: the file cannot be written, or the folder not be read. The file from before is there.
    """
    if not data_dir.is_dir() or not any(data_dir.iterdir()):
        raise BackupError("There is nothing to back up: {folder} is not there or empty.", folder=data_dir)
    if file.resolve().is_relative_to(data_dir.resolve()):
        raise BackupError("A backup in the data folder itself would go with it. Choose another place.")
    if file.exists() and not (replace and file.is_file()):
        raise BackupError("{file} is there already. Choose another name, or --force.", file=file)
    begun_at, sums = datetime.now(UTC), dict[str, FileSum]()
    if not file.parent.is_dir():
        raise BackupError("The folder {folder} is not there. Make it, or choose another.", folder=file.parent)
    descriptor, name = tempfile.mkstemp(prefix=".backup-", dir=file.parent)  # readable to its owner alone
    work = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w:", format=tarfile.PAX_FORMAT) as tar:
                root = library_folder(data_dir, database_url, storage, 1)
                _save_libraries(root, tar, sums, go_on)
                content = Sums(begun_at=begun_at, files=sums).model_dump_json().encode()
                _add(tar, SUMS, io.BytesIO(content), len(content), begun_at.timestamp())
            stream.flush()
            os.fsync(stream.fileno())
        read_archive(work, lambda _, __: go_on())
        rename = work.replace if replace else work.rename
        rename(file)
        sync_folder(file.parent)
    finally:
        work.unlink(missing_ok=True)
    return BackupReport(len(sums), sum(one.size for one in sums.values()), begun_at)


def restore(
    file: Path,
    data_dir: Path,
    *,
    database_url: str | None = None,
    storage: SharedStorage | None = None,
    replace: bool = False,
    go_on: Callable[[], None] = lambda: None,
) -> BackupReport:
    """Brings a data folder back as it was saved, all or nothing.

    What was there before is kept beside it, under another name.

    Args:
        file: The backup.
        data_dir: The folder; a bot that runs goes on with what is in it then.
        database_url: The address of a PostgreSQL, which has what the backup has then; None for SQLite in the
            folder.
        storage: One that machines share, to which the indexes are uploaded; None to have them in the folder.
        replace: Whether something may be there already.
        go_on: Called now and then; may raise to call it off.

    Raises:
        BackupError: it is no backup, not as it was written, or something is there already.
        DataFolderError: the locks cannot be taken.
        OSError: it cannot be read, or not be written. In each case nothing was changed.
    """
    data_dir = data_dir.resolve()  # where it is a link, that stays
    if data_dir.exists() and not data_dir.is_dir():
        raise BackupError("{folder} is no folder.", folder=data_dir)
    is_new = not data_dir.exists() or not any(data_dir.iterdir())
    if not is_new and not replace:
        raise BackupError(
            "Something is in {folder} already. With --force it is put aside, and the backup takes its place.",
            folder=data_dir,
        )
    make_folder(data_dir.parent)
    if shutil.disk_usage(data_dir.parent).free < file.stat().st_size:
        raise BackupError("The disk of {folder} has too little room for the backup.", folder=data_dir)
    work = Path(tempfile.mkdtemp(prefix=".restore-", dir=data_dir.parent))
    try:
        sums = read_archive(file, lambda name, content: _unpack(work, name, content, go_on))
        cache = storage.cache(work) if storage is not None else None
        stored_libraries: dict[str, StoredLibrary] = {}
        for folder in _libraries(LibraryFolder(work, snapshots_kept=1)):
            if (library := stored_library(folder.path)) is not None:
                if cache is not None:
                    library = _uploaded(cache, library, folder.path, go_on)
                stored_libraries[folder.server] = library
        database = Database(data_dir, database_url, storage=cache.storage if cache else None, takes_over=True)
        if database_url is None and stored_libraries:
            _fill(Database(work), work, stored_libraries)
        for name, _, _ in os.walk(work):
            sync_folder(Path(name))
        with (
            _in_place(work, data_dir, is_new=is_new, go_on=go_on) as before,
            handover(cache.storage) if cache else contextlib.nullcontext(),
            contextlib.closing(database),
        ):
            if database_url is not None:
                _fill(database, data_dir, stored_libraries)
            elif cache is not None:
                with database.reading():  # whose the storage is from now on
                    pass
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return BackupReport(len(sums.files), sums.nbytes, sums.begun_at, before)


def _libraries(root: LibraryFolder) -> Iterator[LibraryFolder]:
    """Those that have a folder."""
    yield root
    for server in root.folders():
        yield root.branch(server)


def _uploaded(
    cache: SnapshotCache, library: StoredLibrary, folder: Path, go_on: Callable[[], None]
) -> StoredLibrary:
    """A library whose snapshots, which lie in a folder, are put into the storage, and into the cache."""

    def upload(snapshot: SnapshotRecord) -> SnapshotRecord:
        go_on()
        try:
            return dataclasses.replace(snapshot, **cache.adopt(folder / snapshot.path)._asdict())
        except SnapshotDamagedError:  # it was damaged when it was saved, and is healed from its folder
            return snapshot

    uploaded_library = with_snapshots(library, upload)
    for one in uploaded_library.record.snapshots:
        if one.digest is not None:
            shutil.rmtree(folder / one.path, ignore_errors=True)
    return uploaded_library


def _save_libraries(
    root_folder: LibraryFolder,
    tar: tarfile.TarFile,
    sums: dict[str, FileSum],
    go_on: Callable[[], None],
) -> None:
    root = root_folder.path
    for library in (root_folder, *map(root_folder.branch, root_folder.branches())):
        if library.cache is None and not library.path.is_dir():  # a server's that has gone meanwhile
            _demand_indexes(library, library.records.now())
            continue
        with Transactions(library).alone(math.inf, go_on):
            stored_library = library.records.stored()
            _demand_indexes(library, stored_library.record)
            _save_library(library.path, root, tar, sums, go_on)
            if library.cache is not None:
                _save_cached(library.cache, library.path.relative_to(root), stored_library, tar, sums)
            in_folders = with_snapshots(stored_library, in_folder)
            records = STORED_LIBRARY.dump_json(in_folders)
            name = (library.path / RECORDS).relative_to(root).as_posix()
            content = HashedCopy(io.BytesIO(records))
            _add(tar, name, content, len(records), datetime.now(UTC).timestamp())
            sums[name] = content.sum


def _demand_indexes(library: LibraryFolder, record: LibraryRecord) -> None:
    """Makes sure that a backup holds what the database names. A lost snapshot of several is no loss.

    Raises:
        BackupError: it would not.
    """
    if library.cache is None and any(one.digest is not None for one in record.snapshots):
        raise BackupError(
            "Indexes lie in a storage, and would not be in the backup. Set FOOTNOTE_STORAGE_URL to it, and "
            "back up again."
        )
    for article, published in ((name, one.published) for name, one in record.articles.items()):
        if published and all(
            one.digest is None and not (library.path / one.path).is_dir() for one in published
        ):
            raise BackupError(
                "No index of “{id}” is in {folder}, and none would be in the backup. Back up on the machine "
                "that has it, or let the bot build it again or remove it first.",
                id=article,
                folder=library.path,
            )


def _save_library(
    folder: Path, root: Path, tar: tarfile.TarFile, sums: dict[str, FileSum], go_on: Callable[[], None]
) -> None:
    for path in _files(folder, {root / "servers", root / CACHE} if folder == root else set()):
        go_on()
        name = path.relative_to(root).as_posix()
        try:
            sums[name] = _saved(path, name, tar)
        except FileNotFoundError:
            if path.relative_to(folder).parts[0] in UNDER_THE_LOCK:
                raise
            continue  # a note that was taken back


def _save_cached(
    cache: SnapshotCache,
    folder: Path,
    library: StoredLibrary,
    tar: tarfile.TarFile,
    sums: dict[str, FileSum],
) -> None:
    """Saves the snapshots that lie in the storage, each as if it lay in its folder."""
    for snapshot in library.record.snapshots:
        if snapshot.digest is None:
            continue
        was_here = cache.has(snapshot.digest)
        for path in sorted(cache.whole(snapshot.digest).iterdir()):
            name = (folder / snapshot.path / path.name).as_posix()
            sums[name] = _saved(path, name, tar)
        if not was_here:  # this machine may have no room for all that there is
            with contextlib.suppress(OSError):
                cache.drop(snapshot.digest)


def _saved(path: Path, name: str, tar: tarfile.TarFile) -> FileSum:
    with path.open("rb") as stream:
        stat, copy = os.fstat(stream.fileno()), HashedCopy(stream)
        _add(tar, name, copy, stat.st_size, stat.st_mtime)
    return copy.sum


def _files(folder: Path, without: Collection[Path]) -> Iterator[Path]:
    """The files below a folder, in order, but for some folders, locks, and what is there for a moment."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise BackupError(
                "{file} is a link, or no plain file, and is not saved. Put what it stands for in its place.",
                file=path,
            )
        if path in without or path.name == LOCK or path.name.startswith((*_PASSING, FILE)):
            continue
        if path.is_dir():
            yield from _files(path, without)
        elif not (path.name.startswith(".") and path.name.endswith(".writing")):
            yield path


def _add(tar: tarfile.TarFile, name: str, content: HashedCopy | io.BytesIO, size: int, mtime: float) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, int(mtime), 0o600
    tar.addfile(member, content)


def _unpack(work: Path, name: PurePosixPath, content: HashedCopy, go_on: Callable[[], None]) -> None:
    target = work / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(exist_ok=False)
    except (FileExistsError, NotADirectoryError) as error:
        raise BackupError(
            "The backup is not restored: “{name}” in it is a file and a folder at once.", name=str(name)
        ) from error
    with target.open("wb") as stream:
        while part := content.read(CHUNK):
            go_on()
            stream.write(part)
        stream.flush()
        os.fsync(stream.fileno())


def _fill(database: Database, folder: Path, libraries: Mapping[str, StoredLibrary]) -> None:
    """Enters what the database of a backup had in this one, in place of what it has."""
    replace_all(database, libraries)
    for library in _libraries(LibraryFolder(folder, snapshots_kept=1)):
        put_aside(library.path)
    database.close()  # so that all of it is in its file, and nothing in a journal


@contextlib.contextmanager
def _in_place(
    work: Path, data_dir: Path, *, is_new: bool, go_on: Callable[[], None]
) -> Iterator[Path | None]:
    """Puts a folder in the data folder's place, unless what is done then fails; gives what was there."""
    before = _put_in_place(work, data_dir, is_new=is_new, go_on=go_on)
    try:
        yield before
    except BaseException:
        rename_for_good(data_dir, work)
        if before is not None:
            rename_for_good(before, data_dir)
        raise


def _put_in_place(work: Path, data_dir: Path, *, is_new: bool, go_on: Callable[[], None]) -> Path | None:
    work.chmod(data_dir.stat().st_mode & 0o777 if data_dir.exists() else 0o755)
    if is_new:
        with contextlib.suppress(FileNotFoundError):
            data_dir.rmdir()
        rename_for_good(work, data_dir)
        return None
    before = data_dir.with_name(f"{data_dir.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
    with contextlib.ExitStack() as locks:
        for library in _libraries(
            LibraryFolder(data_dir, snapshots_kept=1)
        ):  # of which nothing has to be readable but its lock
            locks.enter_context(Transactions(library).locked(math.inf, go_on))
        if os.name == "nt":  # which renames no folder in which a file is open
            locks.close()
        try:
            rename_for_good(data_dir, before)
            rename_for_good(work, data_dir)
        except BaseException:
            if before.exists() and not data_dir.exists():
                before.rename(data_dir)
            raise
    return before
