"""The databases that a library may have: SQLite in its folder, and a PostgreSQL of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from index.storage.database import Database
from index.storage.ledger import QuestionLedger
from tests.index.storage import postgresql

_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL."""
    if postgresql.programs() is None:
        pytest.skip("there is no PostgreSQL here, such as Debian's package postgresql installs")
    with postgresql.running() as server:
        yield server.address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Either kind of database: of SQLite, there is no address."""
    if request.param == "sqlite":
        yield None
        return
    with postgresql.new_database(request.getfixturevalue("server"), f"test-{next(_numbers)}") as address:
        yield address


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    """One of either kind."""
    database = Database(tmp_path / "data", database_url)
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> QuestionLedger:
    """The questions in it."""
    return QuestionLedger(database)
