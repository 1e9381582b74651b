"""What reading by schedule has brought, for those who are told of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from bot.service.change_request import ChangeOutcome
from index import Difference, FootnoteError, Validators, Watch


class WatchEndError(FootnoteError):
    """Something is not read any more, and why.

    Attributes:
        must_go: Whether the article that was made of it has to go as well.
    """

    def __init__(self, message: str, /, *, must_go: bool = False, **values: object) -> None:
        super().__init__(message, **values)
        self.must_go = must_go


@dataclass(frozen=True, slots=True)
class ChannelText:
    """What stands in a channel: its messages as a file, of which an article is read."""

    file_name: str
    content: bytes


ReadChannel: TypeAlias = Callable[[int, int], Awaitable[ChannelText]]
"""Reads a channel of a server, by their ids; raises a FootnoteError where it cannot or must not be read."""


@dataclass(frozen=True, slots=True)
class ArticleNews:
    """An article that was added or read again, and what differs in its text."""

    outcome: ChangeOutcome
    difference: Difference

    @property
    def id(self) -> str:
        """The article's id."""
        return self.outcome.report.info.article.id

    @property
    def title(self) -> str:
        """The article's title."""
        return self.outcome.report.info.article.title


@dataclass(frozen=True, slots=True)
class ListNews:
    """What became of the pages of a feed or a sitemap.

    Attributes:
        additions: Articles that were added.
        changes: Articles that were read again.
        removals: The ids of those that were removed.
        problems: Pages that could not be taken in, and why.
    """

    additions: tuple[ArticleNews, ...] = ()
    changes: tuple[ArticleNews, ...] = ()
    removals: tuple[str, ...] = ()
    problems: tuple[tuple[str, FootnoteError], ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.additions or self.changes or self.removals or self.problems)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading something.

    Attributes:
        validators: What its site told.
        digest: SHA-256 of the text.
        article: The article that was changed, if it was.
        pages: What became of its pages, if it has such.
        refusal: Why a change was not put in place: the article's own questions are answered wrongly.
        error: Why not all of it could be done.
        is_partial: Whether there is more to do than is done at a time.
    """

    validators: Validators
    digest: str | None
    article: ArticleNews | None = None
    pages: ListNews | None = None
    refusal: FootnoteError | None = None
    error: FootnoteError | None = None
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What is told of something that was read.

    Attributes:
        watch: What was read.
        article: The article that was changed, if it was.
        pages: What became of its pages, if it has such.
        refusal: Why a change was not put in place.
        error: Why it cannot be read, where that has begun just now.
        is_well: Whether it can be read again.
        end: Why it is not read any more.
    """

    watch: Watch
    article: ArticleNews | None = None
    pages: ListNews | None = None
    refusal: FootnoteError | None = None
    error: FootnoteError | None = None
    is_well: bool = False
    end: WatchEndError | None = None

    @property
    def is_any(self) -> bool:
        """Whether there is anything to tell."""
        has_pages = self.pages is not None and self.pages.is_any
        return has_pages or self.is_well or any((self.article, self.refusal, self.error, self.end))
