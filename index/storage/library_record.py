"""A library as the database has it, at one moment."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter

from index.model.answers import WrittenAnswer
from index.storage.notes import Note

SNAPSHOT_NAME = re.compile(r"^(\d{6,}+)-[0-9a-f]{8}")
"""The name of a snapshot: its number, and the start of the SHA-256 of the article's text."""


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """A snapshot that is published, or was taken back.

    Attributes:
        key: What tells it from every other, now and later.
        name: Its number and the start of the hash of the article's text.
        path: Its folder, below the library's.
        undone_at: When it was taken back; None where it is published.
    """

    key: int
    name: str
    path: str
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an index could not be built again, and when that was tried last."""

    when: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """An article that is there or lies aside, with its snapshots, newest first.

    Attributes:
        key: What tells it from every other, now and later.
        snapshots: All of them.
        removed_at: Since when it lies aside; None where it is there.
        failure: Why its index could not be built again, if that is so.
    """

    key: int
    snapshots: tuple[SnapshotRecord, ...]
    removed_at: datetime | None = None
    failure: Failure | None = None

    @property
    def published(self) -> list[SnapshotRecord]:
        """Those that count, newest first."""
        return [one for one in self.snapshots if one.undone_at is None]

    @property
    def undone(self) -> list[SnapshotRecord]:
        """Those that were taken back, newest first."""
        return [one for one in self.snapshots if one.undone_at is not None]


@dataclass(frozen=True, slots=True)
class LibraryRecord:
    """A library at one moment.

    Attributes:
        key: What tells it from every other; 0 where nothing is known of it.
        revision: Goes up with every change.
        in_use: The article that was chosen for the library,
        places: and those for single places.
        left_at: Since when the bot is not in its server any more; None while it is.
        pending: The change that is under way, or was cut off.
        articles: Those that are there, by their ids, which are in order,
        removals: and those that lie aside.
    """

    key: int = 0
    revision: int = 0
    in_use: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    left_at: datetime | None = None
    pending: Note | None = None
    articles: Mapping[str, ArticleRecord] = field(default_factory=dict)
    removals: Mapping[str, ArticleRecord] = field(default_factory=dict)

    @property
    def paths(self) -> set[str]:
        """The folders of all snapshots, below the library's."""
        records = (*self.articles.values(), *self.removals.values())
        return {snapshot.path for record in records for snapshot in record.snapshots}


@dataclass(frozen=True, slots=True)
class StoredLibrary:
    """All that there is to know of a library, from a backup or from the folder of an older version.

    Attributes:
        record: What it has,
        notes: and its history.
        answers: What the admins of its server have answered themselves,
        trusted_role: and the role whose members' replies they take over.
    """

    record: LibraryRecord
    notes: tuple[Note, ...]
    answers: tuple[WrittenAnswer, ...] = ()
    trusted_role: str | None = None


STORED_LIBRARY = TypeAdapter(StoredLibrary)


def snapshot_number(name: str) -> int:
    """The number in a snapshot's name."""
    return int(name.partition("-")[0])


def by_name(snapshots: Sequence[SnapshotRecord], names: Collection[str]) -> list[int]:
    """The keys of the snapshots that have one of some names."""
    return [one.key for one in snapshots if one.name in names]
