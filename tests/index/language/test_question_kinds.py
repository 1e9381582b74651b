"""What answers who, where and when need not be written with a capital."""

import pytest

from index.language.question_kinds import asked_kinds, lacks_what_is_asked
from index.language.yes_no import asks_yes_or_no


@pytest.mark.parametrize(
    ("question", "quote", "lacks"),
    [
        ("Where is the ladder?", "The ladder hangs behind the old shed.", False),
        ("Where do they sleep?", "They sleep upstairs.", False),
        ("Where did it go wrong?", "It went badly wrong.", True),
        ("Who mends the nets?", "The nets are mended by two retired sailors.", False),
        ("Who feeds the geese?", "Volunteers feed the geese.", False),
        ("Who opposed it?", "The plan was bold.", True),
        ("When is the bell rung?", "The bell is rung at dusk.", False),
        ("When does it shut?", "It never shuts.", False),
        ("When did it fail?", "The plan failed badly.", True),
        ("Which colour is the roof?", "The roof is red.", False),
        ("Which town paid?", "The plan was paid for.", True),
        ("What did the WHO advise?", "It advised rest.", False),
        ("WHO ADVISED IT?", "It was advised.", True),
    ],
)
def test_what_is_asked_for_is_there_or_not(question: str, quote: str, *, lacks: bool) -> None:
    assert lacks_what_is_asked(question, quote) is lacks


@pytest.mark.parametrize(
    ("question", "name"), [("What did the WHO say?", False), ("WHO said so?", False), ("Who said so?", True)]
)
def test_the_who_is_nobody(question: str, *, name: bool) -> None:
    assert asked_kinds(question).name is name


def test_a_question_with_the_who_in_it_has_a_yes_or_no() -> None:
    assert asks_yes_or_no("Has the WHO approved it?")
