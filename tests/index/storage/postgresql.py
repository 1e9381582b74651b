"""A PostgreSQL of the tests' own, on a free port of loopback, in a folder of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PASSWORD = "hunter2"  # noqa: S105 - of a server that only this test has
_NOBODY = "nobody"  # PostgreSQL does not run as root


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None where it is not installed, as by Debian's ``postgresql``."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    beside = shutil.which("initdb")
    return next(iter([*places, *([Path(beside).parent] if beside else [])]), None)


class Server:
    """One of it, which can be restarted.

    Args:
        folder: A new one, for all that it holds.
    """

    def __init__(self, folder: Path) -> None:
        bin_folder = programs()
        assert bin_folder is not None
        user = _NOBODY if os.getuid() == 0 else getpass.getuser()
        self._as_user: dict[str, Any] = {"user": user} if os.getuid() == 0 else {}
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        if os.getuid() == 0:
            shutil.chown(folder, user)
        (folder / "password").write_text(PASSWORD)
        make: list[str | Path] = [bin_folder / "initdb", "--pgdata", folder / "data", "--no-sync"]
        make += ["--username", "footnote", "--pwfile", folder / "password", "--auth", "scram-sha-256"]
        make += ["--encoding", "UTF8", "--locale", "C"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **self._as_user)
        self._serve: list[str | Path] = [bin_folder / "postgres", "-D", folder / "data"]
        self._serve += ["-p", str(self._port), "-h", "127.0.0.1", "-k", folder]
        self._start()

    @property
    def address(self) -> str:
        """Its address, without the name of a database."""
        return f"postgresql://footnote:{PASSWORD}@127.0.0.1:{self._port}"

    def restart(self) -> None:
        """Has it end at once, without writing down what it still holds in memory, and start again."""
        self.stop(signal.SIGQUIT)
        self._start()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends it: by default it ends its connections, waits for none, and keeps everything."""
        self._process.send_signal(how)
        self._process.wait(30)

    def _start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                self._serve, stdout=log, stderr=log, cwd=self._folder, **self._as_user
            )
        try:
            _wait(self._port, self._process)
        except BaseException:
            self.stop()
            raise


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """One while it runs."""
    with tempfile.TemporaryDirectory(prefix="footnote-postgresql-") as name:
        server = Server(Path(name))
        try:
            yield server
        finally:
            server.stop()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    until = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(f"postgresql://footnote:{PASSWORD}@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.1)
        else:
            return


@contextlib.contextmanager
def new_database(address: str, name: str) -> Iterator[str]:
    """The address of a database that is made, and deleted in the end."""
    import psycopg

    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{address}/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
