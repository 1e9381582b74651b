"""Exact scores on handmade vectors."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.search.scores import (
    CARRY,
    Floats,
    best_matches,
    best_of,
    inherited_matches,
    max_sim,
    z_scores,
)


def floats(*rows: Sequence[float]) -> Floats:
    return np.array(rows, dtype=np.float32)


def test_the_best_match_of_each_question_token_in_each_run() -> None:
    question = floats([1, 0], [0, 1])
    tokens = floats([1, 0], [0.6, 0.8], [0, 1], [-1, 0])
    found = best_matches(question, tokens, np.array([0, 2, 3], dtype=np.int32))
    np.testing.assert_allclose(found, floats([1, 0, -1], [0.8, 1, 0]), atol=1e-6)


def test_max_sim_is_the_weighted_mean_of_the_best_matches() -> None:
    best = floats([1, 0, -1], [0.8, 1, 0])
    even, weighted = floats([1, 1], [3, 1])
    np.testing.assert_allclose(max_sim(best, even), [0.9, 0.5, -0.5], atol=1e-6)
    np.testing.assert_allclose(max_sim(best, weighted), [(3 + 0.8) / 4, 1 / 4, -3 / 4], atol=1e-6)


def test_max_sim_of_a_question_without_a_token_is_nought() -> None:
    nothing = np.empty(0, dtype=np.float32)
    assert max_sim(np.empty((0, 3), dtype=np.float32), nothing).tolist() == [0, 0, 0]


def test_a_match_is_inherited_by_the_rest_of_its_passage() -> None:
    best = floats([1, 0, 0, 0, 0.5], [0.2, 0.9, -1, -1, 0])
    places = np.array([0, 1, 2, 0, 1], dtype=np.int32)
    np.testing.assert_allclose(
        inherited_matches(best, places),
        [[1, CARRY, CARRY**2, 0, 0.5], [0.2, 0.9, 0.9 * CARRY, -1, 0]],
        atol=1e-6,
    )
    assert best[0].tolist() == [1, 0, 0, 0, 0.5]


def test_z_scores_are_exact() -> None:
    assert z_scores(np.array([1, 2, 3], dtype=np.float32)).tolist() == pytest.approx(
        [-math.sqrt(1.5), 0, math.sqrt(1.5)]
    )


def test_z_scores_of_equal_values_are_nought() -> None:
    assert z_scores(np.full(3, 0.1, dtype=np.float32)).tolist() == [0, 0, 0]


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 12))
def test_the_best_of_some_scores_are_those_of_a_stable_sort(scores: list[int], count: int) -> None:
    values = np.array(scores, dtype=np.float32)
    assert best_of(values, count).tolist() == np.argsort(-values, kind="stable")[:count].tolist()
