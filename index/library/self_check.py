"""An article's own questions, asked, and judged by whether the first citation holds the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.model.article import Article, Span
from index.model.library import SelfCheck
from index.search.ranking import Ranking
from index.sources.question_files import own_questions

OnQuestion = Callable[[int, int], None]
"""Told how many questions of how many are done."""


def self_check(
    rank: Callable[[str], Ranking],
    article: Article,
    questions: bytes,
    on_question: OnQuestion = lambda *_: None,
) -> SelfCheck:
    """Asks an article the questions of its own file; those that it does not answer are left out.

    A question whose evidence the article no longer has is answered wrongly.

    Args:
        rank: What a question finds in the article, best first.
        article: The article.
        questions: JSON lines with ``question`` and ``evidence``, in UTF-8.
        on_question: Told how many questions of how many are done.

    Raises:
        OwnQuestionsError: it is no such file.
    """
    answerable = [question for question in own_questions(questions) if question.evidence]
    failures: list[str] = []
    for number, question in enumerate(answerable):
        on_question(number, len(answerable))
        # Only this sentence is searched: “a” a thousand times over stands in millions of places of a book.
        first = rank(question.text).sentences[0].sentence.of(article.text)
        if not any(evidence in first for evidence in question.evidence):
            failures.append(question.text)
    return SelfCheck(len(answerable), len(answerable) - len(failures), tuple(failures))


def covers(span: Span, gold: Sequence[Span]) -> bool:
    """Whether a span holds one of those that answer a question."""
    return any(span.start <= one.start and one.end <= span.end for one in gold)
