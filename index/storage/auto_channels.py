"""The channels in which questions are answered that are not put to the bot."""

from __future__ import annotations

from collections.abc import Hashable

from sqlalchemy import delete, insert, select

from index.storage.database import Database
from index.storage.tables import AutoChannelRow


class AutoChannels:
    """Thread-safe; any number of processes may use the same.

    Each method raises a SnapshotError where the database cannot be used; nothing was changed then.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: dict[str, tuple[Hashable, frozenset[str]]] = {}

    def of(self, server: str) -> frozenset[str]:
        """Those of a server, by their ids. While nothing of the server is written, that costs no query."""
        if not self._database.is_there:
            return frozenset()
        stamp, last = self._database.stamp(server), self._last.get(server)
        if stamp is not None and last is not None and last[0] == stamp:
            return last[1]
        with self._database.reading() as connection:
            mine = select(AutoChannelRow.channel).where(AutoChannelRow.server == server)
            channels = frozenset(connection.scalars(mine))
        self._last[server] = stamp, channels
        return channels

    def switch(self, server: str, channel: str, *, is_on: bool) -> None:
        """Makes a channel one of them, or none."""
        with self._database.writing(server) as connection:
            connection.execute(delete(AutoChannelRow).where(AutoChannelRow.channel == channel))
            if is_on:
                connection.execute(insert(AutoChannelRow).values(channel=channel, server=server))
