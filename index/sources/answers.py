"""What admins have answered themselves, as the source of an article: made here, and known again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.model.answers import WrittenAnswer
from index.model.source import ANSWERS, Source
from index.sources.extract.answers import ANSWER_ENTRIES, AnswerEntry

_FIRST_WORDS = re.compile(r"[^.!?。！？\n]{1,200}")


@dataclass(frozen=True, slots=True)
class AnswerLabels:
    """What the article says in the language of an answer.

    Attributes:
        title: The article's title.
        heading: What stands over an answer: who gave it, and when. It ends in a colon.
    """

    title: Callable[[WrittenAnswer], str]
    heading: Callable[[WrittenAnswer], str]


def answers_source(answers: Sequence[WrittenAnswer], labels: AnswerLabels) -> Source:
    """The source of an article; what was taken from another article is among its own questions.

    Args:
        answers: What it has, in its order; at least one. Their questions are shown as they are.
        labels: What it says besides.
    """
    entries = tuple(
        AnswerEntry(key=one.key, by=labels.heading(one), question=one.question, answer=one.answer)
        for one in answers
    )
    # The first words, since where a sentence ends is found by who reads the article.
    lines = [own_line(one.question, _FIRST_WORDS.findall(one.answer)[:1]) for one in answers if one.source]
    title = f"title = {json.dumps(labels.title(answers[0]))}".encode()
    return Source(ANSWERS, ANSWER_ENTRIES.dump_json(entries), title, "\n".join(lines).encode() or None)


def answer_keys(source: Source | None) -> set[int] | None:
    """The numbers of the answers that a source has; None where it is none of answers."""
    if source is None or source.origin != ANSWERS:
        return None
    return {one.key for one in ANSWER_ENTRIES.validate_json(source.content)}


def own_line(question: str, evidence: Sequence[str]) -> str:
    """A line of a file of an article's own questions.

    Args:
        question: The question.
        evidence: Parts of the article: one of them has to be in what is found first.
    """
    content = {"question": question, "evidence": [one.strip() for one in evidence]}
    return json.dumps(content, ensure_ascii=False)
