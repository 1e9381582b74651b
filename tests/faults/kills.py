"""A process that works is killed, or its database restarts, at random moments."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from index.errors import FootnoteError
from index.model.library import Progress
from tests.faults.world import LOG, Expected, Result, do, new_world, open_library, settle
from tests.index.storage.postgresql import Server


def operations(version: int) -> Iterator[str]:
    """What the process does, from a version of the log on."""
    for number in itertools.count(version + 1):
        yield f"reindexed {number}"
        if number % 3 == 0:
            yield f"used {'set' if number % 2 else LOG}"
        if number % 4 == 0:
            for action in ("added", "removed", "undone", "removed"):
                yield f"{action} extra-{number}"


def run(folder: Path, kills: int, seed: int, *, server: Server | None = None, told: bool = False) -> Result:
    """Kills a process so many times, and looks what is left after each.

    Args:
        folder: A new one.
        kills: How many times.
        seed: For the moments.
        server: What is restarted at those moments; the process is killed when a change of its was refused
            for it, or a moment later. None where only the process is killed.
        told: Whether to print how far it is.
    """
    result = Result("killed (SIGKILL)" if server is None else "PostgreSQL restarted")
    moments = random.Random(seed)  # noqa: S311 - no secret
    folder.mkdir(parents=True, exist_ok=True)
    expected = new_world(folder)
    cycle = _seconds_of_a_reindex(folder, expected)
    stages: Counter[str] = Counter()
    mended = refused = 0
    for number in range(kills):
        told_by_child = _killed_after(folder, expected.version, moments.uniform(0, 3 * cycle), server)
        in_flight, stage = None, "between two changes"
        for line in told_by_child:
            kind, _, what = line.partition(" ")
            match kind:
                case "begin":
                    in_flight, stage = what, f"{what.partition(' ')[0]}, before its first stage"
                case "stage":
                    stage = what
                case "done":
                    expected.done(what)
                    in_flight, stage = None, "between two changes"
                case "refused":
                    refused += 1
                case _:
                    result.lost.append(line)
        stages[stage] += 1
        found: list[Expected] = []

        def case(before: Expected = expected, flying: str | None = in_flight) -> None:
            nonlocal mended
            after, notices = settle(folder, before, flying)
            mended += any("was cut off" in notice for notice in notices)
            found.append(after)  # noqa: B023 - called at once

        result.run(f"kill {number}, {stage}", case)
        expected = found[0] if found else Expected.of(open_library(folder))
        if told and (number + 1) % 20 == 0:
            print(f"  {number + 1} kills, {len(result.lost)} lost", flush=True)
    where = ", ".join(f"{stage} {count}" for stage, count in stages.most_common())
    result.note = f"while {where}; said of {mended} that a change was cut off"
    if server is not None:
        result.note += f"; {refused} changes were refused in words"
    return result


def _killed_after(folder: Path, version: int, seconds: float, server: Server | None) -> list[str]:
    """Forks a process that works, kills it, and returns what it had told: whole lines only."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _work(folder, version, writer)
    os.close(writer)
    time.sleep(seconds)
    if server is not None:
        server.restart()
        time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as stream:
        lines = stream.read().decode().split("\n")
    return lines[:-1]


def _work(folder: Path, version: int, writer: int) -> None:
    """The child: never returns."""

    def tell(line: str) -> None:
        os.write(writer, f"{line}\n".encode())

    def on_progress(progress: Progress) -> None:
        tell(f"stage {progress.stage}")

    try:
        library = open_library(folder)
        for operation in operations(version):
            tell(f"begin {operation}")
            do(library, operation, on_progress)
            tell(f"done {operation}")
    except FootnoteError as error:
        tell(f"refused {error}")
    except Exception as error:
        tell(f"failed {error!r}")
    finally:
        os._exit(1)


def _seconds_of_a_reindex(folder: Path, expected: Expected) -> float:
    library = open_library(folder)
    began = time.perf_counter()
    do(library, f"reindexed {expected.version + 1}")
    expected.done(f"reindexed {expected.version + 1}")
    return time.perf_counter() - began
