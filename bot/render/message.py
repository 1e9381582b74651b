"""What every message has: its colour, its texts, its sources and the footer that names the article."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.render.text import MAX_NAME, clip
from bot.words import Words
from index import Article, Citation, Status

# Okabe and Ito's palette, which colour-blind readers can tell apart. Signs and words say the same.
GREEN, ORANGE, GREY, BLUE = 0x009E73, 0xE69F00, 0x999999, 0x0072B2
COLOURS = {Status.ANSWERED: GREEN, Status.UNCERTAIN: ORANGE, Status.NOT_IN_ARTICLE: GREY}
SIGNS = {Status.ANSWERED: "✅", Status.UNCERTAIN: "⚠️", Status.NOT_IN_ARTICLE: "❌"}
OTHERWISE = "↔️"  # of a claim: a green mark would be read as "true"


@dataclass(frozen=True, slots=True)
class MessageContent:
    """A message: a colour, the text on top, sources with a button each, and a footer."""

    colour: int
    top: str
    sources: tuple[tuple[Citation, str], ...] = ()
    footer: str = ""


def footer(article: Article, words: Words, *facts: str) -> str:
    """The line that says which article a message is from, and more of it where there is more to say."""
    article_line = words("Article: {title}", title=title(article, words))
    return "-# " + " · ".join((article_line, *facts))


def title(article: Article, words: Words) -> str:
    """An article's title, marked where it is only a label."""
    name = clip(article.title, 2 * MAX_NAME)
    return words("{title} (a label)", title=name) if article.title_is_label else name


def tier(status: Status, words: Words) -> str:
    """How far an answer can be relied on, as a sign and in words."""
    match status:
        case Status.ANSWERED:
            tier_name = words("answered")
        case Status.UNCERTAIN:
            tier_name = words("uncertain")
        case Status.NOT_IN_ARTICLE:
            tier_name = words("not in the article")
    return f"{SIGNS[status]} {tier_name}"


def indexed(when: datetime, words: Words) -> str:
    """How old an index is. Discord shows it in the reader's own words, and keeps it true."""
    return words("indexed {when}", when=f"<t:{int(when.timestamp())}:R>")


def command(words: Words, *names: str) -> str:
    """A command as people type it in their language."""
    return "`/" + " ".join(map(words.name, names)) + "`"
