"""Who may change the library of a server, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import discord
from discord import app_commands

from bot.service.service import Place, place_of
from bot.service.suggestions import choices, names
from index import Entry, FootnoteError, Library

if TYPE_CHECKING:
    from bot.client import FootnoteBot

Interaction: TypeAlias = "discord.Interaction[FootnoteBot]"


class NotAllowedError(FootnoteError):
    """Someone used a command for admins who is none, or used it outside a server."""

    def __init__(self) -> None:
        super().__init__("Sorry, this is for people who may manage this server, and works only in a server.")


def may_manage(interaction: Interaction) -> bool:
    """Whether this person may change the library of the server that they are in.

    These are the people who may manage the server, and those with the role of FOOTNOTE_ADMIN_ROLE.
    """
    if place_of(interaction).server is None:
        return False
    if interaction.permissions.manage_guild:
        return True
    role = interaction.client.settings.admin_role
    if role is None or not isinstance(interaction.user, discord.Member):
        return False
    return any(role == (str(own.id) if role.isdecimal() else own.name) for own in interaction.user.roles)


async def admitted(interaction: Interaction) -> Place:
    """Acknowledges a command for admins, privately; returns where it was used.

    Private, because what is done to an article concerns nobody else in the channel.

    Raises:
        NotAllowedError: this person may not use it. Discord only hides it, and a server can show it.
        TooFastError: this person, or this server, does so too often.
    """
    if not may_manage(interaction):
        raise NotAllowedError
    interaction.client.service.admit_lookup(place_of(interaction), interaction.user.id)
    await interaction.response.defer(thinking=True, ephemeral=True)
    return place_of(interaction)


def who(interaction: Interaction) -> str:
    """A person as the library's history names them."""
    return f"{interaction.user.name} ({interaction.user.id})"


async def offered(
    interaction: Interaction, typed: str, work: Callable[[Library], Iterable[Entry | str]]
) -> list[app_commands.Choice[str]]:
    """What an admin may choose from while typing: articles of the server's library, or ids; else nothing."""
    if not may_manage(interaction):
        return []
    place, asker = place_of(interaction), interaction.user.id
    found = tuple(await interaction.client.service.glance(place, asker, work) or ())
    ids = {article: article for article in found if isinstance(article, str)}
    return choices(ids | names((e for e in found if isinstance(e, Entry)), with_id=True), typed)
