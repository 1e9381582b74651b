from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.reader import metrics


@pytest.mark.parametrize(
    ("answer", "gold", "f1", "exact"),
    [
        ("The Rhine", ["Rhine"], 1.0, 1.0),
        ("the river Rhine", ["Rhine"], 2 / 3, 0.0),
        ("Basel", ["Rhine", "basel."], 1.0, 1.0),
        ("Basel", ["Rhine"], 0.0, 0.0),
        ("", ["Rhine"], 0.0, 0.0),
    ],
)
def test_an_answer_is_compared_by_its_words(answer: str, gold: list[str], f1: float, exact: float) -> None:
    assert metrics.f1(answer, gold) == pytest.approx(f1)
    assert metrics.exact_match(answer, gold) == exact


def test_the_area_counts_the_pairs_in_the_right_order_and_half_of_the_ties() -> None:
    assert metrics.area_under_curve([3, 1], [0, 2]) == 0.75
    assert metrics.area_under_curve([1], [1]) == 0.5
    assert metrics.area_under_curve([5, 6], [1, 2, 3]) == 1.0


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=12),
    st.lists(st.integers(-5, 5), min_size=1, max_size=12),
)
def test_the_area_is_that_of_all_pairs(yes: list[int], no: list[int]) -> None:
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in yes for b in no]
    assert metrics.area_under_curve(yes, no) == pytest.approx(sum(pairs) / len(pairs))


def test_what_is_refused_is_below_what_so_many_answerable_ones_are_below() -> None:
    answerable = list(range(11))  # 10 % of them are below 1
    assert metrics.refused(answerable, [-1, 0, 0.5, 1, 9], 0.1) == 0.6


def test_no_more_answerable_ones_are_refused_than_said() -> None:
    assert metrics.refused(range(20), [-1, 0, 0.5, 1, 9], 0.04) == 0.2  # one of 20 would be 5 %
    assert metrics.refused(range(21), [-1, 0, 0.5, 1, 9], 0.05) == 0.6
