"""Jobs: each has one worker at a time, and publishes once or not at all, whoever dies or calls it off."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.errors import CancelledError, ReindexRunningError
from index.model.library import Action, PassageCounts, Progress, Stage
from index.storage.database import Database
from index.storage.jobs import LEASE, Job, Jobs, JobState
from index.storage.notes import Note
from index.storage.records import Records

ONE, OTHER = "1" * 16, "2" * 16
REQUEST = {"who": "Ada “B” 🙂", "article": None}
HALF = Progress(Stage.EMBED, 1, 2)


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)


def taken(jobs: Jobs) -> Job:
    job = jobs.take()
    assert job is not None
    return job


def let_time_pass(jobs: Jobs, monkeypatch: pytest.MonkeyPatch, time: timedelta) -> None:
    later = datetime.now(UTC) + time
    monkeypatch.setattr(jobs._database, "clock", lambda _: later)


def publish(database: Database, job: Job) -> Note:
    note = Note(
        when=datetime.now(UTC),
        who="ada",
        action=Action.ADDED,
        article="a",
        detail=PassageCounts(0, 2, 0),
        number=1,
        lease=job.lease,
    )
    with Records(database, database._folder, "7").change() as writer:
        writer.publish("a", "000001-00000000", "articles/a/snapshots/000001-00000000")
        writer.enter(note)
    return note


def test_nothing_is_made_where_nobody_has_asked_for_anything(tmp_path: Path) -> None:
    jobs = Jobs(Database(tmp_path / "data"))
    assert (jobs.count(), jobs.is_any_free(), jobs.look(ONE)) == (0, False, None)
    assert not (tmp_path / "data").exists()


def test_a_job_is_taken_as_it_was_posted_followed_and_ended(jobs: Jobs) -> None:
    jobs.add(ONE, "7", REQUEST, content=b"\0text", questions=b"{}")
    assert (jobs.count(), jobs.is_any_free(), jobs.look(ONE)) == (1, True, JobState(REQUEST, None, None))
    job = taken(jobs)
    assert job == Job(ONE, "7", REQUEST, b"\0text", b"{}", job.lease, 1, None)
    assert (jobs.count(), jobs.is_any_free(), jobs.take(), jobs.is_wanted(job)) == (1, False, None, True)
    assert jobs.renew(job, HALF)
    assert jobs.look(ONE) == JobState(REQUEST, HALF, None)
    assert jobs.renew(job, None)
    jobs.end(job, {"kept": 2})
    assert jobs.look(ONE) == JobState(REQUEST, HALF, {"kept": 2})
    assert (jobs.count(), jobs.is_any_free(), jobs.is_wanted(job)) == (0, False, False)
    jobs.forget(ONE)
    assert jobs.look(ONE) is None


def test_of_each_library_one_is_under_way_and_who_has_waited_longest_comes_first(jobs: Jobs) -> None:
    jobs.add(OTHER, "8", REQUEST)
    jobs.add(ONE, "7", REQUEST)
    with pytest.raises(ReindexRunningError):
        jobs.add("3" * 16, "7", REQUEST)
    assert [taken(jobs).id, taken(jobs).id, jobs.take()] == [OTHER, ONE, None]


def test_each_of_many_is_taken_once_by_many_workers(tmp_path: Path, database_url: str | None) -> None:
    databases = [Database(tmp_path, database_url) for _ in range(4)]
    for server in range(12):
        Jobs(databases[0]).add(f"{server:016x}", str(server), REQUEST)
    ids: list[str] = []

    def work(database: Database) -> None:
        while (job := Jobs(database).take()) is not None:
            ids.append(job.id)

    workers = [threading.Thread(target=work, args=(one,)) for one in databases]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(ids) == [f"{server:016x}" for server in range(12)]
    for database in databases:
        database.close()


def test_where_a_worker_dies_another_one_takes_its_job_and_the_first_has_it_no_more(
    database: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.add(ONE, "7", REQUEST, content=b"text")
    first = taken(jobs)
    let_time_pass(jobs, monkeypatch, LEASE / 2)
    assert (jobs.take(), jobs.renew(first, HALF)) == (None, True)
    let_time_pass(jobs, monkeypatch, LEASE * 1.4)
    assert jobs.take() is None  # half a lease ago it was heard of
    let_time_pass(jobs, monkeypatch, LEASE * 2)
    second = taken(jobs)
    assert (second.content, second.takes, second.lease == first.lease) == (b"text", 2, False)
    assert (jobs.renew(first, HALF), jobs.is_wanted(first), jobs.is_wanted(second)) == (False, False, True)
    with pytest.raises(CancelledError):
        publish(database, first)
    assert Records(database, database._folder, "7").now().articles == {}
    jobs.end(first, {"by": "first"})
    jobs.give_back(first)
    assert jobs.look(ONE) == JobState(REQUEST, HALF, None)
    publish(database, second)
    jobs.end(second, {"by": "second"})
    assert jobs.look(ONE) == JobState(REQUEST, HALF, {"by": "second"})


def test_what_was_published_before_its_worker_died_is_known_to_the_next(
    database: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.add(ONE, "7", REQUEST)
    note = publish(database, taken(jobs))
    let_time_pass(jobs, monkeypatch, LEASE * 2)
    assert taken(jobs).publication == note
    assert not jobs.withdraw(ONE)


def test_what_is_called_off_publishes_nothing_and_what_is_published_is_not_called_off(
    database: Database, jobs: Jobs
) -> None:
    jobs.add(ONE, "7", REQUEST)
    job = taken(jobs)
    jobs.cancel(ONE)
    assert (jobs.is_wanted(job), jobs.renew(job, HALF)) == (False, False)
    with pytest.raises(CancelledError, match=r"^Called off\. Nothing was changed\.$"):
        publish(database, job)
    jobs.end(job, {})
    jobs.add(OTHER, "7", REQUEST)
    other = taken(jobs)
    publish(database, other)
    jobs.cancel(OTHER)
    assert jobs.is_wanted(other)


def test_what_is_given_back_is_for_the_next_as_if_it_had_not_been_taken(jobs: Jobs) -> None:
    jobs.add(ONE, "7", REQUEST)
    jobs.give_back(taken(jobs))
    assert (jobs.is_any_free(), taken(jobs).takes) == (True, 1)


def test_what_is_withdrawn_is_nobodys(database: Database, jobs: Jobs) -> None:
    jobs.add(ONE, "7", REQUEST)
    job = taken(jobs)
    assert jobs.withdraw(ONE)
    assert (jobs.look(ONE), jobs.is_wanted(job), jobs.withdraw(ONE)) == (None, False, False)
    with pytest.raises(CancelledError):
        publish(database, job)


def test_an_outcome_that_nobody_asks_for_goes_after_an_hour(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.add(ONE, "7", REQUEST)
    jobs.end(taken(jobs), {"kept": 2})
    jobs.add(OTHER, "7", REQUEST)
    assert jobs.look(ONE)
    let_time_pass(jobs, monkeypatch, timedelta(minutes=61))
    jobs.add("3" * 16, "8", REQUEST)
    assert (jobs.look(ONE), jobs.count()) == (None, 2)
