"""Columns: the order in which the rows of a page are read.

A gutter is looked for where many rows begin anew. Rows that go across it part the page into bands; in a band
whose rows leave it free, what is left of it is read before what is right of it, if both are prose: the rows
of a table are read across.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean

from index.sources.extract.pdf.glyphs import Word
from index.sources.extract.pdf.rows import Row

_GUTTER = 0.7  # em
_LEAST_ROWS = 3  # two rows beside each other may be anything
_CANDIDATES = 8  # gutters that are tried, the likeliest first: a page may have any number
_DEPTH = 5  # columns in columns; nobody sets more
_PROSE_CHARS, _PROSE_WORDS = 14, 2.6  # of a row, on average
_FILL = 0.55
"""How much of the width of the longest rows those of prose take up, on average."""


def columns(rows: Sequence[Row], body: float, depth: int = 0) -> Iterator[list[Row]]:
    """The rows of a page in the order in which they are read, column by column.

    Args:
        rows: From the upper edge on.
        body: The size of the text, in points.
        depth: How many gutters parted these from others.
    """
    best: tuple[int, float, list[tuple[int, int]]] = (0, 0.0, [])
    if depth < _DEPTH and len(rows) >= _LEAST_ROWS:
        for gutter in _gutters(rows, body):
            bands = list(_bands(rows, gutter, body))
            size = sum(end - begin for begin, end in bands)
            if size > best[0]:
                best = size, gutter, bands
    _, gutter, bands = best
    end = 0
    for begin, stop in bands:
        if begin > end:
            yield from columns(rows[end:begin], body, depth + 1)
        left, right = _sides(rows[begin:stop], gutter)
        yield from columns(left, body, depth + 1)
        yield from columns(right, body, depth + 1)
        end = stop
    if not bands and rows:
        yield list(rows)
    elif end < len(rows):
        yield from columns(rows[end:], body, depth + 1)


def _gutters(rows: Sequence[Row], body: float) -> list[float]:
    """Where gutters may end: at edges that several rows begin at, or begin anew after a space."""
    starts = Counter[int]()
    margin = min(row.left for row in rows)
    for row in rows:
        last = None
        for word in row.words:
            if (last is None or word.left - last.right >= _GUTTER * body) and word.left > margin + 4 * body:
                starts[round(word.left / 2)] += 1
            last = word
    votes = {place: starts[place - 1] + starts[place] + starts[place + 1] for place in list(starts)}
    often = sorted(votes, key=lambda place: (-votes[place], place))
    return [2.0 * place - 2.0 for place in often[:_CANDIDATES] if votes[place] >= _LEAST_ROWS]


def _bands(rows: Sequence[Row], gutter: float, body: float) -> Iterator[tuple[int, int]]:
    """Runs of rows that leave a gutter free and have prose on both sides of it."""
    width = _GUTTER * body
    crossing = [
        any(word.left < gutter and word.right > gutter - width + 1 for word in row.words) for row in rows
    ]
    edges = [-1, *(n for n, crosses in enumerate(crossing) if crosses), len(rows)]
    for before, after in pairwise(edges):
        begin, end = _trimmed(rows, before + 1, after, gutter, body)
        left, right = _sides(rows[begin:end], gutter)
        if _is_prose(left) and _is_prose(right) and not _is_grid(rows[begin:end], gutter):
            yield begin, end


def _trimmed(rows: Sequence[Row], begin: int, end: int, gutter: float, body: float) -> tuple[int, int]:
    """A band without the rows at its end that stand apart, on one side alone: a heading of what follows."""
    for n in range(end - 1, begin, -1):
        if rows[n].right > gutter and rows[n].left < gutter:
            break
        apart = rows[n - 1].base - rows[n].base > 2.2 * body
        if apart and end - n <= _LEAST_ROWS and end < len(rows):
            return begin, n
        if end - n > _LEAST_ROWS:
            break
    return begin, end


def _sides(rows: Sequence[Row], gutter: float) -> tuple[list[Row], list[Row]]:
    left: list[Row] = []
    right: list[Row] = []
    for row in rows:
        first = tuple(word for word in row.words if word.left < gutter)
        if first:
            left.append(Row(first))
        if len(first) < len(row.words):
            right.append(Row(tuple(word for word in row.words if word.left >= gutter)))
    return left, right


def _is_prose(rows: Sequence[Row]) -> bool:
    if len(rows) < _LEAST_ROWS:
        return False
    widths = sorted(_inked(row.words) for row in rows)
    chars = fmean(sum(len(word.text) for word in row.words) for row in rows)
    words = fmean(len(row.words) for row in rows)
    fill = fmean(widths) / max(widths[len(widths) * 9 // 10], 1.0)  # columns in it may lie askew
    return chars >= _PROSE_CHARS and (words >= _PROSE_WORDS or not _spaced(rows)) and fill >= _FILL


def _spaced(rows: Sequence[Row]) -> bool:
    """Whether a script has spaces between its words: Chinese has none."""
    return all(word.text.isascii() for row in rows for word in row.words[:1])


def _inked(words: Sequence[Word]) -> float:
    return words[-1].right - words[0].left


def _is_grid(rows: Sequence[Row], gutter: float) -> bool:
    """Whether the right side goes on only where the left side begins anew: a table with prose in its cells.

    Its rows part by more space than the lines in a cell, on both sides at the same places.
    """
    left, right = _sides(rows, gutter)
    steps = sorted(one.base - two.base for one, two in pairwise(rows))
    leading = steps[len(steps) // 4] if steps else 0.0
    starts = [
        {round(row.base) for last, row in pairwise(side) if last.base - row.base > 1.3 * leading}
        for side in (left, right)
    ]
    in_both = starts[0] & starts[1]
    return len(in_both) >= 2 and 2 * len(in_both) > len(starts[0] | starts[1])
