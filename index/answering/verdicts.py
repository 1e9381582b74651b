"""What the article says to a claim, or to a question that yes or no answers: so, otherwise, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from index.answering.judgement import Judgement
from index.answering.reading import ReadRanking
from index.answering.tiers import VerdictTiers
from index.model.answer import Status, Verdict
from index.model.article import Span
from index.search.ranking import Ranking


class JudgedVerdict(NamedTuple):
    """The verdict of the passage that says most.

    Attributes:
        verdict: What it says, were it to say anything.
        passage: The passage, with what leads it.
        says: How likely it says anything, from 0 to 1.
        certain: How likely it says just that, from 0 to 1.
    """

    verdict: Verdict
    passage: Span
    says: float
    certain: float


def verdict_of(read_ranking: ReadRanking) -> JudgedVerdict:
    """The verdict of the passage that is surest to say anything."""
    passage = max(read_ranking.passages, key=lambda one: one.verdicts.says_anything, default=None)
    if passage is None:  # of several articles, this one's passages were not among those that were read
        return JudgedVerdict(Verdict.SAYS_SO, read_ranking.ranking.sentences[0].sentence, 0.0, 0.0)
    verdicts = passage.verdicts
    says_so = verdicts.says_so >= verdicts.says_otherwise
    return JudgedVerdict(
        Verdict.SAYS_SO if says_so else Verdict.SAYS_OTHERWISE,
        passage.span,
        verdicts.says_anything,
        max(verdicts.says_so, verdicts.says_otherwise),
    )


def judge_verdict(read_ranking: ReadRanking, tiers: VerdictTiers) -> Judgement:
    """Judges a claim, or a question for yes or no, by what the passages that were read say to it.

    The sentence that is cited is the passage's best one.
    """
    judged_verdict = verdict_of(read_ranking)
    if judged_verdict.says < tiers.says:
        return Judgement(read_ranking.ranking, Status.NOT_IN_ARTICLE, verdict=Verdict.DOES_NOT_SAY)
    status = Status.ANSWERED if judged_verdict.certain >= tiers.certain else Status.UNCERTAIN
    ranking = _led_by(read_ranking.ranking, judged_verdict.passage)
    return Judgement(
        ranking, status, probability=round(judged_verdict.certain, 4), verdict=judged_verdict.verdict
    )


def _led_by(ranking: Ranking, passage: Span) -> Ranking:
    """The ranking with the best sentence of a passage first."""
    first = next(one for one in ranking.sentences if passage.start <= one.sentence.start < passage.end)
    rest = [one for one in ranking.sentences if one is not first]
    return replace(ranking, sentences=(first, *rest))
