"""What the database says of one library: what is in use, which snapshots count, and what was done.

What is read is kept in memory for as long as nothing is written, which ``pulse`` tells, or else for as long
as the library's revision stays, which is one query to find.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection, Hashable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from index.storage import old_folder
from index.storage.answer_book import (
    answers_of_server,
    delete_all_answers,
    restore_answers,
    trusted_role_of,
)
from index.storage.database import Database
from index.storage.jobs import note_publication
from index.storage.ledger import anonymous
from index.storage.library_record import ArticleRecord, Failure, LibraryRecord, SnapshotRecord, StoredLibrary
from index.storage.notes import Note
from index.storage.pulse import ALL
from index.storage.tables import ArticleRow, ChangeRow, LibraryRow, PlaceRow, SnapshotRow, WorkRow

HISTORY_LINES = 1_000
"""How many changes of a library are remembered: as many as ``/library history`` looks back at."""


class Writer:
    """Writes what is known of a library, in one transaction.

    Args:
        connection: The transaction.
        library: The library's key.
    """

    def __init__(self, connection: Connection, library: int) -> None:
        self._connection = connection
        self._library = library
        connection.execute(
            update(LibraryRow).where(LibraryRow.key == library).values(revision=LibraryRow.revision + 1)
        )

    def begin(self, note: Note) -> None:
        """Notes a change that is about to be made."""
        self.call_off()
        self._connection.execute(insert(WorkRow).values(library=self._library, note=self._dumped(note)))

    def call_off(self) -> None:
        """Strikes out the change that is under way."""
        self._connection.execute(delete(WorkRow).where(WorkRow.library == self._library))

    def enter(self, note: Note) -> None:
        """Enters a change in the history, and strikes out that it is under way.

        Twice as many as are remembered are cut at once: somebody who puts one article in use over and over
        would else fill the disk between two days.

        Raises:
            CancelledError: it is made for a job that was called off, or that another worker has by now.
        """
        self.call_off()
        note = anonymous(self._connection, note)
        if note.lease:
            note_publication(self._connection, note)
        line = insert(ChangeRow).values(library=self._library, note=note.model_dump(mode="json"))
        self._connection.execute(line)
        count = self._connection.scalar(
            select(func.count()).select_from(ChangeRow).where(ChangeRow.library == self._library)
        )
        if (count or 0) > 2 * HISTORY_LINES:
            self.trim(HISTORY_LINES)

    def trim(self, most: int) -> None:
        """Drops the oldest of the history beyond a number."""
        newest = (
            select(ChangeRow.key)
            .where(ChangeRow.library == self._library)
            .order_by(ChangeRow.key.desc())
            .limit(most)
        )
        self._connection.execute(
            delete(ChangeRow).where(ChangeRow.library == self._library, ChangeRow.key.not_in(newest))
        )

    def use(self, article: str, place: str | None) -> None:
        """Puts an article in use."""
        if place is None:
            self._set_library(in_use=article)
            return
        mine = (PlaceRow.library == self._library, PlaceRow.place == place)
        self._connection.execute(delete(PlaceRow).where(*mine))
        self._connection.execute(insert(PlaceRow).values(library=self._library, place=place, article=article))

    def leave(self, when: datetime | None) -> None:
        """Marks since when the bot is not in the library's server any more; None where it is."""
        self._set_library(left_at=when)

    def publish(self, article: str, name: str, path: str, instead_of: Collection[int] = ()) -> None:
        """Makes a snapshot the newest of an article, in place of some, by their keys."""
        key = self._connection.scalar(
            select(ArticleRow.key).where(
                ArticleRow.library == self._library, ArticleRow.id == article, ArticleRow.removed_at.is_(None)
            )
        )
        if key is None:
            key = self._inserted(article, ArticleRecord(0, ()))
        self.forget(instead_of)
        self._connection.execute(insert(SnapshotRow).values(article=key, name=name, path=path))

    def take_back(self, snapshots: Collection[int], when: datetime) -> None:
        """Takes snapshots back, by their keys."""
        self._connection.execute(
            update(SnapshotRow).where(SnapshotRow.key.in_(snapshots)).values(undone_at=when)
        )

    def forget(self, snapshots: Collection[int]) -> None:
        """Strikes out snapshots, by their keys."""
        self._connection.execute(delete(SnapshotRow).where(SnapshotRow.key.in_(snapshots)))

    def set_aside(self, article: str, when: datetime) -> None:
        """Removes an article, so that it can be brought back; what lies aside of that id goes for it."""
        mine = (ArticleRow.library == self._library, ArticleRow.id == article)
        self._connection.execute(delete(ArticleRow).where(*mine, ArticleRow.removed_at.is_not(None)))
        self._connection.execute(update(ArticleRow).where(*mine).values(removed_at=when))

    def bring_back(self, article: int) -> None:
        """Brings an article back that lies aside, by its key."""
        self._connection.execute(update(ArticleRow).where(ArticleRow.key == article).values(removed_at=None))

    def delete(self, article: int) -> None:
        """Strikes out an article, by its key."""
        self._connection.execute(delete(ArticleRow).where(ArticleRow.key == article))

    def note_failure(self, article: int, failure: Failure | None) -> None:
        """Notes why an article's index could not be built again, by its key; None where it has been."""
        values = {"failure_at": failure.when, "failure": failure.reason} if failure else {}
        self._connection.execute(
            update(ArticleRow)
            .where(ArticleRow.key == article)
            .values({"failure_at": None, "failure": None} | values)
        )

    def empty(self) -> None:
        """Strikes out all of the library but itself, and since when the bot is not in its server."""
        for table in (PlaceRow, ArticleRow, ChangeRow, WorkRow):
            self._connection.execute(delete(table).where(table.library == self._library))
        self._set_library(in_use=None)

    def vanish(self) -> None:
        """Strikes out the library itself."""
        self._connection.execute(delete(LibraryRow).where(LibraryRow.key == self._library))

    def fill(self, library: StoredLibrary) -> None:
        """Enters all that there is to know of a library of which nothing is known yet."""
        record = library.record
        self._set_library(in_use=record.in_use, left_at=record.left_at)
        for place, article in record.places.items():
            self.use(article, place)
        for articles in (record.articles, record.removals):
            for name, article_record in articles.items():
                key = self._inserted(name, article_record)
                for one in reversed(article_record.snapshots):
                    self._connection.execute(
                        insert(SnapshotRow).values(
                            article=key, name=one.name, path=one.path, undone_at=one.undone_at
                        )
                    )
        rows = [{"library": self._library, "note": self._dumped(note)} for note in library.notes]
        if rows:
            self._connection.execute(insert(ChangeRow), rows)

    def _dumped(self, note: Note) -> dict[str, Any]:
        return anonymous(self._connection, note).model_dump(mode="json")

    def _inserted(self, article: str, record: ArticleRecord) -> int:
        failure = record.failure
        result = self._connection.execute(
            insert(ArticleRow)
            .values(
                library=self._library,
                id=article,
                removed_at=record.removed_at,
                failure_at=failure and failure.when,
                failure=failure and failure.reason,
            )
            .returning(ArticleRow.key)
        )
        return result.scalar_one()

    def _set_library(self, **values: object) -> None:
        self._connection.execute(update(LibraryRow).where(LibraryRow.key == self._library).values(values))


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
            answers = answers_of_server(connection, self._server)
            return StoredLibrary(record, notes, answers, trusted_role_of(connection, self._server))

    def _read(self, connection: Connection, last: LibraryRecord) -> LibraryRecord | None:
        columns = (LibraryRow.key, LibraryRow.revision, LibraryRow.in_use, LibraryRow.left_at)
        library = connection.execute(select(*columns).where(LibraryRow.server == self._server)).first()
        if library is None:
            return None
        key, revision, in_use, left_at = library
        if (last.key, last.revision) != (key, revision):
            articles, removals = _articles(connection, key)
            places = connection.execute(
                select(PlaceRow.place, PlaceRow.article).where(PlaceRow.library == key)
            )
            note = connection.scalar(select(WorkRow.note).where(WorkRow.library == key))
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


def servers(database: Database) -> list[str]:
    """The numbers of the servers of which something is known."""
    if not database.is_there:
        return []
    with database.reading() as connection:
        return list(connection.scalars(select(LibraryRow.server).where(LibraryRow.server != "")))


def pending_servers(database: Database) -> set[str]:
    """The numbers of the servers in whose libraries a change is under way, or was cut off."""
    if not database.is_there:
        return set()
    with database.reading() as connection:
        pending = select(LibraryRow.server).join(WorkRow, WorkRow.library == LibraryRow.key)
        return set(connection.scalars(pending))


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
        delete_all_answers(connection)
        for server, library in libraries.items():
            _inserted(connection, server).fill(library)
            restore_answers(connection, server, library.answers, library.trusted_role)


def _inserted(connection: Connection, server: str) -> Writer:
    key = secrets.randbits(31)  # so that no other database, from a backup, has the same
    connection.execute(insert(LibraryRow).values(key=key, server=server, revision=0))
    return Writer(connection, key)
