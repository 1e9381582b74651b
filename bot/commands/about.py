"""What the bot is and what it knows."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot import render
from bot.components.card import Card
from bot.host import Host, Interaction
from bot.permissions import may_manage
from bot.place import place_of
from bot.replies import InteractionReply
from bot.words import words_of


class About(commands.Cog):
    """Tells what the article is and how to ask it."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command()
    async def article(self, interaction: Interaction) -> None:
        """What I answer from: the article, its length, and when it was indexed."""
        place, words = place_of(interaction), words_of(interaction)
        with self.bot.service.in_flight():
            self.bot.service.admit_lookup(place, interaction.user.id)
            reply = InteractionReply(interaction, private=True)
            await reply.defer()
            info = await self.bot.service.read(place, lambda library: library.info(place=place.scope))
            await reply.show(Card(render.about(info, words)))

    @app_commands.command()
    async def help(self, interaction: Interaction) -> None:
        """How to ask me, and what an answer means."""
        place, words = place_of(interaction), words_of(interaction)
        with self.bot.service.in_flight():
            self.bot.service.admit_lookup(place, interaction.user.id)
            reply = InteractionReply(interaction, private=True)
            await reply.defer()
            article = await self.bot.service.read(place, lambda library: library.article(place=place.scope))
            await reply.show(Card(render.help_text(article, words, for_admin=may_manage(interaction))))
