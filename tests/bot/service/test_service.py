"""The service: what runs where, who waits for whom, and how it stops."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.service.change_request import ChangeRequest
from bot.service.line import LineFullError
from bot.service.place import Place
from bot.service.questions import Wait
from bot.service.rates import Rate, Rates, TooFastError
from bot.service.service import Service
from bot.service.threads import QUESTION_THREADS, READING_THREADS, ClosingError
from index import (
    ALL,
    Article,
    ArticleError,
    CancelledError,
    Progress,
    QuestionError,
    ReindexRunningError,
    Result,
    Span,
    Stage,
    StorageError,
    Turn,
    UnknownArticleError,
    Verdict,
)
from tests.bot.claims import BUILT_IN_1901, reads_claims
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary

HERE = Place(server=1, channel=10)
ELSEWHERE = Place(server=2, channel=20)
NOWHERE = Place()
ASKER = 1
JOB = "0123456789abcdef"


@pytest.fixture
def library(_read_here: None) -> HeldLibrary:
    library = HeldLibrary()
    for place in (HERE, ELSEWHERE):
        library.branch(str(place.server)).give(ARTICLE)
    return library


class CountingService(Service):
    """Counts those who wait for an answer."""

    joined = 0

    async def _wait(self, *args: Any) -> None:
        self.joined += 1
        await super()._wait(*args)


@pytest.fixture
def service(library: HeldLibrary) -> CountingService:
    return CountingService(library)


async def ask(
    service: Service, question: str = "ships harbour", *, place: Place = NOWHERE, asker: int = 1, **more: Any
) -> Result:
    return await service.ask(question, place=place, asker=asker, **more)


def reindex(place: Place) -> ChangeRequest:
    return ChangeRequest(server=place.server, starter=ASKER, who="ada", channel=place.scope)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a thread brings it about
            await asyncio.sleep(0.001)


async def test_questions_run_in_threads_of_their_own_while_the_loop_goes_on(
    service: Service, library: HeldLibrary
) -> None:
    library.asking.clear()
    asking = asyncio.create_task(ask(service))
    await until(lambda: len(library.calls) == 1)
    assert not asking.done()
    library.asking.set()
    assert (await asking).answer.question == "ships harbour"
    assert [call.thread for call in library.calls] == ["footnote-questions_0"]
    await service.close(patience=1)


async def test_each_server_has_its_own_library_and_a_dm_has_everyones(
    service: Service, library: HeldLibrary
) -> None:
    turns = (Turn("Who is she?", (Span(0, 5),)),)
    await ask(service, place=HERE, turns=turns)
    await ask(service, place=ELSEWHERE, article=ALL)
    await ask(service, place=Place(channel=7))
    assert [(c.library, c.article, c.place, c.turns) for c in library.calls] == [
        ("1", "harbour", "10", turns),
        ("2", ALL, "20", ()),
        ("", "harbour", None, ()),
    ]
    assert await service.read(HERE, lambda found: found is library.branch("1"))
    assert await service.read(NOWHERE, lambda found: found is library)
    await service.close(patience=1)


async def test_a_channel_may_have_an_article_of_its_own(service: Service, library: HeldLibrary) -> None:
    branch = library.branch("1")
    branch.give(BRIDGE)
    branch.use("bridge", who="ada", place="10")
    assert (await ask(service, "How many arches?", place=HERE)).info.article.id == "bridge"
    assert (await ask(service, place=Place(1, 11))).info.article.id == "harbour"
    await service.close(patience=1)


async def test_the_same_question_at_the_same_time_is_answered_once(
    service: CountingService, library: HeldLibrary
) -> None:
    library.asking.clear()
    same = [
        asyncio.create_task(ask(service, place=Place(1, channel), asker=channel)) for channel in (1, 2, 3)
    ]
    other = [
        asyncio.create_task(ask(service, "Ships in the harbour?", place=HERE, asker=4)),
        asyncio.create_task(ask(service, place=ELSEWHERE, asker=5)),
        asyncio.create_task(ask(service, place=HERE, asker=6, article=ALL)),
        asyncio.create_task(ask(service, place=HERE, asker=7, turns=[Turn("Who?", ())])),
    ]
    await until(lambda: service.joined == len(same) + len(other))
    library.asking.set()
    answers = await asyncio.gather(*same, *other)
    assert answers[0] is answers[1] is answers[2]
    assert len(library.calls) == 1 + len(other)
    await ask(service, place=HERE)  # what is no longer in flight is asked anew
    assert len(library.calls) == 2 + len(other)
    await service.close(patience=1)


@pytest.mark.usefixtures("_read_here")
async def test_a_claim_is_checked_and_no_question_of_the_same_words_is_answered_with_it() -> None:
    library = HeldLibrary(reading=reads_claims())
    service = CountingService(library)
    library.asking.clear()
    both = [asyncio.create_task(ask(service, BUILT_IN_1901, is_claim=is_claim)) for is_claim in (True, False)]
    again = asyncio.create_task(ask(service, BUILT_IN_1901, is_claim=True, asker=2))
    await until(lambda: service.joined == 3)
    library.asking.set()
    checked, asked = await asyncio.gather(*both)
    assert await again is checked
    assert (checked.answer.verdict, asked.answer.verdict) == (Verdict.SAYS_SO, None)
    assert sorted(call.is_claim for call in library.calls) == [False, True]
    await service.close(patience=1)


async def test_who_gives_up_does_not_take_the_answer_from_the_others(
    service: CountingService, library: HeldLibrary
) -> None:
    library.asking.clear()
    first, second = (asyncio.create_task(ask(service, asker=asker)) for asker in (1, 2))
    await until(lambda: service.joined == 2)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    library.asking.set()
    assert (await second).answer.question == "ships harbour"
    assert len(library.calls) == 1
    await service.close(patience=1)


async def test_an_error_reaches_everyone_who_asked_the_same(
    service: CountingService, library: HeldLibrary
) -> None:
    library.asking.clear()
    library.error = QuestionError("No.")
    asking = [asyncio.create_task(ask(service, asker=asker)) for asker in (1, 2)]
    await until(lambda: service.joined == 2)
    library.asking.set()
    assert [str(error) for error in await asyncio.gather(*asking, return_exceptions=True)] == ["No."] * 2
    await service.close(patience=1)


async def test_who_waits_is_told_the_place_in_the_line_now_and_then(
    service: Service, library: HeldLibrary
) -> None:
    service.seconds_to_first_note = 0.01
    service.seconds_between_notes = 0.01
    library.asking.clear()
    told: dict[int, list[Wait]] = {asker: [] for asker in range(QUESTION_THREADS + 3)}

    def tell(asker: int) -> Callable[[Wait], Any]:
        async def on_wait(wait: Wait) -> None:
            told[asker].append(wait)

        return on_wait

    asking = [
        asyncio.create_task(ask(service, f"Question {n}?", asker=n, article="harbour", on_wait=tell(n)))
        for n in told
    ]
    last = told[QUESTION_THREADS + 2]
    await until(lambda: bool(last))
    assert [waits[:1] for waits in told.values()] == [
        *([[]] * QUESTION_THREADS),
        *([Wait(position, loading=False)] for position in (1, 2, 3)),
    ]
    library.asking.set()
    await asyncio.gather(*asking)
    positions = [wait.position for wait in last]
    assert positions == sorted(set(positions), reverse=True)
    assert [call.question for call in library.calls] == [f"Question {n}?" for n in told]
    await service.close(patience=1)


async def test_a_short_wait_is_not_mentioned(service: Service) -> None:
    async def on_wait(wait: Wait) -> None:
        pytest.fail(f"told {wait}")

    await asyncio.gather(*(ask(service, f"Question {n}?", asker=n, on_wait=on_wait) for n in range(20)))
    await service.close(patience=1)


async def test_questions_wait_while_the_library_loads(service: Service, library: HeldLibrary) -> None:
    service.seconds_to_first_note = 0.01
    library.loading.clear()
    service.start()
    told: list[Wait] = []

    async def on_wait(wait: Wait) -> None:
        told.append(wait)

    asking = asyncio.create_task(ask(service, on_wait=on_wait))
    await until(lambda: bool(told))
    assert told == [Wait(1, loading=True)]
    assert library.calls == []
    library.loading.set()
    assert (await asking).answer.question == "ships harbour"
    await service.close(patience=1)


class Opening(HeldLibrary):
    """A library whose articles can be opened only when it is loaded, as the real one's."""

    def article(self, id: str | None = None, **where: Any) -> Article:  # noqa: A002
        self.root.loading.wait(timeout=10)
        return super().article(id, **where)


@pytest.mark.parametrize(
    "named",
    [{}, {"article": ARTICLE.title}, {"article": "harbour", "version": "0", "turns": [Turn("Who?", ())]}],
)
async def test_a_question_is_told_that_it_waits_whatever_else_waits_for_the_model(
    named: dict[str, Any],
) -> None:
    library = Opening()
    library.loading.clear()
    service = Service(library)
    service.seconds_to_first_note = 0.01
    service.start()
    reading = [
        asyncio.create_task(service.read(NOWHERE, lambda library: library.article()))
        for _ in range(READING_THREADS)
    ]
    told: list[Wait] = []

    async def on_wait(wait: Wait) -> None:
        told.append(wait)

    asking = asyncio.create_task(ask(service, on_wait=on_wait, **named))
    await until(lambda: bool(told))
    assert told == [Wait(1, loading=True)]
    library.loading.set()
    assert (await asking).info.article == ARTICLE
    assert library.calls[0].turns == ()
    await asyncio.gather(*reading)
    await service.close(patience=1)


async def test_what_takes_the_model_has_its_turn_in_a_line_that_is_bounded(library: HeldLibrary) -> None:
    service = Service(library, line=1)
    service._line.close()
    first = asyncio.create_task(service.consult(HERE, 1, lambda library: library.in_use()))
    await asyncio.sleep(0)
    with pytest.raises(LineFullError):
        await service.consult(HERE, 2, lambda library: library.in_use())
    assert not first.done()
    service._line.open()
    assert await first == ARTICLE.id
    assert service._line._turns == 0
    with pytest.raises(UnknownArticleError):
        await service.consult(HERE, 1, lambda library: library.article("tunnel"))
    assert service._line._turns == 0
    await service.close(patience=1)


async def test_who_waits_for_a_storage_keeps_nobody_else_from_an_answer(
    service: CountingService, library: HeldLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched, calls = threading.Event(), list[str]()

    def fetching(self: HeldLibrary, article: str) -> Callable[[], object] | None:
        def fetch() -> None:
            calls.append(article)
            assert fetched.wait(5)
            raise StorageError("The storage is away.")  # what is here answers all the same

        return None if self is library else fetch

    monkeypatch.setattr(HeldLibrary, "fetching", fetching)
    waiting = [
        asyncio.create_task(ask(service, f"ships harbour {number}", place=HERE, asker=number))
        for number in range(QUESTION_THREADS + 1)
    ]
    await until(lambda: len(calls) == len(waiting))
    assert (await ask(service, asker=9)).answer.citations
    assert not any(task.done() for task in waiting)
    fetched.set()
    assert all(result.answer.citations for result in await asyncio.gather(*waiting))
    assert calls == [ARTICLE.id] * len(waiting)


async def test_what_is_offered_while_somebody_types_comes_soon_or_not_at_all() -> None:
    library = Opening()
    service = Service(library)
    assert await service.glance(NOWHERE, ASKER, lambda library: library.article()) == ARTICLE
    assert await service.glance(NOWHERE, ASKER, lambda library: library.article("tunnel")) is None
    library.loading.clear()
    service.seconds_to_offer = 0.01
    for _ in range(2 * READING_THREADS):
        assert await service.glance(NOWHERE, ASKER, lambda library: library.article()) is None
    assert service._threads.offering._work_queue.qsize() <= 2 * READING_THREADS  # given up
    assert (
        await service.read(NOWHERE, lambda library: library.in_use()) == ARTICLE.id
    )  # nobody else waits for it
    library.loading.set()
    await service.close(patience=1)
    assert await service.glance(NOWHERE, ASKER, lambda library: library.article()) is None


async def test_turns_are_left_out_where_the_article_has_changed_while_the_question_waited(
    service: CountingService, library: HeldLibrary
) -> None:
    library.asking.clear()
    busy = [asyncio.create_task(ask(service, f"Question {n}?", asker=n)) for n in range(QUESTION_THREADS)]
    await until(lambda: len(library.calls) == QUESTION_THREADS)
    turns = [Turn("Who?", (Span(0, 5),))]
    waiting = [
        asyncio.create_task(ask(service, question, asker=9, article="harbour", version=version, turns=turns))
        for question, version in (("Since when?", ARTICLE.sha256[:8]), ("Until when?", BRIDGE.sha256[:8]))
    ]
    await until(lambda: service.joined == QUESTION_THREADS + 2)
    library.give(replace(ARTICLE, text=BRIDGE.text), alone=False)
    library.asking.set()
    await asyncio.gather(*busy, *waiting)
    counted = {call.question: call.turns for call in library.calls[QUESTION_THREADS:]}
    assert counted == {"Since when?": (), "Until when?": tuple(turns)}
    await service.close(patience=1)


async def test_where_the_article_in_use_is_removed_while_the_question_waits_the_next_one_is_asked(
    service: CountingService, library: HeldLibrary
) -> None:
    library.branch("1").give(BRIDGE)
    library.branch("1").use("bridge", who="ada")
    library.asking.clear()
    busy = [asyncio.create_task(ask(service, f"Question {n}?", asker=n)) for n in range(QUESTION_THREADS)]
    await until(lambda: len(library.calls) == QUESTION_THREADS)
    assumed = asyncio.create_task(ask(service, place=HERE, asker=8))
    await until(lambda: service.joined == QUESTION_THREADS + 1)
    named = asyncio.create_task(ask(service, "Arches?", place=HERE, asker=9, article="bridge"))
    await until(lambda: service.joined == QUESTION_THREADS + 2)
    library.branch("1").remove("bridge", who="ada")
    library.asking.set()
    assert (await assumed).info.article == ARTICLE
    with pytest.raises(UnknownArticleError):
        await named
    await asyncio.gather(*busy)
    await service.close(patience=1)


async def test_a_full_line_takes_nobody_else_and_nobody_fills_it_alone(library: HeldLibrary) -> None:
    service = CountingService(library, line=4)
    library.asking.clear()
    askers = (*[1] * QUESTION_THREADS, 1, 1, 1, 2)  # four wait for their turn
    asking = [
        asyncio.create_task(ask(service, f"Question {n}?", asker=asker, article="harbour"))
        for n, asker in enumerate(askers)
    ]
    await until(lambda: service.joined == len(askers))
    full = "The line is full: 4 are waiting. Please ask again in a minute."
    alone = "You have 3 questions waiting already. Ask again when one is answered."
    for asker, message in ((1, alone), (3, full)):
        with pytest.raises(LineFullError) as admitted:
            service.admit(HERE, asker)
        with pytest.raises(LineFullError) as asked:
            await ask(service, "One more?", asker=asker)
        assert (str(admitted.value), str(asked.value)) == (message, message)
    library.asking.set()
    await asyncio.gather(*asking)
    service.admit(HERE, 1)
    await service.close(patience=1)


async def test_admission_counts_the_person_and_the_server(library: HeldLibrary) -> None:
    service = Service(library, rates=Rates(questions=Rate(person=2, server=3)))
    service.admit(HERE, 1)
    service.admit(HERE, 1)
    with pytest.raises(TooFastError, match=r"^One moment, please: you can ask again in \d+ s\.$"):
        service.admit(HERE, 1)
    service.admit(HERE, 2)
    with pytest.raises(TooFastError, match=r"^This server asks a lot just now\."):
        service.admit(HERE, 3)
    service.admit(ELSEWHERE, 3)
    service.admit(NOWHERE, 3)


async def test_who_is_refused_for_the_line_is_counted_too(library: HeldLibrary) -> None:
    service = Service(library, rates=Rates(questions=Rate(person=2)), line=0)
    for refusal in (LineFullError, LineFullError, TooFastError):
        with pytest.raises(refusal):
            service.admit(HERE, 1)


async def test_questions_and_reading_do_not_wait_for_a_change(service: Service, library: HeldLibrary) -> None:
    library.next_article, library.held_at = replace(ARTICLE, text=f"{ARTICLE.text} So it is."), Stage.SAVE
    library.reindexing.clear()
    steps: list[Progress] = []
    changing = asyncio.create_task(service.change(reindex(HERE), steps.append))
    await until(lambda: bool(steps) and steps[-1].stage is Stage.SAVE)
    answers = await asyncio.gather(*(ask(service, f"{n} ships?", place=HERE) for n in range(5)))
    assert len(answers) == 5
    assert await service.read(HERE, lambda found: found.article()) == ARTICLE
    assert not changing.done()
    with pytest.raises(
        ReindexRunningError, match=r"^A reindex is running already\. Wait until it is done\.$"
    ):
        await service.change(reindex(HERE), steps.append)
    library.reindexing.set()
    assert (await changing).report.kept == 2
    stages = [Stage.READ, Stage.READ, Stage.CHUNK, Stage.EMBED, Stage.EMBED, Stage.CHECK, Stage.SAVE]
    assert [step.stage for step in steps] == stages
    await service.close(patience=1)


async def test_nothing_else_is_altered_during_a_change_and_one_thing_at_a_time(
    service: Service, library: HeldLibrary
) -> None:
    library.reindexing.clear()
    steps: list[Progress] = []
    changing = asyncio.create_task(service.change(reindex(HERE), steps.append))
    await until(lambda: bool(steps))
    with pytest.raises(ReindexRunningError):  # at once, and not only when the library's lock says so
        await service.alter(HERE, lambda library: library.use("harbour", who="ada"))
    await service.alter(ELSEWHERE, lambda library: library.use("harbour", who="ada"))
    library.reindexing.set()
    await changing
    held = threading.Event()
    altering = asyncio.create_task(service.alter(HERE, lambda _: held.wait(timeout=10)))
    await asyncio.sleep(0.01)
    with pytest.raises(ReindexRunningError):  # the same button pressed twice
        await service.alter(HERE, lambda library: library.use("harbour", who="ada"))
    held.set()
    assert await altering
    await service.close(patience=1)


async def test_changes_of_several_servers_have_their_turns(service: Service, library: HeldLibrary) -> None:
    library.reindexing.clear()
    first, second = (
        asyncio.create_task(service.change(reindex(place), lambda _: None)) for place in (HERE, ELSEWHERE)
    )
    await asyncio.sleep(0.05)
    library.reindexing.set()
    assert [outcome.report.kept for outcome in await asyncio.gather(first, second)] == [3, 3]
    await service.close(patience=1)


async def test_a_change_that_is_called_off_changes_nothing(service: Service, library: HeldLibrary) -> None:
    library.next_article = BRIDGE
    library.reindexing.clear()
    steps: list[Progress] = []
    changing = asyncio.create_task(service.change(reindex(NOWHERE), steps.append, job_id=JOB))
    await until(lambda: bool(steps))
    await service.jobs.cancel(JOB)
    library.reindexing.set()
    with pytest.raises(CancelledError, match=r"^Called off\. Nothing was changed\.$"):
        await changing
    assert library.article() == ARTICLE
    assert {step.stage for step in steps} == {Stage.READ}
    assert (library.history(), library.jobs.look(JOB)) == ((), None)
    await service.close(patience=1)


class Loading(HeldLibrary):
    """A library whose loading has something to tell."""

    def __init__(self, outcome: Exception | None = None) -> None:
        super().__init__()
        self.outcome = outcome

    def load(self, on_progress: Callable[[Progress], None] = lambda _: None) -> tuple[str, ...]:
        if self.outcome:
            raise self.outcome
        return ("The index was damaged; it has been rebuilt.", *super().load(on_progress))


async def started(library: HeldLibrary) -> None:
    service = Service(library)
    service.start()
    await ask(service)  # has its turn when loading is through
    await service.close(patience=1)


async def test_it_loads_when_started_and_tells_what_it_healed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await started(Loading())
    rebuilt, ready = (one.getMessage() for one in caplog.records if one.name == "bot.service.service")
    assert rebuilt == "The index was damaged; it has been rebuilt."
    assert re.fullmatch(r"The article is ready after \d+\.\d s\.", ready)


@pytest.mark.parametrize(
    ("error", "traceback"), [(ArticleError("No article."), False), (OSError("No."), True)]
)
async def test_a_library_that_cannot_load_is_logged_and_asked_all_the_same(
    caplog: pytest.LogCaptureFixture, error: Exception, traceback: bool
) -> None:
    await started(Loading(error))
    (record,) = caplog.records
    assert record.getMessage() == f"The article cannot be asked: {error}"
    assert bool(record.exc_info) is traceback


async def test_closing_waits_for_what_is_in_flight_and_takes_nothing_new(
    service: Service, library: HeldLibrary
) -> None:
    library.asking.clear()
    done = []

    async def answer() -> None:
        with service.in_flight():
            done.append((await ask(service)).answer.question)

    answering = asyncio.create_task(answer())
    await until(lambda: len(library.calls) == 1)
    closing = asyncio.create_task(service.close(patience=5))
    await asyncio.sleep(0.01)
    assert not closing.done()
    with pytest.raises(ClosingError, match=r"^Footnote is just stopping\. Ask again in a minute\.$"):
        await answer()
    library.asking.set()
    await closing
    await answering
    assert done == ["ships harbour"]


async def test_closing_does_not_wait_for_ever(
    service: Service, library: HeldLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    library.asking.clear()

    async def answer() -> None:
        with service.in_flight():
            await ask(service)

    answering = asyncio.create_task(answer())
    await until(lambda: len(library.calls) == 1)
    await service.close(patience=0.05)
    assert "Stopping with 1 unfinished after 0.05 s." in caplog.text
    with pytest.raises(ClosingError):  # so that it can still be told
        await answering
    library.asking.set()


async def test_at_the_end_whoever_still_waits_for_a_turn_or_a_thread_is_told(
    service: CountingService, library: HeldLibrary
) -> None:
    library.asking.clear()
    told: list[str] = []

    async def answer(number: int) -> None:
        with service.in_flight():
            try:
                await ask(service, f"Question {number}?", asker=number)
            except ClosingError as error:
                told.append(str(error))

    async def read() -> None:
        with service.in_flight():
            try:
                await service.read(HERE, lambda _: library.asking.wait(timeout=10))
            except ClosingError as error:
                told.append(str(error))

    answering = [asyncio.create_task(answer(number)) for number in range(4)]
    reading = [asyncio.create_task(read()) for _ in range(READING_THREADS + 1)]
    await until(lambda: service.joined == len(answering))
    await service.close(patience=0.05)
    assert told == ["Footnote is just stopping. Ask again in a minute."] * (len(answering) + 1)
    library.asking.set()
    await asyncio.gather(*answering, *reading)
    with pytest.raises(ClosingError):
        await service.read(HERE, lambda found: found.in_use())


async def test_closing_cuts_loading_short(caplog: pytest.LogCaptureFixture) -> None:
    loading = threading.Event()
    ended: list[Exception] = []

    class Slow(HeldLibrary):
        def load(self, on_progress: Callable[[Progress], None] = lambda _: None) -> tuple[str, ...]:
            loading.set()
            self.loading.wait(timeout=10)
            try:
                on_progress(Progress(Stage.EMBED, 1, 2))
            except ClosingError as error:
                ended.append(error)
                raise
            return ()

    slow = Slow()
    slow.loading.clear()
    service = Service(slow)
    service.start()
    await until(loading.is_set)
    await service.close(patience=1)
    slow.loading.set()
    await until(lambda: bool(ended))
    await asyncio.sleep(0.01)
    assert caplog.records == []


async def test_closing_ends_a_change_at_its_next_step_and_nothing_is_changed(
    service: Service, library: HeldLibrary
) -> None:
    library.next_article = BRIDGE
    library.reindexing.clear()
    steps: list[Progress] = []
    changing = asyncio.create_task(service.change(reindex(NOWHERE), steps.append))
    await until(lambda: bool(steps))
    await service.close(patience=1)
    library.reindexing.set()
    with pytest.raises(ClosingError):
        await changing
    assert library.article() == ARTICLE
