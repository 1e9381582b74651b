"""A library as the database has it, at one moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from pydantic import TypeAdapter

from index.model.answers import WrittenAnswer
from index.model.watch import Watch
from index.storage.notes import Note

SNAPSHOT_NAME = re.compile(r"^(\d{6,}+)-[0-9a-f]{8}")
"""The name of a snapshot: its number, and the start of the SHA-256 of the article's text."""


class Upload(NamedTuple):
    """Where a snapshot lies in the storage that machines share, and how much it takes; None for nowhere."""

    digest: str | None
    nbytes: int


NO_UPLOAD = Upload(None, 0)
"""What is in a folder of the library's."""


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """A snapshot that is published, or was taken back.

    Attributes:
        key: What tells it from every other, now and later.
        name: Its number and the start of the hash of the article's text.
        path: Its folder, below the library's, unless it lies in a storage.
        undone_at: When it was taken back; None where it is published.
        digest: What it is called in the storage that machines share, see ``snapshot_cache``; None where it
            lies in its folder.
        nbytes: How much it takes there.
    """

    key: int
    name: str
    path: str
    undone_at: datetime | None = None
    digest: str | None = None
    nbytes: int = 0


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
    def snapshots(self) -> list[SnapshotRecord]:
        """Those of all articles, here and aside."""
        records = (*self.articles.values(), *self.removals.values())
        return [snapshot for record in records for snapshot in record.snapshots]

    @property
    def paths(self) -> set[str]:
        """The folders of the snapshots that lie in one, below the library's."""
        return {one.path for one in self.snapshots if one.digest is None}


@dataclass(frozen=True, slots=True)
class StoredLibrary:
    """All that there is to know of a library, from a backup or from the folder of an older version."""

    record: LibraryRecord
    notes: tuple[Note, ...]
    watches: tuple[Watch, ...] = ()
    answers: tuple[WrittenAnswer, ...] = ()
    trusted_role: str | None = None


def with_snapshots(
    library: StoredLibrary, change: Callable[[SnapshotRecord], SnapshotRecord]
) -> StoredLibrary:
    """A library, each of whose snapshots is changed."""

    def changed(articles: Mapping[str, ArticleRecord]) -> dict[str, ArticleRecord]:
        return {
            name: replace(article, snapshots=tuple(map(change, article.snapshots)))
            for name, article in articles.items()
        }

    record = library.record
    record = replace(record, articles=changed(record.articles), removals=changed(record.removals))
    return replace(library, record=record)


def in_folder(snapshot: SnapshotRecord) -> SnapshotRecord:
    """A snapshot as if it lay in its folder."""
    return replace(snapshot, digest=None, nbytes=0)


STORED_LIBRARY = TypeAdapter(StoredLibrary)


def snapshot_number(name: str) -> int:
    """The number in a snapshot's name."""
    return int(name.partition("-")[0])


def by_name(snapshots: Sequence[SnapshotRecord], names: Collection[str]) -> list[int]:
    """The keys of the snapshots that have one of some names."""
    return [one.key for one in snapshots if one.name in names]
