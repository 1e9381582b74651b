"""Buttons that work after a restart: each carries what it needs in its id."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import discord
from discord import ui

from bot.components.card import Card
from bot.host import Interaction, host_of
from bot.operations.logs import begin_request
from bot.place import place_of
from bot.replies import InteractionReply
from bot.words import Words, words_of
from index import Article, FootnoteError, Library, LibraryError, UnknownArticleError


class SourceGoneError(FootnoteError):
    """What a button points at is not there any more."""


@asynccontextmanager
async def answering(interaction: Interaction) -> AsyncIterator[None]:
    """Answers the use of a button or a list: what goes wrong is told to the one who used it."""
    begin_request()
    try:
        yield
    except Exception as error:  # discord.py would only log it
        await host_of(interaction).reporter.report(interaction, error)


class PersistentButton(ui.DynamicItem[ui.Button[Any]], template=r"(?!)"):
    """A button that works after a restart. What goes wrong is told to the one who pressed it.

    A press counts among what somebody looks up, where it is ``counted``.

    Args:
        custom_id: What it is for, in the form of its template.
        label: What it says; None where it has an emoji, or says it already in a message.
        emoji: What it shows.
        style: How it looks.
        disabled: Whether it cannot be pressed.

    Raises:
        ValueError: the id is none of this button's.
    """

    counted = True

    def __init__(
        self,
        custom_id: str,
        *,
        label: str | None = None,
        emoji: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        disabled: bool = False,
    ) -> None:
        button: ui.Button[Any] = ui.Button(
            label=label or (None if emoji else "…"),
            emoji=emoji,
            style=style,
            custom_id=custom_id,
            disabled=disabled,
        )
        super().__init__(button)
        match = self.template.fullmatch(custom_id)
        if match is None:
            raise ValueError(custom_id)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        del interaction, item
        return cls(match.string)

    async def callback(self, interaction: Interaction) -> None:
        """Answers the press."""
        async with answering(interaction):
            if self.counted:
                host_of(interaction).service.admit_lookup(place_of(interaction), interaction.user.id)
            await self.press(interaction)

    async def press(self, interaction: Interaction) -> None:
        """Does what the button is for."""
        raise NotImplementedError


class LibraryButton(PersistentButton, template=r"(?!)"):
    """Shows something of the library, privately.

    A button that ``steps`` on in a private message replaces what that says; in one that everybody sees, it
    answers the one who pressed.
    """

    steps = True

    async def press(self, interaction: Interaction) -> None:
        """Shows it."""
        service = host_of(interaction).service
        message, words = interaction.message, words_of(interaction)
        reply = InteractionReply(interaction, private=True)
        with service.in_flight():
            if self.steps and message is not None and message.flags.ephemeral:
                await interaction.response.defer()
            else:
                await reply.defer()
            await reply.show(await self.find(interaction, words))

    async def find(self, interaction: Interaction, words: Words) -> Card:
        """Gets what the button shows from the library of the place where it was pressed.

        Args:
            interaction: The press; acknowledged already.
            words: The language of the one who pressed it.

        Raises:
            SourceGoneError: what it was made to show is not there any more.
        """
        service, place = host_of(interaction).service, place_of(interaction)
        return await service.read(place, lambda library: self.card(library, words))

    def card(self, library: Library, words: Words) -> Card:
        """What the button shows; see ``find``."""
        raise NotImplementedError

    def article(self, library: Library) -> tuple[Article, Article | None]:
        """The article as it is now, and the version that the button was made for, where that is kept.

        Raises:
            SourceGoneError: the article was removed.
        """
        id_, version = self.match["article"], self.match["version"]
        try:
            now = library.article(id_)
        except UnknownArticleError as error:
            raise SourceGoneError("The article that this is from has been removed.") from error
        if now.sha256.startswith(version):
            return now, now
        try:
            return now, library.article(id_, version=version)
        except LibraryError:
            return now, None
