"""Wrapped lines are joined to the paragraphs that they were; what is not wrapped stays to the character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.extract.lines import flowed
from index.sources.extract.plain import plain
from index.sources.limits import Limits

WRAPPED = """THE FERRY OF ELMS

The ferry was built in the winter of 1903 by two brothers from Kessel, who had
never built anything but carts before, and it sank on the day on which it was
launched.

It was raised in the month of May, when the water is low. For that, a well-
known diver, Anna Holm, fastened the ropes to it and was paid forty crowns by
the town, which had them from the bank.
"""
FLOWED = """THE FERRY OF ELMS

The ferry was built in the winter of 1903 by two brothers from Kessel, who had never built anything but \
carts before, and it sank on the day on which it was launched.

It was raised in the month of May, when the water is low. For that, a well-known diver, Anna Holm, \
fastened the ropes to it and was paid forty crowns by the town, which had them from the bank.
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_wrapped_paragraphs_are_joined(end: str) -> None:
    assert flowed(WRAPPED.replace("\n", end)) == FLOWED.replace("\n", end)


def test_a_mail_has_paragraphs_and_what_it_answers_no_marks() -> None:
    mail = (
        "From: Ida Krogh\nTo: the board\nSubject: The pier\n\n"
        "The pier was inspected on Monday by two engineers, who found that the third\n"
        "pile has rotted through and must be replaced before the winter.\n\n"
        "On Tuesday Jon Hale wrote:\n"
        "> I think that we should wait until the spring, since the money for this\n"
        "> year has been spent on the slipway already.\n>\n> Can somebody ask?\n\n"
        "We need:\n- four piles of oak of six metres each, which the yard in Tessin can bring\n"
        "  within two weeks\n- a barge\n\nBest,\nIda\n"
    )
    assert flowed(mail) == (
        "From: Ida Krogh\nTo: the board\nSubject: The pier\n\n"
        "The pier was inspected on Monday by two engineers, who found that the third pile has rotted through "
        "and must be replaced before the winter.\n\n"
        "On Tuesday Jon Hale wrote:\n"
        "I think that we should wait until the spring, since the money for this year has been spent on the "
        "slipway already.\n\nCan somebody ask?\n\n"
        "We need:\n- four piles of oak of six metres each, which the yard in Tessin can bring within two "
        "weeks\n- a barge\n\nBest,\nIda\n"
    )


@pytest.mark.parametrize("hyphen", ["-", "\xad"])
def test_a_word_that_is_cut_at_the_end_of_a_line_is_whole_again(hyphen: str) -> None:
    text = (
        f"The old observatory on Mount Cerro was planned in 1874 and finished by the astron{hyphen}\n"
        "omer Lucie Brandt, who paid for the well-known dome of nine tons by herself, since the\n"
        "university had no money left for it.\n"
    )
    (paragraph,) = plain(text, Limits()).text.splitlines()
    assert paragraph == (
        "The old observatory on Mount Cerro was planned in 1874 and finished by the astronomer Lucie Brandt, "
        "who paid for the well-known dome of nine tons by herself, since the university had no money left "
        "for it."
    )


def test_paragraphs_that_an_indent_begins() -> None:
    text = (
        "   It was a dark evening when the ferry left the pier of Elms, and nobody on\n"
        "board knew that the light had gone out.\n"
        "   The captain, who had sailed these waters for thirty years, kept his eyes on\n"
        "the reef.\n"
    )
    assert [line.strip() for line in flowed(text).splitlines()] == [
        "It was a dark evening when the ferry left the pier of Elms, and nobody on board knew that the light "
        "had gone out.",
        "The captain, who had sailed these waters for thirty years, kept his eyes on the reef.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "One.\r\n\r\n Two.\n",
        "Anna Jones\n12 Mill Road\nElms\n",
        "Now that the ferry has left the pier of Elms,\nAnd all of the lamps in the harbour are out,\n"
        "There is nobody left who remembers the day,\nAnd nobody left to remember it for.\n",
        "Name          Age     Town\nAnna Jones    12      Elms on the long river of the north and\n"
        "Olaf          13      Orla\n",
        "A paragraph that is one line, however long it is, as editors have it that wrap by themselves.\n"
        "And another one that is one line as well, and about as long as the one before, which nobody did.\n",
        "- one thing that is to be brought along by everybody who comes\n- another thing\n- a third\n",
    ],
)
def test_what_is_not_wrapped_stays_as_it_is(text: str) -> None:
    assert flowed(text) == text


@given(st.text(st.sampled_from("ab .,>-\n\r\t1A"), max_size=300), st.integers(30, 90))
def test_no_word_is_lost(text: str, width: int) -> None:
    wrapped = text + "word " * 40
    lines = [wrapped[n : n + width] for n in range(0, len(wrapped), width)]
    written = "\n".join(lines)
    letters = [char for char in written if char.isalnum()]
    assert [char for char in flowed(written) if char.isalnum()] == letters
