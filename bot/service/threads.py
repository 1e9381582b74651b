"""The threads of the service: the only place where blocking work leaves the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from index import FootnoteError, stand_back

T = TypeVar("T")

QUESTION_THREADS = 2  # more do not answer sooner on two cores, and need memory
READING_THREADS = 2  # for what waits for the disk
FETCHING_THREADS = 4  # for what waits for a storage, and takes next to no time of a processor


class ClosingError(FootnoteError):
    """Footnote is stopping and takes nothing new."""

    def __init__(self) -> None:
        super().__init__("Footnote is just stopping. Ask again in a minute.")


class Threads:
    """Questions, reading and changes have separate threads, so that none waits for another."""

    def __init__(self) -> None:
        self.questions = ThreadPoolExecutor(QUESTION_THREADS, thread_name_prefix="footnote-questions")
        self.reading = ThreadPoolExecutor(READING_THREADS, thread_name_prefix="footnote-reading")
        self.fetching = ThreadPoolExecutor(FETCHING_THREADS, thread_name_prefix="footnote-fetching")
        # Apart from the others, since it never waits for a model.
        self.looking = ThreadPoolExecutor(1, thread_name_prefix="footnote-looking")
        self.offering = ThreadPoolExecutor(1, thread_name_prefix="footnote-offering")
        # One: what is written of a question is written in order, and no answer waits for it.
        self.noting = ThreadPoolExecutor(1, thread_name_prefix="footnote-noting")
        # One: sites are visited politely, one after the other.
        self.visiting = ThreadPoolExecutor(1, thread_name_prefix="footnote-visiting")
        # One: sources are fetched and indexes built one at a time, whoever asks for them.
        self.indexing = ThreadPoolExecutor(1, thread_name_prefix="footnote-indexing", initializer=stand_back)
        self._closed = False

    async def run(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        """Does something in one of the threads, with the context of the task that asks for it.

        Raises:
            ClosingError: they are closed, or were before it had its turn.
        """
        if self._closed:
            raise ClosingError
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, copy_context().run, work)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ClosingError from None  # the task goes on, but the thread never came to the work

    def index(self, work: Callable[[], T]) -> Future[T] | None:
        """Does something in the indexing thread, with nobody waiting for it; None where that is closed."""
        return None if self._closed else self.indexing.submit(work)

    def close(self) -> None:
        """Takes nothing new, and gives up what has not had its turn, but what is to be noted."""
        self._closed = True
        self.noting.shutdown(wait=False)
        others = (self.questions, self.reading, self.fetching, self.looking, self.offering, self.visiting)
        for executor in (*others, self.indexing):
            executor.shutdown(wait=False, cancel_futures=True)
