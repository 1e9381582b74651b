"""What was asked in a server, for those who manage it."""

from __future__ import annotations

import io
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.channels import Switch, switch_digest
from bot.components.card import Card
from bot.components.insights import EntryButton, ListButton, summary_card
from bot.host import Host, Interaction
from bot.permissions import admit_manager
from bot.render.charts import DARK, LIGHT, charts
from bot.replies import InteractionReply
from bot.service.insights import insights_of
from bot.words import words_of


class InsightCommands(commands.Cog, name="Insights"):
    """Shows admins what was asked."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        if bot.settings.admin_role:  # Discord hides commands by permissions alone, and so from that role, too
            self.insights.default_permissions = None

    async def cog_load(self) -> None:
        """Registers the buttons, so that they work after a restart."""
        self.bot.add_dynamic_items(ListButton, EntryButton)

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.describe(
        days="The last how many days; without, 7",
        look="For a dark or a light Discord",
        digest="Whether a channel gets a digest every Monday",
        channel="The channel that gets the digest; without, the one where you are",
    )
    async def insights(
        self,
        interaction: Interaction,
        days: app_commands.Range[int, 1, 365] = 7,
        look: Literal["dark", "light"] = "dark",
        digest: Switch | None = None,
        channel: discord.TextChannel | None = None,
    ) -> None:
        """What was asked here, what was not answered, what was voted down, what was cited most."""
        service, words = self.bot.service, words_of(interaction)
        with service.in_flight():
            place = await admit_manager(interaction)
            if digest is not None:
                answer = await switch_digest(interaction, channel, is_on=digest == "on")
                await InteractionReply(interaction, private=True).show(Card(answer))
                return
            insights = await insights_of(service, place, interaction.user.id, days=days)
            pictures = await service.ledger.look(
                lambda _: charts(insights, words, DARK if look == "dark" else LIGHT)
            )
            files = [discord.File(io.BytesIO(one.content), one.name, description=one.alt) for one in pictures]
            card = summary_card(insights, words, days=days, charts=pictures)
            await InteractionReply(interaction, private=True).show(card, files=files)
