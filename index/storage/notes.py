"""A change as it is kept: who did what to which article, and when."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from index.model.library import Action, Change, PassageCounts, Restoration


class Note(BaseModel):
    """A change as it is kept.

    ``number`` is the snapshot it makes or takes back; 0 where there is none. ``lease`` is of the job that it
    is made for: it counts only while that is held. "" where it is made for none.
    """

    model_config = ConfigDict(frozen=True)

    when: datetime
    who: str
    action: Action
    article: str
    detail: PassageCounts | Restoration | str = ""
    place: str | None = None
    number: int = 0
    lease: str = ""

    def change(self) -> Change:
        """For people."""
        return Change(self.when, self.who, self.action, self.article, self.detail)


def now() -> datetime:
    """The time of a change."""
    return datetime.now(UTC)


def describe(note: Note) -> str:
    """The subject of a sentence on a change. It does not say whose: what is logged names nobody."""
    doing = {
        Action.ADDED: "The adding",
        Action.REINDEXED: "The reindex",
        Action.REMOVED: "The removal",
        Action.USED: "The putting in use",
        Action.UNDONE: "The undoing",
    }[note.action]
    return f"{doing} of “{note.article}”, begun {note.when:%Y-%m-%d %H:%M:%S} UTC,"
