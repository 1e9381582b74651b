"""What is read by schedule, as rows have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select

from index.model.watch import Every, Validators, Watch, WatchKind
from index.storage.tables import LibraryRow, WatchRow


def watches_of(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[Watch]:
    """The watches of which some conditions are true, in the order in which they were begun."""
    rows = connection.execute(select(WatchRow.__table__).where(*conditions).order_by(WatchRow.key))
    return map(watch_of, rows.all())


def watch_of(row: Row[Any]) -> Watch:
    """The watch of a row."""
    return Watch(
        key=row.key,
        server=row.server,
        kind=WatchKind(row.kind),
        subject=row.subject,
        article=row.article,
        every=Every(row.every),
        most=row.most,
        channel=row.channel,
        who=row.who,
        next_at=row.next_at,
        validators=Validators(row.etag, row.last_modified),
        digest=row.digest,
        failures=row.failures,
        lease=row.lease or "",
    )


def end_watches(connection: Connection, library: int, article: str) -> None:
    """Ends what keeps an article up, as part of the transaction that removes it.

    Args:
        connection: The transaction.
        library: The key of the article's library.
        article: Its id.
    """
    server = select(LibraryRow.server).where(LibraryRow.key == library).scalar_subquery()
    connection.execute(delete(WatchRow).where(WatchRow.server == server, WatchRow.article == article))
