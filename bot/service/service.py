"""The async face of the index: the only place where blocking work leaves the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import discord

from bot.service.line import Line, Ticket
from bot.service.rates import Rates
from bot.settings import Settings
from index import (
    ALL,
    CancelledError,
    FootnoteError,
    Found,
    Library,
    Progress,
    ReindexRunningError,
    Turn,
    UnknownArticleError,
    stand_back,
)

log = logging.getLogger(__name__)

T = TypeVar("T")
OnProgress = Callable[[Progress], None]

QUESTION_THREADS = 2
READING_THREADS = 2
SECONDS_TO_TELL = 1.0
"""How long those whose work is given up at the end have to tell people so."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody asks: a server and a channel of it.

    In a DM, and where only the person has installed the bot, there is no server: everyone's library is asked.
    """

    server: int | None = None
    channel: int | None = None

    @property
    def scope(self) -> str | None:
        """What the library knows the channel by: it may have an article of its own. None outside a server."""
        return None if self.server is None or self.channel is None else str(self.channel)


@dataclass(frozen=True, slots=True)
class Wait:
    """How a question waits: ``position`` 1 for the next one, ``loading`` while the model is still loading."""

    position: int
    loading: bool


def place_of(origin: discord.Interaction[Any] | discord.Message) -> Place:
    """Where an interaction or a message comes from; a thread counts as the channel that it belongs to."""
    channel = origin.channel
    asked_in = (channel.parent_id if isinstance(channel, discord.Thread) else channel.id) if channel else None
    if isinstance(origin, discord.Message):
        return Place(origin.guild.id if origin.guild else None, asked_in)
    here = origin.guild_id is not None and (
        origin.is_guild_integration() or origin.client.get_guild(origin.guild_id) is not None
    )
    return Place(origin.guild_id if here else None, asked_in)


def open_library(settings: Settings) -> Library:
    """The library that the settings describe; nothing of it is loaded yet."""
    return Library(
        settings.data_dir,
        article_path=settings.article,
        embedding_model=settings.embedding_model,
        reranker=settings.reranker,
        limits=settings.limits,
        check_at_least=settings.check_at_least,
        open_articles=settings.open_articles,
        snapshots_kept=settings.snapshots_kept,
    )


class ClosingError(FootnoteError):
    """Footnote is stopping and takes nothing new."""

    def __init__(self) -> None:
        super().__init__("Footnote is just stopping. Ask again in a minute.")


@dataclass(frozen=True, slots=True)
class _Question:
    """A question as a library is asked it; ``assumed`` where nobody named the article just now."""

    text: str
    place: Place
    article: str | None
    turns: tuple[Turn, ...]
    version: str | None
    assumed: bool = field(compare=False)

    def asked_of(self, library: Library) -> Found:
        """The answer; from the article in use, where the one that was assumed has been removed meanwhile."""
        ask = partial(library.ask, self.text, place=self.place.scope)
        if not self.assumed:
            return ask(article=_id(library, self.article), turns=self.turns)
        try:
            return ask(article=self.article, turns=self._turns(library))
        except UnknownArticleError:
            return ask(article=library.in_use(self.place.scope))

    def _turns(self, library: Library) -> tuple[Turn, ...]:
        same = self.version is None or library.article(self.article).sha256.startswith(self.version)
        return self.turns if same else ()


def _id(library: Library, typed: str | None) -> str | None:
    """The id of an article that somebody named by it or, where no offer was taken, by its title."""
    if typed is None or typed == ALL:
        return typed
    entries = library.entries()
    titles = {entry.title.strip().casefold(): entry.id for entry in entries}
    ids = {entry.id for entry in entries}
    return typed if typed in ids else titles.get(typed.strip().casefold(), typed)


@dataclass(frozen=True)
class _Asking:
    """A question that is being answered: its place in the line and the answer to come."""

    ticket: Ticket
    answer: asyncio.Task[Found]


class Service:
    """Asks and changes a library in threads of its own, and knows what is in flight.

    Questions, reading and changes have separate threads, so that none waits for another.

    Args:
        library: What is asked, with a branch for each server.
        rates: How often people and servers may ask; None for as often as they like.
        line: How many questions may wait for their turn.
    """

    seconds_to_first_note = 1.0  # who waits no longer is told nothing
    seconds_between_notes = 4.0
    seconds_to_offer = 2.0  # Discord waits three for what it offers while somebody types

    def __init__(self, library: Library, *, rates: Rates | None = None, line: int = 200) -> None:
        self._library = library
        self._rates = rates or Rates()
        self._line = Line(length=line, at_once=QUESTION_THREADS)
        self._questions = ThreadPoolExecutor(QUESTION_THREADS, thread_name_prefix="footnote-questions")
        self._reading = ThreadPoolExecutor(READING_THREADS, thread_name_prefix="footnote-reading")
        # Apart from the others, since it never waits for a model.
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="footnote-looking")
        self._offering = ThreadPoolExecutor(1, thread_name_prefix="footnote-offering")
        self._indexing = ThreadPoolExecutor(1, thread_name_prefix="footnote-indexing", initializer=stand_back)
        self._loaded = True
        self._asking: dict[Hashable, _Asking] = {}
        self._changing: set[int | None] = set()
        self._stopping = threading.Event()
        self._stopped = False
        self._in_flight: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Begins loading the library; a question asked meanwhile waits for it."""
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        self._loaded = False
        self._line.close()

        def report(loading: Future[tuple[str, ...]]) -> None:
            if loading.cancelled() or isinstance(loading.exception(), ClosingError):
                return
            if error := loading.exception():
                known = isinstance(error, FootnoteError)
                log.error("The article cannot be asked: %s", error, exc_info=None if known else error)
            else:
                for notice in loading.result():
                    log.warning("%s", notice)
                log.info("The article is ready after %.1f s.", time.monotonic() - started)
            with contextlib.suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(self._open)

        self._indexing.submit(self._library.load, lambda _: self._go_on()).add_done_callback(report)

    def admit(self, place: Place, asker: int) -> None:
        """Counts a question that is about to be asked, unless it has to be refused.

        Raises:
            TooFastError: this person, or this server, asks too often.
            LineFullError: too many questions are waiting.
        """
        self._rates.count_question(person=asker, server=place.server)
        self._line.check(asker)  # counted as well: who is refused again and again is told so once

    def admit_lookup(self, place: Place, asker: int) -> None:
        """Counts what is about to be looked up, unless it has to be refused.

        Raises:
            TooFastError: this person, or this server, looks up too much.
        """
        self._rates.count_lookup(person=asker, server=place.server)

    async def ask(
        self,
        question: str,
        *,
        place: Place,
        asker: int,
        article: str | None = None,
        turns: Sequence[Turn] = (),
        version: str | None = None,
        on_wait: Callable[[Wait], Awaitable[None]] | None = None,
    ) -> Found:
        """Answers one question when it has its turn; see ``Library.ask``.

        Who asks the same of the same article as is being answered just now gets that answer.

        Args:
            question: The question.
            place: Where it is asked, which decides on the library and the article.
            asker: Who asks.
            article: An article's id or title, ALL, or None for the one in use.
            turns: What was asked before.
            version: The start of the SHA-256 of the text in which the turns count. They are left out where
                the article is another one by now; where it is gone, the one in use is asked.
            on_wait: Told how long the wait still is, when it is one, and now and then again.

        Raises:
            LineFullError: too many questions are waiting.
            FootnoteError: the question cannot be answered.
        """
        assumed = article is None or version is not None
        if article is None:
            article = await self._run(self._looking, lambda: self._at(place).in_use(place.scope))
        asked = _Question(question, place, article, tuple(turns), version, assumed)
        key = replace(asked, place=Place(place.server))
        asking = self._asking.get(key)
        if asking is None:
            ticket = self._line.join(asker)
            asking = self._asking[key] = _Asking(ticket, asyncio.create_task(self._answer(ticket, asked)))
            asking.answer.add_done_callback(lambda _: self._asking.pop(key))
        await self._wait(asking, on_wait)
        if asking.answer.cancelled():
            raise ClosingError
        return asking.answer.result()

    async def read(self, place: Place, work: Callable[[Library], T]) -> T:
        """Looks something up in the library of a place: what is in it, and what it says."""
        return await self._run(self._reading, lambda: work(self._at(place)))

    async def consult(self, place: Place, asker: int, work: Callable[[Library], T]) -> T:
        """Looks up what takes the model, or as long as an answer does: in the line of the questions.

        Raises:
            LineFullError: too many are waiting.
        """
        ticket = self._line.join(asker)
        try:
            await ticket.turn
            return await self._run(self._questions, lambda: work(self._at(place)))
        finally:
            self._line.leave(ticket)

    async def glance(self, place: Place, asker: int, work: Callable[[Library], T]) -> T | None:
        """Looks up what is only offered while somebody types.

        Nothing is opened or loaded for it, since nobody waits for a thread that has taken too long.

        Returns:
            What ``work`` makes of what is at hand; None where that is not enough, takes too long, or is asked
            for too often.
        """
        if not self._rates.count_offer(person=asker, server=place.server):
            return None
        try:
            async with asyncio.timeout(self.seconds_to_offer):
                return await self._run(self._offering, lambda: work(self._at(place).at_hand()))
        except (FootnoteError, TimeoutError) as error:
            log.info("Nothing could be offered: %s", error or "it took too long")
            return None

    async def compose(self, work: Callable[[], T]) -> T:
        """Composes what a message says, which may take a few passes over a long article."""
        return await self._run(self._looking, work)

    async def alter(self, place: Place, work: Callable[[Library], T]) -> T:
        """Changes something quickly in the library of a place: what is in use, what is there.

        Raises:
            ReindexRunningError: another change of this server is on the way.
        """
        with self._one_change(place):
            return await self.read(place, work)

    async def change(
        self,
        place: Place,
        work: Callable[[Library, OnProgress], T],
        on_progress: OnProgress,
        *,
        cancel: threading.Event | None = None,
    ) -> T:
        """Changes the library of a place while questions go on being answered from it as it was.

        One change a server at a time; those of several servers have their turns.

        Args:
            place: Which library.
            work: Makes the change; given the library and what to report progress to.
            on_progress: Called on the event loop.
            cancel: Calls the change off at its next step, once it is set.

        Raises:
            ReindexRunningError: another change of this server is on the way.
            CancelledError: it was called off; nothing was changed.
            ClosingError: the service was closed before it was done; nothing was changed.
        """
        loop = asyncio.get_running_loop()

        def go_on() -> None:
            self._go_on()
            if cancel is not None and cancel.is_set():
                raise CancelledError("Called off. Nothing was changed.")

        def relay(progress: Progress) -> None:
            go_on()
            loop.call_soon_threadsafe(on_progress, progress)

        def change() -> T:
            go_on()
            return work(self._at(place), relay)

        with self._one_change(place):
            return await self._run(self._indexing, change)

    @contextlib.contextmanager
    def in_flight(self) -> Iterator[None]:
        """Marks the current task as one that ``close`` waits for.

        Raises:
            ClosingError: nothing new is taken any more.
        """
        self._go_on()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - told to the type checker: this is only used in tasks
        self._in_flight.add(task)
        try:
            yield
        finally:
            self._in_flight.discard(task)

    async def close(self, *, patience: float) -> None:
        """Takes nothing new, waits up to ``patience`` seconds for what is in flight, stops the threads.

        Who still waits for an answer then is told that Footnote is stopping.
        """
        self._stopping.set()
        others = self._in_flight - {asyncio.current_task()}
        unfinished = set[asyncio.Task[Any]]()
        if others:
            log.info("Finishing %d in flight.", len(others))
            _, unfinished = await asyncio.wait(others, timeout=patience)
        self._stopped = True
        for executor in (self._questions, self._reading, self._looking, self._offering, self._indexing):
            executor.shutdown(wait=False, cancel_futures=True)
        for asking in self._asking.values():
            asking.answer.cancel()
        if unfinished:
            log.warning("Stopping with %d unfinished after %g s.", len(unfinished), patience)
            await asyncio.wait(unfinished, timeout=SECONDS_TO_TELL)

    @contextlib.contextmanager
    def _one_change(self, place: Place) -> Iterator[None]:
        if place.server in self._changing:
            raise ReindexRunningError("A reindex is running already. Wait until it is done.")
        self._changing.add(place.server)
        try:
            yield
        finally:
            self._changing.discard(place.server)

    def _open(self) -> None:
        self._loaded = True
        self._line.open()

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise ClosingError

    def _at(self, place: Place) -> Library:
        return self._library if place.server is None else self._library.branch(str(place.server))

    async def _answer(self, ticket: Ticket, asked: _Question) -> Found:
        try:
            await ticket.turn
            return await self._run(self._questions, lambda: asked.asked_of(self._at(asked.place)))
        finally:
            self._line.leave(ticket)

    async def _wait(self, asking: _Asking, on_wait: Callable[[Wait], Awaitable[None]] | None) -> None:
        told, seconds = None, self.seconds_to_first_note
        while not (await asyncio.wait((asking.answer,), timeout=seconds if on_wait else None))[0]:
            wait = Wait(self._line.position(asking.ticket), loading=not self._loaded)
            if on_wait and wait.position and wait != told:
                await on_wait(wait)
                told = wait
            seconds = self.seconds_between_notes

    async def _run(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._stopped:
            raise ClosingError
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, work)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ClosingError from None  # the task goes on, but the thread never came to the work
