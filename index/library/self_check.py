"""An article's own questions: read, asked, and judged by whether the first citation holds the evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from index.errors import OwnQuestionsError
from index.model.answer import MAX_QUESTION_CHARS
from index.model.article import Article, Span
from index.model.library import SelfCheck
from index.search.ranking import Ranking

QuestionText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS)
]
EvidenceText = Annotated[str, Field(min_length=1)]

OnQuestion = Callable[[int, int], None]
"""Told how many questions of how many are done."""


class EvidencedQuestion(BaseModel):
    """A question, and the parts of the article, word for word, that answer it; none where it does not say."""

    id: str = ""
    question: QuestionText
    evidence: tuple[EvidenceText, ...]


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
    answerable = [question for question in _read(questions) if question.evidence]
    failed: list[str] = []
    for number, question in enumerate(answerable):
        on_question(number, len(answerable))
        gold = [span for evidence in question.evidence for span in places_of(evidence, article)]
        if not gold or not covers(rank(question.question).sentences[0].sentence, gold):
            failed.append(question.question)
    return SelfCheck(len(answerable), len(answerable) - len(failed), tuple(failed))


def places_of(evidence: str, article: Article) -> list[Span]:
    """Everywhere that some evidence stands in an article."""
    return [Span(m.start(), m.end()) for m in re.finditer(re.escape(evidence), article.text)]


def covers(span: Span, gold: Sequence[Span]) -> bool:
    """Whether a span holds one of those that answer a question."""
    return any(span.start <= one.start and one.end <= span.end for one in gold)


def _read(questions: bytes) -> list[EvidencedQuestion]:
    try:
        lines = questions.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise OwnQuestionsError("The file of questions is not UTF-8 text. Save it as UTF-8.") from error
    return [_parsed(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _parsed(number: int, line: str) -> EvidencedQuestion:
    try:
        return EvidencedQuestion.model_validate_json(line)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        if not field:
            raise OwnQuestionsError(
                "Line {line} of the file of questions is no JSON object. Each line has to be one, with "
                "“question” and “evidence”.",
                line=number,
            ) from error
        raise OwnQuestionsError(
            "Line {line} of the file of questions: “{field}” is missing, empty or too long. Each line needs "
            "a “question” and, as “evidence”, a list of parts of the article.",
            line=number,
            field=field,
        ) from error
