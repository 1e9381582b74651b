"""What is made of a ranking: what answers best, how far it can be relied on, and its short form."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from index.language.follow_ups import FollowUp
from index.model.answer import Status, Verdict
from index.model.article import Span
from index.search.ranking import Ranking


class Judgement(NamedTuple):
    """A ranking, judged.

    Attributes:
        ranking: Its sentences in the order in which they answer.
        status: How far the first can be relied on.
        short: The words of the first that answer, where they are known.
        probability: That the first answers, from 0 to 1; None where nothing tells it.
        verdict: What the article says to a question for yes or no, or to a claim; None to any other.
    """

    ranking: Ranking
    status: Status
    short: Span | None = None
    probability: float | None = None
    verdict: Verdict | None = None


class Judge(Protocol):
    """What judges a ranking."""

    def judge(self, question: str, ranking: Ranking, follow_up: FollowUp | None = None) -> Judgement:
        """Judges what a question was ranked to, ``follow_up`` being what the question leans on."""

    def check(self, claim: str, ranking: Ranking) -> Judgement:
        """Judges what a claim was ranked to.

        Raises:
            QuestionError: claims cannot be checked here.
        """
