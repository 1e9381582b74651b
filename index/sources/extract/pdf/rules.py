"""Lines that are drawn on a page, and the tables that they rule."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from index.sources.extract.blocks import clean
from index.sources.extract.pdf.glyphs import Word
from index.sources.extract.pdf.rows import rows_of
from index.sources.extract.tables import Cell

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_MOST_DRAWINGS = 5_000  # of a page that are looked at; a map has more, and rules nothing
_MOST_SEGMENTS = 400  # of a path: what has more is a drawing
_MOST_RULES = 1_500  # of a page: what has more is a drawing, and takes time
_SHORTEST, _STRAIGHT, _TOUCHES = 6.0, 0.8, 2.5  # points
_CELL_CHARS = 900
"""A cell with more is a column of text in a frame."""

TABLE = "\ufffc"
"""What stands on a page in the place of a table."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line from one point to another: ``at`` is its height if it lies, its distance if it stands."""

    lies: bool
    at: float
    start: float
    end: float


@dataclass(frozen=True)
class RuledTable:
    """A table in a grid of lines."""

    cells: list[list[Cell]]


def rules(page: PdfPage) -> list[Rule]:
    """The lines that are drawn on a page, those of frames and thin boxes among them."""
    from pypdfium2 import raw

    lines: list[Rule] = []
    drawings = 0
    for place in range(raw.FPDFPage_CountObjects(page)):
        drawing = raw.FPDFPage_GetObject(page, place)
        if raw.FPDFPageObj_GetType(drawing) != raw.FPDF_PAGEOBJ_PATH:
            continue
        drawings += 1
        if drawings > _MOST_DRAWINGS or len(lines) > _MOST_RULES:
            return []
        lines += _straight(list(_points(drawing)))
    return lines


def _points(path: object) -> Iterator[tuple[float, float, bool]]:
    """The corners of a path on the page; False with one that a line leads to."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    if raw.FPDFPath_CountSegments(path) > _MOST_SEGMENTS or not raw.FPDFPageObj_GetMatrix(path, matrix):
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    first: tuple[float, float] | None = None
    for place in range(raw.FPDFPath_CountSegments(path)):
        segment = raw.FPDFPath_GetPathSegment(path, place)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        moves = kind != raw.FPDF_SEGMENT_LINETO
        if moves:
            first = point
        yield *point, moves
        if first is not None and raw.FPDFPathSegment_GetClose(segment):
            yield *first, False


def _straight(points: Sequence[tuple[float, float, bool]]) -> Iterator[Rule]:
    for (x, y, _), (to_x, to_y, moves) in pairwise(points):
        if moves:
            continue
        if abs(y - to_y) <= _STRAIGHT and abs(x - to_x) >= _SHORTEST:
            yield Rule(True, (y + to_y) / 2, min(x, to_x), max(x, to_x))
        elif abs(x - to_x) <= _STRAIGHT and abs(y - to_y) >= _SHORTEST:
            yield Rule(False, (x + to_x) / 2, min(y, to_y), max(y, to_y))


def with_tables(
    words: Sequence[Word], lines: Sequence[Rule], body: float, tables: list[RuledTable]
) -> list[Word]:
    """The words of a page, those in ruled tables replaced by a mark where each table stands.

    Args:
        words: Of the page.
        lines: That are drawn on it.
        body: The size of the text, in points.
        tables: Gets the tables; the mark has the place in it.
    """
    rest = list(words)
    for frame in _frames(lines):
        columns = _clustered([rule.at for rule in frame if not rule.lies])
        heights = _clustered([rule.at for rule in frame if rule.lies])[::-1]
        if len(columns) < 3 or len(heights) < 3:
            continue
        inside = [
            word
            for word in rest
            if columns[0] - 1 <= (word.left + word.right) / 2 <= columns[-1] + 1
            and heights[-1] - 1 <= word.base <= heights[0] + 1
        ]
        cells = _cells(inside, frame, columns, heights, body)
        full = [cell for row in cells for cell in row if cell.text]
        if len(full) < 3 or max(len(cell.text) for cell in full) > _CELL_CHARS:
            continue
        inside_ids = set(map(id, inside))
        rest = [word for word in rest if id(word) not in inside_ids]
        mark = f"{TABLE}{len(tables)}"
        rest.append(Word(mark, columns[0], columns[-1], heights[0] - body, body))
        tables.append(RuledTable(cells))
    return rest


def _frames(all_rules: Sequence[Rule]) -> list[list[Rule]]:
    """The lines in groups of those that touch each other."""
    lying = [rule for rule in all_rules if rule.lies]
    standing = [rule for rule in all_rules if not rule.lies]
    parents = {id(rule): id(rule) for rule in all_rules}

    def root(of: int) -> int:
        while parents[of] != of:
            parents[of] = parents[parents[of]]
            of = parents[of]
        return of

    for one in lying:
        for two in standing:
            if (
                one.start - _TOUCHES <= two.at <= one.end + _TOUCHES
                and two.start - _TOUCHES <= one.at <= two.end + _TOUCHES
            ):
                parents[root(id(one))] = root(id(two))
    groups: dict[int, list[Rule]] = {}
    for rule in all_rules:
        groups.setdefault(root(id(rule)), []).append(rule)
    return [group for group in groups.values() if len(group) >= 5]


def _clustered(places: Sequence[float]) -> list[float]:
    centres: list[float] = []
    for place in sorted(places):
        if not centres or place - centres[-1] > _TOUCHES + 0.5:
            centres.append(place)
    return centres


def _cells(
    words: Sequence[Word],
    frame: Sequence[Rule],
    columns: Sequence[float],
    heights: Sequence[float],
    body: float,
) -> list[list[Cell]]:
    by_cell: dict[tuple[int, int], list[Word]] = {}
    down_from_top = [-height for height in heights]
    for word in words:
        column = min(max(bisect_right(columns, (word.left + word.right) / 2) - 1, 0), len(columns) - 2)
        middle = word.base + 0.3 * word.size
        row = min(max(bisect_right(down_from_top, -middle) - 1, 0), len(heights) - 2)
        by_cell.setdefault((row, column), []).append(word)
    grid = _Grid(frame, columns, heights)
    rows: list[list[Cell]] = []
    taken_places: set[tuple[int, int]] = set()
    for row in range(len(heights) - 1):
        cells: list[Cell] = []
        for column in range(len(columns) - 1):
            if (row, column) in taken_places:
                continue
            across, down = grid.span(row, column)
            inside = [(row + y, column + x) for y in range(down) for x in range(across)]
            taken_places.update(inside)
            own = [word for place in inside for word in by_cell.get(place, ())]
            lines = [clean(line.text()) for line in rows_of(own, body)]
            cells.append(Cell("\n".join(filter(None, lines)), _is_bold(own), across, down))
        rows.append(cells)
    bold = [all(cell.heads for cell in row if cell.text) for row in rows]
    heads = 0 if all(bold) else bold.index(False)
    return [
        [Cell(cell.text, n < heads, cell.across, cell.down) for cell in row] for n, row in enumerate(rows)
    ]


def _is_bold(words: Sequence[Word]) -> bool:
    return bool(words) and all(word.bold for word in words)


class _Grid:
    """Where lines part the cells of a table."""

    def __init__(self, frame: Sequence[Rule], columns: Sequence[float], heights: Sequence[float]) -> None:
        self._columns, self._heights = columns, heights
        self._lying = [rule for rule in frame if rule.lies]
        self._standing = [rule for rule in frame if not rule.lies]

    def span(self, row: int, column: int) -> tuple[int, int]:
        """How many columns and rows a cell goes over, from its upper left corner on."""
        across = down = 1
        while column + across < len(self._columns) - 1 and not self._is_parted_at(row, column + across):
            across += 1
        while row + down < len(self._heights) - 1 and not self._is_parted_under(row + down, column):
            down += 1
        return across, down

    def _is_parted_at(self, row: int, column: int) -> bool:
        middle = (self._heights[row] + self._heights[row + 1]) / 2
        return any(
            abs(rule.at - self._columns[column]) <= _TOUCHES + 0.5 and rule.start <= middle <= rule.end
            for rule in self._standing
        )

    def _is_parted_under(self, row: int, column: int) -> bool:
        middle = (self._columns[column] + self._columns[column + 1]) / 2
        return any(
            abs(rule.at - self._heights[row]) <= _TOUCHES + 0.5 and rule.start <= middle <= rule.end
            for rule in self._lying
        )
