"""What was asked, counted and grouped: each question once, and the same of the same."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.library.insights import MOST_COMPARED, groups, insights
from index.model.answer import Status
from index.model.article import Span
from index.model.feedback import KeptQuestion
from tests.index.fakes import FakeEmbedder
from tests.index.storage.test_ledger import ADA, BEN, NOON, asked, vote

REFUSED = Status.NOT_IN_ARTICLE


def texts(questions: list[KeptQuestion]) -> list[list[str]]:
    return [[one.question for one in group.questions] for group in groups(questions, FakeEmbedder())]


def test_what_asks_the_same_is_one_group_the_largest_first() -> None:
    later = NOON + timedelta(hours=1)
    questions = [
        asked(1, question="What is the rent of a berth?"),
        asked(2, question="Where is the captain?"),
        asked(3, question="what is  the rent of a berth?", asked_at=later),
        asked(4, question="What is the rent of the berth?"),
    ]
    assert texts(questions) == [
        ["what is  the rent of a berth?", "What is the rent of a berth?", "What is the rent of the berth?"],
        ["Where is the captain?"],
    ]
    assert texts([]) == []


@given(st.lists(st.text(max_size=12), max_size=12))
def test_each_question_is_in_one_group(words: list[str]) -> None:
    questions = [asked(key, question=text) for key, text in enumerate(words)]
    keys = sorted(one.key for group in groups(questions, FakeEmbedder()) for one in group.questions)
    assert keys == list(range(len(words)))


def test_of_very_many_the_oldest_are_each_for_itself() -> None:
    questions = [asked(key, question=f"q{key}") for key in range(MOST_COMPARED + 2)]
    assert sum(len(group) for group in texts(questions)) == MOST_COMPARED + 2


def test_they_are_counted_by_day_and_tier() -> None:
    good, bad = vote(ADA, is_good=True), vote(BEN)
    questions = [
        asked(1, asked_at=NOON - timedelta(days=2), milliseconds=100),
        asked(2, status=REFUSED, span=None, votes=(bad,), milliseconds=300),
        asked(3, status=Status.UNCERTAIN, votes=(good, bad), milliseconds=200),
        asked(4, article="bridge", milliseconds=1_000),
    ]
    found = insights(questions, NOON - timedelta(days=2), NOON + timedelta(hours=1), FakeEmbedder())
    none = dict.fromkeys(Status, 0)
    assert found.days == {
        date(2026, 5, 2): none | {Status.ANSWERED: 1},
        date(2026, 5, 3): none,
        date(2026, 5, 4): dict.fromkeys(Status, 1),
    }
    assert found.counts() == {Status.ANSWERED: 2, Status.UNCERTAIN: 1, REFUSED: 1}
    assert found.votes() == (1, 2)
    assert [[one.key for one in group.questions] for group in found.gaps] == [[2]]
    assert [[one.key for one in group.questions] for group in found.dislikes] == [[2]]
    assert [(one.article, one.span, [q.key for q in one.questions]) for one in found.passages] == [
        ("harbour", Span(3, 9), [3, 1]),
        ("bridge", Span(3, 9), [4]),
    ]
    assert [found.seconds_within(share) for share in (0.5, 0.95)] == [0.3, 1.0]


def test_of_no_questions_there_is_nothing_to_tell() -> None:
    found = insights([], NOON, NOON + timedelta(days=1), FakeEmbedder())
    assert (found.gaps, found.dislikes, found.passages, found.seconds_within(0.5)) == ((), (), (), None)
    assert list(found.days) == [date(2026, 5, 4), date(2026, 5, 5)]
    assert NOON.tzinfo is UTC


@pytest.mark.parametrize("hours", [1, 24, 25])
def test_the_days_are_those_of_the_period(hours: int) -> None:
    found = insights([], NOON, NOON + timedelta(hours=hours), FakeEmbedder())
    assert len(found.days) == {1: 1, 24: 2, 25: 2}[hours]
