"""Question files in: an article's own, and those that quality is measured with.

An article's own questions come with it from whoever adds it, so they are read in the process that reads what
strangers wrote. What quality is measured with is a file of whoever runs the command, and is read here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, NonNegativeInt, ValidationError, model_validator

from index.errors import EvidenceError, OwnQuestionsError, QuestionFileError
from index.model.answer import Verdict
from index.model.article import Article, Span
from index.sources.extract.questions import (
    JsonlConversation,
    JsonlQuestion,
    QuestionText,
    Words,
    decoded,
    first_reason,
    parsed,
)
from index.sources.extract.refusals import Refusal
from index.sources.limits import DEFAULT_LIMITS, Limits
from index.sources.sandbox import jsonl_questions

CLAIM_FORM = (
    "The claim file {file} is not JSON lines with 'claim' or 'question', 'label' (yes, no or unknown) and "
    "'evidence': {reason}."
)

_VERDICTS = {"yes": Verdict.SAYS_SO, "no": Verdict.SAYS_OTHERWISE, "unknown": Verdict.DOES_NOT_SAY}


@dataclass(frozen=True)
class GoldQuestion:
    """A question, the spans of its article that answer it (none: the article does not say), its id.

    ``short`` are the short answers that are accepted, whichever is given; none where the file says none.
    """

    text: str
    gold: tuple[Span, ...]
    id: str = ""
    short: tuple[str, ...] = ()


@dataclass(frozen=True)
class GoldArticle:
    """An article and the questions asked of it."""

    article: Article
    questions: tuple[GoldQuestion, ...]


@dataclass(frozen=True)
class GoldConversation:
    """Two turns; ``new_subject`` where the second does not lean on the first."""

    first: str
    then: GoldQuestion
    new_subject: bool = False
    held_out: bool = False


@dataclass(frozen=True)
class GoldClaim:
    """A claim or a question for yes or no, what the article says to it, and the spans that say it."""

    text: str
    is_question: bool
    verdict: Verdict
    gold: tuple[Span, ...]
    id: str = ""


@dataclass(frozen=True)
class OwnQuestion:
    """A question that came with an article, and the words of the article that answer it, if it has any."""

    text: str
    evidence: tuple[str, ...]


class _JsonlGold(JsonlQuestion):
    short: Words | tuple[Words, ...] | None = None

    @property
    def accepted_answers(self) -> tuple[str, ...]:
        return (self.short,) if isinstance(self.short, str) else self.short or ()


class _JsonlClaim(BaseModel):
    id: str = ""
    claim: QuestionText | None = None
    question: QuestionText | None = None
    label: Literal["yes", "no", "unknown"]
    evidence: tuple[Words, ...]

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.claim is None) == (self.question is None):
            raise ValueError("a line has either a claim or a question")
        return self

    @property
    def text(self) -> str:
        return self.claim or self.question or ""


class _SquadAnswer(BaseModel):
    text: Words
    answer_start: NonNegativeInt


class _SquadQuestion(BaseModel):
    id: str = ""
    question: QuestionText
    answers: tuple[_SquadAnswer, ...] = ()
    is_impossible: bool = False


class _SquadParagraph(BaseModel):
    context: str
    qas: tuple[_SquadQuestion, ...]


class _SquadArticle(BaseModel):
    title: str = ""
    paragraphs: tuple[_SquadParagraph, ...]


class _Squad(BaseModel):
    data: tuple[_SquadArticle, ...] = Field(min_length=1)


def own_questions(content: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[OwnQuestion, ...]:
    """Reads the questions that came with an article.

    Args:
        content: JSON lines with ``question`` and ``evidence``, in UTF-8.
        limits: What reading them may cost.

    Raises:
        OwnQuestionsError: it is no such file, or costs more.
    """
    try:
        return tuple(OwnQuestion(text, evidence) for text, evidence in jsonl_questions(content, limits))
    except Refusal as refusal:
        raise OwnQuestionsError(refusal.message, **{"source": "questions", **refusal.values}) from refusal


def load_questions(path: Path, article: Article) -> tuple[GoldArticle, ...]:
    """Reads questions with their gold answers.

    Two forms are read: JSON lines with ``question`` and ``evidence`` (exact parts of ``article``; an empty
    list where it does not say) and, if it is known, ``short`` (the short answer, or a list of those that are
    accepted), and SQuAD 1.1 or 2.0 JSON (Rajpurkar et al. 2016, 2018), which brings its own articles and
    whose answers' texts are the short answers.

    Args:
        path: The file.
        article: What the questions of a JSON-lines file are about.

    Raises:
        QuestionFileError: the file cannot be read, is of neither form, or its answers are not in the text.
    """
    text, lines = _read(path)
    if _is_question(next(iter(lines.values()))):
        questions = [parsed(_JsonlGold, line, str(path), f"line {number}") for number, line in lines.items()]
        return (
            GoldArticle(
                article, tuple(_gold(question, article, question.accepted_answers) for question in questions)
            ),
        )
    squad = parsed(_Squad, text, str(path))
    articles = tuple(_from_squad(path, n, one.paragraphs) for n, one in enumerate(squad.data, 1))
    if not any(one.questions for one in articles):
        raise QuestionFileError("The question file {file} has no questions.", file=path)
    return articles


def load_conversations(path: Path, article: Article) -> tuple[GoldConversation, ...]:
    """Reads conversations of two turns about ``article``.

    JSON lines with ``first`` and ``question``, the two turns, and the ``evidence`` of the second as for
    ``load_questions``; ``new_subject`` and ``held_out`` may mark one.

    Raises:
        QuestionFileError: the file cannot be read, is of another form, or its evidence is not in the text.
    """
    _, lines = _read(path)
    conversations = [parsed(JsonlConversation, line, str(path), f"line {n}") for n, line in lines.items()]
    return tuple(
        GoldConversation(one.first, _gold(one, article), one.new_subject, one.held_out)
        for one in conversations
    )


def load_claims(path: Path, article: Article) -> tuple[GoldClaim, ...]:
    """Reads claims about ``article``, and questions about it that yes or no answers.

    JSON lines with ``claim`` or ``question``, ``label`` (``yes``: the article says so, ``no``: it says
    otherwise, ``unknown``: it does not say) and ``evidence`` as for ``load_questions``.

    Raises:
        QuestionFileError: the file cannot be read, is of another form, or its evidence is not in the text.
    """
    _, lines = _read(path)
    claims = [_claim(line, path, number) for number, line in lines.items()]
    return tuple(
        GoldClaim(
            one.text,
            one.question is not None,
            _VERDICTS[one.label],
            _spans(one.evidence, one.id or one.text, article),
            one.id,
        )
        for one in claims
    )


def _claim(line: str, path: Path, number: int) -> _JsonlClaim:
    try:
        return _JsonlClaim.model_validate_json(line)
    except ValidationError as error:
        reason = first_reason(error, f"line {number}")
        raise QuestionFileError(CLAIM_FORM, file=path, reason=reason) from error


def _read(path: Path) -> tuple[str, dict[int, str]]:
    """The text of a file, and its lines that are not blank by their numbers."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise QuestionFileError(
            "The question file {file} cannot be read: {reason}.", file=path, reason=error.strerror
        ) from error
    text = decoded(content, str(path)).replace("\r\n", "\n").replace("\r", "\n")
    lines = {number: line for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    if not lines:
        raise QuestionFileError("The question file {file} is empty.", file=path)
    return text, lines


def _is_question(line: str) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False  # SQuAD spread over lines
    return isinstance(value, dict) and "question" in value


def _places(evidence: str, article: Article) -> list[Span]:
    """Everywhere that some evidence stands in an article, not overlapping."""
    places: list[Span] = []
    at = article.text.find(evidence)
    while at >= 0:
        places.append(Span(at, at + len(evidence)))
        at = article.text.find(evidence, at + len(evidence))
    return places


def _gold(question: JsonlQuestion, article: Article, short: tuple[str, ...] = ()) -> GoldQuestion:
    gold = _spans(question.evidence, question.id or question.question, article)
    return GoldQuestion(question.question, gold, question.id, short)


def _spans(parts: Sequence[str], question: str, article: Article) -> tuple[Span, ...]:
    gold: list[Span] = []
    for evidence in parts:
        places = _places(evidence, article)
        if not places:
            raise EvidenceError(
                "Question {question}: its evidence {evidence} is not in the article {article}. "
                "Choose the article that the questions are about.",
                question=repr(question),
                evidence=repr(evidence),
                article=repr(article.id),
            )
        gold += places
    return tuple(gold)


def _from_squad(path: Path, number: int, paragraphs: Sequence[_SquadParagraph]) -> GoldArticle:
    text = ""
    questions: list[GoldQuestion] = []
    for paragraph in paragraphs:
        for question in paragraph.qas:
            gold: list[Span] = []
            answers = () if question.is_impossible else question.answers
            for answer in answers:
                span = Span(answer.answer_start, answer.answer_start + len(answer.text))
                if span.of(paragraph.context) != answer.text:
                    raise QuestionFileError(
                        "Question {question}: its answer {answer} is not at {place} of its paragraph.",
                        question=repr(question.id or question.question),
                        answer=repr(answer.text),
                        place=answer.answer_start,
                    )
                gold.append(Span(len(text) + span.start, len(text) + span.end))
            short = tuple(dict.fromkeys(answer.text for answer in answers))
            questions.append(GoldQuestion(question.question, tuple(gold), question.id, short))
        text += paragraph.context + "\n"
    article = Article(id=f"article-{number}", title=f"{path.stem} {number}", text=text)
    if not article.paragraphs:
        raise QuestionFileError(
            "The question file {file} has no text in its article {number}.", file=path, number=number
        )
    return GoldArticle(article, tuple(questions))
