"""What keeps one person, or one busy minute, from taking the bot from everybody else: rates and the line."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import discord
from discord.app_commands import Cooldown
from discord.ext.commands.cooldowns import DynamicCooldownMapping

from index import FootnoteError

WAITING_EACH = 3
"""How many questions of one person may wait for their turn at the same time."""


class TooFastError(FootnoteError):
    """Somebody asks, or all of a server together ask, more often than they may.

    Attributes:
        told: Whether this person was told so within the last minute already.
    """

    def __init__(self, message: str, /, *, seconds: int, told: bool) -> None:
        super().__init__(message, seconds=seconds)
        self.told = told


class LineFullError(FootnoteError):
    """Too many questions are waiting already."""


class Rates:
    """How many questions a minute a person and a server may ask.

    Args:
        person: Questions a minute; 0 for no limit.
        server: The same of all the people of one server together.
        now: The time in seconds.
    """

    def __init__(
        self,
        *,
        person: int = 0,
        server: int = 0,
        now: Callable[[], float] = lambda: discord.utils.utcnow().timestamp(),
    ) -> None:
        self._now = now
        self._people, self._servers, self._told = _buckets(person), _buckets(server), _buckets(1)

    def count(self, *, person: int, server: int | None) -> None:
        """Counts a question, unless it is one too many.

        Raises:
            TooFastError: it is; the message says how long to wait.
        """
        now = self._now()
        mine = self._people.get_bucket(person, now)
        everyones = None if server is None else self._servers.get_bucket(server, now)
        if seconds := _wait(mine, now):
            told = self._tell(person, now)
            raise TooFastError(
                "One moment, please: you can ask again in {seconds} s.", seconds=seconds, told=told
            )
        if seconds := _wait(everyones, now):
            told = self._tell(person, now)
            raise TooFastError(
                "This server asks a lot just now. Please ask again in {seconds} s.",
                seconds=seconds,
                told=told,
            )
        for bucket in filter(None, (mine, everyones)):
            bucket.update_rate_limit(now)

    def _tell(self, person: int, now: float) -> bool:
        """Whether a person was told within the last minute; from now on they were."""
        return self._told.update_rate_limit(person, now) is not None


@dataclass(eq=False)
class Ticket:
    """A place in the line. ``turn`` is done when it is this one's turn."""

    asker: int
    turn: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Line:
    """Who waits for an answer, first come first served, so many at a time.

    Args:
        length: How many may wait.
        at_once: How many have their turn at the same time.
    """

    def __init__(self, *, length: int, at_once: int) -> None:
        self._length, self._at_once = length, at_once
        self._waiting: list[Ticket] = []
        self._served = 0
        self._open = True

    def close(self) -> None:
        """Lets nobody in until ``open``."""
        self._open = False

    def open(self) -> None:
        """Lets the first ones in again."""
        self._open = True
        self._advance()

    def check(self, asker: int) -> None:
        """Whether one more may join.

        Raises:
            LineFullError: the line is too long, or ``asker`` waits often enough in it already.
        """
        if Counter(ticket.asker for ticket in self._waiting)[asker] >= WAITING_EACH:
            raise LineFullError(
                "You have {count} questions waiting already. Ask again when one is answered.",
                count=WAITING_EACH,
            )
        if len(self._waiting) >= self._length:
            raise LineFullError(
                "The line is full: {count} are waiting. Please ask again in a minute.", count=self._length
            )

    def join(self, asker: int) -> Ticket:
        """A place at the end of the line; see ``check``. Give it back with ``leave``."""
        if self._served >= self._at_once or not self._open:
            self.check(asker)
        ticket = Ticket(asker)
        self._waiting.append(ticket)
        self._advance()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Ends a turn, or gives up a place."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        else:
            self._served -= 1
        self._advance()

    def position(self, ticket: Ticket) -> int:
        """How far it is to a ticket's turn: 1 for the next one, 0 for one whose turn it is."""
        return self._waiting.index(ticket) + 1 if ticket in self._waiting else 0

    def _advance(self) -> None:
        while self._open and self._waiting and self._served < self._at_once:
            ticket = self._waiting.pop(0)
            self._served += 1
            if not ticket.turn.done():  # who was waiting for it may be gone
                ticket.turn.set_result(None)


def _buckets(rate: int) -> DynamicCooldownMapping[int]:
    """A bucket of ``rate`` questions a minute for each person or server; none where that is 0."""
    return DynamicCooldownMapping(lambda _: Cooldown(rate, 60) if rate else None, lambda key: key)


def _wait(bucket: Cooldown | None, now: float) -> int:
    """Whole seconds until there is room in a bucket."""
    if bucket is None or bucket.get_tokens(now):
        return 0
    return max(1, math.ceil(bucket.get_retry_after(now)))
