"""What a library holds, does and reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from index.errors import FootnoteError
from index.model.article import Article, Passage

MAX_ID_CHARS = 40
"""Of an article's id: the id of a button has to hold it beside everything else."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What is indexed, for people: see ``footnote show`` and ``/article``."""

    article: Article
    passages: tuple[Passage, ...]
    model: str
    model_sha256: str
    indexed_at: datetime
    snapshot: str


class Stage(StrEnum):
    """The stages of a reindex, in order."""

    READ = "reading the article"
    CHUNK = "cutting it into passages"
    EMBED = "embedding the passages"
    CALIBRATE = "fitting the confidence thresholds"
    CHECK = "asking its questions"
    SAVE = "saving the index"


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


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What a reindex changed, in passages, and how long it took.

    ``kept`` passages stand unchanged and were not embedded again. ``published`` is False where nothing
    at all had changed, so that the index from before still serves. ``examples`` is how many example
    questions were asked before and after. ``check`` is None where no question file accompanies the article,
    and where that could not be read, which ``unread_questions`` then says.
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


@dataclass(frozen=True, slots=True)
class Entry:
    """An article of a library. ``own`` is False for the one that the library falls back to."""

    id: str
    title: str
    place: str
    passages: int
    indexed_at: datetime
    snapshots: int
    own: bool
    in_use: bool


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
class Restored:
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
    detail: PassageCounts | Restored | str = ""
