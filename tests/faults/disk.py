"""A disk that is full, read-only or damaged, and a clock that goes backwards."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy.exc import OperationalError

from index.errors import FootnoteError, SnapshotError
from index.library.library import Library
from index.storage.database import FILE
from tests.faults.databases import close_databases
from tests.faults.world import (
    LOG,
    Expected,
    Result,
    at_commits,
    demand,
    do,
    new_world,
    open_library,
    settle,
    version_of,
)

SNAPSHOT_FILES = (
    "manifest.json",
    "article.json",
    "passages.json",
    "vectors.faiss",
    "tokens.npy",
    "token_map.npy",
    "source",
    "questions.jsonl",
)
NOBODY = 65534

_WRITES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "tempfile.mkdtemp", "os.truncate"}


def run(folder: Path, seed: int, *, quick: bool = False) -> list[Result]:
    """Does all of it, or a little of most of it, in folders of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    files = ("manifest.json", "tokens.npy") if quick else SNAPSHOT_FILES
    operations = ("used set",) if quick else OPERATIONS
    return [
        refused(folder / "full", errno.ENOSPC, "disk full, at each call", operations),
        refused(folder / "erofs", errno.EROFS, "read-only, at each call", operations),
        *([] if quick else [not_synced(folder / "fsync"), full_disk(folder / "tmpfs")]),
        too_large(folder / "limit", range(4, 23, 6) if quick else range(23)),
        read_only(folder / "nobody"),
        flipped(folder / "bits", seed, files, (1,) if quick else (1, 1, 1, 8, 1000)),
        *([] if quick else [truncated(folder / "cut"), damaged_database(folder / "database", seed)]),
        under_a_running_process(folder / "running", seed, files),
        clock_backwards(folder / "clock", 2 if quick else 10),
    ]


class _Refusal:
    """Makes the ``after``-th thing that is written under a folder fail, and all after it: an audit hook.

    CPython tells audit hooks of every file that is opened, made, renamed or removed; a hook that raises
    stops it. Hooks cannot be taken away, so one is set and switched.
    """

    def __init__(self) -> None:
        self.folder: str | None = None
        self.code = errno.ENOSPC
        self.left = 0
        self.count = 0

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.folder is None or event not in _WRITES or not str(args[0]).startswith(self.folder):
            return
        if event == "open" and not _writes(args):
            return
        if self._is_over():
            raise OSError(self.code, os.strerror(self.code), str(args[0]))

    def commit(self) -> None:
        """What SQLite says when its turn has come."""
        if self._is_over():
            reason = {errno.ENOSPC: "database or disk is full"}.get(
                self.code, "attempt to write a readonly database"
            )
            raise OperationalError("COMMIT", None, sqlite3.OperationalError(reason))

    def _is_over(self) -> bool:
        self.count += 1
        return self.count > self.left

    @contextmanager
    def after(self, calls: int, folder: Path, code: int) -> Iterator[None]:
        """While this lasts, only so many calls succeed."""
        self.folder, self.left, self.count, self.code = str(folder), calls, 0, code
        try:
            with at_commits(self.commit):
                yield
        finally:
            self.folder = None


def _writes(args: tuple[Any, ...]) -> bool:
    _, mode, flags = args
    if mode is not None:
        return any(letter in mode for letter in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


_refusal = _Refusal()
_set: list[_Refusal] = []


def _hook() -> _Refusal:
    if not _set:
        sys.addaudithook(_refusal)
        _set.append(_refusal)
    return _refusal


OPERATIONS = ("reindexed", "used set", "added extra", "removed extra", "undone extra", f"used {LOG}")


def refused(folder: Path, code: int, name: str, operations: Sequence[str] = OPERATIONS) -> Result:
    """Each change, with its first call refused, then its second, and so on until none is left to refuse."""
    result = Result(name)
    folder.mkdir()
    expected = new_world(folder)
    hook = _hook()
    for kind in operations:
        calls = 0
        while True:
            operation = f"{kind} {expected.version + 1}" if kind == "reindexed" else kind
            state = [expected]

            def case(operation: str = operation, calls: int = calls, state: list[Expected] = state) -> None:
                library = open_library(folder)
                library.load()
                with hook.after(calls, folder / "data", code):
                    done = _tried(library, operation)
                _serves(library, state[0], operation, done=done)
                state[0] = settle(folder, _after(state[0], operation, done=done), None)[0]

            result.run(f"{operation}, call {calls + 1}", case)
            expected = state[0] if not result.lost else Expected.of(open_library(folder))
            if hook.count <= calls:
                break
            calls += 1
            expected = _reset(folder, expected, kind)
    return result


def _reset(folder: Path, expected: Expected, kind: str) -> Expected:
    """Makes an operation possible again where it went through in spite of the refusal."""
    library = open_library(folder)
    match kind.split():
        case ["added", extra] if extra in expected.extras:
            do(library, f"removed {extra}")
        case ["removed", extra] if extra not in expected.extras:
            do(library, f"undone {extra}")
        case ["undone", extra] if extra in expected.extras:
            do(library, f"removed {extra}")
    return Expected.of(library)


def _tried(library: Library, operation: str) -> bool:
    """Whether an operation was done; where not, it has to be said in the project's own words."""
    try:
        do(library, operation)
    except SnapshotError as error:
        demand("Check its permissions and space" in str(error), f"it said {error}")
        return False
    return True


def _serves(library: Library, expected: Expected, operation: str, *, done: bool) -> None:
    """The process that met the fault goes on answering: from the new index, if it said that it is there."""
    version = expected.version + (done and operation.startswith("reindexed"))
    demand(version_of(library) == version, "another version answers")


def _after(expected: Expected, operation: str, *, done: bool) -> Expected:
    """What must be there: an operation that said it was done, was; one that said it was not, was not."""
    if done:
        expected = expected.copy()
        expected.done(operation)
    return expected


def not_synced(folder: Path) -> Result:
    """Each fsync of a reindex fails once."""
    result = Result("disk full, at each fsync")
    folder.mkdir()
    expected = new_world(folder)
    calls = 0
    while True:
        state, count = [expected], [0]

        def case(calls: int = calls, state: list[Expected] = state, count: list[int] = count) -> None:
            fsync = os.fsync

            def full(descriptor: int) -> None:
                count[0] += 1
                if count[0] > calls:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                fsync(descriptor)

            library = open_library(folder)
            library.load()
            operation = f"reindexed {state[0].version + 1}"
            with mock.patch("index.storage.durable.os.fsync", full):
                done = _tried(library, operation)
            _serves(library, state[0], operation, done=done)
            state[0] = settle(folder, _after(state[0], operation, done=done), None)[0]

        result.run(f"fsync {calls + 1}", case)
        expected = state[0] if not result.lost else Expected.of(open_library(folder))
        if count[0] <= calls:
            return result
        calls += 1


def too_large(folder: Path, powers: Iterable[int] = range(23)) -> Result:
    """A reindex in a process that may write files of so many bytes and no more (RLIMIT_FSIZE)."""
    result = Result("disk full, in the middle of a file")
    folder.mkdir()
    expected = new_world(folder)
    for power in powers:
        state = [expected]

        def case(limit: int = 2**power, state: list[Expected] = state) -> None:
            operation = f"reindexed {state[0].version + 1}"

            def work() -> bool:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                library = open_library(folder)
                library.load()
                _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
                done = _tried(library, operation)
                _serves(library, state[0], operation, done=done)
                return done

            state[0] = settle(folder, _after(state[0], operation, done=_in_a_child(work)), None)[0]

        result.run(f"{2**power} bytes", case)
        expected = state[0] if not result.lost else Expected.of(open_library(folder))
    return result


def full_disk(folder: Path) -> Result:
    """A real file system that is full, with room for less and less."""
    result = Result("disk full, a file system of 32 MB")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, check=False, capture_output=True)
    if mounted.returncode != 0:
        result.note = "left out: only root may mount a file system"
        return result
    try:
        expected = new_world(folder)
        for room in (0, 4_096, 65_536, 262_144, 524_288, 1_048_576, 2_097_152):
            state = [expected]

            def case(room: int = room, state: list[Expected] = state) -> None:
                library = open_library(folder)
                library.load()
                filler = folder / "filler"
                filler.write_bytes(bytes(max(0, shutil.disk_usage(folder).free - room)))
                operation = f"reindexed {state[0].version + 1}"
                try:
                    done = _tried(library, operation)
                    _serves(library, state[0], operation, done=done)
                    fresh = open_library(folder)
                    fresh.load()
                    _serves(fresh, state[0], operation, done=done)
                finally:
                    filler.unlink()
                state[0] = settle(folder, _after(state[0], operation, done=done), None)[0]

            result.run(f"{room} bytes free", case)
            expected = state[0] if not result.lost else Expected.of(open_library(folder))
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    return result


def read_only(folder: Path) -> Result:
    """A folder that the process may read and not write, opened by one that it does not belong to."""
    result = Result("read-only folder")
    folder.mkdir()
    if os.getuid() != 0:
        result.note = "its permissions were taken away"
    else:
        result.note = f"the process gave up root for user {NOBODY}"
    expected = new_world(folder)
    _open_to_all(folder.parent)

    def work() -> bool:
        if os.getuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        library = open_library(folder)
        demand(library.load() == (), "it has something to say")
        demand(version_of(library) == expected.version, "another version answers")
        for operation in OPERATIONS:
            what = f"{operation} {expected.version + 1}" if operation == "reindexed" else operation
            try:
                do(library, what)
            except FootnoteError:
                pass
            else:
                demand(holds=False, message=f"{what} was done")
            demand(version_of(library) == expected.version, "another version answers")
        return True

    def case() -> None:
        with _frozen(folder):
            _in_a_child(work)
        settle(folder, expected, None)

    result.run("every change", case)
    return result


@contextmanager
def _frozen(folder: Path) -> Iterator[None]:
    """Nobody may write in a folder; but its files are read by all."""
    modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(0o555 if path.is_dir() else (mode | 0o444) & 0o555)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def _open_to_all(folder: Path) -> None:
    """Lets another user through to a temporary folder, which is made for its owner alone."""
    while folder != Path(tempfile.gettempdir()) and folder != folder.parent:
        folder.chmod(folder.stat().st_mode | 0o055)
        folder = folder.parent


def flipped(
    folder: Path,
    seed: int,
    files: Sequence[str] = SNAPSHOT_FILES,
    counts: Sequence[int] = (1, 1, 1, 8, 1000),
) -> Result:
    """One bit and many bits of each file of the newest snapshot, and of both articles."""
    dice = random.Random(seed)  # noqa: S311 - no secret

    def flip(count: int) -> Callable[[bytes], bytes]:
        def damage(content: bytes) -> bytes:
            data = bytearray(content)
            for place in dice.sample(range(8 * len(data)), min(count, 8 * len(data))):
                data[place // 8] ^= 1 << place % 8
            return bytes(data)

        return damage

    return _damaged(
        folder,
        "flipped bits, in each file",
        {f"{count} bits, time {number}": flip(count) for number, count in enumerate(counts, 1)},
        files,
    )


def truncated(folder: Path) -> Result:
    """Each file of the newest snapshot cut off, and gone."""
    return _damaged(
        folder,
        "truncated file, each file",
        {
            "empty": lambda _: b"",
            "half": lambda content: content[: len(content) // 2],
            "a byte short": lambda content: content[:-1],
            "longer": lambda content: content + b"\0",
            "gone": lambda _: None,
        },
        SNAPSHOT_FILES,
    )


def _damaged(
    folder: Path, name: str, ways: dict[str, Callable[[bytes], bytes | None]], files: Sequence[str]
) -> Result:
    result = Result(name)
    folder.mkdir()
    expected = new_world(folder)
    said = 0
    for file in files:
        for way, damage in ways.items():
            state = [expected]

            def case(
                file: str = file,
                damage: Callable[[bytes], bytes | None] = damage,
                state: list[Expected] = state,
            ) -> None:
                nonlocal said
                path = _newest(folder) / file
                _overwrite(path, damage(path.read_bytes()))
                library = open_library(folder)
                demand(any(file in fault for fault in library.faults()), f"unnoticed: {library.faults()}")
                library.load()
                demand(version_of(library) == state[0].version, "another version answers")
                demand(_newest(folder) != path.parent, "it was not built again")
                said += 1
                healed = state[0].copy()
                healed.history.append((healed.history[-1][0].REINDEXED, LOG))
                state[0] = settle(folder, healed, None)[0]

            result.run(f"{file}, {way}", case)
            expected = state[0] if not result.lost else Expected.of(open_library(folder))
    result.note = f"{said} were told of by faults(), and built again at the next question"
    return result


def damaged_database(folder: Path, seed: int) -> Result:
    """The database's file cut off, or a page of it noise: it is told of, and made again of the articles."""
    result = Result("noise and cuts, in the database")
    folder.mkdir()
    expected = new_world(folder)
    dice = random.Random(seed)  # noqa: S311 - no secret
    for number in range(12):
        state = [expected]

        def case(number: int = number, state: list[Expected] = state) -> None:
            close_databases()
            path = folder / "data" / FILE
            data = bytearray(path.read_bytes())
            page = 4_096 * dice.randrange(len(data) // 4_096)
            if number % 3:
                data[page : page + 4_096] = dice.randbytes(4_096)
            else:
                data = data[: page + dice.randrange(4_096)]
            path.write_bytes(data)
            faults = open_library(folder).faults()
            demand(any(FILE in fault and "damaged" in fault for fault in faults), f"unnoticed: {faults}")
            close_databases()
            path.unlink()
            library = open_library(folder)
            library.load()
            found = Expected.of(library)
            demand((found.version, found.extras) == (state[0].version, state[0].extras), f"found {found}")
            state[0] = settle(folder, found, None)[0]

        result.run(f"{number}", case)
        expected = state[0] if not result.lost else Expected.of(open_library(folder))
    return result


def under_a_running_process(folder: Path, seed: int, files: Sequence[str] = SNAPSHOT_FILES) -> Result:
    """Files damaged and cut off while a process has them open: it goes on, and its next reindex mends."""
    result = Result("damaged under a running process")
    folder.mkdir()
    expected = new_world(folder)
    dice = random.Random(seed)  # noqa: S311 - no secret
    for file in files:
        for way in ("flipped", "cut off"):
            state = [expected]

            def case(file: str = file, way: str = way, state: list[Expected] = state) -> None:
                library = open_library(folder)
                library.load()
                version_of(library)
                path = _newest(folder) / file
                with path.open("r+b") as stream:  # in place: a mapped file would change with it
                    if way == "cut off":
                        stream.truncate(0)
                    else:
                        content = bytearray(stream.read())
                        content[dice.randrange(len(content))] ^= 1
                        stream.seek(0)
                        stream.write(content)
                demand(version_of(library) == state[0].version, "another version answers")
                report = library.reindex(LOG, who="ada")
                demand(report.published, "nothing was mended")
                after = state[0].copy()
                after.history.append((after.history[-1][0].REINDEXED, LOG))
                demand(Expected.of(library) == after, "the reindex does not show")
                state[0] = settle(folder, after, None)[0]

            result.run(f"{file}, {way}", case)
            expected = state[0] if not result.lost else Expected.of(open_library(folder))
    return result


def clock_backwards(folder: Path, years: int = 10) -> Result:
    """Reindexes while the clock goes back a year at a time."""
    result = Result("clock going backwards")
    folder.mkdir()
    expected = new_world(folder)
    for year in range(2025, 2025 - years, -1):
        state = [expected]

        def case(year: int = year, state: list[Expected] = state) -> None:
            then = datetime(year, 1, 1, tzinfo=UTC)
            clock = mock.Mock(wraps=datetime)
            clock.now.return_value = then
            with (
                mock.patch("index.storage.snapshot_files.datetime", clock),
                mock.patch("index.storage.transactions.now", return_value=then),
            ):
                library = open_library(folder)
                do(library, f"reindexed {state[0].version + 1}")
                state[0] = state[0].copy()
                state[0].done(f"reindexed {state[0].version + 1}")
                demand(Expected.of(library) == state[0], "the newest does not answer")
                demand(library.info(LOG).indexed_at == then, "the clock was not turned back")
                state[0] = settle(folder, state[0], None)[0]

        result.run(f"{year}", case)
        expected = state[0] if not result.lost else Expected.of(open_library(folder))
    return result


def _newest(folder: Path) -> Path:
    snapshots = folder / "data" / "articles" / LOG / "snapshots"
    return max(path for path in snapshots.iterdir() if path.name[0] != ".")


def _overwrite(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def _in_a_child(work: Callable[[], bool]) -> bool:
    """Runs something in a forked process, and returns or raises what it did there."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            told = f"done {work()}"
        except BaseException as error:
            told = f"{type(error).__name__}: {error}"
        os.write(writer, told.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        told = stream.read().decode()
    os.waitpid(child, 0)
    demand(told.startswith("done "), f"in the child: {told}")
    return told == "done True"
