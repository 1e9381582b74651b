"""What admins have switched on in the channels of their servers."""

from __future__ import annotations

from sqlalchemy import delete, select, union

from index.storage.auto_channels import AutoChannels
from index.storage.database import Database
from index.storage.digests import Digests
from index.storage.tables import AutoChannelRow, DigestRow


class Channels:
    """What is switched on in channels, of all servers. It names no person.

    Args:
        database: The database.

    Attributes:
        auto: Where questions are answered that are not put to the bot.
        digests: Where what was asked in a week is posted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.auto = AutoChannels(database)
        self.digests = Digests(database)

    def servers(self) -> frozenset[str]:
        """Those that have switched something on."""
        if not self._database.is_there:
            return frozenset()
        with self._database.reading() as connection:
            every = union(select(AutoChannelRow.server), select(DigestRow.server))
            return frozenset(connection.scalars(every))

    def delete_server(self, server: str) -> None:
        """Switches off all that a server has switched on."""
        with self._database.writing(server) as connection:
            for table in (AutoChannelRow, DigestRow):
                connection.execute(delete(table).where(table.server == server))
