"""What a reindex costs: ``python -m tests.benchmarks.reindex [DIR]``.

Makes an article of 1,000 passages, from the paragraphs of the SQuAD files (``*.json``) of the folder, or of
the sentences of the article that ships, shuffled. Then, in one run and with the real model:

- builds its index, reindexes it unchanged, and reindexes it with one paragraph changed;
- asks questions while nothing else happens and while the whole of it is embedded again, one after another
  and in turns, and compares the 95th percentiles.

The ratios are the figures; seconds are this machine's.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from index.errors import CancelledError, FootnoteError
from index.library.library import Library
from index.model.library import Progress, Stage
from index.model.source import Source
from index.search.embedding import SentenceTransformerEmbedder, stand_back
from index.sources.files import SHIPPED_ARTICLE, load_article, upload
from index.sources.question_files import load_questions
from tests.benchmarks import machine

QUESTIONS = [
    "How many Labour MPs signed the letter?",
    "Who leads the party?",
    "When was the building opened?",
    "What did the minister say about Gaza?",
    "Where did the first match take place?",
    "Why was the treaty signed?",
]
WHO = "benchmark"


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reindex", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?", help="folder of SQuAD files")
    parser.add_argument("--passages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5, help="how often the quick reindexes are timed")
    parser.add_argument("--questions", type=int, default=200, help="how many are asked idle and meanwhile")
    args = parser.parse_args()
    embedder = SentenceTransformerEmbedder()
    print(machine(embedder))
    paragraphs = _paragraphs(args.folder, args.passages)
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), embedder=embedder)
        library.load()
        _reindexing(library, paragraphs, args.rounds)
        _asking(library, paragraphs, args.questions)


def _paragraphs(folder: Path | None, count: int) -> list[str]:
    """Paragraphs of about a passage each, no two alike."""
    shuffle = random.Random(1)  # noqa: S311 - no secret
    if folder is not None:
        shipped = load_article(SHIPPED_ARTICLE)
        articles = [
            one.article for file in sorted(folder.glob("*.json")) for one in load_questions(file, shipped)
        ]
        texts = {p.of(article.text).strip() for article in articles for p in article.paragraphs}
    else:
        texts = {p.of(load_article(SHIPPED_ARTICLE).text) for p in load_article(SHIPPED_ARTICLE).paragraphs}
    sentences = sorted({part.strip() + "." for text in texts for part in text.split(". ") if len(part) > 20})
    return [f"Note {n}. {' '.join(shuffle.sample(sentences, 4))}" for n in range(count)]


def _source(paragraphs: list[str]) -> Source:
    return upload("benchmark.txt", "\n".join(paragraphs).encode())


def _reindexing(library: Library, paragraphs: list[str], rounds: int) -> None:
    report = library.add(_source(paragraphs), who=WHO, id="benchmark")
    unchanged, changed = [], []
    for number in range(rounds):
        same = library.reindex("benchmark", who=WHO)
        if same.published:
            raise AssertionError(same)
        unchanged.append(same.seconds)
        paragraphs[len(paragraphs) // 2] = f"Change {number}. The lighthouse keeper counted {number} ships."
        one = library.reindex("benchmark", who=WHO, source=_source(paragraphs))
        if (one.added, one.removed) not in ((1, 1), (1, 2)):  # a long first one may have been two passages
            raise AssertionError(one)
        changed.append(one.seconds)
    print(f"passages: {report.added}")
    print(f"build: {report.seconds:.2f} s")
    for name, seconds in (("unchanged reindex", unchanged), ("one paragraph changed", changed)):
        print(
            f"{name}: {median(seconds):.3f} s, {report.seconds / median(seconds):.0f} x faster than the build"
        )


@dataclass
class _Reindexing:
    """Embeds the whole article again and again, in a thread, and publishes nothing."""

    library: Library
    paragraphs: list[str]
    embedding: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        stand_back()  # as the bot's thread does
        number = 0
        while not self.stop.is_set():
            number += 1
            source = _source([f"Round {number}. {paragraph}" for paragraph in self.paragraphs])
            try:
                self.library.reindex("benchmark", who=WHO, source=source, on_progress=self.told)
            except CancelledError:
                return

    def told(self, progress: Progress) -> None:
        if progress.stage is Stage.EMBED:
            self.embedding.set()
        if self.stop.is_set():
            raise CancelledError


def _asking(library: Library, paragraphs: list[str], count: int) -> None:
    library.ask(QUESTIONS[0], article="benchmark")
    idle, busy = [], []
    for _ in range(4):
        idle += _ask(library, count // 4)
        work = _Reindexing(library, paragraphs)
        thread = threading.Thread(target=work.run)
        thread.start()
        work.embedding.wait(60)
        busy += _ask(library, count // 4)
        work.stop.set()
        thread.join()
    for name, times in (("idle", idle), ("during a reindex", busy)):
        p50, p95, most = np.percentile(times, [50, 95, 100]) * 1000
        print(f"question, {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, longest {most:.1f} ms")
    ratio = np.percentile(busy, 95) / np.percentile(idle, 95)
    print(f"p95 during a reindex is {ratio:.2f} x the idle one")


def _ask(library: Library, count: int) -> list[float]:
    times = []
    for number in range(count):
        began = time.perf_counter()
        library.ask(QUESTIONS[number % len(QUESTIONS)], article="benchmark")
        times.append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    try:
        main()
    except FootnoteError as error:
        sys.exit(str(error))
