"""The three tiers: each rule, both ways."""

import pytest

from index.answering.confidence import Thresholds, status
from index.model.answer import Status

THRESHOLDS = Thresholds(uncertain=0.3, answered=0.6)


def tier(question: str, quote: str, support: float = 0.9, unknown: frozenset[str] = frozenset()) -> Status:
    return status(question, quote, support, THRESHOLDS, lambda word: word not in unknown)


@pytest.mark.parametrize(
    ("support", "expected"),
    [
        (-1.0, Status.NOT_IN_ARTICLE),
        (0.299, Status.NOT_IN_ARTICLE),
        (0.3, Status.UNCERTAIN),
        (0.599, Status.UNCERTAIN),
        (0.6, Status.ANSWERED),
        (1.0, Status.ANSWERED),
    ],
)
def test_the_support_decides_between_the_tiers(support: float, expected: Status) -> None:
    assert tier("why was the bridge closed", "The bridge was closed as it was old.", support) is expected


@pytest.mark.parametrize(
    ("question", "unknown", "expected"),
    [
        ("What did Boris say of the bridge?", {"Boris"}, Status.UNCERTAIN),
        ("What did Boris say of the bridge?", set(), Status.ANSWERED),
        ("what was said in 1999 of the bridge", {"1999"}, Status.UNCERTAIN),
        ("what was said in 1999 of the bridge", set(), Status.ANSWERED),
        ("what did boris say of the bridge", {"boris"}, Status.ANSWERED),  # in lower case it may be any word
        ("WHAT DID BORIS SAY OF THE BRIDGE?", {"BORIS", "SAY"}, Status.ANSWERED),
        ("Explain the bridge.", {"Explain"}, Status.ANSWERED),  # capitalised as the first word
        ("Should I cross the bridge?", {"I"}, Status.ANSWERED),
    ],
)
def test_a_name_or_number_that_the_article_lacks_is_not_answered(
    question: str, unknown: set[str], expected: Status
) -> None:
    assert tier(question, "They said that the bridge was old.", unknown=frozenset(unknown)) is expected


@pytest.mark.parametrize(
    ("question", "quote", "expected"),
    [
        ("How many ships anchor there?", "There 40 ships anchor.", Status.ANSWERED),
        ("How many ships anchor there?", "There forty ships anchor.", Status.ANSWERED),
        ("How many ships anchor there?", "There are ships that anchor.", Status.UNCERTAIN),
        ("how much does it cost", "It costs a thousand a day.", Status.ANSWERED),
        ("how much does it cost", "It costs a lot.", Status.UNCERTAIN),
        ("When was it built?", "It was built in June.", Status.ANSWERED),
        ("When was it built?", "It was built in 1901.", Status.ANSWERED),
        ("When was it built?", "It was built of stone.", Status.UNCERTAIN),
        ("what year was it built", "It was built of stone.", Status.UNCERTAIN),
        ("Who built it?", "It was built by Ada Berg.", Status.ANSWERED),
        ("Who built it?", "It was built of stone.", Status.UNCERTAIN),
        ("Who built the house of Ada Berg?", "The house of Ada Berg was built of stone.", Status.UNCERTAIN),
        ("Where was it built?", "It was built in Norway.", Status.ANSWERED),
        ("Where was it built?", "It was built of stone.", Status.UNCERTAIN),
        ("Why was it built?", "It was built of stone.", Status.ANSWERED),
    ],
)
def test_what_is_asked_for_has_to_stand_in_the_sentence(question: str, quote: str, expected: Status) -> None:
    assert tier(question, quote) is expected


def test_too_little_support_outweighs_a_number() -> None:
    assert tier("How many ships?", "Forty ships.", support=0.1) is Status.NOT_IN_ARTICLE


@pytest.mark.parametrize(
    ("question", "quote", "expected"),
    [
        ("Who has served three terms?", "Khan, who has served three terms as mayor.", Status.ANSWERED),
        ("Which city is Khan the mayor of?", "Khan, who has served as mayor.", Status.UNCERTAIN),
        ("Who fears this?", "The people who eventually defeated the plan fear it.", Status.ANSWERED),
        ("Who fears this?", "What eventually defeated the plan was fear.", Status.UNCERTAIN),
        ("Khan joined members who defeated the plan", "They defeated the plan.", Status.ANSWERED),
        ("What is Khan's first name?", "Khan's remarks are not the first.", Status.UNCERTAIN),
    ],
)
def test_a_name_is_looked_for_where_one_is_asked_for(question: str, quote: str, expected: Status) -> None:
    assert tier(question, quote) is expected


@pytest.mark.parametrize(
    ("question", "quote", "expected"),
    [
        ("why?", "It was closed because it was old.", Status.ANSWERED),
        ("Why?", "The old bridge is closed.", Status.UNCERTAIN),
        ("when?", "It was closed in June.", Status.ANSWERED),
        ("when?", "The old bridge is closed.", Status.UNCERTAIN),
        ("who?", "Ada Berg closed it.", Status.ANSWERED),
        ("how many?", "Forty bridges are closed.", Status.ANSWERED),
        ("and?", "The old bridge is closed.", Status.UNCERTAIN),
        ("what else?", "The old bridge is closed.", Status.ANSWERED),
        ("and the ferry?", "The old bridge is closed.", Status.ANSWERED),
    ],
)
def test_a_follow_up_that_says_nothing_is_answered_by_what_it_asks_for(
    question: str, quote: str, expected: Status
) -> None:
    assert status(question, quote, 0.9, THRESHOLDS, lambda _: True, follows=True) is expected
    assert status(question, quote, 0.5, THRESHOLDS, lambda _: True, follows=True) is Status.UNCERTAIN
    assert status(question, quote, 0.2, THRESHOLDS, lambda _: True, follows=True) is Status.NOT_IN_ARTICLE


def test_nothing_is_asked_of_why_where_it_is_no_follow_up() -> None:
    assert tier("why?", "The old bridge is closed.") is Status.ANSWERED
