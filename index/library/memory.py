"""What libraries hold in memory: the articles that were asked last."""

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
from index.storage.snapshot_files import Snapshot

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Newest: TypeAlias = tuple[str, int] | None
"""What ``SnapshotFolder.newest`` gives: it changes with what is newest."""

_OPEN_BYTES = 512 * 1024 * 1024
"""A share of the 2 GB that small machines have; beyond, what was asked last stays."""


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


class Cache(Generic[K, V]):
    """Keeps what was used last, within a number and a size. Thread-safe.

    One that is too large is kept with a share left beside it: else it and a small one would go for each other
    with every question.

    Each takes the larger of its share of the number and its share of the size, in whole numbers. Putting one
    takes a microsecond however many there are.

    Args:
        count: How many are kept at most.
        nbytes: How many bytes all of them may take.
        size_of: The bytes of one.
    """

    def __init__(self, count: int, nbytes: int, size_of: Callable[[V], int]) -> None:
        whole = count * nbytes
        self._values: LRUCache[K, V] = LRUCache(
            whole,
            getsizeof=lambda value: min(max(nbytes, count * size_of(value)), max(whole - nbytes, nbytes)),
        )
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """What is kept under a key: from now on the one used last."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keeps something, and lets go of what was not used for longest."""
        with self._lock:
            self._values[key] = value

    def drop(self, key: K) -> None:
        """Lets go of what is kept under a key."""
        with self._lock:
            self._values.pop(key, None)


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
        self._publishing: Counter[tuple[Path, str]] = Counter()
        self.openings: Counter[bool] = Counter()
        """How often an article was open when it was needed (True), and how often it was not."""

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
