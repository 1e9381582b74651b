"""JSON lines of questions: what the process that reads what strangers wrote makes of a question file."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from index.errors import OwnQuestionsError, QuestionFileError
from index.model.answer import MAX_QUESTION_CHARS

QUESTION_FORM = (
    "The question file {file} is neither JSON lines with 'question' and 'evidence' nor SQuAD JSON: {reason}."
)
CONVERSATION_FORM = (
    "The question file {file} is not JSON lines with 'first', 'question' and 'evidence': {reason}."
)

QuestionText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS)
]
Words = Annotated[str, Field(min_length=1)]
Form = TypeVar("Form", bound=BaseModel)


class JsonlQuestion(BaseModel):
    """A line: a question, and the exact parts of the article that answer it; none where it does not say."""

    id: str = ""
    question: QuestionText
    evidence: tuple[Words, ...]


class JsonlConversation(JsonlQuestion):
    """A line: two turns, the second as a question of its own."""

    first: QuestionText
    new_subject: bool = False
    held_out: bool = False


def jsonl_questions(content: bytes) -> list[JsonlQuestion]:
    """The questions that came with an article. No lines are no questions.

    Args:
        content: JSON lines in UTF-8.

    Raises:
        OwnQuestionsError: it is something else; the message says in which line.
    """
    try:
        lines = enumerate(content.decode("utf-8-sig").split("\n"), 1)
    except UnicodeDecodeError as error:
        raise OwnQuestionsError("The file of questions is not UTF-8 text.") from error
    return [_own_question(line, number) for number, line in lines if line.strip()]


def _own_question(line: str, number: int) -> JsonlQuestion:
    try:
        return JsonlQuestion.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise OwnQuestionsError(
                "Line {line} of the questions is not a JSON object with “question” and “evidence”.",
                line=number,
            ) from error
        if first["type"] == "missing":
            raise OwnQuestionsError(
                "Line {line} of the questions has no “{name}”.", line=number, name=first["loc"][0]
            ) from error
        raise OwnQuestionsError(
            "Line {line} of the questions: “{name}” is not as it has to be. A question is a text of 1 to "
            "{most} characters, its evidence a list of texts, each word for word from the article.",
            line=number,
            name=first["loc"][0],
            most=MAX_QUESTION_CHARS,
        ) from error


def decoded(content: bytes, file: str) -> str:
    """A question file's text.

    Raises:
        QuestionFileError: it is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QuestionFileError("The question file {file} is not UTF-8 text.", file=file) from error


def parsed(form: type[Form], text: str, file: str, where: str = "") -> Form:
    """A piece of JSON in a form.

    Raises:
        QuestionFileError: it has another one; the message says at which place.
    """
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        reason = first_reason(error, where)
        if issubclass(form, JsonlConversation):
            raise QuestionFileError(CONVERSATION_FORM, file=file, reason=reason) from error
        raise QuestionFileError(QUESTION_FORM, file=file, reason=reason) from error


def first_reason(error: ValidationError, where: str = "") -> str:
    """The first thing that is wrong with a piece of JSON, and where in it."""
    first = error.errors()[0]
    place = ", ".join(filter(None, [where, ".".join(map(str, first["loc"]))]))
    return f"{place}: {first['msg']}" if place else str(first["msg"])
