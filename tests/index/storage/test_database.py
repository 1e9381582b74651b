"""The database: made at the first use, whole or not at all, and its password stands nowhere."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

import index.storage.migrations
from index.errors import DatabaseError, DataFolderError
from index.storage.database import FILE, Database
from index.storage.tables import VERSION, ArticleRow, LibraryRow, SnapshotRow, Table
from tests.index.storage.postgresql import PASSWORD, new_database


def servers(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(select(LibraryRow.server).order_by(LibraryRow.key)))


def add(database: Database, server: str) -> None:
    with database.writing() as connection:
        connection.execute(insert(LibraryRow).values(server=server, revision=0))


def test_nothing_is_made_before_it_is_used(tmp_path: Path) -> None:
    database = Database(tmp_path / "data")
    assert (database.is_there, list(database.faults()), (tmp_path / "data").exists()) == (False, [], False)
    add(database, "7")
    assert (database.is_there, servers(database), list(database.faults())) == (True, ["7"], [])


def test_the_migrations_make_the_tables_that_the_code_knows(tmp_path: Path, database_url: str | None) -> None:
    database = Database(tmp_path, database_url)
    add(database, "")
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == VERSION
        indexes = {one["name"] for one in inspect(connection).get_indexes("articles")}
    assert {"uq_articles_here", "uq_articles_aside"} <= indexes
    (folder,) = index.storage.migrations.__path__
    rooms = {path.parent for path in Path(index.__path__[0]).rglob("*.py")}
    assert Path(folder, "versions") in rooms
    assert all((room / "__init__.py").exists() for room in rooms)  # else a wheel has them not
    assert ScriptDirectory(folder).get_current_head() == VERSION


def test_sqlite_is_set_for_many_at_once_and_for_crashes(tmp_path: Path) -> None:
    database = Database(tmp_path)
    add(database, "")
    with database.reading() as connection:
        settings = [
            connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        ]
    assert settings == ["wal", 1, 2, 10_000]


def test_a_transaction_is_all_there_or_not_at_all(tmp_path: Path, database_url: str | None) -> None:
    database = Database(tmp_path, database_url)
    add(database, "1")

    def fail() -> None:
        with database.writing() as connection:
            connection.execute(insert(LibraryRow).values(server="2", revision=0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert servers(database) == ["1"]


def test_threads_and_processes_make_it_once_and_write_one_after_the_other(
    tmp_path: Path, database_url: str | None
) -> None:
    databases = [Database(tmp_path / "data", database_url) for _ in range(4)]

    def work(database: Database, number: int) -> None:
        for turn in range(5):
            add(database, f"{number}{turn}")

    threads = [threading.Thread(target=work, args=(one, n)) for n, one in enumerate(databases)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(servers(databases[0])) == sorted(f"{n}{turn}" for n in range(4) for turn in range(5))


def test_it_waits_for_who_makes_it_where_sqlite_itself_would_not(tmp_path: Path) -> None:
    with contextlib.closing(
        sqlite3.connect(tmp_path / FILE, isolation_level=None, check_same_thread=False)
    ) as maker:
        maker.execute("CREATE TABLE first (a)")
        maker.execute("BEGIN IMMEDIATE")
        with (
            contextlib.closing(sqlite3.connect(tmp_path / FILE)) as impatient,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            impatient.execute("PRAGMA journal_mode = WAL")
        end = threading.Timer(0.2, maker.execute, ["COMMIT"])
        end.start()
        database = Database(tmp_path)
        add(database, "1")
        end.join()
        assert servers(database) == ["1"]


def test_of_each_id_one_article_is_there_and_one_aside_and_rows_go_with_theirs(
    tmp_path: Path, database_url: str | None
) -> None:
    database, now = Database(tmp_path, database_url), datetime.now(UTC)
    add(database, "")
    with database.writing() as connection:
        for moment in (None, now):
            connection.execute(insert(ArticleRow).values(library=1, id="a", removed_at=moment))
        connection.execute(insert(SnapshotRow).values(article=1, name="n", path="p"))
    for moment in (None, now):
        with pytest.raises(IntegrityError), database.writing() as connection:
            connection.execute(insert(ArticleRow).values(library=1, id="a", removed_at=moment))
    with database.writing() as connection:
        connection.execute(text("DELETE FROM libraries"))
    with database.reading() as connection:
        assert (connection.scalar(select(ArticleRow.key)), connection.scalar(select(SnapshotRow.key))) == (
            None,
            None,
        )


def test_times_are_of_whatever_zone_and_come_back_in_utc(tmp_path: Path, database_url: str | None) -> None:
    database = Database(tmp_path, database_url)
    there = datetime(2026, 1, 1, 1, 30, 0, 5, timezone(timedelta(hours=2)))
    with database.writing() as connection:
        connection.execute(insert(LibraryRow).values(server="", revision=0, left_at=there))
    with database.reading() as connection:
        back = connection.scalar(select(LibraryRow.left_at))
    assert (back, back and back.tzinfo) == (there, UTC)


def test_a_file_that_takes_its_place_is_read_from_then_on(tmp_path: Path) -> None:
    one, other = Database(tmp_path / "one"), Database(tmp_path / "other")
    add(one, "1")
    add(other, "2")
    other.close()
    assert servers(one) == ["1"]
    (tmp_path / "one").rename(tmp_path / "before")
    (tmp_path / "other").rename(tmp_path / "one")
    assert servers(one) == ["2"]


def test_a_damaged_file_is_told_of(tmp_path: Path) -> None:
    database = Database(tmp_path)
    add(database, "1")
    database.close()
    (tmp_path / FILE).write_bytes(b"no database at all" * 1_000)
    again = Database(tmp_path)
    (fault,) = again.faults()
    assert fault == (
        f"The database {tmp_path / FILE} is damaged: file is not a database. Bring the data folder back with "
        "`footnote restore`; or, without FOOTNOTE_STORAGE_URL, move the file away, and it is made again of "
        "the articles that are there."
    )
    with pytest.raises(DatabaseError):
        servers(again)


def test_one_of_a_newer_version_is_left_alone(tmp_path: Path, database_url: str | None) -> None:
    database = Database(tmp_path, database_url)
    add(database, "1")
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"was written by a newer version of Footnote"):
        servers(Database(tmp_path, database_url))


def test_where_the_folder_cannot_be_made_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DataFolderError, match=r"cannot be written to: .* Check its permissions and space"):
        add(Database(tmp_path / "data"), "1")


@pytest.mark.skipif(os.name == "nt", reason="its permissions are others")
def test_a_folder_that_cannot_be_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As SQLite finds it there: it cannot make its journals, here since their names are taken."""
    database = Database(tmp_path)
    add(database, "1")
    database.close()
    (tmp_path / f"{FILE}-shm").mkdir()
    (tmp_path / f"{FILE}-wal").mkdir()
    monkeypatch.setattr("index.storage.database.os.access", lambda *_: False)
    frozen = Database(tmp_path)
    assert servers(frozen) == ["1"]
    with pytest.raises(DataFolderError):
        add(frozen, "2")
    with sqlite3.connect(f"file:{tmp_path / FILE}?immutable=1", uri=True) as connection:
        assert connection.execute("SELECT count(*) FROM libraries").fetchone() == (1,)
    connection.close()


@pytest.mark.slow
def test_a_postgresql_belongs_to_one_data_folder(tmp_path: Path, server: str) -> None:
    """Else what lies in the other would be taken for what a killed process left."""
    with new_database(server, "owner") as address:
        add(Database(tmp_path / "one", address), "1")
        assert servers(Database(tmp_path / "one", address)) == ["1"]
        with pytest.raises(DatabaseError) as caught:
            servers(Database(tmp_path / "other", address))
        assert str(caught.value).endswith(
            f"belongs to another data folder. Give {tmp_path / 'other'} a database of its own."
        )
        assert PASSWORD not in str(caught.value)
        assert servers(Database(tmp_path / "other", address, takes_over=True)) == ["1"]
        with pytest.raises(DatabaseError, match="belongs to another data folder"):
            servers(Database(tmp_path / "one", address))


@pytest.mark.parametrize(
    "address", ["mysql://a:b@c/d", "no address", "sqlite:///x", "postgresql+pg8000://a/b"]
)
def test_only_postgresql_has_an_address(tmp_path: Path, address: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        Database(tmp_path, address)
    assert str(caught.value) == (
        "FOOTNOTE_DATABASE_URL is no address of a PostgreSQL. It looks like "
        "postgresql://user:password@host/name; leave it out to keep all in the data folder."
    )


def test_what_speaks_to_postgresql_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.storage.database.find_spec", lambda _: None)
    with pytest.raises(DatabaseError, match=r"pip install 'footnote\[postgresql\]'"):
        Database(tmp_path, "postgresql://me:hunter2@127.0.0.1:1/footnote")


def test_a_password_stands_in_no_message_and_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    database = Database(tmp_path, "postgresql://me:hunter2@127.0.0.1:1/hunter2")
    (fault,) = database.faults()
    error = None
    try:
        add(database, "1")
    except DatabaseError as caught:
        error = caught
    assert fault.startswith("The database postgresql+psycopg://me:***@127.0.0.1:1/hunter2 cannot be used: ")
    assert error is not None
    assert error.__cause__ is None
    assert "me:hunter2" not in f"{fault} {error} {error.values} {caplog.text}"
