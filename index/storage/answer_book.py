"""What the admins of servers have answered themselves, and the roles whose members they trust.

Which answers count is not told here: those that stand in the server's article do, and a row that no snapshot
of it names is left over from a change that was not made, or was taken back for good.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from index.model.answers import WrittenAnswer
from index.storage.database import Database
from index.storage.tables import AnswerRow, JobRow, OptOutRow, TrustedRoleRow

_COLUMNS = (
    AnswerRow.key,
    AnswerRow.server,
    AnswerRow.question,
    AnswerRow.answer,
    AnswerRow.person,
    AnswerRow.name,
    AnswerRow.language,
    AnswerRow.answered_at,
    AnswerRow.source,
)


class AnswerBook:
    """Thread-safe; any number of processes may use the same.

    Each method raises a SnapshotError where the database cannot be used; nothing was changed then.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, answer: WrittenAnswer, lease: str = "") -> None:
        """Enters an answer, unless it is there; without who gave it, where they want nothing kept.

        Args:
            answer: The answer.
            lease: Of the job that asks for it, if any: somebody may have been deleted since it was taken.
        """
        with self._database.writing() as connection:
            if connection.scalar(select(AnswerRow.key).where(AnswerRow.key == answer.key)) is not None:
                return
            request = connection.scalar(select(JobRow.request).where(JobRow.lease == lease))
            asked_by = answer.person if request is None else (request.get("answer") or {}).get("person")
            _enter(connection, answer if asked_by else replace(answer, person=None, name=""))

    def answers(self, server: str) -> tuple[WrittenAnswer, ...]:
        """Those of a server, oldest first."""
        if not self._database.is_there:
            return ()
        with self._database.reading() as connection:
            return answers_of_server(connection, server)

    def take_back(self, answer: WrittenAnswer, lease: str) -> None:
        """Strikes out what was entered for a job, unless somebody else has that by now, and so the answer."""
        with self._database.writing() as connection:
            mine = (AnswerRow.server == answer.server, AnswerRow.key == answer.key)
            is_held = select(JobRow.id).where(JobRow.lease == lease)
            if not lease or connection.scalar(is_held) is not None:
                connection.execute(delete(AnswerRow).where(*mine))

    def strike_out(self, server: str, keys: Collection[int]) -> None:
        """Strikes answers of a server out."""
        with self._database.writing() as connection:
            mine = (AnswerRow.server == server, AnswerRow.key.in_(keys))
            connection.execute(delete(AnswerRow).where(*mine))

    def stale(self) -> dict[str, tuple[int, ...]]:
        """The answers by servers whose article still has a name that is to be found nowhere."""
        if not self._database.is_there:
            return {}
        every = select(AnswerRow.server, AnswerRow.key).where(AnswerRow.is_stale)
        keys: dict[str, tuple[int, ...]] = {}
        with self._database.reading() as connection:
            for server, key in connection.execute(every.order_by(AnswerRow.key)):
                keys[server] = (*keys.get(server, ()), key)
        return keys

    def refresh(self, keys: Collection[int]) -> None:
        """Notes that no file has the names that stood over some answers."""
        with self._database.writing() as connection:
            mine = update(AnswerRow).where(AnswerRow.key.in_(keys))
            connection.execute(mine.values(is_stale=False))
        self._database.erase()

    def trusted_role(self, server: str) -> str | None:
        """The role whose members' replies can be taken over in a server, if any."""
        if not self._database.is_there:
            return None
        with self._database.reading() as connection:
            return trusted_role_of(connection, server)

    def trust(self, server: str, role: str | None) -> None:
        """Chooses that role; None for none."""
        with self._database.writing() as connection:
            connection.execute(delete(TrustedRoleRow).where(TrustedRoleRow.server == server))
            if role is not None:
                connection.execute(insert(TrustedRoleRow).values(server=server, role=role))


def answers_of_server(connection: Connection, server: str) -> tuple[WrittenAnswer, ...]:
    """What the admins of a server have answered, oldest first."""
    return _select(connection, AnswerRow.server == server)


def trusted_role_of(connection: Connection, server: str) -> str | None:
    """The role whose members' replies can be taken over in a server, if any."""
    return connection.scalar(select(TrustedRoleRow.role).where(TrustedRoleRow.server == server))


def restore_answers(
    connection: Connection, server: str, answers: Sequence[WrittenAnswer], role: str | None
) -> None:
    """Enters what a backup has of a server of which nothing is here."""
    for answer in answers:
        _enter(connection, answer)
    nobodys = update(AnswerRow).where(AnswerRow.server == server, AnswerRow.person.is_(None))
    connection.execute(nobodys.values(is_stale=True))  # the article of the backup may have the name
    if role is not None:
        connection.execute(insert(TrustedRoleRow).values(server=server, role=role))


def answers_of_person(connection: Connection, person: str) -> tuple[WrittenAnswer, ...]:
    """What somebody has answered, oldest first."""
    return _select(connection, AnswerRow.person == person)


def delete_author(connection: Connection, person: str) -> None:
    """Leaves what somebody has answered, by nobody; the articles are to be written again."""
    mine = update(AnswerRow).where(AnswerRow.person == person)
    connection.execute(mine.values(person=None, name="", is_stale=True))


def without_author(request: dict[str, Any], person: str) -> dict[str, Any]:
    """What a job is to do, by nobody where it enters what somebody has answered."""
    answer = request.get("answer") or {}
    if answer.get("person") != person:
        return request
    return {**request, "answer": {**answer, "person": None, "name": ""}}


def delete_answers(connection: Connection, server: str) -> None:
    """Deletes what the admins of a server have answered, and whom they trust."""
    for table in (AnswerRow, TrustedRoleRow):
        connection.execute(delete(table).where(table.server == server))


def servers_with_answers(connection: Connection) -> set[str]:
    """The servers of which something is kept here."""
    tables = (AnswerRow, TrustedRoleRow)
    return {server for table in tables for server in connection.scalars(select(table.server).distinct())}


def delete_all_answers(connection: Connection) -> None:
    """Deletes all that is kept here, of all servers."""
    for table in (AnswerRow, TrustedRoleRow):
        connection.execute(delete(table))


def _select(connection: Connection, condition: ColumnElement[bool]) -> tuple[WrittenAnswer, ...]:
    mine = select(*_COLUMNS).where(condition).order_by(AnswerRow.answered_at, AnswerRow.key)
    return tuple(WrittenAnswer(*row) for row in connection.execute(mine))


def _enter(connection: Connection, answer: WrittenAnswer) -> None:
    """Without who gave it, where they want nothing kept."""
    opted_out = select(OptOutRow.person).where(OptOutRow.person == answer.person)
    if connection.scalar(opted_out) is not None:
        answer = replace(answer, person=None, name="")
    connection.execute(insert(AnswerRow).values(**asdict(answer), is_stale=False))
