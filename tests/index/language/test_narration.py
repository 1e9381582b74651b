"""A narration in part is what it is as a whole, however much of it is held."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.language.attribution import Speech
from index.language.narration import QUOTATION_CHAR, Narration
from index.language.quotations import quotations
from index.model.article import Article, Span

PIECES = st.sampled_from([*'“”"‘’«»\n\ue000', ". ", "Khan said ", "He ", "it was "])
TEXTS = st.lists(PIECES, max_size=40).map("".join)


WINDOWS = st.sampled_from([(16_384, 2_048), (8, 2), (3, 1)])


def whole(article: Article) -> str:
    """The narration at a stretch."""
    text = article.text
    for quotation in quotations(article):
        length = quotation.end - quotation.start
        text = text[: quotation.start] + QUOTATION_CHAR * length + text[quotation.end :]
    return text


@given(TEXTS, WINDOWS, st.data())
def test_a_part_is_what_the_whole_has_there(text: str, window: tuple[int, int], data: st.DataObject) -> None:
    article = Article(id="a", title="t", text=text)
    narration = Narration(article, quotations(article))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.language.narration._WINDOW", window[0])
        patch.setattr("index.language.narration._BEHIND", window[1])
        for _ in range(4):
            start = data.draw(st.integers(-3, len(text)))
            end = data.draw(st.integers(start, len(text) + 3))
            assert narration.within(start, end) == whole(article)[max(start, 0) : max(end, 0)]
            words = whole(article)[max(start, 0) : end]
            assert narration.has(words, max(start, 0))


@given(TEXTS, WINDOWS)
def test_speech_does_not_depend_on_how_much_is_narrated_at_once(text: str, window: tuple[int, int]) -> None:
    article = Article(id="a", title="t", text=text)
    expected = Speech(article).quotes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.language.narration._WINDOW", window[0])
        patch.setattr("index.language.narration._BEHIND", window[1])
        assert Speech(article).quotes() == expected


def test_of_a_long_article_only_a_window_is_narrated() -> None:
    article = Article(id="a", title="t", text="Khan said “it was full”. " * 40_000)
    narration = Narration(article, quotations(article))
    tracemalloc.start()
    for start in range(0, len(article.text), 1_000):
        assert narration.within(start, start + 25) == f"Khan said {QUOTATION_CHAR * 13}. "
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(article.text) / 2


@given(TEXTS, st.data())
def test_what_is_prepared_is_what_is_found_without(text: str, data: st.DataObject) -> None:
    article = Article(id="a", title="t", text=text)
    start = data.draw(st.integers(0, len(text)))
    span = Span(start, data.draw(st.integers(start, len(text))))
    prepared, speech = Speech(article), Speech(article)
    prepared.prepare()
    assert prepared.leans_on_previous(span) is speech.leans_on_previous(span)
    assert prepared.mentions(span) == speech.mentions(span)
    assert prepared.frame(span) == speech.frame(span)
    assert prepared.quotes() == speech.quotes()
