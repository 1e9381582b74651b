"""The pages of an article, and the buttons that turn them."""

from __future__ import annotations

from typing import Self

from bot import render
from bot.components.card import Card
from bot.components.custom_ids import ARTICLE
from bot.components.persistent import LibraryButton
from bot.service.conversations import version_of
from bot.words import Words
from index import Article, Library


class ReadButton(LibraryButton, template=rf"read(?P<kind>[ofpnl])(?P<start>\d{{1,9}}):{ARTICLE}"):
    """Pages through an article: "o" opens it, "f", "p", "n" and "l" go to the first, previous... page."""

    def __init__(self, custom_id: str, *, label: str | None = None, disabled: bool = False) -> None:
        super().__init__(custom_id, label=label, disabled=disabled)
        self.steps = self.match["kind"] != "o"

    @classmethod
    def to(cls, article: Article, start: int, *, label: str, kind: str = "o", disabled: bool = False) -> Self:
        """The button for the page of ``article`` that begins at ``start``."""
        version = version_of(article)
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
    message = render.reading(article, page, words, note=note)
    return Card(message, *([] if at_start and at_end else buttons))
