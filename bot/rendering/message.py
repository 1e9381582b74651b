"""What every message has: its colour, its texts, its sources and the footer that names the article."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rendering.text import MAX_NAME, clip
from index import Article, Citation

# Okabe and Ito's palette, which colour-blind readers can tell apart. The headings say the same in words.
GREEN, ORANGE, GREY, BLUE = 0x009E73, 0xE69F00, 0x999999, 0x0072B2


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: a colour, the text on top, sources with a button each, and a footer."""

    colour: int
    top: str
    sources: tuple[tuple[Citation, str], ...] = ()
    footer: str = ""


def footer(article: Article) -> str:
    """The line that says which article a message is from."""
    return f"-# Article: {title(article)}"


def title(article: Article) -> str:
    """An article's title, marked where it is only a label."""
    return clip(article.title, 2 * MAX_NAME) + (" (a label)" if article.title_is_label else "")
