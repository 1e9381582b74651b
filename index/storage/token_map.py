"""Of each token of an article its sentence, where it starts and its id: an ``.npy`` file, shape (3, tokens).

In memory the first row is as many numbers as there are sentences, which are far fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from index.search.build import Ints
from index.storage.stored_rows import npy_header, npy_values, read_npy_header

_SENTENCES_AT_ONCE = 10_000


def write_token_map(ends: Ints, starts: Ints, ids: Ints, write: Callable[[Any], object]) -> None:
    """Writes it; for the arguments see ``TokenTable``."""
    write(npy_header((3, len(ids)), np.dtype(np.int32)))
    counts = np.diff(ends, prepend=np.int32(0))
    for first in range(0, len(counts), _SENTENCES_AT_ONCE):
        some = counts[first : first + _SENTENCES_AT_ONCE]
        write(npy_values(np.repeat(np.arange(first, first + len(some), dtype=np.int32), some)))
    write(npy_values(starts))
    write(npy_values(ids))


def read_token_map(stream: BinaryIO, sentences: int) -> tuple[Ints, Ints, Ints]:
    """What was given to ``write_token_map``, of a file that has not changed since.

    Args:
        stream: The open file.
        sentences: How many there are.

    Raises:
        ValueError: it is something else.
    """
    (rows, tokens), dtype = read_npy_header(stream)
    if (rows, dtype) != (3, np.dtype(np.int32)):
        raise ValueError("its token map is none")
    numbers, starts, ids = (np.fromfile(stream, np.int32, tokens) for _ in range(3))
    ends = np.searchsorted(numbers, np.arange(sentences, dtype=np.int32), side="right").astype(np.int32)
    if len(ids) != tokens or (tokens and ends[-1:].tolist() != [tokens]):
        raise ValueError("its token map does not fit its sentences")
    return ends, starts, ids
