"""The metrics: each counts what it says, and none says what people wrote or who they are."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from bot import operations
from bot.operations.metrics import AnswerStage, ChangeEnd, Metrics
from bot.service.change_ends import _end
from bot.service.change_request import ChangeOutcome
from bot.service.place import Place
from bot.service.rates import TooFastError
from bot.service.service import Service
from bot.service.threads import ClosingError
from index import CancelledError, DataFolderError, FootnoteError, MemoryUse, SelfCheckError, Status
from tests.fakes import HeldLibrary

HERE = Place(server=987_654_321, channel=123_456_789)
ASKER = 555_555_555
BUILT = "When was the harbour built?"
DASHBOARD = Path(operations.__file__).with_name("dashboard.json")
STAGES = {*AnswerStage, "rank", "read", "compose"}


@pytest.fixture
def library(_read_here: None) -> HeldLibrary:
    return HeldLibrary()


@pytest.fixture
def service(library: HeldLibrary) -> Service:
    return Service(library)


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what a thread brings about has no event
            await asyncio.sleep(0.01)


async def ask(service: Service, question: str, *, is_claim: bool = False) -> None:
    await service.ask(question, place=HERE, asker=ASKER, is_claim=is_claim)


async def test_questions_are_counted_by_kind_and_tier_and_timed_by_stage(service: Service) -> None:
    registry = service.metrics.registry
    await ask(service, BUILT)
    await ask(service, BUILT)
    await ask(service, "Bake sourdough bread?")
    assert value(registry, "footnote_questions_total", kind="question", tier="answered") == 2
    assert value(registry, "footnote_questions_total", kind="question", tier="not_in_article") == 1
    for stage in ("wait", "rank", "read", "compose"):
        assert value(registry, "footnote_stage_seconds_count", stage=stage) == 3
        total = value(registry, "footnote_stage_seconds_sum", stage=stage)
        assert total is not None
        assert 0 <= total < 30


async def test_an_answer_in_the_making_is_shared_and_counts_for_each(
    service: Service, library: HeldLibrary
) -> None:
    registry = service.metrics.registry
    await ask(service, BUILT)
    library.asking.clear()
    asking = [asyncio.create_task(ask(service, BUILT)) for _ in range(3)]
    await until(lambda: value(registry, "footnote_shared_answers_total") == 2)
    library.asking.set()
    await asyncio.gather(*asking)
    assert value(registry, "footnote_questions_total", kind="question", tier="answered") == 4
    assert len(library.calls) == 2


async def test_who_waits_is_counted_while_they_wait(service: Service, library: HeldLibrary) -> None:
    registry = service.metrics.registry
    assert value(registry, "footnote_questions_waiting") == 0
    library.asking.clear()
    questions = [asyncio.create_task(ask(service, f"ships harbour {number}")) for number in range(5)]
    await until(lambda: value(registry, "footnote_questions_waiting") == 3)  # two have their turn
    library.asking.set()
    await asyncio.gather(*questions)
    assert value(registry, "footnote_questions_waiting") == 0


async def test_articles_are_counted_as_open_or_to_be_opened(service: Service, library: HeldLibrary) -> None:
    registry = service.metrics.registry
    library._parts.memory.articles._values.clear()
    assert value(registry, "footnote_articles_open") == 0
    assert value(registry, "footnote_model_loaded") == 1  # the fake's are, from the start
    before = value(registry, "footnote_article_cache_total", result="miss")
    await ask(service, BUILT)
    assert value(registry, "footnote_articles_open") == 1
    assert value(registry, "footnote_article_cache_total", result="miss") == (before or 0) + 1
    hits = value(registry, "footnote_article_cache_total", result="hit") or 0
    await ask(service, BUILT)
    assert value(registry, "footnote_article_cache_total", result="hit") == hits + 1


def test_a_model_is_loaded_when_the_library_says_so() -> None:
    metrics, use = Metrics(), MemoryUse(models=False, articles=0, hits=0, misses=0)
    metrics.watch_memory(lambda: use)
    assert value(metrics.registry, "footnote_model_loaded") == 0
    use = MemoryUse(models=True, articles=3, hits=20, misses=4)
    assert value(metrics.registry, "footnote_model_loaded") == 1
    assert value(metrics.registry, "footnote_articles_open") == 3


def test_the_gateways_latency_counts_while_it_is_connected() -> None:
    metrics, connected = Metrics(), True
    metrics.watch_gateway(latency=lambda: 0.125, is_connected=lambda: connected)
    assert value(metrics.registry, "footnote_gateway_connected") == 1
    assert value(metrics.registry, "footnote_gateway_latency_seconds") == 0.125
    connected = False
    assert value(metrics.registry, "footnote_gateway_connected") == 0
    assert math.isnan(value(metrics.registry, "footnote_gateway_latency_seconds") or 0)


def test_a_disk_that_cannot_be_asked_spoils_no_metrics(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.watch_disk(tmp_path / "nowhere")
    assert math.isnan(value(metrics.registry, "footnote_disk_free_bytes") or 0)
    (tmp_path / "nowhere").mkdir()
    assert (value(metrics.registry, "footnote_disk_free_bytes") or 0) > 0


async def test_a_question_that_fails_is_timed_by_no_stage(service: Service, library: HeldLibrary) -> None:
    library.error = FootnoteError("It is empty.")
    with pytest.raises(FootnoteError):
        await ask(service, BUILT)
    assert value(service.metrics.registry, "footnote_stage_seconds_count", stage="wait") == 1
    assert value(service.metrics.registry, "footnote_stage_seconds_count", stage="rank") is None
    with pytest.raises(FootnoteError), service.metrics.question():
        raise FootnoteError
    assert value(service.metrics.registry, "footnote_question_seconds_count") == 0


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (CancelledError("Called off."), ChangeEnd.CANCELLED),
        (ClosingError(), ChangeEnd.CANCELLED),
        (SelfCheckError("Too few.", failed=()), ChangeEnd.REFUSED),
        (FootnoteError("No article."), ChangeEnd.REFUSED),
        (DataFolderError("The disk is full."), ChangeEnd.FAILED),
        (ZeroDivisionError(), ChangeEnd.FAILED),
    ],
)
async def test_how_a_change_failed(error: Exception, end: ChangeEnd) -> None:
    async def fail() -> ChangeOutcome:
        raise error

    change = asyncio.create_task(fail())
    await asyncio.wait([change])
    assert _end(change) is end


async def test_a_change_whose_task_was_cancelled_was_called_off() -> None:
    async def wait() -> ChangeOutcome:
        await asyncio.Event().wait()
        raise AssertionError

    change = asyncio.create_task(wait())
    await asyncio.sleep(0)
    change.cancel()
    await asyncio.wait([change])
    assert _end(change) is ChangeEnd.CANCELLED


def test_errors_are_counted_by_their_class() -> None:
    metrics = Metrics()
    for error in (
        TooFastError("Wait.", seconds=3, repeated=False),
        ZeroDivisionError("what somebody wrote"),
        discord.DiscordException(),
    ):
        metrics.count_error(error)
    for kind in ("TooFastError", "ZeroDivisionError", "discord.DiscordException"):
        assert value(metrics.registry, "footnote_errors_total", kind=kind) == 1


def test_lines_of_the_log_are_counted_from_warnings_on() -> None:
    metrics, log = Metrics(), logging.getLogger("somewhere")
    with metrics.counting_lines():
        log.info("Nothing.")
        log.warning("Something.")
        log.error("More.")
    log.error("Not any more.")
    assert value(metrics.registry, "footnote_log_lines_total", level="WARNING") == 1
    assert value(metrics.registry, "footnote_log_lines_total", level="ERROR") == 1
    assert value(metrics.registry, "footnote_log_lines_total", level="INFO") is None


@cache
def one_library() -> HeldLibrary:
    return HeldLibrary()


@given(st.lists(st.text(min_size=12, max_size=200), min_size=1, max_size=3))
@settings(max_examples=25)
async def test_no_metric_says_what_people_wrote_or_who_they_are(texts: list[str]) -> None:
    service = Service(one_library())
    metrics = service.metrics
    for text in texts:
        try:
            await ask(service, text)
        except FootnoteError as error:
            metrics.count_error(error)
        metrics.count_error(ValueError(text))
    with metrics.counting_lines():
        logging.getLogger("somewhere").warning("%s", texts[0])
    metrics.count_change(ChangeEnd.ADDED, 2.0)
    await service.close(patience=1)
    allowed = {
        "kind": {"question", "claim", "QuestionError", "ValueError"},
        "tier": {*Status},
        "stage": STAGES,
        "outcome": {*ChangeEnd},
        "result": {"hit", "miss"},
        "level": {"WARNING", "ERROR"},
    }
    for family in metrics.registry.collect():
        for sample in family.samples:
            for label, said in sample.labels.items():
                assert label in ("le", "version") or said in allowed[label]
    shown = generate_latest(metrics.registry).decode()
    assert str(ASKER) not in shown
    assert str(HERE.server) not in shown
    assert str(HERE.channel) not in shown


def test_the_dashboard_shows_metrics_that_exist(service: Service, tmp_path: Path) -> None:
    metrics = service.metrics
    metrics.watch_gateway(latency=lambda: 0.1, is_connected=lambda: True)
    metrics.watch_disk(tmp_path)
    names = {name for family in metrics.registry.collect() for name in _names(family.name, family.type)}
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries = [
        variable["definition"] for variable in dashboard["templating"]["list"] if "definition" in variable
    ]
    shown = set(re.findall(r"\b(?:footnote|process)_\w+", "\n".join([*expressions, *queries])))
    assert shown <= names
    own = {re.sub("_(total|bucket|sum|count)$", "", name) for name in names if name.startswith("footnote_")}
    assert {re.sub("_(total|bucket)$", "", name) for name in shown if name.startswith("footnote_")} == own


def test_the_dashboards_panels_lie_beside_each_other() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        x, y, w, h = (panel["gridPos"][side] for side in "xywh")
        cells = {(x + dx, y + dy) for dx in range(w) for dy in range(h)}
        assert x + w <= 24
        assert not cells & taken
        taken |= cells
        assert all(target["expr"] for target in panel["targets"])


def _names(family: str, kind: str) -> set[str]:
    if kind == "counter":
        return {f"{family}_total"}
    if kind == "histogram":
        return {f"{family}_{suffix}" for suffix in ("bucket", "sum", "count")}
    return {family}
