"""The tables of the database: what there is to know of libraries beside their articles' own files.

A row of ``snapshots`` is what makes a snapshot be there: its folder is written before, and is nothing without
it. Whatever changes a library raises its ``revision`` in the same transaction.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

VERSION = "0007_watches"
"""The newest migration: what a database has to be at."""

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A time with its zone, kept in UTC without one, which every database can."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return value if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return value if value is None else value.replace(tzinfo=UTC)


class Table(DeclarativeBase):
    """What all tables have in common."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy
        datetime: Moment,
        dict[str, Any]: JSON(none_as_null=True),
        str: Text,
        bytes: LargeBinary,
    }


class FolderRow(Table):
    """Which data folder a PostgreSQL belongs to: one row."""

    __tablename__ = "folders"

    id: Mapped[str] = mapped_column(primary_key=True)


class LibraryRow(Table):
    """A library: the common one, whose ``server`` is "", or a server's."""

    __tablename__ = "libraries"

    key: Mapped[int] = mapped_column(primary_key=True)
    server: Mapped[str] = mapped_column(String(20), unique=True)
    revision: Mapped[int]
    in_use: Mapped[str | None]
    left_at: Mapped[datetime | None]


class PlaceRow(Table):
    """The article in use at one place of a library."""

    __tablename__ = "places"

    library: Mapped[int] = mapped_column(ForeignKey("libraries.key", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    article: Mapped[str]


class ArticleRow(Table):
    """An article that is there, or was removed and can be brought back: of each id one of both at most."""

    __tablename__ = "articles"
    __table_args__ = (
        *(
            Index(
                f"uq_articles_{state}",
                "library",
                "id",
                unique=True,
                sqlite_where=text(condition),
                postgresql_where=text(condition),
            )
            for state, condition in (
                ("here", "removed_at IS NULL"),
                ("aside", "removed_at IS NOT NULL"),
            )
        ),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    library: Mapped[int] = mapped_column(ForeignKey("libraries.key", ondelete="CASCADE"), index=True)
    id: Mapped[str]
    removed_at: Mapped[datetime | None]
    failure_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class SnapshotRow(Table):
    """A snapshot that is published, or was taken back.

    ``path`` is its folder, below the library's, unless it lies in a storage: there, ``digest`` is its name.
    """

    __tablename__ = "snapshots"
    __table_args__ = ({"sqlite_autoincrement": True},)

    key: Mapped[int] = mapped_column(primary_key=True)
    article: Mapped[int] = mapped_column(ForeignKey("articles.key", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    path: Mapped[str]
    undone_at: Mapped[datetime | None]
    digest: Mapped[str | None] = mapped_column(String(64), index=True)
    nbytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))


class ChangeRow(Table):
    """A line of a library's history; the keys go up."""

    __tablename__ = "changes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    key: Mapped[int] = mapped_column(primary_key=True)
    library: Mapped[int] = mapped_column(ForeignKey("libraries.key", ondelete="CASCADE"), index=True)
    note: Mapped[dict[str, Any]]


class WorkRow(Table):
    """The change of a library that is under way, or was cut off."""

    __tablename__ = "works"

    library: Mapped[int] = mapped_column(ForeignKey("libraries.key", ondelete="CASCADE"), primary_key=True)
    note: Mapped[dict[str, Any]]


class QuestionRow(Table):
    """A question that was asked; see ``KeptQuestion``. ``start`` and ``end`` are what was cited first."""

    __tablename__ = "questions"
    __table_args__ = (Index("ix_questions_server_asked_at", "server", "asked_at"),)

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    server: Mapped[str | None] = mapped_column(String(20))
    channel: Mapped[str | None] = mapped_column(String(20))
    person: Mapped[str] = mapped_column(String(20), index=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    is_private: Mapped[bool]
    is_claim: Mapped[bool]
    question: Mapped[str]
    article: Mapped[str]
    version: Mapped[str]
    status: Mapped[str]
    start: Mapped[int | None]
    end: Mapped[int | None]
    milliseconds: Mapped[int]


class VoteRow(Table):
    """What somebody said of an answer; see ``Vote``."""

    __tablename__ = "votes"

    question: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("questions.key", ondelete="CASCADE"), primary_key=True
    )
    person: Mapped[str] = mapped_column(String(20), primary_key=True, index=True)
    is_good: Mapped[bool]
    voted_at: Mapped[datetime]
    complaint: Mapped[str | None]
    comment: Mapped[str]
    seen_at: Mapped[datetime | None]


class OptOutRow(Table):
    """Somebody of whom nothing else is kept."""

    __tablename__ = "opt_outs"

    person: Mapped[str] = mapped_column(String(20), primary_key=True)


class AutoChannelRow(Table):
    """A channel in which questions are answered that are not put to the bot."""

    __tablename__ = "auto_channels"

    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    server: Mapped[str] = mapped_column(String(20), index=True)


class DigestRow(Table):
    """The channel of a server that its weekly digest goes to.

    The next one is due at ``due_at``. Nobody posts it before ``not_before``: somebody else is doing so, or it
    could not be done a while ago. ``refusals`` says how often, one after the other, the channel took none.
    """

    __tablename__ = "digests"

    server: Mapped[str] = mapped_column(String(20), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    refusals: Mapped[int]


class AnswerRow(Table):
    """An answer of the admins of a server; see ``WrittenAnswer``.

    ``is_stale`` tells that the article still has a name that is to be found nowhere.
    """

    __tablename__ = "written_answers"

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    server: Mapped[str] = mapped_column(String(20), index=True)
    question: Mapped[str]
    answer: Mapped[str]
    person: Mapped[str | None] = mapped_column(String(20), index=True)
    name: Mapped[str]
    language: Mapped[str]
    answered_at: Mapped[datetime]
    source: Mapped[str]
    is_stale: Mapped[bool]


class TrustedRoleRow(Table):
    """The role of a server whose members' replies can be taken over as answers."""

    __tablename__ = "trusted_roles"

    server: Mapped[str] = mapped_column(String(20), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))


class JobRow(Table):
    """A change that waits for a worker, is being made, or has ended; of a library one is not ended at most.

    ``content`` and ``questions`` are what was attached, until it has ended. ``lease`` is the secret of the
    worker that has it, until ``lease_ends_at``; ``publication`` the note that it has published.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_under_way",
            "server",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(16), unique=True)
    server: Mapped[str] = mapped_column(String(20))
    request: Mapped[dict[str, Any]]
    content: Mapped[bytes | None]
    questions: Mapped[bytes | None]
    lease: Mapped[str | None]
    lease_ends_at: Mapped[datetime | None]
    takes: Mapped[int]
    progress: Mapped[dict[str, Any] | None]
    is_cancelled: Mapped[bool]
    publication: Mapped[dict[str, Any] | None]
    outcome: Mapped[dict[str, Any] | None]
    ended_at: Mapped[datetime | None]


class WatchRow(Table):
    """Something that is read by schedule; see ``Watch``.

    ``lease`` is the secret of the process that reads it just now, until ``lease_ends_at``.
    """

    __tablename__ = "watches"
    __table_args__ = (
        Index("uq_watches_subject", "server", "kind", "subject", unique=True),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[int] = mapped_column(primary_key=True)
    server: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str]
    article: Mapped[str | None]
    every: Mapped[str] = mapped_column(String(10))
    most: Mapped[int]
    channel: Mapped[str] = mapped_column(String(20))
    who: Mapped[str]
    next_at: Mapped[datetime] = mapped_column(index=True)
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    digest: Mapped[str | None]
    failures: Mapped[int]
    lease: Mapped[str | None]
    lease_ends_at: Mapped[datetime | None]


class WatchPageRow(Table):
    """A page of a feed or a sitemap that was taken in or turned down; see ``WatchPage``."""

    __tablename__ = "watch_pages"

    watch: Mapped[int] = mapped_column(ForeignKey("watches.key", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    article: Mapped[str | None]
    stamp: Mapped[str | None]
    date: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    is_listed: Mapped[bool]
