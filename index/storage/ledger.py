"""The questions that were asked, what people said of the answers, and all that is kept of a person.

What is kept of a person goes in one transaction, wherever it stands in the database; nothing else on disk
names anybody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from index.model.answer import Status
from index.model.article import Span
from index.model.feedback import (
    SOMEONE,
    Complaint,
    KeptQuestion,
    PersonalData,
    PersonalVote,
    Vote,
)
from index.storage.answer_book import (
    AnswerBook,
    answers_of_person,
    delete_answers,
    delete_author,
    servers_with_answers,
    without_author,
)
from index.storage.database import Database
from index.storage.notes import Note
from index.storage.pulse import ALL
from index.storage.stored_watches import watches_of
from index.storage.tables import (
    ChangeRow,
    JobRow,
    LibraryRow,
    OptOutRow,
    QuestionRow,
    VoteRow,
    WatchRow,
    WorkRow,
)

_PERSON = re.compile(r"\((?P<id>[0-9]{1,20})\)\Z")
"""How the history names somebody in Discord: after their name, which may be anything, by their id."""


class QuestionLedger:
    """Thread-safe; any number of processes may use the same.

    Each method raises a SnapshotError where the database cannot be used; nothing was changed then.

    Attributes:
        answers: What admins have answered themselves.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.answers = AnswerBook(database)

    def keep(self, question: KeptQuestion) -> bool:
        """Keeps a question, unless the one who asked wants nothing kept; returns whether it is."""
        with self._database.writing() as connection:
            if _has_opted_out(connection, question.person):
                return False
            span = question.span
            connection.execute(
                insert(QuestionRow).values(
                    key=question.key,
                    server=question.server,
                    channel=question.channel,
                    person=question.person,
                    asked_at=question.asked_at,
                    is_private=question.is_private,
                    is_claim=question.is_claim,
                    question=question.question,
                    article=question.article,
                    version=question.version,
                    status=question.status,
                    start=span and span.start,
                    end=span and span.end,
                    milliseconds=question.milliseconds,
                )
            )
        return True

    def vote(self, key: int, vote: Vote) -> bool:
        """Enters somebody's vote in place of the one before; False where the question is not kept."""
        with self._database.writing() as connection:
            if connection.scalar(select(QuestionRow.key).where(QuestionRow.key == key)) is None:
                return False
            mine = (VoteRow.question == key, VoteRow.person == vote.person)
            connection.execute(delete(VoteRow).where(*mine))
            connection.execute(
                insert(VoteRow).values(
                    question=key,
                    person=vote.person,
                    is_good=vote.is_good,
                    voted_at=vote.voted_at,
                    complaint=vote.complaint,
                    comment=vote.comment,
                    seen_at=vote.seen_at,
                )
            )
        return True

    def see(self, key: int, server: str, when: datetime) -> tuple[str, ...]:
        """Marks what is wrong with an answer as seen by an admin of a server.

        Returns:
            The ids of those who wrote why, which nobody had seen yet.
        """
        of_server = select(QuestionRow.key).where(QuestionRow.key == key, *_shown_to(server))
        complaints = (VoteRow.question.in_(of_server), VoteRow.is_good.is_(False), VoteRow.seen_at.is_(None))
        with self._database.writing() as connection:
            reasons = select(VoteRow.person).where(*complaints, VoteRow.complaint != Complaint.UNHELPFUL)
            people = tuple(connection.scalars(reasons))
            connection.execute(update(VoteRow).where(*complaints).values(seen_at=when))
        return people

    def question(self, key: int, server: str) -> KeptQuestion | None:
        """A question that the admins of a server may see; None where there is none."""
        return next(iter(self._select(QuestionRow.key == key, *_shown_to(server))), None)

    def questions(self, server: str, since: datetime, until: datetime) -> tuple[KeptQuestion, ...]:
        """What was asked in a server for others to see, oldest first."""
        when = and_(QuestionRow.asked_at >= since, QuestionRow.asked_at < until)
        return self._select(when, *_shown_to(server))

    def servers(self) -> tuple[str, ...]:
        """The servers of which something is kept: what was asked there, what was answered, who is trusted."""
        if not self._database.is_there:
            return ()
        some = select(QuestionRow.server).where(QuestionRow.server.is_not(None)).distinct()
        with self._database.reading() as connection:
            asked = {server for server in connection.scalars(some) if server is not None}
            return tuple(sorted(asked | servers_with_answers(connection)))

    # What is of a person

    def has_opted_out(self, person: str) -> bool:
        """Whether somebody wants nothing kept."""
        if not self._database.is_there:
            return False
        with self._database.reading() as connection:
            return _has_opted_out(connection, person)

    def opt_out(self, person: str) -> None:
        """Keeps nothing of somebody from now on, and deletes what is there."""
        with self._database.writing(ALL) as connection:
            _delete_person(connection, person)
            if not _has_opted_out(connection, person):
                connection.execute(insert(OptOutRow).values(person=person))
        self._database.erase()

    def opt_in(self, person: str) -> None:
        """Takes that back."""
        with self._database.writing() as connection:
            connection.execute(delete(OptOutRow).where(OptOutRow.person == person))

    def person(self, person: str) -> PersonalData:
        """All that is kept of somebody."""
        with self._database.reading() as connection:
            votes = connection.execute(
                select(VoteRow.question, *_VOTE).where(VoteRow.person == person).order_by(VoteRow.voted_at)
            )
            changes = connection.execute(
                select(LibraryRow.server, ChangeRow.note)
                .join(LibraryRow, LibraryRow.key == ChangeRow.library)
                .order_by(ChangeRow.key)
            )
            notes = [(server, Note.model_validate(note)) for server, note in changes]
            return PersonalData(
                questions=tuple(_questions(connection, QuestionRow.person == person)),
                votes=tuple(PersonalVote(key, _vote(row)) for key, *row in votes),
                changes=tuple(
                    (server, note.change()) for server, note in notes if _is_named(note.who, person)
                ),
                watches=tuple(one for one in watches_of(connection) if _is_named(one.who, person)),
                opted_out=_has_opted_out(connection, person),
                answers=answers_of_person(connection, person),
            )

    def delete_person(self, person: str) -> None:
        """Deletes all that is kept of somebody; in histories, someone did what they did.

        What they have answered as an admin stays, by nobody, and so does that they want nothing kept, where
        they said so.
        """
        with self._database.writing(ALL) as connection:
            _delete_person(connection, person)
        self._database.erase()

    # What goes after a while

    def count_until(self, when: datetime) -> int:
        """How many questions are from before a time."""
        if not self._database.is_there:
            return 0
        older = select(func.count()).select_from(QuestionRow).where(QuestionRow.asked_at < when)
        with self._database.reading() as connection:
            return connection.scalar(older) or 0

    def delete_until(self, when: datetime) -> None:
        """Deletes the questions from before a time, with their votes."""
        with self._database.writing() as connection:
            connection.execute(delete(QuestionRow).where(QuestionRow.asked_at < when))

    def delete_server(self, server: str) -> None:
        """Deletes what was asked in a server, and what its admins answered."""
        with self._database.writing() as connection:
            connection.execute(delete(QuestionRow).where(QuestionRow.server == server))
            delete_answers(connection, server)

    def _select(self, *conditions: ColumnElement[bool]) -> tuple[KeptQuestion, ...]:
        if not self._database.is_there:
            return ()
        with self._database.reading() as connection:
            return tuple(_questions(connection, *conditions))


def anonymous(connection: Connection, note: Note) -> Note:
    """A note as it may be kept: by someone, where the one who did it wants nothing kept."""
    return note.model_copy(update={"who": name_to_keep(connection, note.who)})


def name_to_keep(connection: Connection, who: str) -> str:
    """How somebody is named in what is kept: as someone, where they want nothing of them kept."""
    match = _PERSON.search(who)
    return SOMEONE if match is not None and _has_opted_out(connection, match["id"]) else who


_VOTE = (
    VoteRow.person,
    VoteRow.is_good,
    VoteRow.voted_at,
    VoteRow.complaint,
    VoteRow.comment,
    VoteRow.seen_at,
)
_MOST_KEYS = 500  # in one query; SQLite takes no more than some thousands of values


def _shown_to(server: str) -> tuple[ColumnElement[bool], ...]:
    """What the admins of a server may be shown."""
    return QuestionRow.server == server, QuestionRow.is_private.is_(False)


def _questions(connection: Connection, *conditions: ColumnElement[bool]) -> Iterable[KeptQuestion]:
    rows = connection.execute(
        select(*QuestionRow.__table__.columns)
        .where(*conditions)
        .order_by(QuestionRow.asked_at, QuestionRow.key)
    ).all()
    votes = _votes(connection, [row.key for row in rows])
    for row in rows:
        values = row._asdict()
        start, end, status = (values.pop(name) for name in ("start", "end", "status"))
        span = None if start is None else Span(start, end)
        yield KeptQuestion(**values, status=Status(status), span=span, votes=tuple(votes.get(row.key, ())))


def _votes(connection: Connection, keys: Collection[int]) -> dict[int, list[Vote]]:
    votes: dict[int, list[Vote]] = {}
    every = list(keys)
    for first in range(0, len(every), _MOST_KEYS):
        some = VoteRow.question.in_(every[first : first + _MOST_KEYS])
        for key, *row in connection.execute(
            select(VoteRow.question, *_VOTE).where(some).order_by(VoteRow.voted_at)
        ):
            votes.setdefault(key, []).append(_vote(row))
    return votes


def _vote(row: list[object]) -> Vote:
    vote = Vote(*row)  # type: ignore[arg-type]  # the columns of _VOTE, in the order of its fields
    return replace(vote, complaint=None if vote.complaint is None else Complaint(vote.complaint))


def _has_opted_out(connection: Connection, person: str) -> bool:
    mine = select(OptOutRow.person).where(OptOutRow.person == person)
    return connection.scalar(mine) is not None


def _is_named(who: str, person: str) -> bool:
    match = _PERSON.search(who)
    return match is not None and match["id"] == person


def _delete_person(connection: Connection, person: str) -> None:
    connection.execute(delete(VoteRow).where(VoteRow.person == person))
    connection.execute(delete(QuestionRow).where(QuestionRow.person == person))
    delete_author(connection, person)
    libraries = set[int]()
    for table, key in ((ChangeRow, ChangeRow.key), (WorkRow, WorkRow.library)):
        for number, library, content in connection.execute(select(key, table.library, table.note)).all():
            note = Note.model_validate(content)
            if _is_named(note.who, person):
                note = note.model_copy(update={"who": SOMEONE})
                mine = update(table).where(key == number)
                connection.execute(mine.values(note=note.model_dump(mode="json")))
                libraries.add(library)
    for job, request, published in connection.execute(
        select(JobRow.key, JobRow.request, JobRow.publication)
    ).all():
        nameless = {"request": without_author(request, person)}
        if _is_named(request.get("who", ""), person):
            nameless["request"] = {**nameless["request"], "who": SOMEONE, "starter": 0}
            if published is not None:
                nameless["publication"] = {**published, "who": SOMEONE}
        if nameless["request"] != request:
            connection.execute(update(JobRow).where(JobRow.key == job).values(nameless))
    for watch in watches_of(connection):
        if _is_named(watch.who, person):
            connection.execute(update(WatchRow).where(WatchRow.key == watch.key).values(who=SOMEONE))
    library_rows = update(LibraryRow).where(LibraryRow.key.in_(libraries))
    connection.execute(library_rows.values(revision=LibraryRow.revision + 1))
