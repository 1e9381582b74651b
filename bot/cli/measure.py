"""`footnote eval` and `footnote calibrate`: how good the answers are, and the thresholds of a model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli import figures, plot
from bot.cli.errors import MisuseError
from bot.cli.options import (
    CLAIMS_HELP,
    COMPARE_HELP,
    CONVERSATIONS_HELP,
    FOREIGN_HELP,
    JSON_HELP,
    PLOT_HELP,
    POOLED_HELP,
    QUESTIONS_HELP,
)
from bot.cli.process import library_of, read_settings
from bot.cli.terminal import asking, print_json, progress, terminal
from index import (
    Metrics,
    Mode,
    fitted_thresholds,
    measure,
    measure_claims,
    measure_conversations,
    risk_curve,
)

POOLED_AND_FOREIGN = (
    "--pooled makes all articles one, and --foreign needs another one to ask. Give one of the two."
)
CONVERSATIONS_ALONE = (
    "--conversations are about one article: leave --pooled, --foreign, --compare, --claims and --plot out."
)
_COMPARED_WITH = {"plain": "the plain baseline", "rules": "Footnote without its reader"}
CLAIMS_ALONE = "--claims are about one article: leave --pooled, --foreign, --compare and --plot out."


def evaluate(
    file: Annotated[Path, typer.Argument(help=QUESTIONS_HELP, show_default=False)],
    pooled: Annotated[bool, typer.Option("--pooled", help=POOLED_HELP)] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help=FOREIGN_HELP)] = False,
    conversations: Annotated[bool, typer.Option("--conversations", help=CONVERSATIONS_HELP)] = False,
    claims: Annotated[bool, typer.Option("--claims", help=CLAIMS_HELP)] = False,
    compare: Annotated[Literal["plain", "rules"] | None, typer.Option(help=COMPARE_HELP)] = None,
    plot_file: Annotated[Path | None, typer.Option("--plot", help=PLOT_HELP, show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Measure the answers to a file of questions."""
    if pooled and foreign:
        raise MisuseError(POOLED_AND_FOREIGN)
    if conversations and (pooled or foreign or compare or claims or plot_file):
        raise MisuseError(CONVERSATIONS_ALONE)
    if claims and (pooled or foreign or compare or plot_file):
        raise MisuseError(CLAIMS_ALONE)
    if conversations:
        _conversations(file, as_json=as_json)
    elif claims:
        _claims(file, as_json=as_json)
    else:
        mode = Mode.POOLED if pooled else Mode.FOREIGN if foreign else Mode.ARTICLE
        _questions(file, mode, compare, plot_file, as_json=as_json)


def _questions(
    file: Path,
    mode: Mode,
    compare: Literal["plain", "rules"] | None,
    plot_file: Path | None,
    *,
    as_json: bool,
) -> None:
    if plot_file is not None:
        plot.check_plot(plot_file)
    library = library_of(read_settings())
    with asking("Footnote") as on_question:
        embedder, reranker, reading = library.models()
        measure_file = partial(measure, file, library.article_in_use(), embedder, reranker, mode=mode)
        metrics = measure_file(reading, on_question=on_question)
    others: dict[str, Metrics] = {}
    if compare is not None:
        with asking(_COMPARED_WITH[compare]) as on_question:
            others[compare] = measure_file(plain=compare == "plain", on_question=on_question)
    if plot_file is not None:
        systems = {"Footnote": metrics} | {figures.COMPARISONS[name]: one for name, one in others.items()}
        curves = {name: risk_curve(one.outcomes) for name, one in systems.items() if one.outcomes}
        plot.draw(plot_file, f"{metrics.file}: {metrics.questions:,} questions", curves)
    if as_json:
        print_json(figures.metrics_json(metrics, others))
    else:
        terminal().print(figures.metrics_text(metrics, others))


def _conversations(file: Path, *, as_json: bool) -> None:
    library = library_of(read_settings())
    with asking("Footnote") as on_question:
        metrics = measure_conversations(
            file, library.article_in_use(), *library.models(), on_question=on_question
        )
    if as_json:
        print_json(figures.conversations_json(metrics))
    else:
        terminal().print(figures.conversations_text(metrics))


def _claims(file: Path, *, as_json: bool) -> None:
    library = library_of(read_settings())
    with asking("Footnote") as on_question:
        metrics = measure_claims(file, library.article_in_use(), *library.models(), on_question=on_question)
    if as_json:
        print_json(figures.claims_json(metrics))
    else:
        terminal().print(figures.claims_text(metrics))


def calibrate() -> None:
    """Fit the confidence thresholds of the embedding model and print them as JSON."""
    library = library_of(read_settings())
    with progress("Loading the model") as on_progress:
        thresholds = fitted_thresholds(library.models().embedder, on_progress)
    print_json(thresholds)
