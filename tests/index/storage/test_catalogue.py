"""The notes beside the articles: what is in use, the history, the change under way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.model.library import Action, Change, PassageCounts, Restored
from index.storage.catalogue import Catalogue, Note, State

WHEN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def note(action: Action = Action.USED, article: str = "a", **more: object) -> Note:
    return Note.model_validate(
        {"when": WHEN, "who": "Ada “B” 🙂\n", "action": action, "article": article} | more
    )


@given(st.text(), st.text(), st.text())
def test_a_line_is_one_line_and_reads_back(who: str, article: str, detail: str) -> None:
    made = note(
        article=article,
        who=who.encode(errors="replace").decode(),
        detail=detail.encode(errors="replace").decode(),
    )
    assert b"\n" not in made.line()
    assert Note.of(made.line()) == made


@pytest.mark.parametrize(
    "detail", [PassageCounts(3, 2, 1), Restored("000002-0f0f0f0f"), Restored(None), "", "3 new"]
)
def test_a_detail_keeps_its_kind_and_an_earlier_versions_text_is_kept(
    detail: PassageCounts | Restored | str,
) -> None:
    made = note(detail=detail)
    assert Note.of(made.line()) == made
    assert made.change().detail == detail


def test_every_bit_of_a_line_is_noticed() -> None:
    line = note(detail="3 new").line()
    for place in range(8 * len(line)):
        changed = bytearray(line)
        changed[place // 8] ^= 1 << place % 8
        assert Note.of(bytes(changed)) is None


def test_the_history_is_in_order_and_for_people(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path)
    assert (catalogue.notes(), catalogue.unreadable(), catalogue.state()) == ([], 0, State(None, {}))
    first, second = note(Action.ADDED), note(Action.REMOVED, "b", detail="gone")
    for one in (first, second, second):  # entered once
        catalogue.begin(one)
        assert catalogue.pending() == one
        catalogue.finish(one)
    assert (catalogue.notes(), catalogue.pending()) == ([first, second], None)
    assert second.change() == Change(WHEN, "Ada “B” 🙂\n", Action.REMOVED, "b", "gone")


def test_what_is_in_use_is_read_again_when_another_process_changed_it(tmp_path: Path) -> None:
    one, other = Catalogue(tmp_path), Catalogue(tmp_path)
    one.use("a", None)
    assert other.state() == State("a", {})
    one.use("b", "7")
    assert other.state() == State("a", {"7": "b"})


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"null", b"\xff", b'{"in_use": "z", "places": {}, "sha256": ""}']
)
def test_what_is_in_use_comes_from_the_history_where_it_is_damaged(tmp_path: Path, content: bytes) -> None:
    catalogue = Catalogue(tmp_path)
    for one in (note(Action.ADDED, "a"), note(Action.ADDED, "b"), note(article="c", place="7")):
        catalogue.finish(one)
    (tmp_path / "library.json").write_bytes(content)
    assert (catalogue.is_damaged(), catalogue.state()) == (True, State("a", {"7": "c"}))
    catalogue.use("b", None)
    assert (catalogue.is_damaged(), catalogue.state()) == (False, State("b", {"7": "c"}))


def test_a_line_that_cannot_be_written_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = Catalogue(tmp_path)
    catalogue.finish(note())
    before = (tmp_path / "history.jsonl").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.storage.durable.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        catalogue.finish(note(Action.REMOVED))
    assert (tmp_path / "history.jsonl").read_bytes() == before
