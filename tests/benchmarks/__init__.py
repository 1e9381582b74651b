"""Commands that measure, and texts to measure with; the only tests here are those of the texts."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version

from index.search.embedding import Embedder


def machine(embedder: Embedder) -> str:
    """What a figure was measured on, in a line."""
    torch = sys.modules.get("torch")  # not imported where nothing needs it: it takes 300 MB
    runtime = f"torch {torch.__version__}" if torch else f"onnxruntime {version('onnxruntime')}"
    return f"Python {platform.python_version()}, {runtime}, {os.cpu_count()} CPUs, {embedder.name}"


def peak_memory() -> int:
    """Bytes that this process has had in memory at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def turn_by_turn(works: Sequence[Callable[[int], object]], *, rounds: int) -> list[list[float]]:
    """Seconds that each work took in each round; who goes first changes from round to round."""
    seconds: list[list[float]] = [[] for _ in works]
    for work in works:
        work(0)  # the first of anything is slow
    for number in range(rounds):
        order = range(len(works)) if number % 2 else reversed(range(len(works)))
        for place in order:
            began = time.perf_counter()
            works[place](number)
            seconds[place].append(time.perf_counter() - began)
    return seconds
