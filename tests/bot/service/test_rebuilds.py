"""Indexes that have to be built again, in the service: where, with what said meanwhile, and how it stops."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.service.place import Place
from bot.service.service import Service
from bot.service.threads import ClosingError
from index import Library, RebuildingError, Result
from tests.index.fakes import THRESHOLDS, BlockingEmbedder, FakeEmbedder

pytestmark = pytest.mark.slow

SHIPS = "How many ships anchor there?"
FORTY = "Forty ships anchor there every summer."
HERE = Place(1, 10)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
    path = tmp_path / "harbour.txt"
    path.write_text(f"The harbour of Elms was built in 1901. {FORTY}\n")
    return path


def library_of(path: Path, embedder: FakeEmbedder | None = None) -> Library:
    return Library(path.parent / "data", article_path=path, embedder=embedder or FakeEmbedder())


class Watched(BlockingEmbedder):
    """Remembers in which threads passages were embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[str] = []

    def embed_passages(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
        self.threads.append(threading.current_thread().name)
        return super().embed_passages(*args, **more)  # type: ignore[arg-type,return-value]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a thread brings it about
            await asyncio.sleep(0.001)


async def ask(service: Service, place: Place = HERE) -> Result:
    return await service.ask(SHIPS, place=place, asker=1)


def damage(path: Path) -> None:
    (snapshot,) = (path.parent / "data" / "articles" / "harbour" / "snapshots").iterdir()
    (snapshot / "tokens.npy").write_bytes(b"noise")


async def test_the_first_questions_wait_for_an_index_that_is_missing_at_the_start(path: Path) -> None:
    embedder = Watched()
    service = Service(library_of(path, embedder))
    service.start()
    asking = asyncio.create_task(ask(service))
    await until(embedder.started.is_set)
    await asyncio.sleep(0.05)
    assert not asking.done()
    embedder.let_through.set()
    assert (await asking).answer.citations[0].quote == FORTY
    assert embedder.threads == ["footnote-indexing_0"]
    await service.close(patience=1)


async def test_when_that_takes_long_they_are_told_how_far_it_is(path: Path) -> None:
    embedder = Watched()
    library = library_of(path, embedder)
    service = Service(library)
    service.seconds_to_build = 0.05
    service.start()
    asking = asyncio.create_task(ask(service))
    with pytest.raises(RebuildingError) as caught:
        await asking
    assert str(caught.value).startswith("The index of this article is ")
    embedder.let_through.set()
    await until(lambda: not library._parts.rebuilder._attempts)
    assert (await ask(service)).answer.citations[0].quote == FORTY
    await service.close(patience=1)


async def test_an_index_that_is_damaged_while_it_runs_is_rebuilt_where_reindexing_happens(
    path: Path,
) -> None:
    library_of(path).load()
    embedder = Watched()
    library = library_of(path, embedder)
    service = Service(library)
    service.start()
    await ask(service)
    library._parts.opener._memory.articles._values.clear()  # it was asked too long ago to be held
    damage(path)
    told = set()
    for place in (HERE, Place(2, 20), Place(), Place(1, 11)):
        with pytest.raises(RebuildingError) as caught:
            await ask(service, place)
        told.add(str(caught.value).partition(":")[0].partition(".")[0])
    assert told <= {
        "The index of this article is about to be rebuilt",
        "The index of this article is being rebuilt",
    }
    embedder.let_through.set()
    await until(lambda: not library._parts.rebuilder._attempts)
    for place in (HERE, Place(2, 20), Place()):
        assert (await ask(service, place)).answer.citations[0].quote == FORTY
    assert embedder.threads == ["footnote-indexing_0"]
    await service.close(patience=1)


async def test_stopping_ends_a_rebuild_at_its_next_step(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    library_of(path).load()
    damage(path)
    embedder = Watched()
    library = library_of(path, embedder)
    service = Service(library)
    service.start()
    await until(embedder.started.is_set)
    await service.close(patience=1)
    embedder.let_through.set()
    await until(lambda: not library._parts.rebuilder._attempts)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert len(library.history()) == 1
    with pytest.raises(ClosingError):
        await ask(service)
