"""BM25 over texts that come and go: what it always is over those that are there."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.terms import Analyzer
from index.search.bm25 import BM25
from index.search.postings import Postings

WORDS = ("anchor", "bridg", "cargo", "dock", "eel", "fog")
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=6), min_size=1, max_size=4)


def added(postings: Postings, first: int, texts: list[list[str]]) -> int:
    postings.add(first, [Counter(text) for text in texts])
    return first + len(texts)


@given(
    changes=st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=8),
    question=st.lists(st.sampled_from(WORDS), max_size=4),
)
def test_whatever_came_and_went_the_scores_are_those_of_what_is_there(
    changes: list[tuple[list[list[str]], bool]], question: list[str]
) -> None:
    postings, end = Postings(), 0
    kept: list[tuple[int, list[list[str]]]] = []
    going: list[tuple[int, list[list[str]]]] = []
    for texts, stays in changes:
        (kept if stays else going).append((end, texts))
        end = added(postings, end, texts)
    for first, texts in going:
        postings.remove(first, first + len(texts), {term for text in texts for term in text})
    flat = [text for _, texts in kept for text in texts]
    numbers = [first + n for first, texts in kept for n in range(len(texts))]
    scores = postings.scores(question)
    assert len(postings) == len(flat)
    if flat:
        expected = BM25.of(flat, Analyzer()).scores(" ".join(question))
        assert scores[numbers] == pytest.approx(expected, abs=1e-5)
    gone = np.setdiff1d(np.arange(len(scores)), numbers)
    assert not scores[gone].any()
    best = postings.best(question, 3)
    assert set(best) <= set(numbers)
    assert [float(scores[n]) for n in best] == sorted(scores[scores > 0].tolist(), reverse=True)[:3]


def test_a_term_that_nothing_has_any_more_is_not_known() -> None:
    postings = Postings()
    added(postings, 0, [["eel"], ["fog"]])
    postings.remove(0, 1, ["eel"])
    assert ("eel" in postings, "fog" in postings) == (False, True)
