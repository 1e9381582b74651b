"""What the bot is and what it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import render
from bot.components.card import Card
from bot.replies import InteractionReply
from bot.service.service import place_of
from bot.words import words_of

if TYPE_CHECKING:
    from bot.client import FootnoteBot


class About(commands.Cog):
    """Tells what the article is and how to ask it."""

    def __init__(self, bot: FootnoteBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def article(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """What I answer from: the article, its length, and when it was indexed."""
        place, words = place_of(interaction), words_of(interaction)
        with self.bot.service.in_flight():
            self.bot.service.admit_lookup(place, interaction.user.id)
            reply = InteractionReply(interaction, private=True)
            await reply.defer()
            info = await self.bot.service.read(place, lambda library: library.info(place=place.scope))
            await reply.show(Card(render.about(info, words), words=words))

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """How to ask me, and what an answer means."""
        place, words = place_of(interaction), words_of(interaction)
        with self.bot.service.in_flight():
            self.bot.service.admit_lookup(place, interaction.user.id)
            reply = InteractionReply(interaction, private=True)
            await reply.defer()
            article = await self.bot.service.read(place, lambda library: library.article(place=place.scope))
            await reply.show(Card(render.help_text(article, words), words=words))
