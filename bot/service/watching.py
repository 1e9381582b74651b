"""What is read by schedule: when its time has come, it is read as it is now, and what came of it is told."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.service.place import Place
from bot.service.threads import ClosingError, Threads
from bot.service.watch_changes import LibraryAccess, WatchChanges, is_of_channel
from bot.service.watch_lists import BUSY_ERRORS, EmptyListError, ListReader
from bot.service.watch_news import News, ReadChannel, Reading, WatchEndError
from index import (
    Entry,
    Every,
    FootnoteError,
    Library,
    LibraryError,
    OwnQuestionsError,
    SelfCheckError,
    SiteError,
    SnapshotError,
    Validators,
    Visits,
    Watch,
    Watches,
    WatchKind,
    article_id,
)

T = TypeVar("T")

MOST_LISTS = 10
"""How many feeds, sitemaps and channels a server may follow."""

_LONGEST = timedelta(weeks=1)  # between two tries, however often it has failed
_AT_ONCE = timedelta(minutes=1)  # when what must not wait has its next turn
_SOON = timedelta(minutes=10)  # when what is busy now may be free
_MORE = timedelta(hours=1)  # when the rest of a long list has its turn

log = logging.getLogger(__name__)


class NotWebError(LibraryError):
    """An article is not from the web, so there is nothing that could be read again."""


def _now() -> datetime:
    return datetime.now(UTC)


class Watching:
    """Reads things by schedule, for the servers of this process.

    Args:
        library: The common one.
        threads: Where the database and sites are waited for.
        visits: Visits sites.
        access: Reads and changes libraries.
        now: The time.
    """

    def __init__(
        self,
        library: Library,
        *,
        threads: Threads,
        visits: Visits,
        access: LibraryAccess,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._watches: Watches = library.upkeep.watches
        self._threads = threads
        self._visits = visits
        self._access = access
        self._now = now
        self._changes = WatchChanges(access)
        self._lists = ListReader(
            self._watches, threads=threads, visits=visits, changes=self._changes, now=lambda: self._now()
        )

    # What admins want

    async def watch_page(self, place: Place, entry: Entry, every: Every, *, channel: int, who: str) -> Watch:
        """Has an article read again by schedule.

        Args:
            place: The server.
            entry: The article, one of the server's own.
            every: How often.
            channel: Where it is told what has changed.
            who: Who wants it, as histories name people.

        Raises:
            NotWebError: it is not from the web.
        """
        if not _is_address(entry.place):
            raise NotWebError(
                "“{id}” was not read from the web, so there is nowhere to read it again. Reindex it with a "
                "new file, or add its page by the address.",
                id=entry.id,
            )
        digest = await self._access.read(place, lambda library: library.article(entry.id).sha256)
        watch = self._wish(place, WatchKind.PAGE, entry.id, every, channel=channel, who=who)
        return await self._begin(
            replace(watch, article=entry.id, digest=digest, next_at=self._now() + every.time)
        )

    async def follow_list(
        self, place: Place, address: str, every: Every, *, most: int, channel: int, who: str
    ) -> tuple[Watch, int]:
        """Has the pages of a feed or a sitemap added by themselves, from the next minute on.

        Args:
            place: The server.
            address: Where the list is.
            every: How often it is read.
            most: How many articles it may have here.
            channel: Where it is told what was added and removed.
            who: Who wants it, as histories name people.

        Returns:
            The watch, and how many pages are listed now.

        Raises:
            ArticleError: it cannot be fetched, or is neither.
            LibraryError: the server follows as much as it may.
        """
        listing, _ = await self._threads.run(self._threads.visiting, lambda: self._visits.listing(address))
        if listing is None or not listing.pages:
            raise EmptyListError("{address} lists no pages.", address=address)
        watch = self._wish(place, listing.kind, address, every, channel=channel, who=who)
        return await self._begin(replace(watch, most=most)), len(listing.pages)

    async def follow_channel(
        self, place: Place, source: int, name: str, every: Every, *, channel: int, who: str
    ) -> Watch:
        """Has the messages of a channel become an article, from the next minute on.

        Args:
            place: The server.
            source: The channel's id,
            name: and its name, by which the article gets its id.
            every: How often it is read.
            channel: Where it is told what has changed.
            who: Who wants it, as histories name people.

        Raises:
            LibraryError: the server follows as much as it may.
        """
        watch = self._wish(place, WatchKind.CHANNEL, str(source), every, channel=channel, who=who)
        before = [one for one in await self.of(place) if _is_same(one, watch)]
        if before:
            return await self._begin(replace(watch, article=before[0].article))
        mark = f"-{source % 10_000:04}"
        entries = await self._changes.own_entries(watch)
        id_ = article_id(name)
        there = entries.get(id_)
        if there is not None and not is_of_channel(there, str(source)):
            id_ = f"{id_[:30].rstrip('-')}{mark}"
        return await self._begin(replace(watch, article=id_))

    async def end(self, place: Place, kinds: tuple[WatchKind, ...], subject: str) -> bool:
        """Reads something no more; whether it was read."""
        return await self._in_thread(lambda: self._watches.end(str(place.server), kinds, subject))

    async def of(self, place: Place) -> tuple[Watch, ...]:
        """What is read by schedule for a server."""
        return await self._in_thread(lambda: self._watches.of(str(place.server)))

    # What is due

    async def news(self, serves: Callable[[int], bool], read_channel: ReadChannel) -> AsyncIterator[News]:
        """Reads all that is due, one after the other, and gives what is to be told of it.

        Args:
            serves: Whether a server is one that can be told.
            read_channel: Reads channels.

        Raises:
            ClosingError: the process stops.
            FootnoteError: it cannot be found out what is due.
        """
        while True:
            with self._access.in_flight():
                watch = await self._in_thread(lambda: self._watches.take(serves, self._now()))
                if watch is None:
                    return
                news = await self._news_of(watch, read_channel)
                if news is not None and news.is_any:
                    yield news  # while the process stops, it waits until that is told, and not for the rest

    async def _news_of(self, watch: Watch, read_channel: ReadChannel) -> News | None:
        try:
            reading = await self._read(watch, read_channel)
        except ClosingError:
            raise
        except BUSY_ERRORS:
            await self._put_off(watch, _SOON)
            return None
        except WatchEndError as error:
            return await self._end(watch, error)
        except SnapshotError as error:
            log.warning("Something could not be read for server %s: %s", watch.server, error)
            await self._put_off(watch, _SOON)
            return None
        except FootnoteError as error:
            return await self._failure(watch, error, None)
        if reading is None:
            await self._delete(watch)
            return None
        if reading.error is not None:
            return await self._failure(watch, reading.error, reading)
        wait = min(_MORE, watch.every.time) if reading.is_partial else watch.every.time
        is_wanted = await self._note(watch, wait, reading.validators, reading.digest, failures=0)
        is_well = watch.failures > 0 and is_wanted
        return News(watch, reading.article, reading.pages, reading.refusal, is_well=is_well)

    async def _read(self, watch: Watch, read_channel: ReadChannel) -> Reading | None:
        """What came of reading something; None where there is nothing any more that it could be read for."""
        match watch.kind:
            case WatchKind.PAGE:
                return await self._read_page(watch)
            case WatchKind.CHANNEL:
                return await self._read_channel(watch, read_channel)
            case _:
                return await self._lists.read(watch)

    async def _read_page(self, watch: Watch) -> Reading | None:
        entry = (await self._changes.own_entries(watch)).get(watch.subject)
        if entry is None:
            return None
        if not _is_address(entry.place):
            raise WatchEndError(
                "“{id}” is not from the web any more, so it is not read again by itself.", id=entry.id
            )
        visit = await self._threads.run(
            self._threads.visiting, lambda: self._visits.page(entry.place, entry.id, watch.validators)
        )
        if visit.article is None or visit.article.sha256 == watch.digest:
            return Reading(visit.validators, watch.digest)
        digest = visit.article.sha256
        try:
            change = await self._changes.reread_page(watch, entry.id, visit)
        except (SelfCheckError, OwnQuestionsError) as error:
            return Reading(visit.validators, digest, refusal=error)
        return Reading(visit.validators, digest, change)

    async def _read_channel(self, watch: Watch, read_channel: ReadChannel) -> Reading:
        text = await read_channel(int(watch.server), int(watch.subject))
        digest = hashlib.sha256(text.content).hexdigest()
        if digest == watch.digest:
            return Reading(Validators(), digest)
        try:
            return Reading(Validators(), digest, await self._changes.take_channel(watch, text))
        except (SelfCheckError, OwnQuestionsError) as error:
            return Reading(Validators(), digest, refusal=error)

    # How it goes on

    async def _failure(self, watch: Watch, error: FootnoteError, reading: Reading | None) -> News:
        """Tries again later, and later each time; that it has begun to fail is told once."""
        failures = watch.failures + 1
        wait = min(watch.every.time * 2 ** min(failures, 10), _LONGEST)
        if isinstance(error, SiteError) and error.retry_after is not None:
            wait = min(max(wait, timedelta(seconds=error.retry_after)), _LONGEST)
        validators = reading.validators if reading else watch.validators
        is_wanted = await self._note(watch, wait, validators, watch.digest, failures=failures)
        begins = is_wanted and failures == 1
        return News(watch, pages=reading.pages if reading else None, error=error if begins else None)

    async def _put_off(self, watch: Watch, wait: timedelta) -> None:
        await self._note(watch, wait, watch.validators, watch.digest, failures=watch.failures)

    async def _note(
        self, watch: Watch, wait: timedelta, validators: Validators, digest: str | None, *, failures: int
    ) -> bool:
        next_at = self._now() + wait
        return await self._in_thread(
            lambda: self._watches.note(
                watch, next_at=next_at, validators=validators, digest=digest, failures=failures
            )
        )

    async def _end(self, watch: Watch, error: WatchEndError) -> News | None:
        """Reads something no more, and removes its article where that has to go; None where it is not yet."""
        try:
            is_removed = error.must_go and await self._changes.retire_channel(watch)
        except BUSY_ERRORS:  # not for the length of a lease: until then everybody may ask it
            await self._put_off(watch, _AT_ONCE)
            return None
        await self._delete(watch)
        return News(watch if is_removed else replace(watch, article=None), end=error)

    async def _delete(self, watch: Watch) -> None:
        await self._in_thread(lambda: self._watches.end(watch.server, (watch.kind,), watch.subject))

    def _wish(
        self, place: Place, kind: WatchKind, subject: str, every: Every, *, channel: int, who: str
    ) -> Watch:
        return Watch(0, str(place.server), kind, subject, None, every, 1, str(channel), who, self._now())

    async def _begin(self, watch: Watch) -> Watch:
        others = [
            one
            for one in await self._in_thread(lambda: self._watches.of(watch.server))
            if not _is_same(one, watch)
        ]
        if watch.kind is not WatchKind.PAGE:
            follows = [one for one in others if one.kind is not WatchKind.PAGE]
            if len(follows) >= MOST_LISTS:
                raise LibraryError(
                    "This server follows {count} feeds, sitemaps and channels, as many as it may. End one "
                    "with /library follow and “off” first.",
                    count=len(follows),
                )
        return await self._in_thread(lambda: self._watches.begin(watch))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._threads.run(self._threads.reading, work)


def _is_address(place: str) -> bool:
    """Whether an article is from the web: what was uploaded has a name without slashes."""
    return place.startswith(("http://", "https://"))


def _is_same(one: Watch, other: Watch) -> bool:
    return (one.kind, one.subject) == (other.kind, other.subject)
