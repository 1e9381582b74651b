"""The terminal: text that is safe to show there, JSON, and progress."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from index import Progress, Stage

# What could move the cursor, recolour the terminal or reverse the reading order of what stands around it.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PIPE_WIDTH = 100_000  # no line is broken for a program that reads it
STAGES = {
    Stage.READ: "reading the article",
    Stage.CHUNK: "cutting it into passages",
    Stage.EMBED: "embedding the passages",
    Stage.CALIBRATE: "fitting the confidence thresholds",
    Stage.CHECK: "asking its questions",
    Stage.SAVE: "saving the index",
}


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        """Leaves the decision to the command line, as for what is written without rich."""
        raise  # this is called while BrokenPipeError is handled


def terminal(*, stderr: bool = False) -> Console:
    """A console that takes text as it is, and does not wrap where no terminal is."""
    console = _Terminal(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def never_fail_on_encoding() -> None:
    """Writes and reads what the encoding lacks as a replacement, where Python would raise UnicodeError."""
    for stream in (sys.stdin, sys.stdout):  # stderr never raises
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def printable(text: str) -> str:
    """Strange text without what a terminal would obey."""
    return _UNPRINTABLE.sub("\ufffd", text)


def print_json(value: object) -> None:
    """Writes one JSON value to stdout, in UTF-8 whatever the terminal's encoding."""
    if isinstance(sys.stdout, TextIOWrapper):  # a lone surrogate then becomes JSON's own escape
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


@contextmanager
def progress(first: str) -> Iterator[Callable[[Progress], None]]:
    """Shows on standard error how far an index is.

    Args:
        first: What is going on before the first stage is reported.
    """
    with _meter(first) as move:
        yield lambda step: move(f"Index: {STAGES[step.stage]}", step.done, step.total)


@contextmanager
def asking(whom: str) -> Iterator[Callable[[int, int], None]]:
    """Shows on standard error how many questions of how many are done."""
    with _meter("Loading the model and indexing") as move:
        yield lambda done, total: move(f"Asking {whom}: {total:,} questions", done, total)


@contextmanager
def _meter(first: str) -> Iterator[Callable[[str, int, int], None]]:
    """Takes what is being done and how far it is: a bar on a terminal, a line for each thing elsewhere."""
    console = terminal(stderr=True)
    if not console.is_terminal:
        lines: set[str] = set()

        def write_line(doing: str, done: int, total: int) -> None:
            del done, total
            if doing not in lines:
                lines.add(doing)
                console.print(doing)

        yield write_line
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(first, total=None)

        def move(doing: str, done: int, total: int) -> None:
            bar.update(task, description=doing, completed=done, total=total)

        yield move


def row(head: Text, body: str, *, indent: int) -> Table:
    """A line whose body is wrapped under itself. A table of one row: without a terminal it pads nothing."""
    table = Table.grid(padding=(0, 2))
    table.add_column(width=indent)
    table.add_row(head, Text(printable(body), overflow="fold"))
    return table
