"""The database under a data folder: SQLite in the folder itself, or PostgreSQL where an address is given."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from index.errors import DatabaseError, DataFolderError, SnapshotError
from index.storage.durable import make_folder
from index.storage.folders import unreadable_folder, unwritable_folder
from index.storage.ownership import Ownership
from index.storage.pulse import CHANNEL, PostgresPulse, Pulse, SqlitePulse
from index.storage.shared_storage import Storage
from index.storage.tables import VERSION

FILE = "footnote.sqlite3"
"""SQLite's file in a data folder; beside it lie its journals."""

PATIENCE = 10.0
"""Seconds that a transaction waits for another one."""

_PAUSE = 0.005
"""Seconds between two attempts at what SQLite refuses without waiting: about what one write takes."""

_MIGRATING = 7_033_181
"""The number of the lock under which PostgreSQL's tables are made."""

_KEEPALIVE = "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
"""By which PostgreSQL notices that a machine is gone which holds a lock."""

_Stamp: TypeAlias = tuple[int, int]


class Database:
    """Thread-safe; any number of processes may use the same. Nothing is opened or made before it is used.

    A process that forks closes it first.

    Args:
        data_dir: The data folder.
        url: PostgreSQL's address, ``postgresql://user:password@host/name``; None for SQLite in the folder.
        storage: Where indexes lie that machines share; None where they lie in the data folder.
        takes_over: Whether a PostgreSQL that belongs to another folder, or a storage that belongs to another
            database, is this one's from now on.

    Raises:
        DatabaseError: the address is none of PostgreSQL's, or what speaks to it is not installed.

    Attributes:
        ownership: Whose it is.
    """

    def __init__(
        self,
        data_dir: Path,
        url: str | None = None,
        *,
        storage: Storage | None = None,
        takes_over: bool = False,
    ) -> None:
        self._folder = data_dir
        self._file = None if url else data_dir / FILE
        self._name = f"{data_dir / FILE}" if url is None else ""
        self._engine = _sqlite(data_dir / FILE) if url is None else _postgresql(url)
        if url is not None:
            self._name = self._engine.url.render_as_string(hide_password=True)
        self.ownership = Ownership(
            data_dir, self._name, is_inside=url is None, storage=storage, takes_over=takes_over
        )
        self._pulse: Pulse = (
            SqlitePulse(data_dir / FILE, _watching)
            if url is None
            else PostgresPulse(partial(_listening, self._engine))
        )
        self._guard = threading.RLock()
        self._ready: _Stamp | None = None
        self.close = weakref.finalize(self, _close, self._engine, self._pulse)

    @property
    def is_there(self) -> bool:
        """Whether it can be read without being made first."""
        return self._file is None or self._file.exists()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """What is read in it is of one moment.

        Raises:
            SnapshotError: it cannot be read.
        """
        with self._explained("read"), self._opened().begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, library: str | None = None) -> Iterator[Connection]:
        """One transaction: all of it is there at the end, or nothing.

        Args:
            library: The one of which something is written that all are to know of; ALL for all of them.

        Raises:
            SnapshotError: it cannot be written. Nothing was changed.
        """
        with self._explained("written to"):
            if self._file is not None:
                make_folder(self._folder)
            with self._opened().execution_options(writes=True).begin() as connection:
                yield connection
                if library is not None and self._file is None:
                    connection.execute(select(func.pg_notify(CHANNEL, library)))
            if library is not None:
                self._pulse.beat(library)

    def erase(self) -> None:
        """Takes what was deleted off the disk: SQLite's journal has it until then.

        PostgreSQL's vacuum does so by itself after a while.

        Raises:
            SnapshotError: it cannot be used.
        """
        if self._file is not None:
            with self._explained("written to"), contextlib.closing(self._opened().raw_connection()) as raw:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def clock(self, connection: Connection) -> datetime:
        """The time, as all who use the database have it."""
        if self._file is not None:
            return datetime.now(UTC)
        return connection.execute(select(func.now())).scalar_one()

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Holds a lock of all machines, if nobody else does; gives whether it does.

        With SQLite, which no machines share, it always does. It lasts no longer than its connection, which
        PostgreSQL ends within a minute of a machine that is gone.

        Raises:
            SnapshotError: the database cannot be used.
        """
        if self._file is not None:
            yield True
            return
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with self._explained("written to"):
            connection = self._opened().connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                connection.execute(text(_KEEPALIVE))
                has = connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number})
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
        try:
            yield bool(has)
        finally:
            if has:
                with contextlib.suppress(SQLAlchemyError):  # it went with its connection
                    connection.detach()  # which ends, and the lock with it
            connection.close()

    def stamp(self, library: str) -> Hashable | None:
        """What stays while nothing of a library is written; None where nothing tells."""
        return self._pulse.now(library)

    def faults(self) -> Iterator[str]:
        """What is wrong with it, a sentence each."""
        if not self.is_there:
            return
        try:
            with self.reading() as connection:
                if self._file is not None:
                    for (fault,) in connection.execute(text("PRAGMA quick_check(3)")):
                        if fault != "ok":
                            yield f"{self._name} is damaged: {fault}."
        except SnapshotError as error:
            yield str(error)

    def _opened(self) -> Engine:
        """The engine, its tables made; opened anew where another file has taken the place of SQLite's."""
        if self._ready is None or self._stamp() != self._ready:
            with self._guard:
                if self._ready is None or self._stamp() != self._ready:
                    self._engine.dispose()
                    self._migrate()
                    self._ready = self._stamp()
        return self._engine

    def _stamp(self) -> _Stamp | None:
        if self._file is None:
            return 0, 0
        try:
            stat = self._file.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino

    def _migrate(self) -> None:
        with self._engine.begin() as connection:
            if self._version(connection) == VERSION and self.ownership.is_known(connection):
                return
        from alembic.util import CommandError

        from index.storage.migrations import upgrade

        with self._engine.execution_options(writes=True).begin() as connection:
            if self._file is None:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATING})
            try:
                upgrade(connection)
            except CommandError as error:
                raise DatabaseError(
                    "The database {database} was written by a newer version of Footnote. Use that one, or a "
                    "newer one.",
                    database=self._name,
                ) from error
            self.ownership.claim(connection)

    @staticmethod
    def _version(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Makes what the database says an error for people, in which no password stands."""
        try:
            yield
        except (IntegrityError, ProgrammingError):
            raise  # a fault of ours
        except SQLAlchemyError as error:
            raise self._error(what, error) from None
        except OSError as error:
            raise self._folder_error(what, error.strerror or str(error)) from error

    def _error(self, what: str, error: SQLAlchemyError) -> SnapshotError:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        if self._file is None:
            password = self._engine.url.password
            return DatabaseError(
                "The database {database} cannot be used: {reason}. Check FOOTNOTE_DATABASE_URL, and whether "
                "it runs.",
                database=self._name,
                reason=reason.replace(str(password), "***") if password else reason,
            )
        if "malformed" in reason or "not a database" in reason:
            return DatabaseError(
                "The database {database} is damaged: {reason}. Bring the data folder back with `footnote "
                "restore`; or, without FOOTNOTE_STORAGE_URL, move the file away, and it is made again of the "
                "articles that are there.",
                database=self._name,
                reason=reason,
            )
        return self._folder_error(what, reason)

    def _folder_error(self, what: str, reason: str) -> DataFolderError:
        is_read = what == "read"
        return (unreadable_folder if is_read else unwritable_folder)(self._folder, reason)


def _close(engine: Engine, pulse: Pulse) -> None:
    pulse.close()
    engine.dispose(close=True)


def _watching(file: Path) -> sqlite3.Connection | None:
    """A connection that is told what others write."""
    connection = _connected(file)
    if not isinstance(connection, _Still):
        return connection
    connection.close()
    return None


def _listening(engine: Engine) -> Any:
    """A connection that does not go back to the pool."""
    connection = engine.raw_connection()
    own = connection.driver_connection
    connection.detach()
    return own


def _sqlite(file: Path) -> Engine:
    engine = create_engine(
        "sqlite://", creator=lambda: _connected(file), poolclass=QueuePool, pool_size=8, max_overflow=32
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "checkin")
    def let_go(connection: object, entry: ConnectionPoolEntry) -> None:
        if isinstance(connection, _Still):  # it would not see what others write later
            entry.invalidate()

    return engine


def _connected(file: Path) -> sqlite3.Connection:
    """A connection to SQLite's file.

    Where the folder cannot be written, neither can the journals be made without which SQLite reads nothing:
    then the file is read as it lies there.
    """
    options: dict[str, Any] = {"timeout": PATIENCE, "isolation_level": None, "check_same_thread": False}
    connection: sqlite3.Connection = sqlite3.connect(file, **options)
    try:
        _keep_journal(connection)
        for pragma in ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        connection.close()
        if not file.exists() or os.access(file.parent, os.W_OK):
            raise
        address = f"{file.absolute().as_uri()}?immutable=1"
        still: sqlite3.Connection = sqlite3.connect(address, uri=True, factory=_Still, **options)
        return still
    return connection


def _keep_journal(connection: sqlite3.Connection) -> None:
    """Has a file that is new keep its journal beside it, so that who reads does not wait for who writes.

    Of those who do so to one file at once, SQLite refuses all but one without waiting (sqlite.org/wal.html,
    "Sometimes Queries Return SQLITE_BUSY In WAL Mode").
    """
    end = time.monotonic() + PATIENCE
    is_kept = False
    while not is_kept:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                connection.execute("PRAGMA journal_mode = WAL")
            is_kept = True
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)


class _Still(sqlite3.Connection):
    """One to a file that is read as it lies there."""


def _postgresql(address: str) -> Engine:
    url = _url(address)
    if find_spec("psycopg") is None:
        raise DatabaseError(
            "FOOTNOTE_DATABASE_URL names a PostgreSQL, and what speaks to it is not installed. Run: pip "
            "install 'footnote[postgresql]'"
        )
    return create_engine(
        url, pool_size=8, max_overflow=32, pool_pre_ping=True, connect_args={"connect_timeout": int(PATIENCE)}
    )


def _url(address: str) -> URL:
    with contextlib.suppress(ArgumentError, ValueError):
        url = make_url(address)
        if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
            return url.set(drivername="postgresql+psycopg")
    raise DatabaseError(
        "FOOTNOTE_DATABASE_URL is no address of a PostgreSQL. It looks like "
        "postgresql://user:password@host/name; leave it out to keep all in the data folder."
    )
