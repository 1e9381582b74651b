"""What the database says of a library: what is in use, the history, the change under way."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.model.library import Action, Change, PassageCounts, Restoration
from index.storage.all_libraries import servers
from index.storage.database import Database
from index.storage.library_record import STORED_LIBRARY, ArticleRecord, Failure, LibraryRecord, SnapshotRecord
from index.storage.notes import Note
from index.storage.records import Records, replace_all

WHEN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def note(action: Action = Action.USED, article: str = "a", **more: object) -> Note:
    return Note.model_validate(
        {"when": WHEN, "who": "Ada “B” 🙂\n", "action": action, "article": article} | more
    )


@pytest.fixture
def records(tmp_path: Path, database_url: str | None) -> Iterator[Records]:
    records = Records(Database(tmp_path, database_url), tmp_path)
    yield records
    records.database.close()


def fresh(records: Records) -> Records:
    """As another process sees it."""
    database = records.database
    url = None if database._file else database._engine.url.render_as_string(hide_password=False)
    return Records(Database(records.folder, url), records.folder)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXT, TEXT, TEXT)
@pytest.mark.slow
def test_any_words_come_back_as_they_were(records: Records, who: str, article: str, detail: str) -> None:
    made = note(article=article, who=who, detail=detail, place=who)
    with records.change() as writer:
        writer.enter(made)
        writer.use(article, who)
    assert fresh(records).notes()[-1] == made
    assert fresh(records).now().places[who] == article


@pytest.mark.parametrize(
    "detail", [PassageCounts(3, 2, 1), Restoration("000002-0f0f0f0f"), Restoration(None), "", "3 new"]
)
def test_a_detail_keeps_its_kind(records: Records, detail: PassageCounts | Restoration | str) -> None:
    with records.change() as writer:
        writer.enter(note(detail=detail))
    assert records.notes()[0].change() == Change(WHEN, "Ada “B” 🙂\n", Action.USED, "a", detail)


def test_nothing_is_known_before_anything_was_done_and_nothing_is_made(tmp_path: Path) -> None:
    records = Records(Database(tmp_path / "data"), tmp_path / "data")
    assert (records.now(), records.notes(), (tmp_path / "data").exists()) == (LibraryRecord(), [], False)


def test_a_change_is_under_way_until_it_is_entered_or_called_off(records: Records) -> None:
    first, second = note(Action.ADDED), note(Action.REMOVED, "b", detail="gone")
    with records.change() as writer:
        writer.begin(first)
    assert (fresh(records).now().pending, records.notes()) == (first, [])
    with records.change() as writer:
        writer.call_off()
    assert (records.now().pending, records.notes()) == (None, [])
    for one in (first, second):
        with records.change() as writer:
            writer.begin(one)
        with records.change() as writer:
            writer.enter(one)
    assert (records.now().pending, fresh(records).notes()) == (None, [first, second])


def test_what_fails_half_way_changes_nothing(records: Records) -> None:
    with records.change() as writer:
        writer.use("a", None)
    before = records.now()

    def fail() -> None:
        with records.change() as writer:
            writer.use("b", None)
            writer.publish("b", "000001-00000000", "articles/b/snapshots/000001-00000000")
            writer.enter(note())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (records.now(), records.now() is before, records.notes()) == (before, True, [])


def test_an_article_is_published_taken_back_removed_and_brought_back(records: Records) -> None:
    names = ["000001-00000000", "000002-00000000"]
    for name in names:
        with records.change() as writer:
            writer.publish("a", name, f"articles/a/snapshots/{name}")
    newest, oldest = records.now().articles["a"].snapshots
    assert [newest.name, oldest.name] == names[::-1]
    with records.change() as writer:
        writer.take_back([newest.key], WHEN)
    article = records.now().articles["a"]
    assert ([one.name for one in article.published], [one.name for one in article.undone]) == (
        names[:1],
        names[1:],
    )
    assert article.undone[0].undone_at == WHEN
    with records.change() as writer:
        writer.set_aside("a", WHEN)
        writer.publish("a", "000003-00000000", "articles/a/snapshots/000003-00000000")
    now = records.now()
    assert (list(now.articles), now.removals["a"].removed_at) == (["a"], WHEN)
    assert len(now.paths) == 3
    with records.change() as writer:  # of each id the last one is kept
        writer.set_aside("a", WHEN + timedelta(days=1))
    assert ([*records.now().articles], len(records.now().paths)) == ([], 1)
    with records.change() as writer:
        writer.bring_back(records.now().removals["a"].key)
    assert [one.name for one in records.now().articles["a"].published] == ["000003-00000000"]


def test_a_failure_is_noted_until_it_is_mended(records: Records) -> None:
    with records.change() as writer:
        writer.publish("a", "000001-00000000", "articles/a/snapshots/000001-00000000")
    key = records.now().articles["a"].key
    with records.change() as writer:
        writer.note_failure(key, Failure(WHEN, "no room"))
    assert fresh(records).now().articles["a"].failure == Failure(WHEN, "no room")
    with records.change() as writer:
        writer.note_failure(key, None)
    assert fresh(records).now().articles["a"].failure is None


def test_all_of_it_goes_into_a_backup_and_comes_back(records: Records, tmp_path: Path) -> None:
    with records.change() as writer:
        writer.use("a", None)
        writer.use("b", "5")
        writer.leave(WHEN)
        for name in ("000001-00000000", "000002-00000000"):
            writer.publish("a", name, f"articles/a/snapshots/{name}")
        writer.publish("b", "000001-11111111", "removed/b/snapshots/000001-11111111")
        writer.set_aside("b", WHEN)
        writer.enter(note(Action.ADDED, detail=PassageCounts(1, 2, 3)))
    with records.change() as writer:
        writer.take_back([records.now().articles["a"].snapshots[0].key], WHEN)
    stored = STORED_LIBRARY.validate_json(STORED_LIBRARY.dump_json(records.stored()))
    assert stored == records.stored()
    other = Database(tmp_path / "other")
    replace_all(other, {"": stored, "7": stored})
    replace_all(other, {"": stored, "8": stored})
    again = Records(other, tmp_path / "other").stored()
    assert servers(other) == ["8"]
    assert (again.notes, _without_keys(again.record)) == (stored.notes, _without_keys(stored.record))


def _without_keys(record: LibraryRecord) -> object:
    def plain(one: ArticleRecord) -> object:
        snapshots = [SnapshotRecord(0, s.name, s.path, s.undone_at) for s in one.snapshots]
        return snapshots, one.removed_at, one.failure

    parts = [{name: plain(one) for name, one in part.items()} for part in (record.articles, record.removals)]
    return parts, record.in_use, record.places, record.left_at


def test_another_processs_change_is_seen_at_once_and_nothing_is_read_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where all writes bear the same time, as on a file system with a coarse clock."""
    records = Records(Database(tmp_path), tmp_path)
    other = fresh(records)
    for number in range(30):
        with other.change() as writer:
            writer.use(f"a{number}", None)
        for path in records.folder.iterdir():
            os.utime(path, ns=(1, time.time_ns()))
        assert records.now().in_use == f"a{number}"
    before = records.now()
    monkeypatch.setattr(records.database, "reading", None)  # alone: workers of other tests still look
    assert records.now() is before
