"""How far the best sentence can be relied on: an Answer's three tiers.

What counts is how well the sentence matches the question (its MaxSim, ``ScoredSentence.support``), held
against two thresholds that are fitted for the embedding model (``index/answering/calibration.py``). A match
can be good and the answer not there; so whatever the match, a question is at most UNCERTAIN where it names
what the article does not have (a name, a year), or asks for a number, a time or somebody's name and the
sentence holds none that the question does not hold already (``index/language/question_kinds.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from index.answering.judgement import Judgement
from index.errors import QuestionError
from index.language.attribution import Speech
from index.language.follow_ups import FollowUp, asks_on, telling_words
from index.language.question_kinds import has_what_is_asked, lacks_what_is_asked, names_and_numbers
from index.model.answer import Status
from index.search.ranking import Ranking, Retriever


class Thresholds(NamedTuple):
    """The support below which the article does not say, and from which on it answers; each from -1 to 1."""

    uncertain: float
    answered: float


def status(
    question: str,
    quote: str,
    support: float,
    thresholds: Thresholds,
    knows: Callable[[str], bool],
    *,
    follows: bool = False,
) -> Status:
    """The tier of an answer.

    Args:
        question: As it was read.
        quote: The best sentence, with its speaker where it is given with one.
        support: Its MaxSim, from -1 to 1.
        thresholds: The embedding model's.
        knows: Whether the article has a word in any of its forms.
        follows: Whether the question leans on the one before it. Its support is then the whole's, so that
            one that says nothing by itself ("why?") is answered only by what it asks for.
    """
    if support < thresholds.uncertain:
        return Status.NOT_IN_ARTICLE
    if support < thresholds.answered or any(not knows(name) for name in names_and_numbers(question)):
        return Status.UNCERTAIN
    if lacks_what_is_asked(question, quote):
        return Status.UNCERTAIN
    bare = follows and not any(telling_words(question)) and not asks_on(question)
    return Status.UNCERTAIN if bare and not has_what_is_asked(question, quote) else Status.ANSWERED


class RuleJudge:
    """Judges by the match alone, where no reader reads.

    Args:
        speech: Whose words the article holds.
        retriever: What ranks its sentences.
        thresholds: The embedding model's.
    """

    def __init__(self, *, speech: Speech, retriever: Retriever, thresholds: Thresholds) -> None:
        self._speech = speech
        self._retriever = retriever
        self._thresholds = thresholds

    def judge(self, question: str, ranking: Ranking, follow_up: FollowUp | None = None) -> Judgement:
        """See ``Judge``."""
        best = ranking.sentences[0]
        tier = status(
            question,
            self._retriever.leads.led_words(best.sentence) + self._speech.framed(best.sentence),
            best.support,
            self._thresholds,
            self._retriever.knows,
            follows=follow_up is not None,
        )
        return Judgement(ranking, tier)

    def check(self, claim: str, ranking: Ranking) -> Judgement:  # noqa: ARG002 - as in Judge
        """See ``Judge``: how well a sentence matches a claim does not tell whether it says so."""
        raise QuestionError(
            "Claims cannot be checked against this article: nothing here reads its language. Ask a question "
            "about it instead."
        )
