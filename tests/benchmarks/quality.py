"""Footnote beside the plain dense baseline: ``python -m tests.benchmarks.quality DIR``.

Reads every question file of the folder (``*.jsonl`` about the article that ships, ``*.json`` in SQuAD's
form), asks them in every mode that the file allows and prints one table in Markdown. The baseline has
the same model and the same passages, and ranks by the cosine of whole vectors; it has no answers of its own,
only a ranking, so it has no figures of answers and is not asked other articles' questions. Shares are
in per cent.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from index.answering.fitted_reader import load_reader
from index.errors import FootnoteError
from index.evaluation.baseline import PlainDense
from index.evaluation.metrics import Metrics, Mode, Ranker
from index.evaluation.run import evaluate, footnote_system
from index.search.build import Index
from index.search.embedding import SentenceTransformerEmbedder
from index.sources.files import SHIPPED_ARTICLE, load_article
from index.sources.question_files import GoldArticle, load_questions
from tests.benchmarks import machine

SHARES = {
    "citation@1": "citation_at_1",
    "citation@3": "citation_at_3",
    "passage R@1": "passage_recall_at_1",
    "passage MRR": "passage_mrr",
    "answer recall": "answer_recall",
    "answered": "answered",
    "false refusals": "false_refusals",
    "not answered when impossible": "not_answered_when_impossible",
    "byte-exact": "byte_exact",
}
HEAD = ("file", "mode", "system", "questions", *SHARES, "quoted characters", "p50 ms", "bare encode p50 ms")


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.quality", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder = parser.parse_args().folder
    files = sorted([*folder.glob("*.jsonl"), *folder.glob("*.json")])
    if not files:
        parser.error(f"{folder} has no .jsonl or .json file")
    embedder = SentenceTransformerEmbedder()
    print(machine(embedder) + "\n")
    print(_row(HEAD))
    print(_row(["---"] * 3 + ["---:"] * (len(HEAD) - 3)))
    for file in files:
        articles = load_questions(file, load_article(SHIPPED_ARTICLE))
        for mode, name, system in _runs(articles, embedder):
            metrics = evaluate(
                articles,
                embedder,
                file=file.name,
                mode=mode,
                system=system,
                on_question=partial(_tell, f"{file.name} {mode} {name}"),
            )
            print(_row(_figures(name, metrics)), flush=True)


def _runs(
    articles: Sequence[GoldArticle], embedder: SentenceTransformerEmbedder
) -> Iterator[tuple[Mode, str, Callable[[Index], Ranker]]]:
    reading = load_reader(None, embedder.sha256)
    footnote, plain = footnote_system(embedder, reading=reading), partial(PlainDense, embedder=embedder)
    for mode in (Mode.ARTICLE, Mode.POOLED) if len(articles) > 1 else (Mode.ARTICLE,):
        yield mode, "Footnote", footnote
        yield mode, "plain", plain
    if len(articles) > 1:
        yield Mode.FOREIGN, "Footnote", footnote


def _figures(name: str, metrics: Metrics) -> list[str]:
    shares = (getattr(metrics, share) for share in SHARES.values())
    quoted = metrics.mean_quoted_chars
    return [
        metrics.file,
        metrics.mode,
        name,
        str(metrics.questions),
        *("–" if share is None else f"{share * 100:.1f}" for share in shares),
        "–" if quoted is None else f"{quoted:.0f}",
        f"{metrics.latency_ms['p50']:.1f}",
        f"{metrics.latency_ms['bare_encode_p50']:.1f}",
    ]


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
