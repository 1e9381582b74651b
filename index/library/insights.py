"""What was asked, counted by day and tier, and put together where it asks the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import numpy as np

from index.model.answer import Status
from index.model.feedback import KeptQuestion
from index.model.insights import CitedPassage, Insights, QuestionGroup
from index.search.embedding import Embedder

LIKE = 0.75
"""How near the embeddings of two questions are that are taken to ask the same.

Of eight pairs that do, five are nearer, and of eight that only look so, three. A group is only how a list is
laid out, and each of its questions can be read.
"""

MOST_COMPARED = 300
"""Texts that are embedded for a list, the newest; each takes a hundredth of a second."""


def insights(
    questions: Sequence[KeptQuestion], since: datetime, until: datetime, embedder: Embedder
) -> Insights:
    """What questions tell.

    Args:
        questions: Those of the period, oldest first.
        since: When it begins.
        until: When it is over.
        embedder: What tells which of them ask the same.
    """
    counts: defaultdict[date, dict[Status, int]] = defaultdict(lambda: dict.fromkeys(Status, 0))
    day = since.astimezone(UTC).date()
    while day <= (until - timedelta(microseconds=1)).astimezone(UTC).date():
        counts[day]
        day += timedelta(days=1)
    for question in questions:
        counts[question.asked_at.astimezone(UTC).date()][question.status] += 1
    return Insights(
        since=since,
        until=until,
        questions=tuple(questions),
        days=dict(sorted(counts.items())),
        gaps=groups((one for one in questions if one.status is Status.NOT_IN_ARTICLE), embedder),
        dislikes=groups((one for one in questions if one.is_disliked), embedder),
        passages=_passages(questions),
    )


def groups(questions: Iterable[KeptQuestion], embedder: Embedder) -> tuple[QuestionGroup, ...]:
    """Questions that ask the same, the largest groups first, and of the same size the newest.

    Each question goes to the group whose first question is nearest, if that is near.
    """
    by_text: dict[str, list[KeptQuestion]] = {}
    for question in sorted(questions, key=lambda one: one.asked_at, reverse=True):
        by_text.setdefault(" ".join(question.question.casefold().split()), []).append(question)
    texts = list(by_text)[:MOST_COMPARED]
    vectors = embedder.encode(texts) if texts else np.empty((0, 1), dtype=np.float32)
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    firsts: list[int] = []
    members: list[list[KeptQuestion]] = []
    for number, text in enumerate(texts):
        likeness = vectors[firsts] @ vectors[number] if firsts else np.zeros(1)
        nearest = int(likeness.argmax())
        if firsts and likeness[nearest] >= LIKE:
            members[nearest] += by_text[text]
        else:
            firsts.append(number)
            members.append(list(by_text[text]))
    members += [by_text[text] for text in list(by_text)[MOST_COMPARED:]]
    lists = [sorted(group, key=lambda one: one.asked_at, reverse=True) for group in members]
    lists.sort(key=lambda group: (-len(group), -group[0].asked_at.timestamp()))
    return tuple(QuestionGroup(tuple(group)) for group in lists)


def _passages(questions: Sequence[KeptQuestion]) -> tuple[CitedPassage, ...]:
    def place(one: KeptQuestion) -> tuple[str, str, int, int]:
        assert one.span is not None  # noqa: S101 - told to the type checker
        return one.article, one.version, one.span.start, one.span.end

    citing = sorted((one for one in reversed(questions) if one.span is not None), key=place)
    passages = []
    for (article, version, _, _), group in groupby(citing, key=place):
        members = tuple(group)
        assert members[0].span is not None  # noqa: S101 - told to the type checker
        passages.append(CitedPassage(article, version, members[0].span, members))
    return tuple(sorted(passages, key=lambda one: -len(one.questions)))
