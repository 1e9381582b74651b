"""What is cut out of a sentence that is too long, and where some words stand."""

import time

import pytest

from index.answering.quoting import MAX_QUOTE_CHARS, Quoting, standing
from index.language.attribution import Speech
from index.model.article import Article, Span
from index.search.build import build
from index.search.ranking import Retriever
from tests.index.fakes import FakeEmbedder


def shortened(text: str, question: str) -> str:
    article, embedder = Article(id="a", title="t", text=text), FakeEmbedder()
    quoting = Quoting(
        article, speech=Speech(article), retriever=Retriever(build(article, embedder), embedder)
    )
    return quoting.shortened(Span(0, len(text)), question).of(text)


def test_a_short_sentence_is_quoted_whole() -> None:
    assert shortened("One; two; three.", "two") == "One; two; three."


def test_a_long_one_is_cut_to_the_clauses_with_the_questions_words() -> None:
    filler = "and more of that " * 20
    text = f"{filler}; {filler}; the lamp was lit; the ship sank; {filler}; {filler}."
    quote = shortened(text, "When was the lamp lit and the ship sunk?")
    assert "the lamp was lit; the ship sank;" in quote
    assert len(quote) <= MAX_QUOTE_CHARS


def test_a_first_clause_that_is_too_long_is_not_joined_to_what_follows() -> None:
    first = "word " * 200
    assert shortened(f"{first}lamp; two; three.", "lamp") == f"{first}lamp;"


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ("ship", "The ships left. A ship came.", Span(18, 22)),
        ("ship", "The ships left.", None),
        ("a a", "aa a", None),
        ("ha ha", "aha ha ha", Span(4, 9)),
        ("(x)", "f(x) (x)", Span(5, 8)),
        ("x", "x", Span(0, 1)),
    ],
)
def test_words_stand_where_they_are_whole(words: str, text: str, expected: Span | None) -> None:
    assert standing(words, text) == expected


@pytest.mark.parametrize(("words", "unit"), [("a" * 4_000, "a"), (".a" * 2_000, ".a"), ("a", "a")])
def test_words_are_looked_for_in_time(words: str, unit: str) -> None:
    began = time.process_time()
    assert standing(words, "b" + unit * 500_000) is None
    assert time.process_time() - began < 2  # 0.1 s on an idle core
