"""The weekly digests: to which channel of a server one goes, when the next is due, and who posts it.

Whoever posts one has it for as long as a lease, as with ``jobs``: of several processes one posts it, and
where that dies another one does. A week is a calendar week in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from index.storage.database import Database
from index.storage.tables import DigestRow

LEASE = timedelta(minutes=10)
"""How long after a process took a digest another one may post it."""

DIGEST_PAUSE = timedelta(hours=1)
"""How long it is until the next attempt at one that could not be posted."""

MOST_REFUSALS = 3
"""After so many, one after the other, nothing more is posted to that channel."""

WEEK = timedelta(days=7)
HOUR = timedelta(hours=7)
"""Of Monday, at which digests are due."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of a server: the ``channel`` that it goes to, and when the next one is due."""

    server: str
    channel: str
    due_at: datetime


def week_before(when: datetime) -> tuple[datetime, datetime]:
    """The last calendar week that was over at a time: when it began, and when it was over."""
    day = when.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    return monday - WEEK, monday


def next_due(when: datetime) -> datetime:
    """The first Monday morning after a time."""
    _, monday = week_before(when)
    morning = monday + HOUR
    return morning if morning > when else morning + WEEK


class Digests:
    """Thread-safe; any number of processes may use the same.

    Each method raises a SnapshotError where the database cannot be used; nothing was changed then.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def switch_on(self, server: str, channel: str, now: datetime) -> None:
        """Has the digests of a server posted to a channel, in place of any other, from the next Monday on."""
        with self._database.writing() as connection:
            connection.execute(delete(DigestRow).where(DigestRow.server == server))
            row = insert(DigestRow).values(server=server, channel=channel, due_at=next_due(now), refusals=0)
            connection.execute(row)

    def switch_off(self, server: str) -> None:
        """Has none posted any more."""
        with self._database.writing() as connection:
            connection.execute(delete(DigestRow).where(DigestRow.server == server))

    def channel(self, server: str) -> str | None:
        """The id of the channel that the digests of a server go to; None for none."""
        if not self._database.is_there:
            return None
        with self._database.reading() as connection:
            return connection.scalar(select(DigestRow.channel).where(DigestRow.server == server))

    def due(self, now: datetime) -> tuple[Digest, ...]:
        """Those that are to be posted, whether somebody is about to or not, the longest due first."""
        if not self._database.is_there:
            return ()
        columns = (DigestRow.server, DigestRow.channel, DigestRow.due_at)
        with self._database.reading() as connection:
            rows = select(*columns).where(DigestRow.due_at <= now).order_by(DigestRow.due_at)
            return tuple(Digest(*row) for row in connection.execute(rows))

    def take(self, digest: Digest, now: datetime) -> bool:
        """Takes one to post it; False where another process has it or has posted it, or it is put off."""
        with self._database.writing() as connection:
            is_free = or_(DigestRow.not_before.is_(None), DigestRow.not_before <= now)
            mine = update(DigestRow).where(_is_same(digest), is_free)
            return connection.execute(mine.values(not_before=now + LEASE)).rowcount == 1

    def end(self, digest: Digest, now: datetime) -> None:
        """Notes that one is posted: however long it was due, there is one, and the next is next week's."""
        with self._database.writing() as connection:
            mine = update(DigestRow).where(_is_same(digest))
            connection.execute(mine.values(due_at=next_due(now), not_before=None, refusals=0))

    def put_off(self, digest: Digest, now: datetime) -> None:
        """Notes that one could not be posted now, for no reason of its channel's."""
        with self._database.writing() as connection:
            connection.execute(
                update(DigestRow).where(_is_same(digest)).values(not_before=now + DIGEST_PAUSE)
            )

    def refuse(self, digest: Digest, now: datetime) -> bool:
        """Notes that its channel takes none; returns whether that was once too often, and it is off."""
        with self._database.writing() as connection:
            mine = _is_same(digest)
            values = {"not_before": now + DIGEST_PAUSE, "refusals": DigestRow.refusals + 1}
            connection.execute(update(DigestRow).where(mine).values(values))
            last = delete(DigestRow).where(mine, DigestRow.refusals >= MOST_REFUSALS)
            return connection.execute(last).rowcount == 1


def _is_same(digest: Digest) -> ColumnElement[bool]:
    return and_(
        DigestRow.server == digest.server,
        DigestRow.channel == digest.channel,
        DigestRow.due_at == digest.due_at,
    )
