"""Who may change the library of a server, and where."""

from __future__ import annotations

import discord

from bot.host import Interaction, host_of
from bot.place import place_of
from bot.service.place import Place
from index import FootnoteError


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


async def admit_manager(interaction: Interaction) -> Place:
    """Acknowledges a command for admins, privately; returns where it was used.

    Private, because what is done to an article concerns nobody else in the channel.

    Raises:
        NotAllowedError: this person may not use it. Discord only hides it, and a server can show it.
        TooFastError: this person, or this server, does so too often.
    """
    if not may_manage(interaction):
        raise NotAllowedError
    place = place_of(interaction)
    host_of(interaction).service.admit_lookup(place, interaction.user.id)
    await interaction.response.defer(thinking=True, ephemeral=True)
    return place


def name_of(user: discord.User | discord.Member) -> str:
    """A person as the library's history names them."""
    return f"{user.name} ({user.id})"
