"""The jobs that this process waits for: posted in the database, followed there, called off there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from bot.operations.logs import request_id
from bot.service.allowance import ChangeAllowance
from bot.service.change_request import (
    ChangeOutcome,
    ChangeRequest,
    OnProgress,
    outcome_of,
    request_json,
    request_of,
)
from bot.service.threads import ClosingError, Threads
from index import Jobs, Progress, SnapshotError

T = TypeVar("T")

SECONDS_BETWEEN_LOOKS = 1.0
"""How often a job is looked at that another process does; what this one does is told at once."""

Attachments: TypeAlias = "tuple[bytes | None, bytes | None]"
"""A source that was attached, and the questions that accompany it."""


@dataclass
class _Wait:
    """Somebody who waits for a job. ``is_told`` is whether a worker of this process does it."""

    on_progress: OnProgress
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_told: bool = False


class JobBoard:
    """Posts jobs, and waits for what comes of them. Used on the event loop, but for ``tell``.

    Args:
        jobs: Those of the database.
        allowance: How many changes may be made.
        threads: Where the database is waited for.
    """

    def __init__(self, jobs: Jobs, *, allowance: ChangeAllowance, threads: Threads) -> None:
        self._jobs = jobs
        self._allowance = allowance
        self._threads = threads
        self._waits: dict[str, _Wait] = {}
        self._attaching = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False

    async def make(
        self,
        request: ChangeRequest,
        on_progress: OnProgress,
        *,
        job_id: str,
        attach: Callable[[], Awaitable[Attachments]] | None = None,
        on_post: Callable[[], None] = lambda: None,
    ) -> ChangeOutcome:
        """Has a change made, and waits for what comes of it.

        Args:
            request: What is to be changed.
            on_progress: Told how far it is.
            job_id: 16 hexadecimal digits that no other job has.
            attach: Gets what was attached. Of several, one does so at a time: none takes the memory of many.
            on_post: Called when it can be taken.

        Raises:
            ReindexRunningError: another change of this server is on the way.
            ChangesWaitingError: too many are waiting for their turn.
            TooManyChangesError: this server, or all together, made as many as they may in an hour.
            CancelledError: it was called off; nothing was changed.
            ClosingError: this process stops; nothing was changed.
        """
        waiting = await self._in_thread(self._jobs.count)
        with self._allowance.counted(request.server, waiting=waiting):
            self._loop = asyncio.get_running_loop()
            wait = self._waits[job_id] = _Wait(on_progress)
            try:
                await self._post(job_id, request, attach)
                on_post()
                return await self._outcome(job_id, wait)
            finally:
                del self._waits[job_id]

    async def request(self, job_id: str) -> ChangeRequest | None:
        """What a job is to change, whichever process posted it; None where it is over."""
        state = await self._in_thread(lambda: self._jobs.look(job_id))
        return None if state is None or state.outcome is not None else request_of(state.request)

    async def cancel(self, job_id: str) -> None:
        """Calls a job off, whichever process does it: nothing of it is published from now on."""
        await self._in_thread(lambda: self._jobs.cancel(job_id))

    def close(self) -> None:
        """Has who waits withdraw their jobs, and be told so."""
        self._closing = True
        for wait in self._waits.values():
            wait.news.set()

    def tell(self, job_id: str, progress: Progress | None) -> None:
        """Tells who waits here how far a job is; None where it has ended. Any thread may call it."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed by now
                self._loop.call_soon_threadsafe(self._told, job_id, progress)

    async def _post(
        self, job_id: str, request: ChangeRequest, attach: Callable[[], Awaitable[Attachments]] | None
    ) -> None:
        plain, server = request_json(replace(request, log_id=request_id())), request.library
        async with self._attaching:
            content, questions = await attach() if attach else (None, None)
            await self._in_thread(
                lambda: self._jobs.add(job_id, server, plain, content=content, questions=questions)
            )

    def _told(self, job_id: str, progress: Progress | None) -> None:
        wait = self._waits.get(job_id)
        if wait is None:
            return
        wait.is_told = True
        if progress is None:
            wait.news.set()
        else:
            wait.on_progress(progress)

    async def _outcome(self, job_id: str, wait: _Wait) -> ChangeOutcome:
        last: Progress | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wait.news.wait(), SECONDS_BETWEEN_LOOKS)
            wait.news.clear()
            try:
                if self._closing and await self._in_thread(lambda: self._jobs.withdraw(job_id)):
                    raise ClosingError
                state = await self._in_thread(lambda: self._jobs.look(job_id))
            except SnapshotError:  # the database is away, and the job goes on when it is back
                continue
            if state is None:
                raise ClosingError
            if state.outcome is not None:
                with contextlib.suppress(SnapshotError):
                    await self._in_thread(lambda: self._jobs.forget(job_id))
                return outcome_of(state.outcome)
            if state.progress is not None and state.progress != last and not wait.is_told:
                last = state.progress
                wait.on_progress(last)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await self._threads.run(self._threads.reading, work)
