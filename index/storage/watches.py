"""What is read by schedule: begun, taken by one process at a time, and noted when it was read.

Who takes a watch has it for as long as a lease that is renewed; where a process dies, that ends, and the
watch is read once more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from index.model.watch import Validators, Watch, WatchKind, WatchPage
from index.storage.database import Database
from index.storage.ledger import name_to_keep
from index.storage.stored_watches import is_subject, put_watch, watches_of
from index.storage.tables import WatchPageRow, WatchRow

LEASE = timedelta(minutes=15)
"""How long after it was last heard of a process that reads something another one does so."""


class Watches:
    """The watches of all servers.

    Each method is one transaction, and raises a SnapshotError where that fails.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, watch: Watch) -> Watch:
        """Has something read by schedule from now on, in place of what was wanted of it before.

        Args:
            watch: What is wanted; its ``key`` does not count.
        """
        mine = is_subject(watch.server, watch.kind, watch.subject)
        with self._database.writing() as connection:
            put_watch(connection, replace(watch, who=name_to_keep(connection, watch.who)))
            (begun_watch,) = watches_of(connection, mine)
        return begun_watch

    def end(self, server: str, kinds: Collection[WatchKind], subject: str) -> bool:
        """Reads something no more; whether it was read."""
        with self._database.writing() as connection:
            mine = or_(*(is_subject(server, kind, subject) for kind in kinds))
            return connection.execute(delete(WatchRow).where(mine)).rowcount > 0

    def of(self, server: str) -> tuple[Watch, ...]:
        """What is read for a server."""
        return self._select(WatchRow.server == server)

    def servers(self) -> tuple[str, ...]:
        """The servers for which something is read."""
        if not self._database.is_there:
            return ()
        with self._database.reading() as connection:
            return tuple(connection.scalars(select(WatchRow.server).distinct()))

    def delete_server(self, server: str) -> None:
        """Reads nothing for a server any more."""
        with self._database.writing() as connection:
            connection.execute(delete(WatchRow).where(WatchRow.server == server))

    def take(self, serves: Callable[[int], bool], now: datetime) -> Watch | None:
        """What has been due longest, which nobody else has then; None where nothing is.

        Args:
            serves: Whether a server is one of this process's.
            now: The time.
        """
        due = and_(
            WatchRow.next_at <= now, or_(WatchRow.lease_ends_at.is_(None), WatchRow.lease_ends_at <= now)
        )
        for watch in sorted(self._select(due), key=lambda one: one.next_at):
            if not serves(int(watch.server)):
                continue
            lease = secrets.token_hex(16)
            with self._database.writing() as connection:
                mine = update(WatchRow).where(WatchRow.key == watch.key, due)
                if connection.execute(mine.values(lease=lease, lease_ends_at=now + LEASE)).rowcount == 1:
                    return replace(watch, lease=lease)
        return None

    def renew(self, watch: Watch, now: datetime) -> bool:
        """Notes that who has a watch lives; whether it is still wanted."""
        return self._change(watch, {"lease_ends_at": now + LEASE})

    def note(
        self,
        watch: Watch,
        *,
        next_at: datetime,
        validators: Validators,
        digest: str | None,
        failures: int,
    ) -> bool:
        """Notes that something was read, and leaves it to whoever is there the next time.

        Returns:
            Whether it is still wanted, and nobody else has it by now.
        """
        values = {
            "next_at": next_at,
            "etag": validators.etag,
            "last_modified": validators.last_modified,
            "digest": digest,
            "failures": failures,
            "lease": None,
            "lease_ends_at": None,
        }
        return self._change(watch, values)

    def pages(self, watch: Watch) -> tuple[WatchPage, ...]:
        """The pages of a feed or a sitemap that were taken in, or turned down."""
        columns = [one for one in WatchPageRow.__table__.columns if one.name != "watch"]
        with self._database.reading() as connection:
            rows = connection.execute(
                select(*columns).where(WatchPageRow.watch == watch.key).order_by(WatchPageRow.address)
            )
            return tuple(WatchPage(**row._asdict()) for row in rows)

    def put_page(self, watch: Watch, page: WatchPage) -> None:
        """Notes what became of a page, in place of what was noted before, while the watch is there."""
        with self._database.writing() as connection:
            if connection.scalar(select(WatchRow.key).where(WatchRow.key == watch.key)) is None:
                return
            connection.execute(delete(WatchPageRow).where(*_is_page(watch, page.address)))
            values = {name: getattr(page, name) for name in WatchPage.__slots__}
            connection.execute(insert(WatchPageRow).values(watch=watch.key, **values))

    def delete_page(self, watch: Watch, address: str) -> None:
        """Forgets a page."""
        with self._database.writing() as connection:
            connection.execute(delete(WatchPageRow).where(*_is_page(watch, address)))

    def _select(self, *conditions: ColumnElement[bool]) -> tuple[Watch, ...]:
        if not self._database.is_there:
            return ()
        with self._database.reading() as connection:
            return tuple(watches_of(connection, *conditions))

    def _change(self, watch: Watch, values: dict[str, Any]) -> bool:
        with self._database.writing() as connection:
            mine = update(WatchRow).where(WatchRow.key == watch.key, WatchRow.lease == watch.lease)
            return connection.execute(mine.values(values)).rowcount == 1


def _is_page(watch: Watch, address: str) -> tuple[ColumnElement[bool], ...]:
    return WatchPageRow.watch == watch.key, WatchPageRow.address == address
