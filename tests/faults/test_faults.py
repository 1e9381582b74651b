"""A smaller run of ``python -m tests.faults``, in a process of its own; and that it would see a loss."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.faults.world import Expected, Result, log_of, new_world, open_library, settle
from tests.index.fakes import THRESHOLDS
from tests.index.storage import postgresql

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"(.*?) +(\d+) times: +(\d+) survived, (\d+) lost")


def faults(options: str) -> list[tuple[str, ...]]:
    """The rows of a run: what happened, how often, and how often it was survived or something lost."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults", *options.split()],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return [row.groups() for line in run.stdout.splitlines() if (row := ROW.fullmatch(line))]


def test_nothing_is_lost() -> None:
    rows = faults("--kills 8 --seed 3 --quick")
    assert [(name, survived == times, lost) for name, times, survived, lost in rows] == [
        ("killed (SIGKILL)", True, "0"),
        ("ended at each point of a change", True, "0"),
        ("disk full, at each call", True, "0"),
        ("read-only, at each call", True, "0"),
        ("disk full, in the middle of a file", True, "0"),
        ("read-only folder", True, "0"),
        ("flipped bits, in each file", True, "0"),
        ("damaged under a running process", True, "0"),
        ("clock going backwards", True, "0"),
    ]
    assert rows[0][1] == "8"
    assert all(int(row[1]) > 0 for row in rows)


def test_nothing_is_lost_with_postgresql_and_when_it_restarts() -> None:
    if postgresql.programs() is None:
        pytest.skip("there is no PostgreSQL here, such as Debian's package postgresql installs")
    assert [
        (name, survived == times, lost)
        for name, times, survived, lost in faults("--postgresql --kills 3 --restarts 3 --seed 3 --quick")
    ] == [
        ("killed (SIGKILL)", True, "0"),
        ("PostgreSQL restarted", True, "0"),
        ("ended at each point of a change", True, "0"),
    ]


def _settle(folder: Path, loss: Expected) -> None:
    settle(folder, loss, None)


def test_a_loss_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds a library against what it must have sees an older version, a lost line, a lost article."""
    monkeypatch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
    expected = new_world(tmp_path)
    result = Result("lost")
    for loss in (
        Expected(expected.version + 1, expected.in_use, set(), list(expected.history)),
        Expected(expected.version, "set", set(), list(expected.history)),
        Expected(expected.version, expected.in_use, {"extra"}, list(expected.history)),
        Expected(expected.version, expected.in_use, set(), expected.history[:-1]),
    ):
        result.run("lost", partial(_settle, tmp_path, loss))
    assert (result.cases, len(result.lost)) == (4, 4)
    assert all("instead of one of" in lost for lost in result.lost)
    assert Expected.of(open_library(tmp_path)) == expected
    assert log_of(1).content != log_of(2).content


@pytest.mark.parametrize("where", ["one folder", "a storage"])
def test_processes_that_serve_together_lose_nothing_and_tell_nobody_what_is_anothers(where: str) -> None:
    if postgresql.programs() is None:
        pytest.skip("there is no PostgreSQL here, such as Debian's package postgresql installs")
    options = "--servers 12 --changing 3 --rate 5 --seconds 15".split()
    options += ["--storage"] if where == "a storage" else []
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults.machines", *options],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = run.stdout.splitlines()
    answered, refused, neither = map(int, re.findall(r"\d+", lines[0]))
    assert (run.returncode, neither, answered + refused) == (0, 0, 6 + 18 + 75)
    assert answered > refused
    assert "0 answered from another server's article" in lines
    assert "0 lost or made twice" in lines
    (made,) = re.findall(r"^changes: .*?(\d+) made\b", run.stdout, re.MULTILINE)
    assert int(made) > (0 if where == "a storage" else 3)
