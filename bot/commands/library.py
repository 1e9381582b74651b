"""The library of a server, for those who manage it: what is in it, in use, added, removed and undone."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.channels import demand_readable
from bot.commands.channels import AutoChannel, Switch, switch_auto, switched_on
from bot.commands.choices import Choices, choices_for_managers
from bot.commands.entries import (
    MOST_CHANGES,
    entry_of,
    own_entries,
    own_entry_of,
    removed_articles,
    was_removed,
)
from bot.components.cancel import CancelButton
from bot.components.card import Card
from bot.components.decision import Decision, DecisionButton, decision_card
from bot.host import Host, Interaction
from bot.permissions import admit_manager, may_speak, name_of
from bot.render import MessageContent
from bot.render import gaps as render_gaps
from bot.render import library as render_library
from bot.render import watching as render_watching
from bot.render.schedules import address_name, article_name
from bot.replies import InteractionReply
from bot.service.change_request import ChangeRequest
from bot.sources import SourceError, source_of
from bot.words import words_of
from index import MAX_ID_CHARS, Entry, Every, FootnoteError, Library, WatchKind

SettableChannel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel


Rhythm = Literal["hour", "day", "week", "off"]
OFF = "off"
MOST_ARTICLES = 50


class QuietChannelError(FootnoteError):
    """The bot may not write where something is to be told."""


class LibraryCommands(commands.Cog, name="Library"):
    """Manages the library of a server."""

    library = app_commands.Group(
        name="library",
        description="Manage the articles that can be asked here",
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        if bot.settings.admin_role:  # Discord hides commands by permissions alone, and so from that role, too
            self.library.default_permissions = None

    async def cog_load(self) -> None:
        """Registers the buttons, so that they work after a restart."""
        self.bot.add_dynamic_items(CancelButton, DecisionButton)

    @library.command(name="list")
    @app_commands.describe(page="Which page")
    async def list_(self, interaction: Interaction, page: app_commands.Range[int, 1] = 1) -> None:
        """Show the articles that can be asked here, and which one is in use."""
        with self.bot.service.in_flight():
            place = await admit_manager(interaction)
            entries = await self.bot.service.read(place, lambda library: library.entries(place=place.scope))
            watches = await self.bot.service.watching.of(place)
            message = render_library.entries(entries, words_of(interaction), page=page, watches=watches)
            await _say(interaction, replace(message, top=message.top + await switched_on(interaction)))

    @library.command()
    @app_commands.describe(
        url="The web address of the article",
        file="The article as a file: text, Markdown, HTML, PDF, DOCX or EPUB",
        article="The id that it gets: letters, digits and hyphens; without, from its title",
        questions="Questions with evidence (JSON lines), most of which it must answer rightly",
        force="Put it in place even if it does not",
    )
    async def add(
        self,
        interaction: Interaction,
        url: str | None = None,
        file: discord.Attachment | None = None,
        article: app_commands.Range[str, 1, MAX_ID_CHARS] | None = None,
        questions: discord.Attachment | None = None,
        force: bool = False,
    ) -> None:
        """Add an article from the web or from a file."""
        with self.bot.service.in_flight():
            place = await admit_manager(interaction)
            source = source_of(url, file, questions, self.bot.settings.limits)
            if source is None:
                raise SourceError("Name what to add: a web address as “url”, or an attachment as “file”.")
            request = ChangeRequest(
                server=place.server,
                starter=interaction.user.id,
                who=name_of(interaction.user),
                adds=True,
                article=article,
                channel=place.scope,
                force=force,
                address=source.address,
                file_name=source.file_name,
            )
            await self.bot.changes.make(interaction, request, source)

    @library.command()
    @app_commands.describe(
        article="Which article", channel="Only in this channel; without, in the whole server"
    )
    async def use(
        self, interaction: Interaction, article: str, channel: SettableChannel | None = None
    ) -> None:
        """Choose the article that is asked here where none is named."""
        with self.bot.service.in_flight():
            place = await admit_manager(interaction)
            name, where = name_of(interaction.user), str(channel.id) if channel else None

            def work(library: Library) -> Entry:
                library.use(article, who=name, place=where)
                return entry_of(library, article)

            entry = await self.bot.service.alter(place, work)
            mention = channel.mention if channel else None
            await _say(interaction, render_library.used(entry, words_of(interaction), channel=mention))

    @library.command()
    @app_commands.describe(
        switch="Whether I do so", channel="A text channel or a forum; without, the one where you are"
    )
    async def auto(
        self, interaction: Interaction, switch: Switch, channel: AutoChannel | None = None
    ) -> None:
        """Answer questions in a channel or forum without being mentioned, only where I am sure."""
        with self.bot.service.in_flight():
            await admit_manager(interaction)
            await _say(interaction, await switch_auto(interaction, channel, is_on=switch == "on"))

    @library.command()
    @app_commands.describe(article="Which article")
    async def remove(self, interaction: Interaction, article: str) -> None:
        """Remove an article; you are asked first, and it can be brought back."""
        with self.bot.service.in_flight():
            place = await admit_manager(interaction)
            entry = await self.bot.service.read(place, lambda library: own_entry_of(library, article))
            question = render_library.may_remove(entry, words_of(interaction))
            decision = Decision.to("remove", interaction, entry, article)
            await _show(interaction, decision_card(question, decision, words_of(interaction)))

    @library.command()
    @app_commands.describe(article="Which article; without, the one in use here")
    async def undo(self, interaction: Interaction, article: str | None = None) -> None:
        """Take back the last change of an article, or bring a removed one back; you are asked first."""
        with self.bot.service.in_flight():
            place = await admit_manager(interaction)

            def work(library: Library) -> tuple[str, Entry | None]:
                there = article or library.in_use(place.scope)
                return there, None if was_removed(library, there) else own_entry_of(library, there)

            there, entry = await self.bot.service.read(place, work)
            decision, words = Decision.to("undo", interaction, entry, there), words_of(interaction)
            question = render_library.may_undo(there, entry, words)
            await _show(interaction, decision_card(question, decision, words))

    @library.command()
    @app_commands.describe(article="Only of this article", page="Which page")
    async def history(
        self,
        interaction: Interaction,
        article: str | None = None,
        page: app_commands.Range[int, 1] = 1,
    ) -> None:
        """Show who changed what, and when."""
        with self.bot.service.in_flight():
            place = await admit_manager(interaction)
            changes = await self.bot.service.read(
                place, lambda library: library.history(article, limit=MOST_CHANGES)
            )
            await _say(interaction, render_library.history(changes, words_of(interaction), page=page))

    @library.command()
    @app_commands.describe(role="The role; without, nobody's replies are offered any more")
    async def trust(self, interaction: Interaction, role: discord.Role | None = None) -> None:
        """Choose whose replies can be taken over where I could not answer."""
        with self.bot.service.in_flight():
            place = await admit_manager(interaction)
            server, role_id = str(place.server), str(role.id) if role else None
            await self.bot.service.ledger.note(lambda ledger: ledger.answers.trust(server, role_id))
            mention = role.mention if role else None
            await _say(interaction, render_gaps.trusted(mention, words_of(interaction)))

    @library.command()
    @app_commands.describe(article="Which article", every="How often; off ends it")
    async def watch(self, interaction: Interaction, article: str, every: Rhythm) -> None:
        """Read an article from the web again by schedule, and tell this channel what has changed."""
        with self.bot.service.in_flight():
            place, words = await admit_manager(interaction), words_of(interaction)
            watching = self.bot.service.watching
            if every == OFF:
                was_on = await watching.end(place, (WatchKind.PAGE,), article)
                await _say(interaction, render_watching.ended(article_name(article), words, was_on=was_on))
                return
            entry = await self.bot.service.read(place, lambda library: own_entry_of(library, article))
            watch = await watching.watch_page(
                place, entry, Every(every), channel=_told(interaction), who=name_of(interaction.user)
            )
            await _say(interaction, render_watching.watched(entry, watch, words))

    @library.command()
    @app_commands.describe(
        every="How often; off ends it",
        url="The address of a feed (RSS, Atom) or of a sitemap",
        channel="Or a channel that everybody may read, such as announcements or rules",
        most="How many articles a feed or a sitemap may have here, the newest; without, 10",
    )
    async def follow(
        self,
        interaction: Interaction,
        every: Rhythm,
        url: str | None = None,
        channel: discord.TextChannel | None = None,
        most: app_commands.Range[int, 1, MOST_ARTICLES] = 10,
    ) -> None:
        """Have the pages of a feed or a sitemap, or a channel's messages, become articles by themselves."""
        with self.bot.service.in_flight():
            place, words = await admit_manager(interaction), words_of(interaction)
            watching, who = self.bot.service.watching, name_of(interaction.user)
            source = source_of(url, None, None, self.bot.settings.limits)
            address = source.address if source is not None else None
            if (address is None) == (channel is None):
                raise SourceError(
                    "Name one of both: a feed or a sitemap as “url”, or a channel as “channel”."
                )
            if every == OFF:
                kinds = (WatchKind.CHANNEL,) if address is None else (WatchKind.FEED, WatchKind.SITEMAP)
                was_on = await watching.end(place, kinds, address or str(channel and channel.id))
                name = channel.mention if channel is not None else address_name(address or "")
                await _say(interaction, render_watching.ended(name, words, was_on=was_on))
            elif address is not None:
                watch, count = await watching.follow_list(
                    place, address, Every(every), most=most, channel=_told(interaction), who=who
                )
                await _say(interaction, render_watching.list_followed(watch, count, words))
            elif channel is not None:
                demand_readable(channel, sees_messages=self.bot.sees_messages)
                watch = await watching.follow_channel(
                    place, channel.id, channel.name, Every(every), channel=_told(interaction), who=who
                )
                await _say(interaction, render_watching.channel_followed(watch, words))

    @use.autocomplete("article")
    async def _any(self, interaction: Interaction, text: str) -> Choices:
        return await choices_for_managers(interaction, text, lambda library: library.entries())

    @remove.autocomplete("article")
    @watch.autocomplete("article")
    async def _own(self, interaction: Interaction, text: str) -> Choices:
        return await choices_for_managers(interaction, text, own_entries)

    @undo.autocomplete("article")
    @history.autocomplete("article")
    async def _past(self, interaction: Interaction, text: str) -> Choices:
        return await choices_for_managers(
            interaction, text, lambda library: (*own_entries(library), *removed_articles(library))
        )


def _told(interaction: Interaction) -> int:
    """The channel that is told what changes.

    Raises:
        QuietChannelError: the bot may not write there.
    """
    if interaction.channel_id is None or not may_speak(interaction):
        raise QuietChannelError(
            "I may not write in this channel, and it is the one that I would tell what has changed. Use the "
            "command in another one."
        )
    return interaction.channel_id


async def _say(interaction: Interaction, message: MessageContent) -> None:
    await _show(interaction, Card(message))


async def _show(interaction: Interaction, card: Card) -> None:
    await InteractionReply(interaction, private=True).show(card)
