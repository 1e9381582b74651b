"""What a library holds, does and reports."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from pathlib import Path

from index.errors import FootnoteError
from index.model.article import Article, Passage

MAX_ID_CHARS = 40
"""Of an article's id: the id of a button has to hold it beside everything else."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What is indexed, for people: see ``footnote show`` and ``/article``."""

    article: Article
    passages: Sequence[Passage]
    model: str
    model_sha256: str
    indexed_at: datetime
    snapshot: str

    def path_at(self, offset: int) -> tuple[str, ...]:
        """The headings that an offset of the article stands under, the outermost first."""
        number = bisect_right(self.passages, offset, key=attrgetter("start"))
        return self.passages[number - 1].path if number else ()


class Stage(StrEnum):
    """The stages of a reindex, in order."""

    READ = "read"
    CHUNK = "chunk"
    EMBED = "embed"
    CALIBRATE = "calibrate"
    CHECK = "check"
    SAVE = "save"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a reindex is: ``done`` of ``total`` steps of ``stage``."""

    stage: Stage
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class MovedAnswer:
    """An example question whose answer a reindex changed: what was quoted, and what is now.

    None where the article did not or does not say.
    """

    question: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """How an article's own question file came out: ``right`` of ``asked`` first citations were right."""

    asked: int
    right: int
    failed: tuple[str, ...]


class QuotaKind(StrEnum):
    """What a server may have or do only so much of."""

    ARTICLES = "articles"
    BYTES = "bytes"
    CHANGES = "changes in this hour"


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """How much of what it may a server has, or has done."""

    kind: QuotaKind
    used: int
    most: int

    @property
    def is_close(self) -> bool:
        """Whether it is time to say so: four fifths are used."""
        return 5 * self.used >= 4 * self.most


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What a reindex changed, in passages, and how long it took.

    ``kept`` passages stand unchanged and were not embedded again. ``published`` is False where nothing
    at all had changed, so that the index from before still serves. ``examples`` is how many example
    questions were asked before and after. ``check`` is None where no question file accompanies the article,
    and where that could not be read, which ``unread_questions`` then says.
    ``quotas`` is how much of what it may a server has by now; empty for the common library.
    """

    info: IndexInfo
    kept: int
    added: int
    removed: int
    seconds: float
    published: bool = True
    examples: int = 0
    moved: tuple[MovedAnswer, ...] = ()
    check: SelfCheck | None = None
    unread_questions: FootnoteError | None = None
    quotas: tuple[QuotaUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An article of a library.

    ``place`` is a file's name or a web address. ``path`` is for whoever runs the bot alone: a file's whole
    path, where it came from this machine. ``own`` is False for the one that the library falls back to.
    """

    id: str
    title: str
    place: str
    passages: int
    indexed_at: datetime
    snapshots: int
    own: bool
    in_use: bool
    path: Path | None = None


class ExpiredKind(StrEnum):
    """What is kept for a while only."""

    REMOVED = "removed article"
    UNDONE = "undone index"
    HISTORY = "old lines of the history"
    UNFINISHED = "unfinished work"
    SERVER = "library of a server that left"
    QUESTIONS = "questions that were asked"


@dataclass(frozen=True, slots=True)
class ExpiredItem:
    """Something that has been kept long enough, and the bytes that it takes.

    ``server`` is None in the common library, ``article`` where it is no single article's.
    """

    kind: ExpiredKind
    server: str | None
    article: str | None
    nbytes: int


@dataclass(frozen=True, slots=True)
class LibraryUse:
    """What a library takes on disk, with all that is kept; ``server`` is None for the common one.

    ``leaves`` is when it is deleted, since the bot is not in that server any more; None while it is.
    """

    server: str | None
    articles: int
    nbytes: int
    leaves: datetime | None


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """What the libraries of a process hold in memory.

    ``models`` tells whether the models are loaded, ``articles`` how many articles are open. ``hits`` is how
    often an article was open when it was needed, ``misses`` how often it had to be opened from disk first.
    """

    models: bool
    articles: int
    hits: int
    misses: int


class Action(StrEnum):
    """What can be done to a library."""

    ADDED = "added"
    REINDEXED = "reindexed"
    REMOVED = "removed"
    USED = "used"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class PassageCounts:
    """What became of an article's passages when it was added or reindexed."""

    kept: int
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Restoration:
    """What an article went back to: the snapshot of that name; None where it came back from being removed."""

    snapshot: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a library's history: who did what to which article, and when (UTC).

    ``detail`` is a text where an earlier version of Footnote wrote the line, and "" where there is none.
    """

    when: datetime
    who: str
    action: Action
    article: str
    detail: PassageCounts | Restoration | str = ""
