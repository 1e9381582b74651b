"""What is kept of people: said in plain words, given to them, deleted, or not kept at all."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.components.card import Card
from bot.components.deletion import DeletionButton, forget
from bot.host import Host, Interaction
from bot.place import place_of
from bot.render import MessageContent, privacy
from bot.replies import InteractionReply
from bot.words import words_of
from index import PersonalData, QuestionLedger

FILE = "footnote-my-data.json"


class Privacy(commands.Cog):
    """Answers to everybody for what is kept of them; these commands say nothing to anybody else."""

    my_data = app_commands.Group(name="my-data", description="See, delete or forbid what I keep of you")

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Registers the button, so that it works after a restart."""
        self.bot.add_dynamic_items(DeletionButton)

    @app_commands.command()
    async def privacy(self, interaction: Interaction) -> None:
        """What I keep of you, for how long, and who sees it."""
        settings = self.bot.settings
        reply = await self._begin(interaction)
        message = privacy.privacy(
            words_of(interaction), days=settings.question_days, minutes=settings.follow_up_minutes
        )
        await reply.show(Card(message))

    @my_data.command()
    async def export(self, interaction: Interaction) -> None:
        """Get all that I keep of you, as a file in a DM."""
        words = words_of(interaction)
        with self.bot.service.in_flight():
            reply = await self._begin(interaction)
            content = privacy.personal_file(await self._data(interaction))
            ending: MessageContent = privacy.sent(words)
            try:
                await interaction.user.send(file=discord.File(io.BytesIO(content), FILE))
            except discord.Forbidden:
                ending = privacy.unsent(words)
            await reply.show(Card(ending))

    @my_data.command()
    async def delete(self, interaction: Interaction) -> None:
        """Delete all that I keep of you; you are asked first."""
        words = words_of(interaction)
        with self.bot.service.in_flight():
            reply = await self._begin(interaction)
            question = privacy.may_delete(await self._data(interaction), words)
            await reply.show(Card(question, DeletionButton(words=words)))

    @my_data.command()
    @app_commands.describe(allowed="False: what I keep of you is deleted, and nothing is kept from then on")
    async def keep(self, interaction: Interaction, allowed: bool) -> None:
        """Choose whether I keep anything of you."""
        person = str(interaction.user.id)
        with self.bot.service.in_flight():
            reply = await self._begin(interaction)
            if allowed:
                await self.bot.service.ledger.note(lambda ledger: ledger.opt_in(person))
            else:
                await forget(interaction, QuestionLedger.opt_out)
            await reply.show(Card(privacy.keeping(words_of(interaction), allowed=allowed)))

    async def _begin(self, interaction: Interaction) -> InteractionReply:
        self.bot.service.admit_lookup(place_of(interaction), interaction.user.id)
        reply = InteractionReply(interaction, private=True)
        await reply.defer()
        return reply

    async def _data(self, interaction: Interaction) -> PersonalData:
        person = str(interaction.user.id)
        return await self.bot.service.ledger.note(lambda ledger: ledger.person(person))
