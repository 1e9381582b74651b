"""Words: BM25 over texts, computed when a question asks for it, of where its terms stand."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import accumulate, chain, pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from index.language.terms import Analyzer, LocatedTerms
from index.model.article import Span

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

K1, B = 1.2, 0.75

_AT_ONCE = 1_000_000  # terms that are sorted at once: numpy takes eight bytes and more for each


class TermPlaces:
    """The terms of a text, and where each of the vocabulary stands.

    Args:
        vocabulary: The distinct terms, ascending.
        starts: Where each term of the text starts, ascending.
        places: The place of each in the vocabulary.

    Attributes:
        vocabulary: See the argument.
        starts: Shape (terms,).
        places: Shape (terms,).
    """

    def __init__(self, vocabulary: Sequence[str], starts: Sequence[int], places: Sequence[int]) -> None:
        self.vocabulary = tuple(vocabulary)
        self.starts = np.asarray(starts, dtype=np.int32)
        self.places = np.asarray(places, dtype=np.int32)

    @classmethod
    def of(cls, terms: LocatedTerms) -> Self:
        """Those that an analyzer found in the text."""
        return cls(terms.vocabulary, terms.starts, terms.places)

    def __contains__(self, term: str) -> bool:
        return place_in(self.vocabulary, term) is not None

    def positions(self, term: str) -> Ints:
        """Which of the text's terms are that one, ascending."""
        place = place_in(self.vocabulary, term)
        if place is None:
            return np.zeros(0, dtype=np.int32)
        order, edges = self._by_place
        return order[edges[place] : edges[place + 1]]

    def bounds(self, spans: Collection[Span]) -> Ints:
        """Of each span of the text its first term and the one after its last, shape (spans, 2)."""
        edges = (edge for span in spans for edge in (span.start, span.end))
        offsets = np.fromiter(edges, dtype=np.int32, count=2 * len(spans)).reshape(-1, 2)
        return np.searchsorted(self.starts, offsets).astype(np.int32)

    @cached_property
    def _by_place(self) -> tuple[Ints, npt.NDArray[np.int64]]:
        """The terms' numbers, by what they are, and where those of each in the vocabulary start and end."""
        parts = [slice(at, at + _AT_ONCE) for at in range(0, len(self.places), _AT_ONCE)]
        edges = np.zeros(len(self.vocabulary) + 1, dtype=np.int64)
        for part in parts:
            edges[1:] += np.bincount(self.places[part], minlength=len(self.vocabulary))
        np.cumsum(edges, out=edges)
        order, following = np.empty(len(self.places), dtype=np.int32), edges[:-1].copy()
        for part in parts:
            by_place = np.argsort(self.places[part], kind="stable")
            places = self.places[part][by_place]
            firsts = np.flatnonzero(np.diff(places, prepend=-1))
            lengths = np.diff(firsts, append=len(places))
            ranks = np.arange(len(places)) - np.repeat(firsts, lengths)
            order[following[places] + ranks] = by_place + part.start
            following[places[firsts]] += lengths
        return order, edges


def place_in(vocabulary: Sequence[str], term: str) -> int | None:
    """The place of a term among those of an ascending vocabulary; None where it is none of them."""
    place = bisect_left(vocabulary, term)
    return place if place < len(vocabulary) and vocabulary[place] == term else None


class BM25:
    """Okapi BM25 (Robertson & Zaragoza 2009; Lucene's variant, k1 1.2, b 0.75) over spans of a text.

    Args:
        terms: Those of the text.
        spans: In order; no two overlap.
        analyzer: What the terms were found with.
    """

    def __init__(self, terms: TermPlaces, spans: Collection[Span], analyzer: Analyzer) -> None:
        self._terms = terms
        self._analyzer = analyzer
        self._firsts, self._ends = np.ascontiguousarray(terms.bounds(spans).T)
        self._mean_length = float((self._ends - self._firsts).mean()) if len(spans) else 0.0

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]], analyzer: Analyzer) -> Self:
        """Over texts that stand by themselves, each as its terms."""
        texts = list(texts)
        vocabulary = sorted(set(chain.from_iterable(texts)))
        place_of = {term: place for place, term in enumerate(vocabulary)}
        places = [place_of[term] for text in texts for term in text]
        spans = [Span(*edges) for edges in pairwise(accumulate(map(len, texts), initial=0))]
        return cls(TermPlaces(vocabulary, range(len(places)), places), spans, analyzer)

    def __contains__(self, term: str) -> bool:
        return term in self._terms

    def scores(self, question: str) -> Floats:
        """Each text's score for a question, shape (texts,); 0 where they share no term."""
        scores = np.zeros(len(self._firsts), dtype=np.float32)
        for term in self._analyzer.terms(question):
            numbers, counts = self._having(term)
            lengths = (self._ends - self._firsts)[numbers]
            idf = math.log(1 + (len(scores) - len(numbers) + 0.5) / (len(numbers) + 0.5))
            norms = K1 * (1 - B + B * lengths / max(self._mean_length, 1e-6))
            scores[numbers] += (np.float32(idf) * (counts / (norms + counts))).astype(np.float32)
        return scores

    def shares(self, question: str) -> Floats:
        """Which share of a question's terms each text has, shape (texts,), from 0 to 1."""
        terms = dict.fromkeys(self._analyzer.terms(question))
        shares = np.zeros(len(self._firsts), dtype=np.float32)
        for term in terms:
            shares[self._having(term)[0]] += 1
        return np.asarray(shares / max(len(terms), 1), dtype=np.float32)

    def _having(self, term: str) -> tuple[npt.NDArray[np.int64], Ints]:
        """The numbers of the texts that have a term, ascending, and how often each has it."""
        positions = self._terms.positions(term)
        owners = np.searchsorted(self._ends, positions, side="right")
        before_end = owners < len(self._ends)
        owners, positions = owners[before_end], positions[before_end]
        owners = owners[self._firsts[owners] <= positions]
        edges = np.flatnonzero(np.diff(owners, prepend=-1, append=len(self._firsts)))
        return owners[edges[:-1]], np.diff(edges).astype(np.int32)
