"""What the database says of one library: what is in use, which snapshots count, and what was done.

What is read is kept in memory for as long as nothing is written, which ``pulse`` tells, or else for as long
as the library's revision stays, which is one query to find.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Hashable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from index.storage import old_folder
from index.storage.answer_book import (
    answers_of_server,
    delete_all_answers,
    restore_answers,
    trusted_role_of,
)
from index.storage.database import Database
from index.storage.library_record import (
    ArticleRecord,
    Failure,
    LibraryRecord,
    SnapshotRecord,
    StoredLibrary,
)
from index.storage.notes import Note
from index.storage.pulse import ALL
from index.storage.record_writer import Writer
from index.storage.stored_watches import put_watch, watches_of
from index.storage.tables import (
    ArticleRow,
    ChangeRow,
    LibraryRow,
    PlaceRow,
    SnapshotRow,
    WatchRow,
    WorkRow,
)


class Records:
    """What the database says of one library. Whoever changes anything holds the library's lock.

    Args:
        database: The database.
        folder: The library's folder, in which an older version, or a backup, may have left what is not in the
            database yet.
        server: The number of the library's server; "" for the common one.
    """

    def __init__(self, database: Database, folder: Path, server: str = "") -> None:
        self.database = database
        self.folder = folder
        self._server = server
        self._last: tuple[Hashable | None, LibraryRecord] = (None, LibraryRecord())

    def now(self) -> LibraryRecord:
        """The library as it is.

        Raises:
            SnapshotError: the database cannot be read, or what an older version left not be taken over.
        """
        stamp, (last_stamp, last) = self.database.stamp(self._server), self._last
        if stamp is not None and stamp == last_stamp:
            return last
        if self.database.is_there:
            with self.database.reading() as connection:
                record = self._read(connection, last)
            if record is None and not old_folder.is_there(self.folder):
                record = LibraryRecord()
            if record is not None:
                self._last = stamp, record
                return record
        if not old_folder.is_there(self.folder):
            return LibraryRecord()
        self._enter()
        return self.now()

    def forget(self) -> None:
        """Has ``now`` ask the database the next time: what ``pulse`` tells may be late by its ``TRUST``.

        For whoever has just been given the library's lock, and goes by what the one before has written.
        """
        self._last = None, self._last[1]

    def enroll(self) -> None:
        """Makes the library known: from then on what lies in its folder counts by the database alone.

        Raises:
            SnapshotError: it cannot be written.
        """
        if not self.now().key:
            self._enter()

    @contextlib.contextmanager
    def change(self) -> Iterator[Writer]:
        """One change of what is known: all of it is there at the end, or nothing.

        Raises:
            SnapshotError: it cannot be written. Nothing was changed.
        """
        with self.database.writing(self._server) as connection:
            key = connection.scalar(select(LibraryRow.key).where(LibraryRow.server == self._server))
            if key is not None:
                writer = Writer(connection, key)
            else:
                writer = _inserted(connection, self._server)
                if (library := old_folder.stored_library(self.folder)) is not None:
                    writer.fill(library)
            yield writer
        if key is None:
            old_folder.put_aside(self.folder)

    def _enter(self) -> None:
        with self.change():
            pass

    def notes(self) -> list[Note]:
        """The history, oldest first."""
        record = self.now()
        if not record.key:
            return []
        lines = select(ChangeRow.note).where(ChangeRow.library == record.key).order_by(ChangeRow.key)
        with self.database.reading() as connection:
            return [Note.model_validate(note) for note in connection.scalars(lines)]

    def stored(self) -> StoredLibrary:
        """All of it, for a backup. The caller has the lock."""
        record, notes = self.now(), tuple(self.notes())
        if not self.database.is_there:
            return StoredLibrary(record, notes)
        with self.database.reading() as connection:
            return StoredLibrary(
                record,
                notes,
                watches=tuple(watches_of(connection, WatchRow.server == self._server)),
                answers=answers_of_server(connection, self._server),
                trusted_role=trusted_role_of(connection, self._server),
            )

    def _read(self, connection: Connection, last: LibraryRecord) -> LibraryRecord | None:
        columns = (LibraryRow.key, LibraryRow.revision, LibraryRow.in_use, LibraryRow.left_at, WorkRow.note)
        with_work = select(*columns).outerjoin(WorkRow, WorkRow.library == LibraryRow.key)
        library = connection.execute(with_work.where(LibraryRow.server == self._server)).first()
        if library is None:
            return None
        key, revision, in_use, left_at, note = library
        if (last.key, last.revision) != (key, revision):
            articles, removals = _articles(connection, key)
            places = connection.execute(
                select(PlaceRow.place, PlaceRow.article).where(PlaceRow.library == key)
            )
            last = LibraryRecord(
                key=key,
                revision=revision,
                in_use=in_use,
                places={row.place: row.article for row in places},
                left_at=left_at,
                pending=None if note is None else Note.model_validate(note),
                articles=articles,
                removals=removals,
            )
        return last


def _articles(
    connection: Connection, library: int
) -> tuple[dict[str, ArticleRecord], dict[str, ArticleRecord]]:
    rows = connection.execute(
        select(
            ArticleRow.key,
            ArticleRow.id,
            ArticleRow.removed_at,
            ArticleRow.failure_at,
            ArticleRow.failure,
            SnapshotRow.key,
            SnapshotRow.name,
            SnapshotRow.path,
            SnapshotRow.undone_at,
            SnapshotRow.digest,
            SnapshotRow.nbytes,
        )
        .join(SnapshotRow, SnapshotRow.article == ArticleRow.key)
        .where(ArticleRow.library == library)
        .order_by(ArticleRow.id, ArticleRow.key, SnapshotRow.key.desc())
    ).all()
    articles: dict[str, ArticleRecord] = {}
    removals: dict[str, ArticleRecord] = {}
    for (key, name, removed_at, failure_at, failure), lines in groupby(rows, lambda row: tuple(row[:5])):
        snapshots = tuple(SnapshotRecord(*line[5:]) for line in lines)
        reason = Failure(failure_at, failure) if failure is not None else None
        (articles if removed_at is None else removals)[name] = ArticleRecord(
            key, snapshots, removed_at, reason
        )
    return articles, removals


def replace_all(database: Database, libraries: Mapping[str, StoredLibrary]) -> None:
    """Puts libraries, by their servers, in the place of all that is known, in one transaction."""
    with database.writing(ALL) as connection:
        connection.execute(delete(LibraryRow))
        connection.execute(delete(WatchRow))
        delete_all_answers(connection)
        for server, library in libraries.items():
            _inserted(connection, server).fill(library)
            for watch in library.watches:
                put_watch(connection, watch)
            restore_answers(connection, server, library.answers, library.trusted_role)


def _inserted(connection: Connection, server: str) -> Writer:
    key = secrets.randbits(31)  # so that no other database, from a backup, has the same
    connection.execute(insert(LibraryRow).values(key=key, server=server, revision=0))
    return Writer(connection, key)
