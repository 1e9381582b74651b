"""The commands as Discord has them: where they may be used, and where their errors go."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.host import Interaction, host_of
from bot.operations.logs import begin_request

AnyCommand = app_commands.Command[Any, Any, Any] | app_commands.ContextMenu | app_commands.Group


class FootnoteTree(app_commands.CommandTree[Any]):
    """The commands, with the one error handler. What is not for servers alone works wherever Discord does."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client, allowed_installs=app_commands.AppInstallationType(guild=True, user=True))

    def add_command(self, command: AnyCommand, /, **options: Any) -> None:
        """Adds a command, see discord.py; where it says nothing of it, it may be used in servers and DMs."""
        if command.allowed_contexts is None and not command.guild_only:
            command.allowed_contexts = app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            )
        super().add_command(command, **options)

    async def interaction_check(self, _interaction: Interaction, /) -> bool:
        """Begins a request; every command may be used by everybody, as far as this goes."""
        begin_request()
        return True

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Gives a command's error to the reporter."""
        await host_of(interaction).reporter.report(interaction, error)
