"""Filling gaps: what admins write, choose and take over becomes an answer; names that are deleted go."""

from __future__ import annotations

import asyncio

from discord.ext import commands, tasks

from bot.components.gaps import (
    PassageButton,
    PassageSelect,
    WriteButton,
    answer_in,
    fill,
    question_of,
    written,
)
from bot.components.taking_over import ConsentButton, TakeOverButton
from bot.host import Host, Interaction
from bot.operations.logs import begin_request
from bot.permissions import admit_manager
from bot.service.ledger import new_key

MINUTES_BETWEEN = 10  # what could not be written just after somebody was deleted is tried again


class Gaps(commands.Cog):
    """Publishes what admins answer themselves."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        self._renewing = asyncio.Lock()

    async def cog_load(self) -> None:
        """Registers the buttons, so that they work after a restart."""
        self.bot.add_dynamic_items(WriteButton, PassageButton, PassageSelect, ConsentButton, TakeOverButton)

    async def cog_unload(self) -> None:
        """Ends looking."""
        self.renew.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Begins to look for names that are to go."""
        if not self.renew.is_running():
            self.renew.start()

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Publishes what was written in the modal."""
        entry = answer_in(interaction)
        if entry is None:
            return
        begin_request()
        with self.bot.service.in_flight():
            await admit_manager(interaction)
            key, question, answer = entry
            await question_of(interaction, key)
            await fill(interaction, written(interaction, new_key(), question, answer, interaction.user))

    @commands.Cog.listener()
    async def on_person_forgotten(self, *_: object) -> None:
        """Takes the name of a person whose data was deleted out of what they have answered."""
        await self._renew()

    @tasks.loop(minutes=MINUTES_BETWEEN)
    async def renew(self) -> None:
        """Takes the names out that could not be when that was asked for."""
        await self._renew()

    async def _renew(self) -> None:
        async with self._renewing:
            await self.bot.service.answers.renew()
