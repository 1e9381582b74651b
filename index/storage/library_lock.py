"""A lock that one holds at a time, of all processes of a machine, or of all that share a database."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from index.storage.database import Database

_PAUSE = 0.05  # seconds between two looks at whether another machine is done


class LibraryLock:
    """Held by a file, and, where machines share a PostgreSQL, by a lock of that as well.

    The file's keeps all but one of a machine's processes from asking the database over and over. The
    database's is let go of when its connection ends: whoever has it makes sure of what it changes in the
    transaction that changes it.

    Args:
        file: The lock's.
        database: The one that machines share; None where there is only this one.
        name: The lock's in that.
    """

    def __init__(self, file: Path, database: Database | None = None, name: str = "") -> None:
        self._file = FileLock(file)
        self._database = database
        self._name = name
        self._stack = contextlib.ExitStack()

    def acquire(self, timeout: float) -> None:
        """Takes it.

        Raises:
            Timeout: somebody else has had it for so many seconds.
            OSError: there can be no such file.
            SnapshotError: the database cannot be used.
        """
        until = time.monotonic() + timeout
        self._file.acquire(timeout=timeout)
        try:
            self._wait(until)
        except BaseException:
            self._file.release()
            raise

    def release(self) -> None:
        """Lets go of it."""
        if self._file.lock_counter == 1:
            self._stack.close()
        self._file.release()

    @contextlib.contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """Holds it; see ``acquire``."""
        self.acquire(timeout)
        try:
            yield
        finally:
            self.release()

    def _wait(self, until: float) -> None:
        while not self._has_database():
            if time.monotonic() >= until:
                raise Timeout(self._file.lock_file)
            time.sleep(_PAUSE)

    def _has_database(self) -> bool:
        if self._database is None or self._file.lock_counter > 1:
            return True
        with contextlib.ExitStack() as stack:
            has = stack.enter_context(self._database.alone(self._name))
            if has:
                self._stack = stack.pop_all()
        return has
