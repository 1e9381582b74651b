"""What is read by schedule, as rows have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, select, update

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


def put_watch(connection: Connection, watch: Watch) -> None:
    """Enters a watch in place of the one of the same subject, with nobody reading it."""
    mine = is_subject(watch.server, watch.kind, watch.subject)
    values = {
        "article": watch.article,
        "every": watch.every.value,
        "most": watch.most,
        "channel": watch.channel,
        "who": watch.who,
        "next_at": watch.next_at,
        "etag": watch.validators.etag,
        "last_modified": watch.validators.last_modified,
        "digest": watch.digest,
        "failures": watch.failures,
        "lease": None,
        "lease_ends_at": None,
    }
    if connection.scalar(select(WatchRow.key).where(mine)) is None:
        values |= {"server": watch.server, "kind": watch.kind.value, "subject": watch.subject}
        connection.execute(insert(WatchRow).values(values))
    else:
        connection.execute(update(WatchRow).where(mine).values(values))


def is_subject(server: str, kind: WatchKind, subject: str) -> ColumnElement[bool]:
    """That a row is of something that is read for a server."""
    return and_(WatchRow.server == server, WatchRow.kind == kind.value, WatchRow.subject == subject)


def end_watches(connection: Connection, library: int, article: str) -> None:
    """Ends what keeps an article up, as part of the transaction that removes it.

    Args:
        connection: The transaction.
        library: The key of the article's library.
        article: Its id.
    """
    server = select(LibraryRow.server).where(LibraryRow.key == library).scalar_subquery()
    connection.execute(delete(WatchRow).where(WatchRow.server == server, WatchRow.article == article))
