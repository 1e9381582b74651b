"""What commands, buttons and errors know of the bot: nothing of them imports the client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, cast

import discord
from discord import app_commands, ui

from bot.errors import Reporter
from bot.service.change_request import ChangeOutcome, ChangeRequest
from bot.service.service import Service
from bot.settings import Settings
from bot.sources import NamedSource

Interaction: TypeAlias = "discord.Interaction[Any]"


class ChangeRunner(Protocol):
    """Makes the changes that admins ask for, each with a message that lives as it goes."""

    async def make(
        self, interaction: Interaction, request: ChangeRequest, source: NamedSource | None
    ) -> ChangeOutcome | None:
        """Makes a change, shows how far it is, and says how it ended; gives what was changed, if anything."""

    async def cancel(self, interaction: Interaction, job_id: str) -> None:
        """Calls a running change off."""


class Host(Protocol):
    """The bot.

    Attributes:
        settings: As it was started.
        service: What answers.
        reporter: Tells people what went wrong.
    """

    settings: Settings
    service: Service
    reporter: Reporter

    @property
    def changes(self) -> ChangeRunner:
        """Makes changes of libraries."""

    @property
    def tree(self) -> app_commands.CommandTree[Any]:
        """Its commands."""

    @property
    def guilds(self) -> Sequence[discord.Guild]:
        """The servers that it is in."""

    def serves(self, server: int) -> bool:
        """Whether a server would be this process's: another one may serve the others."""

    @property
    def sees_messages(self) -> bool:
        """Whether Discord shows it what messages say that are not for it: the Message Content Intent."""

    @property
    def user(self) -> discord.ClientUser | None:
        """Who it is, once it has logged in."""

    def get_partial_messageable(
        self,
        id: int,  # noqa: A002 - as discord.py has it
        *,
        guild_id: int | None = None,
    ) -> discord.PartialMessageable:
        """A channel or a thread to write to, by its id, whether or not it is known to be there."""

    def dispatch(self, event: str, /, *values: Any) -> None:
        """Tells all cogs of an event of the bot's own."""

    def add_dynamic_items(self, *items: type[ui.DynamicItem[Any]]) -> None:
        """Makes buttons known, so that they work after a restart."""


def host_of(interaction: Interaction) -> Host:
    """The bot that an interaction is with."""
    return cast(Host, interaction.client)
