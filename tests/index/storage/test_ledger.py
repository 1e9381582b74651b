"""The ledger: what is kept of whom, who may see it, and that it goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import StaticPool

from index.model.answer import Status
from index.model.article import Span
from index.model.feedback import SOMEONE, Complaint, KeptQuestion, PersonalData, PersonalVote, Vote
from index.model.library import Action
from index.storage.database import Database
from index.storage.jobs import Jobs
from index.storage.ledger import QuestionLedger
from index.storage.notes import Note
from index.storage.records import Records
from index.storage.tables import Table

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ADA, BEN = "100000000000000001", "100000000000000002"


def asked(key: int = 1, **values: Any) -> KeptQuestion:
    given: dict[str, Any] = {
        "server": "7",
        "channel": "70",
        "person": ADA,
        "asked_at": NOON,
        "is_private": False,
        "is_claim": False,
        "question": f"Question {key}?",
        "article": "harbour",
        "version": "0123abcd",
        "status": Status.ANSWERED,
        "span": Span(3, 9),
        "milliseconds": 120,
    }
    return KeptQuestion(key, **given | values)


def vote(person: str = BEN, **values: Any) -> Vote:
    given: dict[str, Any] = {"is_good": False, "voted_at": NOON, "complaint": Complaint.WRONG}
    return Vote(person, **given | values)


def dump(database: Database) -> str:
    """All that the tables have."""
    with database.reading() as connection:
        return repr([connection.execute(select(table)).all() for table in Table.metadata.sorted_tables])


def everything(ledger: QuestionLedger, server: str = "7") -> tuple[KeptQuestion, ...]:
    return ledger.questions(server, NOON - timedelta(days=1), NOON + timedelta(days=1))


def test_a_question_comes_back_as_it_was_kept_with_its_votes(ledger: QuestionLedger) -> None:
    first, second = asked(2**62 + 5), asked(2, span=None, status=Status.NOT_IN_ARTICLE, is_claim=True)
    assert ledger.keep(first)
    assert ledger.keep(second)
    assert ledger.vote(first.key, vote())
    assert ledger.vote(first.key, vote(ADA, is_good=True, complaint=None))
    comment = vote(complaint=Complaint.MISSING, comment="“the year”", voted_at=NOON + timedelta(hours=1))
    assert ledger.vote(first.key, comment)
    assert not ledger.vote(99, vote())
    kept = ledger.question(first.key, "7")
    assert kept == asked(2**62 + 5, votes=(vote(ADA, is_good=True, complaint=None), comment))
    assert ledger.question(2, "7") == second
    assert {one.key for one in everything(ledger)} == {first.key, 2}


def test_a_majority_makes_an_answer_disliked() -> None:
    good = vote(ADA, is_good=True)
    assert [asked(votes=votes).is_disliked for votes in ((), (vote(),), (good, vote()), (good,))] == [
        False,
        True,
        False,
        False,
    ]


def test_a_period_has_its_beginning_and_not_its_end(ledger: QuestionLedger) -> None:
    for hour in range(3):
        ledger.keep(asked(hour + 1, asked_at=NOON + timedelta(hours=hour)))
    within = ledger.questions("7", NOON, NOON + timedelta(hours=2))
    assert [one.key for one in within] == [1, 2]


def test_complaints_are_seen_once_and_by_admins_of_that_server_alone(ledger: QuestionLedger) -> None:
    ledger.keep(asked())
    ledger.vote(1, vote())
    ledger.vote(1, vote(ADA, is_good=True))
    ledger.vote(1, vote("3", complaint=Complaint.UNHELPFUL))  # by a button, which promises no word of it
    assert ledger.see(1, "8", NOON) == ()
    assert ledger.see(1, "7", NOON) == (BEN,)
    assert ledger.see(1, "7", NOON) == ()
    kept = ledger.question(1, "7")
    assert kept is not None
    assert {one.person: one.seen_at for one in kept.votes} == {BEN: NOON, ADA: None, "3": NOON}


SERVERS = st.sampled_from([None, "7", "8"])


@pytest.mark.slow
@given(st.lists(st.tuples(SERVERS, st.booleans()), max_size=8))
def test_no_admin_sees_what_was_asked_elsewhere_or_in_private(places: list[tuple[str | None, bool]]) -> None:
    ledger = QuestionLedger(_Memory())
    for key, (server, is_private) in enumerate(places):
        ledger.keep(asked(key, server=server, is_private=is_private))
        ledger.vote(key, vote())
    for server in ("7", "8", "9"):
        mine = {key for key, place in enumerate(places) if place == (server, False)}
        assert {one.key for one in everything(ledger, server)} == mine
        assert {key for key in range(len(places)) if ledger.question(key, server)} == mine
        assert {key for key in range(len(places)) if ledger.see(key, server, NOON)} == mine


class _Memory(Database):
    """A SQLite in memory, so that each example has one of its own at no cost."""

    def __init__(self) -> None:
        super().__init__(Path("none"))
        options = {"check_same_thread": False}
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args=options)
        Table.metadata.create_all(self._engine)
        self._ready, self._file = (0, 0), None

    @property
    def is_there(self) -> bool:
        return True


def test_nothing_is_left_of_a_person_who_is_deleted(ledger: QuestionLedger, database: Database) -> None:
    records = Records(database, Path("nowhere"), "7")
    for who in (f"ada ({ADA})", f"ben ({BEN})", f"ada ({BEN}) ({ADA})"):
        with records.change() as writer:
            writer.enter(Note(when=NOON, who=who, action=Action.USED, article="harbour"))
    with records.change() as writer:
        writer.begin(Note(when=NOON, who=f"ada ({ADA})", action=Action.ADDED, article="bridge"))
    jobs = Jobs(database)
    for id_, server, who in (("1" * 16, "7", ADA), ("2" * 16, "8", BEN)):
        jobs.add(id_, server, {"who": f"a ({who})", "starter": int(who), "article": "bridge"})
    job = jobs.take()
    assert job is not None
    published = Note(when=NOON, who=f"ada ({ADA})", action=Action.ADDED, article="pier", lease=job.lease)
    with Records(database, Path("nowhere"), "9").change() as writer:
        writer.enter(published)
    ledger.keep(asked(1, question="Ada's secret?"))
    ledger.keep(asked(2, person=BEN))
    ledger.vote(1, vote())
    ledger.vote(2, vote(ADA, comment="Ada's opinion"))
    ledger.vote(2, vote())
    before = records.now()
    data = ledger.person(ADA)
    assert [one.question for one in data.questions] == ["Ada's secret?"]
    assert data.votes == (PersonalVote(2, vote(ADA, comment="Ada's opinion")),)
    assert [(server, change.who) for server, change in data.changes] == [
        ("7", f"ada ({ADA})"),
        ("7", f"ada ({BEN}) ({ADA})"),
        ("9", f"ada ({ADA})"),
    ]
    ledger.delete_person(ADA)
    kept = dump(database)
    assert ADA not in kept
    assert "Ada" not in kept
    assert "ada" not in kept
    assert [note.who for note in records.notes()] == [SOMEONE, f"ben ({BEN})", SOMEONE]
    now = records.now()
    assert now.revision > before.revision
    assert now.pending is not None
    assert now.pending.who == SOMEONE
    assert jobs.is_wanted(job)
    jobs.give_back(job)
    first, second = jobs.take(), jobs.take()
    assert first is not None
    assert second is not None
    assert first.request == {"who": SOMEONE, "starter": 0, "article": "bridge"}
    assert first.publication is not None
    assert (first.publication.who, second.request["starter"]) == (SOMEONE, int(BEN))
    assert everything(ledger) == (asked(2, person=BEN, votes=(vote(),)),)
    assert ledger.person(ADA) == PersonalData((), (), (), (), opted_out=False)


def test_of_who_opts_out_nothing_is_kept_until_they_opt_in(
    ledger: QuestionLedger, database: Database
) -> None:
    ledger.keep(asked())
    for _ in range(2):
        ledger.opt_out(ADA)
    assert ledger.has_opted_out(ADA)
    assert not ledger.keep(asked(2))
    records = Records(database, Path("nowhere"), "7")
    with records.change() as writer:
        writer.enter(Note(when=NOON, who=f"ada ({ADA})", action=Action.USED, article="harbour"))
    assert [note.who for note in records.notes()] == [SOMEONE]
    assert dump(database).count(ADA) == 1  # that they opted out
    ledger.delete_person(ADA)
    assert ledger.person(ADA).opted_out
    ledger.opt_in(ADA)
    assert ADA not in dump(database)
    assert ledger.keep(asked(2))


def test_what_is_old_or_of_a_server_goes_with_its_votes(ledger: QuestionLedger, database: Database) -> None:
    ledger.keep(asked(1, asked_at=NOON - timedelta(days=2)))
    ledger.keep(asked(2))
    ledger.keep(asked(3, server="8"))
    ledger.vote(1, vote())
    ledger.vote(3, vote())
    assert ledger.count_until(NOON) == 1
    ledger.delete_until(NOON)
    assert ledger.count_until(NOON) == 0
    ledger.delete_server("8")
    assert ledger.servers() == ("7",)
    assert everything(ledger) == (asked(2),)
    with database.reading() as connection:
        assert connection.execute(text("SELECT * FROM votes")).all() == []


def test_nothing_is_made_to_look_it_up(tmp_path: Path) -> None:
    ledger = QuestionLedger(Database(tmp_path / "data"))
    assert (ledger.servers(), ledger.count_until(NOON), ledger.has_opted_out(ADA)) == ((), 0, False)
    assert everything(ledger) == ()
    assert not (tmp_path / "data").exists()
