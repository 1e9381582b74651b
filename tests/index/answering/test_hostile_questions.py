"""Questions that are made to be slow to read, put to the real model."""

from __future__ import annotations

import time

import pytest

from index.answering.answerer import Answerer
from index.errors import QuestionError
from index.model.answer import MAX_QUESTION_CHARS, Turn
from tests.index.hostile_texts import TEXTS

pytestmark = pytest.mark.slow

SECONDS = 8.0
"""CPU seconds for what takes a tenth of that as a rule, most of it the model's."""


def statuses(answerer: Answerer, text: str) -> list[str]:
    """What becomes of a text as a question, first and later in a conversation."""
    turns = (Turn(text, ()), Turn(f"And {text}", ()))
    questions = (f"What of {text}", f"And he? {text[:180]}", f"What did {text[:150]} say?")
    return [answerer.answer(question, turns).status for question in questions]


@pytest.mark.parametrize("name", list(TEXTS)[::6])
def test_a_question_is_answered_in_the_time_of_a_question(name: str, answerer: Answerer) -> None:
    text = TEXTS[name](MAX_QUESTION_CHARS)[: MAX_QUESTION_CHARS - 20]
    began = time.process_time()
    assert set(statuses(answerer, text)) <= {"answered", "uncertain", "not_in_article"}
    assert answerer.quotes(text) == ()
    answerer.nearest(text)
    assert time.process_time() - began < SECONDS


def test_a_question_that_is_too_long_is_refused_unread(answerer: Answerer) -> None:
    began = time.process_time()
    for text in TEXTS.values():
        with pytest.raises(QuestionError):
            answerer.answer(f"What is {text(100_000)} here?")
    assert time.process_time() - began < SECONDS
