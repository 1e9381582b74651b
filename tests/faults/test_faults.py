"""A smaller run of ``python -m tests.faults``; what it counts as survived is checked by itself."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path

import pytest

from tests.faults import disk, kills
from tests.faults.world import Expected, Result, log_of, new_world, open_library, settle
from tests.index.fakes import THRESHOLDS

pytestmark = pytest.mark.usefixtures("_known")


@pytest.fixture
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.library.thresholds", lambda *_: THRESHOLDS)


def survived(result: Result, cases: int) -> None:
    assert (result.cases, result.lost) == (cases, [])


def test_eight_kills(tmp_path: Path) -> None:
    survived(kills.run(tmp_path / "kills", 8, seed=3), 8)


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    survived(disk.read_only(tmp_path / "folder"), 1)


def test_a_file_that_is_too_large_for_the_disk(tmp_path: Path) -> None:
    survived(disk.too_large(tmp_path / "limit", powers=range(4, 23, 6)), 4)


def test_a_disk_that_refuses_the_first_calls(tmp_path: Path) -> None:
    result = disk.refused(tmp_path / "full", errno.ENOSPC, "full", operations=("used set",))
    assert result.cases > 3
    assert result.lost == []


def test_a_flipped_bit(tmp_path: Path) -> None:
    survived(disk.flipped(tmp_path / "bits", 1, files=("tokens.npy", "manifest.json"), counts=(1,)), 2)


def test_a_file_cut_off_under_a_running_process(tmp_path: Path) -> None:
    survived(disk.under_a_running_process(tmp_path / "running", 1, files=("tokens.npy",)), 2)


def test_a_clock_that_goes_backwards(tmp_path: Path) -> None:
    survived(disk.clock_backwards(tmp_path / "clock", years=2), 2)


def _settle(folder: Path, loss: Expected) -> None:
    settle(folder, loss, None)


def test_a_loss_is_noticed(tmp_path: Path) -> None:
    """What holds a library against what it must have sees an older version, a lost line, a lost article."""
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
