"""What the database says of all libraries at once."""

from __future__ import annotations

from sqlalchemy import select

from index.storage.database import Database
from index.storage.tables import ArticleRow, LibraryRow, SnapshotRow, WorkRow


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


def digests(database: Database) -> set[str]:
    """The names of all snapshots of all libraries that lie in the storage which machines share."""
    if not database.is_there:
        return set()
    with database.reading() as connection:
        rows = select(SnapshotRow.digest).where(SnapshotRow.digest.is_not(None))
        return {digest for digest in connection.scalars(rows) if digest is not None}


def servers_to_store(database: Database) -> set[str]:
    """The numbers of the servers that have snapshots which do not lie in the storage."""
    if not database.is_there:
        return set()
    with database.reading() as connection:
        servers = (
            select(LibraryRow.server)
            .join(ArticleRow, ArticleRow.library == LibraryRow.key)
            .join(SnapshotRow, SnapshotRow.article == ArticleRow.key)
            .where(SnapshotRow.digest.is_(None))
        )
        return set(connection.scalars(servers))
