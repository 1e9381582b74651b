"""Tables as lines of text: each row with the cells that head it, so that it can be quoted alone.

| Year | Toll      |
| ---- | --------- |      becomes      Year: 1986 · Toll: 40 crowns
| 1986 | 40 crowns |

Every format that has tables brings them to ``Cell``s, and takes the lines as paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from index.model.article import BETWEEN_CELLS

_LABEL_CHARS = 80
"""A cell with more is no label: it is not said again in every row."""

_GUESS_CHARS = 40  # of a cell in a row that is taken for the head though nothing marks it
_MAX_COLUMNS = 200  # that cells are taken to span: a page may claim any number
_NUMBER = re.compile(r"[-+−–~<>≈]?\s?[$€£¥]?\s?\d")


@dataclass(frozen=True)
class Cell:
    """A cell: its words in one line, "" where it is empty.

    ``heads`` marks one that says what others are; ``across`` and ``down`` are the columns and rows it spans.
    """

    text: str
    heads: bool = False
    across: int = 1
    down: int = 1


def table_lines(rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """The rows of a table, each as a line in which its cells are led by those that head their columns.

    Rows whose cells all head something are not given by themselves, unless nothing stands under them. Where
    no cell is marked so, the first row is taken for the head if its words stand over numbers. A table without
    a head has its cells parted by dots; a row that is a single cell stands as it is.

    Args:
        rows: Its cells, by row, as they are written: what spans several stands in the first of them.
    """
    grid = [row for row in _grid(rows) if any(cell.text for cell in row)]
    if grid and not any(cell.heads for row in grid for cell in row) and _is_head(grid):
        grid[0] = [Cell(cell.text, heads=True) for cell in grid[0]]
    labels: list[str] = []
    pending = ""  # the head as a line, until something stands under it
    in_head = False
    for row in grid:
        texts = [cell.text for cell in row]
        if _alone(row):
            yield texts[0]
            in_head = False
        elif _heads(row):
            labels = _under(labels, texts) if in_head else texts
            pending, in_head = _joined([label for label, _ in groupby(labels)]), True
        else:
            yield _line(row, labels)
            pending, in_head = "", False
    if pending:
        yield pending


def rest_of(table: Sequence[list[Cell]], rows: Sequence[list[Cell]]) -> Sequence[list[Cell]] | None:
    """The rows that a table goes on with, without its head again; None where they are another table.

    Args:
        table: As far as it is read.
        rows: What follows it.
    """
    if not table or not rows or _width(table) != _width(rows):
        return None
    is_head = _texts(rows[0]) == _texts(table[0])
    return rows[1:] if is_head else None if all(cell.heads for cell in rows[0]) else rows


def _width(rows: Sequence[Sequence[Cell]]) -> int:
    return max(sum(cell.across for cell in row) for row in rows)


def _texts(row: Sequence[Cell]) -> list[str]:
    return [cell.text for cell in row]


def _grid(rows: Sequence[Sequence[Cell]]) -> Iterator[list[Cell]]:
    """The rows with a cell for every column: what spans several rows or heads several columns is in each."""
    waiting: dict[int, tuple[Cell, int]] = {}  # by column: a cell from above, and the rows it has yet to go
    for row in rows:
        cells: list[Cell] = []
        below: dict[int, tuple[Cell, int]] = {}
        for cell in [*row, None]:
            while (above := waiting.get(len(cells))) is not None:
                if above[1] > 1:
                    below[len(cells)] = (above[0], above[1] - 1)
                cells.append(above[0])
            if cell is None:
                break
            for part in range(max(1, min(cell.across, _MAX_COLUMNS - len(cells)))):
                copy = cell if not part or cell.heads else Cell("")
                if cell.down > 1 and len(cells) < _MAX_COLUMNS:
                    below[len(cells)] = (copy, cell.down - 1)
                cells.append(copy)
        waiting = below
        yield cells


def _alone(row: Sequence[Cell]) -> bool:
    """Whether a row is a title over a part of the table: one cell over all of its columns."""
    first = row[0]
    return (
        1 < len(row) <= first.across and bool(first.text) and all(cell in (first, Cell("")) for cell in row)
    )


def _heads(row: Sequence[Cell]) -> bool:
    """Whether a row says what stands under it: all of its cells do, or two and the others are empty."""
    full_cells = [cell for cell in row if cell.text]
    return all(cell.heads for cell in full_cells) and (len(full_cells) > 1 or all(cell.heads for cell in row))


def _is_head(grid: Sequence[Sequence[Cell]]) -> bool:
    """Whether the first row reads as a head: short words, all different, over a column of numbers."""
    first, *others = grid
    texts = [cell.text for cell in first]
    names = texts[1:] if len(texts) > 1 and not texts[0] else texts
    if not others or len(texts) < 2 or len(set(texts)) < len(texts):
        return False
    if any(not text or len(text) > _GUESS_CHARS or text.endswith((".", "!", "?")) for text in names):
        return False
    if not texts[0]:
        return True  # an empty corner
    return any(
        not any(map(str.isdigit, text)) and all(map(_NUMBER.match, under))
        for column, text in enumerate(texts)
        if (under := [row[column].text for row in others if column < len(row) and row[column].text])
    )


def _under(labels: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The labels of a head of two rows: the lower after the upper, which spans several."""
    width = max(len(labels), len(texts))
    upper, lower = ([*row, *[""] * (width - len(row))] for row in (labels, texts))
    return [
        above if above == below else " ".join(filter(None, (above, below)))
        for above, below in zip(upper, lower, strict=True)
    ]


def _line(row: Sequence[Cell], labels: Sequence[str]) -> str:
    if not any(labels) and row[0].heads and row[0].text:  # Born: 1950
        return _led(row[0].text, _joined([cell.text for cell in row[1:]]))
    names = [*labels, *[""] * (len(row) - len(labels))]
    return _joined(
        [_led(label, cell.text) if cell.text else "" for label, cell in zip(names, row, strict=False)]
    )


def _led(label: str, text: str) -> str:
    name = label.rstrip(" :")
    if not name or not text or len(name) > _LABEL_CHARS or name == text:
        return text or label
    return f"{name}: {text}"


def _joined(texts: Sequence[str]) -> str:
    return BETWEEN_CELLS.join(filter(None, texts))
