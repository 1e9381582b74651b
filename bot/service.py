"""The async face of the index: the only place where blocking work leaves the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from bot.settings import Settings
from index import (
    Answer,
    Article,
    FootnoteError,
    IndexInfo,
    Library,
    Progress,
    ReindexReport,
    ReindexRunningError,
)

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

QUESTION_THREADS = 2


def open_library(settings: Settings) -> Library:
    """The library that the settings describe; nothing of it is loaded yet."""
    return Library(
        settings.data_dir,
        article_path=settings.article,
        embedding_model=settings.embedding_model,
        reranker=settings.reranker,
    )


class ClosingError(FootnoteError):
    """Footnote is stopping and takes nothing new."""

    def __init__(self) -> None:
        super().__init__("Footnote is just stopping. Ask again in a minute.")


class Service:
    """Asks and reindexes a library in threads of its own, and knows what is in flight.

    Questions and reindexing have separate threads, so that neither waits for the other.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._questions = ThreadPoolExecutor(QUESTION_THREADS, thread_name_prefix="footnote-questions")
        self._indexing = ThreadPoolExecutor(1, thread_name_prefix="footnote-indexing")
        self._reindexing = False
        self._stopping = threading.Event()
        self._in_flight: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Begins loading the library; a question asked meanwhile waits for it."""
        started = time.monotonic()

        def report(loading: Future[tuple[str, ...]]) -> None:
            if loading.cancelled():
                return
            if error := loading.exception():
                known = isinstance(error, FootnoteError)
                log.error("The article cannot be asked: %s", error, exc_info=None if known else error)
                return
            for notice in loading.result():
                log.warning("%s", notice)
            log.info("The article is ready after %.1f s.", time.monotonic() - started)

        self._indexing.submit(self._library.load).add_done_callback(report)

    async def ask(self, question: str) -> Answer:
        """Answers one question; see ``Library.ask``."""
        return await self._run(self._questions, self._library.ask, question)

    async def info(self) -> IndexInfo:
        """What is indexed now."""
        return await self._run(self._questions, self._library.info)

    async def article(self) -> Article:
        """The article as it is indexed now."""
        return await self._run(self._questions, lambda: self._library.article)

    async def reindex(self, on_progress: Callable[[Progress], None]) -> ReindexReport:
        """Rebuilds the index while questions go on being answered from the old one.

        Args:
            on_progress: Called on the event loop.

        Raises:
            ReindexRunningError: another one is running.
            ClosingError: the service was closed before it was done; the old index stays.
        """
        if self._reindexing:
            raise ReindexRunningError("A reindex is running already. Wait until it is done.")
        loop = asyncio.get_running_loop()

        def relay(progress: Progress) -> None:
            if self._stopping.is_set():
                raise ClosingError
            loop.call_soon_threadsafe(on_progress, progress)

        self._reindexing = True
        try:
            return await self._run(self._indexing, self._library.reindex, relay)
        finally:
            self._reindexing = False

    @contextlib.contextmanager
    def in_flight(self) -> Iterator[None]:
        """Marks the current task as one that ``close`` waits for.

        Raises:
            ClosingError: nothing new is taken any more.
        """
        if self._stopping.is_set():
            raise ClosingError
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - told to the type checker: this is only used in tasks
        self._in_flight.add(task)
        try:
            yield
        finally:
            self._in_flight.discard(task)

    async def close(self, *, patience: float) -> None:
        """Takes nothing new, waits up to ``patience`` seconds for what is in flight, stops the threads."""
        self._stopping.set()
        others = self._in_flight - {asyncio.current_task()}
        if others:
            log.info("Finishing %d in flight.", len(others))
            _, unfinished = await asyncio.wait(others, timeout=patience)
            if unfinished:
                log.warning("Stopping with %d unfinished after %g s.", len(unfinished), patience)
        for executor in (self._questions, self._indexing):
            executor.shutdown(wait=False, cancel_futures=True)

    async def _run(
        self, executor: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, lambda: work(*args, **kwargs))
