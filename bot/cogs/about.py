"""What the bot is and what it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import rendering
from bot.views import Card

if TYPE_CHECKING:
    from bot.client import FootnoteBot


class About(commands.Cog):
    """Tells what the article is and how to ask it."""

    def __init__(self, bot: FootnoteBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def article(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """What I answer from: the article, its length, and when it was indexed."""
        with self.bot.service.in_flight():
            await interaction.response.defer(thinking=True, ephemeral=True)
            info = await self.bot.service.info()
            await interaction.followup.send(view=Card(rendering.about(info), info.article), ephemeral=True)

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """How to ask me, and what an answer means."""
        with self.bot.service.in_flight():
            await interaction.response.defer(thinking=True, ephemeral=True)
            article = await self.bot.service.article()
            await interaction.followup.send(view=Card(rendering.help_text(article), article), ephemeral=True)
