"""What an index takes on disk, and in memory while it is made: ``python -m tests.benchmarks.size [DIR]``.

Makes an article of ``--megabytes`` from the paragraphs of the SQuAD files (``*.json``) of the folder, or of
the sentences of the article that ships, shuffled; what makes it longer is numbered, so that no passage is
there twice. A process of its own indexes it with the real model; its peak memory is what the system says.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from index.library.library import Library
from index.search.embedding import SentenceTransformerEmbedder
from index.sources.files import SHIPPED_ARTICLE, load_article, upload
from index.sources.limits import Limits
from tests.benchmarks import machine, peak_memory


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.size", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?", help="folder of SQuAD files")
    parser.add_argument("--megabytes", type=float, default=0.5)
    parser.add_argument("--index", type=Path, help=argparse.SUPPRESS)  # what the process of its own indexes
    args = parser.parse_args()
    if args.index:
        _index(args.index)
        return
    print(machine(SentenceTransformerEmbedder()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text(long_text(args.folder, int(args.megabytes * 1_000_000)), encoding="utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.size", "--index", str(path)]
        subprocess.run(command, check=True)


def _index(path: Path) -> None:
    """Indexes a text, and says what that took."""
    content = path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        limits = Limits(max_bytes=2 * len(content), max_chars=len(content), max_extract_seconds=300)
        library = Library(Path(folder), embedder=SentenceTransformerEmbedder(), limits=limits)
        idle = peak_memory()
        began = time.perf_counter()
        report = library.add(upload("text.txt", content), who="benchmark", id="text")
        seconds = time.perf_counter() - began
        files = {file.name: file.stat().st_size for file in Path(folder).glob("articles/text/snapshots/*/*")}
    size = len(content)
    print(f"text: {size / 1e6:.2f} MB, {len(report.info.passages):,} passages, {seconds:.0f} s to index")
    print(f"disk: {sum(files.values()) / size:.1f} bytes for a byte of text")
    for name, nbytes in sorted(files.items(), key=lambda item: -item[1]):
        print(f"  {name}: {nbytes / size:.2f}")
    print(f"peak memory: {peak_memory() / 1e6:.0f} MB, {idle / 1e6:.0f} MB of it before")


def long_text(folder: Path | None, size: int) -> str:
    paragraphs, length = [], 0
    for paragraph in _paragraphs(folder):
        paragraphs.append(paragraph)
        length += len(paragraph.encode()) + 1
        if length > size:
            break
    return "\n".join(paragraphs) + "\n"


def _paragraphs(folder: Path | None) -> Iterator[str]:
    """Paragraphs without end: real ones first, then those with a number to tell them apart."""
    real = [
        " ".join(one["context"].split())
        for path in sorted(folder.glob("*.json") if folder else ())
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for one in article["paragraphs"]
    ]
    article = load_article(SHIPPED_ARTICLE)
    real = real or [paragraph.of(article.text) for paragraph in article.paragraphs]
    yield from real
    rng = random.Random(0)  # noqa: S311
    for number in count(1):
        sentences = [sentence for paragraph in rng.sample(real, 4) for sentence in paragraph.split(". ")]
        yield f"Number {number}: " + ". ".join(rng.sample(sentences, min(5, len(sentences))))


if __name__ == "__main__":
    main()
