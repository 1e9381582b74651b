"""What goes after its time, and not before; servers that leave and come back."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from index.library.library import Library
from index.model.library import Action, ExpiredItem, ExpiredKind, LibraryUse
from index.model.source import Source
from index.sources.files import upload
from index.storage.database import FILE
from index.storage.library_folder import LibraryFolder
from index.storage.notes import Note
from index.storage.record_writer import HISTORY_LINES
from index.storage.tables import ChangeRow
from index.storage.transactions import Transactions
from index.storage.upkeep import Retention, Upkeep
from tests.index.fakes import FakeEmbedder
from tests.index.storage.test_ledger import asked

WHO = "ada"
RETENTION = Retention(removals=timedelta(days=30), absences=timedelta(days=14))

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]


def every(_: int) -> bool:
    return True


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


def note(number: int = 0) -> Source:
    return upload(f"note-{number}.txt", f"Rope {number} is red.\n".encode())


def library_of(tmp_path: Path, clock: Clock) -> Library:
    path = tmp_path / "harbour.txt"
    path.write_text("Forty ships anchor there.\n")
    library = Library(tmp_path / "data", article_path=path, embedder=FakeEmbedder())
    library.upkeep = Upkeep(
        LibraryFolder(tmp_path / "data", snapshots_kept=3), retention=RETENTION, now=clock
    )
    return library


def enter(tmp_path: Path, count: int, when: datetime) -> None:
    """Enters so many lines in the history."""
    records = LibraryFolder(tmp_path / "data", snapshots_kept=3).records
    notes = (Note(when=when, who=str(n), action=Action.REINDEXED, article="a") for n in range(count))
    key = records.now().key
    with records.database.writing() as connection:
        rows = [{"library": key, "note": note.model_dump(mode="json")} for note in notes]
        connection.execute(insert(ChangeRow), rows)


def kinds(expired: list[ExpiredItem]) -> list[tuple[ExpiredKind, str | None, str | None]]:
    assert all(one.nbytes > 0 for one in expired)
    return [(one.kind, one.server, one.article) for one in expired]


def test_what_was_removed_or_undone_goes_when_its_days_are_over(tmp_path: Path, clock: Clock) -> None:
    library = library_of(tmp_path, clock)
    for one, server in ((library, None), (library.branch("7"), "7")):
        one.add(note(1), who=WHO, id="gone")
        one.add(note(2), who=WHO, id="back")
        one.reindex("back", who=WHO, source=note(3))
        version = one.article("back").sha256
        one.undo("back", who=WHO)
        one.remove("gone", who=WHO)
        assert one.article("back", version=version).sha256 == version
        del server
    clock.ahead = timedelta(days=29, hours=23)
    assert (library.upkeep.expired(), library.upkeep.prune()) == ([], [])
    assert library.branch("7").undo("gone", who=WHO).article.id == "gone"
    library.branch("7").remove("gone", who=WHO)
    clock.ahead = timedelta(days=30, hours=1)
    goes = library.upkeep.expired()
    assert kinds(goes) == [
        (ExpiredKind.REMOVED, None, "gone"),
        (ExpiredKind.UNDONE, None, "back"),
        (ExpiredKind.REMOVED, "7", "gone"),
        (ExpiredKind.UNDONE, "7", "back"),
    ]
    before = _bytes_of(tmp_path / "data")
    assert library.upkeep.prune() == goes
    assert before - _bytes_of(tmp_path / "data") == sum(one.nbytes for one in goes)
    assert (library.upkeep.expired(), library.upkeep.prune()) == ([], [])
    for one in (library, library.branch("7")):
        assert one.ask("What is red?", article="back").answer.citations[0].quote == "Rope 2 is red."
    assert not list((tmp_path / "data").rglob(".removing-*"))


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and FILE not in path.name)


def test_a_server_that_left_is_kept_for_its_grace_and_then_deleted(tmp_path: Path, clock: Clock) -> None:
    library = library_of(tmp_path, clock)
    library.load()
    for name in ("7", "8"):
        library.branch(name).add(note(int(name)), who=WHO, id="mine")
    assert library.upkeep.leave("7")
    assert not library.upkeep.leave("7")  # it does not count anew
    assert not library.upkeep.leave("9")  # it never had a library
    assert not (tmp_path / "data" / "servers" / "9").exists()
    common, seven, eight = library.upkeep.use()
    assert (common.server, common.articles, common.leaves) == (None, 1, None)
    assert (eight.server, eight.articles, eight.leaves) == ("8", 1, None)
    assert seven.leaves is not None
    assert timedelta(days=13, hours=23) < seven.leaves - datetime.now(UTC) < timedelta(days=14, hours=1)
    assert seven.nbytes == eight.nbytes > 0
    clock.ahead = timedelta(days=13, hours=23)
    assert library.upkeep.prune() == []
    assert library.branch("7").ask("What is red?").answer.citations[0].quote == "Rope 7 is red."
    assert library.upkeep.come_back("7")  # within its grace, it finds everything
    assert not library.upkeep.come_back("7")
    clock.ahead = timedelta(days=40)
    assert library.upkeep.prune() == []
    assert library.upkeep.meet(["8"], lambda server: server != 7) == []  # another process may be in 7
    assert library.upkeep.meet(["8"], every) == ["7"]  # it left while the bot did not run
    assert library.upkeep.meet(["8"], every) == []
    clock.ahead += timedelta(days=13)
    assert library.upkeep.meet(["7", "8"], every) == []
    clock.ahead += timedelta(days=13)
    assert library.upkeep.prune() == []
    assert library.upkeep.leave("7")
    clock.ahead += timedelta(days=15)
    assert kinds(library.upkeep.expired()) == [(ExpiredKind.SERVER, "7", None)]
    assert kinds(library.upkeep.prune()) == [(ExpiredKind.SERVER, "7", None)]
    assert sorted(path.name for path in (tmp_path / "data" / "servers").iterdir()) == ["8"]
    assert [entry.id for entry in library.branch("7").entries()] == ["harbour"]
    assert library.branch("7").ask("How many ships?").answer.citations[0].quote == "Forty ships anchor there."
    library.branch("7").add(note(1), who=WHO, id="anew")


def test_a_library_that_is_being_changed_is_left_for_another_time(tmp_path: Path, clock: Clock) -> None:
    library = library_of(tmp_path, clock)
    library.branch("7").add(note(7), who=WHO, id="mine")
    library.branch("8").add(note(8), who=WHO, id="gone")
    library.branch("8").remove("gone", who=WHO)
    library.upkeep.leave("7")
    clock.ahead = timedelta(days=40)
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with Transactions(LibraryFolder(tmp_path / "data" / "servers" / "7", snapshots_kept=3)).alone(0):
            held.set()
            let_go.wait(timeout=30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(timeout=30)
    assert kinds(library.upkeep.prune()) == [(ExpiredKind.REMOVED, "8", "gone")]
    let_go.set()
    thread.join()
    assert kinds(library.upkeep.prune()) == [(ExpiredKind.SERVER, "7", None)]


def test_a_library_from_which_nothing_has_to_go_is_not_locked(tmp_path: Path, clock: Clock) -> None:
    library = library_of(tmp_path, clock)
    library.branch("7").add(note(7), who=WHO, id="mine")
    lock = tmp_path / "data" / "servers" / "7" / "library.lock"
    lock.unlink()  # taken again, it would be there again
    assert library.upkeep.prune() == []
    assert not lock.exists()


def test_what_a_killed_process_was_deleting_goes_the_next_time(tmp_path: Path, clock: Clock) -> None:
    library = library_of(tmp_path, clock)
    library.branch("7").add(note(7), who=WHO, id="mine")
    servers = tmp_path / "data" / "servers"
    shutil.copytree(servers / "7", servers / ".removing-9-00000000")
    mine = servers / "7" / "articles" / "mine" / "snapshots"
    (name,) = [path.name for path in mine.iterdir()]
    shutil.copytree(mine / name, mine / "000002-00000000")
    assert kinds(library.upkeep.prune()) == [
        (ExpiredKind.UNFINISHED, None, None),
        (ExpiredKind.UNFINISHED, "7", None),
    ]
    assert [path.name for path in servers.iterdir()] == ["7"]
    assert library.branch("7").ask("What is red?").answer.citations[0].quote == "Rope 7 is red."
    assert library.upkeep.use()[1:] == [LibraryUse("7", 1, library.upkeep.use()[1].nbytes, None)]


def test_the_history_is_as_long_as_it_is_looked_back_at(tmp_path: Path, clock: Clock) -> None:
    library = library_of(tmp_path, clock)
    library.add(note(1), who=WHO, id="a")
    library.add(note(2), who=WHO, id="b")
    library.use("b", who=WHO, place="5")
    when = datetime.now(UTC)
    enter(tmp_path, HISTORY_LINES + 5, when)
    goes = library.upkeep.prune()
    assert kinds(goes) == [(ExpiredKind.HISTORY, None, None)]
    assert [change.who for change in library.history(limit=2000)] == [
        str(number) for number in reversed(range(5, HISTORY_LINES + 5))
    ]
    assert library.upkeep.prune() == []
    assert (library.in_use(), library.in_use("5")) == ("a", "b")


def test_a_history_that_grows_fast_is_cut_before_its_day(tmp_path: Path, clock: Clock) -> None:
    library = library_of(tmp_path, clock)
    library.add(note(1), who=WHO, id="a")
    when = datetime.now(UTC)
    enter(tmp_path, 2 * HISTORY_LINES - 2, when)
    library.use("a", who=WHO)
    assert len(library.history(limit=9_999)) == 2 * HISTORY_LINES
    library.use("a", who="carl")
    changes = library.history(limit=9_999)
    assert len(changes) == HISTORY_LINES
    assert [change.who for change in changes[:3]] == ["carl", WHO, str(2 * HISTORY_LINES - 3)]


def test_questions_go_after_their_time_and_with_their_server(tmp_path: Path, clock: Clock) -> None:
    library = library_of(tmp_path, clock)
    library.ledger.keep(asked(1, asked_at=datetime.now(UTC)))
    library.ledger.keep(asked(2, asked_at=datetime.now(UTC) - timedelta(days=80), server="8"))
    assert library.upkeep.expired() == []
    clock.ahead = timedelta(days=11)
    assert kinds(library.upkeep.prune()) == [(ExpiredKind.QUESTIONS, None, None)]
    assert library.ledger.servers() == ("7",)
    assert library.upkeep.meet({"8"}, every) == ["7"]
    clock.ahead = timedelta(days=26)
    assert [kind for kind, *_ in kinds_of_any_size(library.upkeep.prune())] == [ExpiredKind.SERVER]
    assert library.ledger.servers() == ()
    assert library.upkeep.prune() == []


def kinds_of_any_size(expired: list[ExpiredItem]) -> list[tuple[ExpiredKind, str | None]]:
    return [(one.kind, one.server) for one in expired]
