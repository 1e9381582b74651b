"""Reading the article: page by page, who says what in it, and what it says in short."""

from __future__ import annotations

from collections.abc import Callable

from discord import app_commands
from discord.ext import commands

from bot import render
from bot.commands.choices import Choices, choices_of
from bot.components.card import Card
from bot.components.context import ContextButton, FormerButton, cited_card
from bot.components.quotes import QuotesButton, quotes_card
from bot.components.reading import ReadButton, reading_card
from bot.host import Host, Interaction
from bot.place import place_of
from bot.replies import InteractionReply
from bot.service.suggestions import names_of
from bot.words import words_of
from index import FootnoteError, Library

MOST_PARAGRAPHS = 1_000_000  # more than any article has, and a number that Discord takes
MOST_NAMED = 20
"""How many speakers an error names: an article may have any number, and no message has room for more."""


class NoSuchPlaceError(FootnoteError):
    """What was asked for is not in the article."""


class Read(commands.Cog):
    """Shows the article itself, to the one who asks."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Makes the buttons known."""
        self.bot.add_dynamic_items(ContextButton, ReadButton, QuotesButton, FormerButton)

    @app_commands.command()
    @app_commands.describe(
        paragraph="The number of the paragraph to begin at",
        article="Which article to read; without it, the one in use here",
    )
    async def read(
        self,
        interaction: Interaction,
        paragraph: app_commands.Range[int, 1, MOST_PARAGRAPHS] = 1,
        article: str | None = None,
    ) -> None:
        """Read the article, page by page, from any paragraph."""
        words, scope = words_of(interaction), place_of(interaction).scope

        def page(library: Library) -> Card:
            choice = library.article(article, place=scope)
            if paragraph > len(choice.paragraphs):
                raise NoSuchPlaceError(
                    "The article has {count} paragraphs. Choose a number up to that.",
                    count=len(choice.paragraphs),
                )
            return reading_card(choice, choice.paragraphs[paragraph - 1].start, words)

        await self._show(interaction, page)

    @app_commands.command()
    @app_commands.describe(
        speaker="Only what this person says",
        article="Which article; without it, the one in use here",
        share="Show it to everybody in the channel",
    )
    async def quotes(
        self,
        interaction: Interaction,
        speaker: str | None = None,
        article: str | None = None,
        share: bool = False,
    ) -> None:
        """Who says what in the article, each with its place."""
        words, scope = words_of(interaction), place_of(interaction).scope

        def page(library: Library) -> Card:
            choice = library.article(article, place=scope)
            who = _speaker_named(speaker, library.speakers(article=choice.id)) if speaker else None
            return quotes_card(library, choice, who, 1, words)

        await self._show(interaction, page, share=share)

    @app_commands.command()
    @app_commands.describe(
        article="Which article; without it, the one in use here",
        share="Show it to everybody in the channel",
    )
    async def summary(
        self,
        interaction: Interaction,
        article: str | None = None,
        share: bool = False,
    ) -> None:
        """The few sentences that carry the article, in its own words."""
        words, scope = words_of(interaction), place_of(interaction).scope

        def page(library: Library) -> Card:
            info = library.info(article, place=scope)
            citations = library.summary(article=info.article.id)
            return cited_card(render.summary(citations, info, words), info.article, words)

        # The first summary of an article is as much work as an answer.
        await self._show(interaction, page, share=share, in_line=True)

    @read.autocomplete("article")
    @quotes.autocomplete("article")
    @summary.autocomplete("article")
    async def offer_articles(self, interaction: Interaction, text: str) -> Choices:
        """The articles that can be read here."""
        place, asker = place_of(interaction), interaction.user.id
        entries = await self.bot.service.glance(place, asker, lambda library: library.entries())
        return choices_of(names_of(entries or ()), text)

    @quotes.autocomplete("speaker")
    async def offer_speakers(self, interaction: Interaction, text: str) -> Choices:
        """Who is quoted by name in the article."""
        place, article = place_of(interaction), interaction.namespace.article
        speakers = await self.bot.service.glance(
            place,
            interaction.user.id,
            lambda library: library.speakers(article=article or None, place=place.scope),
        )
        return choices_of({name: name for name in speakers or ()}, text)

    async def _show(
        self,
        interaction: Interaction,
        page: Callable[[Library], Card],
        *,
        share: bool = False,
        in_line: bool = False,
    ) -> None:
        service, place, asker = self.bot.service, place_of(interaction), interaction.user.id
        with service.in_flight():
            service.admit_lookup(place, asker)
            reply = InteractionReply(interaction, private=not share)
            await reply.defer()
            card = await (service.consult(place, asker, page) if in_line else service.read(place, page))
            await reply.show(card)


def _speaker_named(name_part: str, speakers: tuple[str, ...]) -> str:
    """The speaker that somebody means.

    Raises:
        NoSuchPlaceError: nobody or more than one can be meant.
    """
    part = name_part.strip().casefold()
    same = [name for name in speakers if name.casefold() == part]
    like = same or [name for name in speakers if part in name.casefold()]
    if len(like) == 1:
        return like[0]
    if not speakers:
        raise NoSuchPlaceError("The article quotes nobody by name.")
    raise NoSuchPlaceError(
        "The article quotes nobody who can only be “{typed}”. It quotes {speakers}.",
        typed=name_part,
        speakers=", ".join(speakers[:MOST_NAMED]),
    )
