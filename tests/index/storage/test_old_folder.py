"""What version 0.3 left in files is taken over, once, and nothing of it is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.library.library import Library
from index.model.library import Action
from index.sources.files import upload
from index.storage.library_folder import LibraryFolder
from index.storage.notes import Note
from tests.index.fakes import FakeEmbedder
from tests.index.storage.old_layout import line, make_old

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]

WHEN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def library_of(folder: Path) -> Library:
    return Library(folder, embedder=FakeEmbedder())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """With an article in two versions of which one is undone, one removed, a server that was left."""
    data = tmp_path / "data"
    library = library_of(data)
    library.add(upload("a.txt", b"The rope is red.\n"), who="ada", id="a")
    library.reindex("a", who="bo", source=upload("a.txt", b"The rope is blue.\n"))
    library.undo("a", who="ada")
    library.add(upload("b.txt", b"The canal is dry.\n"), who="ada", id="b")
    library.remove("b", who="ada")
    library.use("a", who="ada", place="5")
    server = library.branch("7")
    server.add(upload("c.txt", b"The lamp is green.\n"), who="carl", id="c")
    LibraryFolder(data, snapshots_kept=3).branch("7").note_failure("c", "no room")
    library.upkeep.leave("7")
    return data


def said(data: Path) -> object:
    """All that people are told of a data folder, and all that can be asked of it."""
    library = library_of(data)
    server = library.branch("7")
    return (
        [(one.in_use(), one.in_use("5"), one.history(), one.entries()) for one in (library, server)],
        library.upkeep.left_since("7"),
        [fault for fault in library.faults() if "no room" in fault],
        [one.article(name).text for one, name in ((library, "a"), (server, "c"))],
    )


def test_nothing_is_lost(data: Path) -> None:
    before = said(data)
    make_old(data)
    names = {path.name for path in data.iterdir()}
    assert {"library.json", "history.jsonl", "removed"} <= names
    assert "footnote.sqlite3" not in names
    assert said(data) == before
    assert said(data) == before  # once
    aside = data / "before-database"
    assert {path.name for path in aside.iterdir()} == {"library.json", "history.jsonl"}
    assert (data / "servers" / "7" / "before-database" / "left.json").exists()
    assert not list(data.rglob("failure.json"))
    library = library_of(data)
    assert library.undo("b", who="ada").article.text == "The canal is dry.\n"
    (undone,) = LibraryFolder(data, snapshots_kept=3).of("a").undone()
    assert library.article("a", version=undone[-8:]).text == "The rope is blue.\n"
    library.reindex("a", who="ada", source=upload("a.txt", b"The rope is white.\n"))
    assert library.info("a").snapshot[:6] == "000003"
    assert library.load() == ()
    assert not list(data.rglob(".undone-*"))  # swept as what is undone is by the next reindex


@pytest.mark.parametrize(
    ("spoil", "places"),
    [
        (lambda content: b"{" + content, {"5": "a"}),
        (lambda content: content.replace(b'"a"', b'"b"'), {"5": "a"}),
        (lambda content: json.dumps({"in_use": 5}).encode() + content[:0], {"5": "a"}),
    ],
)
def test_what_is_in_use_is_worked_out_of_the_history_where_its_note_is_damaged(
    data: Path, spoil: Callable[[bytes], bytes], places: dict[str, str]
) -> None:
    make_old(data)
    file = data / "library.json"
    file.write_bytes(spoil(file.read_bytes()))
    record = LibraryFolder(data, snapshots_kept=3).records.now()
    assert (record.in_use, dict(record.places)) == ("a", places)


def test_lines_of_the_history_that_are_not_as_they_were_written_are_left_out(data: Path) -> None:
    make_old(data)
    file = data / "history.jsonl"
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([lines[0], lines[1].replace(b"bo", b"ob"), *lines[2:], b'{"when": "20']))
    history = library_of(data).history()
    assert len(history) == len(lines) - 1
    assert "ob" not in {change.who for change in history}
    assert (data / "before-database" / "history.jsonl").read_bytes().endswith(b'{"when": "20')


@pytest.mark.parametrize(
    ("action", "article", "number", "place", "is_done"),
    [
        (Action.REINDEXED, "a", 1, None, True),
        (Action.REINDEXED, "a", 2, None, False),
        (Action.ADDED, "x", 1, None, False),
        (Action.REMOVED, "b", 0, None, True),
        (Action.REMOVED, "a", 0, None, False),
        (Action.UNDONE, "a", 2, None, True),
        (Action.UNDONE, "a", 1, None, False),
        (Action.UNDONE, "b", 0, None, False),
        (Action.USED, "a", 0, "5", True),
        (Action.USED, "b", 0, None, False),
    ],
)
def test_a_change_that_was_cut_off_counts_where_it_had_been_made(
    data: Path, action: Action, article: str, number: int, place: str | None, is_done: bool
) -> None:
    make_old(data)
    note = Note(when=WHEN, who="ada", action=action, article=article, number=number, place=place)
    (data / "pending.json").write_bytes(line(note))
    library = library_of(data)
    assert (library.history()[0] == note.change()) is is_done
    assert library.load() == ()


def test_a_mark_that_cannot_be_read_counts_from_when_it_was_written(data: Path) -> None:
    make_old(data)
    mark = data / "servers" / "7" / "left.json"
    mark.write_text("{")
    then = datetime.fromtimestamp(mark.stat().st_mtime, UTC)
    assert library_of(data).upkeep.left_since("7") == then


def test_what_cannot_be_put_aside_does_no_harm(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = said(data)
    make_old(data)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("index.storage.old_folder.rename_for_good", refused)
        assert library_of(data).history()
    assert [record.message for record in caplog.records] == [
        f"What an earlier version noted in {data} cannot be put aside: [Errno 13] Permission denied."
    ]
    assert (data / "library.json").exists()
    assert said(data) == before


def test_where_nothing_can_be_written_nothing_is_taken_over(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = said(data)
    make_old(data)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("index.storage.records.Writer.fill", fail)
        with pytest.raises(Exception, match="No space left on device"):
            library_of(data).history()
    assert {"library.json", "history.jsonl"} <= {path.name for path in data.iterdir()}
    assert said(data) == before
