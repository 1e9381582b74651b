"""Where somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord


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


def place_of(origin: discord.Interaction[Any] | discord.Message) -> Place:
    """Where an interaction or a message comes from; a thread counts as the channel that it belongs to."""
    channel = origin.channel
    asked_in = (channel.parent_id if isinstance(channel, discord.Thread) else channel.id) if channel else None
    if isinstance(origin, discord.Message):
        return Place(origin.guild.id if origin.guild else None, asked_in)
    here = origin.guild_id is not None and (
        origin.is_guild_integration() or origin.client.get_guild(origin.guild_id) is not None
    )
    return Place(origin.guild_id if here else None, asked_in)
