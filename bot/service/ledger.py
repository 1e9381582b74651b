"""What was asked and what people said of it: written in a thread that no answer waits for."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import TypeVar

from bot.service.threads import ClosingError, Threads
from index import FootnoteError, KeptQuestion, LibraryError, QuestionLedger, Vote

log = logging.getLogger(__name__)

T = TypeVar("T")

SECONDS_TO_LOOK = 0.2
"""How long an answer that is there waits to hear whether its question may be kept."""


class OptedOutError(FootnoteError):
    """Somebody of whom nothing is kept wants to say what would have to be kept."""

    def __init__(self) -> None:
        super().__init__(
            "You chose that nothing of you is kept, so this cannot be counted. Use /my-data keep to change "
            "that."
        )


class QuestionGoneError(LibraryError):
    """A question is not kept any more."""

    def __init__(self) -> None:
        super().__init__("This question is not kept any more, or is none of this server's.")


def new_key() -> int:
    """What a question is known by: random, so that nobody can guess another one's."""
    return secrets.randbits(63)


class Ledger:
    """The async face of the ledger.

    Args:
        ledger: Where questions are kept.
        threads: Where that is written and read.
    """

    def __init__(self, ledger: QuestionLedger, threads: Threads) -> None:
        self._ledger = ledger
        self._threads = threads
        self._writing = set[asyncio.Task[None]]()

    def permission(self, person: int) -> asyncio.Task[bool]:
        """Begins to look whether something of a person may be kept."""
        return asyncio.create_task(self._allows(str(person)))

    async def in_time(self, permission: asyncio.Task[bool]) -> bool:
        """What was found, where that did not take long; else False."""
        await asyncio.wait((permission,), timeout=SECONDS_TO_LOOK)
        return permission.done() and permission.result()

    def keep(self, question: KeptQuestion) -> None:
        """Has a question kept, with nobody waiting for it. Where that cannot be, it is logged."""
        task = asyncio.create_task(self._keep(question))
        self._writing.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._writing.discard)

    async def vote(self, key: int, vote: Vote) -> None:
        """Enters what somebody says of an answer, in place of what they said before.

        Raises:
            OptedOutError: they want nothing of them kept.
            QuestionGoneError: the question is not kept, or no more.
        """

        def enter(ledger: QuestionLedger) -> None:
            if ledger.has_opted_out(vote.person):
                raise OptedOutError
            if not ledger.vote(key, vote):
                raise QuestionGoneError

        await self.note(enter)

    async def note(self, work: Callable[[QuestionLedger], T]) -> T:
        """Writes something, after all that is to be written already."""
        return await self._threads.run(self._threads.noting, lambda: work(self._ledger))

    async def look(self, work: Callable[[QuestionLedger], T]) -> T:
        """Looks something up."""
        return await self._threads.run(self._threads.reading, lambda: work(self._ledger))

    async def _allows(self, person: str) -> bool:
        try:
            return not await self.look(lambda ledger: ledger.has_opted_out(person))
        except FootnoteError as error:
            log.warning("Whether a question may be kept could not be looked up: %s", error)
            return False

    async def _keep(self, question: KeptQuestion) -> None:
        try:
            await self.note(lambda ledger: ledger.keep(question))
        except ClosingError:
            return
        except FootnoteError as error:
            log.warning("A question could not be kept: %s", error)
