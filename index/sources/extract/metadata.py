"""What a file says of itself, brought to one form. Nothing of it is believed here: see ``claims``."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from index.model.article import Article
from index.sources.extract.blocks import clean
from index.sources.extract.tongue import language_of

MAX_TITLE, MAX_NAME, MAX_ADDRESS = 300, 200, 2_000
"""Characters that are kept of a title, of an author's or a site's name, and of a web address."""

MAX_MISSING = 20  # parts that a source lacks which are named
_NOBODY = frozenset(
    "python-docx|unknown|unknown author|anonymous|(anonymous)|author|user|admin|administrator|windows user"
    "|microsoft office user|office user|root".split("|")
)
"""Whom programs name as the author of what nobody signed."""

_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"]++", re.IGNORECASE)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]|\Z)")


def tidied(article: Article, language: str | None) -> Article:
    """An article whose words on itself are in one line each and not endless; what is none is left out.

    Where nobody says what language it is in, its words tell; else it is taken for English.

    Args:
        article: As a file has it: its language is a tag such as en-GB, or empty.
        language: What it is written in, where that is known better.
    """
    tag = _LANGUAGE.match(article.language.strip())
    own = language or (tag[1].lower() if tag else None)
    author = clean(article.author or "")[:MAX_NAME]
    guess = None if own else language_of(article)
    return replace(
        article,
        title=clean(article.title)[:MAX_TITLE],
        author=None if author.casefold() in _NOBODY else author or None,
        site=clean(article.site or "")[:MAX_NAME] or None,
        source=web_address(article.source),
        language=own or guess or "en",
        language_is_guess=guess is not None,
        missing=tuple(clean(part)[:MAX_NAME] for part in article.missing[:MAX_MISSING]),
    )


def web_address(address: str | None) -> str | None:
    """The address, if it is one of the web and not endless."""
    bare = (address or "").strip()
    return bare if len(bare) <= MAX_ADDRESS and _WEB_ADDRESS.fullmatch(bare) else None


def day(text: str | None) -> date | None:
    """The day of a date or time in ISO 8601."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
