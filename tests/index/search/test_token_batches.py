"""Batches of like length, and windows of a stream."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from index.search.token_batches import WINDOW, in_windows, token_batches


def test_the_longest_come_first_and_padding_counts() -> None:
    assert list(token_batches([3, 9, 4, 8, 1], 18)) == [[1, 3], [2, 0, 4]]
    assert list(token_batches([50, 2], 18)) == [[0], [1]]
    assert list(token_batches([], 18)) == []


@given(lengths=st.lists(st.integers(0, 300)), most=st.integers(1, 600))
def test_every_text_is_in_one_batch_that_is_not_too_large(lengths: list[int], most: int) -> None:
    batches = list(token_batches(lengths, most))
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[number] for number in batch) <= most


def test_a_stream_is_taken_a_window_at_a_time() -> None:
    stream = count()
    assert next(in_windows(stream)) == list(range(WINDOW))
    assert next(stream) == WINDOW
    assert list(in_windows(range(WINDOW + 1)))[1] == [WINDOW]
    assert list(in_windows([])) == []
