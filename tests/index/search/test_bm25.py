"""Exact BM25, terms and spelling slips on handmade texts."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.model.article import Span
from index.search.bm25 import BM25, Analyzer, Speller

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


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "When did the MPs demand 1,000.5 recognitions?", ["mps", "demand", "1,000.5", "recognit"]),
        ("en-GB", "recognising recognised", ["recognis", "recognis"]),
        ("de", "die Häuser der Stadt", ["die", "haus", "der", "stadt"]),
        ("ja", "the 日本語 words", ["日本語", "words"]),
        ("en", "‘It’s’ 🙂 !", []),
    ],
)
def test_terms(language: str, text: str, expected: list[str]) -> None:
    assert Analyzer(language).terms(text) == expected


ARTICLE = "Health Secretary Wes Streeting spoke of Rafah. The Palestinian statehood plan; a plan of Ümit's."


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("streting", "Streeting"),
        ("STREETIGN", "Streeting"),
        ("rafa", "Rafah"),
        ("rafha", "Rafah"),
        ("pallestinain", "Palestinian"),
        ("ümitt", "Ümit"),
        ("plans", "plan"),
        ("Streeting", None),
        ("rafah", None),
        ("plxy", None),
        ("tafah", None),
        ("raf", None),
        ("wess", None),
        ("statehoo2", None),
        ("", None),
    ],
)
def test_a_slip_is_read_as_the_nearest_word_of_the_article(slip: str, meant: str | None) -> None:
    assert Speller(ARTICLE).correct(slip) == meant


@given(st.text())
def test_what_is_read_is_a_word_of_the_article(word: str) -> None:
    speller = Speller(ARTICLE)
    meant = speller.correct(word)
    assert meant is None or (meant in ARTICLE and meant in speller and word not in speller)


def test_terms_are_dealt_to_the_spans_that_they_start_in() -> None:
    text = "The ships anchor. Who anchors?\nA lighthouse, closed."
    located = Analyzer().located_terms(text)
    assert [text[start:].split()[0] for start in located.starts] == [
        "ships", "anchor.", "anchors?", "lighthouse,", "closed.",
    ]  # fmt: skip
    assert located.terms == Analyzer().terms(text)
    assert located.within([Span(0, 17), Span(18, 30), Span(30, 31), Span(31, 100)]) == [
        ["ship", "anchor"], ["anchor"], [], ["lighthous", "close"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Khan", True), ("khan", True), ("KHAN", True), ("Will", False), ("ship", False), ("Elms", False)],
)
def test_a_name_is_written_with_a_capital_only(word: str, *, expected: bool) -> None:
    assert Speller("Khan spoke. Will he? He will. The ship sank; Ship it.").is_name(word) is expected
