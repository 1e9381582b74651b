"""Passages as columns: what is put in comes out, one at a time, some, or all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.model.article import Passage, Sentence
from index.model.passages import Passages, passage_id

PARAGRAPHS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 3), min_size=1, max_size=4),  # how many sentences each of its passages has
        st.lists(st.sampled_from(["Harbour", "Quay"]), max_size=2).map(tuple),
    ),
    max_size=5,
)


def passages_of(paragraphs: list[tuple[list[int], tuple[str, ...]]]) -> tuple[Passage, ...]:
    passages: list[Passage] = []
    for paragraph, (counts, path) in enumerate(paragraphs, 1):
        for place, count in enumerate(counts):
            number = len(passages)
            sentences = tuple(
                Sentence(10 * number + n, 10 * number + n + 1, paragraph, number) for n in range(count)
            )
            name = passage_id(paragraph, place, len(counts))
            passages.append(Passage(10 * number, 10 * number + 10, name, number, paragraph, sentences, path))
    return tuple(passages)


@given(PARAGRAPHS)
def test_what_is_put_in_comes_out(paragraphs: list[tuple[list[int], tuple[str, ...]]]) -> None:
    given_passages = passages_of(paragraphs)
    passages = Passages(iter(given_passages))
    assert tuple(passages) == tuple(passages[n] for n in range(len(passages))) == given_passages
    assert passages[1:-1] == list(given_passages[1:-1])
    assert passages[::-1] == list(given_passages[::-1])
    assert list(passages.sentences) == [one for passage in given_passages for one in passage.sentences]
    assert passages.sentences.passages() == [one.number for one in given_passages if one.sentences]
    assert passages == Passages(given_passages)
    for offset in range(10 * len(passages)):
        assert passages.number_at(offset) == offset // 10


def test_a_passage_that_is_not_there_is_none() -> None:
    passages = Passages(passages_of([([1], ())]))
    assert passages[-1] == passages[0]
    with pytest.raises(IndexError):
        passages[1]
    assert not Passages()
    assert Passages() != ()
    assert Passages().sentences.of_passage(0) == ()


def test_a_passage_is_called_by_its_paragraph_and_its_place_in_it() -> None:
    names = [passage.id for passage in Passages(passages_of([([1], ()), ([1, 1, 1], ()), ([1], ())]))]
    assert names == ["p1", "p2.1", "p2.2", "p2.3", "p3"]
