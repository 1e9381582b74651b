"""The line of those who wait for an answer: what keeps one person from taking the bot from everybody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from index import FootnoteError

WAITING_EACH = 3
"""How many questions of one person may wait for their turn at the same time."""


class LineFullError(FootnoteError):
    """Too many questions are waiting already."""


@dataclass(eq=False)
class Ticket:
    """A place in the line.

    Attributes:
        asker: Whose it is.
        is_ready: Whether it can have its turn: others go before one that still waits for something else.
        turn: Done when it is this one's turn.
    """

    asker: int
    is_ready: bool = True
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
        self._turns = 0
        self._open = True

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

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

    def join(self, asker: int, *, is_ready: bool = True) -> Ticket:
        """A place at the end of the line; see ``check`` and ``Ticket``. Give it back with ``leave``."""
        if self._turns >= self._at_once or not self._open:
            self.check(asker)
        ticket = Ticket(asker, is_ready)
        self._waiting.append(ticket)
        self._advance()
        return ticket

    def make_ready(self, ticket: Ticket) -> None:
        """Lets a ticket have its turn."""
        ticket.is_ready = True
        self._advance()

    def leave(self, ticket: Ticket) -> None:
        """Ends a turn, or gives up a place."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        else:
            self._turns -= 1
        self._advance()

    def position(self, ticket: Ticket) -> int:
        """How far it is to a ticket's turn: 1 for the next one, 0 for one whose turn it is."""
        return self._waiting.index(ticket) + 1 if ticket in self._waiting else 0

    def _advance(self) -> None:
        while self._open and self._turns < self._at_once:
            ticket = next((one for one in self._waiting if one.is_ready), None)
            if ticket is None:
                return
            self._waiting.remove(ticket)
            self._turns += 1
            if not ticket.turn.done():  # who was waiting for it may be gone
                ticket.turn.set_result(None)
