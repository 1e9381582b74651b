"""The service: what runs where, and how it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest

from bot.service import ClosingError, Service
from index import ArticleError, Progress, ReindexRunningError, Stage
from tests.fakes import ARTICLE, FakeLibrary


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary()


@pytest.fixture
def service(library: FakeLibrary) -> Service:
    return Service(library)


async def test_questions_run_in_threads_of_their_own_while_the_loop_goes_on(
    service: Service, library: FakeLibrary
) -> None:
    library.asking.clear()
    asking = asyncio.create_task(service.ask("ships harbour"))
    gaps: list[float] = []
    last = asyncio.get_running_loop().time()
    while len(gaps) < 20:
        await asyncio.sleep(0.01)
        now = asyncio.get_running_loop().time()
        gaps.append(now - last)
        last = now
    assert not asking.done()
    library.asking.set()
    answer = await asking
    assert answer.question == "ships harbour"
    assert [thread for _, thread in library.asked] == ["footnote-questions_0"]
    assert sorted(gaps)[len(gaps) // 2] < 0.1
    await service.close(patience=1)


async def test_questions_do_not_wait_for_a_reindex(service: Service, library: FakeLibrary) -> None:
    library.reindexing.clear()
    steps: list[Progress] = []
    reindexing = asyncio.create_task(service.reindex(steps.append))
    await asyncio.sleep(0)
    answers = await asyncio.gather(*(service.ask("ships harbour") for _ in range(5)))
    assert len(answers) == 5
    assert not reindexing.done()
    with pytest.raises(
        ReindexRunningError, match=r"^A reindex is running already\. Wait until it is done\.$"
    ):
        await service.reindex(steps.append)
    library.reindexing.set()
    assert (await reindexing).kept == 3
    assert [step.stage for step in steps] == [*Stage, Stage.SAVE]
    await service.close(patience=1)


async def test_article_and_info_are_the_librarys(service: Service) -> None:
    assert await service.article() is ARTICLE
    assert (await service.info()).article is ARTICLE
    await service.close(patience=1)


class Loading(FakeLibrary):
    """A library whose loading has something to tell."""

    def __init__(self, outcome: Exception | None = None) -> None:
        super().__init__()
        self.outcome = outcome

    def load(self, on_progress: Callable[[Progress], None] = lambda _: None) -> tuple[str, ...]:
        del on_progress
        if self.outcome:
            raise self.outcome
        return ("The index was damaged; it has been rebuilt.",)


async def started(library: Loading) -> None:
    service = Service(library)
    service.start()
    await service.reindex(lambda _: None)  # has its turn when loading is through
    await service.close(patience=1)


async def test_it_loads_when_started_and_tells_what_it_healed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await started(Loading())
    assert [record.getMessage() for record in caplog.records if record.name == "bot.service"] == [
        "The index was damaged; it has been rebuilt.",
        "The article is ready after 0.0 s.",
    ]


@pytest.mark.parametrize(
    ("error", "traceback"), [(ArticleError("No article."), False), (OSError("No."), True)]
)
async def test_a_library_that_cannot_load_is_logged(
    caplog: pytest.LogCaptureFixture, error: Exception, traceback: bool
) -> None:
    await started(Loading(error))
    (record,) = caplog.records
    assert record.getMessage() == f"The article cannot be asked: {error}"
    assert bool(record.exc_info) is traceback


async def test_closing_waits_for_what_is_in_flight_and_takes_nothing_new(
    service: Service, library: FakeLibrary
) -> None:
    library.asking.clear()
    done = []

    async def answer() -> None:
        with service.in_flight():
            done.append((await service.ask("ships harbour")).question)

    answering = asyncio.create_task(answer())
    await asyncio.sleep(0.01)
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
    service: Service, library: FakeLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    library.asking.clear()

    async def answer() -> None:
        with service.in_flight():
            await service.ask("ships harbour")

    answering = asyncio.create_task(answer())
    await asyncio.sleep(0.01)
    await service.close(patience=0.05)
    assert "Stopping with 1 unfinished after 0.05 s." in caplog.text
    library.asking.set()
    await answering


async def test_closing_ends_a_reindex_at_its_next_step_and_the_old_index_stays(
    service: Service, library: FakeLibrary
) -> None:
    library.reindexing.clear()
    reindexing = asyncio.create_task(service.reindex(lambda _: None))
    await asyncio.sleep(0.05)
    await service.close(patience=1)
    library.reindexing.set()
    with pytest.raises(ClosingError):
        await reindexing
    assert library.article is ARTICLE
