"""A source in its context: the button beside it, and the way to the sources beside that one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

import discord
from discord import ui

from bot import render
from bot.components.card import Card
from bot.components.custom_ids import ARTICLE, Sources
from bot.components.persistent import LibraryButton, SourceGoneError
from bot.components.reading import ReadButton
from bot.host import Interaction, host_of
from bot.place import place_of
from bot.render.links import text_fragment
from bot.words import Words
from index import Article, Library, Span


class ContextButton(
    LibraryButton, template=rf"(?P<kind>[spn])(?P<index>\d)(?P<spans>[A-Za-z0-9_-]+){ARTICLE}"
):
    """Shows a source in its paragraph, with the way to the sources beside it."""

    def __init__(self, custom_id: str, *, label: str | None = None, disabled: bool = False) -> None:
        super().__init__(custom_id, label=label, disabled=disabled)
        self.steps = self.match["kind"] != "s"
        self.index, self.sources = int(self.match["index"]), Sources.parse(self.match)

    @classmethod
    def to(cls, sources: Sources, index: int, *, label: str, kind: str = "s", disabled: bool = False) -> Self:
        """The button for one of a message's sources: "s" to show it, "p" and "n" to step to it."""
        return cls(f"{kind}{index}{sources}", label=label, disabled=disabled)

    async def find(self, interaction: Interaction, words: Words) -> Card:
        """Where that version of the article is kept no more, the model searches for the nearest passage."""
        service, place, asker = host_of(interaction).service, place_of(interaction), interaction.user.id
        card = await service.read(place, lambda library: self.kept_card(library, words))
        if card is not None:
            return card
        quotes = quoted_in(interaction.message) if interaction.message else {}
        return await service.consult(place, asker, lambda library: self.nearest_card(library, quotes, words))

    def kept_card(self, library: Library, words: Words) -> Card | None:
        """The source in its paragraph; None where that version of the article is kept no more."""
        now, article = self.article(library)
        if article is None:
            return None
        note = ""
        if article.sha256 != now.sha256:
            note = words("The article has changed since this answer. This is how it read then.")
        return self._context(article, self.sources, self.index, words, note)

    def nearest_card(self, library: Library, quotes: Mapping[int, str], words: Words) -> Card:
        """The nearest passage of today's article in its paragraph.

        Args:
            library: The library of the place where the button was pressed.
            quotes: The quotes that stand in its message, by their index.
            words: The language of the one who pressed it.

        Raises:
            SourceGoneError: nothing is near.
        """
        now, _ = self.article(library)
        sources, index, note = self._nearest(library, now, quotes, words)
        return self._context(now, sources, index, words, note)

    def _context(self, article: Article, sources: Sources, index: int, words: Words, note: str) -> Card:
        span, count = sources.spans[index], len(sources.spans)
        message = render.context(article, span, words, number=index + 1, count=count, note=note)
        buttons: list[ui.Item[Any]] = []
        if count > 1:
            before, after = max(index - 1, 0), min(index + 1, count - 1)
            buttons = [
                self.to(sources, before, kind="p", label=words("Previous source"), disabled=before == index),
                self.to(sources, after, kind="n", label=words("Next source"), disabled=after == index),
            ]
        start = article.paragraph_at(span.start).start
        buttons.append(ReadButton.to(article, start, label=words("Read from here")))
        if link := text_fragment(article, span.start, span.end):
            buttons.append(ui.Button(label=words("Open the page"), url=link))
        return Card(message, *buttons)

    def _nearest(
        self, library: Library, now: Article, quotes: Mapping[int, str], words: Words
    ) -> tuple[Sources, int, str]:
        """Where the sources of the pressed button's message stand now, and what is to be said of it."""
        if not quotes:
            raise SourceGoneError(
                "The article has changed since this was opened. Press the button under the answer once more."
            )
        spans: list[Span] = []
        here, note = None, ""
        for index, quote in sorted(quotes.items()):
            near = library.nearest(quote, article=now.id)
            if near is not None and index == self.index:
                here = len(spans)
                same = near.quote.split() == quote.split()
                note = (
                    words("The article has changed since this answer. This sentence still stands in it.")
                    if same
                    else words("The article has changed since this answer. This is the nearest passage now.")
                )
            if near is not None:
                spans.append(Span(near.start, near.end))
        if here is None:
            raise SourceGoneError(
                "The article has changed since this answer, and the sentence is not in it any more. "
                "Ask again to see what the article says now."
            )
        return Sources.of(now, tuple(spans)), here, note


class FormerButton(LibraryButton, template=r"context:(?s:.*)"):
    """Under the answers of version 0.1, which named their sources in another way."""

    steps = False

    def card(self, library: Library, words: Words) -> Card:
        """Nothing: see ``LibraryButton.card``."""
        del library, words
        raise SourceGoneError("This answer is from before I was updated. Ask again to see its sources.")


def cited_card(
    message: render.MessageContent, article: Article, words: Words, *buttons: ui.Item[Any]
) -> Card:
    """A message each of whose sources has a button that shows it in context.

    Args:
        message: What the message says.
        article: The article that its sources are from.
        words: The language of the one who reads it.
        buttons: What stands below everything else.
    """
    sources = Sources.of(article, tuple(Span(c.start, c.end) for c, _ in message.sources))
    label = words("Show in context")
    beside = [ContextButton.to(sources, index, label=label) for index in range(len(message.sources))]
    return Card(message, *buttons, beside=beside)


def sources_of(message: discord.Message) -> Sources | None:
    """What a message of the bot's cites; None where it cites nothing."""
    for item in ui.LayoutView.from_message(message, timeout=None).walk_children():
        match = _context_id(item)
        if match and match["kind"] == "s":
            return Sources.parse(match)
    return None


def quoted_in(message: discord.Message) -> dict[int, str]:
    """The quotes that stand in a message of the bot's, as far as they are shown, by their index."""
    quotes: dict[int, str] = {}
    for item in ui.LayoutView.from_message(message, timeout=None).walk_children():
        if isinstance(item, ui.Section) and (match := _context_id(item.accessory)):
            text = "\n".join(part.content for part in item.children if isinstance(part, ui.TextDisplay))
            quote = render.quote_in(text)
            quotes[int(match["index"])] = quote.removesuffix("…").rstrip(render.CLOSING)
    return quotes


def _context_id(item: ui.Item[Any]) -> re.Match[str] | None:
    return _CONTEXT.fullmatch(item.custom_id or "") if isinstance(item, ui.Button) else None


_CONTEXT: re.Pattern[str] = ContextButton.__discord_ui_compiled_template__
