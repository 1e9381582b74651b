"""What a library notes beside its articles: which one is in use, and who changed what.

Under the library's folder::

    library.json     the article in use, and those of single places; with a checksum
    history.jsonl    a line a change, oldest first; each with a checksum
    pending.json     the change that is under way

A change is noted in ``pending.json`` before it is made and struck out when it stands in the history: what a
process leaves unfinished when it is killed, the next one finishes or calls off. Should ``library.json`` be
damaged, it is worked out from the history again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from index.model.library import Action, Change, PassageCounts, Restored
from index.storage.durable import append_line, replace_file

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """The article that was chosen for the library, and for single places."""

    in_use: str | None
    places: dict[str, str]


class Note(BaseModel):
    """A change as it is kept. ``number`` is the snapshot it makes or takes back; 0 where there is none."""

    model_config = ConfigDict(frozen=True)

    when: datetime
    who: str
    action: Action
    article: str
    detail: PassageCounts | Restored | str = ""
    place: str | None = None
    number: int = 0

    def change(self) -> Change:
        """For people."""
        return Change(self.when, self.who, self.action, self.article, self.detail)

    def line(self) -> bytes:
        """With a checksum, for the disk."""
        plain = self.model_dump_json().encode()
        return plain[:-1] + b',"crc":"%08x"}' % zlib.crc32(plain)

    @classmethod
    def of(cls, line: bytes) -> Self | None:
        """What ``line`` gave; None where it is no longer that."""
        try:
            note = cls.model_validate_json(line)
        except ValidationError:
            return None
        return note if note.line() == line else None


class _StoredState(BaseModel):
    in_use: str | None
    places: dict[str, str]
    sha256: str

    @classmethod
    def of(cls, state: State) -> _StoredState:
        plain = json.dumps([state.in_use, state.places], sort_keys=True)
        return cls(
            in_use=state.in_use, places=state.places, sha256=hashlib.sha256(plain.encode()).hexdigest()
        )


def now() -> datetime:
    """The time of a change."""
    return datetime.now(UTC)


class Catalogue:
    """The notes of one library. Whoever writes holds the library's lock.

    Args:
        folder: The library's.
    """

    def __init__(self, folder: Path) -> None:
        self._state_file = folder / "library.json"
        self._history_file = folder / "history.jsonl"
        self._pending_file = folder / "pending.json"
        self._read: tuple[tuple[int, int, int], State] | None = None

    def state(self) -> State:
        """What is in use; read again where the file has changed."""
        try:
            stat = self._state_file.stat()
        except OSError:
            return State(None, {})
        stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, self._read_state())
        return self._read[1]

    def is_damaged(self) -> bool:
        """Whether ``library.json`` is there and cannot be read."""
        return self._state_file.exists() and self._parse_state() is None

    def use(self, article: str, place: str | None) -> None:
        """Puts an article in use.

        Raises:
            OSError: it cannot be written; nothing is changed.
        """
        before = self.state()
        state = (
            State(article, before.places)
            if place is None
            else State(before.in_use, before.places | {place: article})
        )
        if state != before or not self._state_file.exists() or self.is_damaged():
            replace_file(self._state_file, _StoredState.of(state).model_dump_json().encode())

    def notes(self) -> list[Note]:
        """Every change, oldest first; lines that cannot be read are left out."""
        return [note for note in self._lines() if note is not None]

    def unreadable(self) -> int:
        """How many lines of the history cannot be read."""
        return sum(note is None for note in self._lines())

    def begin(self, note: Note) -> None:
        """Notes a change that is about to be made."""
        replace_file(self._pending_file, note.line())

    def pending(self) -> Note | None:
        """The change that was begun and neither finished nor called off."""
        try:
            return Note.of(self._pending_file.read_bytes())
        except OSError:
            return None

    def trim(self, most: int) -> int:
        """Drops the oldest lines of the history beyond a number, but those that say what is in use.

        What cannot be read goes as well, once it is older. Returns how many bytes that frees.

        Raises:
            OSError: it cannot be written; nothing is changed.
        """
        surplus = self._surplus(most)
        if not surplus:
            return 0
        before = self._history_file.stat().st_size
        lines = [line for number, line in enumerate(self._raw_lines()) if number not in surplus]
        replace_file(self._history_file, b"".join(line + b"\n" for line in lines))
        return before - self._history_file.stat().st_size

    def surplus_bytes(self, most: int) -> int:
        """What ``trim`` would free."""
        surplus = self._surplus(most)
        return sum(len(line) + 1 for number, line in enumerate(self._raw_lines()) if number in surplus)

    def _surplus(self, most: int) -> set[int]:
        lines = list(self._lines())
        old = range(max(len(lines) - most, 0))
        deciding: dict[str | None, int] = {}
        for number, note in enumerate(lines):
            if note is not None and (
                note.action is Action.USED or (note.action is Action.ADDED and None not in deciding)
            ):
                deciding[note.place] = number
        return set(old) - set(deciding.values())

    def finish(self, note: Note) -> None:
        """Enters a change that was made in the history, once, and strikes out that it is under way."""
        if next(reversed(self.notes()), None) != note:
            append_line(self._history_file, note.line())
        self.call_off()

    def call_off(self) -> None:
        """Strikes out the change that is under way."""
        self._pending_file.unlink(missing_ok=True)

    def _read_state(self) -> State:
        state = self._parse_state()
        if state is None:
            log.warning("%s is damaged; what is in use is worked out from the history.", self._state_file)
            state = self._replayed()
        return state

    def _parse_state(self) -> State | None:
        try:
            stored = _StoredState.model_validate_json(self._state_file.read_bytes())
        except (OSError, ValidationError):
            return None
        state = State(stored.in_use, stored.places)
        return state if _StoredState.of(state) == stored else None

    def _replayed(self) -> State:
        in_use: str | None = None
        places: dict[str, str] = {}
        for note in self.notes():
            if note.action is Action.USED and note.place is not None:
                places[note.place] = note.article
            elif note.action is Action.USED or (note.action is Action.ADDED and in_use is None):
                in_use = note.article
        return State(in_use, places)

    def _lines(self) -> Iterator[Note | None]:
        return map(Note.of, self._raw_lines())

    def _raw_lines(self) -> Iterator[bytes]:
        try:
            lines = self._history_file.read_bytes().split(b"\n")
        except OSError:
            return iter(())
        return (line for line in lines if line.strip())
