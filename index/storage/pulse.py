"""Whether anything was written to a database, told without a query to it.

SQLite counts for each connection what others have written: a write is known at the next look. PostgreSQL
notifies who listens: a write of another process is known within milliseconds or, where the connection hangs,
within TRUST. Where nothing tells, there is the query.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Protocol

CHANNEL = "footnote"
"""On which a PostgreSQL tells of writes, with the name of the library as the payload."""

ALL = "*"
"""The payload where more than one library was written."""

TRUST = 3.0
"""Seconds that what was told by PostgreSQL holds without being heard again: so old may be what is served."""

_BEAT = 1.0
"""Seconds between two signs of life of a connection that listens, and two attempts at one."""

log = logging.getLogger(__name__)


class Pulse(Protocol):
    """Tells whether anything was written. Thread-safe; a process that forks closes it first."""

    def now(self, library: str) -> Hashable | None:
        """What stays while nothing of a library is written; None where nothing tells."""

    def beat(self, library: str) -> None:
        """Notes that this process has written something."""

    def close(self) -> None:
        """Lets go of what it holds open."""


class SqlitePulse:
    """That of a file of SQLite's.

    Args:
        file: The file.
        connect: Opens a connection to it; None where that cannot tell.
    """

    def __init__(self, file: Path, connect: Callable[[Path], sqlite3.Connection | None]) -> None:
        self._file = file
        self._connect = connect
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._openings = 0

    def now(self, library: str) -> Hashable | None:
        """See ``Pulse``. It counts all libraries as one."""
        del library
        try:
            stat = self._file.stat()
            with self._lock:
                if self._inode != (stat.st_dev, stat.st_ino):  # another file may take its place
                    self._open()
                    self._inode = (stat.st_dev, stat.st_ino)
                if self._connection is None:
                    return None
                (version,) = self._connection.execute("PRAGMA data_version").fetchone()
                return self._openings, version
        except (OSError, sqlite3.Error):
            return None

    def beat(self, library: str) -> None:
        """Nothing: what this process writes goes through another connection."""

    def close(self) -> None:
        """See ``Pulse``."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = self._inode = None

    def _open(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._openings = self._connect(self._file), self._openings + 1


class PostgresPulse:
    """That of a PostgreSQL: a thread listens, from the first time that it is asked.

    Args:
        connect: Opens a connection of psycopg's.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._heard_at = -TRUST
        self._beats: Counter[str] = Counter()

    def now(self, library: str) -> Hashable | None:
        """See ``Pulse``."""
        with self._lock:
            if self._thread is None:
                self._closing = threading.Event()
                arguments = (self._closing,)
                self._thread = threading.Thread(
                    target=self._listen, args=arguments, name="footnote-pulse", daemon=True
                )
                self._thread.start()
            if time.monotonic() - self._heard_at >= TRUST:
                return None
            return self._beats[ALL], self._beats[library]

    def beat(self, library: str) -> None:
        """See ``Pulse``."""
        with self._lock:
            self._beats[library] += 1

    def close(self) -> None:
        """See ``Pulse``."""
        with self._lock:
            self._thread, self._heard_at = None, -TRUST
            self._closing.set()  # the thread ends after its beat

    def _listen(self, closing: threading.Event) -> None:
        complaint = ""
        while not closing.is_set():
            try:
                with contextlib.closing(self._connect()) as connection:
                    complaint = ""
                    self._hear(connection, closing)
            except Exception as error:  # of psycopg's, or of the connection's file: until it is back, all ask
                if str(error) != complaint:  # and it is said once, not each time that it is tried
                    complaint = str(error)
                    log.info("PostgreSQL does not tell what is written: %s", complaint)
                closing.wait(_BEAT)

    def _hear(self, connection: Any, closing: threading.Event) -> None:
        connection.set_autocommit(True)
        connection.add_notify_handler(lambda notice: self.beat(notice.payload))
        connection.execute(f"LISTEN {CHANNEL}")
        self.beat(ALL)  # what was written before is not told
        with selectors.DefaultSelector() as notices:  # select() itself knows no file above 1,023
            notices.register(connection, selectors.EVENT_READ)
            while not closing.is_set():
                asked_at = time.monotonic()
                connection.execute("SELECT 1")  # what was notified comes with the answer
                with self._lock:
                    if not closing.is_set():
                        self._heard_at = asked_at
                notices.select(_BEAT)
