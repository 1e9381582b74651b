"""`footnote eval` and `footnote calibrate`: how good the answers are, and the thresholds of a model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli import figures
from bot.cli.errors import MisuseError
from bot.cli.options import (
    COMPARE_HELP,
    CONVERSATIONS_HELP,
    FOREIGN_HELP,
    JSON_HELP,
    POOLED_HELP,
    QUESTIONS_HELP,
)
from bot.cli.process import library_of, read_settings
from bot.cli.terminal import asking, print_json, progress, terminal
from index import Mode, fitted_thresholds, measure, measure_conversations

POOLED_AND_FOREIGN = (
    "--pooled makes all articles one, and --foreign needs another one to ask. Give one of the two."
)
CONVERSATIONS_ALONE = "--conversations are about one article: leave --pooled, --foreign and --compare out."


def evaluate(
    file: Annotated[Path, typer.Argument(help=QUESTIONS_HELP, show_default=False)],
    pooled: Annotated[bool, typer.Option("--pooled", help=POOLED_HELP)] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help=FOREIGN_HELP)] = False,
    conversations: Annotated[bool, typer.Option("--conversations", help=CONVERSATIONS_HELP)] = False,
    compare: Annotated[Literal["plain"] | None, typer.Option(help=COMPARE_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Measure the answers to a file of questions."""
    if pooled and foreign:
        raise MisuseError(POOLED_AND_FOREIGN)
    if conversations and (pooled or foreign or compare):
        raise MisuseError(CONVERSATIONS_ALONE)
    mode = Mode.POOLED if pooled else Mode.FOREIGN if foreign else Mode.ARTICLE
    library = library_of(read_settings())
    if conversations:
        with asking("Footnote") as on_question:
            held = measure_conversations(
                file, library.article_in_use(), *library.models(), on_question=on_question
            )
        if as_json:
            print_json(figures.conversations_json(held))
        else:
            terminal().print(figures.conversations_text(held))
        return
    with asking("Footnote") as on_question:
        measured = partial(measure, file, library.article_in_use(), *library.models(), mode=mode)
        metrics = measured(on_question=on_question)
    plain = None
    if compare == "plain":
        with asking("the plain baseline") as on_question:
            plain = measured(plain=True, on_question=on_question)
    if as_json:
        print_json(figures.metrics_json(metrics, plain))
    else:
        terminal().print(figures.metrics_text(metrics, plain))


def calibrate() -> None:
    """Fit the confidence thresholds of the embedding model and print them as JSON."""
    library = library_of(read_settings())
    with progress("Loading the model") as on_progress:
        fitted = fitted_thresholds(library.models().embedder, on_progress)
    print_json(fitted)
