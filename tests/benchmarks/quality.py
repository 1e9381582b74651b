"""Footnote beside the plain dense baseline: ``python -m tests.benchmarks.quality DIR`` or ``--texts``.

Reads every question file of the folder (``*.jsonl`` about the article that ships, ``*.json`` in SQuAD's
form), asks them in every mode that the file allows and prints two tables in Markdown: how well is ranked and
quoted, and how well is answered. The baseline has the same model and the same passages, and ranks by the
cosine of whole vectors; it has no answers of its own, only a ranking, so it has no figures of answers and is
not asked other articles' questions. Shares are in per cent.

A third table has the questions of more than one article asked of all of them as a library: how often the
right article answers, and the right sentence of it, which holds the answer.

``--texts`` does the same with texts that have their questions (``NAME.questions.jsonl``) and claims
(``NAME.claims.jsonl``) beside them, each and all together, and prints a table of the claims as well.
``--plot FILE`` draws the curves of risk, a line for each question file, or one for all texts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

from bot.cli.plot import check_plot, draw
from index.answering.fitted_reader import FittedReader, load_reader
from index.errors import FootnoteError
from index.evaluation.baseline import PlainDense
from index.evaluation.claims import ClaimedArticle, evaluate_claims
from index.evaluation.metrics import ClaimMetrics, Metrics, Mode, Ranker
from index.evaluation.outcomes import RiskCurve, risk_curve
from index.evaluation.run import evaluate, footnote_system
from index.library.library import ALL, Library
from index.library.self_check import covers
from index.model.answer import Status
from index.model.article import Span
from index.model.source import Source
from index.search.build import Index
from index.search.embedding import Embedder, SentenceTransformerEmbedder
from index.sources.files import SHIPPED_ARTICLE, load_article, read_file, upload
from index.sources.question_files import GoldArticle, load_claims, load_questions
from tests.benchmarks import machine

TEXTS = Path(__file__).parent / "texts"
QUESTIONS, CLAIMS = ".questions.jsonl", ".claims.jsonl"
ALL_TEXTS = "all texts"
FOOTNOTE = "Footnote"

RUN = ("file", "mode", "system", "questions")
RANKED = {
    "citation@1": "citation_at_1",
    "citation@3": "citation_at_3",
    "passage R@1": "passage_recall_at_1",
    "passage MRR": "passage_mrr",
    "answer recall": "answer_recall",
    "byte-exact": "byte_exact",
}
ANSWERED = {
    "answered": "answered",
    "false refusals": "false_refusals",
    "not answered when impossible": "not_answered_when_impossible",
    "precision of answered": "answered_precision",
    "number answered": "answered_count",
    "precision of uncertain": "uncertain_precision",
    "number uncertain": "uncertain_count",
    "area under the curve": "answerability_auc",
    "refused at 2 % false refusals": "refused_at_2",
    "at 5 %": "refused_at_5",
    "at 10 %": "refused_at_10",
    "short answers in the file": "short_count",
    "given": "short_given",
    "exact match": "short_exact_match",
    "F1": "short_f1",
}
LIBRARY = (
    *("file", "articles", "questions", "right article", "right sentence first", "right sentence quoted"),
    *("precision of answered", "p50 ms"),
)
CLAIMED = {
    "claims": "claims",
    "accuracy": "accuracy",
    "precision without reserve": "certain_precision",
    "number without reserve": "certain_count",
    "rightly cited": "rightly_cited",
    "byte-exact": "byte_exact",
}


class Run(NamedTuple):
    """Question files as one: what is asked, in which mode, and of which system."""

    file: str
    articles: Sequence[GoldArticle]
    mode: Mode
    name: str
    system: Callable[[Index], Ranker]


class Text(NamedTuple):
    """An article with its questions and its claims, and the file that it is in."""

    path: Path
    questions: GoldArticle
    claims: ClaimedArticle


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.quality", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?")
    parser.add_argument("--texts", type=Path, metavar="DIR", nargs="?", const=TEXTS)
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args()
    if (options.folder is None) == (options.texts is None):
        parser.error("give either a folder of question files or --texts")
    if options.plot is not None:
        check_plot(options.plot)
    embedder = SentenceTransformerEmbedder()
    reading = load_reader(None, embedder.sha256)
    print(machine(embedder) + "\n")
    if options.texts is None:
        files = sorted([*options.folder.glob("*.jsonl"), *options.folder.glob("*.json")])
        if not files:
            parser.error(f"{options.folder} has no .jsonl or .json file")
        article = load_article(SHIPPED_ARTICLE)
        runs = [
            run
            for file in files
            for run in _runs(file.name, load_questions(file, article), embedder, reading)
        ]
        curves = _questions(runs, embedder)
        print("\n" + _head(LIBRARY, 1))
        for file in files:
            asked = load_questions(file, article)
            if len(asked) > 1:
                sources = [upload(f"{n}.txt", one.article.text.encode()) for n, one in enumerate(asked)]
                _library(file.name, sources, asked, embedder)
    else:
        texts = _texts(options.texts)
        if not texts:
            parser.error(f"{options.texts} has no text with a file {QUESTIONS}")
        runs = list(_text_runs(texts, embedder, reading))
        curves = {name: curve for name, curve in _questions(runs, embedder).items() if name == ALL_TEXTS}
        _claims(texts, embedder, reading)
        print("\n" + _head(LIBRARY, 1))
        sources = [read_file(text.path) for text in texts.values()]
        _library(ALL_TEXTS, sources, [text.questions for text in texts.values()], embedder)
    if options.plot is not None:
        draw(options.plot, "each question asked of its own article", curves)


def _runs(
    file: str,
    articles: Sequence[GoldArticle],
    embedder: SentenceTransformerEmbedder,
    reading: FittedReader | None,
) -> Iterator[Run]:
    footnote, plain = footnote_system(embedder, reading=reading), partial(PlainDense, embedder=embedder)
    for mode in (Mode.ARTICLE, Mode.POOLED) if len(articles) > 1 else (Mode.ARTICLE,):
        yield Run(file, articles, mode, FOOTNOTE, footnote)
        yield Run(file, articles, mode, "plain", plain)
    if len(articles) > 1:
        yield Run(file, articles, Mode.FOREIGN, FOOTNOTE, footnote)


def _texts(folder: Path) -> dict[str, Text]:
    """The texts of a folder that have a file of questions beside them, by their names."""
    texts = {}
    for questions in sorted(folder.glob(f"*{QUESTIONS}")):
        name = questions.name.removesuffix(QUESTIONS)
        path = next(path for path in _sources(folder, name) if path.exists())
        article = load_article(path)
        (asked,) = load_questions(questions, article)
        claims = folder / f"{name}{CLAIMS}"
        claimed = load_claims(claims, article) if claims.exists() else ()
        texts[name] = Text(path, asked, ClaimedArticle(article, claimed))
    return texts


def _sources(folder: Path, name: str) -> Iterator[Path]:
    yield folder / f"{name}.md"
    yield folder / f"{name}.txt"


def _text_runs(
    texts: Mapping[str, Text], embedder: SentenceTransformerEmbedder, reading: FittedReader | None
) -> Iterator[Run]:
    footnote = footnote_system(embedder, reading=reading)
    for name, text in texts.items():
        yield Run(name, [text.questions], Mode.ARTICLE, FOOTNOTE, footnote)
    yield from _runs(ALL_TEXTS, [text.questions for text in texts.values()], embedder, reading)


def _questions(runs: Sequence[Run], embedder: SentenceTransformerEmbedder) -> dict[str, RiskCurve]:
    """Prints both tables, and gives the curve of each file whose questions are asked of their own article."""
    head = (*RUN, *RANKED, "quoted characters", "p50 ms", "bare encode p50 ms")
    print(_head(head, len(RUN) - 1))
    curves: dict[str, RiskCurve] = {}
    answered: list[str] = []
    for run in runs:
        metrics = evaluate(
            run.articles,
            embedder,
            file=run.file,
            mode=run.mode,
            system=run.system,
            on_question=partial(_tell, f"{run.file} {run.mode} {run.name}"),
        )
        about = [run.file, run.mode, run.name, str(metrics.questions)]
        print(_row([*about, *_cells(metrics, RANKED), *_costs(metrics)]), flush=True)
        if metrics.outcomes:
            answered.append(_row([*about, *_cells(metrics, ANSWERED)]))
            if run.mode is Mode.ARTICLE:
                curves[run.file] = risk_curve(metrics.outcomes)
    print("\n" + _head((*RUN, *ANSWERED), len(RUN) - 1))
    print("\n".join(answered), flush=True)
    return curves


def _claims(
    texts: Mapping[str, Text], embedder: SentenceTransformerEmbedder, reading: FittedReader | None
) -> None:
    kinds = ("statements", "questions", "yes", "no", "unknown")
    print("\n" + _head(("file", *CLAIMED, *kinds), 1))
    of_text = {name: [text.claims] for name, text in texts.items() if text.claims.claims}
    for name, claimed in {**of_text, ALL_TEXTS: [one for (one,) in of_text.values()]}.items():
        metrics = evaluate_claims(
            claimed,
            embedder,
            file=name,
            system=footnote_system(embedder, reading=reading),
            on_question=partial(_tell, f"claims about {name}"),
        )
        shares = [_cell(getattr(metrics, kind).accuracy) for kind in kinds]
        print(_row([name, *_cells(metrics, CLAIMED), *shares]), flush=True)


def _library(
    file: str, sources: Sequence[Source], articles: Sequence[GoldArticle], embedder: Embedder
) -> None:
    """Prints the row of articles that are asked as a library."""
    right: list[bool] = []
    first: list[bool] = []
    quoted: list[bool] = []
    certain: list[bool] = []
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        library = Library(Path(scratch), embedder=embedder)
        for number, (source, one) in enumerate(zip(sources, articles, strict=True)):
            alone = replace(source, questions=None)  # which are asked below, of all articles
            if library.add(alone, who=FOOTNOTE, id=f"a{number}").info.article.text != one.article.text:
                raise AssertionError(f"{file}: an article is read otherwise than its questions have it")
        asked = [(f"a{n}", question) for n, one in enumerate(articles) for question in one.questions]
        for done, (article, question) in enumerate(asked):
            _tell(f"{file} as a library", done, len(asked))
            began = time.perf_counter()
            answer = library.ask(question.text, article=ALL).answer
            seconds.append(time.perf_counter() - began)
            if not question.gold:
                continue
            cited = answer.citations or answer.closest
            right.append(answer.article_id == article)
            covered = [right[-1] and covers(Span(one.start, one.end), question.gold) for one in cited]
            first.append(covered[0])
            quoted.append(any(covered))
            if answer.status is Status.ANSWERED:
                certain.append(covered[0])
    shares = [_cell(fmean(values)) for values in (right, first, quoted, certain)]
    counts = [str(len(articles)), str(len(right))]
    print(_row([file, *counts, *shares, f"{median(seconds) * 1000:.1f}"]), flush=True)


def _cells(metrics: Metrics | ClaimMetrics, names: Mapping[str, str]) -> list[str]:
    return [_cell(getattr(metrics, name)) for name in names.values()]


def _cell(value: float | None) -> str:
    match value:
        case None:
            return "–"
        case int():
            return str(value)
        case _:
            return f"{value * 100:.1f}"


def _costs(metrics: Metrics) -> list[str]:
    quoted = metrics.mean_quoted_chars
    return [
        "–" if quoted is None else f"{quoted:.0f}",
        f"{metrics.latency_ms['p50']:.1f}",
        f"{metrics.latency_ms['bare_encode_p50']:.1f}",
    ]


def _head(names: Sequence[str], words: int) -> str:
    """The head of a table, whose first columns are words."""
    return _row(names) + "\n" + _row(["---"] * words + ["---:"] * (len(names) - words))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _tell(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what} {done} of {total}" if done < total else "\r\x1b[K")


if __name__ == "__main__":
    try:
        main()
    except FootnoteError as error:
        sys.exit(str(error))
