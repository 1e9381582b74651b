"""Questions that were asked, as they are kept, and what people said of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from index.model.answer import Status
from index.model.answers import WrittenAnswer
from index.model.article import Span
from index.model.library import Change
from index.model.watch import Watch

SOMEONE = "someone"
"""Who did something, in a history, where that person wants nothing of them kept."""


class Complaint(StrEnum):
    """What is wrong with an answer."""

    WRONG = "wrong"
    OFF_TOPIC = "off_topic"
    MISSING = "missing"
    OTHER = "other"
    UNHELPFUL = "unhelpful"  # by the button under an answer that nobody had asked the bot for


@dataclass(frozen=True, slots=True)
class Vote:
    """What somebody said of an answer: one vote a person, the last one.

    ``person`` is Discord's id of them. ``complaint`` and ``comment`` say why where it is not good, as far as
    they were given; ``seen_at`` is when an admin saw it first.
    """

    person: str
    is_good: bool
    voted_at: datetime
    complaint: Complaint | None = None
    comment: str = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """A question or a claim that was asked in Discord.

    Attributes:
        key: A random number of 63 bits.
        server: The id of the server; None where it was asked outside of any.
        channel: The id of the channel, if any.
        person: Discord's id of the one who asked.
        asked_at: When.
        is_private: Whether nobody else saw it asked and answered. Then nobody else is shown it later.
        is_claim: Whether it was no question but a claim.
        question: The question.
        article: The id of the article that it was answered from,
        version: and the start of its text's SHA-256.
        status: How far the answer can be relied on.
        span: What was cited first in that text, if anything was.
        milliseconds: How long the answer took, from the question to the message.
        votes: What people said of the answer.
    """

    key: int
    server: str | None
    channel: str | None
    person: str
    asked_at: datetime
    is_private: bool
    is_claim: bool
    question: str
    article: str
    version: str
    status: Status
    span: Span | None
    milliseconds: int
    votes: tuple[Vote, ...] = ()

    @property
    def is_disliked(self) -> bool:
        """Whether more people voted the answer down than up."""
        return sum(-1 if vote.is_good else 1 for vote in self.votes) > 0


@dataclass(frozen=True, slots=True)
class PersonalVote:
    """A vote, and the number of the question that it was on."""

    question: int
    vote: Vote


@dataclass(frozen=True, slots=True)
class PersonalData:
    """All that is kept of a person.

    Attributes:
        questions: What they asked.
        votes: What they said of answers.
        changes: What they changed in libraries, by server; "" for the common one.
        watches: What they have read by schedule.
        opted_out: Whether they want nothing kept.
        answers: What they have answered as admins, or let admins take over.
    """

    questions: tuple[KeptQuestion, ...]
    votes: tuple[PersonalVote, ...]
    changes: tuple[tuple[str, Change], ...]
    watches: tuple[Watch, ...]
    opted_out: bool
    answers: tuple[WrittenAnswer, ...] = ()
