"""The log: a line a record, as text or as JSON, with the request that it belongs to."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.operations.logs import JsonLines, TextLines, begin_request, request_id
from bot.service.threads import Threads
from index import Result
from tests.bot.conftest import World
from tests.fakes import HeldLibrary

QUESTION = "When was the harbour of Elms built?"


def record(message: str, *values: object, with_error: bool = False) -> logging.LogRecord:
    made = logging.LogRecord("bot.somewhere", logging.WARNING, "file.py", 1, message, values, None)
    made.created = 1_795_694_400.25  # 2026-11-26 12:00:00.25 UTC
    if with_error:
        try:
            int("No number.")
        except ValueError:
            made.exc_info = sys.exc_info()
    return made


def test_a_line_of_json() -> None:
    assert json.loads(JsonLines().format(record("“%s” is %d", "Elms", 3))) == {
        "time": "2026-11-26T12:00:00.250+00:00",
        "level": "WARNING",
        "logger": "bot.somewhere",
        "message": "“Elms” is 3",
    }


def test_a_line_of_json_has_the_traceback() -> None:
    line = JsonLines().format(record("Failed", with_error=True))
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("with base 10: 'No number.'")


@given(st.text())
def test_whatever_is_logged_is_one_line_of_json(text: str) -> None:
    line = JsonLines().format(record("%s", text))
    assert len(line.splitlines()) == 1
    assert json.loads(line.encode())["message"] == text


async def test_a_line_has_the_request_that_it_belongs_to() -> None:
    assert re.fullmatch(r"\S{10} \S{8} WARNING  bot\.somewhere Failed", TextLines().format(record("Failed")))

    async def work() -> tuple[str, str, str]:
        return begin_request(), TextLines().format(record("Failed")), JsonLines().format(record("Failed"))

    request, text, line = await asyncio.create_task(work())
    assert text.endswith(f" WARNING  bot.somewhere [{request}] Failed")
    assert json.loads(line)["request"] == request
    assert request_id() is None


async def test_a_request_goes_with_its_work_into_tasks_and_threads() -> None:
    threads = Threads()

    async def work() -> tuple[str, str | None]:
        request = begin_request()
        return request, await asyncio.create_task(threads.run(threads.questions, request_id))

    done = await asyncio.gather(*(asyncio.create_task(work()) for _ in range(5)))
    threads.close()
    assert len({request for request, _ in done}) == 5
    assert all(request == seen for request, seen in done)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The requests of the questions that the library is asked."""
    asked: list[str | None] = []
    ask = HeldLibrary.ask

    def note(self: HeldLibrary, question: str, **options: Any) -> Result:
        asked.append(request_id())
        return ask(self, question, **options)

    monkeypatch.setattr(HeldLibrary, "ask", note)
    return asked


@pytest.mark.slow
async def test_each_event_of_discord_is_a_request_of_its_own(
    world: World, requests: list[str | None]
) -> None:
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    await world.reader.send_dm(QUESTION)
    assert all(request and re.fullmatch("[0-9a-f]{8}", request) for request in requests)
    assert len(set(requests)) == len(requests) == 3


@pytest.mark.slow
async def test_the_reference_that_people_are_given_is_the_requests(
    world: World, requests: list[str | None], caplog: pytest.LogCaptureFixture
) -> None:
    world.library.error = ZeroDivisionError()
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert requests[0]
    assert f"Reference {requests[0]}, in server" in caplog.text
    assert requests[0] in world.texts(world.reader)[-1]
    registry = world.bot.service.metrics.registry
    assert registry.get_sample_value("footnote_errors_total", {"kind": "ZeroDivisionError"}) == 1
    assert world.errors() == [ZeroDivisionError]


@pytest.mark.slow
async def test_answers_and_changes_in_discord_are_counted(world: World) -> None:
    registry = world.bot.service.metrics.registry
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert registry.get_sample_value("footnote_question_seconds_count") == 1
    for stage in ("wait", "rank", "render", "send"):
        assert registry.get_sample_value("footnote_stage_seconds_count", {"stage": stage}) == 1
    file = ("canal.txt", b"The canal is dry.")
    await world.admin.slash(world.channel, "library add", file=file)
    for outcome, times in (("added", 1), ("reindexed", 0), ("failed", 0)):
        assert registry.get_sample_value("footnote_changes_total", {"outcome": outcome}) == times
    await world.admin.slash(world.channel, "reindex")
    assert registry.get_sample_value("footnote_changes_total", {"outcome": "unchanged"}) == 1
    assert registry.get_sample_value("footnote_change_seconds_count") == 2
    assert registry.get_sample_value("footnote_gateway_connected") == 1
    await world.bot.shards[0].disconnect()
    await world.env.settle()
    assert registry.get_sample_value("footnote_gateway_connected") == 0
