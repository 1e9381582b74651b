"""The answers of admins in the database: whose they are, that names go, and that each server has its own."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.model.answers import WrittenAnswer
from index.storage.answer_book import AnswerBook, restore_answers
from index.storage.database import Database
from index.storage.jobs import Jobs
from index.storage.ledger import QuestionLedger
from tests.index.storage.test_ledger import ADA, BEN, dump

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def answer(key: int = 1, **values: object) -> WrittenAnswer:
    one = WrittenAnswer(key, "7", "Where?", "There.", ADA, "Ada", "de", NOON + timedelta(minutes=key % 1_000))
    return replace(one, **values)  # type: ignore[arg-type]


@pytest.fixture
def book(ledger: QuestionLedger) -> AnswerBook:
    return ledger.answers


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    book = AnswerBook(Database(tmp_path / "data"))
    assert (book.answers("7"), book.stale(), book.trusted_role("7")) == ((), {}, None)
    assert not (tmp_path / "data").exists()


def test_an_answer_comes_back_as_it_was_entered_once_and_to_its_server_alone(book: AnswerBook) -> None:
    for one in (answer(2**62), answer(1), answer(1, answer="Elsewhere."), answer(3, server="8", source="A")):
        book.add(one)
    assert book.answers("7") == (answer(1), answer(2**62))
    assert book.answers("8") == (answer(3, server="8", source="A"),)
    book.strike_out("8", [1, 3])
    assert (len(book.answers("7")), book.answers("8")) == (2, ())


def test_of_a_person_who_is_deleted_the_answers_stay_by_nobody(
    ledger: QuestionLedger, book: AnswerBook, database: Database
) -> None:
    for one in (answer(1), answer(2, person=BEN, name="Ben"), answer(3, server="8")):
        book.add(one)
    assert ledger.person(ADA).answers == (answer(1), answer(3, server="8"))
    ledger.delete_person(ADA)
    assert not [word for word in (ADA, "Ada") if word in dump(database)]
    assert book.answers("7") == (answer(1, person=None, name=""), answer(2, person=BEN, name="Ben"))
    assert book.stale() == {"7": (1,), "8": (3,)}
    book.refresh([1])
    assert book.stale() == {"8": (3,)}


@pytest.mark.parametrize("opts_out", [True, False])
def test_a_change_that_waits_or_is_being_made_enters_no_name_that_was_deleted(
    ledger: QuestionLedger, book: AnswerBook, database: Database, opts_out: bool
) -> None:
    jobs = Jobs(database)
    request = {"who": f"ben ({BEN})", "starter": int(BEN), "answer": asdict(answer()) | {"answered_at": ""}}
    jobs.add("1" * 16, "7", request)
    job = jobs.take()
    assert job is not None
    (ledger.opt_out if opts_out else ledger.delete_person)(ADA)
    if not opts_out:
        assert not [word for word in (ADA, "Ada") if word in dump(database)]
    book.add(answer(), job.lease)
    assert book.answers("7") == (answer(person=None, name=""),)
    state = jobs.look(job.id)
    assert state is not None
    assert (state.request["who"], state.request["answer"]["answer"]) == (f"ben ({BEN})", "There.")


def test_who_has_lost_a_job_does_not_strike_out_what_the_next_one_has_entered(
    book: AnswerBook, database: Database
) -> None:
    jobs = Jobs(database)
    jobs.add("1" * 16, "7", {"who": f"ada ({ADA})", "answer": asdict(answer()) | {"answered_at": ""}})
    first = jobs.take()
    assert first is not None
    book.add(answer(), first.lease)
    jobs.give_back(first)
    second = jobs.take()
    assert second is not None
    book.take_back(answer(), first.lease)
    assert book.answers("7") == (answer(),)
    book.take_back(answer(), second.lease)
    assert book.answers("7") == ()


def test_what_a_backup_has_by_nobody_or_by_who_wants_nothing_kept_is_to_be_written_again(
    ledger: QuestionLedger, book: AnswerBook, database: Database
) -> None:
    ledger.opt_out(ADA)
    saved = (answer(1), answer(2, person=None, name=""), answer(3, person=BEN, name="Ben"))
    with database.writing() as connection:
        restore_answers(connection, "7", saved, None)
    assert book.answers("7") == (answer(1, person=None, name=""), *saved[1:])
    assert book.stale() == {"7": (1, 2)}


def test_a_trusted_role_is_chosen_changed_and_taken_back(ledger: QuestionLedger, book: AnswerBook) -> None:
    book.trust("7", "70")
    book.trust("8", "80")
    book.trust("7", "71")
    assert (book.trusted_role("7"), book.trusted_role("8"), book.trusted_role("9")) == ("71", "80", None)
    book.trust("8", None)
    assert book.trusted_role("8") is None
    assert ledger.servers() == ("7",)


def test_what_is_of_a_server_goes_with_it(ledger: QuestionLedger, book: AnswerBook) -> None:
    book.add(answer())
    book.add(answer(2, server="8"))
    book.trust("7", "70")
    ledger.delete_server("7")
    assert (book.answers("7"), book.trusted_role("7"), ledger.servers()) == ((), None, ("8",))
