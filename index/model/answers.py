"""What the admins of a server have answered themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MAX_ANSWER_CHARS = 2_000
"""How long an answer may be: as long as a message in Discord."""

MAX_ANSWERED_CHARS = 300
"""How long the question over it may be: as long as a heading that is read at a glance."""


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """An answer that stands in the article “Answered by the admins” of a server.

    Attributes:
        key: A number of 63 bits that no other one has.
        server: The id of the server.
        question: What it answers.
        answer: The answer; its lines are paragraphs.
        person: Discord's id of who gave it; None where nothing of that person is kept,
        name: and how they were called; "" where that is not kept.
        language: A locale of Discord's: what tells who answered is written in it.
        answered_at: When.
        source: The title of the article that it is a passage of; "" where it was written.
    """

    key: int
    server: str
    question: str
    answer: str
    person: str | None
    name: str
    language: str
    answered_at: datetime
    source: str = ""
