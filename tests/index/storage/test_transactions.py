"""Each change is made or not made; where it says that it was not, nothing has changed."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from index.errors import CancelledError, ReindexRunningError, SnapshotError
from index.library.library import Library
from index.model.library import Action, Progress, Stage
from index.model.source import Source
from index.sources.files import upload
from index.storage.database import FILE
from index.storage.durable import rename_for_good, replace_file
from index.storage.library_folder import LibraryFolder
from index.storage.library_record import NO_UPLOAD, StoredLibrary
from index.storage.notes import Note, now
from index.storage.transactions import Transactions
from tests.index.fakes import FakeEmbedder

WHO = "ada"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]


def note(number: int = 0) -> Source:
    return upload(f"note-{number}.txt", f"Rope {number} is red.\n".encode())


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """With the articles ``a``, in two versions, and ``b``, of which an older one was removed."""
    path = tmp_path / "harbour.txt"
    path.write_text("Forty ships anchor there.\n")
    library = Library(tmp_path / "data", article_path=path, embedder=FakeEmbedder())
    library.load()
    library.add(note(1), who=WHO, id="a")
    library.reindex("a", who=WHO, source=note(2))
    library.add(note(3), who=WHO, id="b")
    library.remove("b", who=WHO)
    library.add(note(4), who=WHO, id="b")
    library.add(note(5), who=WHO, id="c")
    library.remove("c", who=WHO)
    return library


CHANGES: dict[str, Callable[[Library], object]] = {
    "use": lambda library: library.use("b", who=WHO),
    "use in a place": lambda library: library.use("b", who=WHO, place="5"),
    "add": lambda library: library.add(note(9), who=WHO, id="d"),
    "reindex": lambda library: library.reindex("a", who=WHO, source=note(9)),
    "undo": lambda library: library.undo("a", who=WHO),
    "remove over an older one": lambda library: library.remove("b", who=WHO),
    "bring back": lambda library: library.undo("c", who=WHO),
}


def contents(tmp_path: Path) -> tuple[dict[str, bytes], StoredLibrary]:
    """All that counts: every file but the lock, by its path, and what the database says but its revision."""
    data = tmp_path / "data"
    stored = LibraryFolder(data, snapshots_kept=3).records.stored()
    files = {
        str(path.relative_to(data)): path.read_bytes()
        for path in sorted(data.rglob("*"))
        if path.is_file() and path.name != "library.lock" and not path.name.startswith(FILE)
    }
    return files, replace(stored, record=replace(stored.record, revision=0))


def fresh(tmp_path: Path) -> Library:
    return Library(tmp_path / "data", article_path=tmp_path / "harbour.txt", embedder=FakeEmbedder())


class Refusal:
    """A call that fails once, when its turn has come."""

    def __init__(self, original: Callable[..., object], turn: int) -> None:
        self.original, self.turn, self.count = original, turn, 0

    def __call__(self, *args: object, **more: object) -> object:
        writes = not isinstance(args[0], Connection) or "writes" in args[0].get_execution_options()
        self.count += writes
        if writes and self.count == self.turn + 1:
            raise OSError(errno.EIO, "Input/output error")
        return self.original(*args, **more)

    @property
    def method(self) -> Callable[..., object]:
        return lambda *args, **more: self(*args, **more)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("call", ["rename", "replace", "fsync", "commit"])
def test_what_the_disk_refuses_once_changes_nothing_or_is_done(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, call: str
) -> None:
    """Each call of a kind fails once, in turn: what is raised means nothing changed, else it is done."""
    owner: Any = {"fsync": os, "commit": Connection}.get(call, Path)
    name = "_commit_impl" if call == "commit" else call
    for turn in range(20):
        before, history = contents(tmp_path), library.history()
        refusal = Refusal(getattr(owner, name), turn)
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, refusal if owner is os else refusal.method)
            try:
                CHANGES[change](library)
            except SnapshotError:
                refused = True
            else:
                refused = False
        if not refused:
            break
        assert contents(tmp_path) == before
        assert (library.history(), library.faults()) == (history, ())
        assert fresh(tmp_path).load() == ()
    assert not refused
    assert contents(tmp_path) != before
    again = fresh(tmp_path)
    again.load()
    assert len(again.history()) == len(history) + 1
    assert again.faults() == ()
    assert refusal.count > 0 or (call != "commit" and change not in ("add", "reindex"))


def test_a_change_that_is_called_off_after_it_was_published_is_done(library: Library, tmp_path: Path) -> None:
    """Cancelling comes too late when the last step was told: the report says that it is done."""
    steps: list[Progress] = []
    report = library.reindex("a", who=WHO, source=note(9), on_progress=steps.append)
    assert steps[-1].stage is Stage.SAVE

    def cancel(step: Progress) -> None:
        if step.stage is Stage.SAVE:
            raise CancelledError("Called off. Nothing was changed.")

    before = contents(tmp_path)
    with pytest.raises(CancelledError):
        library.reindex("a", who=WHO, source=note(10), on_progress=cancel)
    assert contents(tmp_path) == before
    assert library.info("a").snapshot == report.info.snapshot


def test_a_rename_that_the_disk_does_not_confirm_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()

    def unsure(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("index.storage.durable.os.fsync", unsure)
    with pytest.raises(OSError, match="Input/output"):
        rename_for_good(old, new)
    assert (old.exists(), new.exists()) == (True, False)
    rename = Path.rename
    tried: list[Path] = []

    def once(self: Path, target: Path) -> Path:
        tried.append(self)
        if len(tried) == 2:
            raise OSError(errno.EROFS, "Read-only file system")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", once)
    rename_for_good(old, new)
    assert (old.exists(), new.exists()) == (False, True)
    assert [record.message for record in caplog.records] == [
        f"{new} may not outlast a crash of the machine: Input/output error."
    ]


def test_a_file_that_cannot_be_replaced_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    replace_file(file, b"old")

    def refused(*_: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OSError, match="Permission denied"):
        replace_file(file, b"new")
    assert (file.read_bytes(), [path.name for path in tmp_path.iterdir()]) == (b"old", ["file"])


def test_whoever_waits_for_the_lock_can_be_called_off(tmp_path: Path) -> None:
    one, other = (Transactions(LibraryFolder(tmp_path, snapshots_kept=3)) for _ in range(2))
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with one.alone(0):
            held.set()
            let_go.wait(timeout=30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(timeout=30)
    asked = []

    def go_on() -> None:
        asked.append(True)
        if len(asked) == 2:
            raise CancelledError("Stopping.")

    with pytest.raises(CancelledError), other.alone(float("inf"), go_on):
        pytest.fail("it has the lock")
    with pytest.raises(ReindexRunningError), other.alone(0.1):
        pytest.fail("it has the lock")
    let_go.set()
    thread.join()
    with other.alone(0):
        pass


def alone(transactions: Transactions) -> None:
    with transactions.alone(0):
        pass


def if_free(transactions: Transactions) -> None:
    with transactions.if_free() as is_free:
        assert is_free


@pytest.mark.parametrize("take", [alone, Transactions.mend_if_free, if_free])
def test_whoever_gets_the_lock_knows_what_the_one_before_has_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, take: Callable[[Transactions], object]
) -> None:
    """Whatever it was told of writes until then: PostgreSQL may tell of them seconds later."""
    one, other = (LibraryFolder(tmp_path, snapshots_kept=3) for _ in range(2))
    one.records.enroll()
    with Transactions(one).alone(0):
        note = Note(when=now(), who=WHO, action=Action.ADDED, article="a", number=1)
        with one.records.change() as writer:
            writer.begin(note)
        assert other.records.now().pending == note
        monkeypatch.setattr(other.records.database, "stamp", lambda _: "nothing was told")
        assert other.records.now().pending == note
        path = "articles/a/snapshots/000001-00000000"
        (tmp_path / path).mkdir(parents=True)
        with one.records.change() as writer:
            writer.publish("a", "000001-00000000", path, [], NO_UPLOAD)
            writer.enter(note)
    take(Transactions(other))
    assert (tmp_path / path).is_dir()
    assert (other.of("a").next_number(), other.records.now().pending) == (2, None)
