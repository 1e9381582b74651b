"""Words of a library: BM25 over passages that come and go. Nothing else of it is touched by either."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from index.search.bm25 import K1, B

Floats = npt.NDArray[np.float32]
N = TypeVar("N", float, npt.NDArray[np.float32])


_COUNT_BITS = 16  # of a posting of 64: no passage has a term as often as that
_MOST = (1 << _COUNT_BITS) - 1


class Postings:
    """Okapi BM25 (Lucene's variant, as ``BM25``) over numbered texts.

    Each term has the numbers of the texts that have it, ascending, each with how often it has it. Texts are
    added with numbers above all before, so that adding appends, and those of a range are removed in one cut.
    """

    def __init__(self) -> None:
        self._postings: dict[str, array[int]] = {}
        self._lengths = np.zeros(0, dtype=np.float32)
        self._count = 0
        self._terms = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, term: str) -> bool:
        return term in self._postings

    def add(self, first: int, texts: Sequence[Mapping[str, int]]) -> None:
        """Adds texts, numbered from ``first`` on, as how often each has each term."""
        end = first + len(texts)
        if end > len(self._lengths):
            longer = np.zeros(max(end, 2 * len(self._lengths)), dtype=np.float32)
            longer[: len(self._lengths)] = self._lengths
            self._lengths = longer
        for number, counts in enumerate(texts, first):
            for term, count in counts.items():
                posting = self._postings.get(term)
                if posting is None:
                    posting = self._postings[term] = array("q")
                posting.append(number << _COUNT_BITS | min(count, _MOST))
            length = sum(counts.values())
            self._lengths[number] = length
            self._terms += length
        self._count += len(texts)

    def remove(self, first: int, end: int, terms: Iterable[str]) -> None:
        """Removes the texts numbered from ``first`` to ``end``, which have those terms, each given once."""
        for term in terms:
            posting = self._postings[term]
            del posting[bisect_left(posting, first << _COUNT_BITS) : bisect_left(posting, end << _COUNT_BITS)]
            if not posting:
                del self._postings[term]
        self._terms -= int(self._lengths[first:end].sum())
        self._lengths[first:end] = 0
        self._count -= end - first

    def idf(self, term: str) -> float:
        """How rare a term is."""
        having = len(self._postings.get(term, ()))
        return float(np.log1p((self._count - having + 0.5) / (having + 0.5)))

    def best(self, terms: Sequence[str], count: int) -> list[int]:
        """The numbers of the texts that score best, at most ``count``; those that share no term are none."""
        scores = self.scores(terms)
        some = np.flatnonzero(scores > 0)
        if len(some) > count:
            some = some[np.argpartition(-scores[some], count)[:count]]
        return [int(number) for number in some[np.argsort(-scores[some], kind="stable")]]

    def scores(self, terms: Sequence[str]) -> Floats:
        """The score of each number for the terms of a question, repeats included; 0 for what is not there."""
        scores = np.zeros(len(self._lengths), dtype=np.float32)
        mean = self._terms / max(self._count, 1)
        for term in terms:
            posting = self._postings.get(term)
            if posting is None:
                continue
            pairs = np.frombuffer(posting, dtype=np.int64)
            numbers, counts = pairs >> _COUNT_BITS, (pairs & _MOST).astype(np.float32)
            scores[numbers] += self.idf(term) * saturated(counts, self._lengths[numbers], mean)
            del pairs  # while it looks at the posting, that cannot grow
        return scores


def saturated(counts: N, lengths: N, mean_length: float) -> N:
    """How much terms count in texts by how often they stand there, and how long those are."""
    norm = K1 * (1 - B + B * lengths / max(mean_length, 1e-6))
    return counts / (counts + norm)  # type: ignore[return-value]  # numpy widens nothing here
