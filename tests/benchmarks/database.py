"""What the database adds to a question: ``python -m tests.benchmarks.database [--questions N]``.

A server's library, in a database with 100 more of 50 articles each, is asked with the real model, in one run
and in turns: as it is, and while others write 20 times a second. What a question spends on what the database
says is taken by itself: the differences between whole questions on a busy machine are larger than all of it.
Once with SQLite and, where PostgreSQL is installed, once with one of the benchmark's own.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from unittest import mock

from index.library.library import Library
from index.search.embedding import Embedder, SentenceTransformerEmbedder
from index.sources.files import upload
from index.storage.database import Database
from index.storage.library_record import LibraryRecord
from index.storage.records import Records
from tests.benchmarks import machine
from tests.index.storage import postgresql

QUESTIONS = ["Who leads the party?", "When was the building opened?", "What did the minister say about Gaza?"]
WHO = "benchmark"
BLOCK = 10
"""Questions asked in one way before the other has its turn."""


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.database", description=__doc__)
    parser.add_argument("--questions", type=int, default=300, help="how many are asked in each way")
    args = parser.parse_args()
    embedder = SentenceTransformerEmbedder()
    print(machine(embedder))
    _measure("SQLite", None, embedder, args.questions)
    if postgresql.programs() is not None:
        with postgresql.running() as server, postgresql.new_database(server.address, "benchmark") as address:
            _measure("PostgreSQL", address, embedder, args.questions)


def _measure(name: str, address: str | None, embedder: Embedder, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        common = Library(Path(folder), database_url=address, embedder=embedder)
        common.load()
        library = common.branch("1")
        for number in range(5):
            text = f"The rope {number} is red.\nThe canal {number} was dug in {1900 + number}.\n"
            library.add(upload("note.txt", text.encode()), who=WHO, id=f"note-{number}")
        database = Database(Path(folder), address)  # as another process has it
        _fill(database, Path(folder))
        _ask(name, library, count, Records(database, Path(folder) / "none", "2"))
        for one in (database, library.jobs._database):
            one.close()


def _fill(database: Database, folder: Path) -> None:
    """Fills the tables with the rows of other servers, whose files nothing asks for."""
    for server in range(2, 102):
        with Records(database, folder / "none", str(server)).change() as writer:
            for number in range(50):
                writer.publish(
                    f"note-{number}", "000001-00000000", f"articles/note-{number}/snapshots/000001"
                )


@contextlib.contextmanager
def _writing(others: Records) -> Iterator[None]:
    """Another server's library is written 20 times a second, in a thread."""
    ending = threading.Event()

    def write() -> None:
        while not ending.wait(0.05):
            with others.change() as writer:
                writer.leave(None)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _ask(name: str, library: Library, count: int, others: Records) -> None:
    now, seconds_inside = Records.now, [0.0]

    def timed(self: Records) -> LibraryRecord:
        began = time.perf_counter()
        try:
            return now(self)
        finally:
            seconds_inside[0] += time.perf_counter() - began

    ways: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "as it is": contextlib.nullcontext,
        "as others write": partial(_writing, others),
    }
    whole: dict[str, list[float]] = {way: [] for way in ways}
    inside: dict[str, list[float]] = {way: [] for way in ways}
    library.ask(QUESTIONS[0])
    with mock.patch.object(Records, "now", timed):
        for way, patch in [*ways.items()] * (count // BLOCK):
            with patch():
                for number in range(BLOCK):
                    seconds_inside[0], began = 0.0, time.perf_counter()
                    library.ask(QUESTIONS[number % len(QUESTIONS)], article="note-3" if number % 2 else None)
                    whole[way].append(time.perf_counter() - began)
                    inside[way].append(seconds_inside[0])
    for way in ways:
        total = 1000 * median(whole[way])
        middle, most = (1000 * quantiles(inside[way], n=20)[part] for part in (9, 18))
        print(f"{name}, {way}: {middle:.3f} ms (p95 {most:.3f}) of a question's {total:.1f} ms")


if __name__ == "__main__":
    main()
