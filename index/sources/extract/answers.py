"""What the admins of a server have answered themselves: each answer under its question and who gave it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, TypeAdapter

from index.model.article import Article
from index.sources.extract.blocks import Block, assembled, clean
from index.sources.limits import Limits


class AnswerEntry(BaseModel):
    """An answer as the source has it. ``by`` says who gave it, and when."""

    key: int
    by: str
    question: str
    answer: str


ANSWER_ENTRIES = TypeAdapter(tuple[AnswerEntry, ...])


def answers(content: bytes, limits: Limits) -> Article:
    """Each answer as paragraphs, under two headings: who gave it, which a colon ends, and the question.

    So a citation shows both, the question leads the answer (``index.search.leads``), and neither heading is
    cited itself.

    Args:
        content: JSON, a list of ``AnswerEntry``.
        limits: How much it may hold.

    Raises:
        Refusal: it is longer, or has no word.
    """
    return assembled(_blocks(ANSWER_ENTRIES.validate_json(content)), limits)


def _blocks(entries: tuple[AnswerEntry, ...]) -> Iterator[Block]:
    for one in entries:
        lines = [(one.by, 1), (one.question, 2), *((line, 0) for line in one.answer.splitlines())]
        for line, level in lines:
            if text := clean(line):
                yield Block(text, level)
