"""What a server's questions tell of its articles: what is missing, what is wrong, what is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from index.model.answer import Status
from index.model.article import Span
from index.model.feedback import KeptQuestion


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that ask the same, the newest first."""

    questions: tuple[KeptQuestion, ...]


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """A place in a version of an article, and the questions that it was cited to first, the newest first."""

    article: str
    version: str
    span: Span
    questions: tuple[KeptQuestion, ...]


@dataclass(frozen=True, slots=True)
class Insights:
    """What was asked in a server within a period, for others to see.

    Attributes:
        since: When the period begins,
        until: and when it is over.
        questions: All of them, oldest first.
        days: How many of each tier, for each day (UTC) of the period.
        gaps: Those that the articles do not answer, the largest groups first.
        dislikes: Those whose answers were voted down, the same.
        passages: What was cited most, most first.
    """

    since: datetime
    until: datetime
    questions: tuple[KeptQuestion, ...]
    days: Mapping[date, Mapping[Status, int]]
    gaps: tuple[QuestionGroup, ...]
    dislikes: tuple[QuestionGroup, ...]
    passages: tuple[CitedPassage, ...]

    def days_shown(self) -> tuple[date, date]:
        """The first and the last day of the period (UTC)."""
        days = tuple(self.days)
        return days[0], days[-1]

    def counts(self) -> dict[Status, int]:
        """How many of each tier."""
        return {status: sum(day[status] for day in self.days.values()) for status in Status}

    def votes(self) -> tuple[int, int]:
        """How many votes are for answers, and how many against."""
        votes = [vote.is_good for question in self.questions for vote in question.votes]
        return votes.count(True), votes.count(False)

    def seconds_within(self, share: float) -> float | None:
        """Within how many seconds a share of the answers came; None without any."""
        times = sorted(question.milliseconds for question in self.questions)
        return times[min(int(share * len(times)), len(times) - 1)] / 1_000 if times else None
