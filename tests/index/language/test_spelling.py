"""Slips are read as words of the article, and quickly."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.spelling import Speller

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


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Khan", True), ("khan", True), ("KHAN", True), ("Will", False), ("ship", False), ("Elms", False)],
)
def test_a_name_is_written_with_a_capital_only(word: str, *, expected: bool) -> None:
    assert Speller("Khan spoke. Will he? He will. The ship sank; Ship it.").is_name(word) is expected


@pytest.mark.slow
def test_a_book_of_distinct_words_is_looked_through_in_time() -> None:
    letters = ("".join(some) for some in itertools.product("abcdefgh", repeat=6))
    speller = Speller(" ".join(f"w{some}" for some in letters))  # 262,144 words of seven letters
    began = time.process_time()
    for number in range(32):
        assert speller.correct(f"wzz{chr(105 + number % 8)}zqq") is None
    assert time.process_time() - began < 10  # 0.2 s on an idle core
