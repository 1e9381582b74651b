"""`footnote worker`: makes what bots post, is killed and goes on, and ends well when it is told to."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from bot.service.change_request import ChangeRequest, outcome_of, request_json
from index import Jobs, Library
from tests.bot.cli.test_app import process

pytestmark = pytest.mark.slow

TEXT = "\n".join(f"The canal {number} of Elms was dug in {1800 + number}." for number in range(2_000))
"""More than a worker has done before it first says how far it is, a second later."""


def post(jobs: Jobs, server: int) -> str:
    request = ChangeRequest(
        server=server, starter=1, who="ada", adds=True, article="canal", file_name="canal.txt"
    )
    job_id = f"{server:016x}"
    jobs.add(job_id, request.library, request_json(request), content=TEXT.encode())
    return job_id


def ended(jobs: Jobs, job_id: str) -> dict[str, Any]:
    until = time.monotonic() + 300
    while (state := jobs.look(job_id)) is None or state.outcome is None:
        assert time.monotonic() < until
        time.sleep(0.1)
    return state.outcome


@pytest.mark.skipif(os.name == "nt", reason="Windows delivers these signals to a console, not to a process")
def test_workers_make_what_was_posted_whichever_is_killed_and_end_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    library = Library(tmp_path / "data")
    jobs = library.jobs
    job_id = post(jobs, 7)
    with process("worker") as first:
        until = time.monotonic() + 120
        while (state := jobs.look(job_id)) is None or state.progress is None:
            assert first.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        first.kill()
        first.communicate(timeout=60)
    assert jobs.count() == 1
    with process("worker") as second:
        assert outcome_of(ended(jobs, job_id)).added
        assert outcome_of(ended(jobs, post(jobs, 8))).report.published
        second.send_signal(signal.SIGTERM)
        out, _ = second.communicate(timeout=60)
    assert (second.returncode, out) == (0, b"")
    for server in ("7", "8"):
        branch = library.branch(server)
        assert [(change.who, change.article) for change in branch.history()] == [("ada", "canal")]
        assert branch.article().text == TEXT
