"""Writes what the database knows of one library."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from index.errors import ReindexRunningError
from index.storage.jobs import note_publication
from index.storage.ledger import anonymous
from index.storage.library_record import (
    NO_UPLOAD,
    ArticleRecord,
    Failure,
    StoredLibrary,
    Upload,
)
from index.storage.notes import Note
from index.storage.stored_watches import end_watches
from index.storage.tables import (
    ArticleRow,
    ChangeRow,
    LibraryRow,
    PlaceRow,
    SnapshotRow,
    WorkRow,
)

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

    def publish(
        self, article: str, name: str, path: str, instead_of: Collection[int] = (), upload: Upload = NO_UPLOAD
    ) -> None:
        """Makes a snapshot the newest of an article, in place of some, by their keys."""
        key = self._connection.scalar(
            select(ArticleRow.key).where(
                ArticleRow.library == self._library, ArticleRow.id == article, ArticleRow.removed_at.is_(None)
            )
        )
        if key is None:
            key = self._inserted(article, ArticleRecord(0, ()))
        self.forget(instead_of)
        row = {"article": key, "name": name, "path": path} | upload._asdict()
        self._connection.execute(insert(SnapshotRow).values(row))

    def store(self, snapshot: int, upload: Upload) -> None:
        """Says where a snapshot lies in the storage, by its key."""
        self._connection.execute(
            update(SnapshotRow).where(SnapshotRow.key == snapshot).values(upload._asdict())
        )

    def demand(self, note: Note) -> None:
        """Makes sure that a change is under way, and was not called off for one that was cut off.

        Raises:
            ReindexRunningError: it is not.
        """
        pending = self._connection.scalar(select(WorkRow.note).where(WorkRow.library == self._library))
        work = None if pending is None else Note.model_validate(pending)
        if work is None or (work.when, work.article) != (note.when, note.article):
            raise ReindexRunningError("A reindex is running already. Wait until it is done.")

    def take_back(self, snapshots: Collection[int], when: datetime) -> None:
        """Takes snapshots back, by their keys."""
        self._connection.execute(
            update(SnapshotRow).where(SnapshotRow.key.in_(snapshots)).values(undone_at=when)
        )

    def forget(self, snapshots: Collection[int]) -> None:
        """Strikes out snapshots, by their keys."""
        self._connection.execute(delete(SnapshotRow).where(SnapshotRow.key.in_(snapshots)))

    def set_aside(self, article: str, when: datetime) -> None:
        """Removes an article, so that it can be brought back; what lies aside of that id goes for it.

        It is not read by schedule any more.
        """
        mine = (ArticleRow.library == self._library, ArticleRow.id == article)
        self._connection.execute(delete(ArticleRow).where(*mine, ArticleRow.removed_at.is_not(None)))
        self._connection.execute(update(ArticleRow).where(*mine).values(removed_at=when))
        end_watches(self._connection, self._library, article)

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
                            article=key,
                            name=one.name,
                            path=one.path,
                            undone_at=one.undone_at,
                            digest=one.digest,
                            nbytes=one.nbytes,
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
