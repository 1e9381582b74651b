"""What is switched on in channels: seen by every process, posted by one of them, gone with the server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.storage.channels import Channels
from index.storage.database import Database
from index.storage.digests import (
    DIGEST_PAUSE,
    HOUR,
    LEASE,
    MOST_REFUSALS,
    WEEK,
    Digest,
    next_due,
    week_before,
)
from index.storage.library_folder import LibraryFolder
from index.storage.upkeep import Retention, Upkeep
from tests.index.storage.test_pulse import until

WEDNESDAY = datetime(2026, 5, 6, 12, tzinfo=UTC)
MONDAY = datetime(2026, 5, 11, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATIENCE = 30.0  # seconds, of a busy machine


@pytest.fixture
def databases(tmp_path: Path, database_url: str | None) -> list[Database]:
    """One database, as two processes have it."""
    return [Database(tmp_path / "data", database_url) for _ in range(2)]


@pytest.fixture
def pair(databases: list[Database]) -> tuple[Channels, Channels]:
    one, other = map(Channels, databases)
    return one, other


def test_before_anything_is_switched_on_nothing_is_made(tmp_path: Path) -> None:
    channels = Channels(Database(tmp_path / "data"))
    assert channels.auto.of("7") == frozenset()
    assert channels.digests.channel("7") is None
    assert channels.digests.due(WEDNESDAY) == ()
    assert channels.servers() == frozenset()
    assert not (tmp_path / "data").exists()


def test_what_one_process_switches_the_other_sees(pair: tuple[Channels, Channels]) -> None:
    one, other = pair
    assert other.auto.of("7") == frozenset()
    one.auto.switch("7", "70", is_on=True)
    one.auto.switch("7", "70", is_on=True)
    one.auto.switch("7", "71", is_on=True)
    one.auto.switch("8", "80", is_on=True)
    until(lambda: other.auto.of("7") == {"70", "71"}, PATIENCE)
    assert one.auto.of("8") == {"80"}
    other.auto.switch("7", "70", is_on=False)
    until(lambda: one.auto.of("7") == {"71"}, PATIENCE)


def test_while_nothing_is_written_it_costs_no_query(
    databases: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    channels, stamps = Channels(databases[0]), ["before", "after"]
    channels.auto.switch("7", "70", is_on=True)
    monkeypatch.setattr(databases[0], "stamp", lambda _: stamps[0])
    assert channels.auto.of("7") == {"70"}
    reading = databases[0].reading
    monkeypatch.setattr(databases[0], "reading", None)
    assert channels.auto.of("7") == {"70"}
    channels.auto.switch("7", "70", is_on=False)
    del stamps[0]
    monkeypatch.setattr(databases[0], "reading", reading)
    assert channels.auto.of("7") == frozenset()


def test_where_nothing_tells_of_writes_it_is_looked_up(
    pair: tuple[Channels, Channels], databases: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases[1], "stamp", lambda _: None)
    one, other = pair
    assert other.auto.of("7") == frozenset()
    one.auto.switch("7", "70", is_on=True)
    assert other.auto.of("7") == {"70"}


def test_a_digest_is_due_on_monday_and_taken_by_one(pair: tuple[Channels, Channels]) -> None:
    one, other = pair
    one.digests.switch_on("7", "69", WEDNESDAY)
    one.digests.switch_on("7", "70", WEDNESDAY)
    assert other.digests.channel("7") == "70"
    assert other.digests.due(MONDAY - MINUTE) == ()
    (digest,) = other.digests.due(MONDAY)
    assert digest == Digest("7", "70", MONDAY)
    with ThreadPoolExecutor(8) as pool:
        takes = pool.map(lambda number: pair[number % 2].digests.take(digest, MONDAY), range(8))
        assert list(takes).count(True) == 1
    assert one.digests.due(MONDAY + MINUTE) == (digest,)
    assert not one.digests.take(digest, MONDAY + LEASE - MINUTE)
    other.digests.end(digest, MONDAY + MINUTE)
    assert one.digests.due(MONDAY + WEEK - MINUTE) == ()
    assert not one.digests.take(digest, MONDAY + LEASE)
    assert one.digests.due(MONDAY + WEEK) == (Digest("7", "70", MONDAY + WEEK),)


def test_where_a_process_dies_another_one_posts_it(pair: tuple[Channels, Channels]) -> None:
    one, other = pair
    one.digests.switch_on("7", "70", WEDNESDAY)
    (digest,) = one.digests.due(MONDAY)
    assert one.digests.take(digest, MONDAY)
    assert not other.digests.take(digest, MONDAY + LEASE - MINUTE)
    assert other.digests.take(digest, MONDAY + LEASE)
    assert not one.digests.take(digest, MONDAY + LEASE)


def test_after_a_long_absence_there_is_one(pair: tuple[Channels, Channels]) -> None:
    digests = pair[0].digests
    digests.switch_on("7", "70", WEDNESDAY)
    late = MONDAY + 5 * WEEK + timedelta(days=2)
    (digest,) = digests.due(late)
    assert digests.take(digest, late)
    digests.end(digest, late)
    assert digests.due(late) == ()
    assert digests.due(MONDAY + 6 * WEEK) == (Digest("7", "70", MONDAY + 6 * WEEK),)


def test_a_channel_that_takes_none_is_given_up_after_some_tries(pair: tuple[Channels, Channels]) -> None:
    digests, now = pair[0].digests, MONDAY
    digests.switch_on("7", "70", WEDNESDAY)
    digests.switch_on("8", "80", WEDNESDAY + MINUTE)
    for number in range(1, MOST_REFUSALS + 1):
        digest = next(one for one in digests.due(now) if one.server == "7")
        assert digests.take(digest, now)
        assert digests.refuse(digest, now) == (number == MOST_REFUSALS)
        assert not digests.take(digest, now + DIGEST_PAUSE - MINUTE)
        now += DIGEST_PAUSE
    assert (digests.channel("7"), digests.channel("8")) == (None, "80")


def test_what_is_put_off_is_tried_again_and_counts_against_nobody(pair: tuple[Channels, Channels]) -> None:
    digests, now = pair[0].digests, MONDAY
    digests.switch_on("7", "70", WEDNESDAY)
    for _ in range(2 * MOST_REFUSALS):
        (digest,) = digests.due(now)
        assert digests.take(digest, now)
        digests.put_off(digest, now)
        assert not digests.take(digest, now + DIGEST_PAUSE - MINUTE)
        now += DIGEST_PAUSE
    assert digests.channel("7") == "70"


def test_another_channel_meanwhile_stays_as_it_was_chosen(pair: tuple[Channels, Channels]) -> None:
    digests = pair[0].digests
    digests.switch_on("7", "70", WEDNESDAY)
    (digest,) = digests.due(MONDAY)
    assert digests.take(digest, MONDAY)
    digests.switch_on("7", "71", MONDAY)
    assert not digests.refuse(digest, MONDAY)
    digests.end(digest, MONDAY)
    assert digests.due(MONDAY + WEEK) == (Digest("7", "71", MONDAY + WEEK),)
    digests.switch_off("7")
    assert digests.channel("7") is None


def test_it_goes_with_the_server(tmp_path: Path, databases: list[Database]) -> None:
    channels, now = Channels(databases[0]), WEDNESDAY
    for server in ("7", "8"):
        channels.auto.switch(server, f"{server}0", is_on=True)
        channels.digests.switch_on(server, f"{server}1", now)
    root = LibraryFolder(tmp_path / "data", snapshots_kept=3, database=databases[0])
    upkeep = Upkeep(root, retention=Retention(absences=timedelta(days=14)), now=lambda: now)
    assert channels.servers() == {"7", "8"}
    assert upkeep.meet({"8"}, lambda _: True) == ["7"]
    upkeep.prune()
    assert channels.servers() == {"7", "8"}
    now += timedelta(days=14)
    upkeep.prune()
    assert channels.servers() == {"8"}
    assert (channels.auto.of("7"), channels.digests.channel("7")) == (frozenset(), None)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_week_is_whole_and_over_and_the_next_morning_is_a_mondays(when: datetime) -> None:
    begin, end = week_before(when)
    assert (begin.weekday(), begin.time()) == (0, datetime.min.time())
    assert (end - begin, timedelta(0) <= when - end < WEEK) == (WEEK, True)
    morning = next_due(when)
    assert (morning.weekday(), morning - datetime.combine(morning, datetime.min.time(), UTC)) == (0, HOUR)
    assert timedelta(0) < morning - when <= WEEK
