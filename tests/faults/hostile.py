"""Reads every hostile source with the default limits: ``python -m tests.faults.hostile [NAME]...``.

Each source is read in a process of its own. The hostile texts are put as questions, too, and stand as the
names of who speaks: all of those in one process, with the real model. Prints what came of each, how long that
took, and how much memory above idle (of this process, and of the one that reads); ends with an error where
one took more than 10 seconds or 300 MB, was read and had to be refused, or was refused and is harmless.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from index.errors import FootnoteError
from tests.index.hostile import CASES, TEXT_CASES, Outcome, Server
from tests.index.hostile_texts import TEXTS

MAX_SECONDS, MAX_MB = 10.0, 300.0
NAME_CHARS = 4_000
"""How long the names of speakers are."""

_FAILED: dict[str, Any] = {"came": "FAILED", "message": None, "seconds": 0.0, "mb": 0.0, "well": False}
_STATUS = Path("/proc/self/status")


def _memory(field: str) -> float:
    """A line of this process's status in MB."""
    lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
    return int(lines[field].split()[0]) / 1_000


def attempt(
    name: str, tried: Callable[[], object], outcome: Outcome, *, small: bool = True
) -> dict[str, object]:
    """Tries one thing, and says how it went.

    Args:
        name: What it is called.
        tried: It.
        outcome: What has to come of it.
        small: Whether this process has loaded no model: a process that it starts counts as large as it is,
            so that the one that reads can only then be measured from here. It is bounded in any case.
    """
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    idle, began = _memory("VmRSS"), time.perf_counter()
    message = None
    try:
        tried()
    except FootnoteError as error:
        message = str(error)
    seconds = time.perf_counter() - began
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1_000 if small else 0.0
    mb = _memory("VmHWM") - idle + children
    came = Outcome.READ if message is None else Outcome.REFUSED
    well = outcome in (came, Outcome.EITHER) and seconds < MAX_SECONDS and mb < MAX_MB
    return {"name": name, "came": came, "message": message, "seconds": seconds, "mb": mb, "well": well}


def source(name: str) -> dict[str, object]:
    """Reads one source."""
    if name in TEXT_CASES:
        return attempt(name, *TEXT_CASES[name])
    return attempt(name, CASES[name](Server()), Outcome.REFUSED)


def asking() -> Iterator[dict[str, object]]:
    """Puts each text as a question, and reads what somebody of that name says."""
    from index.answering.answerer import Answerer
    from index.answering.calibration import thresholds
    from index.model.answer import MAX_QUESTION_CHARS, Turn
    from index.search.build import build
    from index.search.embedding import SentenceTransformerEmbedder
    from index.sources.files import SHIPPED_ARTICLE, load_article, read, upload

    embedder = SentenceTransformerEmbedder()
    limits = thresholds(embedder)
    about = Answerer(build(load_article(SHIPPED_ARTICLE), embedder), embedder, thresholds=limits)
    about.answer("Who is the mayor?")

    def question(text: str) -> Callable[[], object]:
        turns = (Turn(text, ()), Turn(f"And {text}", ()))
        return lambda: (about.answer(text), about.answer(f"And he? {text[:150]}", turns), about.nearest(text))

    def speaker(text: str) -> Callable[[], object]:
        def tried() -> object:
            article = read(upload("a.txt", f"{text} said: “It is so.” {text}: “It is not.”".encode()), "a")
            heard = Answerer(build(article, embedder), embedder, thresholds=limits)
            named = [quote.speaker for quote in heard.quotes(text[:4_000])]
            return named, heard.quotes(), heard.speakers(), heard.summary()

        return tried

    for name, text in TEXTS.items():
        put, too_long = question(text(MAX_QUESTION_CHARS - 50)), question(text(100 * MAX_QUESTION_CHARS))
        yield attempt(f"question {name!r}", put, Outcome.EITHER, small=False)
        yield attempt(f"question {name!r}, too long", too_long, Outcome.REFUSED, small=False)
        yield attempt(f"speaker {name!r}", speaker(text(NAME_CHARS)), Outcome.EITHER, small=False)


def _results(names: list[str]) -> Iterator[dict[str, Any]]:
    this = [sys.executable, "-m", "tests.faults.hostile"]
    for name in names or [*CASES, *TEXT_CASES]:
        done = subprocess.run([*this, "--one", name], capture_output=True, text=True, check=False)
        failed = {"name": name, **_FAILED, "message": done.stderr[-500:]}
        yield json.loads(done.stdout) if done.returncode == 0 else failed
    if not names:
        with subprocess.Popen([*this, "--asking"], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield from map(json.loads, process.stdout)
        if process.returncode:
            yield {"name": "asking", **_FAILED}


def main(names: list[str]) -> int:
    """Reads the sources of these names, or everything."""
    total = well = 0
    slowest, largest = 0.0, 0.0
    for one in _results(names):
        total, well = total + 1, well + one["well"]
        slowest, largest = max(slowest, one["seconds"]), max(largest, one["mb"])
        came = one["came"] if one["well"] else f"{one['came']}: WRONG"
        print(f"{came:<8} {one['seconds']:5.2f} s {one['mb']:4.0f} MB  {one['name'][:80]}")
        if one["message"]:
            print(f"        {one['message'][:300]}", flush=True)
    print(
        f"{well} of {total} as they have to be within {MAX_SECONDS:g} s and {MAX_MB:g} MB above idle; "
        f"at the most {slowest:.1f} s and {largest:.0f} MB."
    )
    return 0 if well == total else 1


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--one", name]:
            print(json.dumps(source(name)))
        case ["--asking"]:
            for one in asking():
                print(json.dumps(one), flush=True)
        case names:
            sys.exit(main(names))
