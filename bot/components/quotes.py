"""The list of who says what in an article, and the buttons that turn its pages."""

from __future__ import annotations

import hashlib
from typing import Self

from bot import render
from bot.components.card import Card
from bot.components.context import cited_card
from bot.components.custom_ids import ARTICLE
from bot.components.persistent import LibraryButton, SourceGoneError
from bot.render import MAX_SOURCES
from bot.service.conversations import version_of
from bot.words import Words
from index import Article, Library


class QuotesButton(
    LibraryButton, template=rf"quotes(?P<kind>[pn])(?P<page>\d{{1,5}}):(?P<speaker>[0-9a-f]{{8}})?:{ARTICLE}"
):
    """Pages through who says what; the id has a digest of the speaker's name, where only one is listed."""

    @classmethod
    def to(
        cls, article: Article, speaker: str | None, page: int, *, kind: str, label: str, disabled: bool
    ) -> Self:
        """The button for a page of the quotes of ``speaker``, or of everybody."""
        who = _digest(speaker) if speaker else ""
        version = version_of(article)
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


def quotes_card(
    library: Library, article: Article, speaker: str | None, page: int, words: Words, *, changed: bool = False
) -> Card:
    """A page of who says what in an article, with the buttons to the others."""
    citations = library.quotes(speaker, article=article.id)
    if not citations:
        raise SourceGoneError("The article quotes nobody by name.")
    pages = -(-len(citations) // MAX_SOURCES)
    page = min(max(page, 1), pages)
    on_page = citations[(page - 1) * MAX_SOURCES : page * MAX_SOURCES]
    info = library.info(article.id)
    message = render.quotes(on_page, info, words, page=page, pages=pages, changed=changed)
    buttons = [
        QuotesButton.to(
            article, speaker, max(page - 1, 1), kind="p", label=words("Previous"), disabled=page == 1
        ),
        QuotesButton.to(
            article, speaker, min(page + 1, pages), kind="n", label=words("Next"), disabled=page == pages
        ),
    ]
    return cited_card(message, info.article, words, *(buttons if pages > 1 else []))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
