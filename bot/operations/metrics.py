"""What is counted and timed while the bot runs, for Prometheus.

Nothing here carries what people wrote, nor the id of a person, a server or an article: every label has a
value of this file, of an enumeration, or the name of a class of errors.
"""

from __future__ import annotations

import contextlib
import logging
import math
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from index import FootnoteError, MemoryUse, Result

QUESTION_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""From a cached answer to a line that is full."""

CHANGE_SECONDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)  # from a note to a book
_TOTAL = "total"
"""The stage of ``Answer.timings_ms`` that is all the others together."""


class AnswerStage(StrEnum):
    """What an answer goes through outside the index, whose own stages are those of ``Answer.timings_ms``."""

    WAIT = "wait"
    RENDER = "render"
    SEND = "send"


class ChangeEnd(StrEnum):
    """How a change that takes its time ended."""

    ADDED = "added"
    REINDEXED = "reindexed"
    UNCHANGED = "unchanged"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the bot can answer and make changes.

    Attributes:
        models: They are loaded.
        database: It answers.
        gateway: Discord's is connected, or this process needs none.
    """

    models: bool
    database: bool
    gateway: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.models and self.database and self.gateway


class Metrics:
    """The metrics of one bot, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._questions = self._counter(
            "footnote_questions", "Questions and claims that were answered.", "kind", "tier"
        )
        self._shared_answers = self._counter(
            "footnote_shared_answers", "Answers that were in the making already for somebody else."
        )
        self._seconds = self._histogram(
            "footnote_question_seconds", "Seconds from a question to its answer in Discord.", QUESTION_SECONDS
        )
        self._stages = self._histogram(
            "footnote_stage_seconds", "Seconds of each stage of an answer.", QUESTION_SECONDS, "stage"
        )
        self._changes = self._counter(
            "footnote_changes", "Articles that were to be added or reindexed.", "outcome"
        )
        self._change_seconds = self._histogram(
            "footnote_change_seconds", "Seconds that adding or reindexing an article took.", CHANGE_SECONDS
        )
        self._errors = self._counter("footnote_errors", "Errors, by their class.", "kind")
        self._lines = self._counter("footnote_log_lines", "Lines of the log from WARNING on.", "level")
        info = Gauge("footnote_info", "The version that runs.", ["version"], registry=self.registry)
        info.labels(version("footnote")).set(1)
        ProcessCollector(registry=self.registry)
        for end in ChangeEnd:  # a series that begins with its first event has no rate for that one
            self._changes.labels(end)

    # What happens

    def count_answer(self, result: Result, *, is_claim: bool) -> None:
        """Counts a question that was answered."""
        self._questions.labels("claim" if is_claim else "question", result.answer.status).inc()

    def count_shared(self) -> None:
        """Counts an answer that was in the making already."""
        self._shared_answers.inc()

    def time_answer(self, result: Result) -> None:
        """Takes over the stages that the index timed of an answer."""
        for stage, milliseconds in result.answer.timings_ms.items():
            if stage != _TOTAL:
                self._stages.labels(stage).observe(milliseconds / 1000)

    def question(self) -> AbstractContextManager[None]:
        """Times a question, which counts where it was answered."""
        return _timing(self._seconds)

    def stage(self, stage: AnswerStage) -> AbstractContextManager[None]:
        """Times a stage of an answer, which counts where it ended well."""
        return _timing(self._stages.labels(stage))

    def count_change(self, end: ChangeEnd, seconds: float | None = None) -> None:
        """Counts a change that takes its time; ``seconds`` is how long it took, where it was made."""
        self._changes.labels(end).inc()
        if seconds is not None:
            self._change_seconds.observe(seconds)

    def count_error(self, error: BaseException) -> None:
        """Counts an error by its class: this project's, or else whose it is (``discord.NotFound``)."""
        kind = type(error)
        package = kind.__module__.partition(".")[0]
        own = isinstance(error, FootnoteError) or package == "builtins"
        self._errors.labels(kind.__name__ if own else f"{package}.{kind.__name__}").inc()

    @contextlib.contextmanager
    def counting_lines(self) -> Iterator[None]:
        """Counts lines of the log until it is left."""
        counter, root = _LineCounter(self._lines), logging.getLogger()
        root.addHandler(counter)
        try:
            yield
        finally:
            root.removeHandler(counter)

    # What is

    def watch_line(self, waiting: Callable[[], int]) -> None:
        """Shows from now on how many questions wait."""
        self._gauge("footnote_questions_waiting", "Questions that wait for their turn.", waiting)

    def watch_memory(self, use: Callable[[], MemoryUse]) -> None:
        """Shows from now on what the library holds in memory."""
        self.registry.register(_MemoryCollector(use))

    def watch_gateway(self, *, latency: Callable[[], float], is_connected: Callable[[], bool]) -> None:
        """Shows from now on whether Discord's gateway is connected, and how far away it is, in seconds."""
        self._gauge("footnote_gateway_connected", "1 while Discord's gateway is connected.", is_connected)
        self._gauge(
            "footnote_gateway_latency_seconds",
            "Seconds between a heartbeat and its answer; NaN while the gateway is not connected.",
            lambda: latency() if is_connected() else math.nan,
        )

    def watch_disk(self, folder: Path) -> None:
        """Shows from now on how much of a folder's disk is free; NaN while that cannot be told."""

        def free_bytes() -> float:
            try:
                return shutil.disk_usage(folder).free
            except OSError:
                return math.nan

        self._gauge("footnote_disk_free_bytes", "Bytes free where the data folder lies.", free_bytes)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, what, labels, buckets=buckets, registry=self.registry)

    def _gauge(self, name: str, what: str, value: Callable[[], float]) -> None:
        Gauge(name, what, registry=self.registry).set_function(value)


@contextlib.contextmanager
def _timing(histogram: Histogram) -> Iterator[None]:
    """Observes the seconds until it is left, but for an error, which ``Histogram.time`` would count."""
    began = time.perf_counter()
    yield
    histogram.observe(time.perf_counter() - began)


class _MemoryCollector(Collector):
    """Asks the library when it is asked itself, so that no question pays for it."""

    def __init__(self, use: Callable[[], MemoryUse]) -> None:
        self._use = use

    def collect(self) -> Iterable[Metric]:
        use = self._use()
        yield GaugeMetricFamily(
            "footnote_model_loaded", "1 once the models are loaded.", value=float(use.models)
        )
        yield GaugeMetricFamily(
            "footnote_articles_open", "Articles that are open in memory.", value=use.articles
        )
        cache = CounterMetricFamily(
            "footnote_article_cache", "Articles that were needed: open in memory, or not.", labels=["result"]
        )
        cache.add_metric(["hit"], use.hits)
        cache.add_metric(["miss"], use.misses)
        yield cache


class _LineCounter(logging.Handler):
    def __init__(self, lines: Counter) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.labels(record.levelname).inc()
