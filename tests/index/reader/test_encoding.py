from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.reader.training.data import DOES_NOT_SAY, SAYS_SO, SpanExample, VerdictExample
from index.reader.training.encoding import WINDOW, Window, batches, tensors, windows

pytestmark = pytest.mark.slow


def encoded(tokenizer: Any, *examples: SpanExample | VerdictExample) -> list[Window]:
    return list(windows(examples, tokenizer, random.Random(0)))


def test_an_answer_is_where_its_tokens_are(tokenizer: Any) -> None:
    context = "The Rhine rises in Switzerland."
    start = context.index("Switzerland")
    (window,) = encoded(tokenizer, SpanExample("Where does it rise?", context, start, start + 11, "s", "g"))
    text = tokenizer.convert_ids_to_tokens(window.ids)
    assert text[: window.head] == ["[CLS]", "where", "does", "it", "rise", "?", "[SEP]"]
    assert text[window.first : window.last + 1] == ["switzerland"]
    assert text[-1] == "[SEP]"
    assert window.verdict == -100


def test_no_answer_is_the_first_token(tokenizer: Any) -> None:
    (window,) = encoded(tokenizer, SpanExample("Who?", "The Rhine rises.", None, None, "s", "g"))
    assert (window.first, window.last) == (0, 0)


def test_a_long_context_is_cut_around_its_answer(tokenizer: Any) -> None:
    context = "word " * 300 + "Switzerland " + "word " * 300
    start = context.index("Switzerland")
    example = SpanExample("Where?", context, start, start + 11, "s", "g")
    for seed in range(10):
        (window,) = windows([example], tokenizer, random.Random(seed))
        assert len(window.ids) == WINDOW
        assert tokenizer.decode(window.ids[window.first : window.last + 1]) == "switzerland"


def test_a_claim_has_a_verdict_and_no_span(tokenizer: Any) -> None:
    (window,) = encoded(tokenizer, VerdictExample("It rises.", "The Rhine rises.", SAYS_SO, "fever"))
    assert (window.first, window.last, window.verdict) == (-100, -100, SAYS_SO)
    assert encoded(tokenizer, VerdictExample("It rises.", "word " * 400, DOES_NOT_SAY, "fever")) == []


def test_batches_keep_to_their_budget_and_lose_nothing(tokenizer: Any) -> None:
    read = encoded(tokenizer, *(SpanExample("Who?", "word " * n, None, None, "s", "g") for n in range(1, 60)))
    made = batches(read, 200, random.Random(0))
    assert sorted(len(window.ids) for batch in made for window in batch) == [5 + n for n in range(1, 60)]
    assert all(len(batch) * max(len(window.ids) for window in batch) <= 200 for batch in made)


def test_windows_are_padded_to_a_width_that_multiplies_fast() -> None:
    batch = tensors(
        [Window([101, 7, 102, 8, 102], 3, 3, 3, -100), Window([101, 7, 102, 102], 3, -100, -100, 2)]
    )
    assert batch.ids.shape == (2, 16)
    assert batch.mask.sum(dim=1).tolist() == [5, 4]
    assert batch.kinds[0].tolist() == [0, 0, 0, 1, 1, *[0] * 11]
    assert batch.firsts.tolist() == [3, -100]
    assert batch.verdicts.tolist() == [-100, 2]


@settings(max_examples=50)
@given(st.text(max_size=60), st.text(min_size=1, max_size=200), st.data())
def test_whatever_the_text_a_window_points_into_its_context(
    tokenizer: Any, question: str, context: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(context) - 1))
    end = data.draw(st.integers(start + 1, len(context)))
    for window in encoded(tokenizer, SpanExample(question, context, start, end, "s", "g")):
        assert len(window.ids) <= WINDOW
        assert window.head <= window.first <= window.last < len(window.ids) - 1
