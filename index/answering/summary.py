"""The few sentences that carry an article."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from index.search.embedding import Floats

FEWEST, MOST = 3, 5
"""How many sentences a summary has, where the article has as many."""

PER_SENTENCES = 4
"""How many sentences of the article there are to each one of its summary, between those bounds."""

DAMPING = 0.85
"""How much of a sentence's rank comes from the sentences that are like it, as in PageRank."""

NOVELTY = 0.3
"""How much being unlike what is chosen already counts, against carrying the article."""

REPEATS = 0.95
"""The similarity from which on a sentence says what is chosen already: it comes after all others."""

SHORT, LONG = 80, 320
"""The lengths in characters between which a sentence can stand in a summary without a discount."""

LEADS, LATER = 0.7, 0.5
"""What a sentence counts that opens its paragraph, and one further on, against the article's first."""

LEANS = 0.5
"""What is left of one that leans on what stands before it."""

MOST_CHECKS = 200
"""How many sentences are asked whether they lean at most: a text of nothing but such ones has no better."""

_STEPS = 30  # of a power iteration, which has settled by then
_TINY = float(np.finfo(np.float32).tiny)


def summarise(vectors: Floats, fit: Floats, leans: Callable[[int], bool]) -> tuple[int, ...]:
    """Chooses the sentences of a summary: they carry the article, and do not repeat each other.

    Continuous LexRank (Erkan & Radev 2004, https://doi.org/10.1613/jair.1523) over the sentences' cosine
    similarities, found by power iteration without ever forming the matrix of all pairs: the time grows with
    the number of sentences, not with its square. Maximal marginal relevance (Carbonell & Goldstein 1998,
    https://doi.org/10.1145/290941.291025) then picks them one by one.

    Args:
        vectors: Shape (sentences, dimension), each of length 1, or 0 for a sentence without a word.
        fit: Shape (sentences,), from 0 to 1: how well each can stand in a summary by its place and length.
        leans: Whether a sentence, by its number, leans on what stands before it. Asked of few.

    Returns:
        The numbers of the sentences, ascending.
    """
    count = min(max(FEWEST, round(len(vectors) / PER_SENTENCES)), MOST, len(vectors))
    if not count:
        return ()
    rank = central(vectors)
    spread = max(float(np.ptp(rank)), _TINY)
    worth = (1 - NOVELTY) * (1 + (rank - rank.min()) / spread) / 2 * fit  # the walk alone halves it at most
    nearest = np.zeros(len(vectors), dtype=np.float32)
    checks: set[int] = set()
    summary: list[int] = []
    while len(summary) < count:
        best = int(np.argmax(worth - NOVELTY * nearest))
        if best not in checks:
            checks.add(best)
            if len(checks) <= MOST_CHECKS and leans(best):
                worth[best] *= LEANS
                continue
        summary.append(best)
        worth[best] = -np.inf
        alike = vectors @ vectors[best]
        nearest = np.maximum(nearest, alike)
        worth[alike >= REPEATS] -= 1
    return tuple(sorted(summary))


def central(vectors: Floats) -> Floats:
    """LexRank: the share of a random walk's steps that each sentence gets, shape (sentences,), in sum 1.

    A step goes from a sentence to another one in proportion to their similarity (at random, 1 - DAMPING of
    the time).

    Args:
        vectors: See ``summarise``.
    """
    count = len(vectors)
    total = vectors @ vectors.sum(axis=0)
    out = np.where(total > 0, total, np.inf)
    rank: Floats = np.full(count, 1 / max(count, 1), dtype=np.float32)
    for _ in range(_STEPS):
        steps = np.maximum(vectors @ (vectors.T @ (rank / out)), 0)
        share = steps / max(float(steps.sum()), _TINY)
        rank = np.asarray(DAMPING * share + (1 - DAMPING) / count, dtype=np.float32)
    return rank


def fitness(lengths: Sequence[int], leads: Sequence[bool]) -> Floats:
    """How well each sentence can stand in a summary by its place and length, shape (sentences,), from 0 to 1.

    Writers say what a text is about where it opens, and what a paragraph is about in its first sentence.
    What is too short to say much or too long to be read in passing stands in a summary badly.

    Args:
        lengths: In characters.
        leads: Whether each is the first of its paragraph.
    """
    length = np.asarray(lengths, dtype=np.float32)
    readable = np.minimum(np.minimum(length / SHORT, LONG / np.maximum(length, 1)), 1)
    place = np.where(leads, LEADS, LATER)
    place[:1] = 1
    return np.asarray(readable * place, dtype=np.float32)
