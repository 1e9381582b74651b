"""Workers: one takes what another process posts, goes on where another died, and tells how it ended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import bot.service.worker
from bot.operations.logs import begin_request, request_id
from bot.service.change_request import (
    ChangeOutcome,
    ChangeRequest,
    UnforeseenError,
    make_change,
    outcome_json,
    outcome_of,
    request_json,
    request_of,
)
from bot.service.service import Service
from bot.service.threads import ClosingError
from index import (
    ArticleError,
    CancelledError,
    FootnoteError,
    Library,
    Limits,
    OwnQuestionsError,
    Progress,
    QuotaKind,
    QuotaUse,
    RebuildingError,
    SelfCheck,
    SelfCheckError,
    SnapshotError,
    Stage,
)
from index.model.library import MovedAnswer
from index.storage.jobs import LEASE
from tests.fakes import THRESHOLDS, HeldLibrary
from tests.index.fakes import FakeEmbedder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_read_here")]

JOB = "0123456789abcdef"
TEXT = b"The bridge of Oaks has seven arches.\n"
ADDING = ChangeRequest(
    server=7, starter=1, who="ada", adds=True, article="mine", channel="70", file_name="a.txt"
)


async def attach() -> tuple[bytes, None]:
    return TEXT, None


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a thread brings it about
            await asyncio.sleep(0.005)


@pytest.fixture
def open_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Library]:
    """Opens the same library as another process would."""
    monkeypatch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
    monkeypatch.setattr("bot.service.job_board.SECONDS_BETWEEN_LOOKS", 0.02)
    monkeypatch.setattr("bot.service.worker.SECONDS_BETWEEN_LOOKS", 0.02)
    (tmp_path / "set.txt").write_text("The set article is short.\n")

    def opened() -> Library:
        return Library(tmp_path / "data", article_path=tmp_path / "set.txt", embedder=FakeEmbedder())

    opened().load()
    return opened


class Process:
    """A process that posts changes, or works, or both."""

    def __init__(self, library: Library, *, works: bool) -> None:
        self.library, self.service, self.steps = library, Service(library), list[Progress]()
        if works:
            self.service._worker.wake()
        else:
            self.service._worker.close()

    def add(self) -> asyncio.Task[ChangeOutcome]:
        async def change() -> ChangeOutcome:
            with self.service.in_flight():
                return await self.service.change(ADDING, self.steps.append, job_id=JOB, attach=attach)

        return asyncio.create_task(change())


@pytest.fixture
async def processes(
    open_library: Callable[[], Library],
) -> AsyncIterator[Callable[..., Process]]:
    running: list[Process] = []

    def process(*, works: bool) -> Process:
        running.append(Process(open_library(), works=works))
        return running[-1]

    yield process
    for one in running:
        await one.service.close(patience=1)


def hold(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Callable[[], None]:
    """Holds whoever makes a change back as it comes to a stage; gives what lets it go on."""
    let_go = threading.Event()

    def held(library: Library, job: Any, limits: Limits, on_progress: Callable[[Progress], None]) -> Any:
        def step(progress: Progress) -> None:
            on_progress(progress)
            if progress.stage is stage:
                let_go.wait(10)

        return make_change(library, job, limits, step)

    monkeypatch.setattr("bot.service.worker.make_change", held)
    return let_go.set


async def test_what_one_process_posts_another_does_and_its_end_and_progress_are_known_to_the_first(
    processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = hold(monkeypatch, Stage.EMBED)
    asker, _ = processes(works=False), processes(works=True)
    adding = asker.add()
    await until(lambda: bool(asker.steps) and asker.steps[-1].stage is Stage.EMBED)
    let_go()
    outcome = await adding
    assert (outcome.added, outcome.in_use, outcome.report.info.article.id) == (True, True, "mine")
    assert (outcome.report.added, outcome.report.published, outcome.report.info.article.text) == (1, True, "")
    library = asker.library.branch("7")
    assert library.article().text == TEXT.decode()
    assert [(change.who, change.action.value) for change in library.history()] == [("ada", "added")]
    assert library.jobs.look(JOB) is None


async def test_a_press_in_any_process_calls_it_off(
    processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = hold(monkeypatch, Stage.SAVE)  # nothing asks any more, but the publication itself
    asker, worker, third = processes(works=False), processes(works=True), processes(works=False)
    adding = asker.add()
    await until(lambda: bool(asker.steps) and asker.steps[-1].stage is Stage.SAVE)
    assert await third.service.jobs.request(JOB) == ADDING
    await third.service.jobs.cancel(JOB)
    let_go()
    with pytest.raises(CancelledError, match=r"^Called off\. Nothing was changed\.$"):
        await adding
    assert worker.library.branch("7").history() == ()
    assert await third.service.jobs.request(JOB) is None


async def test_where_a_worker_dies_the_next_one_goes_on_and_it_is_done_once(
    processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = processes(works=False)
    adding = asker.add()
    await until(lambda: asker.library.jobs.is_any_free())
    assert asker.library.jobs.take()  # and dies
    later = datetime.now(UTC) + 2 * LEASE
    monkeypatch.setattr("index.storage.database.Database.clock", lambda *_: later)
    processes(works=True)
    assert (await adding).report.added == 1
    assert len(asker.library.branch("7").history()) == 1


async def test_where_a_worker_dies_after_it_has_published_the_next_one_only_says_so(
    processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = processes(works=False)
    adding = asker.add()
    await until(lambda: asker.library.jobs.is_any_free())
    job = asker.library.jobs.take()
    assert job is not None
    make_change(asker.library, job, Limits(), lambda _: None)  # and dies before it can say so
    later = datetime.now(UTC) + 2 * LEASE
    monkeypatch.setattr("index.storage.database.Database.clock", lambda *_: later)
    processes(works=True)
    outcome = await adding
    assert (outcome.report.added, outcome.added, outcome.in_use) == (1, True, True)
    assert len(asker.library.branch("7").history()) == 1


async def test_a_worker_that_stops_leaves_its_job_to_another(
    processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = hold(monkeypatch, Stage.READ)
    asker, first = processes(works=False), processes(works=True)
    adding = asker.add()
    await until(lambda: bool(first.service._worker._work))
    await first.service.close(patience=1)
    let_go()
    await until(lambda: asker.library.jobs.is_any_free())
    processes(works=True)
    assert (await adding).report.added == 1


async def test_who_stops_withdraws_what_was_posted(processes: Callable[..., Process]) -> None:
    asker = processes(works=False)
    adding = asker.add()
    await until(lambda: asker.library.jobs.is_any_free())
    await asker.service.close(patience=1)
    with pytest.raises(ClosingError):
        await adding
    assert asker.library.jobs.count() == 0


async def test_a_job_that_nobody_survives_is_given_up(
    processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = processes(works=False)
    adding = asker.add()
    await until(lambda: asker.library.jobs.is_any_free())
    now = datetime.now(UTC)
    for number in range(bot.service.worker.MOST_TAKES):
        later = now + (2 * number + 2) * LEASE
        monkeypatch.setattr("index.storage.database.Database.clock", lambda *_, then=later: then)
        assert asker.library.jobs.take()
    monkeypatch.setattr("index.storage.database.Database.clock", lambda *_: now + 90 * LEASE)
    processes(works=True)
    with pytest.raises(UnforeseenError, match="has died of it"):
        await adding


async def test_what_nobody_has_foreseen_is_logged_where_it_was_done_and_told_without_what_it_says(
    processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ids: list[str | None] = []

    def fail(*_: object) -> None:
        ids.append(request_id())
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("bot.service.worker.make_change", fail)
    asker, _ = processes(works=False), processes(works=True)
    reference = begin_request()  # as the log of either has it
    with pytest.raises(UnforeseenError) as caught:
        await asker.add()
    assert ids == [reference]
    assert "secret" not in str(caught.value)
    assert "ZeroDivisionError: a secret" in caplog.text


async def test_a_database_that_is_away_for_a_while_is_waited_for(
    processes: Callable[..., Process], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asker, worker = processes(works=False), processes(works=True)
    told: list[bool] = []

    def fail(*_: object) -> None:
        raise SnapshotError("The database is away.")

    with monkeypatch.context() as patch:
        patch.setattr(worker.library.jobs, "is_any_free", fail)
        patch.setattr(asker.library.jobs, "look", fail)
        adding = asker.add()
        await until(lambda: "Changes cannot be made" in caplog.text)
        assert not adding.done()
        told.append(worker.service.has_database)
    assert (await adding).report.added == 1
    assert [*told, worker.service.has_database] == [False, True]
    assert caplog.text.count("Changes cannot be made: The database is away.") == 1


def test_a_request_comes_back_as_it_was() -> None:
    for request in (ADDING, ChangeRequest(server=None, starter=2, who="“Ö” 🙂", address="https://a.example")):
        assert request_of(request_json(request)) == request


@pytest.mark.parametrize(
    "error",
    [
        ArticleError("{place} holds {count} words: {more}", place="`a`.txt", count=3, more=None),
        SelfCheckError("{right} of {asked}", failed=("Who?", "Why?"), right=1, asked=3),
        OwnQuestionsError("{no} braces"),
        RebuildingError("{done} of {total}.", done=1, total=2),
        ClosingError(),
    ],
)
def test_an_error_comes_back_with_all_that_is_told_of_it(error: FootnoteError) -> None:
    with pytest.raises(type(error)) as caught:
        outcome_of(outcome_json(error))
    assert (str(caught.value), vars(caught.value)) == (str(error), vars(error))


def test_a_report_comes_back_but_for_the_text() -> None:
    library = HeldLibrary()
    report = replace(
        library.reindex(who="ada"),
        moved=(MovedAnswer("Who?", "Ada.", None),),
        check=SelfCheck(3, 2, ("Why?",)),
        quotas=(QuotaUse(QuotaKind.BYTES, 4, 5),),
        unread_questions=OwnQuestionsError("Line {line}.", line=3),
    )
    outcome = outcome_of(outcome_json(ChangeOutcome(report, added=False, in_use=True)))
    problem, article = outcome.report.unread_questions, report.info.article
    assert (str(problem), type(problem)) == ("Line 3.", OwnQuestionsError)
    brief = replace(article, text="", headings=(), sentences=None)
    info = replace(report.info, article=brief, passages=[])
    assert replace(outcome.report, unread_questions=None) == replace(report, info=info, unread_questions=None)
    assert (outcome.added, outcome.in_use) == (False, True)
