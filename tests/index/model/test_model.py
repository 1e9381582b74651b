"""The dataclasses' own arithmetic: paragraphs, spans, the order of citations."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.model.answer import Answer, Citation, Status
from index.model.article import Article, Paragraph, Span


def article(text: str) -> Article:
    return Article(id="a", title="t", text=text)


def citation(start: int, *, number: int = 1, before: str = "", after: str = "") -> Citation:
    return Citation(number, "quote", start, start + 5, 1, "p1", None, 1.0, before, after)


def test_a_span_counts_code_points() -> None:
    assert Span(2, 5).of("🙂🙂été🙂") == "été"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one", [(0, 3, 1)]),
        ("one\ntwo\n", [(0, 3, 1), (4, 7, 2)]),
        ("one\r\ntwo\rthree", [(0, 3, 1), (5, 8, 2), (9, 14, 3)]),
        ("\n\n  one \n \t\n two", [(4, 7, 1), (13, 16, 2)]),
        ("one\u2028two\x0bthree\x85four", [(0, 3, 1), (4, 7, 2), (8, 13, 3), (14, 18, 4)]),
        (" \n\t", []),
        ("", []),
    ],
)
def test_paragraphs_stand_between_line_breaks(text: str, expected: list[tuple[int, int, int]]) -> None:
    assert tuple(article(text).paragraphs) == tuple(Paragraph(*numbers) for numbers in expected)


@given(st.text(alphabet=st.sampled_from("ab \t\n\r\x0b\x0c\x1c\x85\u2028\u2029\u00a0\u200b🙂")))
def test_paragraphs_hold_every_character_but_space_and_no_line_break(text: str) -> None:
    paragraphs = article(text).paragraphs
    assert [p.number for p in paragraphs] == list(range(1, len(paragraphs) + 1))
    assert all(p.of(text).splitlines() == [p.of(text)] == [p.of(text).strip()] for p in paragraphs)
    inside = {n for p in paragraphs for n in range(p.start, p.end)}
    assert all(char.isspace() for n, char in enumerate(text) if n not in inside)


def test_paragraph_at_an_offset_is_the_one_there_or_before() -> None:
    found = article("\none\n\ntwo")
    assert [found.paragraph_at(offset).number for offset in range(9)] == [1, 1, 1, 1, 1, 1, 2, 2, 2]


def test_an_article_is_known_by_its_text() -> None:
    assert article("été").sha256 == hashlib.sha256("été".encode()).hexdigest()


def test_a_citation_is_shown_with_its_speaker_and_its_marks() -> None:
    assert citation(0, before="Khan: “", after="”").text == "Khan: “quote”"


def test_citations_can_be_read_in_the_order_of_their_numbers() -> None:
    late, early = citation(90, number=2), citation(10)
    answer = Answer("q", Status.ANSWERED, (late, early), (), "a", "t", "1")
    assert answer.in_article_order == (early, late)
