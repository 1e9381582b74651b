"""Exact BM25 on handmade texts."""

import logging
import math
from collections.abc import Sequence

import pytest

from index.language.terms import Analyzer
from index.search.bm25 import BM25

TEXTS = ("alpha beta beta", "alpha gamma delta gamma gamma", "epsilon")
K1, B, MEAN_LENGTH = 1.2, 0.75, 3


def bm25(texts: Sequence[str]) -> BM25:
    analyzer = Analyzer()
    return BM25([analyzer.terms(text) for text in texts], analyzer)


def idf(texts_with_term: int) -> float:
    return math.log(1 + (len(TEXTS) - texts_with_term + 0.5) / (texts_with_term + 0.5))


def saturated(count: int, length: int) -> float:
    return count / (count + K1 * (1 - B + B * length / MEAN_LENGTH))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("alpha", [idf(2) * saturated(1, 3), idf(2) * saturated(1, 5), 0]),
        ("beta", [idf(1) * saturated(2, 3), 0, 0]),
        ("beta beta", [2 * idf(1) * saturated(2, 3), 0, 0]),
        ("the Gammas of EPSILON?", [0, idf(1) * saturated(3, 5), idf(1) * saturated(1, 1)]),
        ("zeta the", [0, 0, 0]),
        ("", [0, 0, 0]),
    ],
)
def test_bm25_is_the_formula(question: str, expected: list[float]) -> None:
    assert bm25(TEXTS).scores(question).tolist() == pytest.approx(expected)


def test_bm25_gives_its_known_values() -> None:
    assert bm25(TEXTS).scores("alpha beta").tolist() == pytest.approx([0.8266563, 0.1678584, 0])


def test_bm25_over_texts_without_a_term_scores_nothing() -> None:
    assert bm25(["the", "of?"]).scores("the cat").tolist() == [0, 0]


def test_bm25_knows_its_terms() -> None:
    assert "beta" in bm25(TEXTS)
    assert "zeta" not in bm25(TEXTS)


def test_its_logger_goes_by_the_root_loggers_level() -> None:
    assert logging.getLogger("bm25s").level == logging.NOTSET
