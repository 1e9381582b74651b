"""Rebuilding an article's index: for those who manage a server."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.choices import Choices, choices_for_managers
from bot.host import Host, Interaction
from bot.permissions import admit_manager, name_of
from bot.service.change_request import ChangeRequest
from bot.sources import source_of


class Admin(commands.Cog):
    """Reindexes."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        if bot.settings.admin_role:  # Discord hides commands by permissions alone, and so from that role, too
            self.reindex.default_permissions = None

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.describe(
        article="Which article; without, the one in use here",
        url="A web address to take its text from",
        file="A file to take its text from: text, Markdown, HTML, PDF, DOCX or EPUB",
        questions="Questions with evidence (JSON lines), most of which it must answer rightly",
        force="Put it in place even if it does not",
    )
    async def reindex(
        self,
        interaction: Interaction,
        article: str | None = None,
        url: str | None = None,
        file: discord.Attachment | None = None,
        questions: discord.Attachment | None = None,
        force: bool = False,
    ) -> None:
        """Read an article afresh and rebuild its index; questions go on being answered meanwhile."""
        with self.bot.service.in_flight():
            place = await admit_manager(interaction)
            source = source_of(url, file, questions, self.bot.settings.limits)
            request = ChangeRequest(
                server=place.server,
                starter=interaction.user.id,
                who=name_of(interaction.user),
                article=article,
                channel=place.scope,
                force=force,
                address=source.address if source else None,
                file_name=source.file_name if source else None,
            )
            await self.bot.changes.make(interaction, request, source)

    @reindex.autocomplete("article")
    async def _articles(self, interaction: Interaction, text: str) -> Choices:
        return await choices_for_managers(interaction, text, lambda library: library.entries())
