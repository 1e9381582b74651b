"""Processes that serve together: ``python -m tests.faults.machines [--servers N] [--seconds N] [--storage]``.

Three processes, each for the servers of two shards, and two workers share a folder and a PostgreSQL of the
run's own; with ``--storage``, each has a folder of its own, as on a machine of its own, and they share an S3
on loopback, which answers some requests with an error or with half a file. Questions come steadily while
servers reindex, a process that serves and a worker are killed (SIGKILL) and started again, and PostgreSQL
cuts every connection. Counted is what nobody answered, what was answered from another server's article, what
became of each change, and what each kind of process takes of a processor. The embedder has no
weights: each passage takes it as long as a real one does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any
from unittest import mock

import psycopg

from bot.service.change_request import ChangeRequest
from bot.service.place import Place
from bot.service.service import Service
from index import Action, FootnoteError, SharedStorage
from index.library.library import Library
from index.search.embedding import Embedding
from index.sources.files import upload
from tests.fakes import IN_MEMORY, read_here
from tests.faults.world import prepare
from tests.index.fakes import FakeEmbedder
from tests.index.storage import postgresql, s3_server
from tests.index.storage.s3_server import S3Process

SERVING, WORKERS, SHARDS = 3, 2, 6
SECONDS_A_PASSAGE = 0.02
PHASES = {"idle": 0.25, "busy": 1.0}
"""For which share of the time questions are asked while nothing else, and while all else, goes on."""

PATIENCE = 60.0
"""Seconds within which what was asked has to be answered, and all jobs be done at the end."""


class SlowEmbedder(FakeEmbedder):
    """Takes its time for passages, as a model does."""

    def embed_passages(
        self, texts: Iterable[str], on_progress: Callable[[int], None] | None = None
    ) -> Iterator[Embedding]:
        for count, text in enumerate(texts, start=1):
            time.sleep(SECONDS_A_PASSAGE)
            yield from super().embed_passages([text])
            if on_progress is not None:
                on_progress(count)


def open_library(
    folder: Path, address: str, embedder: FakeEmbedder, machine: str = "data", storage: str | None = None
) -> Library:
    """As each of the processes has it."""
    (folder / "set.txt").write_text("The set article is short. The lighthouse is closed on Mondays.\n")
    return Library(
        folder / machine,
        database_url=address,
        storage=SharedStorage(storage) if storage else None,
        article_path=folder / "set.txt",
        embedder=embedder,
        reader="off",
    )


def article_of(server: int, version: int) -> str:
    """A server's article: its first line names both, the others fill it."""
    lines = [f"The harbour of server {server} was built by keeper number {version}."]
    lines += [f"Rope {number} of server {server} is {number + version} metres long." for number in range(30)]
    return "\n".join(lines)


# A process, which is told what to do on its standard input, an object a line, and says there what came of it


async def serve(folder: Path, address: str, *machine: str) -> None:
    """Serves until it is killed."""
    prepare()
    service = Service(open_library(folder, address, SlowEmbedder(), *machine))
    service.start()
    reader = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    tasks = set[asyncio.Task[None]]()
    while line := await reader.readline():
        task = asyncio.create_task(_do(service, json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _do(service: Service, order: dict[str, Any]) -> None:
    server = int(order["server"])
    try:
        if order["do"] == "ask":
            result = await service.ask(
                f"Who was the harbour of server {server} built by?", place=Place(server), asker=order["id"]
            )
            (first, *_) = result.answer.citations or result.answer.closest
            said: dict[str, object] = {"quote": first.quote}
        else:
            request = ChangeRequest(
                server=server, starter=1, who="ada", article="harbour", file_name="harbour.txt"
            )

            async def attach() -> tuple[bytes, None]:
                return article_of(server, order["version"]).encode(), None

            outcome = await service.change(request, lambda _: None, attach=attach)
            said = {"published": outcome.report.published}
    except FootnoteError as error:
        said = {"refusal": str(error)}
    except Exception as error:
        said = {"error": repr(error)}
    print(json.dumps({"id": order["id"], **said}), flush=True)


@dataclass
class Process:
    """One of them, as the run sees it. What it was told and has not answered is told again after a kill."""

    arguments: list[str]
    running: asyncio.subprocess.Process | None = None
    pending: dict[int, tuple[dict[str, Any], asyncio.Future[dict[str, Any]]]] = field(default_factory=dict)
    kills: int = 0
    is_starting: bool = True
    spent: float = 0.0

    @property
    def processor_seconds(self) -> float:
        """How much time of a processor it took, before it was killed as well."""
        return self.spent + (_processor_seconds(self.running.pid) if self.running is not None else 0.0)

    async def start(self) -> None:
        """Starts it."""
        self.running = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.machines",
            *self.arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._listening = asyncio.create_task(self._listen(self.running))

    async def kill(self, *, again: bool = True) -> None:
        """Kills it and, a moment later, starts it again, as systemd does."""
        assert self.running is not None
        self.kills, self.is_starting = self.kills + 1, True
        self.spent, running, self.running = self.processor_seconds, self.running, None
        running.kill()
        await running.wait()
        await self._listening
        if again:
            await asyncio.sleep(0.5)
            await self.start()
            for order, _ in list(self.pending.values()):
                self._tell(order)

    async def does(self, order: dict[str, Any]) -> dict[str, Any]:
        """What came of an order."""
        future = asyncio.get_running_loop().create_future()
        self.pending[order["id"]] = order, future
        self._tell(order)
        try:
            return await asyncio.wait_for(future, PATIENCE)
        except TimeoutError:
            return {"error": f"nothing within {PATIENCE:g} s"}
        finally:
            del self.pending[order["id"]]

    def _tell(self, order: dict[str, Any]) -> None:
        if self.running is None:  # it is told when it runs again
            return
        assert self.running.stdin is not None
        with contextlib.suppress(ConnectionError):  # it has just been killed
            self.running.stdin.write(json.dumps(order).encode() + b"\n")

    async def _listen(self, running: asyncio.subprocess.Process) -> None:
        assert running.stdout is not None
        while line := await running.stdout.readline():
            answer, self.is_starting = json.loads(line), False
            _, future = self.pending.get(answer["id"], (None, None))
            if future is not None and not future.done():
                future.set_result(answer)


def _processor_seconds(pid: int) -> float:
    """How much time of a processor a process took, by proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# The run


@dataclass
class Count:
    """What was counted."""

    answered: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    processor_seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"starting": [], "idle": [], "busy": []})

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.errors or self.foreign or self.lost)

    def p95(self, phase: str) -> float:
        """In milliseconds."""
        return 1000 * quantiles(self.seconds[phase], n=20)[-1]


class Run:
    """One run.

    Args:
        folder: A new one.
        address: Of the database.
        storage: The S3 that they share, each with a folder of its own; None for one folder.
        servers: How many there are, each with an article,
        changing: and how many of them reindex, over and over.
        rate: Questions a second.
        seconds: How long.
    """

    def __init__(
        self,
        folder: Path,
        address: str,
        storage: S3Process | None,
        *,
        servers: int,
        changing: int,
        rate: float,
        seconds: float,
    ) -> None:
        self.folder, self.address, self.storage = folder, address, storage
        self.servers, self.changing, self.rate, self.seconds = servers, changing, rate, seconds
        self.count = Count()
        self._numbers = iter(range(1, 1_000_000))
        self._versions: Counter[int] = Counter()

    async def run(self) -> Count:
        """Does all of it."""
        library = open_library(self.folder, self.address, FakeEmbedder(), *self._machine("data"))
        library.load()
        with mock.patch("index.sources.sandbox.run", read_here):  # without a process for each source
            for server in range(1, self.servers + 1):
                source = upload("harbour.txt", article_of(server, 0).encode())
                library.branch(str(server)).add(source, who="ada", id="harbour")
        async with self._processes() as (serving, workers):
            await asyncio.gather(*(self._ask(serving, server, "starting") for server in range(1, SHARDS + 1)))
            with self._processor("idle", serving, workers):
                await self._ask_all(serving, "idle", self.seconds * PHASES["idle"])
            changes = [
                asyncio.create_task(self._change(serving, server)) for server in range(1, self.changing + 1)
            ]
            faults = asyncio.create_task(self._faults(library, serving, workers))
            with self._processor("busy", serving, workers):
                await self._ask_all(serving, "busy", self.seconds)
            await asyncio.gather(*changes, faults)
        self._hold_to_account(library)
        library.jobs._database.close()
        return self.count

    @contextlib.asynccontextmanager
    async def _processes(self) -> AsyncIterator[tuple[list[Process], list[Process]]]:
        arguments = ["--serve", str(self.folder), self.address]
        every = [
            Process([*arguments, *self._machine(f"machine-{number}")]) for number in range(SERVING + WORKERS)
        ]
        try:
            await asyncio.gather(*(process.start() for process in every))
            yield every[:SERVING], every[SERVING:]
        finally:
            await asyncio.gather(*(process.kill(again=False) for process in every))

    @contextlib.contextmanager
    def _processor(self, phase: str, serving: list[Process], workers: list[Process]) -> Iterator[None]:
        """Counts how much time of a processor each kind of process takes."""

        def spent() -> dict[str, float]:
            return {
                "serve": sum(process.processor_seconds for process in serving),
                "work": sum(process.processor_seconds for process in workers),
                "store": _processor_seconds(self.storage.process.pid) if self.storage is not None else 0.0,
                "ask": time.process_time(),
            }

        before = spent()
        yield
        self.count.processor_seconds[phase] = {kind: s - before[kind] for kind, s in spent().items()}

    def _machine(self, name: str) -> list[str]:
        return [name, self.storage.url] if self.storage is not None else []

    async def _ask_all(self, serving: list[Process], phase: str, seconds: float) -> None:
        questions: list[asyncio.Task[None]] = []
        for number in range(int(self.rate * seconds)):
            server = 1 + number * 7 % self.servers
            questions.append(asyncio.create_task(self._ask(serving, server, phase)))
            await asyncio.sleep(1 / self.rate)
        await asyncio.gather(*questions)

    async def _ask(self, serving: list[Process], server: int, phase: str) -> None:
        process, began = self._of(serving, server), time.perf_counter()
        kills, is_starting = process.kills, process.is_starting
        said = await process.does({"do": "ask", "id": next(self._numbers), "server": server})
        where = phase if not is_starting and process.kills == kills else "starting"
        self.count.seconds[where].append(time.perf_counter() - began)
        if "refusal" in said:
            self.count.refusals[said["refusal"]] += 1
        elif "error" in said:
            self.count.errors.append(f"a question of server {server}: {said['error']}")
        elif f"harbour of server {server} was" not in said["quote"]:
            self.count.foreign.append(f"server {server} was told {said['quote']!r}")
        else:
            self.count.answered += 1

    async def _change(self, serving: list[Process], server: int) -> None:
        """Reindexes over and over; each version is posted once it is known what became of the one before."""
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            version = self._versions[server] + 1
            order = {"do": "change", "id": next(self._numbers), "server": server, "version": version}
            said = await self._of(serving, server).does(order)
            if said.get("published") is not None:  # False where it was told again after a kill
                self.count.changes["made" if said["published"] else "made before the kill"] += 1
                self._versions[server] = version
            elif "refusal" in said:
                self.count.changes["refused"] += 1
                await asyncio.sleep(0.5)
            else:
                self.count.errors.append(f"a change of server {server}: {said['error']}")

    async def _faults(self, library: Library, serving: list[Process], workers: list[Process]) -> None:
        await asyncio.sleep(self.seconds / 5)
        if self.storage is not None:
            self.storage.fail(refused=1, cut=3)
        await serving[0].kill()
        await asyncio.sleep(self.seconds / 5)
        while library.jobs.count() == 0:  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(0.01)
        await workers[0].kill()
        await asyncio.sleep(self.seconds / 5)
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def _of(self, serving: list[Process], server: int) -> Process:
        return serving[server % SHARDS // (SHARDS // SERVING)]

    def _hold_to_account(self, library: Library) -> None:
        """Each version that was said to be made is in the history once, and the last one answers.

        A version that was refused, as where its process was killed, may have been made all the same.
        """
        for server in range(1, self.changing + 1):
            branch, last = library.branch(str(server)), self._versions[server]
            lines = Counter(change.action for change in branch.history(limit=1_000))
            text = branch.article("harbour").text.splitlines()[0]
            version = int(text.rpartition(" ")[2].rstrip("."))
            if version not in (last, last + 1) or lines != Counter(
                {Action.ADDED: 1} | ({Action.REINDEXED: version} if version else {})
            ):
                self.count.lost.append(
                    f"server {server}: {dict(lines)} in the history, version {version} answers of {last}"
                )
        for fault in library.faults():
            self.count.lost.append(fault)


def run(*, servers: int, changing: int, rate: float, seconds: float, is_stored: bool = False) -> Count:
    """A run with a PostgreSQL of its own, and an S3, if the indexes are to be stored in one."""
    prepare()
    with (
        s3_server.running_apart() if is_stored else contextlib.nullcontext() as storage,
        tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder,  # what a disk does, tests.faults tries
        postgresql.running() as server,
        postgresql.new_database(server.address, "machines") as address,
    ):
        options: dict[str, Any] = {"servers": servers, "changing": changing, "rate": rate, "seconds": seconds}
        return asyncio.run(Run(Path(folder), address, storage, **options).run())


def main() -> None:
    """Runs the command; ends with 1 where anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.machines", description=__doc__)
    parser.add_argument("--servers", type=int, default=1_000, help="how many servers, with an article each")
    parser.add_argument("--changing", type=int, default=10, help="how many of them reindex, over and over")
    parser.add_argument("--rate", type=float, default=20, help="questions a second")
    parser.add_argument("--seconds", type=float, default=60, help="how long")
    parser.add_argument("--storage", action="store_true", help="with a folder for each and an S3 for all")
    parser.add_argument("--serve", nargs="+", metavar="DIR", help=argparse.SUPPRESS)
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    if args.serve:
        asyncio.run(serve(Path(args.serve[0]), *args.serve[1:]))
        return
    count = run(
        servers=args.servers,
        changing=args.changing,
        rate=args.rate,
        seconds=args.seconds,
        is_stored=args.storage,
    )
    print(
        f"{count.answered} questions answered, {count.refusals.total()} refused, {len(count.errors)} neither"
    )
    for refusal, times in count.refusals.most_common():
        print(f"    {times} times: {refusal}")
    print(f"{len(count.foreign)} answered from another server's article")
    print("changes: " + ", ".join(f"{times} {what}" for what, times in count.changes.most_common()))
    print(f"{len(count.lost)} lost or made twice")
    for what in (*count.errors, *count.foreign, *count.lost):
        print(f"    {what}")
    idle, busy = count.p95("idle"), count.p95("busy")
    print(f"p95 of a question: {idle:.0f} ms while nothing else goes on, {busy:.0f} ms while all that does")
    for phase, seconds in count.processor_seconds.items():
        each = {kind: 1000 * s / int(args.rate * args.seconds * PHASES[phase]) for kind, s in seconds.items()}
        print(
            f"processor time for a question while {phase}: "
            + ", ".join(f"{ms:.1f} ms to {kind}" for kind, ms in each.items())
        )
    starting = count.seconds["starting"]
    print(f"besides, {len(starting)} waited for a process to start, {max(starting):.1f} s at most")
    if not count.is_sound:
        sys.exit(1)


if __name__ == "__main__":
    main()
