"""Measures a reader: ``python -m index.reader.evaluate MODEL FILE...``, each file in the form of SQuAD.

Each question is read with its own paragraph. Its score is the best span's less that of "no answer".
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from index.reader import metrics
from index.reader.model import OnnxReader, Reader
from index.reader.training.torch_reader import TorchReader
from index.reader.windows import Excerpt

_FALSE_REFUSALS = (0.02, 0.05, 0.1)  # as the evaluation reports them


class ParagraphQuestion(NamedTuple):
    """A question of a file.

    Attributes:
        question: As asked.
        context: Its paragraph.
        answers: The answers given for it; none where the paragraph does not answer.
    """

    question: str
    context: str
    answers: tuple[str, ...]


class ReaderScores(NamedTuple):
    """How a reader does on a file's questions.

    Attributes:
        questions: How many there are.
        f1: Of the answerable ones, read as if an answer were sure to be there.
        exact: Exact match of the same.
        auc: Of answerable against unanswerable questions; None without unanswerable ones.
        refused: Unanswerable ones refused at 2, 5 and 10 % false refusals; likewise.
    """

    questions: int
    f1: float
    exact: float
    auc: float | None
    refused: tuple[float, ...]

    def __str__(self) -> str:
        line = f"{self.questions} questions, span F1 of answerable {self.f1:.3f}, exact {self.exact:.3f}"
        if self.auc is None:
            return line
        shares = ", ".join(
            f"refused@{share:.0%} {value:.3f}"
            for share, value in zip(_FALSE_REFUSALS, self.refused, strict=True)
        )
        return f"{line}, auc {self.auc:.3f}, {shares}"


def questions(path: Path) -> Iterator[ParagraphQuestion]:
    """The questions of a file in the form of SQuAD 1.1 or 2.0."""
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for one in paragraph["qas"]:
                answers = tuple(answer["text"] for answer in one["answers"])
                yield ParagraphQuestion(one["question"], paragraph["context"], answers)


def measure(reader: Reader, questions: list[ParagraphQuestion]) -> ReaderScores:
    """Reads each question with its paragraph."""
    answerable: list[float] = []
    unanswerable: list[float] = []
    f1, exact = [], []
    for one in questions:
        reading = reader.read(one.question, [Excerpt(one.context)])[0]
        span = reading.best
        score = -np.inf if span is None else span.score - reading.no_answer
        if not one.answers:
            unanswerable.append(score)
            continue
        answerable.append(score)
        text = "" if span is None else one.context[span.start : span.end]
        f1.append(metrics.f1(text, one.answers))
        exact.append(metrics.exact_match(text, one.answers))
    both = bool(answerable and unanswerable)
    return ReaderScores(
        len(questions),
        float(np.mean(f1)) if f1 else 0.0,
        float(np.mean(exact)) if exact else 0.0,
        metrics.area_under_curve(answerable, unanswerable) if both else None,
        tuple(metrics.refused(answerable, unanswerable, share) for share in _FALSE_REFUSALS) if both else (),
    )


def load(path: Path) -> Reader:
    """A reader of an exported graph, or of a file of weights."""
    return OnnxReader(path) if path.suffix == ".onnx" else TorchReader.load(path)


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(prog="python -m index.reader.evaluate", description=__doc__)
    parser.add_argument("model", type=Path, help="an exported graph (.onnx), or weights (.safetensors)")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    options = parser.parse_args(arguments)
    reader = load(options.model)
    for path in options.files:
        sys.stdout.write(f"{path}: {measure(reader, list(questions(path)))}\n")


if __name__ == "__main__":
    main()
