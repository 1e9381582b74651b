"""`footnote backup` and `footnote restore`: what they say, and their exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app as cli


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Path:
    folder = tmp_path / ".footnote"
    folder.mkdir()
    (folder / "notes.json").write_text("{}")
    return folder


def run(*args: str) -> tuple[int, str, str]:
    ran = CliRunner().invoke(cli.app, args, prog_name="footnote")
    return ran.exit_code, ran.stdout, ran.stderr


def test_there_and_back(data: Path) -> None:
    assert run("backup", "backup.tar") == (0, "Saved and checked: 2 files, 0.2 kB, in backup.tar.\n", "")
    (data / "notes.json").write_text("lost")
    code, out, err = run("restore", "backup.tar", "--force")
    assert (code, err) == (0, "")
    restored, before = out.splitlines()
    assert re.fullmatch(
        r"Restored: 2 files, 0\.2 kB, of \d{4}-\d\d-\d\d \d\d:\d\d UTC, in \.footnote\.", restored
    )
    kept = re.fullmatch(r"What was there before is in (.*)\. Delete that once all is well\.", before)
    assert kept
    assert (Path(kept[1]) / "notes.json").read_text() == "lost"
    assert (data / "notes.json").read_text() == "{}"


def test_a_new_folder_takes_the_place_of_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("backup", "backup.tar")
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", "other")
    code, out, _ = run("restore", "backup.tar")
    assert code == 0
    assert len(out.splitlines()) == 1
    assert (data.parent / "other" / "notes.json").read_text() == "{}"


def test_what_cannot_be_done_is_said_in_one_message() -> None:
    run("backup", "backup.tar")
    assert run("backup", "backup.tar") == (
        1,
        "",
        "Error: backup.tar is there already. Choose another name, or --force.\n",
    )
    code, _, err = run("restore", "backup.tar")
    assert code == 1
    assert err.startswith("Error: Something is in ")
    assert run("restore", "nowhere.tar", "--force") == (
        1,
        "",
        "Error: nowhere.tar: No such file or directory\n",
    )
    Path("notes.txt").write_text("Notes.")
    assert run("restore", "notes.txt", "--force") == (
        1,
        "",
        "Error: notes.txt is no backup of Footnote's: truncated header.\n",
    )
    assert not list(Path().glob(".restore-*"))
