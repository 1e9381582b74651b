"""Raised characters: exponents stay, marks of notes go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.extract.raised import lowered, raised


@pytest.mark.parametrize(
    ("before", "text", "after", "expected"),
    [
        ("about 10", "9", " stars", "⁹"),
        ("has 2", "24", " pixels", "²⁴"),
        ("10", "-6", "", "⁻⁶"),
        ("10", "−12", " s", "⁻¹²"),
        ("2", "n+1", "", "ⁿ⁺¹"),
        ("an area of 40 m", "2", ".", "²"),
        ("9.81 m/s", "2", "", "²"),
        ("km", "3", "", "³"),
        ("E = mc", "2", "", "²"),
        ("(x + 1)", "2", "", "²"),
        ("Ca", "2+", " ions", "²⁺"),
        ("with ", "14", "C it was dated", "¹⁴"),
        ("on the 19", "th", " of May", "th"),
        ("M", "me", " Curie", "me"),
        ("Elms", "TM", "", "TM"),
        ("Elms", "™", "", "™"),
        ("at 20", "o", "C", "°"),
        ("2", "k/2", "", "^(k/2)"),
        ("It costs $320", "1", " a year", ""),
        ("of 40", "1", " crowns", ""),
        ("of 40", "7", " crowns", ""),
        ("5", "4", "= 625", "⁴"),
        ("on 40", "2", " crowns", "²"),
        ("In 1931", "2", " it closed", ""),
        ("12,500", "3", " people", ""),
        ("the town", "12", " is", ""),
        ("the town.", "1,2", " It", ""),
        ("the town", "1–3", " is", ""),
        ("the town", "a", " is", ""),
        ("18", "*", " tons", ""),
        ("the town", "[4]", "", ""),
        ("the town", "[citation needed]", "", ""),
        ("it closed (see the map)", "2", "", ""),
        ("", "1", " By the count", ""),
        ("One.", "", "", ""),
    ],
)
def test_an_exponent_stays_and_a_mark_goes(before: str, text: str, after: str, expected: str) -> None:
    assert raised(text, before, after) == expected


def test_what_is_known_to_mark_a_note_goes() -> None:
    assert raised("2", "320", " crowns", is_note=True) == ""


@pytest.mark.parametrize(
    ("before", "text", "after", "expected"),
    [("H", "2", "O", "2"), ("log", "2", "8", "₂"), ("x", "i", " is", "i"), ("10", "2", "", "₂")],
)
def test_lowered_characters_run_into_no_number(before: str, text: str, after: str, expected: str) -> None:
    assert lowered(text, before, after) == expected


@given(st.text(max_size=60), st.text(max_size=6), st.text(max_size=3), st.booleans())
def test_raised_digits_are_never_glued_to_a_number(before: str, text: str, after: str, note: bool) -> None:
    plain = raised(text, before, after, is_note=note)
    assert not (
        before[-1:].isdecimal() and before[-1:].isascii() and plain[:1].isascii() and plain[:1].isdecimal()
    )
