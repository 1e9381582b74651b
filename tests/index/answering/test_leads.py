"""Answers that stand after, under or beside what matches the question, with the real models."""

import pytest

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.answering.fitted_reader import FittedReader, load_reader
from index.model.answer import Answer, Status
from index.model.article import Article, Heading
from index.search.build import build
from index.search.embedding import SentenceTransformerEmbedder

TEXT = """Visiting the mill

When does the mill open on Sundays?

We unlock the doors at eleven and close at five.

Can I bring my dog?

Only assistance animals are allowed near the stones.

Opening hours: 9 to 17, closed on Mondays

Please ring the bell at the side gate.

The starter kit contains:

four shelf props

a bag of grog

two ceramic cones

1. The tenant pays the rent on the first day of each month.

2. The landlord repairs the roof within thirty days.

Any dispute about clause 2 goes to the harbour master, who decides it within a month and tells both sides why.
"""
HEADINGS = ("Visiting the mill", "Can I bring my dog?", "Opening hours: 9 to 17, closed on Mondays")


@pytest.fixture(scope="module")
def answerers(real_embedder: SentenceTransformerEmbedder) -> dict[str, Answerer]:
    headings = tuple(Heading(TEXT.index(one), TEXT.index(one) + len(one), 1) for one in HEADINGS)
    index = build(Article(id="mill", title="The mill", text=TEXT, headings=headings), real_embedder)
    readers: dict[str, FittedReader | None] = {
        "read": load_reader(None, real_embedder.sha256), "by rules": None,
    }  # fmt: skip
    fitted = thresholds(real_embedder)
    return {
        name: Answerer(index, real_embedder, thresholds=fitted, reading=one) for name, one in readers.items()
    }


def first_quote(answer: Answer) -> str:
    assert all(TEXT[one.start : one.end] == one.quote for one in (*answer.citations, *answer.closest))
    return answer.citations[0].quote


@pytest.mark.parametrize("by", ["read", "by rules"])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When does the mill open on Sundays?", "We unlock the doors at eleven and close at five."),
        ("Can I bring my dog?", "Only assistance animals are allowed near the stones."),
        ("What are the opening hours?", "Opening hours: 9 to 17, closed on Mondays"),
        (
            "What does the starter kit contain?",
            "The starter kit contains:\n\nfour shelf props\n\na bag of grog\n\ntwo ceramic cones",
        ),
        ("What does clause 2 say?", "2. The landlord repairs the roof within thirty days."),
    ],
)
def test_what_leads_is_not_the_answer(
    answerers: dict[str, Answerer], by: str, question: str, expected: str
) -> None:
    assert first_quote(answerers[by].answer(question)) == expected


def test_a_clause_is_found_by_its_number_without_doubt(answerers: dict[str, Answerer]) -> None:
    answer = answerers["read"].answer("What does clause 1 say?")
    assert (answer.status, len(answer.citations)) == (Status.ANSWERED, 1)


def test_an_item_that_is_named_is_quoted_alone(answerers: dict[str, Answerer]) -> None:
    answer = answerers["by rules"].answer("How many ceramic cones does the starter kit contain?")
    assert first_quote(answer) == "two ceramic cones"


def test_a_list_has_no_short_form(answerers: dict[str, Answerer]) -> None:
    assert answerers["read"].answer("What does the starter kit contain?").short is None
