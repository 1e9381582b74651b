"""A library whose indexes lie in a storage that machines share: every fault leaves the old or the new."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event

from index.errors import (
    BackupError,
    DatabaseError,
    LibraryError,
    ReindexRunningError,
    SnapshotError,
    StorageError,
)
from index.library.library import ALL, Library
from index.library.quotas import Quotas
from index.model.library import ExpiredKind, Progress, Stage
from index.sources.files import upload
from index.storage.backup import back_up, restore
from index.storage.database import FILE
from index.storage.library_folder import SharedStorage
from index.storage.shared_storage import Storage
from tests.faults.world import demand
from tests.index.fakes import THRESHOLDS, FakeEmbedder
from tests.index.library.test_admin_answers import LABELS, answer
from tests.index.storage import s3_server
from tests.index.storage.faulty_files import FaultyFiles, faulty

pytestmark = pytest.mark.slow

QUESTION = "What colour is the lamp of the harbour?"


@pytest.fixture(autouse=True)
def _no_fitting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
    monkeypatch.setattr("index.storage.snapshot_cache.PAUSE", 0.0)


@pytest.fixture(name="files")
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaultyFiles:
    """The faults of the storage that all libraries of a test share."""
    storage, files = faulty(tmp_path / "share")

    def at(url: str) -> Storage:
        return storage if url == str(tmp_path / "share") else faulty(Path(url))[0]

    monkeypatch.setattr("index.storage.library_folder.storage_at", at)
    return files


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Library]:
    """Starts a process on a machine, which its data folder is."""

    def start(machine: str = "one", share: str | None = "share", database_url: str | None = None) -> Library:
        (tmp_path / "set.txt").write_text("The set article is short. The lighthouse is closed on Mondays.\n")
        storage = SharedStorage(share if "://" in share else str(tmp_path / share)) if share else None
        return Library(
            tmp_path / machine,
            storage=storage,
            database_url=database_url,
            article_path=tmp_path / "set.txt",
            embedder=FakeEmbedder(),
            reader="off",
            quotas=Quotas(nbytes=10_000_000),
        )

    return start


def add(library: Library, colour: str = "green") -> None:
    text = f"The lamp of the harbour is {colour}.\nThe rope is long.\n"
    if library.entries() and any(entry.id == "notes" for entry in library.entries()):
        library.reindex("notes", who="ada", source=upload("n.txt", text.encode()))
    else:
        library.add(upload("n.txt", text.encode()), who="ada", id="notes")


def colour(library: Library, article: str = "notes") -> str:
    result = library.ask(QUESTION, article=article)
    (first, *_) = result.answer.citations or result.answer.closest
    return first.quote.removesuffix(".").split()[-1]


def forget(tmp_path: Path, machine: str = "one") -> None:
    """As if the machine had just been set up."""
    shutil.rmtree(tmp_path / machine / "cache")
    shutil.rmtree(tmp_path / machine / "servers", ignore_errors=True)


def names(tmp_path: Path) -> set[str]:
    folder = tmp_path / "share" / "snapshots"
    return {path.name for path in folder.iterdir()}


def test_what_a_machine_lacks_it_fetches_once(
    start: Callable[..., Library], files: FaultyFiles, tmp_path: Path
) -> None:
    add(start().branch("7"))
    before = start().upkeep.use()
    forget(tmp_path)
    library = start()
    branch = library.branch("7")
    (entry, _) = branch.entries()
    assert (entry.id, entry.passages) == ("notes", 2)
    assert not any((tmp_path / "one" / "cache").glob("*/article.json"))  # a manifest is enough for that
    assert colour(branch) == "green"
    assert [(one.server, one.articles) for one in library.upkeep.use()] == [(None, 0), ("7", 1)]
    stored = sum(path.stat().st_size for path in (tmp_path / "share").glob("snapshots/*"))
    assert library.upkeep.use()[1].nbytes == stored < before[1].nbytes  # there, it has an index besides
    assert colour(branch, ALL) == "green"

    files.down = True
    assert colour(start().branch("7")) == "green"
    assert library.faults() == ()

    files.down = False
    forget(tmp_path)
    branch = start().branch("7")
    fetch = branch.fetching("notes")
    assert fetch is not None
    fetch()
    files.down = True
    assert [branch.fetching(article) for article in ("notes", "no such article", ALL)] == [None] * 3
    assert colour(branch) == "green"


def test_a_change_is_made_or_not_whichever_call_is_not_answered(
    start: Callable[..., Library], files: FaultyFiles, tmp_path: Path
) -> None:
    library = start()
    library.load()
    add(library, "0")
    calls, done = 0, False
    while not done:
        files.left = calls
        try:
            add(library, str(calls + 1))
            done = True
        except StorageError as error:
            demand(str(error).startswith("The storage the share cannot be "), str(error))
        files.left = None
        for one in (library, start()):
            assert colour(one) == (str(calls + 1) if done else "0")
            assert len(one.history("notes")) == 1 + done
        calls += 1
    assert calls > 4
    forget(tmp_path)
    assert colour(start()) == str(calls)


def test_an_upload_that_arrives_by_half_is_not_published(
    start: Callable[..., Library], files: FaultyFiles
) -> None:
    library = start()
    add(library)
    files.halves = True
    with pytest.raises(StorageError, match=r"bytes of snapshots/.* are there"):
        add(library, "red")
    files.halves = False
    assert colour(start()) == "green"
    add(library, "red")
    assert colour(start()) == "red"


def test_while_the_storage_is_away_what_is_open_answers(
    start: Callable[..., Library], files: FaultyFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = start(), start()
    add(one)
    assert colour(other) == "green"
    add(one, "red")
    forget(tmp_path)
    files.down = True
    with caplog.at_level(logging.WARNING):
        assert colour(other) == "green"
    assert "“notes” is answered from the index that is open: The storage the share cannot" in caplog.text
    with pytest.raises(StorageError, match="no answer within 30 s"):
        colour(start())
    assert next((entry.id, entry.title) for entry in start().entries()) == ("notes", "notes")
    assert one.history("notes")[0].action == "reindexed"  # and nothing was built again for it
    files.down = False
    assert colour(other) == "red"


@pytest.mark.usefixtures("files")
def test_what_is_damaged_here_is_fetched_again_and_what_is_lost_everywhere_is_built_again(
    start: Callable[..., Library], tmp_path: Path
) -> None:
    add(start())
    for path in (tmp_path / "one" / "cache").glob("*/vectors.faiss"):
        path.write_bytes(b"x")
    library = start()
    assert colour(library) == "green"
    assert len(library.history("notes")) == 1
    (digest,) = [name for name in names(tmp_path) if _is_notes(tmp_path, name)]
    (tmp_path / "share" / "snapshots" / digest).unlink()
    shutil.rmtree(tmp_path / "one" / "cache" / digest)
    add(start(), "blue")  # from a new source: nothing is left of the old one here
    assert colour(start()) == "blue"


def _is_notes(tmp_path: Path, digest: str) -> bool:
    return b"notes" in (tmp_path / "share" / "snapshots" / digest).read_bytes()


def test_what_no_row_names_goes_from_the_storage_after_a_day(
    start: Callable[..., Library], files: FaultyFiles, tmp_path: Path
) -> None:
    library = start()
    for number in range(5):  # three are kept
        add(library, str(number))
    assert library.upkeep.prune() == []  # they are young
    before = names(tmp_path)
    for path in tmp_path.rglob("*"):
        os.utime(path, (time.time() - 200_000,) * 2)
    (planned,) = library.upkeep.expired()
    files.hidden = {max(before)}
    (item,) = library.upkeep.prune() or library.upkeep.prune()
    files.hidden = set()
    library.upkeep.prune()
    assert (planned.kind, item.kind) == (ExpiredKind.UNFINISHED, ExpiredKind.UNFINISHED)
    assert item.nbytes <= planned.nbytes
    assert len(before) == 5
    assert len(names(tmp_path)) == 3
    forget(tmp_path)
    assert colour(start()) == "4"
    start().undo("notes", who="ada")
    assert colour(start()) == "3"


@pytest.mark.usefixtures("files")
def test_a_storage_of_another_database_is_refused_and_never_cleared_up(
    start: Callable[..., Library], tmp_path: Path
) -> None:
    library = start()
    add(library)
    with pytest.raises(
        StorageError, match=r"The storage the share belongs to another database\. Give this one"
    ):
        start("two").load()
    for path in tmp_path.rglob("*"):
        os.utime(path, (time.time() - 200_000,) * 2)
    (tmp_path / "share" / "database.id").write_text("another's")
    with pytest.raises(StorageError, match="belongs to another database"):
        start().load()
    before = names(tmp_path)
    with library._articles.folder.records.change() as writer:
        writer.empty()
    library.upkeep.prune()
    assert names(tmp_path) == before


@pytest.mark.usefixtures("files")
def test_a_database_that_is_new_does_not_take_the_storage_of_the_one_before(
    start: Callable[..., Library], tmp_path: Path
) -> None:
    shared, library = SharedStorage(str(tmp_path / "share")), start()
    add(library)
    back_up(tmp_path / "one", tmp_path / "backup.tar", storage=shared)
    library._articles.folder.records.database.close()
    for path in (tmp_path / "one").glob(f"{FILE}*"):
        path.unlink()
    for path in tmp_path.rglob("*"):
        os.utime(path, (time.time() - 200_000,) * 2)
    before = names(tmp_path)
    with pytest.raises(StorageError, match=r"The database is new, and the storage the share has the indexes"):
        start().load()
    with pytest.raises(StorageError, match="The database is new"):
        start().upkeep.prune()
    assert names(tmp_path) == before
    restore(tmp_path / "backup.tar", tmp_path / "one", storage=shared, replace=True)
    assert colour(start()) == "green"


@pytest.mark.usefixtures("files")
def test_an_empty_storage_in_place_of_the_right_one_is_noticed(start: Callable[..., Library]) -> None:
    add(start())
    with pytest.raises(StorageError, match=r"the storage the share is empty. Check FOOTNOTE_STORAGE_URL"):
        start("one", "another-share").load()


@pytest.mark.usefixtures("files")
def test_a_library_moves_into_a_storage_and_back_by_a_backup(
    start: Callable[..., Library], tmp_path: Path
) -> None:
    plain = start("one", None)
    plain.load()
    for shade in ("green", "red"):
        add(plain.branch("7"), shade)
    assert not (tmp_path / "one" / "cache").exists()
    assert start().load() == (
        "1 indexes of the common library were put into the storage.",
        "2 indexes of server 7 were put into the storage.",
    )
    assert start().load() == ()
    assert not list((tmp_path / "one").rglob("snapshots/*"))
    forget(tmp_path)
    assert colour(start().branch("7")) == "red"
    with pytest.raises(StorageError, match=r"lies in a storage\. Set FOOTNOTE_STORAGE_URL to it"):
        colour(start("one", None).branch("7"))

    with pytest.raises(BackupError, match=r"^Indexes lie in a storage, and would not be in the backup\."):
        back_up(tmp_path / "one", tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()

    forget(tmp_path)
    shared = SharedStorage(str(tmp_path / "share"))
    back_up(tmp_path / "one", tmp_path / "backup.tar", storage=shared)
    assert not [path for path in (tmp_path / "one" / "cache").iterdir() if path.is_dir()]
    restore(tmp_path / "backup.tar", tmp_path / "back")
    back = start("back", None)
    assert colour(back.branch("7")) == "red"
    back.branch("7").undo("notes", who="ada")
    assert colour(back.branch("7")) == "green"

    restore(tmp_path / "backup.tar", tmp_path / "moved", storage=SharedStorage(str(tmp_path / "new-share")))
    moved = start("moved", "new-share")
    assert colour(moved.branch("7")) == "red"
    assert not list((tmp_path / "moved").rglob("snapshots/*"))
    forget(tmp_path, "moved")
    assert colour(start("moved", "new-share").branch("7")) == "red"


@pytest.mark.usefixtures("files")
def test_nothing_is_written_to_a_folder_that_was_unmounted_meanwhile(
    start: Callable[..., Library], tmp_path: Path
) -> None:
    library, share = start(), tmp_path / "share"
    add(library)
    share.rename(tmp_path / "away")
    share.mkdir()
    with pytest.raises(
        StorageError, match=r"The storage the share is not the one .* whether it is mounted\."
    ):
        add(library, "red")
    assert not any(share.iterdir())
    share.rmdir()
    (tmp_path / "away").rename(share)
    add(library, "red")
    forget(tmp_path)
    assert colour(start()) == "red"


def test_what_cannot_be_put_into_the_storage_is_asked_where_it_lies_and_put_there_at_the_next_start(
    start: Callable[..., Library], files: FaultyFiles
) -> None:
    plain = start("one", None)
    plain.load()
    add(plain.branch("7"), "red")
    start().upkeep.prune()  # whose the storage is is known by now
    files.halves = True
    notices = start().load()
    assert len(notices) == 2
    assert all("is not put into the storage: The storage the share cannot be used" in one for one in notices)
    assert colour(start().branch("7")) == "red"
    files.halves = False
    assert [one.partition(" were ")[0] for one in start().load()] == [
        "1 indexes of the common library",
        "1 indexes of server 7",
    ]


@pytest.mark.usefixtures("files")
def test_what_is_damaged_here_is_fetched_again_for_a_backup(
    start: Callable[..., Library], tmp_path: Path
) -> None:
    add(start())
    for path in (tmp_path / "one" / "cache").glob("*/passages.json"):
        path.write_bytes(b"x")
    back_up(tmp_path / "one", tmp_path / "backup.tar", storage=SharedStorage(str(tmp_path / "share")))
    restore(tmp_path / "backup.tar", tmp_path / "back")
    back = start("back", None)._articles.folder.of("notes")
    assert [back.is_whole(name) for name in back.names()] == [True]


@pytest.mark.usefixtures("files")
def test_a_backup_of_a_servers_library_alone_needs_the_storage_too(
    start: Callable[..., Library], tmp_path: Path
) -> None:
    add(start().branch("7"))
    forget(tmp_path)
    with pytest.raises(BackupError, match=r"Set FOOTNOTE_STORAGE_URL to it, and back up again\."):
        back_up(tmp_path / "one", tmp_path / "backup.tar")


def test_a_backup_that_cannot_be_restored_changes_nothing(
    start: Callable[..., Library], files: FaultyFiles, tmp_path: Path
) -> None:
    shared = SharedStorage(str(tmp_path / "share"))
    library = start()
    add(library)
    back_up(tmp_path / "one", tmp_path / "backup.tar", storage=shared)
    add(library, "red")
    library._articles.folder.records.database.close()
    folders = sorted(path.name for path in tmp_path.iterdir())
    failures, files.recovers = 0, True
    for left in count():  # whichever request it is that fails, the last ones included
        files.left = left
        try:
            restore(tmp_path / "backup.tar", tmp_path / "one", storage=shared, replace=True)
            break
        except StorageError:
            failures += 1
        finally:
            files.left = None
        assert sorted(path.name for path in tmp_path.iterdir()) == folders
        library = start()
        assert colour(library) == "red"
        library._articles.folder.records.database.close()
    assert failures > 3
    assert colour(start()) == "green"


@pytest.fixture
def database() -> Iterator[str]:
    from tests.index.storage import postgresql

    if postgresql.programs() is None:
        pytest.skip("there is no PostgreSQL here, such as Debian's package postgresql installs")
    with postgresql.running() as server, postgresql.new_database(server.address, "machines") as address:
        yield address


def statements(library: Library) -> list[str]:
    """What the database is asked from now on."""
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(library.jobs._database._engine, "before_cursor_execute", note)
    return asked


def test_machines_share_a_postgresql_and_an_s3_and_nothing_else(
    start: Callable[..., Library], database: str
) -> None:
    with s3_server.running() as server:
        one, two = (start(name, server.url(), database) for name in ("one", "two"))
        add(one.branch("7"))
        two.load()
        asked, before = statements(two), len(server.requests)
        assert colour(two.branch("7")) == "green"
        assert [request.partition("/snap")[0] for request in server.requests[before:]] == ["GET footnote"]
        assert len(asked) <= 3
        assert colour(two.branch("7")) == "green"
        assert len(server.requests) == before + 1
        add(two.branch("7"), "red")
        assert [request.split(" ")[0] for request in server.requests[before + 1 :]] == ["GET", "PUT", "HEAD"]
        assert colour(start("one", server.url(), database).branch("7")) == "red"
        server.cut = 2
        assert colour(start("three", server.url(), database).branch("7"), ALL) == "red"
        transactions = [one.branch("7")._articles.transactions, two.branch("7")._articles.transactions]
        with transactions[0].alone(1), pytest.raises(ReindexRunningError), transactions[1].alone(0.2):
            pass
        with transactions[1].alone(1):
            assert not _is_free(transactions[0])
        assert _is_free(transactions[0])
        with pytest.raises(DatabaseError, match="belongs to another data folder"):
            start("four", None, database).load()
        with pytest.raises(StorageError, match="and the storage s3://bucket/else is empty"):
            start("five", server.url("else"), database).load()
        _lose_the_lock_and_publish(one.branch("7"), two.branch("7"), database)
        assert colour(start("three", server.url(), database).branch("7")) == "red"
        assert not any("hunter2" in str(request) for request in server.requests)
        for library in (one, two):
            library.jobs._database.close()


def _is_free(transactions: object) -> bool:
    with transactions.if_free() as is_free:  # type: ignore[attr-defined]
        return bool(is_free)


def _lose_the_lock_and_publish(one: Library, two: Library, database: str) -> None:
    """While one machine builds an index, its connection is cut and another machine takes the lock."""
    import psycopg

    cuts = iter([True])

    def cut(step: Progress) -> None:
        if step.stage is Stage.EMBED and next(cuts, False):
            with psycopg.connect(database, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                )
            with two._articles.transactions.alone(10):
                pass  # what the other one had begun is called off, as of a machine that is gone

    with pytest.raises((ReindexRunningError, SnapshotError)):
        one.reindex(
            "notes", who="ada", source=upload("n.txt", b"The lamp of the harbour is blue."), on_progress=cut
        )


def test_a_name_goes_out_of_answers_that_lie_aside_and_an_outage_is_no_lack_of_an_article(
    start: Callable[..., Library], files: FaultyFiles, tmp_path: Path
) -> None:
    library = start()
    one = answer(1, "Where is the rope?", "There.")
    library.branch("7").admin_answers.add(one, LABELS, who="", lease="", on_progress=lambda _: None)
    library.ledger.delete_person("5")
    forget(tmp_path)
    library = start()
    own, book = library.branch("7"), library.ledger.answers
    for is_aside in (False, True):
        if is_aside:
            own.remove("answered", who="")
            forget(tmp_path)
        files.down = True
        with pytest.raises(StorageError):
            own.admin_answers.renew(LABELS)
        assert (len(book.answers("7")), book.stale()) == (1, {"7": (1,)})
        files.down = False
    own.admin_answers.renew(LABELS)
    assert (book.answers("7"), book.stale()) == ((), {})
    with pytest.raises(LibraryError):
        own.undo("answered", who="")
