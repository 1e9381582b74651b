"""Whether answers depend on what runs the bundled model: ``python -m tests.benchmarks.agreement DIR``.

Asks questions of the SQuAD files (``*.json``) of the folder, all paragraphs of a file as one article. The
index is made, and the questions are embedded, by ONNX Runtime or by sentence-transformers on torch; each pair
of the two is held against torch for both, question by question, and so is an index that was made in bfloat16,
for which questions are embedded by ONNX Runtime. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.answering.fitted_reader import load_reader
from index.errors import FootnoteError
from index.evaluation.run import pooled
from index.model.answer import Status
from index.search.build import Index, build
from index.search.embedding import Runtime, SentenceTransformerEmbedder
from index.sources.files import SHIPPED_ARTICLE, load_article
from index.sources.question_files import load_questions

_PAIRS: tuple[tuple[Runtime, Runtime], ...] = (
    ("onnx", "onnx"), ("onnx", "torch"), ("torch", "onnx"), ("bfloat16", "onnx"),
)  # fmt: skip

Outcome = tuple[Status, tuple[tuple[int, int], ...]]
"""How sure an answer is, and where its citations stand."""


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.agreement", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--questions", type=int, default=150, help="how many are asked of each file")
    args = parser.parse_args()
    embedders = {
        runtime: SentenceTransformerEmbedder(runtime=runtime, many=0) for runtime in get_args(Runtime)
    }
    print("| file | index by | questions by | asked | same answer | same first citation |")
    print("| --- | --- | --- | ---: | ---: | ---: |")
    for file in sorted(args.folder.glob("*.json")):
        gold = pooled(load_questions(file, load_article(SHIPPED_ARTICLE)))
        step = max(1, len(gold.questions) // args.questions)
        questions = [question.text for question in gold.questions[::step]][: args.questions]
        indexes = {runtime: build(gold.article, embedder) for runtime, embedder in embedders.items()}
        reference = _outcomes(indexes["torch"], embedders["torch"], questions)
        for index_runtime, runtime in _PAIRS:
            outcomes = _outcomes(indexes[index_runtime], embedders[runtime], questions)
            pairs = list(zip(outcomes, reference, strict=True))
            same = sum(one == other for one, other in pairs)
            first = sum(one[1][:1] == other[1][:1] for one, other in pairs)
            cells = (file.name, index_runtime, runtime, len(questions), same, first)
            print(f"| {' | '.join(map(str, cells))} |", flush=True)


def _outcomes(index: Index, embedder: SentenceTransformerEmbedder, questions: Sequence[str]) -> list[Outcome]:
    answerer = Answerer(
        index, embedder, thresholds=thresholds(embedder), reading=load_reader(None, embedder.sha256)
    )
    answers = map(answerer.answer, questions)
    return [
        (answer.status, tuple((one.start, one.end) for one in answer.citations or answer.closest))
        for answer in answers
    ]


if __name__ == "__main__":
    try:
        main()
    except FootnoteError as error:
        sys.exit(str(error))
