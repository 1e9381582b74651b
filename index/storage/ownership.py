"""Whose a database is: a data folder's, or, where machines share a storage, that storage's."""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select

from index.errors import DatabaseError, StorageError
from index.storage.durable import make_folder, replace_file
from index.storage.shared_storage import Storage
from index.storage.tables import FolderRow, SnapshotRow

MARK = "database.id"
"""What has the number by which a database is known to be its own, in a data folder and in a storage."""

log = logging.getLogger(__name__)


@contextlib.contextmanager
def handover(storage: Storage) -> Iterator[None]:
    """If what is done fails, a storage belongs to whom it did before, as far as it answers then."""
    mark = storage.read(MARK)
    try:
        yield
    except BaseException:
        with contextlib.suppress(StorageError):
            if mark is None:
                storage.delete(MARK)
            else:
                storage.write(MARK, mark)
        raise


class Ownership:
    """Knows it by a number, which stands in the database and in what the database belongs to.

    Args:
        folder: The data folder.
        database: How people know the database.
        is_inside: Whether it lies in the folder, as SQLite does.
        storage: Where machines share one.
        takes_over: Whether a database that belongs to something else is this one's from now on.
    """

    def __init__(
        self, folder: Path, database: str, *, is_inside: bool, storage: Storage | None, takes_over: bool
    ) -> None:
        self._folder = folder
        self._database = database
        self._is_inside = is_inside
        self._storage = storage
        self._takes_over = takes_over

    def is_known(self, connection: Connection) -> bool:
        """Whether the database is known to be this one's.

        A storage that cannot be reached just now is taken for what it was when it was last.

        Raises:
            StorageError: the storage cannot be reached, and was not yet.
        """
        if self._storage is None and self._is_inside:
            return True
        number = connection.scalar(select(FolderRow.id))
        if number is None or self._takes_over:
            return False
        if self._storage is None:
            return bool(number == self._mark())
        try:
            is_known = number == self._stored_mark(self._storage)
        except StorageError as error:
            if number != self._mark():
                raise
            log.warning("Indexes that this machine does not have cannot be asked: %s", error)
            return True
        if is_known and number != self._mark():
            self._note(number)
        return bool(is_known)

    def is_in_storage(self, connection: Connection) -> bool:
        """Whether the storage says at this moment that it is the database's.

        Raises:
            StorageError: it cannot be reached.
        """
        number = connection.scalar(select(FolderRow.id))
        return self._storage is not None and number is not None and number == self._stored_mark(self._storage)

    def demand_in_storage(self, connection: Connection) -> None:
        """Makes sure that the storage is there: a folder that is unmounted meanwhile is an empty one.

        Raises:
            StorageError: it is not, or cannot be reached.
        """
        if self._storage is not None and not self.is_in_storage(connection):
            raise StorageError(
                "The storage {storage} is not the one that the database has its indexes in. Check "
                "FOOTNOTE_STORAGE_URL; where it is a folder, check whether it is mounted.",
                storage=self._storage.name,
            )

    def claim(self, connection: Connection) -> None:
        """Makes the database this one's, unless it is another's.

        Raises:
            DatabaseError: it belongs to another folder, or to another storage.
            StorageError: the storage belongs to another database, or cannot be reached.
        """
        if self.is_known(connection):
            return
        number = connection.scalar(select(FolderRow.id))
        if not self._takes_over:
            self._demand_free(connection, number)
        new = number if self._storage is not None and number and not self._takes_over else None
        new = new or secrets.token_hex(16)
        self._note(new)
        if self._storage is not None:
            self._storage.write(MARK, new.encode())
        connection.execute(delete(FolderRow))
        connection.execute(insert(FolderRow).values(id=new))

    def _demand_free(self, connection: Connection, number: str | None) -> None:
        if self._storage is not None:
            self._demand_storage(connection, self._storage, number)
        if number not in (None, self._mark()) and not (self._storage is not None and self._is_inside):
            raise DatabaseError(
                "The database {database} belongs to another data folder. Give {folder} a database of its "
                "own.",
                database=self._database,
                folder=self._folder,
            )

    def _demand_storage(self, connection: Connection, storage: Storage, number: str | None) -> None:
        mark = self._stored_mark(storage)
        if mark is not None and mark != self._mark():
            raise StorageError(
                "The storage {storage} belongs to another database. Give this one a folder of its own in it: "
                "add one to FOOTNOTE_STORAGE_URL. Where `footnote restore` was broken off, run it again.",
                storage=storage.name,
            )
        if number is None and mark is not None and storage.listing("snapshots"):
            raise StorageError(
                "The database is new, and the storage {storage} has the indexes of the one before: they "
                "would be deleted. Put that database back, or use `footnote restore`; or give this one a "
                "folder of its own in the storage: add one to FOOTNOTE_STORAGE_URL.",
                storage=storage.name,
            )
        count = select(func.count()).select_from(SnapshotRow).where(SnapshotRow.digest.is_not(None))
        if mark is None and connection.scalar(count):
            raise StorageError(
                "The database has indexes in a storage, and the storage {storage} is empty. Check "
                "FOOTNOTE_STORAGE_URL; where it is a folder, check whether it is mounted.",
                storage=storage.name,
            )

    def _note(self, number: str) -> None:
        make_folder(self._folder)
        replace_file(self._folder / MARK, number.encode())

    def _mark(self) -> str | None:
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / MARK).read_text()
        return None

    @staticmethod
    def _stored_mark(storage: Storage) -> str | None:
        content = storage.read(MARK)
        return None if content is None else content.decode(errors="replace")
