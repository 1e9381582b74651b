"""A question is put in the article's words, and no valid word becomes another one."""

import pytest

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.answering.queries import Queries, Query
from index.language.dictionaries import is_valid
from index.language.spelling import Speller
from index.model.answer import Status
from index.model.article import Article
from index.search.build import build
from index.search.embedding import SentenceTransformerEmbedder
from index.search.ranking import Retriever

TEXT = (
    "Søren Ågård crossed the Malmö bridge with 48,250 others. The E.U. paid for its second-hand cranes.\n"
    "Chronic hyponatremia came in one ward. The sulfite probe takes nine minutes. Mr Novotny runs the mill. "
    "Tell us of the colour of the email.\n"
)


@pytest.fixture(scope="module")
def queries(real_embedder: SentenceTransformerEmbedder) -> Queries:
    article = Article(id="x", title="X", text=TEXT)
    knows = Retriever(build(article, real_embedder), real_embedder).knows
    return Queries(Speller(TEXT), embedder=real_embedder, knows=knows)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who is Soren Agard?", "Who is Søren Ågård?"),
        ("Did 48250 or 48 250 go to Malmo?", "Did 48,250 or 48,250 go to Malmö?"),
        ("What did the EU pay us?", "What did the E.U. pay us?"),
        ("Are the cranes secondhand?", "Are the cranes second-hand?"),
        ("Which e-mail has a colour?", "Which email has a colour?"),
        ("Which e mail?", "Which email?"),
        ("Which second-hand cranes?", "Which second-hand cranes?"),
    ],
)  # fmt: skip
def test_words_are_written_as_the_article_writes_them(queries: Queries, question: str, text: str) -> None:
    assert queries.read(question) == Query(text)


def test_a_slip_is_read_as_the_articles_word_and_the_rest_is_kept(queries: Queries) -> None:
    assert queries.read("How long does the sulfite prrobe take?") == Query(
        "How long does the sulfite probe take?",
        (("prrobe", "probe"),),
        rest="How long does the sulfite  take?",
    )


@pytest.mark.parametrize("word", ["hypernatremia", "Hypernatremia"])
def test_a_valid_word_stays_and_is_told_from_its_neighbour(queries: Queries, word: str) -> None:
    question = f"Where did chronic {word} come?"
    assert queries.read(question) == Query(question, names_another=True)


def test_a_slip_in_a_name_has_no_rest_without_another_name(queries: Queries) -> None:
    assert queries.read("What does Novotna run?") == Query(
        "What does Novotny run?", (("Novotna", "Novotny"),), rest=None
    )


@pytest.mark.parametrize(
    ("word", "language", "expected"),
    [
        ("hypernatremia", "en-GB", False),
        ("Sulfate", "en", True),
        ("sulfte", "en", False),
        ("Häuser", "de", True),
        ("xx", "tlh", False),
    ],
)
def test_a_dictionary_knows_a_languages_words(word: str, language: str, *, expected: bool) -> None:
    assert is_valid(word, language) is expected


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("How long does the sulfide probe take?", Status.UNCERTAIN),
        ("How long does the sulfite probe take?", Status.ANSWERED),
        ("What does Novotna run?", Status.UNCERTAIN),
    ],
)
def test_what_may_not_be_what_was_asked_is_uncertain_at_most(
    real_embedder: SentenceTransformerEmbedder, question: str, status: Status
) -> None:
    index = build(Article(id="x", title="X", text=TEXT), real_embedder)
    assert (
        Answerer(index, real_embedder, thresholds=thresholds(real_embedder)).answer(question).status is status
    )


def test_a_script_that_the_model_does_not_read_is_searched_by_its_words(
    real_embedder: SentenceTransformerEmbedder,
) -> None:
    text = "灯塔建于1907年。守塔人每晚八点点灯。1952年，灯塔改用电灯。岛上有三百只羊。\n"
    index = build(Article(id="x", title="X", text=text, language="zh"), real_embedder)
    answer = Answerer(index, real_embedder, thresholds=thresholds(real_embedder)).answer("守塔人几点点灯?")
    assert [citation.quote for citation in answer.citations] == ["守塔人每晚八点点灯。"]
