from __future__ import annotations

import random
from collections import Counter

import pytest

from index.reader.training.data import DOES_NOT_SAY, SAYS_OTHERWISE, SAYS_SO, SpanExample, VerdictExample
from index.reader.training.statements import (
    Statement,
    repetition,
    restatements,
    statement_of,
    statements,
    unsaid,
    values_beside,
)

CONTEXT = (
    "The foundry opened in 1921. Orrell cast the great bell there, and Ada tuned it. "
    "The bell weighs 900 kilograms. It has not been rung since the war."
)


def asked(question: str, answer: str | None, context: str = CONTEXT) -> SpanExample:
    start = None if answer is None else context.index(answer)
    end = None if answer is None or start is None else start + len(answer)
    return SpanExample(question, context, start, end, "squad2-train", "bells")


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Who cast the great bell?", Statement("{} cast the great bell.", None, None)),
        (
            "What is the capital of Haldane?",
            Statement(
                "{} is the capital of Haldane.",
                "Is {} the capital of Haldane?",
                "{} is not the capital of Haldane.",
            ),
        ),
        ("Which town won the race?", None),  # the verb does not tell itself from a noun
        ("Which town defended the race?", Statement("{} defended the race.", None, None)),
        (
            "When was the great bell cast?",
            Statement(None, "Was the great bell cast {}?", None),
        ),
        (
            "In what year was the foundry built?",
            Statement(
                "the foundry was built in {}.",
                "Was the foundry built in {}?",
                "the foundry was not built in {}.",
            ),
        ),
        (
            "When did the foundry open?",
            Statement("the foundry opened {}.", "Did the foundry open {}?", "the foundry did not open {}."),
        ),
        (
            "How many kilograms does the bell weigh?",
            Statement(None, "Does the bell weigh {} kilograms?", None),
        ),
        ("Where do {braces} stand?", Statement(None, "Do braces stand {}?", None)),
        ("Why?", None),
        ("According to Ada, who tuned it?", Statement("{} tuned it.", None, None)),
    ],
)
def test_a_question_says_something_once_it_is_answered(question: str, statement: Statement | None) -> None:
    assert statement_of(question, CONTEXT) == statement


def test_a_question_is_claimed_with_its_answer_and_with_another_of_the_context() -> None:
    example = asked("Who cast the great bell?", "Orrell")
    made = [one for seed in range(40) for one in statements(example, ["Ada"], random.Random(seed))]
    assert {(one.claim, one.verdict) for one in made} == {
        ("Orrell cast the great bell.", SAYS_SO),
        ("Ada cast the great bell.", SAYS_OTHERWISE),
    }
    assert all("Orrell cast the great bell" in one.context for one in made)


def test_the_negative_of_what_is_true_is_judged_the_other_way_round() -> None:
    context = "Lusava is the capital of Haldane. Povlani is a harbour."
    example = asked("What is the capital of Haldane?", "Lusava", context)
    made = {
        one.claim: one.verdict
        for seed in range(200)
        for one in statements(example, ["Povlani"], random.Random(seed))
    }
    assert made["Lusava is not the capital of Haldane."] == SAYS_OTHERWISE
    assert made["Povlani is not the capital of Haldane."] == SAYS_SO
    assert made["Is Lusava the capital of Haldane?"] == SAYS_SO


def test_what_a_context_does_not_answer_it_does_not_say() -> None:
    made = [*statements(asked("Who sold the great bell?", None), ["Ada"], random.Random(0))]
    assert [(one.claim, one.verdict) for one in made] == [("Ada sold the great bell.", DOES_NOT_SAY)]
    assert "great bell" in made[0].context
    silent = asked("Who cast the great bell?", None, "Ada sold it. It was heavy.")
    assert [one.verdict for one in unsaid(silent, "Orrell", random.Random(0))] == [DOES_NOT_SAY]


def test_only_values_that_could_be_taken_for_the_answer_stand_in_for_it() -> None:
    cast, tuned = asked("Who cast the great bell?", "Orrell"), asked("Who tuned it?", "Ada")
    year, weight = asked("When did the foundry open?", "1921"), asked("What does it weigh?", "900 kilograms")
    unanswerable = asked("Who sold Ada the foundry?", None)
    beside = values_beside([cast, tuned, year, weight, unanswerable])
    assert beside[cast] == ["Ada"]
    assert beside[tuned] == ["Orrell"]
    assert beside[year] == beside[weight] == []
    assert beside[unanswerable] == ["Orrell"]  # the question names Ada


def restated(context: str) -> list[VerdictExample]:
    return [one for seed in range(300) for one in restatements(context, random.Random(seed))]


def test_a_sentence_is_claimed_as_it_stands_changed_and_without_it() -> None:
    made = restated(CONTEXT)
    assert Counter(one.verdict for one in made).keys() == {SAYS_SO, SAYS_OTHERWISE, DOES_NOT_SAY}
    claims = {one.claim: one.verdict for one in made if one.verdict != DOES_NOT_SAY}
    assert claims["It has not been rung since the war."] == SAYS_SO
    assert claims["Has it not been rung since the war?"] == SAYS_SO
    assert claims["It has been rung since the war."] == SAYS_OTHERWISE
    for one in made:
        if one.verdict == SAYS_SO and one.claim.endswith("."):
            assert one.claim in one.context
        if one.verdict == SAYS_OTHERWISE:
            assert one.claim not in one.context


@pytest.mark.parametrize("context", ["", "One sentence is not enough to take one out of it.", "a. b. c."])
def test_a_context_with_nothing_to_change_gives_no_claim(context: str) -> None:
    assert restated(context) == []


def test_a_sentence_is_repeated_whole_or_in_its_main_part() -> None:
    context = "However, the mill (built in 1880) burned down in May, and nobody was hurt. It is gone."
    repeated = {repetition(context, random.Random(seed)) for seed in range(80)}
    assert {one.verdict for one in repeated if one} == {SAYS_SO}
    assert {one.claim for one in repeated if one} == {
        "However, the mill (built in 1880) burned down in May, and nobody was hurt.",
        "The mill burned down in May, and nobody was hurt.",
        "The mill burned down in May",
    }
    assert repetition("Too short.", random.Random(0)) is None
