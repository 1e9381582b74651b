"""Which questions yes or no answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.yes_no import asks_yes_or_no


@pytest.mark.parametrize(
    "question",
    [
        "Did Khan call for a ceasefire?",
        "is the pool closed",
        "Hi, is it true that he resigned?",
        "And was she there?",
        "ok so does the ferry run on Sundays",
        "Isn't the bridge open?",
        "Can I bring a dog?",
        "Will it be open when the ferry stops?",
        "Has nobody who was there been questioned?",
        "Is he dead or not?",
    ],
)
def test_yes_or_no(question: str) -> None:
    assert asks_yes_or_no(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who called for a ceasefire?",
        "how many",
        "When is the pool closed?",
        "Can you tell me who won?",
        "could someone explain the vote",
        "Would you please summarise the second part?",
        "Is it red or blue?",
        "Does the article say how many died?",
        "Do you know when it was?",
        "Is there a reason given why he left?",
        "Khan called for a ceasefire.",
        "",
        "?",
        "Island ferries",
    ],
)
def test_something_else(question: str) -> None:
    assert not asks_yes_or_no(question)


@given(st.text())
def test_any_text_is_one_or_the_other(text: str) -> None:
    assert asks_yes_or_no(text) in (True, False)
