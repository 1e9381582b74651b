"""In which precision this machine trains fastest."""

from __future__ import annotations

import time
from functools import cache

import torch

_ROWS, _DIMENSION, _INNER = 128, 384, 1536  # some tokens in the network's widest layer
_RUNS = 3  # the quickest of them counts


def autocast() -> torch.autocast:
    """A context in which the network computes in bfloat16 where that is faster, else in float32."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_bfloat16_faster())


@cache
def is_bfloat16_faster() -> bool:
    """Whether the processor multiplies in bfloat16; one that only emulates it takes ten times as long."""
    # Nothing random: it is measured in the midst of a seeded training.
    rows, weights = torch.full((_ROWS, _DIMENSION), 0.5), torch.full((_DIMENSION, _INNER), 0.5)
    short = rows.bfloat16(), weights.bfloat16()
    return _seconds(*short) < _seconds(rows, weights)


@torch.no_grad()
def _seconds(rows: torch.Tensor, weights: torch.Tensor) -> float:
    """The shortest of a few runs, after one that warms up."""
    runs = []
    for _ in range(_RUNS + 1):
        began = time.perf_counter()
        torch.mm(rows, weights)
        runs.append(time.perf_counter() - began)
    return min(runs[1:])
