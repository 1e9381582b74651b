"""Changes that wait for a worker: each is made once, by whichever process is free.

Who takes a job has it for as long as a lease that is renewed; where a process dies, that ends, and another
one takes the job. What a job publishes is noted in its row by the transaction that publishes it, and only
under the lease: whatever happens, a change is made once or not at all, and none after it was called off.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from index.errors import CancelledError, ReindexRunningError
from index.model.library import Progress, Stage
from index.storage.database import Database
from index.storage.notes import Note
from index.storage.tables import JobRow

LEASE = timedelta(seconds=15)
"""How long after a worker was last heard of another one takes its job."""

_KEEPING = timedelta(hours=1)
"""How long the outcome of a job is kept that nobody asks for: who waited for it is gone."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job that a worker has taken.

    Attributes:
        id: What tells it from every other.
        server: Whose library it changes; "" for the common one.
        request: What is to be done.
        content: A source that was attached,
        questions: and the questions that accompany it.
        lease: What its worker shows to renew it, to publish, and to end it.
        takes: How many workers have taken it, this one included.
        publication: What one of them has published before it died; None where nothing was.
    """

    id: str
    server: str
    request: dict[str, Any]
    content: bytes | None
    questions: bytes | None
    lease: str
    takes: int
    publication: Note | None


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job is.

    Attributes:
        request: What is to be done.
        progress: How far that is; None before it is begun.
        outcome: What came of it; None while it has not ended.
    """

    request: dict[str, Any]
    progress: Progress | None
    outcome: dict[str, Any] | None


class Jobs:
    """The jobs of all libraries. Each method is one transaction, and raises a SnapshotError where that fails.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        id: str,  # noqa: A002 - as it is called everywhere
        server: str,
        request: dict[str, Any],
        *,
        content: bytes | None = None,
        questions: bytes | None = None,
    ) -> None:
        """Has something done. Of each library, one job is under way at a time.

        Args:
            id: 16 characters that no other job has.
            server: Whose library it changes; "" for the common one.
            request: What is to be done, as JSON knows it.
            content: A source that was attached,
            questions: and the questions that accompany it.

        Raises:
            ReindexRunningError: another job of this library is under way.
        """
        try:
            with self._database.writing() as connection:
                past = self._database.clock(connection) - _KEEPING
                connection.execute(delete(JobRow).where(JobRow.ended_at < past))
                connection.execute(
                    insert(JobRow).values(
                        id=id,
                        server=server,
                        request=request,
                        content=content,
                        questions=questions,
                        takes=0,
                        is_cancelled=False,
                    )
                )
        except IntegrityError as error:
            raise ReindexRunningError("A reindex is running already. Wait until it is done.") from error

    def count(self) -> int:
        """How many have not ended."""
        if not self._database.is_there:
            return 0
        with self._database.reading() as connection:
            pending = select(func.count()).select_from(JobRow).where(JobRow.ended_at.is_(None))
            return connection.scalar(pending) or 0

    def is_any_free(self) -> bool:
        """Whether a job waits for a worker."""
        if not self._database.is_there:
            return False
        with self._database.reading() as connection:
            free = _is_free(self._database.clock(connection))
            return connection.scalar(select(JobRow.key).where(free).limit(1)) is not None

    def take(self) -> Job | None:
        """The job that has waited longest, which nobody else has then; None where none is free."""
        with self._database.writing() as connection:
            now = self._database.clock(connection)
            row = connection.execute(
                select(JobRow.__table__)
                .where(_is_free(now))
                .order_by(JobRow.key)
                .limit(1)
                .with_for_update(skip_locked=True)  # SQLite has one writer at a time
            ).first()
            if row is None:
                return None
            lease = secrets.token_hex(16)
            connection.execute(
                update(JobRow)
                .where(JobRow.key == row.key)
                .values(lease=lease, lease_ends_at=now + LEASE, takes=row.takes + 1)
            )
        publication = None if row.publication is None else Note.model_validate(row.publication)
        return Job(
            row.id, row.server, row.request, row.content, row.questions, lease, row.takes + 1, publication
        )

    def is_wanted(self, job: Job) -> bool:
        """Whether a worker still has a job, and nobody has called it off."""
        with self._database.reading() as connection:
            return connection.scalar(select(JobRow.key).where(_is_wanted(job.lease))) is not None

    def renew(self, job: Job, progress: Progress | None) -> bool:
        """Notes how far a job is, and that its worker lives; whether it is still wanted."""
        with self._database.writing() as connection:
            end = self._database.clock(connection) + LEASE
            values = {"lease_ends_at": end} | ({"progress": asdict(progress)} if progress else {})
            result = connection.execute(update(JobRow).where(_is_wanted(job.lease)).values(values))
            return result.rowcount == 1

    def give_back(self, job: Job) -> None:
        """Leaves a job to the next worker, as if it had not been taken."""
        with self._database.writing() as connection:
            connection.execute(
                update(JobRow)
                .where(JobRow.lease == job.lease, JobRow.ended_at.is_(None))
                .values(lease=None, lease_ends_at=None, takes=JobRow.takes - 1)
            )

    def end(self, job: Job, outcome: dict[str, Any]) -> None:
        """Notes what came of a job, unless another worker has it by now."""
        with self._database.writing() as connection:
            connection.execute(
                update(JobRow)
                .where(JobRow.lease == job.lease, JobRow.ended_at.is_(None))
                .values(
                    outcome=outcome,
                    ended_at=self._database.clock(connection),
                    content=None,
                    questions=None,
                )
            )

    def look(self, id: str) -> JobState | None:  # noqa: A002 - as above
        """How far a job is; None where there is none."""
        columns = (JobRow.request, JobRow.progress, JobRow.outcome)
        if not self._database.is_there:
            return None
        with self._database.reading() as connection:
            row = connection.execute(select(*columns).where(JobRow.id == id)).first()
        if row is None:
            return None
        request, step, outcome = row
        progress = Progress(Stage(step["stage"]), step["done"], step["total"]) if step else None
        return JobState(request, progress, outcome)

    def cancel(self, id: str) -> None:  # noqa: A002 - as above
        """Calls a job off: it publishes nothing from now on, and where it has already, nothing happens."""
        with self._database.writing() as connection:
            mine = and_(JobRow.id == id, JobRow.publication.is_(None))
            connection.execute(update(JobRow).where(mine).values(is_cancelled=True))

    def withdraw(self, id: str) -> bool:  # noqa: A002 - as above
        """Strikes a job out that has published nothing; whether that is so."""
        with self._database.writing() as connection:
            mine = and_(JobRow.id == id, JobRow.publication.is_(None), JobRow.ended_at.is_(None))
            return connection.execute(delete(JobRow).where(mine)).rowcount == 1

    def forget(self, id: str) -> None:  # noqa: A002 - as above
        """Strikes a job out whose outcome is known."""
        with self._database.writing() as connection:
            connection.execute(delete(JobRow).where(JobRow.id == id))


def note_publication(connection: Connection, note: Note) -> None:
    """Notes, in the transaction that publishes it, what a job has published.

    Raises:
        CancelledError: it was called off, or its worker has it no more. The transaction has to be given up.
    """
    result = connection.execute(
        update(JobRow).where(_is_wanted(note.lease)).values(publication=note.model_dump(mode="json"))
    )
    if result.rowcount != 1:
        raise CancelledError("Called off. Nothing was changed.")


def _is_free(now: datetime) -> ColumnElement[bool]:
    return and_(JobRow.ended_at.is_(None), or_(JobRow.lease_ends_at.is_(None), JobRow.lease_ends_at <= now))


def _is_wanted(lease: str) -> ColumnElement[bool]:
    return and_(JobRow.lease == lease, JobRow.is_cancelled.is_(False), JobRow.ended_at.is_(None))
