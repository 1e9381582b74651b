"""Terms, and where they stand."""

import pytest

from index.language.terms import Analyzer
from index.model.article import Span


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "When did the MPs demand 1,000.5 recognitions?", ["mps", "demand", "1000.5", "recognit"]),
        ("en-GB", "recognising recognised", ["recognis", "recognis"]),
        ("de", "die Häuser der Stadt", ["die", "haus", "der", "stadt"]),
        ("ja", "the 日本語 words", ["日本", "本語", "words"]),
        ("en", "‘It’s’ 🙂 !", []),
        ("en", "Did the WHO or IT reply?", ["WHO", "IT", "repli"]),
        ("en", "WHO WAS IT?", []),
        ("zh", "桥在1931年", ["桥在", "1931", "年"]),
    ],
)
def test_terms(language: str, text: str, expected: list[str]) -> None:
    assert Analyzer(language).terms(text) == expected


def test_terms_are_dealt_to_the_spans_that_they_start_in() -> None:
    text = "The ships anchor. Who anchors?\nA lighthouse, closed."
    located = Analyzer().located_terms(text)
    assert [text[start:].split()[0] for start in located.starts] == [
        "ships", "anchor.", "anchors?", "lighthouse,", "closed.",
    ]  # fmt: skip
    assert located.terms == Analyzer().terms(text)
    assert list(located.within([Span(0, 17), Span(18, 30), Span(30, 31), Span(31, 100)])) == [
        ["ship", "anchor"], ["anchor"], [], ["lighthous", "close"],
    ]  # fmt: skip
