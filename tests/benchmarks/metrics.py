"""What counting and timing adds to a question.

    python -m tests.benchmarks.metrics [QUESTIONS]

asks a service whose library answers at once, so that nothing hides it, with the metrics of the bot and with
ones that do nothing, in turn, and prints the medians of the questions and of their differences. Beside them
stands what a question to the article that ships takes, and what it takes to encode ``/metrics``.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import generate_latest

from bot.operations.metrics import AnswerStage, Metrics
from bot.service.place import Place
from bot.service.service import Service
from index import Library, Result

QUESTION = "How many Labour MPs signed the letter?"


class NoMetrics(Metrics):
    """Counts and times nothing."""

    def count_answer(self, result: Result, *, is_claim: bool) -> None:
        pass

    def time_answer(self, result: Result) -> None:
        pass

    @contextlib.contextmanager
    def question(self) -> Iterator[None]:
        yield

    @contextlib.contextmanager
    def stage(self, stage: AnswerStage) -> Iterator[None]:
        del stage
        yield


async def ask(service: Service) -> tuple[float, Result]:
    """A question and all of its stages; the milliseconds that it took, and its answer."""
    began = time.perf_counter()
    with service.metrics.question():
        result = await service.ask(QUESTION, place=Place(), asker=1)
        for stage in (AnswerStage.RENDER, AnswerStage.SEND):
            with service.metrics.stage(stage):
                pass
    return (time.perf_counter() - began) * 1000, result


class AnsweredLibrary(Library):
    """Gives one answer to everything, at once."""

    def __init__(self, folder: Path, result: Result) -> None:
        super().__init__(folder)
        self._result = result

    def ask(self, question: str, **_: object) -> Result:
        del question
        return self._result


async def whole(library: Library, questions: int) -> Result:
    """Asks the article that ships, and prints what that takes."""
    service = Service(library)
    taken = [await ask(service) for _ in range(questions)]
    await service.close(patience=1)
    print(f"{questions} questions: {statistics.median(ms for ms, _ in taken):.3f} ms at the median")
    return taken[0][1]


async def compare(library: Library, questions: int) -> None:
    """Asks with and without metrics, in turn, and prints what that takes."""
    counting, plain = Service(library), Service(library, metrics=NoMetrics())
    with_metrics, without = list[float](), list[float]()
    for number in range(questions):
        pair = ((counting, with_metrics), (plain, without))
        for service, taken in pair if number % 2 else pair[::-1]:
            taken.append((await ask(service))[0])
    difference = statistics.median(a - b for a, b in zip(with_metrics, without, strict=True))
    print(f"{questions} answered at once, with metrics: {statistics.median(with_metrics):.3f} ms")
    print(f"the same without: {statistics.median(without):.3f} ms; median difference {difference:+.3f} ms")
    for service in (counting, plain):
        await service.close(patience=1)


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    """What some work takes at the median."""
    taken = list[float]()
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Measures."""
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder))
        library.load()
        result = asyncio.run(whole(library, 50))
        asyncio.run(compare(AnsweredLibrary(Path(folder), result), questions))
        metrics = Metrics()
        metrics.watch_memory(library.memory_use)
        metrics.time_answer(result)
        page = milliseconds(lambda: generate_latest(metrics.registry), 200)
        print(f"/metrics, encoded: {page:.3f} ms")


if __name__ == "__main__":
    main()
