"""Terms, and where they stand."""

import pytest

from index.language.terms import Analyzer


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


def test_terms_are_told_with_where_they_start() -> None:
    text = "The ships anchor. Who anchors?\nA lighthouse, closed."
    located = Analyzer().located_terms(text)
    assert [text[start:].split()[0] for start in located.starts] == [
        "ships", "anchor.", "anchors?", "lighthouse,", "closed.",
    ]  # fmt: skip
    assert [located.vocabulary[place] for place in located.places] == Analyzer().terms(text)
    assert located.vocabulary == ("anchor", "close", "lighthous", "ship")
    assert located.words == ("The", "ships", "anchor", "Who", "anchors", "A", "lighthouse", "closed")
