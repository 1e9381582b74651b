"""Words that are written in several ways have one key."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.terms import Analyzer
from index.language.word_keys import WORD, word_key


@pytest.mark.parametrize(
    ("ways", "key"),
    [
        (("Malmö", "MALMO", "Malmo\u0308", "mal\u00admö", "Mal\u200bmö"), "malmo"),
        (("Weißer", "weisser", "WEISSER"), "weisser"),
        (("Łódź", "lodz"), "lodz"),
        (("48,250", "48.250", "48 250", "48\u00a0250", "48\u202f250", "48'250", "48250"), "48250"),
        (("6,75", "6.75"), "6.75"),
        (("0.125", "0,125"), "0.125"),
        (("2,048.75", "2.048,75"), "2048.75"),
        (("E.U.", "EU", "E.U"), "eu"),
        (("Ёлка", "елка"), "елка"),
        (("مُدَرِّس", "مدرس"), "مدرس"),
        (("٢٥", "25"), "25"),
    ],
)
def test_ways_to_write_a_word_have_one_key(ways: tuple[str, ...], key: str) -> None:
    for way in ways:
        (word,) = WORD.findall(way)
        assert (word, word_key(word)) == (way, key)


@pytest.mark.parametrize(
    ("one", "other"), [("10⁹", "109"), ("3.2", "32"), ("йод", "иод"), ("1.2.3", "123"), ("0.125", "125")]
)
def test_what_means_another_thing_has_another_key(one: str, other: str) -> None:
    assert word_key(one) != word_key(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("In 2008 500 of 12 500 men", ["In", "2008", "500", "of", "12 500", "men"]),
        ("the U.S.-led, 9 a.m. or x.y.zz", ["the", "U.S.", "led", "9", "a.m.", "or", "x", "y", "zz"]),
        ("100 200 300 400 500 600", ["100", "200", "300", "400", "500", "600"]),
    ],
)  # fmt: skip
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert WORD.findall(text) == words


def test_a_number_with_a_space_is_found_by_its_parts_as_well() -> None:
    located = Analyzer().located_terms("some 120 350 there")
    assert list(located.starts) == [0, 5, 5, 9]
    assert [located.vocabulary[place] for place in located.places] == ["some", "120350", "120", "350"]
    assert Analyzer().terms("120 350") == ["120350"]


@given(st.text())
def test_any_word_has_a_key_however_it_is_composed(text: str) -> None:
    for word in WORD.findall(text):
        assert word_key(word)
    for word in WORD.findall(unicodedata.normalize("NFC", text)):
        composed = WORD.findall(unicodedata.normalize("NFD", word))
        if len(composed) == 1 and word.isalpha() and word.lower() == word.casefold():
            assert word_key(composed[0]) == word_key(word)
