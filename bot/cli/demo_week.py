"""A week of made-up questions for the demo's server, so that `/insights` is worth looking at."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from index import (
    Answer,
    Article,
    Complaint,
    KeptQuestion,
    Library,
    QuestionLedger,
    Span,
    Status,
    Vote,
)

DAYS = 7
TIMES = (6, 9, 4, 7, 3, 5)
"""How often each of the article's own questions was asked."""

GAPS = (
    (
        "Who is the mayor's press officer?",
        "Who is the press officer of the mayor?",
        "Who speaks for the mayor?",
    ),
    ("When is the next mayoral election?", "What is the date of the next mayoral election?"),
    ("How old is the mayor?", "What is the mayor's age?"),
    ("What does the mayor earn?", "What is the mayor's salary?"),
    ("Where can I read the letter?",),
)
_OPINIONS = (
    (Complaint.MISSING, "It leaves out who began the letter."),
    (Complaint.WRONG, ""),
    (Complaint.OFF_TOPIC, "I asked about something else."),
)


def make_up(ledger: QuestionLedger, library: Library, article: Article, server: str, channel: str) -> None:
    """Keeps a week of questions as if they had been asked; those from an earlier demo go.

    The same questions come at the same hours each time. Those that the article answers have its real answers.
    """
    ledger.delete_server(server)
    chance, now = random.Random(7), datetime.now(UTC)  # noqa: S311 - made up on purpose, the same each time
    answers = [library.ask(question).answer for question in article.questions[: len(TIMES)]]
    refused = [(text, None) for group in GAPS for text in group for _ in range(chance.randint(1, 3))]
    every: Sequence[tuple[str, Answer | None]] = [
        *(
            (answer.question, answer)
            for answer, times in zip(answers, TIMES, strict=False)
            for _ in range(times)
        ),
        *refused,
    ]
    for number, (text, answer) in enumerate(every):
        when = now - timedelta(minutes=chance.randint(10, DAYS * 24 * 60 - 10))
        first = answer.in_article_order[0] if answer is not None and answer.citations else None
        key = secrets.randbits(63)
        ledger.keep(
            KeptQuestion(
                key=key,
                server=server,
                channel=channel,
                person=str(number + 1),
                asked_at=when,
                is_private=False,
                is_claim=False,
                question=text,
                article=article.id,
                version=article.sha256[:8],
                status=answer.status if answer else Status.NOT_IN_ARTICLE,
                span=Span(first.start, first.end) if first else None,
                milliseconds=round(chance.lognormvariate(6.2, 0.5)),
            )
        )
        if chance.random() < 0.25:
            ledger.vote(key, _opinion(chance, number, when, is_good=answer is not None and number % 5 != 0))


def _opinion(chance: random.Random, person: int, when: datetime, *, is_good: bool) -> Vote:
    if is_good:
        return Vote(f"{person}", True, when)
    complaint, comment = chance.choice(_OPINIONS)
    return Vote(f"{person}", False, when, complaint, comment)
