"""Feeds and sitemaps: their pages become articles and go, by themselves, politely and within the quotas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.service.allowance import ChangesWaitingError, TooManyChangesError
from bot.service.threads import ClosingError, Threads
from bot.service.watch_changes import WatchChanges
from bot.service.watch_news import ArticleNews, ListNews, Reading
from bot.service.watch_plans import Plan, plan_of
from index import (
    ArticleError,
    FootnoteError,
    ListedPage,
    PageVisit,
    QuotaError,
    ReindexRunningError,
    SiteError,
    SnapshotError,
    UnreachableError,
    Validators,
    Visits,
    Watch,
    Watches,
    WatchPage,
)

T = TypeVar("T")

MOST_VISITS = 10
"""How many pages of a list are visited at a time."""

MOST_TIME = timedelta(minutes=1)
"""How long pages of a list are visited at a time: what is due for other servers waits for it."""

BUSY_ERRORS = (ReindexRunningError, ChangesWaitingError, TooManyChangesError)
"""What keeps a change from being made now, and will not later."""

_NOT_HAD = "could not be had"  # as a page's stamp: it is none that a list has, so the page is tried again
_TIME_TO_DOUBT = timedelta(days=1)  # after which a page that left its feed is looked for once more


class EmptyListError(FootnoteError):
    """A feed or a sitemap lists nothing: more likely a fault of its site than the end of all its pages."""


class ForbiddenPageError(FootnoteError):
    """A site's robots.txt forbids to fetch a page."""


class AbsentPagesError(FootnoteError):
    """None of the pages that were tried can be had just now, though their list can."""


class LostWatchError(Exception):
    """Nobody wants something read any more that is being read."""


@dataclass
class _Round:
    """What has become of the pages of a list so far.

    ``is_partial`` is whether more is to be done than is done at a time, ``is_incomplete`` whether something
    could not be done that may be possible the next time; ``failures`` are the pages that cannot be had just
    now, of the ``tries``.
    """

    additions: list[ArticleNews] = field(default_factory=list)
    changes: list[ArticleNews] = field(default_factory=list)
    removals: list[str] = field(default_factory=list)
    problems: list[tuple[str, FootnoteError]] = field(default_factory=list)
    error: FootnoteError | None = None
    is_partial: bool = False
    is_incomplete: bool = False
    failures: list[str] = field(default_factory=list)
    tries: int = 0
    time: timedelta = timedelta()

    @property
    def news(self) -> ListNews:
        return ListNews(
            tuple(self.additions), tuple(self.changes), tuple(self.removals), tuple(self.problems)
        )


class ListReader:
    """Reads feeds and sitemaps.

    Args:
        watches: Where is noted what became of their pages.
        threads: Where the database and sites are waited for.
        visits: Visits sites.
        changes: Makes articles.
        now: The time.
    """

    def __init__(
        self,
        watches: Watches,
        *,
        threads: Threads,
        visits: Visits,
        changes: WatchChanges,
        now: Callable[[], datetime],
    ) -> None:
        self._watches = watches
        self._threads = threads
        self._visits = visits
        self._changes = changes
        self._now = now

    async def read(self, watch: Watch) -> Reading:
        """Reads a feed or a sitemap, and changes the library as it says.

        Raises:
            FootnoteError: it cannot be read. Nothing was changed.
        """
        listing, validators = await self._visit(lambda: self._visits.listing(watch.subject, watch.validators))
        if listing is not None and not listing.pages:
            raise EmptyListError("{address} lists no pages.", address=watch.subject)
        pages = await self._pages(watch)
        if listing is not None:
            addresses = {page.address for page in listing.pages}
            for page in pages:
                if page.is_listed != (page.address in addresses):
                    await self._note(watch, replace(page, is_listed=not page.is_listed))
        round_ = _Round()
        try:
            await self._carry_out(watch, plan_of(watch, listing, pages), round_)
        except BUSY_ERRORS:
            round_.is_partial = True
        except QuotaError as error:
            round_.error = error
            round_.is_incomplete = True
        except LostWatchError:
            round_.is_partial = True
        return Reading(
            validators=Validators() if round_.is_partial or round_.is_incomplete else validators,
            digest=None,
            pages=round_.news,
            error=round_.error,
            is_partial=round_.is_partial,
        )

    async def _carry_out(self, watch: Watch, plan: Plan, round_: _Round) -> None:
        pages = {page.address: page for page in await self._in_thread(lambda: self._watches.pages(watch))}
        for page in plan.surplus:
            await self._retire(watch, page, round_)
        past = self._now() - _TIME_TO_DOUBT
        waiting: list[ListedPage | WatchPage] = [*plan.new, *plan.changes]
        waiting += [page for page in plan.doubtful if page.seen_at <= past]
        waiting.sort(key=lambda one: _failed_at(pages.get(one.address)))
        turn, rest = waiting[:MOST_VISITS], waiting[MOST_VISITS:]
        addresses = [page.address for page in turn]
        may_visit = await self._visit(lambda: self._visits.may_visit(addresses)) if addresses else {}
        for one in turn:
            if round_.time >= MOST_TIME and may_visit.get(one.address):
                rest.append(one)
                continue
            round_.tries += 1
            if isinstance(one, WatchPage):
                await self._look_for(watch, one, may_visit, round_)
            else:
                await self._visit_one(watch, one, pages.get(one.address), may_visit, round_)
        round_.is_partial = any(not _failed_at(pages.get(one.address)) for one in rest)
        round_.is_incomplete |= bool(rest)
        # A list of which articles are is not to be read less often for a few pages that are not there.
        is_well = len(turn) < MOST_VISITS and any(page.article for page in pages.values())
        if round_.failures and round_.tries == len(round_.failures) and not (round_.is_partial or is_well):
            round_.error = AbsentPagesError(
                "The pages that it lists cannot be had just now, {address} for one.",
                address=round_.failures[0],
            )

    async def _visit_one(
        self,
        watch: Watch,
        entry: ListedPage,
        page: WatchPage | None,
        may_visit: Mapping[str, bool],
        round_: _Round,
    ) -> None:
        """Makes an article of a page, or reads it again where it is one."""
        address = entry.address
        article = page.article if page is not None else None
        base = WatchPage(address, article, entry.stamp, entry.date, self._now())
        if address not in may_visit:
            await self._fail(watch, base, round_)
            return
        if not may_visit[address]:
            problem = ForbiddenPageError("The robots.txt of the site forbids to fetch it.")
            round_.problems.append((address, problem))
            await self._note(watch, base)
            return
        try:
            visit = await self._page(watch, base, round_)
            if base.article is not None:
                change = await self._changes.reread_page(watch, base.article, visit)
                round_.changes += [change] if change is not None else []
                await self._note(watch, base)
            else:
                await self._note(watch, await self._addition(watch, base, visit, round_))
        except (*BUSY_ERRORS, QuotaError, ClosingError, SnapshotError):
            raise
        except FootnoteError as error:
            if page is not None and article is not None and isinstance(error, SiteError) and error.is_gone:
                await self._retire(watch, page, round_)
            elif isinstance(error, ArticleError) and _may_pass(error):
                await self._fail(watch, base, round_)
            else:
                round_.problems.append((address, error))
                await self._note(watch, base)

    async def _fail(self, watch: Watch, page: WatchPage, round_: _Round) -> None:
        """Notes that a page cannot be had just now: all others have their turn before it has another one."""
        round_.failures.append(page.address)
        round_.is_incomplete = True
        await self._note(watch, replace(page, stamp=_NOT_HAD))

    async def _page(self, watch: Watch, page: WatchPage, round_: _Round) -> PageVisit:
        await self._renew(watch)
        begins_at = self._now()
        try:
            return await self._visit(lambda: self._visits.page(page.address, page.article or "page"))
        finally:
            round_.time += self._now() - begins_at

    async def _addition(self, watch: Watch, base: WatchPage, visit: PageVisit, round_: _Round) -> WatchPage:
        addition = await self._changes.add_page(watch, visit)
        if addition is None:
            return replace(base, stamp=None)
        if isinstance(addition, str):
            return replace(base, article=addition)
        round_.additions.append(addition)
        return replace(base, article=addition.id)

    async def _look_for(
        self, watch: Watch, page: WatchPage, may_visit: Mapping[str, bool], round_: _Round
    ) -> None:
        """Removes the article of a page that has left its feed, where the page is gone."""
        try:
            if may_visit.get(page.address):
                await self._page(watch, page, round_)
        except ArticleError as error:
            if isinstance(error, SiteError) and error.is_gone:
                await self._retire(watch, page, round_)
                return
        await self._note(watch, replace(page, seen_at=self._now()))  # or not known to be gone: another day

    async def _retire(self, watch: Watch, page: WatchPage, round_: _Round) -> None:
        assert page.article is not None  # noqa: S101 - told to the type checker: it is an article's
        if await self._changes.retire(watch, page.article):
            round_.removals.append(page.article)
        await self._in_thread(lambda: self._watches.delete_page(watch, page.address))

    async def _pages(self, watch: Watch) -> tuple[WatchPage, ...]:
        """What became of the pages before; of those that somebody has removed, that they are not wanted."""
        entries = await self._changes.own_entries(watch)
        pages = list(await self._in_thread(lambda: self._watches.pages(watch)))
        for number, page in enumerate(pages):
            if page.article is not None and page.article not in entries:
                pages[number] = replace(page, article=None, stamp=None)
                await self._note(watch, pages[number])
        return tuple(pages)

    async def _note(self, watch: Watch, page: WatchPage) -> None:
        await self._in_thread(lambda: self._watches.put_page(watch, page))

    async def _renew(self, watch: Watch) -> None:
        if not await self._in_thread(lambda: self._watches.renew(watch, self._now())):
            raise LostWatchError

    async def _visit(self, work: Callable[[], T]) -> T:
        return await self._threads.run(self._threads.visiting, work)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._threads.run(self._threads.reading, work)


def _may_pass(error: ArticleError) -> bool:
    """Whether a page may be there the next time: its site cannot be reached, or has too much to do."""
    if isinstance(error, SiteError):
        return error.code == 429 or error.code >= 500
    return isinstance(error, UnreachableError)


def _failed_at(page: WatchPage | None) -> float:
    """When a page could not be had, as seconds since 1970; 0 where that is not how its last try ended."""
    return page.seen_at.timestamp() if page is not None and page.stamp == _NOT_HAD else 0.0
