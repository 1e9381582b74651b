"""The changes that reading by schedule makes: each a job like any other, in the name of the command."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from bot.operations.metrics import Metrics
from bot.service.change_ends import count_end
from bot.service.change_request import ChangeOutcome, ChangeRequest, OnProgress
from bot.service.job_board import Attachments
from bot.service.place import Place
from bot.service.watch_news import ArticleNews, ChannelText, WatchEndError
from index import (
    MAX_ID_CHARS,
    Action,
    Article,
    Difference,
    Entry,
    Library,
    LibraryError,
    PageVisit,
    Source,
    Watch,
    article_id,
)

T = TypeVar("T")

WHO = "/library watch"
"""Who made such a change, as the history says it: nobody did so in person."""

_HASH_CHARS = 6


class LibraryAccess(Protocol):
    """Reads and changes the libraries of servers; see ``Service``."""

    metrics: Metrics

    def in_flight(self) -> AbstractContextManager[None]:
        """Marks the current task as one that is waited for when the process stops."""

    async def read(self, place: Place, work: Callable[[Library], T]) -> T:
        """Looks something up in the library of a place."""

    async def alter(self, place: Place, work: Callable[[Library], T]) -> T:
        """Changes something quickly in the library of a place."""

    async def change(
        self,
        request: ChangeRequest,
        on_progress: OnProgress,
        *,
        attach: Callable[[], Awaitable[Attachments]] | None = None,
    ) -> ChangeOutcome:
        """Has a change made that takes its time."""


class WatchChanges:
    """Makes such changes.

    Args:
        access: Where they are made.
    """

    def __init__(self, access: LibraryAccess) -> None:
        self._access = access

    async def own_entries(self, watch: Watch) -> dict[str, Entry]:
        """The articles of a watch's server, by their ids."""
        entries = await self._access.read(_place(watch), lambda library: library.entries())
        return {entry.id: entry for entry in entries if entry.own}

    async def add_page(self, watch: Watch, visit: PageVisit) -> ArticleNews | str | None:
        """Adds a page as an article.

        Returns:
            What was added; the id of its article, where that was added so already, by a process that died;
            None where somebody has added it themselves.
        """
        source, article = _content(visit)
        entries = await self.own_entries(watch)
        for entry in entries.values():
            if entry.place == source.origin.place:
                return entry.id if await self._is_ours(watch, entry.id) else None
        id_ = article_id(article.title)
        if id_ in entries:
            mark = hashlib.sha256(source.origin.place.encode()).hexdigest()[:_HASH_CHARS]
            id_ = f"{id_[: MAX_ID_CHARS - _HASH_CHARS - 1].rstrip('-')}-{mark}"
        return await self._make(watch, id_, source, before=None)

    async def reread_page(self, watch: Watch, id: str, visit: PageVisit) -> ArticleNews | None:  # noqa: A002
        """Publishes an article as its page is now; None where that changes nothing."""
        source, _ = _content(visit)
        before = await self._access.read(_place(watch), lambda library: library.article(id))
        news = await self._make(watch, id, source, before=before)
        return news if news.outcome.report.published else None

    async def take_channel(self, watch: Watch, text: ChannelText) -> ArticleNews | None:
        """Publishes the article of a channel as that is now; None where that changes nothing.

        Raises:
            WatchEndError: the article of that id was made of something else.
        """
        id_ = watch.article or ""
        entry = (await self.own_entries(watch)).get(id_)
        if entry is not None and not is_of_channel(entry, watch.subject):
            raise WatchEndError(
                "“{id}” is another article by now, so the channel is not followed any more. Follow it once "
                "more, and its article gets an id of its own.",
                id=id_,
            )
        before = (
            await self._access.read(_place(watch), lambda library: library.article(id_)) if entry else None
        )
        news = await self._make(watch, id_, text, before=before)
        return news if news.outcome.report.published else None

    async def retire_channel(self, watch: Watch) -> bool:
        """Removes the article that was made of a channel; False where there is none."""
        entry = (await self.own_entries(watch)).get(watch.article or "")
        if entry is None or not is_of_channel(entry, watch.subject):
            return False
        return await self.retire(watch, entry.id)

    async def retire(self, watch: Watch, id: str) -> bool:  # noqa: A002 - as it is called everywhere
        """Removes an article, which can be brought back; False where it was gone already."""

        def work(library: Library) -> bool:
            if not any(entry.own and entry.id == id for entry in library.entries()):
                return False
            library.remove(id, who=WHO)
            return True

        return await self._access.alter(_place(watch), work)

    async def _is_ours(self, watch: Watch, id: str) -> bool:  # noqa: A002
        changes = await self._access.read(_place(watch), lambda library: library.history(id))
        additions = [change.who for change in changes if change.action is Action.ADDED]
        return additions[:1] == [WHO]

    async def _make(
        self,
        watch: Watch,
        id: str,  # noqa: A002
        source: Source | ChannelText,
        *,
        before: Article | None,
    ) -> ArticleNews:
        request = ChangeRequest(server=int(watch.server), starter=0, who=WHO, adds=before is None, article=id)
        if isinstance(source, Source):
            origin = source.origin
            request = replace(request, address=origin.place, media_type=origin.media_type)
        else:
            request = replace(request, file_name=source.file_name)

        async def attach() -> Attachments:
            return source.content, None

        change = asyncio.create_task(self._access.change(request, lambda _: None, attach=attach))
        change.add_done_callback(partial(count_end, self._access.metrics))
        outcome = await change
        return await self._access.read(_place(watch), lambda library: _news(library, outcome, before))


def is_of_channel(entry: Entry, channel: str) -> bool:
    """Whether an article was made of a channel, by its id: the file that it was read from bears it."""
    return entry.place.endswith(f"({channel}).md")


def _news(library: Library, outcome: ChangeOutcome, before: Article | None) -> ArticleNews:
    try:
        after = library.article(outcome.report.info.article.id)
    except LibraryError:  # it was removed meanwhile
        return ArticleNews(outcome, Difference((), ()))
    return ArticleNews(outcome, Difference.between(before, after) if before else Difference((), ()))


def _content(visit: PageVisit) -> tuple[Source, Article]:
    assert visit.source is not None  # noqa: S101 - told to the type checker: a page that is as it was
    assert visit.article is not None  # noqa: S101 - is not changed
    return visit.source, visit.article


def _place(watch: Watch) -> Place:
    return Place(int(watch.server))
