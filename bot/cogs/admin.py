"""What only those who manage a server may do."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import rendering
from index import FootnoteError, Progress

if TYPE_CHECKING:
    from bot.client import FootnoteBot

log = logging.getLogger(__name__)

SECONDS_BETWEEN_EDITS = 1.0


class NotAllowedError(FootnoteError):
    """Someone used a command for admins who is none, or used it outside a server."""

    def __init__(self) -> None:
        super().__init__("Sorry, this is for people who may manage this server, and works only in a server.")


class Admin(commands.Cog):
    """Rebuilds the index."""

    def __init__(self, bot: FootnoteBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def reindex(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Read the article afresh and rebuild its index; questions go on being answered meanwhile."""
        # Default permissions only hide a command, and a server can change them.
        if interaction.guild is None or not interaction.permissions.manage_guild:
            raise NotAllowedError
        with self.bot.service.in_flight():
            # Private: how an index comes along concerns nobody else in the channel.
            await interaction.response.defer(thinking=True, ephemeral=True)
            steps: asyncio.Queue[Progress | None] = asyncio.Queue()
            reindexing = asyncio.create_task(self.bot.service.reindex(steps.put_nowait))
            reindexing.add_done_callback(lambda _: steps.put_nowait(None))
            edited = -math.inf
            while step := await steps.get():
                if time.monotonic() - edited >= SECONDS_BETWEEN_EDITS:
                    edited = time.monotonic()
                    await self._show(interaction, step)
            await interaction.edit_original_response(content=rendering.report(await reindexing))

    async def _show(self, interaction: discord.Interaction[FootnoteBot], step: Progress) -> None:
        try:
            await interaction.edit_original_response(content=rendering.progress(step))
        except discord.HTTPException as error:  # the work goes on, and its end is what matters
            log.warning("Could not show how far the reindex is: %s", error)
