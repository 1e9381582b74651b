"""How often something is read again, and what is followed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.text import clip
from bot.words import Words
from index import Every, Watch, WatchKind

MOST_CHARS = 120  # of an address: ten of them fit below a page of a list


def rhythm(every: Every, words: Words) -> str:
    """How often something is read."""
    match every:
        case Every.HOUR:
            return words("every hour")
        case Every.DAY:
            return words("every day")
        case Every.WEEK:
            return words("every week")


def article_name(article: str) -> str:
    """An article's id, as messages have it."""
    return f"`{clip(article, MOST_CHARS)}`"


def address_name(address: str) -> str:
    """An address, as text and no link."""
    return clip(address, MOST_CHARS)


def subject(watch: Watch) -> str:
    """What is read: an article's id, an address, or a channel as Discord shows it."""
    match watch.kind:
        case WatchKind.PAGE:
            return article_name(watch.subject)
        case WatchKind.CHANNEL:
            return f"<#{int(watch.subject)}>"
        case _:
            return address_name(watch.subject)


def follows(watches: Sequence[Watch], words: Words) -> list[str]:
    """The feeds, sitemaps and channels that are read, a line each; nothing where there are none."""
    lines = [
        f"-# {subject(watch)} · {_kind(watch, words)} · {rhythm(watch.every, words)}"
        for watch in watches
        if watch.kind is not WatchKind.PAGE
    ]
    return [f"**{words('Followed')}**", *lines] if lines else []


def _kind(watch: Watch, words: Words) -> str:
    match watch.kind:
        case WatchKind.CHANNEL:
            return words("channel")
        case WatchKind.FEED:
            name = words("feed")
        case _:
            name = words("sitemap")
    return words("{kind}, at most {most} articles", kind=name, most=words.number(watch.most))
