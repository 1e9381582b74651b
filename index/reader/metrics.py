"""How well a reader reads: the measures of SQuAD (Rajpurkar et al. 2016, 2018) and of its "no answer"."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalized(text: str) -> list[str]:
    """The words of an answer as SQuAD compares them: lower case, no punctuation, no articles."""
    return re.sub(r"\b(?:a|an|the)\b", " ", text.lower().translate(_PUNCTUATION)).split()


def exact_match(answer: str, gold: Sequence[str]) -> float:
    """1 where the answer is one of those given, else 0."""
    return float(any(normalized(answer) == normalized(one) for one in gold))


def f1(answer: str, gold: Sequence[str]) -> float:
    """The overlap in words with the nearest of the answers given, from 0 to 1."""
    return max(_f1(normalized(answer), normalized(one)) for one in gold)


def _f1(answer: list[str], gold: list[str]) -> float:
    if not answer or not gold:
        return float(answer == gold)
    same = sum((Counter(answer) & Counter(gold)).values())
    return 2 * same / (len(answer) + len(gold))


def area_under_curve(answerable: npt.ArrayLike, unanswerable: npt.ArrayLike) -> float:
    """How often an answerable question scores above an unanswerable one; ties count half."""
    yes, no = np.asarray(answerable, dtype=float), np.sort(np.asarray(unanswerable, dtype=float))
    below, not_above = np.searchsorted(no, yes, "left"), np.searchsorted(no, yes, "right")
    return float((below + not_above).mean() / (2 * len(no)))


def refused(answerable: npt.ArrayLike, unanswerable: npt.ArrayLike, false_refusals: float) -> float:
    """The share of unanswerable questions refused where at most ``false_refusals`` of the answerable are."""
    yes, no = np.asarray(answerable, dtype=float), np.asarray(unanswerable, dtype=float)
    return float((no < np.quantile(yes, false_refusals, method="lower")).mean())
