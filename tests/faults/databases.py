"""Where worlds have their databases: SQLite in each world's folder, or a PostgreSQL of the run's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from weakref import WeakSet

from index.storage.database import Database
from tests.index.storage import postgresql

_open: WeakSet[Database] = WeakSet()
_servers: list[postgresql.Server] = []


def note_open(database: Database) -> None:
    """Takes a database as one that is open, until ``close_databases``."""
    _open.add(database)


def close_databases() -> None:
    """Closes what is open: none may be across a fork. What is used again is opened again."""
    for database in _open:
        database._pulse.close()
        database._engine.dispose()


os.register_at_fork(before=close_databases)


@contextmanager
def in_postgresql() -> Iterator[postgresql.Server]:
    """A PostgreSQL in which all worlds have their databases while it runs."""
    with postgresql.running() as server:
        _servers.append(server)
        try:
            yield server
        finally:
            close_databases()
            _servers.pop()


def keeps_files() -> bool:
    """Whether the databases are SQLite's."""
    return not _servers


def address_of(folder: Path) -> str | None:
    """The address of a world's database, which is there from then on; None for SQLite."""
    if keeps_files():
        return None
    if not _rows(f"SELECT FROM pg_database WHERE datname = '{_name(folder)}'"):
        _rows(f'CREATE DATABASE "{_name(folder)}"')
    return f"{_servers[-1].address}/{_name(folder)}"


def copy_world(folder: Path, target: Path) -> None:
    """Makes a world as another one is, which no other process has open."""
    close_databases()
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    if address_of(folder) is not None:
        _rows(f'DROP DATABASE IF EXISTS "{_name(target)}" WITH (FORCE)')
        _rows(f'CREATE DATABASE "{_name(target)}" TEMPLATE "{_name(folder)}"')


def _name(folder: Path) -> str:
    return f"world-{sha256(bytes(folder)).hexdigest()[:16]}"


def _rows(statement: str) -> int:
    import psycopg

    with psycopg.connect(f"{_servers[-1].address}/postgres", autocommit=True) as connection:
        return connection.execute(statement.encode()).rowcount
