"""Where in Discord somebody asks."""

from __future__ import annotations

from typing import Any

import discord

from bot.service.place import Place


def post_of(message: discord.Message) -> discord.Thread | None:
    """The post of a forum that a message begins; None for any other message."""
    channel = message.channel
    if isinstance(channel, discord.Thread) and isinstance(channel.parent, discord.ForumChannel):
        return channel if channel.id == message.id else None
    return None


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
