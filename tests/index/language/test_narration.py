"""A narration in part is what it is as a whole, before the whole is made and after it is let go of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.language.attribution import Speech
from index.language.narration import Narration
from index.language.quotations import quotations
from index.model.article import Article, Span

PIECES = st.sampled_from([*'“”"‘’«»\n\ue000', ". ", "Khan said ", "He ", "it was "])
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@given(TEXTS, st.data())
def test_a_part_is_what_the_whole_has_there(text: str, data: st.DataObject) -> None:
    article = Article(id="a", title="t", text=text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    narration = Narration(article, quotations(article))
    before = narration.within(start, end)
    assert len(narration.text) == len(text)
    assert before == narration.text[start:end] == narration.within(start, end)
    narration.forget_text()
    assert narration.within(start, end) == before
    assert narration.text[start:end] == before


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
