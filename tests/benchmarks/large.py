"""What a very large article costs, beside a small one: ``python -m tests.benchmarks.large [--passages N]``.

Makes an article of 100 paragraphs and one of ``--passages``, of the same sentences of the project's own
texts, shuffled. Of the large one each paragraph stands there many times, so that few are embedded: what is
measured is everything else. Each is indexed by a library, opened anew, and asked the same questions, turn
by turn, in changing order.

The ratio is the figure; milliseconds are this machine's. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from index.errors import FootnoteError
from index.library.library import Library
from index.search.embedding import SentenceTransformerEmbedder
from index.sources.files import upload
from index.sources.limits import Limits
from tests.benchmarks import machine, peak_memory, turn_by_turn
from tests.benchmarks.library import DISTINCT, WHO, made_questions, own_sentences, paragraph_of

SMALL = 100


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.large", description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--distinct", type=int, default=DISTINCT, help="how many of them are embedded")
    parser.add_argument("--longer", type=int, default=1, help="how many times as long a paragraph is")
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    embedder = SentenceTransformerEmbedder()
    print(machine(embedder))
    with tempfile.TemporaryDirectory() as folder:
        sizes = {"small": SMALL, "large": options.passages}
        for name, count in sizes.items():
            _index(Path(folder), name, _text(count, options.distinct, options.longer), embedder)
        library = Library(Path(folder), embedder=embedder)
        for name in sizes:
            began = time.perf_counter()
            library.ask("What is said?", article=name)
            print(
                f"  {name}: opened, and its first question answered, in {time.perf_counter() - began:.1f} s"
            )
        asked = made_questions(options.questions)
        small, large = turn_by_turn(
            [
                lambda n: library.ask(asked[n], article="small"),
                lambda n: library.ask(asked[n], article="large"),
            ],
            rounds=len(asked),
        )
    print(
        f"  question: p50 of the large one {median(large) * 1000:.1f} ms, of the small one "
        f"{median(small) * 1000:.1f} ms; ratio {median(large) / median(small):.2f}"
    )


def _text(passages: int, distinct: int, longer: int) -> bytes:
    parts = own_sentences()
    numbers = random.Random(passages).choices(range(distinct), k=passages)  # noqa: S311 - no secret
    return "\n".join(
        " ".join(paragraph_of((number + n) % distinct, parts) for n in range(longer)) for number in numbers
    ).encode()


def _index(folder: Path, name: str, content: bytes, embedder: SentenceTransformerEmbedder) -> None:
    limits = Limits(
        max_bytes=2 * len(content),
        max_chars=len(content),
        max_extract_seconds=600,
        max_extract_bytes=4_000_000_000,
    )
    began = time.perf_counter()
    report = Library(folder, embedder=embedder, limits=limits).add(upload(name, content), who=WHO, id=name)
    print(
        f"{name}: {len(content) / 1e6:.1f} MB, {len(report.info.passages):,} passages, "
        f"{time.perf_counter() - began:.0f} s to index, peak memory so far {peak_memory() / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    try:
        main()
    except FootnoteError as error:
        sys.exit(str(error))
