"""Tables: rows whose parts stand under each other, brought to cells."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median

from index.sources.extract.blocks import clean
from index.sources.extract.pdf.glyphs import Word
from index.sources.extract.pdf.rows import Row
from index.sources.extract.pdf.rules import TABLE, RuledTable
from index.sources.extract.tables import Cell

_BETWEEN_CELLS = 0.75
"""em; between the words of a justified line there is less."""

_APART = 0.2  # em, where the file writes its spaces and none here
_ALIGNMENT = 2.5  # points
_HALF = 0.8  # em; lines of one column are further apart
_TIGHT = 1.3  # em between two lines of a cell, at most
_FAR = 3.2  # em between two rows of a table, at most
_SPAN_CHARS = 60  # of a title over a part of a table
_CROSSINGS = 0.15  # of the rows may go across where a table's columns part
_DOTS = frozenset(".…·")
_LEAST_LEADERS = 4  # three dots are an ellipsis

Interval = tuple[float, float]


@dataclass(frozen=True)
class Grid:
    """A table: its cells by row, a line's end in a cell where one ends there."""

    cells: list[list[Cell]]


@dataclass(frozen=True)
class _SegmentedRow:
    """A row, and its words in segments, which may be cells."""

    row: Row
    segments: list[list[Word]]


def parts(rows: Sequence[Row], body: float, ruled_tables: Sequence[RuledTable]) -> Iterator[list[Row] | Grid]:
    """A column's rows in turn: lines of prose, and tables among them.

    Args:
        rows: From the upper edge on.
        body: The size of the text, in points.
        ruled_tables: The tables that a mark stands for.
    """
    segmented_rows = [_SegmentedRow(row, _segments(row, body)) for row in _level(rows)]
    prose: list[Row] = []
    place = 0
    while place < len(segmented_rows):
        table, end = _table(segmented_rows, place, body, ruled_tables)
        if table is None:
            prose.append(segmented_rows[place].row)
        else:
            if prose:
                yield prose
                prose = []
            yield table
        place = end
    if prose:
        yield prose


def _level(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows, those as one that stand beside each other half a line apart: cells of one and of two lines."""
    waiting_row: Row | None = None
    for row in rows:
        if (
            waiting_row is not None
            and waiting_row.base - row.base < _HALF * waiting_row.size
            and _is_beside(waiting_row, row)
        ):
            words = [*waiting_row.words, *(replace(word, base=waiting_row.base) for word in row.words)]
            waiting_row = Row(tuple(sorted(words, key=lambda word: word.left)))
            continue
        if waiting_row is not None:
            yield waiting_row
        waiting_row = row
    if waiting_row is not None:
        yield waiting_row


def _is_beside(one: Row, two: Row) -> bool:
    """Whether the parts of a row stand between those of another, and not over or under them."""
    gaps = [(-math.inf, one.left), *_gaps(_segments(one, one.size)), (one.right, math.inf)]
    return all(
        any(left < part[0].left and part[-1].right < right for left, right in gaps)
        for part in _segments(two, two.size)
    )


def _table(
    rows: Sequence[_SegmentedRow], place: int, body: float, ruled_tables: Sequence[RuledTable]
) -> tuple[Grid | None, int]:
    """The table that begins with a row, and where the rows go on after it."""
    mark = rows[place].row.words[0].text
    if mark.startswith(TABLE):
        number = mark.removeprefix(TABLE)
        if number.isdigit() and int(number) < len(ruled_tables):
            return Grid(ruled_tables[int(number)].cells), place + 1
    end, gutters = _run(rows, place, body)
    if not end:
        return None, place + 1
    return Grid(_cells(rows[place:end], gutters, body)), end


def without_leaders(row: Row) -> Row:
    """A row without the dots that lead the eye to a number."""
    words: list[Word] = []
    for leads, group in groupby(row.words, lambda word: _DOTS.issuperset(word.text)):
        run = list(group)
        if not leads or sum(len(word.text) for word in run) < _LEAST_LEADERS:
            words += run
    return Row(tuple(words)) if words else row


def _segments(row: Row, body: float) -> list[list[Word]]:
    """The words of a row, parted where there is more space than between words."""
    segments: list[list[Word]] = []
    right = 0.0
    for word in row.words:
        least = _APART if word.apart else _BETWEEN_CELLS
        size = word.size if not word.rise else body
        if not segments or word.left - right > least * max(body, size):
            segments.append([])
        segments[-1].append(word)
        right = word.right if len(segments[-1]) == 1 else max(right, word.right)
    if len(segments) > 1 and len(segments[0]) == 1 and _is_label(segments[0][0].text):
        segments[:2] = [segments[0] + segments[1]]
    return segments


def _is_label(text: str) -> bool:
    """Whether a word is what a point of a list begins with."""
    bare = text.strip("().")
    return not any(map(str.isalnum, text)) or (bare != text and (bare.isdigit() or len(bare) == 1))


def _run(rows: Sequence[_SegmentedRow], start: int, body: float) -> tuple[int, list[Interval]]:
    """Where a table that begins with a row ends, and where its columns part; 0 where none begins there."""
    if len(rows[start].segments) < 2 or TABLE in rows[start].row.words[0].text:
        return 0, []
    gutters = _gaps(rows[start].segments)
    full = [start]
    end = start + 1
    while end < len(rows):
        row, segments = rows[end].row, rows[end].segments
        if rows[end - 1].row.base - row.base > _FAR * max(body, row.size):
            break
        if len(segments) < 2:
            if not (
                _is_inside(row, gutters) or _is_of_first(rows, end, gutters) or _spans(rows, end, gutters)
            ):
                break
        else:
            left = _common(gutters, _gaps(segments), body)
            if len(full) == 1 and _is_finer(rows, end, gutters, body):
                left = _gaps(segments)  # the first is a head whose parts span several columns
            if not left:
                break
            gutters = left if len(left) >= min(len(gutters), len(segments) - 1) or len(full) < 2 else gutters
            full.append(end)
        end += 1
    end = full[-1] + 1
    while end < len(rows) and _goes_on(rows, end, gutters, body):
        end += 1
    return (end, gutters) if _is_table([rows[n].segments for n in full], gutters) else (0, [])


def _is_finer(rows: Sequence[_SegmentedRow], place: int, gutters: Sequence[Interval], body: float) -> bool:
    """Whether a row has more columns than the one above it, and the next one has them as well."""
    gaps = _gaps(rows[place].segments)
    after = _gaps(rows[place + 1].segments) if place + 1 < len(rows) else []
    return len(gaps) > len(gutters) and len(_common(gaps, after, body)) == len(gaps)


def _gaps(segments: Sequence[list[Word]]) -> list[Interval]:
    return [
        (max(word.right for word in one), two[0].left)
        for one, two in pairwise(segments)
        if two[0].left > one[-1].right
    ]


def _common(gutters: Sequence[Interval], gaps: Sequence[Interval], body: float) -> list[Interval]:
    """Where the gaps of a row leave gutters, or what stands before or after the row does."""
    common = []
    for left, right in gutters:
        for gap_left, gap_right in gaps:
            low, high = max(left, gap_left), min(right, gap_right)
            if high - low >= _APART * body:
                common.append((low, high))
                break
    return common


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


def _is_of_first(rows: Sequence[_SegmentedRow], place: int, gutters: Sequence[Interval]) -> bool:
    """Whether a row is a line of a table's first column, in a cell of several lines."""
    row, before = rows[place].row, rows[place - 1].row
    after = rows[place + 1] if place + 1 < len(rows) else None
    if not gutters or row.right >= gutters[0][1] or abs(row.left - before.left) > _ALIGNMENT:
        return False
    begins = after is not None and len(after.segments) > 1 and row.base - after.row.base <= _TIGHT * row.size
    return begins or before.base - row.base <= _TIGHT * row.size


def _spans(rows: Sequence[_SegmentedRow], place: int, gutters: Sequence[Interval]) -> bool:
    """Whether a row is a title over the rows of a table that follow it."""
    if place + 1 >= len(rows) or len(rows[place + 1].segments) < 2:
        return False
    row, before = rows[place].row, rows[place - 1].row
    text = row.text()
    within = row.left >= before.left - 2 and row.right <= before.right + 2
    return within and len(text) <= _SPAN_CHARS and not text.endswith((".", ":", "!", "?")) and bool(gutters)


def _goes_on(rows: Sequence[_SegmentedRow], place: int, gutters: Sequence[Interval], body: float) -> bool:
    row, before = rows[place].row, rows[place - 1].row
    return before.base - row.base <= 1.5 * max(body, row.size) and _is_inside(row, gutters)


def _is_table(full: Sequence[list[list[Word]]], gutters: Sequence[Interval]) -> bool:
    """Whether parts of rows stand under each other: flush at the left, at the right, or centred."""
    if len(full) < 2 or not gutters:
        return False
    flush = 0
    total = 0
    for column in range(len(gutters) + 1):
        cells = [
            (cell[0].left, max(word.right for word in cell))
            for segments in full
            for cell in segments
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
        flush += max(sum(abs(edge - median(one)) <= _ALIGNMENT for edge in one) for one in edges)
    return total > 0 and flush >= 0.6 * total


def _column(cell: Sequence[Word], gutters: Sequence[Interval]) -> tuple[int, int]:
    """The column that a part of a row stands in, and over how many it goes."""
    left, right = cell[0].left, max(word.right for word in cell)
    first = sum(left > (low + high) / 2 for low, high in gutters)
    last = sum(right > (low + high) / 2 for low, high in gutters)
    return first, max(1, last - first + 1)


def _cells(rows: Sequence[_SegmentedRow], gutters: Sequence[Interval], body: float) -> list[list[Cell]]:
    width = len(gutters) + 1
    grid: list[dict[int, tuple[str, int]]] = []
    bold: list[bool] = []
    steps = [one.row.base - two.row.base for one, two in pairwise(rows)]
    inner = _inner_step(steps, body)
    for n, row in enumerate(rows):
        cells: dict[int, tuple[str, int]] = {}
        for segment in row.segments:
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
            bold.append(row.row.bold)
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
