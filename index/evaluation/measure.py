"""What ``footnote eval`` and ``footnote calibrate`` do: a file, an article and the models in, figures out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from index.answering.answerer import Answerer
from index.answering.calibration import fit, thresholds
from index.answering.fitted_reader import FittedReader
from index.evaluation.baseline import PlainDense
from index.evaluation.claims import ClaimedArticle, evaluate_claims
from index.evaluation.conversations import evaluate_conversations
from index.evaluation.metrics import ClaimMetrics, ConversationMetrics, Metrics, Mode
from index.evaluation.run import evaluate, footnote_system
from index.library.self_check import OnQuestion
from index.model.article import Article
from index.search.build import OnProgress, build
from index.search.embedding import Embedder
from index.search.ranking import Reranker
from index.sources.question_files import load_claims, load_conversations, load_questions


def measure(
    file: Path,
    article: Article,
    embedder: Embedder,
    reranker: Reranker | None = None,
    reading: FittedReader | None = None,
    *,
    mode: Mode = Mode.ARTICLE,
    plain: bool = False,
    on_question: OnQuestion = lambda *_: None,
) -> Metrics:
    """Asks the questions of a file and counts what came right; no index on disk is touched.

    Args:
        file: Questions with their answers, see ``load_questions``.
        article: What the questions of a JSON-lines file are about.
        embedder: What embeds,
        reranker: what ranks the best sentences once more, if anything,
        reading: and what reads, if anything does.
        mode: What each question is asked of.
        plain: Whether to measure a plain dense baseline instead of Footnote.
        on_question: Told of each question that is done.

    Raises:
        QuestionFileError: the file cannot be read, or is not enough for the mode.
    """
    questions = load_questions(file, article)
    system = partial(PlainDense, embedder=embedder) if plain else footnote_system(embedder, reranker, reading)
    return evaluate(questions, embedder, file=file.name, mode=mode, system=system, on_question=on_question)


def measure_conversations(
    file: Path,
    article: Article,
    embedder: Embedder,
    reranker: Reranker | None = None,
    reading: FittedReader | None = None,
    *,
    on_question: OnQuestion = lambda *_: None,
) -> ConversationMetrics:
    """Holds the conversations of a file about an article and counts what came right.

    Args:
        file: See ``load_conversations``.
        article: What they are about.
        embedder: What embeds,
        reranker: what ranks the best sentences once more, if anything,
        reading: and what reads, if anything does.
        on_question: Told of each conversation that is done.

    Raises:
        QuestionFileError: the file cannot be read.
    """
    conversations = load_conversations(file, article)
    answerer = Answerer(
        build(article, embedder),
        embedder,
        thresholds=thresholds(embedder),
        reranker=reranker,
        reading=reading,
    )
    return evaluate_conversations(conversations, answerer, article, file=file.name, on_question=on_question)


def measure_claims(
    file: Path,
    article: Article,
    embedder: Embedder,
    reranker: Reranker | None = None,
    reading: FittedReader | None = None,
    *,
    on_question: OnQuestion = lambda *_: None,
) -> ClaimMetrics:
    """Has the claims of a file about an article checked and counts what came right.

    Args:
        file: See ``load_claims``.
        article: What they are about.
        embedder: What embeds,
        reranker: what ranks the best sentences once more, if anything,
        reading: and what reads: without it claims cannot be checked.
        on_question: Told of each claim that is done.

    Raises:
        QuestionFileError: the file cannot be read.
        QuestionError: nothing reads the article.
    """
    claimed_article = ClaimedArticle(article, load_claims(file, article))
    system = footnote_system(embedder, reranker, reading)
    return evaluate_claims(
        [claimed_article], embedder, file=file.name, system=system, on_question=on_question
    )


def fitted_thresholds(
    embedder: Embedder, on_progress: OnProgress = lambda _: None
) -> dict[str, dict[str, float]]:
    """The confidence thresholds of an embedding model, fitted afresh, by the hash of the model."""
    return {embedder.sha256: fit(embedder, on_progress)._asdict()}
