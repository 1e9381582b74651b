"""Rebuilding an article's index: for those who manage a server."""

from __future__ import annotations

from collections.abc import Callable

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.choices import Choices, choices_for_managers
from bot.host import ChangeOutcome, Host, Interaction
from bot.permissions import admit_manager, name_of
from bot.sources import source_of
from index import Library, LibraryError, Progress, Stage


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
            get_source = await source_of(url, file, questions, self.bot.settings.limits)
            channel, name = place.scope, name_of(interaction.user)

            def work(library: Library, on_progress: Callable[[Progress], None]) -> ChangeOutcome:
                on_progress(Progress(Stage.READ, 0, 1))
                source, there = get_source() if get_source else None, article
                if source is not None and there is None:
                    try:
                        report = library.add(source, who=name, force=force, on_progress=on_progress)
                        return ChangeOutcome(report, True, library.in_use(channel) == report.info.article.id)
                    except LibraryError as error:  # it may be here already, under the id that it would get
                        id_ = error.values.get("id")
                        there = next((e.id for e in library.entries() if e.own and e.id == id_), None)
                        if there is None:
                            raise
                report = library.reindex(
                    there, who=name, source=source, place=channel, force=force, on_progress=on_progress
                )
                return ChangeOutcome(report, False, library.in_use(channel) == report.info.article.id)

            await self.bot.changes.make(interaction, place, work)

    @reindex.autocomplete("article")
    async def _articles(self, interaction: Interaction, typed: str) -> Choices:
        return await choices_for_managers(interaction, typed, lambda library: library.entries())
