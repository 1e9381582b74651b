"""Who may change the library of a server, and where the bot may speak."""

from __future__ import annotations

from typing import Any

import discord

from bot.host import Interaction, host_of
from bot.place import place_of
from bot.service.place import Place
from index import FootnoteError

THREADS = (
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
    discord.ChannelType.news_thread,
)


class NotAllowedError(FootnoteError):
    """Someone used a command for admins who is none, or used it outside a server."""

    def __init__(self) -> None:
        super().__init__("Sorry, this is for people who may manage this server, and works only in a server.")


def may_manage(interaction: Interaction) -> bool:
    """Whether this person may change the library of the server that they are in.

    These are the people who may manage the server, and those with the role that the settings name.
    """
    if place_of(interaction).server is None:
        return False
    if interaction.permissions.manage_guild:
        return True
    role = host_of(interaction).settings.admin_role
    if role is None or not isinstance(interaction.user, discord.Member):
        return False
    return any(role == (str(own.id) if role.isdecimal() else own.name) for own in interaction.user.roles)


def demand_manager(interaction: Interaction) -> None:
    """Lets nobody on who may not change the library; see ``may_manage``.

    Raises:
        NotAllowedError: this person may not.
    """
    if not may_manage(interaction):
        raise NotAllowedError


def may_speak(interaction: Interaction) -> bool:
    """Whether the bot may write in the channel that it was asked in."""
    if interaction.guild_id is None:
        return True
    may, channel = interaction.app_permissions, interaction.channel
    return may.send_messages_in_threads if channel and channel.type in THREADS else may.send_messages


def may_open_threads(may: discord.Permissions) -> bool:
    """Whether the bot may answer in a thread of its own, by what it may do in a channel."""
    return may.create_public_threads and may.send_messages_in_threads


def may_read_as_well(channel: discord.TextChannel, other: Any) -> bool:
    """Whether whoever reads a channel may read another one, or a thread, of the same server, too.

    That is told by the roles. A private thread is read by its members alone, and somebody whom a channel lets
    in by name is in no role for it.
    """
    if other.type is discord.ChannelType.private_thread:
        return False
    place = other.parent if other.type in THREADS else other
    if place is None:
        return False
    if place.id == channel.id or place.permissions_for(channel.guild.default_role).view_channel:
        return True
    by_name = any(
        may.view_channel and not isinstance(target, discord.Role) and target.id != channel.guild.me.id
        for target, may in channel.overwrites.items()
    )
    return not by_name and all(
        place.permissions_for(role).view_channel
        for role in channel.guild.roles
        if channel.permissions_for(role).view_channel
    )


async def admit_manager(interaction: Interaction) -> Place:
    """Acknowledges a command for admins, privately; returns where it was used.

    Private, because what is done to an article concerns nobody else in the channel.

    Raises:
        NotAllowedError: this person may not use it. Discord only hides it, and a server can show it.
        TooFastError: this person, or this server, does so too often.
    """
    demand_manager(interaction)
    place = place_of(interaction)
    host_of(interaction).service.admit_lookup(place, interaction.user.id)
    await interaction.response.defer(thinking=True, ephemeral=True)
    return place


def name_of(user: discord.User | discord.Member) -> str:
    """A person as the library's history names them."""
    return f"{user.name} ({user.id})"
