"""What an article says of itself, and what is known of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.model.answer import Answer, ArticleFact, ArticleTopic, Status
from index.model.article import Article
from index.search.build import build
from index.search.embedding import SentenceTransformerEmbedder

TEXT = """The Ferry That Stayed
By Odile Marchetti
3 March 2019
The old ferry across the Lune was to be scrapped in spring. Instead the village bought it for one crown.
It now carries walkers on Sundays, and a museum of knots fills its engine room.
The council pays for the paint; the volunteers do the rest.
"""
Ask = Callable[..., Answer]
ARTICLE = Article(id="ferry", title="The Ferry That Stayed", text=TEXT)


@pytest.fixture(scope="module")
def ask(real_embedder: SentenceTransformerEmbedder) -> Ask:
    index = build(ARTICLE, real_embedder)

    def asked(question: str, **known: object) -> Answer:
        article = replace(ARTICLE, **known)  # type: ignore[arg-type]
        of = index._replace(article=article)
        return Answerer(of, real_embedder, thresholds=thresholds(real_embedder)).answer(question)

    return asked


def quotes(answer: Answer) -> list[str]:
    assert all(TEXT[c.start : c.end] == c.quote for c in answer.citations)
    return [citation.quote for citation in answer.citations]


def test_what_it_is_about_is_its_summary(ask: Ask) -> None:
    answer = ask("What is this article about?")
    assert (answer.status, answer.about, answer.fact) == (Status.ANSWERED, ArticleTopic.CONTENT, None)
    assert len(quotes(answer)) == 3
    assert [citation.number for citation in answer.citations] == [1, 2, 3]


def test_who_wrote_it_stands_in_its_byline(ask: Ask) -> None:
    answer = ask("Who wrote it?")
    assert (answer.status, answer.fact) == (
        Status.ANSWERED, ArticleFact(ArticleTopic.AUTHOR, "Odile Marchetti"),
    )  # fmt: skip
    assert quotes(answer) == ["By Odile Marchetti"]


def test_an_author_that_only_the_metadata_has_is_a_fact_without_a_quote(ask: Ask) -> None:
    answer = ask("Who is the author?", author="Per Holm")
    assert (answer.status, quotes(answer)) == (Status.ANSWERED, [])
    assert answer.fact == ArticleFact(ArticleTopic.AUTHOR, "Per Holm")


def test_when_it_was_published(ask: Ask) -> None:
    assert quotes(ask("When was this text published?")) == ["3 March 2019"]
    answer = ask("When was this text published?", published=date(2019, 3, 4))
    assert answer.fact == ArticleFact(ArticleTopic.DATE, "2019-03-04")
    assert quotes(answer) == ["3 March 2019"]
    assert quotes(ask("When was it written?", published=date(2020, 1, 1))) == []
    assert quotes(ask("When was it written?", published=date(2019, 3, 12))) == []


def test_where_it_is_from(ask: Ask) -> None:
    answer = ask("Where is this from?", claimed_source="https://example.org/ferry")
    assert answer.fact == ArticleFact(ArticleTopic.SOURCE, "https://example.org/ferry", is_claim=True)
    answer = ask("Where is this from?", source="https://example.com/f", site="Lune Post")
    assert answer.fact == ArticleFact(ArticleTopic.SOURCE, "Lune Post, https://example.com/f")


def test_how_long_it_is_and_what_it_is_called(ask: Ask) -> None:
    assert ask("How long is this article?").fact == ArticleFact(ArticleTopic.LENGTH, "56")
    answer = ask("What is the title?")
    assert answer.fact == ArticleFact(ArticleTopic.TITLE, "The Ferry That Stayed")
    assert quotes(answer) == ["The Ferry That Stayed"]


@pytest.mark.parametrize(
    ("question", "known"),
    [("Where is this article from?", {}), ("What is the title?", {"title_is_label": True})],
)
def test_what_nobody_says_is_not_in_the_article(ask: Ask, question: str, known: dict[str, bool]) -> None:
    answer = ask(question, **known)
    assert (answer.status, answer.citations, answer.closest, answer.fact) == (
        Status.NOT_IN_ARTICLE, (), (), None,
    )  # fmt: skip
