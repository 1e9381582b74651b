"""Question files in, metrics out. See ``footnote eval``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.answering.fitted_reader import FittedReader
from index.errors import QuestionFileError
from index.evaluation.metrics import Metrics, Mode, Ranker, Tally
from index.library.self_check import OnQuestion
from index.model.article import Article, Span
from index.search.build import Index, build
from index.search.embedding import Embedder
from index.search.ranking import Reranker
from index.sources.question_files import GoldArticle, GoldQuestion


def pooled(articles: Sequence[GoldArticle]) -> GoldArticle:
    """All articles as one."""
    text = ""
    questions: list[GoldQuestion] = []
    for one in articles:
        for question in one.questions:
            gold = tuple(Span(span.start + len(text), span.end + len(text)) for span in question.gold)
            questions.append(replace(question, gold=gold))
        text += one.article.text.rstrip("\n") + "\n"
    return GoldArticle(Article(id="pooled", title="pooled", text=text), tuple(questions))


def evaluate(
    articles: Sequence[GoldArticle],
    embedder: Embedder,
    *,
    file: str,
    mode: Mode = Mode.ARTICLE,
    system: Callable[[Index], Ranker],
    on_question: OnQuestion = lambda *_: None,
) -> Metrics:
    """Asks every question and counts.

    Args:
        articles: With their questions.
        embedder: Builds the indexes; its bare encoding of a question is the measure of latency.
        file: The question file's name, for the report.
        mode: What each question is asked of.
        system: Makes what is evaluated of an index.
        on_question: Told of each question that is done.

    Raises:
        QuestionFileError: the foreign mode was asked for, and there is only one article.
    """
    if mode is Mode.FOREIGN and len(articles) < 2:
        raise QuestionFileError(f"{file} is about one article: there is no other to ask its questions of.")
    if mode is Mode.POOLED:
        articles = [pooled(articles)]
    systems = [system(build(one.article, embedder)) for one in articles]
    tally = Tally()
    total = sum(len(one.questions) for one in articles)
    done = 0
    for place, one in enumerate(articles):
        for question in one.questions:
            tally.ask(systems[place], one.article, question, embedder)
            if mode is Mode.FOREIGN:
                other = (place + 1) % len(articles)
                tally.ask_foreign(systems[other], articles[other].article, question)
            done += 1
            on_question(done, total)
    return tally.metrics(file, mode, total)


def footnote_system(
    embedder: Embedder, reranker: Reranker | None = None, reading: FittedReader | None = None
) -> Callable[[Index], Answerer]:
    """The whole of Footnote, as it answers people."""
    fitted_thresholds = thresholds(embedder)
    return lambda index: Answerer(
        index, embedder, thresholds=fitted_thresholds, reranker=reranker, reading=reading
    )
