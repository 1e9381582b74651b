"""The library of a server, for those who manage it: what is in it, in use, added, removed and undone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.components.card import Card, PersistentButton
from bot.components.changes import CancelButton, Changed
from bot.permissions import Interaction, NotAllowedError, admitted, may_manage, offered, who
from bot.render import Rendered
from bot.render import library as shown
from bot.replies import InteractionReply
from bot.service.service import place_of
from bot.sources import SourceError, source_of
from bot.words import Words, words_of
from index import (
    MAX_ID_CHARS,
    Action,
    Entry,
    FootnoteError,
    Library,
    LibraryError,
    Progress,
    Stage,
    UnknownArticleError,
)

if TYPE_CHECKING:
    from bot.client import FootnoteBot

TIME_TO_CONFIRM = timedelta(minutes=2)
MOST_CHANGES = 1_000  # that are looked back at
MAX_CUSTOM_ID = 100
SettableChannel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel


class NotYoursError(FootnoteError):
    """Someone pressed a button that another one was asked with."""


class LibraryCommands(commands.Cog, name="Library"):
    """Manages the library of a server."""

    library = app_commands.Group(
        name="library",
        description="Manage the articles that can be asked here",
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    def __init__(self, bot: FootnoteBot) -> None:
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
            place = await admitted(interaction)
            found = await self.bot.service.read(place, lambda library: library.entries(place=place.scope))
            await _say(interaction, shown.entries(found, words_of(interaction), page=page))

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
            place = await admitted(interaction)
            get_source = await source_of(url, file, questions, self.bot.settings.limits)
            if get_source is None:
                raise SourceError("Name what to add: a web address as “url”, or an attachment as “file”.")
            channel, name = place.scope, who(interaction)

            def work(library: Library, on_progress: Callable[[Progress], None]) -> Changed:
                on_progress(Progress(Stage.READ, 0, 1))
                report = library.add(get_source(), who=name, id=article, force=force, on_progress=on_progress)
                return Changed(report, True, library.in_use(channel) == report.info.article.id)

            await self.bot.changes.make(interaction, place, work)

    @library.command()
    @app_commands.describe(
        article="Which article", channel="Only in this channel; without, in the whole server"
    )
    async def use(
        self, interaction: Interaction, article: str, channel: SettableChannel | None = None
    ) -> None:
        """Choose the article that is asked here where none is named."""
        with self.bot.service.in_flight():
            place = await admitted(interaction)
            name, where = who(interaction), str(channel.id) if channel else None

            def work(library: Library) -> Entry:
                library.use(article, who=name, place=where)
                return _entry(library, article)

            entry = await self.bot.service.alter(place, work)
            mention = channel.mention if channel else None
            await _say(interaction, shown.used(entry, words_of(interaction), channel=mention))

    @library.command()
    @app_commands.describe(article="Which article")
    async def remove(self, interaction: Interaction, article: str) -> None:
        """Remove an article; you are asked first, and it can be brought back."""
        with self.bot.service.in_flight():
            place = await admitted(interaction)
            entry = await self.bot.service.read(place, lambda library: _own_entry(library, article))
            question = shown.may_remove(entry, words_of(interaction))
            await _ask(interaction, "remove", article, entry, question)

    @library.command()
    @app_commands.describe(article="Which article; without, the one in use here")
    async def undo(self, interaction: Interaction, article: str | None = None) -> None:
        """Take back the last change of an article, or bring a removed one back; you are asked first."""
        with self.bot.service.in_flight():
            place = await admitted(interaction)

            def work(library: Library) -> tuple[str, Entry | None]:
                there = article or library.in_use(place.scope)
                return there, None if _was_removed(library, there) else _own_entry(library, there)

            there, entry = await self.bot.service.read(place, work)
            await _ask(interaction, "undo", there, entry, shown.may_undo(there, entry, words_of(interaction)))

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
            place = await admitted(interaction)
            changes = await self.bot.service.read(
                place, lambda library: library.history(article, limit=MOST_CHANGES)
            )
            await _say(interaction, shown.history(changes, words_of(interaction), page=page))

    @use.autocomplete("article")
    async def _any(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await offered(interaction, typed, lambda library: library.entries())

    @remove.autocomplete("article")
    async def _own(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await offered(interaction, typed, _own_entries)

    @undo.autocomplete("article")
    @history.autocomplete("article")
    async def _past(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await offered(interaction, typed, lambda library: (*_own_entries(library), *_removed(library)))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a confirmation is about, as its buttons carry it.

    Attributes:
        action: "remove", "undo", or "keep" for leaving all as it is.
        asker: Who asked, and alone may press.
        until: When it expires, in seconds since 1970.
        stamp: When the article was indexed, in the same; 0 where it is not there. It tells whether somebody
            has changed it meanwhile.
        article: The article's id.
    """

    action: str
    asker: int
    until: int
    stamp: int
    article: str

    @classmethod
    def to(cls, action: str, interaction: discord.Interaction[Any], *, stamp: int, article: str) -> Self:
        """What the one who used a command has to decide, from now on for two minutes."""
        until = int((interaction.created_at + TIME_TO_CONFIRM).timestamp())
        return cls(action, interaction.user.id, until, stamp, article)

    @property
    def custom_id(self) -> str:
        """The id of its button."""
        return f"library:{self.action}:{self.asker}:{self.until}:{self.stamp}:{self.article}"[:MAX_CUSTOM_ID]


class DecisionButton(
    PersistentButton,
    template=r"library:(?P<action>remove|undo|keep):(?P<asker>\d+):(?P<until>\d+):(?P<stamp>\d+)"
    r":(?P<article>[a-z0-9-]*)",
):
    """Does what was asked about, or leaves it."""

    def __init__(self, decision: Decision, words: Words) -> None:
        keeps = decision.action == "keep"
        labels = {"remove": words("Remove"), "undo": words("Undo"), "keep": words("Leave it")}
        super().__init__(
            ui.Button(
                label=labels[decision.action],
                style=discord.ButtonStyle.secondary if keeps else discord.ButtonStyle.danger,
                custom_id=decision.custom_id,
            )
        )
        self.decision = decision

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        del item
        asker, until, stamp = (int(match[name]) for name in ("asker", "until", "stamp"))
        return cls(Decision(match["action"], asker, until, stamp, match["article"]), words_of(interaction))

    async def press(self, interaction: discord.Interaction[Any]) -> None:
        """Does it, if it is still wanted and the one who pressed may."""
        await decide(interaction, self.decision)


async def decide(interaction: Interaction, decision: Decision) -> None:
    """Does what a confirmation was asked for, or leaves it.

    Raises:
        NotYoursError: somebody else was asked.
        NotAllowedError: the one who was asked is no admin any more.
    """
    if interaction.user.id != decision.asker:
        raise NotYoursError("Only the one who was asked can press this.")
    if not may_manage(interaction):
        raise NotAllowedError
    with interaction.client.service.in_flight():
        await interaction.response.defer()
        await _say(interaction, await _decided(interaction, decision))


async def _decided(interaction: Interaction, decision: Decision) -> Rendered:
    words, name = words_of(interaction), who(interaction)
    if decision.action == "keep":
        return shown.unchanged(words)
    if interaction.created_at.timestamp() > decision.until:
        return shown.refusal(words("You were asked a while ago. Nothing was changed; use the command again."))

    def work(library: Library) -> Rendered:
        entry = next((entry for entry in library.entries() if entry.id == decision.article), None)
        if _stamp(entry) != decision.stamp:
            return shown.refusal(
                words("It was changed after you were asked. Nothing was done; use the command again.")
            )
        if decision.action == "undo":
            return shown.undone(library.undo(decision.article, who=name), words)
        library.remove(decision.article, who=name)
        return shown.removed(decision.article, words)

    return await interaction.client.service.alter(place_of(interaction), work)


async def _ask(
    interaction: Interaction, action: str, article: str, entry: Entry | None, question: Rendered
) -> None:
    words = words_of(interaction)
    do = Decision.to(action, interaction, stamp=_stamp(entry), article=article)
    buttons = (DecisionButton(do, words), DecisionButton(replace(do, action="keep"), words))
    await InteractionReply(interaction, private=True).show(Card(question, None, *buttons))


async def _say(interaction: Interaction, rendered: Rendered) -> None:
    await InteractionReply(interaction, private=True).show(Card(rendered))


def _stamp(entry: Entry | None) -> int:
    return int(entry.indexed_at.timestamp()) if entry else 0


def _entry(library: Library, article: str) -> Entry:
    for entry in library.entries():
        if entry.id == article:
            return entry
    raise UnknownArticleError("No article “{id}” is here.", id=article)


def _own_entry(library: Library, article: str) -> Entry:
    entry = _entry(library, article)
    if not entry.own:
        raise LibraryError("“{id}” is everyone's article: it cannot be changed from here.", id=article)
    return entry


def _own_entries(library: Library) -> tuple[Entry, ...]:
    return tuple(entry for entry in library.entries() if entry.own)


def _was_removed(library: Library, article: str) -> bool:
    return any(change.action is Action.REMOVED for change in library.history(article, limit=1))


def _removed(library: Library) -> Iterator[str]:
    """The articles whose last change was that they were removed."""
    last = {change.article: change.action for change in reversed(library.history(limit=MOST_CHANGES))}
    return (article for article, action in last.items() if action is Action.REMOVED)
