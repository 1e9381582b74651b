"""What nobody asks for: libraries of servers that the bot has left, and what has been kept long enough."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import TypeVar

from bot.service.threads import ClosingError, Threads
from index import FootnoteError, Library

log = logging.getLogger(__name__)

T = TypeVar("T")

SECONDS_BETWEEN = 24 * 60 * 60.0
"""What nobody uses any more can wait for a day."""


class Upkeep:
    """Looks after the libraries of the servers that the bot is in, and was in.

    What cannot be done now is logged, and done at the next start or the next day.

    Args:
        library: The common one.
        threads: Where it is done.
    """

    def __init__(self, *, library: Library, threads: Threads) -> None:
        self._library = library
        self._threads = threads
        self._task: asyncio.Task[None] | None = None

    def begin(self, serves: Callable[[int], bool]) -> None:
        """Clears up now and daily from now on, until it is closed; a second time changes nothing.

        Each process does so for its own data folder, and for what all share.

        Args:
            serves: Whether this process would know that the bot came back to a server: the library of
                another one, which the bot has left, it does not delete.
        """
        if self._task is None:
            self._task = asyncio.create_task(self._tidy_daily(serves))

    def close(self) -> None:
        """Clears up no more."""
        if self._task is not None:
            self._task.cancel()

    async def meet(self, servers: Collection[int], serves: Callable[[int], bool]) -> None:
        """Tells which servers the bot is in: the libraries of all others are to go after a while.

        Of the servers alone, that is, that this process ``serves``: it knows nothing of those of another one.
        """
        here = {str(server) for server in servers}
        for server in await self._done(lambda: self._library.upkeep.meet(here, serves)) or ():
            log.warning("I am not in server %s any more: its library goes after a while.", server)

    async def leave(self, server: int) -> None:
        """Tells that the bot was removed from a server: its library is to go after a while."""
        if await self._done(lambda: self._library.upkeep.leave(str(server))):
            log.info("Removed from server %d: its library goes after a while.", server)

    async def come_back(self, server: int) -> None:
        """Tells that the bot is in a server again: its library stays."""
        if await self._done(lambda: self._library.upkeep.come_back(str(server))):
            log.info("Back in server %d, whose library is still there.", server)

    async def tidy(self, serves: Callable[[int], bool]) -> None:
        """Deletes what has been kept long enough, between two changes; see ``begin``."""
        try:
            items = await self._threads.run(
                self._threads.indexing, lambda: self._library.upkeep.prune(serves)
            )
        except ClosingError:
            return
        except FootnoteError as error:
            log.warning("What was kept long enough could not be deleted: %s", error)
            return
        for one in items:
            where = f"server {one.server}" if one.server else "the common library"
            log.info("Deleted after its time: %s of %s, %d bytes.", one.kind, where, one.nbytes)

    async def _tidy_daily(self, serves: Callable[[int], bool]) -> None:
        while True:
            try:
                await self.tidy(serves)
            except Exception:
                log.exception("Clearing up failed; it is tried again in a day.")
            await asyncio.sleep(SECONDS_BETWEEN)

    async def _done(self, work: Callable[[], T]) -> T | None:
        try:
            return await self._threads.run(self._threads.reading, work)
        except FootnoteError as error:
            log.warning("The libraries of servers could not be looked after: %s", error)
            return None
