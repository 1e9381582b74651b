"""What libraries hold in memory: the articles that were asked last, and the vectors of their passages."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from cachetools import LRUCache

from index.answering.answerer import Answerer
from index.model.library import IndexInfo
from index.search.embedding import Floats
from index.storage.snapshot_files import Snapshot

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Newest: TypeAlias = tuple[str, int] | None
"""What ``SnapshotFolder.newest`` gives: it changes with what is newest."""

_OPEN_BYTES = 512 * 1024 * 1024
_VECTOR_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class OpenArticle:
    """An index that answers: swapped in as one.

    Attributes:
        snapshot: What it was opened from.
        newest: What was newest when it was chosen: while that stays, it is the one.
        answerer: Answers from it.
        info: It, for people.
        flaws: Why it has to be built again, a sentence each; it answers meanwhile.
    """

    snapshot: Snapshot
    newest: Newest
    answerer: Answerer
    info: IndexInfo
    flaws: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """About how much memory it takes: the vectors and token embeddings, and the text's share."""
        index = self.snapshot.index
        arrays = sum(part.nbytes for part in index.tokens)
        return (
            arrays + 4 * self.snapshot.manifest.dimension * len(index.passages) + 50 * len(index.article.text)
        )


@dataclass(frozen=True)
class PassageVectors:
    """The vectors of an article's passages, shape (passages, dimension), and of which snapshot they are."""

    newest: Newest
    vectors: Floats


class Cache(Generic[K, V]):
    """Keeps what was used last, within a number and a size; one that is too large is kept alone. Thread-safe.

    Each takes the larger of its share of the number and its share of the size, in whole numbers. Putting one
    takes a microsecond however many there are.

    Args:
        count: How many are kept at most.
        nbytes: How many bytes all of them may take.
        size_of: The bytes of one.
    """

    def __init__(self, count: int, nbytes: int, size_of: Callable[[V], int]) -> None:
        whole = count * nbytes
        self._kept: LRUCache[K, V] = LRUCache(
            whole, getsizeof=lambda value: min(max(nbytes, count * size_of(value)), whole)
        )
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """What is kept under a key: from now on the one used last."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: K, value: V) -> None:
        """Keeps something, and lets go of what was not used for longest."""
        with self._lock:
            self._kept[key] = value


class Memory:
    """What all the libraries of a process hold.

    Articles are known by the folder of their library and their id.

    Args:
        articles: How many articles are held open.
    """

    def __init__(self, *, articles: int) -> None:
        self.articles: Cache[tuple[Path, str], OpenArticle] = Cache(
            articles, _OPEN_BYTES, lambda article: article.nbytes
        )
        self.vectors: Cache[tuple[Path, str], PassageVectors] = Cache(
            100_000, _VECTOR_BYTES, lambda vectors: vectors.vectors.nbytes
        )
        self._publishing: Counter[tuple[Path, str]] = Counter()

    @contextlib.contextmanager
    def publishing(self, key: tuple[Path, str]) -> Iterator[None]:
        """Marks that a new index is put in place: until it is in memory, the old one answers."""
        self._publishing[key] += 1
        try:
            yield
        finally:
            self._publishing[key] -= 1

    def is_publishing(self, key: tuple[Path, str]) -> bool:
        """Whether a new index of an article is just being put in place."""
        return self._publishing[key] > 0
