"""Messages with buttons. Each button carries what it needs, so that it works after a restart.

What a button shows of an article, it shows of the version that it was made for, as long as that is kept.
After that it shows the nearest passage of today's and says so.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot import render
from bot.errors import report
from bot.render import MAX_SOURCES
from bot.render.links import text_fragment
from bot.replies import InteractionReply
from bot.service.service import place_of
from bot.words import ENGLISH, Words, words_of
from index import (
    MAX_ID_CHARS,
    Article,
    FootnoteError,
    Library,
    LibraryError,
    Span,
    UnknownArticleError,
)

if TYPE_CHECKING:
    from bot.service.service import Service

VERSION_CHARS = 8  # of the SHA-256 of an article's text
BUTTONS_A_ROW = 5
_SPAN_BYTES = 5
_LENGTH_BITS = 12
_ARTICLE = rf"(?P<version>[0-9a-f]{{{VERSION_CHARS}}}):(?P<article>[a-z0-9-]{{1,{MAX_ID_CHARS}}})"


class SourceGoneError(FootnoteError):
    """What a button points at is not there any more."""


class Card(ui.LayoutView):
    """A rendered message; each of its sources gets a button that shows it in context.

    Args:
        rendered: What the message says.
        article: The article that its sources are from; it may be None where there are none.
        buttons: What stands below everything else.
        words: The language of the one who reads it.
    """

    def __init__(
        self,
        rendered: render.Rendered,
        article: Article | None = None,
        *buttons: ui.Item[Any],
        words: Words = ENGLISH,
    ) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Self] = ui.Container(accent_colour=rendered.colour)
        container.add_item(ui.TextDisplay(rendered.top))
        if rendered.sources and article is not None:
            sources = Sources.of(article, tuple(Span(c.start, c.end) for c, _ in rendered.sources))
            container.add_item(ui.Separator())
            for index, (_, text) in enumerate(rendered.sources):
                button = ContextButton.to(sources, index, label=words("Show in context"))
                container.add_item(ui.Section(text, accessory=button))
        if rendered.footer:
            container.add_item(ui.Separator())
            container.add_item(ui.TextDisplay(rendered.footer))
        for first in range(0, len(buttons), BUTTONS_A_ROW):
            container.add_item(ui.ActionRow(*buttons[first : first + BUTTONS_A_ROW]))
        self.add_item(container)


@dataclass(frozen=True, slots=True)
class Sources:
    """What a message cites.

    Attributes:
        article: The article's id.
        version: The start of its text's SHA-256: the spans count in that text.
        spans: At most MAX_SOURCES, in the message's order.
    """

    article: str
    version: str
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, article: Article, spans: tuple[Span, ...]) -> Self:
        """Spans of an article."""
        return cls(article.id, article.sha256[:VERSION_CHARS], spans[:MAX_SOURCES])

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """The sources again, from the custom id of a button."""
        packed = base64.urlsafe_b64decode(match["spans"] + "=" * (-len(match["spans"]) % 4))
        spans = []
        for place in range(0, len(packed), _SPAN_BYTES):
            start, length = divmod(
                int.from_bytes(packed[place : place + _SPAN_BYTES], "big"), 1 << _LENGTH_BITS
            )
            spans.append(Span(start, start + length))
        return cls(match["article"], match["version"], tuple(spans))

    def __str__(self) -> str:
        """The sources in as few characters as will do; a span's length is cut to 4095."""
        longest = (1 << _LENGTH_BITS) - 1
        packed = b"".join(
            (span.start << _LENGTH_BITS | min(span.end - span.start, longest)).to_bytes(_SPAN_BYTES, "big")
            for span in self.spans
        )
        spans = base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
        return f"{spans}{self.version}:{self.article}"


class PersistentButton(ui.DynamicItem[ui.Button[Any]], template=r"(?!)"):
    """A button that works after a restart. What goes wrong is told to the one who pressed it.

    A press counts among what somebody looks up, where it is ``counted``.
    """

    counted = True

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answers the press."""
        try:
            if self.counted:
                interaction.client.service.admit_lookup(place_of(interaction), interaction.user.id)
            await self.press(interaction)
        except Exception as error:  # discord.py would only log it
            await report(interaction, error)

    async def press(self, interaction: discord.Interaction[Any]) -> None:
        """Does what the button is for."""
        raise NotImplementedError


class LibraryButton(PersistentButton, template=r"(?!)"):
    """Shows something of the library, privately.

    A button that ``steps`` on in a private message replaces what that says; in one that everybody sees, it
    answers the one who pressed.
    """

    steps = True

    def __init__(
        self,
        custom_id: str,
        *,
        label: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        disabled: bool = False,
    ) -> None:
        button: ui.Button[Any] = ui.Button(
            label=label or "…", style=style, custom_id=custom_id, disabled=disabled
        )
        super().__init__(button)
        match = self.template.fullmatch(custom_id)
        if match is None:
            raise ValueError(custom_id)
        self.match = match

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The button again, from the id that Discord sends when it is pressed."""
        return cls(match.string)

    async def press(self, interaction: discord.Interaction[Any]) -> None:
        """Shows it."""
        service: Service = interaction.client.service
        message, words = interaction.message, words_of(interaction)
        reply = InteractionReply(interaction, private=True)
        with service.in_flight():
            if self.steps and message is not None and message.flags.ephemeral:
                await interaction.response.defer()
            else:
                await reply.defer()
            place = place_of(interaction)
            card = await service.read(place, lambda library: self.card(library, words))
            if card is None:
                quoted = quoted_in(message) if message else {}
                asker = interaction.user.id
                card = await service.consult(
                    place, asker, lambda library: self.nearest_card(library, quoted, words)
                )
            await reply.show(card)

    def card(self, library: Library, words: Words) -> Card | None:
        """What the button shows; None where that has to be searched for: see ``nearest_card``.

        Args:
            library: The library of the place where it was pressed.
            words: The language of the one who pressed it.

        Raises:
            SourceGoneError: what it was made to show is not there any more.
        """
        raise NotImplementedError

    def nearest_card(self, library: Library, quoted: Mapping[int, str], words: Words) -> Card:
        """What comes nearest to what the button was made to show; the model searches for it.

        Args:
            library: The library of the place where it was pressed.
            quoted: The quotes that stand in its message, by their index.
            words: The language of the one who pressed it.

        Raises:
            SourceGoneError: nothing is near.
        """
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


class ContextButton(
    LibraryButton, template=rf"(?P<kind>[spn])(?P<index>\d)(?P<spans>[A-Za-z0-9_-]+){_ARTICLE}"
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

    def card(self, library: Library, words: Words) -> Card | None:
        """The source in its paragraph; see ``LibraryButton.card``."""
        now, article = self.article(library)
        if article is None:
            return None
        changed = article.sha256 != now.sha256
        note = (
            words("The article has changed since this answer. This is how it read then.") if changed else ""
        )
        return self._context(article, self.sources, self.index, words, note)

    def nearest_card(self, library: Library, quoted: Mapping[int, str], words: Words) -> Card:
        """The nearest passage of today's article in its paragraph; see ``LibraryButton.nearest_card``."""
        now, _ = self.article(library)
        sources, index, note = self._nearest(library, now, quoted, words)
        return self._context(now, sources, index, words, note)

    def _context(self, article: Article, sources: Sources, index: int, words: Words, note: str) -> Card:
        span, count = sources.spans[index], len(sources.spans)
        rendered = render.context(article, span, words, number=index + 1, count=count, note=note)
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
        return Card(rendered, article, *buttons, words=words)

    def _nearest(
        self, library: Library, now: Article, quoted: Mapping[int, str], words: Words
    ) -> tuple[Sources, int, str]:
        """Where the sources of the pressed button's message stand now, and what is to be said of it."""
        if not quoted:
            raise SourceGoneError(
                "The article has changed since this was opened. Press the button under the answer once more."
            )
        spans: list[Span] = []
        found, note = None, ""
        for index, quote in sorted(quoted.items()):
            near = library.nearest(quote, article=now.id)
            if near is not None and index == self.index:
                found = len(spans)
                same = near.quote.split() == quote.split()
                note = (
                    words("The article has changed since this answer. This sentence still stands in it.")
                    if same
                    else words("The article has changed since this answer. This is the nearest passage now.")
                )
            if near is not None:
                spans.append(Span(near.start, near.end))
        if found is None:
            raise SourceGoneError(
                "The article has changed since this answer, and the sentence is not in it any more. "
                "Ask again to see what the article says now."
            )
        return Sources.of(now, tuple(spans)), found, note


class ReadButton(LibraryButton, template=rf"read(?P<kind>[ofpnl])(?P<start>\d{{1,9}}):{_ARTICLE}"):
    """Pages through an article: "o" opens it, "f", "p", "n" and "l" go to the first, previous... page."""

    def __init__(self, custom_id: str, *, label: str | None = None, disabled: bool = False) -> None:
        super().__init__(custom_id, label=label, disabled=disabled)
        self.steps = self.match["kind"] != "o"

    @classmethod
    def to(cls, article: Article, start: int, *, label: str, kind: str = "o", disabled: bool = False) -> Self:
        """The button for the page of ``article`` that begins at ``start``."""
        version = article.sha256[:VERSION_CHARS]
        return cls(f"read{kind}{start}:{version}:{article.id}", label=label, disabled=disabled)

    def card(self, library: Library, words: Words) -> Card:
        """The page; see ``LibraryButton.card``."""
        now, article = self.article(library)
        start, note = int(self.match["start"]), ""
        if article is None:
            article, note = now, words("The article has changed meanwhile: this is as it is now.")
            start = article.paragraph_at(start).start
        elif article.sha256 != now.sha256:
            note = words("The article has changed meanwhile: this is how it was.")
        return reading_card(article, start, words, note=note)


class QuotesButton(
    LibraryButton, template=rf"quotes(?P<kind>[pn])(?P<page>\d{{1,5}}):(?P<speaker>[0-9a-f]{{8}})?:{_ARTICLE}"
):
    """Pages through who says what; the id has a digest of the speaker's name, where only one is listed."""

    @classmethod
    def to(
        cls, article: Article, speaker: str | None, page: int, *, kind: str, label: str, disabled: bool
    ) -> Self:
        """The button for a page of the quotes of ``speaker``, or of everybody."""
        who = _digest(speaker) if speaker else ""
        version = article.sha256[:VERSION_CHARS]
        return cls(f"quotes{kind}{page}:{who}:{version}:{article.id}", label=label, disabled=disabled)

    def card(self, library: Library, words: Words) -> Card:
        """The page; see ``LibraryButton.card``."""
        now, article = self.article(library)
        changed = article is None or article.sha256 != now.sha256
        speakers = {_digest(name): name for name in library.speakers(article=now.id)}
        speaker = speakers.get(self.match["speaker"]) if self.match["speaker"] else None
        if self.match["speaker"] and speaker is None:
            raise SourceGoneError("The article has changed: nobody of that name is quoted in it any more.")
        return quotes_card(library, now, speaker, int(self.match["page"]), words, changed=changed)


class FormerButton(LibraryButton, template=r"context:(?s:.*)"):
    """Under the answers of version 0.1, which named their sources in another way."""

    steps = False

    def card(self, library: Library, words: Words) -> Card:
        """Nothing: see ``LibraryButton.card``."""
        del library, words
        raise SourceGoneError("This answer is from before I was updated. Ask again to see its sources.")


BUTTONS = (ContextButton, ReadButton, QuotesButton, FormerButton)
"""The buttons that a client has to know to answer them: ``client.add_dynamic_items(*BUTTONS)``."""


def reading_card(article: Article, start: int, words: Words, *, note: str = "") -> Card:
    """The page of an article that begins at ``start``, with the buttons to the others."""
    page = render.page_from(article, start)
    paragraphs = article.paragraphs
    at_start, at_end = page.start <= paragraphs[0].start, page.end >= paragraphs[-1].end
    starts = {
        "f": (words("First"), paragraphs[0].start, at_start),
        "p": (words("Previous"), render.page_before(article, page.start).start, at_start),
        "n": (words("Next"), page.end, at_end),
        "l": (words("Last"), render.page_before(article, paragraphs[-1].end).start, at_end),
    }
    buttons = [
        ReadButton.to(article, to, kind=kind, label=label, disabled=disabled)
        for kind, (label, to, disabled) in starts.items()
    ]
    return Card(
        render.reading(article, page, words, note=note), article, *([] if at_start and at_end else buttons)
    )


def quotes_card(
    library: Library, article: Article, speaker: str | None, page: int, words: Words, *, changed: bool = False
) -> Card:
    """A page of who says what in an article, with the buttons to the others."""
    found = library.quotes(speaker, article=article.id)
    if not found:
        raise SourceGoneError("The article quotes nobody by name.")
    pages = -(-len(found) // MAX_SOURCES)
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * MAX_SOURCES : page * MAX_SOURCES]
    info = library.info(article.id)
    rendered = render.quotes(shown, info, words, page=page, pages=pages, changed=changed)
    buttons = [
        QuotesButton.to(
            article, speaker, max(page - 1, 1), kind="p", label=words("Previous"), disabled=page == 1
        ),
        QuotesButton.to(
            article, speaker, min(page + 1, pages), kind="n", label=words("Next"), disabled=page == pages
        ),
    ]
    return Card(rendered, info.article, *(buttons if pages > 1 else []), words=words)


def sources_of(message: discord.Message) -> Sources | None:
    """What a message of the bot's cites; None where it cites nothing."""
    for item in ui.LayoutView.from_message(message, timeout=None).walk_children():
        match = _context_id(item)
        if match and match["kind"] == "s":
            return Sources.parse(match)
    return None


def quoted_in(message: discord.Message) -> dict[int, str]:
    """The quotes that stand in a message of the bot's, as far as they are shown, by their index."""
    quoted: dict[int, str] = {}
    for item in ui.LayoutView.from_message(message, timeout=None).walk_children():
        if isinstance(item, ui.Section) and (match := _context_id(item.accessory)):
            text = "\n".join(part.content for part in item.children if isinstance(part, ui.TextDisplay))
            quote = render.unescape(text.partition("\n> ")[2])
            quoted[int(match["index"])] = quote.removesuffix("…").rstrip(render.CLOSING)
    return quoted


def _context_id(item: ui.Item[Any]) -> re.Match[str] | None:
    return _CONTEXT.fullmatch(item.custom_id or "") if isinstance(item, ui.Button) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


_CONTEXT: re.Pattern[str] = ContextButton.__discord_ui_compiled_template__
