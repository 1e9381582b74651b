from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.reader.training import lookalikes
from index.reader.training.data import SpanExample
from index.reader.training.lookalikes import Surroundings, surroundings

CONTEXT = (
    "Ada Lovelace was born in London in 1815. Her mother was Anne Milbanke. "
    "In 1833 she met Charles Babbage, the largest influence on her work."
)
OTHERS = [
    "Mary Somerville wrote to John Herschel in 1834.",
    "The Difference Engine had 25,000 parts in 1832.",
]
AROUND = surroundings([CONTEXT, *OTHERS])


def example(question: str, answer: str, context: str = CONTEXT) -> SpanExample:
    start = context.index(answer)
    return SpanExample(question, context, start, start + len(answer), "test", "Ada")


def seeded(seed: int = 0) -> random.Random:
    return random.Random(seed)


def test_an_article_gives_names_numbers_and_years() -> None:
    expected = Surroundings(
        names=["Ada Lovelace", "London", "Anne Milbanke", "Charles Babbage", "Mary Somerville",
               "John Herschel", "Difference Engine"],
        numbers=["25,000"],
        years=["1815", "1833", "1834", "1832"],
    )  # fmt: skip
    assert expected == AROUND


def test_a_name_becomes_one_that_the_context_lacks_or_has_in_another_sentence() -> None:
    asked = example("Where was Ada Lovelace born?", "London")
    made = {lookalikes.swapped_name(asked, AROUND, seeded(seed)) for seed in range(60)} - {None}
    questions = {one.question for one in made if one}
    assert "Where was Mary Somerville born?" in questions
    assert "Where was Charles Babbage born?" in questions
    assert "Where was Ada Lovelace born?" not in questions
    assert {(one.start, one.end, one.context) for one in made if one} == {(None, None, CONTEXT)}


def test_a_year_becomes_one_that_the_context_lacks() -> None:
    asked = example("Whom did she meet in 1833?", "Charles Babbage")
    made = [lookalikes.swapped_number(asked, AROUND, seeded(seed)) for seed in range(30)]
    years = {one.question.removeprefix("Whom did she meet in ").rstrip("?") for one in made if one}
    assert years
    assert not years & {"1833", "1815"}
    assert "1834" in years


@pytest.mark.parametrize(
    ("way", "question", "answer", "becomes"),
    [
        (
            lookalikes.opposite,
            "What was the largest influence?",
            "Charles Babbage",
            "What was the smallest influence?",
        ),
        (lookalikes.negated, "Who was born in London?", "Ada Lovelace", "Who was not born in London?"),
        (lookalikes.negated, "Where was Ada born?", "London", None),
        (lookalikes.swapped_number, "Who is Ada?", "Ada", None),
        (lookalikes.swapped_role, "Who was her aunt?", "Anne Milbanke", None),
        (lookalikes.opposite, "Who was she?", "Ada", None),
    ],
)
def test_a_question_is_changed_where_there_is_something_to_change(
    way: object, question: str, answer: str, becomes: str | None
) -> None:
    assert callable(way)
    made = way(example(question, answer), AROUND, seeded(3))
    if becomes and "not" in becomes:
        assert made.question in {becomes, becomes.replace("not", "never")}
    else:
        assert (made and made.question) == becomes


def test_a_role_becomes_another_of_its_kind() -> None:
    asked = example("Who was her mother?", "Anne Milbanke")
    made = [lookalikes.swapped_role(asked, AROUND, seeded(seed)) for seed in range(20)]
    roles = {one.question.removeprefix("Who was her ").rstrip("?") for one in made if one}
    assert roles <= {
        "father",
        "brother",
        "sister",
        "son",
        "daughter",
        "wife",
        "husband",
        "uncle",
        "cousin",
        "grandfather",
    }
    assert len(roles) > 3


def test_a_context_loses_the_sentence_that_answers() -> None:
    made = lookalikes.sentence_removed(example("Who was her mother?", "Anne Milbanke"), AROUND, seeded())
    assert made is not None
    assert made.context == (
        "Ada Lovelace was born in London in 1815. "
        "In 1833 she met Charles Babbage, the largest influence on her work."
    )
    assert made.start is None


def test_a_context_that_says_it_twice_keeps_both() -> None:
    twice = "It is red. Red it is, said Ann. Blue was the sea. A red one."
    assert lookalikes.sentence_removed(example("Which colour?", "red", twice), AROUND, seeded()) is None


@given(st.text(max_size=80), st.text(min_size=1, max_size=200), st.data())
def test_whatever_the_text_a_lookalike_is_unanswered_and_not_the_same(
    question: str, context: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(context) - 1))
    end = data.draw(st.integers(start + 1, len(context)))
    asked = SpanExample(question, context, start, end, "test", "group")
    made = lookalikes.lookalike(asked, surroundings([context, question]), seeded())
    if made:
        assert made.start is None
        assert (made.question, made.context) != (question, context)


@given(st.text(max_size=300))
def test_sentences_are_all_of_the_text(text: str) -> None:
    spans = lookalikes.sentence_spans(text)
    assert "".join(text[start:end] for start, end in spans) == text
