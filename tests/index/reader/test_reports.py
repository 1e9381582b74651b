from __future__ import annotations

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from index.reader.training.reports import report_questions, reports

CONTEXT = (
    "The mayor of London, Sadiq Khan, also said that the party should recognise the state. According "
    'to Ann Lee, the letter has sixty names. Tom Fry warned: "A delay would cost many lives." It said '
    "that all is well."
)
OTHER = "Maria Silva argued that a tax on sugar would help the poorest most."


def test_who_is_reported_to_have_said_what() -> None:
    found = [(one.speaker, one.verb, CONTEXT[one.start : one.end]) for one in reports(CONTEXT)]
    assert found == [
        ("Sadiq Khan", "say", "the party should recognise the state"),
        ("Tom Fry", "warn", "A delay would cost many lives."),
        ("Ann Lee", "say", "the letter has sixty names"),
    ]


def test_questions_are_answered_by_the_words_reported_or_not_at_all() -> None:
    made = [one for seed in range(30) for one in report_questions([CONTEXT, OTHER], "a", random.Random(seed))]
    answered = {one.answer for one in made if one.start is not None}
    assert "a tax on sugar would help the poorest most" in answered
    assert {one.source for one in made} == {
        "report",
        "report of another",
        "report on else",
        "report elsewhere",
    }
    for one in made:
        if one.source == "report elsewhere":
            assert one.answer == ""
            assert one.context in (CONTEXT, OTHER)
        if one.source == "report":
            assert one.answer in one.context


@given(st.text(alphabet='Aa .,“"that said;', max_size=400))
def test_reports_stand_where_they_are_said_to(text: str) -> None:
    for one in reports(text):
        assert 15 <= one.end - one.start <= 240
        assert one.speaker in text


def test_hostile_text_is_read_in_a_moment() -> None:
    began = time.process_time()
    for text in ("Aa " * 20_000, "A. " * 20_000, "said that " * 10_000, "Ann, " * 20_000 + "said that"):
        reports(text)
    assert time.process_time() - began < 5
