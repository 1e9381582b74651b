"""Where somebody asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody asks: a server and a channel of it.

    In a DM, and where only the person has installed the bot, there is no server: everyone's library is asked.
    """

    server: int | None = None
    channel: int | None = None

    @property
    def scope(self) -> str | None:
        """What the library knows the channel by: it may have an article of its own. None outside a server."""
        return None if self.server is None or self.channel is None else str(self.channel)
