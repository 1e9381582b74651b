"""Asking: by slash command, mention, DM or reply."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import rendering
from bot.views import Card
from index import MAX_QUESTION_CHARS, FootnoteError

if TYPE_CHECKING:
    from bot.client import FootnoteBot

ASKABLE = (discord.MessageType.default, discord.MessageType.reply)


class NoQuestionError(FootnoteError):
    """A message called the bot and asked nothing that it can read."""

    def __init__(self) -> None:
        super().__init__(
            "Ask me something about the article: mention me with your question in one message, or use /ask. "
            "To ask on from an answer to /ask, mention me: Discord shows me no other replies to it."
        )


class Ask(commands.Cog):
    """Answers questions, each with its footnotes."""

    def __init__(self, bot: FootnoteBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(question="What do you want to know?")
    async def ask(
        self,
        interaction: discord.Interaction[FootnoteBot],
        question: app_commands.Range[str, 1, MAX_QUESTION_CHARS],
    ) -> None:
        """Ask the article; the answer comes with the exact sentence it rests on."""
        with self.bot.service.in_flight():
            await interaction.response.defer(thinking=True)
            await interaction.followup.send(view=await self._answer(question, with_question=True))

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answers a DM, and a message or a reply that mentions the bot."""
        me = self.bot.user
        if message.author.bot or message.type not in ASKABLE:
            return
        if me is None or (message.guild is not None and me not in message.mentions):
            return
        with self.bot.service.in_flight():
            question = re.sub(rf"<@!?{me.id}>", " ", message.content).strip()
            if not question:
                raise NoQuestionError
            async with message.channel.typing():
                card = await self._answer(question)
            await message.channel.send(view=card, reference=message.to_reference(fail_if_not_exists=False))

    async def _answer(self, question: str, *, with_question: bool = False) -> Card:
        found = await self.bot.service.ask(question)
        article = await self.bot.service.article()
        return Card(rendering.answer(found, article, with_question=with_question), article)
