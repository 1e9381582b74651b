"""Exact BM25 on handmade texts."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.terms import Analyzer
from index.model.article import Span
from index.search.bm25 import BM25, TermPlaces

TEXTS = ("alpha beta beta", "alpha gamma delta gamma gamma", "epsilon")
K1, B, MEAN_LENGTH = 1.2, 0.75, 3


def bm25(texts: Sequence[str]) -> BM25:
    analyzer = Analyzer()
    return BM25.of([analyzer.terms(text) for text in texts], analyzer)


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


def test_bm25_over_spans_of_a_text_is_that_over_their_texts() -> None:
    spans = [Span(6, 16), Span(16, 17), Span(17, 51), Span(51, 51), Span(52, 59)]
    text, analyzer = " none " + "\n".join(TEXTS) + " none", Analyzer()
    terms = TermPlaces.of(analyzer.located_terms(text))
    of_text = BM25(terms, spans, analyzer)
    of_texts = BM25.of([analyzer.terms(span.of(text)) for span in spans], analyzer)
    for question in ("alpha beta gamma", "none epsilon", "Gammas?"):
        assert of_text.scores(question).tolist() == of_texts.scores(question).tolist()
        assert of_text.shares(question).tolist() == of_texts.shares(question).tolist()
    assert of_text.shares("beta gamma").tolist() == [0.5, 0, 1, 0, 0]
    assert not BM25(terms, [], analyzer).scores("alpha").size


def test_the_terms_of_a_text_are_dealt_to_the_spans_that_they_start_in() -> None:
    text = "The ships anchor. Who anchors?\nA lighthouse, closed."
    terms = TermPlaces.of(Analyzer().located_terms(text))
    spans = [Span(0, 17), Span(18, 30), Span(30, 31), Span(31, 100)]
    assert terms.bounds(spans).tolist() == [[0, 2], [2, 3], [3, 3], [3, 5]]
    assert [terms.positions(term).tolist() for term in ("anchor", "close", "who")] == [[1, 2], [4], []]


@given(st.lists(st.integers(0, 6), max_size=60), st.integers(1, 12))
def test_where_terms_stand_does_not_depend_on_how_many_are_sorted_at_once(
    places: list[int], at_once: int
) -> None:
    vocabulary = [f"term{number}" for number in range(7)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.search.bm25._AT_ONCE", at_once)
        terms = TermPlaces(vocabulary, range(len(places)), places)
        for number, term in enumerate(vocabulary):
            assert terms.positions(term).tolist() == [at for at, one in enumerate(places) if one == number]
