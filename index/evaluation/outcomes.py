"""How sure Footnote was of each question and whether it was right, and the curve of risk that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from index.library.self_check import covers
from index.model.answer import Answer, Status
from index.model.article import Span
from index.reader.metrics import area_under_curve, refused
from index.search.ranking import Ranking


class Outcome(NamedTuple):
    """What came of a question.

    Attributes:
        score: How sure Footnote was, see ``outcome``.
        is_right: Whether the first citation holds the answer; where it is refused, what is shown as closest.
        is_answerable: Whether the article that was asked has an answer.
        status: The tier.
    """

    score: float
    is_right: bool
    is_answerable: bool
    status: Status


class Answerability(NamedTuple):
    """How well the scores tell questions that the article answers from others, see ``Metrics``."""

    answerability_auc: float | None = None
    refused_at_2: float | None = None
    refused_at_5: float | None = None
    refused_at_10: float | None = None


class CurvePoint(NamedTuple):
    """What comes of answering some of the questions.

    Attributes:
        coverage: The share of questions that are answered,
        risk: and the share of those that are answered wrongly.
    """

    coverage: float
    risk: float


class RiskCurve(NamedTuple):
    """The risk of answering more and more questions.

    Attributes:
        points: From the surest question to the least sure; questions that are as sure are one point.
        answered: What is answered without reserve; None where nothing is.
        shown: What is answered, without reserve or marked uncertain; likewise.
    """

    points: tuple[CurvePoint, ...]
    answered: CurvePoint | None
    shown: CurvePoint | None


def outcome(answer: Answer, ranking: Ranking, gold: Sequence[Span]) -> Outcome:
    """What came of a question.

    The score is the answer's probability. Where nothing reads, it is the support of the sentence that ranks
    first. To a question for yes or no to which the article says nothing, it is 0.

    Args:
        answer: To the question.
        ranking: What it was chosen from.
        gold: The spans that answer; none where the article does not say.
    """
    first = (answer.citations or answer.closest)[:1]
    return Outcome(
        _score(answer, ranking),
        any(covers(Span(one.start, one.end), gold) for one in first),
        bool(gold),
        answer.status,
    )


def _score(answer: Answer, ranking: Ranking) -> float:
    if answer.probability is not None:
        return answer.probability
    return ranking.sentences[0].support if answer.verdict is None else 0.0


def answerability(outcomes: Sequence[Outcome]) -> Answerability:
    """How well the scores of some questions tell those that are answerable; nothing without both kinds."""
    yes = [one.score for one in outcomes if one.is_answerable]
    no = [one.score for one in outcomes if not one.is_answerable]
    if not (yes and no):
        return Answerability()
    shares = (refused(yes, no, false_refusals) for false_refusals in (0.02, 0.05, 0.1))
    return Answerability(round(area_under_curve(yes, no), 4), *(round(share, 4) for share in shares))


def risk_curve(outcomes: Sequence[Outcome]) -> RiskCurve:
    """The curve of some questions, those that the article does not answer among them."""
    by_score = sorted(outcomes, key=lambda one: -one.score)
    wrong = np.cumsum([not one.is_right for one in by_score])
    ends = [
        place
        for place, one in enumerate(by_score, 1)
        if place == len(by_score) or one.score > by_score[place].score
    ]
    points = tuple(CurvePoint(end / len(by_score), float(wrong[end - 1] / end)) for end in ends)
    return RiskCurve(
        points,
        _tier(outcomes, {Status.ANSWERED}),
        _tier(outcomes, {Status.ANSWERED, Status.UNCERTAIN}),
    )


def _tier(outcomes: Sequence[Outcome], tiers: set[Status]) -> CurvePoint | None:
    wrong = [not one.is_right for one in outcomes if one.status in tiers]
    return CurvePoint(len(wrong) / len(outcomes), sum(wrong) / len(wrong)) if wrong else None
