"""Pure functions of scores: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

CARRY = 0.75
"""How much of a match in the sentence before counts for a sentence, and so on back through the passage.

Chosen with the question files of the README's "Quality" in view, as the ranking's other constants.
"""


def best_matches(question: Floats, tokens: Floats, starts: Ints) -> Floats:
    """For every question token its best match in each run of tokens.

    Args:
        question: Token embeddings of length 1, shape (question tokens, dimension).
        tokens: Token embeddings of length 1, shape (tokens, dimension).
        starts: Where each run starts in ``tokens``, ascending, shape (runs,).

    Returns:
        Cosine similarities, shape (question tokens, runs).
    """
    return np.asarray(np.maximum.reduceat(question @ tokens.T, starts, axis=1), dtype=np.float32)


def inherited_matches(best: Floats, places: Ints) -> Floats:
    """Lets each sentence inherit the matches of the ones before it in its passage.

    Prose names a thing once and then goes on about it. A question token that finds its match a sentence
    earlier has found it at CARRY of its value, two sentences earlier at CARRY squared.

    Args:
        best: What ``best_matches`` gives for sentences in order, shape (question tokens, sentences).
        places: Each sentence's place in its passage, from 0, shape (sentences,).

    Returns:
        The same shape, nowhere smaller where ``best`` is positive.
    """
    carried_over = best.copy()
    for place in range(1, int(places.max(initial=0)) + 1):
        here = np.flatnonzero(places == place)
        carried_over[:, here] = np.maximum(best[:, here], CARRY * carried_over[:, here - 1])
    return carried_over


def max_sim(best: Floats, weights: Floats) -> Floats:
    """MaxSim: the mean of the question tokens' best matches, weighted.

    ColBERT's late interaction (Khattab & Zaharia 2020, https://arxiv.org/abs/2004.12832) as a mean.

    Args:
        best: Shape (question tokens, runs).
        weights: Shape (question tokens,), positive.

    Returns:
        Shape (runs,), from -1 to 1; all 0 for a question without a token.
    """
    return np.asarray(weights @ best / max(weights.sum(), np.finfo(np.float32).tiny), dtype=np.float32)


def best_of(scores: Floats, count: int) -> npt.NDArray[np.int64]:
    """The places of the ``count`` highest scores, highest first, of equal ones the first; in linear time."""
    if count < len(scores):
        least = np.partition(scores, -count)[-count]
        above = np.flatnonzero(scores > least)
        equal = np.flatnonzero(scores == least)[: count - len(above)]
        places = np.sort(np.concatenate([above, equal]))
    else:
        places = np.arange(len(scores))
    return places[np.argsort(-scores[places], kind="stable")]


def z_scores(values: Floats) -> Floats:
    """How many standard deviations each value is from the mean; all 0 where they do not differ."""
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-6 else np.zeros_like(values)
