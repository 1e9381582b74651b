"""LexRank and the choice of a summary's sentences, on handmade vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.answering.summary import LATER, LEADS, LEANS, MOST, central, fitness, summarise
from index.search.embedding import Floats


def unit(*degrees: float) -> Floats:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def never(_: int) -> bool:
    return False


def test_what_is_like_most_others_is_central() -> None:
    ranks = central(unit(0, 10, 20, 80))
    assert ranks.sum() == pytest.approx(1)
    assert np.argsort(-ranks).tolist() == [2, 1, 0, 3]


def test_the_walk_ends_where_the_matrix_of_all_pairs_has_its_eigenvector() -> None:
    vectors = unit(0, 15, 30, 60, 85)
    similar = vectors @ vectors.T
    walk = 0.85 * similar / similar.sum(axis=0) + 0.15 / 5
    values, eigenvectors = np.linalg.eig(walk)
    expected = np.abs(eigenvectors[:, values.real.argmax()])
    np.testing.assert_allclose(central(vectors), expected / expected.sum(), atol=1e-5)


def test_alike_sentences_share_alike() -> None:
    np.testing.assert_allclose(central(unit(40, 40, 40)), [1 / 3] * 3, atol=1e-6)


def test_a_sentence_without_a_word_takes_part() -> None:
    vectors = np.concatenate([unit(0, 10), np.zeros((1, 2), dtype=np.float32)])
    ranks = central(vectors)
    assert ranks.sum() == pytest.approx(1)
    assert ranks[2] == ranks.min() > 0


def test_place_and_length_make_a_sentence_fit() -> None:
    found = fitness([40, 80, 320, 640, 100, 0], [True, True, False, True, False, False])
    np.testing.assert_allclose(found, [0.5, LEADS, LATER, LEADS / 2, LATER, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("sentences", "count"), [(0, 0), (1, 1), (2, 2), (3, 3), (9, 3), (12, 3), (16, 4), (20, 5), (1_000, 5)]
)
def test_a_summary_has_three_to_five_sentences(sentences: int, count: int) -> None:
    vectors = unit(*np.linspace(0, 90, sentences))
    assert len(summarise(vectors, np.ones(sentences, dtype=np.float32), never)) == count


def test_a_repetition_is_left_out() -> None:
    vectors = unit(40, 40, 40, 90, 0)
    assert summarise(vectors, np.ones(5, dtype=np.float32), never) == (0, 3, 4)


def test_a_sentence_that_leans_gives_way() -> None:
    vectors = unit(0, 30, 60, 90)
    fit = np.array([1, 0.8, 0.9, 0.8], dtype=np.float32)
    assert summarise(vectors, fit, never) == (0, 1, 2)
    asked: list[int] = []

    def leans(number: int) -> bool:
        asked.append(number)
        return number == 0

    assert LEANS == 0.5
    assert summarise(vectors, fit, leans) == (1, 2, 3)
    assert sorted(asked) == sorted(set(asked))


@given(
    degrees=st.lists(st.floats(0, 360), max_size=40),
    fit=st.floats(0, 1),
    leaning=st.sets(st.integers(0, 39)),
)
def test_any_sentences_have_a_summary(degrees: list[float], fit: float, leaning: set[int]) -> None:
    vectors = unit(*degrees)
    found = summarise(vectors, np.full(len(degrees), fit, dtype=np.float32), leaning.__contains__)
    assert list(found) == sorted(set(found))
    assert len(found) == min(len(degrees), max(3, min(round(len(degrees) / 4), MOST)))
    assert all(0 <= number < len(degrees) for number in found)
