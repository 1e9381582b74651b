"""How much memory a large article takes: so many bytes a character, and nothing of it twice."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from safetensors.numpy import load, save

from index.language.attribution import Speech
from index.model.article import Article, Passage, Sentence
from index.model.passages import Passages
from index.model.source import ANSWERS
from index.search.segments import Segment
from index.search.vectors import FaissStore
from index.storage.stored_article import (
    StoredArticle,
    _items,
    read_passages,
    write_article,
    write_passages,
)

_RUNS = 3

PARAGRAPH = (
    "On Monday the Mayor, Anna Berg, said that the harbour of Oslo was “full of ships”. She added: “We need "
    "a longer quay.” In June 2019 Tom Smith had told the council that nobody would come. He was wrong.\n"
)


def grown(work: Callable[[int], object]) -> float:
    """How many bytes more work takes at its peak for each that its size is larger."""
    # The least of a few: threads that earlier tests left waiting are traced too, when they wake.
    few, many = (min(_peak(work, size) for _ in range(_RUNS)) for size in (500, 1_500))
    return (many - few) / 1_000


def _peak(work: Callable[[int], object], size: int) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        work(size)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_who_is_quoted_takes_few_bytes_a_character() -> None:
    def quotes(paragraphs: int) -> object:
        return Speech(Article(id="a", title="", text=PARAGRAPH * paragraphs)).quotes()

    assert grown(quotes) / len(PARAGRAPH) < 30


def segment_of_size(passages: int) -> Segment:
    table = np.arange(4 * passages, dtype=np.int32).reshape(-1, 4)
    return Segment(
        language="en",
        codec="",
        vectors=np.ones((passages, 384), dtype=np.float32),
        passages=table,
        sentences=table,
        runs=table[:, :3],
        led=table[:0, :2],
        vocabulary=("quay",),
        term_starts=table[:, 0],
        term_places=table[:, 1],
        tokens=table[:, :2],
        sentence_count=passages,
    )


def test_a_segment_is_written_without_being_put_together() -> None:
    segments = {size: segment_of_size(size) for size in (500, 1_500)}
    of_a_passage = (segments[1_500].nbytes - segments[500].nbytes) / 1_000
    assert grown(lambda size: segments[size].write(lambda _: None)) < 0.1 * of_a_passage


def passages_of(count: int) -> tuple[Passage, ...]:
    return tuple(
        Passage(9 * n, 9 * n + 9, f"p{n + 1}", n, n + 1, (Sentence(9 * n, 9 * n + 8, n + 1, n),))
        for n in range(count)
    )


def test_passages_are_written_some_at_a_time() -> None:
    passages = {size: passages_of(size) for size in (5_000, 15_000)}
    assert (
        grown(lambda size: write_passages(passages[10 * size], lambda _: None)) / 10 < 10
    )  # of some hundred


@pytest.mark.parametrize("text", ["", 'a\n“ä”\\ "text":"" \U0001f9ea' * 60_000])
def test_what_is_written_of_an_article_is_its_json(text: str) -> None:
    article = Article(id="a", title='"text":""', text=text, questions=("What?",))
    content, origin = BytesIO(), ANSWERS
    write_article(article, origin, content.write)
    fields = {name: getattr(article, name) for name in StoredArticle.model_fields if name != "origin"}
    assert content.getvalue() == StoredArticle(**fields, origin=origin).model_dump_json().encode()


def test_an_article_is_written_some_at_a_time() -> None:
    articles = {size: Article(id="a", title="", text="é" * 20_000 * size) for size in (500, 1_500)}
    assert grown(lambda size: write_article(articles[size], None, lambda _: None)) < 2_000  # of 20,000


def test_what_is_written_of_passages_is_their_json() -> None:
    for passages in (passages_of(0), passages_of(1), passages_of(2_500)):
        content = BytesIO()
        write_passages(passages, content.write)
        assert content.getvalue() == TypeAdapter(tuple[Passage, ...]).dump_json(passages)


@given(
    st.recursive(st.none() | st.text(), lambda items: st.lists(items, max_size=3)), st.sampled_from([None, 1])
)
def test_the_items_of_an_array_are_read_one_by_one(value: object, indent: int | None) -> None:
    content = json.dumps(value, indent=indent)
    if isinstance(value, list):
        assert list(_items(content)) == value
    else:
        with pytest.raises(ValueError, match="no JSON array"):
            list(_items(content))


@pytest.mark.parametrize(
    "content",
    ["", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]2", "[]]", "[1]]", '["', "{}", "[1:2]"],
)
def test_what_is_no_array_is_not_read_as_one(content: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated"):
        list(_items(content))


def test_passages_are_read_some_at_a_time() -> None:
    contents = {}
    for size in (5_000, 15_000):
        content = BytesIO()
        write_passages(passages_of(size), content.write)
        contents[size] = content.getvalue()
    assert read_passages(contents[5_000]) == Passages(passages_of(5_000))
    of_a_passage = len(contents[15_000]) / 15_000
    assert grown(lambda size: read_passages(contents[10 * size])) / 10 < 2 * of_a_passage


def test_a_segment_is_a_safetensors_file() -> None:
    content, segment = BytesIO(), segment_of_size(3)
    segment.write(content.write)
    arrays = load(content.getvalue())
    assert np.array_equal(arrays["vectors"], segment.vectors)
    assert np.array_equal(arrays["runs"], segment.runs)
    again = Segment.read(BytesIO(save(arrays)).read)  # as that library lays it out
    assert np.array_equal(again.term_places, segment.term_places)
    assert again.vocabulary == segment.vocabulary


def test_the_vectors_of_a_store_are_lent_and_not_copied() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    lent = FaissStore.from_vectors(iter(rows), 4, 3).vectors()
    gc.collect()
    assert np.array_equal(lent, rows)
    assert not lent.flags.writeable
    store = FaissStore.from_vectors(rows, 4, 3)
    assert np.shares_memory(store.vectors(), store.vectors())
    assert FaissStore.from_vectors([], 0, 3).vectors().shape == (0, 3)
