"""What is read again by schedule: a page, a feed or a sitemap with its pages, a channel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from index.model.article import Article
from index.model.source import Source


class WatchKind(StrEnum):
    """What can be read by schedule."""

    PAGE = "page"
    FEED = "feed"
    SITEMAP = "sitemap"
    CHANNEL = "channel"


class Every(StrEnum):
    """How often."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def time(self) -> timedelta:
        """The time between two readings."""
        return {Every.HOUR: timedelta(hours=1), Every.DAY: timedelta(days=1)}.get(self, timedelta(weeks=1))


@dataclass(frozen=True, slots=True)
class Validators:
    """What a site told of a version of a page, by which it says later whether that still stands."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS = Validators()
"""That nothing is known of any version."""


@dataclass(frozen=True, slots=True)
class WebResponse:
    """What a site gave; ``source`` is None where nothing has changed since the validators it was sent."""

    source: Source | None
    validators: Validators = field(default_factory=Validators)


@dataclass(frozen=True, slots=True)
class PageVisit:
    """A page as it is now, and the article that is read of it; both None where it has not changed."""

    source: Source | None
    article: Article | None
    validators: Validators


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page as a feed or a sitemap has it.

    Attributes:
        address: Where it is.
        stamp: When it was changed last, as the list says it; "" where it says nothing.
        date: The same as a time, where it is one.
    """

    address: str
    stamp: str = ""
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a feed or a sitemap lists.

    Attributes:
        kind: FEED or SITEMAP.
        title: What it calls itself; "" for nothing.
        pages: Its pages, newest first as far as it says when they are from.
        is_whole: Whether these are all that it has: one that is too long is read in part.
    """

    kind: WatchKind
    title: str
    pages: tuple[ListedPage, ...]
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class RobotRules:
    """What a site's robots.txt says to Footnote.

    Attributes:
        permissions: Whether each of the addresses may be fetched, in their order.
        delay: The seconds between two requests that it asks for; None where it asks for none.
    """

    permissions: tuple[bool, ...]
    delay: float | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Something that is read by schedule for a server.

    Attributes:
        key: What tells it from every other.
        server: The server's id.
        kind: What it is.
        subject: An article's id, a feed's or sitemap's address, or a channel's id.
        article: The article that it keeps up; None for a feed or a sitemap, which has many.
        every: How often it is read.
        most: How many articles a feed or a sitemap may have here.
        channel: The id of the channel that is told.
        who: Who wanted it, as the history names people.
        next_at: When it is read next.
        validators: What the site told the last time.
        digest: SHA-256 of the text that was read last; None before the first time.
        failures: How often in a row it could not be read.
        lease: The secret of the process that reads it just now; "" for none.
    """

    key: int
    server: str
    kind: WatchKind
    subject: str
    article: str | None
    every: Every
    most: int
    channel: str
    who: str
    next_at: datetime
    validators: Validators = field(default_factory=Validators)
    digest: str | None = None
    failures: int = 0
    lease: str = ""


@dataclass(frozen=True, slots=True)
class WatchPage:
    """A page of a feed or a sitemap that was taken in, or turned down.

    Attributes:
        address: Where it is.
        article: The article that was made of it; None where it is not wanted, or could not be read.
        stamp: What the list said of when it was changed, when it was read, or what no list says where it
            could not be had; None where it is never wanted.
        date: From when it is, as far as that is known.
        seen_at: When it was last known to be there, or tried in vain.
        is_listed: Whether the list has it.
    """

    address: str
    article: str | None
    stamp: str | None
    date: datetime | None
    seen_at: datetime
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """The paragraphs that a newer text has and the older has not, and those that it has no more."""

    new: tuple[str, ...]
    old: tuple[str, ...]

    @classmethod
    def between(cls, before: Article, after: Article) -> Difference:
        """What differs between two versions of an article; what only moved does not."""
        texts = [[one.of(article.text) for one in article.paragraphs] for article in (before, after)]
        return cls(_beyond(texts[1], texts[0]), _beyond(texts[0], texts[1]))


def _beyond(texts: list[str], others: list[str]) -> tuple[str, ...]:
    """The texts that are not among others, as often as they are too many, in order."""
    rest, beyond = Counter(others), list[str]()
    for text in texts:
        if rest[text]:
            rest[text] -= 1
        else:
            beyond.append(text)
    return tuple(beyond)
