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


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Its address, without the name of a database, while it runs."""
    bin_folder = programs()
    assert bin_folder is not None
    with tempfile.TemporaryDirectory(prefix="footnote-postgresql-") as name, socket.socket() as free:
        folder, user = Path(name), _NOBODY if os.getuid() == 0 else getpass.getuser()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        if os.getuid() == 0:
            shutil.chown(folder, user)
        (folder / "password").write_text(PASSWORD)
        as_user: dict[str, Any] = {"user": user} if os.getuid() == 0 else {}
        make: list[str | Path] = [bin_folder / "initdb", "--pgdata", folder / "data", "--no-sync"]
        make += ["--username", "footnote", "--pwfile", folder / "password", "--auth", "scram-sha-256"]
        make += ["--encoding", "UTF8", "--locale", "C"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **as_user)
        serve: list[str | Path] = [bin_folder / "postgres", "-D", folder / "data", "-p", str(port)]
        with (folder / "log").open("wb") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                [*serve, "-h", "127.0.0.1", "-k", folder], stdout=log, stderr=log, cwd=folder, **as_user
            )
        try:
            _wait(port, process)
            yield f"postgresql://footnote:{PASSWORD}@127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)  # it ends its connections and waits for none
            process.wait(30)


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
