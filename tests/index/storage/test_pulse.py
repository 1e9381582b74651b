"""A write is known to every process within the stated time, and what nobody wrote costs no query."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

import index.storage.pulse
from index.storage.database import FILE, Database
from index.storage.notes import now
from index.storage.pulse import ALL, PostgresPulse, SqlitePulse
from index.storage.records import Records, replace_all
from tests.index.storage.postgresql import new_database


def until(condition: Callable[[], bool], seconds: float = index.storage.pulse.TRUST) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def pair(tmp_path: Path, database_url: str | None) -> Iterator[tuple[Records, Records]]:
    """The records of one library, as two processes have them."""
    databases = [Database(tmp_path, database_url) for _ in range(2)]
    one, other = (Records(database, tmp_path, "7") for database in databases)
    one.enroll()
    until(lambda: one.database.stamp("7") is not None and other.database.stamp("7") is not None)
    yield one, other
    for database in databases:
        database.close()


def queries(records: Records, work: Callable[[], object]) -> int:
    count: list[object] = []
    hook = lambda *args: count.append(args)  # noqa: E731 - to be removed again
    event.listen(records.database._engine, "before_cursor_execute", hook)
    work()
    event.remove(records.database._engine, "before_cursor_execute", hook)
    return len(count)


def write(records: Records) -> None:
    with records.change() as writer:
        writer.leave(now())


def test_what_nobody_has_written_costs_no_query_and_what_another_process_wrote_is_seen(
    pair: tuple[Records, Records],
) -> None:
    one, other = pair
    one.now()
    assert queries(one, lambda: [one.now() for _ in range(50)]) == 0
    write(other)
    until(lambda: one.now().left_at is not None)
    assert queries(one, one.now) == 0
    write(one)  # what it wrote itself is seen at once
    assert queries(one, one.now) > 0


def test_a_library_that_is_not_known_costs_none_either(pair: tuple[Records, Records]) -> None:
    one, other = pair
    stranger = Records(one.database, one.folder / "none", "8")
    stranger.now()
    assert queries(one, lambda: [stranger.now() for _ in range(5)]) == 0
    Records(other.database, one.folder / "none", "8").enroll()
    until(lambda: stranger.now().key != 0)


def test_a_restore_is_known_of_every_library(pair: tuple[Records, Records]) -> None:
    one, other = pair
    assert one.now().key
    replace_all(other.database, {})
    until(lambda: one.now().key == 0)


def test_many_writes_at_once_are_all_seen(pair: tuple[Records, Records]) -> None:
    one, other = pair
    before = one.now().revision
    threads = [threading.Thread(target=write, args=(records,)) for records in (one, other) for _ in range(10)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        one.now()
    until(lambda: (one.now().revision, other.now().revision) == (before + 20, before + 20))


def test_another_file_in_its_place_is_another_state(tmp_path: Path) -> None:
    first, second = (Database(tmp_path / name) for name in ("one", "two"))
    for database in (first, second):
        Records(database, tmp_path, "7").enroll()
    stamp = first.stamp("7")
    second.close()
    for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
        (tmp_path / "one" / name).unlink(missing_ok=True)
    assert first.stamp("7") is None
    (tmp_path / "two" / FILE).rename(tmp_path / "one" / FILE)
    assert first.stamp("7") not in (None, stamp)
    first.close()


def test_what_cannot_tell_says_so(tmp_path: Path) -> None:
    assert SqlitePulse(tmp_path / "none", lambda _: pytest.fail("it is not there")).now("7") is None
    (tmp_path / "file").write_bytes(b"no database")
    assert SqlitePulse(tmp_path / "file", lambda _: None).now("7") is None


@pytest.mark.slow
def test_where_postgresql_cuts_the_line_there_are_queries_until_it_listens_again(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.storage.pulse, "TRUST", 0.5)
    monkeypatch.setattr(index.storage.pulse, "_BEAT", 0.2)
    with new_database(server, "cut") as address:
        one, other = (Records(Database(tmp_path, address), tmp_path, "7") for _ in range(2))
        one.enroll()
        until(lambda: one.database.stamp("7") is not None)
        listen = one.database._pulse._connect  # type: ignore[attr-defined]

        def fail() -> None:
            raise OSError("it is away")

        monkeypatch.setattr(one.database._pulse, "_connect", fail)
        with other.database.writing() as connection:
            own = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 1'")
            connection.execute(own)
        until(lambda: one.database.stamp("7") is None)
        write(other)
        assert one.now().left_at is not None
        monkeypatch.setattr(one.database._pulse, "_connect", listen)
        until(lambda: one.database.stamp("7") is not None)
        for records in (one, other):
            records.database.close()


@pytest.mark.parametrize("least", [0, 1_100])
def test_a_line_that_hangs_is_trusted_for_a_while_only(monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    """Whatever the number of its file: a process that has much open gets to large ones."""
    fcntl, resource = pytest.importorskip("fcntl"), pytest.importorskip("resource")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= least:
        pytest.skip(f"a process may open no {least} files here")
    hanging = threading.Event()

    class Line:
        def set_autocommit(self, on: bool) -> None:
            assert on

        def execute(self, query: str) -> None:
            if query == "SELECT 1":
                self.count = getattr(self, "count", 0) + 1
                if self.count > 1:
                    hanging.wait(10)

        def add_notify_handler(self, handler: Callable[[Any], None]) -> None:
            self.handler = handler

        def fileno(self) -> int:
            return reading

        def close(self) -> None:
            pass

    low, writing = os.pipe()
    reading: int = fcntl.fcntl(low, fcntl.F_DUPFD, least)
    monkeypatch.setattr(index.storage.pulse, "TRUST", 0.3)
    monkeypatch.setattr(index.storage.pulse, "_BEAT", 0.05)
    pulse = PostgresPulse(Line)
    until(lambda: pulse.now("7") is not None)
    first = pulse.now("7")
    pulse.beat("8")
    assert pulse.now("7") == first
    pulse.beat("7")
    assert pulse.now("7") != first
    pulse.beat(ALL)
    until(lambda: pulse.now("7") is None, 1)
    hanging.set()
    pulse.close()
    for end in (low, reading, writing):
        os.close(end)


def test_that_it_cannot_listen_is_said_once_for_each_reason(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(index.storage.pulse, "_BEAT", 0.001)
    caplog.set_level(logging.INFO)
    reasons = iter(["refused", "refused", "refused", "no such host", "no such host"])
    is_done = threading.Event()

    def connect() -> Any:
        reason = next(reasons, None)
        if reason is None:
            is_done.set()
        raise OSError(reason or "no such host")

    pulse = PostgresPulse(connect)
    assert pulse.now("7") is None
    assert is_done.wait(10)
    pulse.close()
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "refused",
        "no such host",
    ]
