"""Watches: what is due is taken by one process, whoever dies, and goes with its article, server and "
"person."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.model.feedback import SOMEONE
from index.model.watch import Every, Validators, Watch, WatchKind, WatchPage
from index.storage.database import Database
from index.storage.ledger import QuestionLedger
from index.storage.library_folder import LibraryFolder
from index.storage.library_record import STORED_LIBRARY
from index.storage.records import Records, replace_all
from index.storage.watches import LEASE, Watches

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PERSON = "77"


@pytest.fixture
def watches(database: Database) -> Watches:
    return Watches(database)


def wish(subject: str, server: str = "7", kind: WatchKind = WatchKind.PAGE, *, at: datetime = NOW) -> Watch:
    article = subject if kind is WatchKind.PAGE else None
    return Watch(0, server, kind, subject, article, Every.DAY, 1, "5", f"Ada (B) ({PERSON})", at)


def everywhere(_: int) -> bool:
    return True


def taken(watches: Watches, now: datetime = NOW) -> Watch:
    watch = watches.take(everywhere, now)
    assert watch is not None
    return watch


def test_nothing_is_made_where_nobody_wants_anything_read(tmp_path: Path) -> None:
    watches = Watches(Database(tmp_path / "data"))
    assert (watches.of("7"), watches.servers(), watches.take(everywhere, NOW)) == ((), (), None)
    assert not (tmp_path / "data").exists()


def test_what_is_due_is_taken_noted_and_due_again(watches: Watches) -> None:
    watch = watches.begin(wish("a"))
    assert watches.of("7") == (watch,)
    assert replace(watch, key=0) == wish("a")
    assert watches.take(everywhere, NOW - HOUR) is None
    first = taken(watches)
    assert replace(first, lease="") == watch
    assert watches.take(everywhere, NOW) is None
    validators = Validators('"1"', "Mon, 01 Jun 2026 12:00:00 GMT")
    later = NOW + HOUR
    assert watches.note(first, next_at=later, validators=validators, digest="d", failures=2)
    assert watches.take(everywhere, NOW) is None
    second = taken(watches, later)
    assert (second.validators, second.digest, second.failures, second.next_at) == (validators, "d", 2, later)


def test_what_has_been_due_longest_comes_first_and_only_of_ones_own_servers(watches: Watches) -> None:
    watches.begin(wish("late", at=NOW - HOUR))
    watches.begin(wish("later", at=NOW))
    watches.begin(wish("elsewhere", "8", at=NOW - 2 * HOUR))
    assert [watches.take(lambda server: server == 7, NOW) for _ in range(3)][2] is None
    assert taken(watches).subject == "elsewhere"


def test_where_a_process_dies_another_reads_on_and_the_first_has_it_no_more(watches: Watches) -> None:
    watches.begin(wish("a"))
    first = taken(watches)
    assert watches.renew(first, NOW + LEASE / 2)
    assert watches.take(everywhere, NOW + LEASE) is None
    second = taken(watches, NOW + 2 * LEASE)
    assert not watches.renew(first, NOW + 2 * LEASE)
    note = {"next_at": NOW, "validators": Validators(), "digest": None, "failures": 0}
    assert not watches.note(first, **note)  # type: ignore[arg-type]
    assert watches.note(second, **note)  # type: ignore[arg-type]


def test_each_of_many_is_taken_once_by_many_processes(tmp_path: Path, database_url: str | None) -> None:
    databases = [Database(tmp_path, database_url) for _ in range(4)]
    for number in range(12):
        Watches(databases[0]).begin(wish(f"a{number:02}"))
    subjects: list[str] = []

    def work(database: Database) -> None:
        while (watch := Watches(database).take(everywhere, NOW)) is not None:
            subjects.append(watch.subject)

    threads = [threading.Thread(target=work, args=(one,)) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(subjects) == [f"a{number:02}" for number in range(12)]
    for database in databases:
        database.close()


def test_it_is_begun_anew_and_ended(watches: Watches) -> None:
    begun = watches.begin(wish("a"))
    lease = taken(watches)
    again = watches.begin(replace(wish("a"), every=Every.HOUR))
    assert (again.key, again.every, watches.of("7")) == (begun.key, Every.HOUR, (again,))
    assert not watches.renew(lease, NOW)
    assert not watches.end("8", (WatchKind.PAGE,), "a")
    assert not watches.end("7", (WatchKind.FEED, WatchKind.SITEMAP), "a")
    assert watches.end("7", (WatchKind.CHANNEL, WatchKind.PAGE), "a")
    assert not watches.end("7", (WatchKind.PAGE,), "a")
    assert watches.of("7") == ()


def test_pages_are_noted_and_go_with_their_list(watches: Watches) -> None:
    feed = watches.begin(wish("https://example.org/feed", kind=WatchKind.FEED))
    one = WatchPage("https://example.org/1", "one", "June", NOW, NOW)
    two = WatchPage("https://example.org/2", None, None, None, NOW, is_listed=False)
    for page in (two, one):
        watches.put_page(feed, page)
    assert watches.pages(feed) == (one, two)
    watches.put_page(feed, replace(one, stamp="July"))
    watches.delete_page(feed, two.address)
    assert watches.pages(feed) == (replace(one, stamp="July"),)
    watches.end("7", (WatchKind.FEED,), feed.subject)
    assert watches.pages(feed) == ()
    watches.put_page(feed, one)  # by who had it when it ended
    assert watches.pages(feed) == ()


def test_it_ends_with_its_article_in_its_own_server_alone(database: Database, watches: Watches) -> None:
    for server in ("7", "8"):
        with Records(database, database._folder, server).change() as writer:
            writer.publish("a", "000001-00000000", "articles/a/snapshots/000001-00000000")
        watches.begin(wish("a", server))
    feed = watches.begin(wish("https://example.org/feed", kind=WatchKind.FEED))
    with Records(database, database._folder, "7").change() as writer:
        writer.set_aside("a", NOW)
    assert watches.of("7") == (feed,)
    assert [watch.subject for watch in watches.of("8")] == ["a"]
    assert sorted(watches.servers()) == ["7", "8"]
    watches.delete_server("8")
    assert watches.servers() == ("7",)


def test_a_backup_has_them_and_brings_them_back_in_place_of_what_is_there(
    database: Database, watches: Watches
) -> None:
    library = Records(database, database._folder, "7")
    with library.change() as writer:
        writer.use("a", None)
    watches.begin(wish("a"))
    first = taken(watches)
    watches.note(first, next_at=NOW + HOUR, validators=Validators('"1"'), digest="d", failures=3)
    stored = STORED_LIBRARY.validate_json(STORED_LIBRARY.dump_json(library.stored()))
    watches.end("7", (WatchKind.PAGE,), "a")
    watches.begin(wish("b"))
    watches.begin(wish("c", "8"))
    replace_all(database, {"7": stored})
    (back,) = watches.of("7")
    assert (back.subject, back.failures, back.digest, back.lease) == ("a", 3, "d", "")
    assert (back.next_at, back.validators) == (NOW + HOUR, Validators('"1"'))
    assert watches.of("8") == ()


def test_who_wanted_it_is_someone_when_they_want_nothing_kept(database: Database, watches: Watches) -> None:
    watches.begin(wish("a"))
    ledger = QuestionLedger(database)
    assert [watch.subject for watch in ledger.person(PERSON).watches] == ["a"]
    assert ledger.person("7").watches == ()
    ledger.delete_person(PERSON)
    assert [watch.who for watch in watches.of("7")] == [SOMEONE]
    watches.begin(wish("a"))
    ledger.opt_out(PERSON)
    watches.begin(wish("b"))
    assert [watch.who for watch in watches.of("7")] == [SOMEONE, SOMEONE]
    assert LibraryFolder(database._folder, snapshots_kept=1, database=database).ids() == []
