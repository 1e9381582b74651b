"""Tables: rows whose parts stand under each other, brought to cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from index.sources.extract.blocks import clean
from index.sources.extract.pdf.glyphs import Word
from index.sources.extract.pdf.rows import Row
from index.sources.extract.pdf.rules import TABLE, RuledTable
from index.sources.extract.tables import Cell

_BETWEEN_CELLS = 0.75
"""em; between the words of a justified line there is less."""

_ALIGNED = 2.5  # points
_FAR = 3.2  # em between two rows of a table, at most
_SPAN_CHARS = 60  # of a title over a part of a table
_CROSSED = 0.15  # of the rows may go across where a table's columns part
_DOTS = frozenset(".…·")
_LEAST_LEADERS = 4

Interval = tuple[float, float]


@dataclass(frozen=True)
class Grid:
    """A table: its cells by row, a line's end in a cell where one ends there."""

    cells: list[list[Cell]]


def parts(rows: Sequence[Row], body: float, ruled: Sequence[RuledTable]) -> Iterator[list[Row] | Grid]:
    """A column's rows in turn: lines of prose, and tables among them.

    Args:
        rows: From the upper edge on.
        body: The size of the text, in points.
        ruled: The tables that a mark stands for.
    """
    prose: list[Row] = []
    place = 0
    segments = [_segments(row, body) for row in rows]
    while place < len(rows):
        table, end = _table(rows, segments, place, body, ruled)
        if table is None:
            prose.append(rows[place])
        else:
            if prose:
                yield prose
                prose = []
            yield table
        place = end
    if prose:
        yield prose


def _table(
    rows: Sequence[Row],
    segments: Sequence[list[list[Word]]],
    place: int,
    body: float,
    ruled: Sequence[RuledTable],
) -> tuple[Grid | None, int]:
    """The table that begins with a row, and where the rows go on after it."""
    if rows[place].words[0].text.startswith(TABLE):
        number = rows[place].words[0].text.removeprefix(TABLE)
        if number.isdigit() and int(number) < len(ruled):
            return Grid(ruled[int(number)].cells), place + 1
    end, gutters = _run(rows, segments, place, body)
    if not end:
        return None, place + 1
    return Grid(_cells(rows[place:end], segments[place:end], gutters, body)), end


def without_leaders(row: Row) -> Row:
    """A row without the dots that lead the eye to a number."""
    kept: list[Word] = []
    for leads, group in groupby(row.words, lambda word: _DOTS.issuperset(word.text)):
        run = list(group)
        if not leads or sum(len(word.text) for word in run) < _LEAST_LEADERS:
            kept += run
    return Row(tuple(kept)) if kept else row


def _segments(row: Row, body: float) -> list[list[Word]]:
    """The words of a row, parted where there is more space than between words."""
    found: list[list[Word]] = []
    right = 0.0
    for word in row.words:
        if not found or word.left - right > _BETWEEN_CELLS * max(body, word.size if not word.rise else body):
            found.append([])
        found[-1].append(word)
        right = word.right if len(found[-1]) == 1 else max(right, word.right)
    if len(found) > 1 and len(found[0]) == 1 and _is_label(found[0][0].text):
        found[:2] = [found[0] + found[1]]
    return found


def _is_label(text: str) -> bool:
    """Whether a word is what a point of a list begins with."""
    bare = text.strip("().")
    return not any(map(str.isalnum, text)) or (bare != text and (bare.isdigit() or len(bare) == 1))


def _run(
    rows: Sequence[Row], segments: Sequence[list[list[Word]]], start: int, body: float
) -> tuple[int, list[Interval]]:
    """Where a table that begins with a row ends, and where its columns part; 0 where none begins there."""
    if len(segments[start]) < 2 or TABLE in rows[start].words[0].text:
        return 0, []
    gutters = _gaps(segments[start])
    full = [start]
    end = start + 1
    while end < len(rows) and rows[end - 1].base - rows[end].base <= _FAR * max(body, rows[end].size):
        if len(segments[end]) < 2:
            if not (_is_inside(rows[end], gutters) or _spans(rows, segments, end, gutters)):
                break
        else:
            left = _common(gutters, _gaps(segments[end]), body)
            if len(full) == 1 and _is_finer(segments, end, gutters, body):
                left = _gaps(segments[end])  # the first is a head whose parts span several columns
            if not left:
                break
            gutters = (
                left if len(left) >= min(len(gutters), len(segments[end]) - 1) or len(full) < 2 else gutters
            )
            full.append(end)
        end += 1
    end = full[-1] + 1
    while end < len(rows) and _goes_on(rows, end, gutters, body):
        end += 1
    return (end, gutters) if _is_table(segments, full, gutters) else (0, [])


def _is_finer(
    segments: Sequence[list[list[Word]]], place: int, gutters: Sequence[Interval], body: float
) -> bool:
    """Whether a row has more columns than the one above it, and the next one has them as well."""
    gaps = _gaps(segments[place])
    after = _gaps(segments[place + 1]) if place + 1 < len(segments) else []
    return len(gaps) > len(gutters) and len(_common(gaps, after, body)) == len(gaps)


def _gaps(segments: Sequence[list[Word]]) -> list[Interval]:
    return [
        (max(word.right for word in one), two[0].left)
        for one, two in pairwise(segments)
        if two[0].left > one[-1].right
    ]


def _common(gutters: Sequence[Interval], gaps: Sequence[Interval], body: float) -> list[Interval]:
    """Where the gaps of a row leave gutters, or what stands before or after the row does."""
    found = []
    for left, right in gutters:
        for gap_left, gap_right in gaps:
            low, high = max(left, gap_left), min(right, gap_right)
            if high - low >= 0.4 * body:
                found.append((low, high))
                break
    return found


def _is_inside(row: Row, gutters: Sequence[Interval]) -> bool:
    """Whether a row stands in one column of a table, but not in its first one, as cells do that go on."""
    return (
        bool(gutters)
        and all(
            not (word.left < right - 1 and word.right > left + 1)
            for word in row.words
            for left, right in gutters
        )
        and row.left >= gutters[0][1] - 1
    )


def _spans(
    rows: Sequence[Row], segments: Sequence[list[list[Word]]], place: int, gutters: Sequence[Interval]
) -> bool:
    """Whether a row is a title over the rows of a table that follow it."""
    if place + 1 >= len(rows) or len(segments[place + 1]) < 2:
        return False
    text = rows[place].text()
    within = rows[place].left >= rows[place - 1].left - 2 and rows[place].right <= rows[place - 1].right + 2
    return within and len(text) <= _SPAN_CHARS and not text.endswith((".", ":", "!", "?")) and bool(gutters)


def _goes_on(rows: Sequence[Row], place: int, gutters: Sequence[Interval], body: float) -> bool:
    near = rows[place - 1].base - rows[place].base <= 1.5 * max(body, rows[place].size)
    return near and _is_inside(rows[place], gutters)


def _is_table(segments: Sequence[list[list[Word]]], full: Sequence[int], gutters: Sequence[Interval]) -> bool:
    """Whether parts of rows stand under each other: flush at the left, at the right, or centred."""
    if len(full) < 2 or not gutters:
        return False
    flush = 0
    total = 0
    for column in range(len(gutters) + 1):
        cells = [
            (cell[0].left, max(word.right for word in cell))
            for n in full
            for cell in segments[n]
            if _column(cell, gutters) == (column, 1)
        ]
        if len(cells) < 2:
            continue
        total += len(cells)
        edges = (
            [left for left, _ in cells],
            [right for _, right in cells],
            [sum(cell) / 2 for cell in cells],
        )
        flush += max(sum(abs(edge - median(one)) <= _ALIGNED for edge in one) for one in edges)
    return total > 0 and flush >= 0.6 * total


def _column(cell: Sequence[Word], gutters: Sequence[Interval]) -> tuple[int, int]:
    """The column that a part of a row stands in, and over how many it goes."""
    left, right = cell[0].left, max(word.right for word in cell)
    first = sum(left > (low + high) / 2 for low, high in gutters)
    last = sum(right > (low + high) / 2 for low, high in gutters)
    return first, max(1, last - first + 1)


def _cells(
    rows: Sequence[Row], segments: Sequence[list[list[Word]]], gutters: Sequence[Interval], body: float
) -> list[list[Cell]]:
    width = len(gutters) + 1
    grid: list[dict[int, tuple[str, int]]] = []
    bold: list[bool] = []
    steps = [one.base - two.base for one, two in pairwise(rows)]
    inner = _inner_step(steps, body)
    for n, row in enumerate(segments):
        cells: dict[int, tuple[str, int]] = {}
        for segment in row:
            column, across = _column(segment, gutters)
            text = clean(Row(tuple(segment)).text())
            if column in cells:
                text, across = f"{cells[column][0]} {text}", max(across, cells[column][1])
            cells[column] = text, across
        if n and _is_rest(cells, grid[-1], width, within=steps[n - 1] <= inner):
            for column, (text, across) in cells.items():
                before = grid[-1].get(column)
                grid[-1][column] = (f"{before[0]}\n{text}", before[1]) if before else (text, across)
        else:
            grid.append(cells)
            bold.append(rows[n].bold)
    heads = _head_rows(grid, bold)
    return [_row(cells, width, heads=n < heads) for n, cells in enumerate(grid)]


def _head_rows(grid: Sequence[dict[int, tuple[str, int]]], bold: Sequence[bool]) -> int:
    """How many rows say what stands under them, as far as their setting tells."""
    if len(grid) < 2:
        return 0
    if bold[0] and not all(bold):
        return bold.index(False)
    spans = any(across > 1 for _, across in grid[0].values()) and len(grid[0]) > 1
    texts = "".join(text for row in grid[:2] for text, _ in row.values())
    return 2 if spans and len(grid) > 2 and not any(map(str.isdigit, texts)) else 0


def _inner_step(steps: Sequence[float], body: float) -> float:
    """The most that lines of one cell are apart, where rows are further apart than those; else nothing."""
    close = min(steps, default=0.0)
    if not steps or close > 1.5 * body or max(steps) < 1.15 * close:
        return 0.0
    return 1.08 * close


def _is_rest(
    cells: dict[int, tuple[str, int]], above: dict[int, tuple[str, int]], width: int, *, within: bool
) -> bool:
    """Whether a row holds what cells of the row above go on with."""
    if any(across > 1 for _, across in cells.values()) or width < 2:
        return False
    if within:
        return True
    texts = [text for text, _ in cells.values()]
    return (
        0 not in cells
        and 0 in above
        and 2 * len(cells) <= width
        and not any(map(str.isdigit, "".join(texts)))
    )


def _row(cells: dict[int, tuple[str, int]], width: int, *, heads: bool) -> list[Cell]:
    row: list[Cell] = []
    while len(row) < width and (column := _columns(row)) < width:
        text, across = cells.get(column, ("", 1))
        row.append(Cell(text, heads=heads, across=min(across, width - column)))
    return row


def _columns(row: Sequence[Cell]) -> int:
    return sum(cell.across for cell in row)
