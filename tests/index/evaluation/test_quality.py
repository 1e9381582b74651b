"""How good the answers are, held to a little under what was measured, where question files are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.answering.fitted_reader import load_reader
from index.evaluation.metrics import Metrics, Mode
from index.evaluation.run import evaluate, footnote_system
from index.model.article import Article
from index.search.embedding import SentenceTransformerEmbedder
from index.sources.question_files import load_questions

pytestmark = pytest.mark.slow

Measure = Callable[[str, Mode], Metrics]


@pytest.fixture
def measure(
    request: pytest.FixtureRequest, shipped: Article, real_embedder: SentenceTransformerEmbedder
) -> Measure:
    folder = request.config.getoption("--eval-dir")

    def measured(name: str, mode: Mode) -> Metrics:
        if folder is None:
            pytest.skip("no folder of question files: set FOOTNOTE_EVAL_DIR or --eval-dir")
        file = Path(folder) / name
        if not file.exists():
            pytest.skip(f"no {file}")
        return evaluate(
            load_questions(file, shipped),
            real_embedder,
            file=name,
            mode=mode,
            system=footnote_system(real_embedder, reading=load_reader(None, real_embedder.sha256)),
        )

    return measured


def test_the_article_that_ships(measure: Measure) -> None:
    found = measure("article-questions.jsonl", Mode.ARTICLE)
    assert found.questions == 32
    assert found.byte_exact == 1
    assert found.citation_at_1 is not None
    assert found.citation_at_1 >= round(21 / 22, 4)
    assert found.not_answered_when_impossible is not None
    assert found.not_answered_when_impossible >= 9 / 10


def test_encyclopaedia_articles_and_questions_that_they_do_not_answer(measure: Measure) -> None:
    found = measure("xquad-dev.json", Mode.FOREIGN)
    assert found.byte_exact == 1
    assert found.citation_at_1 is not None
    assert found.citation_at_1 >= 0.83
    assert found.not_answered_when_impossible is not None
    assert found.not_answered_when_impossible >= 0.99
    assert found.false_refusals is not None
    assert found.false_refusals <= 0.02
