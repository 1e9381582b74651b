"""One question asked of every article of a library."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from index.answering.answerer import check_question
from index.errors import FootnoteError
from index.library.finding import Collection, Holding
from index.library.models import Models
from index.library.opening import Opener
from index.model.answer import Result, Status, Turn

CANDIDATES = 4
"""How many articles are asked in full when all are asked: those with the passages nearest to the question."""

_BEST_FIRST = (Status.ANSWERED, Status.UNCERTAIN, Status.NOT_IN_ARTICLE)

log = logging.getLogger(__name__)


class AllArticles:
    """Asks the articles whose passages are nearest to a question, and gives the best answer.

    Args:
        opener: Opens them.
        models: What embeds the question.
    """

    def __init__(self, *, opener: Opener, models: Models) -> None:
        self._opener = opener
        self._models = models

    def ask(self, collection: Collection, question: str, turns: Sequence[Turn]) -> Result:
        """The best answer of all.

        Raises:
            QuestionError: the question is empty or longer than MAX_QUESTION_CHARS.
            FootnoteError: none can be opened; it says what keeps the one in use from it.
        """
        check_question(question)
        # What was cited before counts in one article's text, and a turn does not say in which.
        questions = [Turn(turn.question, ()) for turn in turns]
        answers: list[tuple[Result, float]] = []
        for holding in self._nearest(collection.all(), question):
            try:
                article = self._opener.open(holding)
            except FootnoteError as error:  # an article that cannot be opened leaves the others
                log.warning("“%s” cannot be asked: %s", holding.id, error)
                continue
            answer, ranking = article.answerer.respond(question, questions)
            answers.append((Result(answer, article.info), ranking.sentences[0].support))
        if not answers:
            article = self._opener.open(collection.find(None))
            return Result(article.answerer.answer(question, questions), article.info)
        return min(answers, key=_order)[0]

    def _nearest(self, holdings: list[Holding], question: str) -> list[Holding]:
        if len(holdings) <= CANDIDATES:
            return holdings
        embedder = self._models.load().embedder
        vector = embedder.embed_question(question).vector
        near = {holding: self._opener.likeness(holding, vector) for holding in holdings}
        return sorted(holdings, key=lambda holding: -near[holding])[:CANDIDATES]


def _order(one: tuple[Result, float]) -> tuple[int, float, float]:
    """What answers of different articles are compared by, the best first: their tier, then how sure they are.

    Tiers and probabilities compare between articles: one model makes them. So does the support, where
    nothing tells the probability: a mean of cosines, in which a word that an article lacks weighs most.
    Scores do not: they are relative to the other sentences of one article.
    """
    result, support = one
    return _BEST_FIRST.index(result.answer.status), -(result.answer.probability or 0.0), -support
