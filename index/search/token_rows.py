"""Which rows of a token table count for a sentence, and in how many sentences each token stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.model.article import Span
from index.search.build import Ints, TokenTable
from index.search.leads import Leads

MENTIONS, NAME_TOKENS = 8, 32
"""How many names count with a sentence at most, and how many tokens of each: more than any prose has."""

LEAD_TOKENS = 64
"""How many tokens of what leads a sentence count with it at most: more than any question or lead-in has."""

_TOKENS_AT_ONCE = 200_000

Mentions = Callable[[Span], Sequence[Span]]
"""The names that a sentence leans on: of the person its "he" is, or who says what it quotes."""


class TokenRows:
    """The rows of a token table that count for sentences: their own, and those of what they lean on.

    Args:
        starts: Where each token starts in the article's text, ascending.
        leads: What leads its sentences.
        mentions: The names that its sentences lean on.
    """

    def __init__(self, starts: Ints, leads: Leads, mentions: Mentions) -> None:
        self._starts = starts
        self._leads = leads
        self._mentions = mentions
        self._cache: dict[Span, list[tuple[int, int]]] = {}

    def runs(self, sentence: Span) -> list[tuple[int, int]]:
        """The runs of rows that count for a sentence, (first, end) each, its own first; none is empty."""
        token_runs = self._cache.get(sentence)
        if token_runs is None:
            token_runs = self._cache[sentence] = self.new_runs(sentence)
        return token_runs

    def new_runs(self, sentence: Span) -> list[tuple[int, int]]:
        """The same, for whoever asks once for each sentence: they are not kept."""
        return [run for run in self._runs(sentence) if run[0] < run[1]]

    def _runs(self, sentence: Span) -> list[tuple[int, int]]:
        runs = [self.bounds(sentence)]
        for name in self._mentions(sentence)[:MENTIONS]:
            first, end = self.bounds(name)
            runs.append((first, min(end, first + NAME_TOKENS)))
        introduction = self._leads.led(sentence)
        if introduction is not None:
            first, end = self.bounds(introduction.lead)
            runs.append((first, min(end, first + LEAD_TOKENS)))
        return runs

    def bounds(self, span: Span) -> tuple[int, int]:
        """The first row in a span, and the one after its last."""
        first, end = np.searchsorted(self._starts, np.array([span.start, span.end], dtype=np.int32))
        return int(first), int(end)


def rows_of(runs: Sequence[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """The rows of runs, one after another."""
    if not runs:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([np.arange(first, end) for first, end in runs])


class TokenCounts(NamedTuple):
    """In how many sentences tokens stand.

    Attributes:
        ids: Token ids, ascending, shape (ids,).
        counts: In how many sentences each stands, shape (ids,).
        sentences: How many sentences there are.
    """

    ids: Ints
    counts: Ints
    sentences: int

    @classmethod
    def of(cls, tokens: TokenTable) -> TokenCounts:
        """Those of an article."""
        totals = np.zeros(int(tokens.ids.max(initial=0)) + 1, dtype=np.int64)
        edges = np.concatenate([[0], tokens.ends])
        sentence, sentences = 0, len(tokens.ends)
        while sentence < sentences:
            first = edges[sentence]
            enough = int(np.searchsorted(edges, first + _TOKENS_AT_ONCE, side="right")) - 1
            following = max(enough, sentence + 1)
            lengths = np.diff(edges[sentence : following + 1])
            numbers = np.repeat(np.arange(len(lengths)), lengths)
            pairs = numbers * len(totals) + tokens.ids[first : edges[following]]
            pairs.sort()  # np.unique hashes them, which takes ten times as long
            distinct = pairs[np.flatnonzero(np.diff(pairs, prepend=-1))]
            totals += np.bincount(distinct % len(totals), minlength=len(totals))
            sentence = following
        ids = np.flatnonzero(totals)
        return cls(ids.astype(np.int32), totals[ids].astype(np.int32), sentences)

    def in_sentences(self, ids: Ints) -> npt.NDArray[np.int64]:
        """In how many sentences each of some tokens stands; 0 for one that is in none."""
        if not len(self.ids):
            return np.zeros(len(ids), dtype=np.int64)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[place] == ids, self.counts[place], 0).astype(np.int64)
