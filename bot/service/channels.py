"""What is switched on in channels: the async face of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bot.service.place import Place
from bot.service.threads import Threads
from index import Channels

T = TypeVar("T")


class ChannelBoard:
    """Looks up and changes what is switched on in channels.

    Args:
        channels: What is switched on.
        threads: Where that is read and written.
    """

    def __init__(self, channels: Channels, threads: Threads) -> None:
        self._channels = channels
        self._threads = threads

    async def is_auto(self, place: Place) -> bool:
        """Whether questions are answered at a place that are not put to the bot."""
        if place.server is None:
            return False
        server, channel = str(place.server), str(place.channel)
        work = self._threads.looking
        return await self._threads.run(work, lambda: channel in self._channels.auto.of(server))

    async def look(self, work: Callable[[Channels], T]) -> T:
        """Looks something up."""
        return await self._threads.run(self._threads.reading, lambda: work(self._channels))

    async def note(self, work: Callable[[Channels], T]) -> T:
        """Switches something on or off."""
        return await self._threads.run(self._threads.noting, lambda: work(self._channels))
