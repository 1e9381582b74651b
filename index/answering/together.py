"""Articles that were ranked as one set -> the answer of the one that answers best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from index.answering.answerer import Answerer
from index.answering.queries import Query
from index.answering.reading import Share
from index.answering.reading_judge import ReadingJudge
from index.language.article_questions import article_topic
from index.language.clauses import asked_clause
from index.language.follow_ups import FollowUp
from index.model.answer import Answer
from index.search.ranking import Ranking


class RankedArticle(NamedTuple):
    """An article, and its share of what a question was ranked to in all."""

    answerer: Answerer
    ranking: Ranking


def is_of_one_article(question: str, answerer: Answerer, *, is_first: bool) -> bool:
    """Whether a question is one for the article that ranks first alone.

    It is where it asks about the article as a whole or by the number of a place, and where nothing reads that
    article, so that nothing could compare it with others but how well the words match.
    """
    if not isinstance(answerer.judge, ReadingJudge):
        return True
    return article_topic(question, is_first=is_first) is not None or asked_clause(question) is not None


def answer_together(
    question: str,
    query: Query,
    articles: Sequence[RankedArticle],
    follow_up: FollowUp | None,
    times: tuple[float, float],
) -> tuple[int, Answer]:
    """The answer of the article that answers best: their best passages are read in one batch.

    Args:
        question: As it was asked.
        query: As it is read.
        articles: What it was ranked to; the first is one that is read. Those that are not are left out.
        follow_up: What it leans on.
        times: When it came, and when it was ranked.

    Returns:
        The place of the article, and its answer.
    """
    judges = {n: one.answerer.judge for n, one in enumerate(articles)}
    readers = {n: judge for n, judge in judges.items() if isinstance(judge, ReadingJudge)}
    shares = [Share(judge.reader, articles[n].ranking) for n, judge in readers.items()]
    winner, judgement = next(iter(readers.values())).judge_shares(query.text, shares, follow_up)
    place = list(readers)[winner]
    return place, articles[place].answerer.compose(question, query, judgement, times)
