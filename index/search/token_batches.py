"""Texts in batches: of a stream so many at a time, and of those by their tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

WINDOW = 64
"""How many texts are looked at together, to batch those of like length; two windows are under way at most."""


def token_batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """The numbers of texts in batches, the longest first: alike lengths pad little.

    Args:
        lengths: How many tokens each text has.
        most: How many tokens a batch may have, padding included, unless a single text has more.
    """
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > most:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def in_windows(items: Iterable[T]) -> Iterator[list[T]]:
    """Items, as many at a time as are looked at together."""
    iterator = iter(items)
    while window := list(islice(iterator, WINDOW)):
        yield window
