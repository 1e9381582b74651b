"""Judges by reading: an answer by its probability, a claim by its verdict, what yes or no answers by both."""

from __future__ import annotations

from collections.abc import Sequence

from index.answering.judgement import Judgement
from index.answering.reading import RankingReader, ReadRanking, Share, read_shares
from index.answering.tiers import Tiers
from index.answering.verdicts import judge_verdict
from index.language.follow_ups import FollowUp
from index.language.question_kinds import asks_for_sentence
from index.language.yes_no import asks_yes_or_no
from index.model.answer import Status
from index.search.ranking import Ranking


class ReadingJudge:
    """Judges by reading.

    Attributes:
        reader: Reads rankings.

    Args:
        reader: Likewise.
        tiers: Fitted for it.
        least_support: The support below which no sentence has to do with the question, whatever is read.
    """

    def __init__(self, reader: RankingReader, tiers: Tiers, least_support: float = -1.0) -> None:
        self.reader = reader
        self._tiers = tiers
        self._least_support = least_support

    def judge(self, question: str, ranking: Ranking, follow_up: FollowUp | None = None) -> Judgement:
        """See ``Judge``."""
        return self.judge_shares(question, [Share(self.reader, ranking)], follow_up)[1]

    def judge_shares(
        self, question: str, shares: Sequence[Share], follow_up: FollowUp | None = None
    ) -> tuple[int, Judgement]:
        """Judges what a question was ranked to in one or more articles, as one ranking.

        Returns:
            The place of the share that answers best, and its judgement.
        """
        first = max(range(len(shares)), key=lambda n: shares[n].ranking.sentences[0].score)
        ranking = shares[first].ranking
        if ranking.sentences[0].support < self._least_support:
            return first, Judgement(ranking, Status.NOT_IN_ARTICLE, probability=0.0)
        winner, read_ranking = read_shares(question, shares, follow_up)
        return winner, self._judged(question, read_ranking)

    def _judged(self, question: str, read_ranking: ReadRanking) -> Judgement:
        probability = self._tiers.probability(read_ranking.signs)
        status = self._tiers.status(probability)
        if asks_yes_or_no(question):
            by_verdict = judge_verdict(read_ranking, self._tiers.verdicts)
            if status is by_verdict.status is Status.ANSWERED:
                return by_verdict
            says = status is Status.UNCERTAIN and by_verdict.status is not Status.NOT_IN_ARTICLE
            verdict = by_verdict.verdict if says else None
            return Judgement(read_ranking.ranking, status, None, round(probability, 4), verdict)
        has_short = status is not Status.NOT_IN_ARTICLE and not asks_for_sentence(question)
        return Judgement(
            read_ranking.ranking, status, read_ranking.span if has_short else None, round(probability, 4)
        )

    def check(self, claim: str, ranking: Ranking) -> Judgement:
        """See ``Judge``."""
        return judge_verdict(self.reader.read(claim, ranking, is_claim=True), self._tiers.verdicts)
