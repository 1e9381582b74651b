"""The service's upkeep: told where it runs, logged, and never in anybody's way."""

from __future__ import annotations

import logging
from unittest.mock import Mock, call

import pytest

from bot.service.service import Service
from bot.shards import ONE_SHARD
from index import ExpiredItem, ExpiredKind, SnapshotError
from tests.fakes import ARTICLE, HeldLibrary


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
    await service.upkeep.tidy()
    assert told.mock_calls == [
        call.meet({"1", "2", "3"}, ONE_SHARD.serves),
        call.leave("3"),
        call.come_back("3"),
        call.prune(),
    ]
    assert [record.getMessage() for record in caplog.records if record.name == "bot.service.upkeep"] == [
        "Removed from server 3: its library goes after a while.",
        "Back in server 3, whose library is still there.",
        "Deleted after its time: removed article of the common library, 5 bytes.",
        "Deleted after its time: library of a server that left of server 77, 9 bytes.",
    ]
    await service.close(patience=1)
    await service.upkeep.tidy()
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
