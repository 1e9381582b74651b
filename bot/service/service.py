"""The async face of the index: asks and changes it in threads, and knows what is in flight."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias, TypeVar

from bot.operations.metrics import AnswerStage, Metrics
from bot.service.allowance import ChangeAllowance
from bot.service.answers import Answers
from bot.service.change_request import ChangeOutcome, ChangeRequest, OnProgress
from bot.service.channels import ChannelBoard
from bot.service.job_board import Attachments, JobBoard
from bot.service.ledger import Ledger
from bot.service.line import Line, Ticket
from bot.service.place import Place
from bot.service.questions import AskedQuestion, PendingAnswer, Wait
from bot.service.rates import Rates
from bot.service.threads import QUESTION_THREADS, ClosingError, Threads
from bot.service.upkeep import Upkeep
from bot.service.watching import Watching
from bot.service.worker import Worker
from index import (
    FootnoteError,
    Library,
    Limits,
    QuotaUse,
    RebuildingError,
    Result,
    Turn,
    Visits,
)

log = logging.getLogger(__name__)

T = TypeVar("T")
Fetch: TypeAlias = Callable[[], object]
"""What has an article on this machine; see ``Library.fetching``."""

SECONDS_TO_TELL = 1.0
"""How long those whose work is given up at the end have to tell people so."""


class Service:
    """Asks and changes a library in threads of its own, and knows what is in flight.

    Args:
        library: What is asked, with a branch for each server.
        rates: How often people and servers may ask; None for as often as they like.
        line: How many questions may wait for their turn.
        changes: How many changes may be made; None for as many as anybody likes.
        metrics: What is counted; None for metrics of its own.
        limits: What a source may cost.

    Attributes:
        ledger: The questions that were asked, and what people said of the answers.
        answers: Takes names out of what admins have answered.
        metrics: What is counted.
        channels: What is switched on in channels.
        jobs: The changes that are waited for here.
        upkeep: Looks after the libraries of the servers that the bot is in, and was in.
        watching: Reads by schedule what is to be kept up.
    """

    seconds_to_first_note = 1.0  # who waits no longer is told nothing
    seconds_between_notes = 4.0
    seconds_to_offer = 2.0  # Discord waits three for what it offers while somebody types
    seconds_to_build = 20.0  # so long questions wait for an index that is built at the start

    def __init__(
        self,
        library: Library,
        *,
        rates: Rates | None = None,
        line: int = 200,
        changes: ChangeAllowance | None = None,
        metrics: Metrics | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self._library = library
        self.metrics = metrics or Metrics()
        self._rates = rates or Rates()
        self._line = Line(length=line, at_once=QUESTION_THREADS)
        self._changes = changes or ChangeAllowance()
        self._threads = Threads()
        self.ledger = Ledger(library.ledger, self._threads)
        self.channels = ChannelBoard(library.channels, self._threads)
        self.answers = Answers(library, self._threads)
        self.upkeep = Upkeep(library=library, threads=self._threads)
        self.jobs = JobBoard(library.jobs, allowance=self._changes, threads=self._threads)
        self._worker = Worker(library, threads=self._threads, limits=limits, tell=self.jobs.tell)
        self.watching = Watching(library, threads=self._threads, visits=Visits(limits), access=self)
        weakref.finalize(self, self._worker.close)  # its thread would look for jobs for ever
        self._loaded = True
        self._asking: dict[AskedQuestion, PendingAnswer] = {}
        self._stopping = threading.Event()
        self._in_flight: set[asyncio.Task[Any]] = set()
        self.metrics.watch_line(lambda: self._line.waiting)
        self.metrics.watch_memory(library.memory_use)

    # How it starts and stops

    def start(self) -> None:
        """Begins loading the library; a question asked meanwhile waits for it.

        From now on, indexes that have to be built again are built in the indexing thread. For one that is
        missing at the start questions wait a while, as for the model; afterwards they are told how far it is.
        """
        start = time.monotonic()
        loop = asyncio.get_running_loop()
        self._loaded = False
        self._line.close()

        def opened(_: object = None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(self._open)

        def report(loading: Future[tuple[str, ...]]) -> None:
            if loading.cancelled() or isinstance(loading.exception(), ClosingError):
                return
            error = loading.exception()
            if isinstance(error, RebuildingError):
                log.warning("The index of the article in use has to be built first.")
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(loop.call_later, self.seconds_to_build, self._open)
                self._threads.index(opened)  # it has its turn when that index is built
                return
            if error:
                is_expected = isinstance(error, FootnoteError)
                log.error("The article cannot be asked: %s", error, exc_info=None if is_expected else error)
            else:
                for notice in loading.result():
                    log.warning("%s", notice)
                log.info("The article is ready after %.1f s.", time.monotonic() - start)
            opened()

        self._library.rebuild_in(
            lambda rebuild: self._threads.index(lambda: rebuild(lambda _: self._go_on()))
        )
        loading = self._threads.index(lambda: self._library.load(lambda _: self._go_on()))
        if loading is not None:
            loading.add_done_callback(report)
        self._worker.wake()

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
        self._worker.close()
        self.upkeep.close()
        self.jobs.close()
        others = self._in_flight - {asyncio.current_task()}
        rest = set[asyncio.Task[Any]]()
        if others:
            log.info("Finishing %d in flight.", len(others))
            _, rest = await asyncio.wait(others, timeout=patience)
        self._threads.close()
        for asking in self._asking.values():
            asking.answer.cancel()
        if rest:
            log.warning("Stopping with %d unfinished after %g s.", len(rest), patience)
            await asyncio.wait(rest, timeout=SECONDS_TO_TELL)

    # Questions

    def admit(self, place: Place, asker: int) -> None:
        """Counts a question that is about to be asked, unless it has to be refused.

        Raises:
            TooFastError: this person, or this server, asks too often.
            LineFullError: too many questions are waiting.
        """
        self._rates.count_question(person=asker, server=place.server)
        self._line.check(asker)  # counted as well: who is refused again and again is told so once

    def admit_overheard(self, place: Place, asker: int) -> bool:
        """Counts a question that was not put to the bot; False where it has to be passed over."""
        return self._rates.count_overheard(person=asker, server=place.server)

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
        is_claim: bool = False,
        on_wait: Callable[[Wait], Awaitable[None]] | None = None,
    ) -> Result:
        """Answers one question, or checks one claim, when it has its turn; see ``Library``.

        Who asks the same of the same article as is being answered just now gets that answer.

        Args:
            question: The question.
            place: Where it is asked, which decides on the library and the article.
            asker: Who asks.
            article: An article's id or title, ALL, or None for the one in use.
            turns: What was asked before.
            version: The start of the SHA-256 of the text in which the turns count. They are left out where
                the article is another one by now; where it is gone, the one in use is asked.
            is_claim: Whether it is a claim, which is checked by itself.
            on_wait: Told how long the wait still is, when it is one, and now and then again.

        Raises:
            LineFullError: too many questions are waiting.
            FootnoteError: the question cannot be answered.
        """
        library, scope = self._at(place), place.scope

        def look() -> tuple[str, Fetch | None]:
            name = library.resolve(article, place=scope)
            return name, library.fetching(name)

        name, fetch = await self._threads.run(self._threads.looking, look)
        asked_question = AskedQuestion(
            question,
            place.server,
            name,
            tuple(turns),
            version,
            is_claim,
            scope,
            assumed=article is None or version is not None,
        )
        asking = self._asking.get(asked_question)
        if asking is None:
            ticket = self._line.join(asker, is_ready=fetch is None)
            answering = asyncio.create_task(self._answer(ticket, asked_question, fetch))
            asking = self._asking[asked_question] = PendingAnswer(ticket, answering)
            answering.add_done_callback(lambda _: self._asking.pop(asked_question))
        else:
            self.metrics.count_shared()
        await self._wait(asking, on_wait)
        if asking.answer.cancelled():
            raise ClosingError
        result = asking.answer.result()
        self.metrics.count_answer(result, is_claim=is_claim)
        return result

    # Looking things up

    async def read(self, place: Place, work: Callable[[Library], T]) -> T:
        """Looks something up in the library of a place: what is in it, and what it says."""
        return await self._threads.run(self._threads.reading, lambda: work(self._at(place)))

    async def consult(self, place: Place, asker: int, work: Callable[[Library], T]) -> T:
        """Looks up what takes the model, or as long as an answer does: in the line of the questions.

        Raises:
            LineFullError: too many are waiting.
        """
        ticket = self._line.join(asker)
        try:
            await ticket.turn
            return await self._threads.run(self._threads.questions, lambda: work(self._at(place)))
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
                return await self._threads.run(
                    self._threads.offering, lambda: work(self._at(place).at_hand())
                )
        except (FootnoteError, TimeoutError) as error:
            log.info("Nothing could be offered: %s", error or "it took too long")
            return None

    async def compose(self, work: Callable[[], T]) -> T:
        """Composes what a message says, which may take a few passes over a long article."""
        return await self._threads.run(self._threads.looking, work)

    # Changes

    async def alter(self, place: Place, work: Callable[[Library], T]) -> T:
        """Changes something quickly in the library of a place: what is in use, what is there.

        Raises:
            ReindexRunningError: another change of this server is on the way.
        """
        with self._changes.one_at_a_time(place.server):
            return await self.read(place, work)

    async def change(
        self,
        request: ChangeRequest,
        on_progress: OnProgress,
        *,
        job_id: str | None = None,
        attach: Callable[[], Awaitable[Attachments]] | None = None,
    ) -> ChangeOutcome:
        """Changes a library while questions go on being answered from it as it was; see ``JobBoard.make``.

        One change a server at a time; those of several servers have their turns. Whichever worker is free
        makes it, of this process or another.
        """
        return await self.jobs.make(
            request,
            on_progress,
            job_id=job_id or secrets.token_hex(8),
            attach=attach,
            on_post=self._worker.wake,
        )

    @property
    def has_models(self) -> bool:
        """Whether the models that answer are loaded."""
        return self._library.memory_use().models

    @property
    def has_database(self) -> bool:
        """Whether the database answered a moment ago."""
        return self._worker.has_database

    def use_of_changes(self, place: Place) -> tuple[QuotaUse, ...]:
        """How many of the changes that its server may make in an hour are made."""
        return self._changes.use(place.server)

    def _open(self) -> None:
        self._loaded = True
        self._line.open()

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise ClosingError

    def _at(self, place: Place) -> Library:
        return self._library if place.server is None else self._library.branch(str(place.server))

    async def _answer(self, ticket: Ticket, question: AskedQuestion, fetch: Fetch | None) -> Result:
        try:
            with self.metrics.stage(AnswerStage.WAIT):
                if fetch is not None:
                    with contextlib.suppress(FootnoteError):  # an older index may answer, or say so itself
                        await self._threads.run(self._threads.fetching, fetch)
                    self._line.make_ready(ticket)
                await ticket.turn
            library = self._at(Place(question.server))
            result = await self._threads.run(self._threads.questions, lambda: question.asked_of(library))
            self.metrics.time_answer(result)
            return result
        finally:
            self._line.leave(ticket)

    async def _wait(self, asking: PendingAnswer, on_wait: Callable[[Wait], Awaitable[None]] | None) -> None:
        last, seconds = None, self.seconds_to_first_note
        while not (await asyncio.wait((asking.answer,), timeout=seconds if on_wait else None))[0]:
            wait = Wait(self._line.position(asking.ticket), loading=not self._loaded)
            if on_wait and wait.position and wait != last:
                await on_wait(wait)
                last = wait
            seconds = self.seconds_between_notes
