"""The service's upkeep: told where it runs, logged, and never in anybody's way."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path
from unittest.mock import Mock, call

import pytest

from bot.client import work
from bot.service.service import Service
from bot.settings import Settings
from bot.shards import ONE_SHARD
from index import ExpiredItem, ExpiredKind, Library, Retention, SharedStorage, SnapshotError, upload
from tests.fakes import ARTICLE, THRESHOLDS, HeldLibrary
from tests.index.fakes import FakeEmbedder


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a thread brings it about
            await asyncio.sleep(0.005)


async def test_it_passes_on_what_it_is_told_and_logs_what_went(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.service.upkeep")
    library = HeldLibrary()
    service = Service(library)
    library.branch("3").give(ARTICLE)
    library.upkeep = told = Mock(wraps=library.upkeep)
    told.prune.return_value = [
        ExpiredItem(ExpiredKind.REMOVED, None, "notes", 5),
        ExpiredItem(ExpiredKind.SERVER, "77", None, 9),
    ]
    await service.upkeep.meet([1, 2, 3], ONE_SHARD.serves)
    await service.upkeep.leave(3)
    await service.upkeep.come_back(3)
    await service.upkeep.tidy(ONE_SHARD.serves)
    assert told.mock_calls == [
        call.meet({"1", "2", "3"}, ONE_SHARD.serves),
        call.leave("3"),
        call.come_back("3"),
        call.prune(ONE_SHARD.serves),
    ]
    assert [record.getMessage() for record in caplog.records if record.name == "bot.service.upkeep"] == [
        "Removed from server 3: its library goes after a while.",
        "Back in server 3, whose library is still there.",
        "Deleted after its time: removed article of the common library, 5 bytes.",
        "Deleted after its time: library of a server that left of server 77, 9 bytes.",
    ]
    await service.close(patience=1)
    await service.upkeep.tidy(ONE_SHARD.serves)
    await service.upkeep.leave(4)
    assert len(told.mock_calls) == 4


async def test_what_the_disk_refuses_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = HeldLibrary()
    service = Service(library)

    def refused(_: str) -> bool:
        raise SnapshotError("The data folder cannot be written to.")

    monkeypatch.setattr(library.upkeep, "leave", refused)
    await service.upkeep.leave(3)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "The libraries of servers could not be looked after: The data folder cannot be written to."
    ]
    await service.close(patience=1)


async def test_it_clears_up_at_once_and_daily_whatever_went_wrong_the_day_before(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.upkeep.SECONDS_BETWEEN", 0.0)
    library = HeldLibrary()
    library.upkeep = told = Mock(wraps=library.upkeep)
    told.prune.side_effect = chain([SnapshotError("The database is away."), ZeroDivisionError], repeat([]))
    service = Service(library)
    service.upkeep.begin(ONE_SHARD.serves)
    service.upkeep.begin(ONE_SHARD.serves)  # Discord may say again that it is ready
    await until(lambda: told.prune.call_count > 3)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING][:2] == [
        "What was kept long enough could not be deleted: The database is away.",
        "Clearing up failed; it is tried again in a day.",
    ]
    await service.close(patience=1)
    calls = told.prune.call_count
    await asyncio.sleep(0.02)
    assert told.prune.call_count == calls


def machine_of(tmp_path: Path) -> Library:
    """A machine's library, whose indexes lie in a storage."""
    (tmp_path / "set.txt").write_text("The set article is short.\n")
    (tmp_path / "share").mkdir(exist_ok=True)
    return Library(
        tmp_path / "data",
        storage=SharedStorage(str(tmp_path / "share"), cache_bytes=1),
        article_path=tmp_path / "set.txt",
        embedder=FakeEmbedder(),
        reader="off",
        retention=Retention(absences=timedelta(0)),
    )


@pytest.mark.slow
@pytest.mark.usefixtures("_read_here")
async def test_a_worker_keeps_the_data_folder_of_its_machine_up_and_deletes_no_servers_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
    data = tmp_path / "data"
    library = machine_of(tmp_path)
    library.load()
    for server in ("7", "8"):
        library.branch(server).add(upload("n.txt", f"Rope {server} is red.\n".encode()), who="ada", id="n")
    library.upkeep.leave("7")  # who is in Discord may know by now that the bot came back
    for left_behind in (data / "cache" / "0.json", data / "cache" / ".writing-x"):
        left_behind.write_text("{}")
    for block in (data / "servers" / "8" / "building", data / "servers" / "9" / "building"):
        block.mkdir(parents=True)
        (block / "x.block").write_bytes(b"x")
    (data / "servers" / "10").mkdir()  # a library that is just being begun
    young = time.time()
    for path in data.rglob("*"):
        if path.name != "10" and "footnote" not in path.name:
            os.utime(path, (young - 300_000,) * 2)

    assert len(list((data / "cache").glob("*/manifest.json"))) == 3
    working = asyncio.create_task(work(Service(machine_of(tmp_path)), Settings(data_dir=data)))
    await until(lambda: len(list((data / "cache").glob("*/manifest.json"))) == 1)  # that which is open
    working.cancel()
    await asyncio.wait([working])
    assert sorted(path.name for path in (data / "servers").iterdir()) == ["10", "7", "8"]
    assert not list(data.rglob("*.block"))
    assert not [path.name for path in (data / "cache").iterdir() if path.name in ("0.json", ".writing-x")]
    later = machine_of(tmp_path)
    assert later.branch("7").ask("What is red?").answer.citations[0].quote == "Rope 7 is red."
    assert [one.server for one in later.upkeep.prune() if one.kind is ExpiredKind.SERVER] == ["7"]
    assert later.upkeep.meet([], ONE_SHARD.serves) == ["8"]  # and not what is only a folder here
