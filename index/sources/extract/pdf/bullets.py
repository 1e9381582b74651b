"""Bullets that are drawn and not written, as browsers print them: dots, rings and boxes before a line."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from index.sources.extract.pdf.glyphs import Word

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

BULLET = "•"
_MOST_DRAWINGS = 5_000  # of a page that are looked at
_MOST_DOTS = 200  # a chart has more
_LEAST, _MOST = 0.15, 0.6  # em that a bullet is wide and high
_REACH = 2.5  # em from a bullet to its line, at most
_CLEAR = 4.0  # em before a bullet in which nothing stands on its line


class _Dot(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float


def bullets(page: PdfPage, words: Sequence[Word]) -> list[Word]:
    """The bullets before the lines of a page, as words.

    Args:
        page: What they are drawn on.
        words: What stands on it.
    """
    dots = list(_dots(page))
    if not 0 < len(dots) <= _MOST_DOTS:
        return []
    lines: dict[int, list[Word]] = {}
    for word in words:
        lines.setdefault(round(word.base), []).append(word)
    return [word for word in (_before_a_line(dot, lines) for dot in dots) if word is not None]


def _dots(page: PdfPage) -> Iterator[_Dot]:
    """What is drawn on a page and is about as wide as high, and small."""
    from pypdfium2 import raw

    edges = [ctypes.c_float() for _ in range(4)]
    drawings = 0
    for place in range(raw.FPDFPage_CountObjects(page)):
        shape = raw.FPDFPage_GetObject(page, place)
        if raw.FPDFPageObj_GetType(shape) != raw.FPDF_PAGEOBJ_PATH:
            continue
        drawings += 1
        if drawings > _MOST_DRAWINGS:
            return
        if raw.FPDFPageObj_GetBounds(shape, *edges):
            dot = _Dot(*(edge.value for edge in edges))
            wide, high = dot.right - dot.left, dot.top - dot.bottom
            if 1 <= wide <= 20 and abs(wide - high) <= 0.2 * wide:
                yield dot


def _before_a_line(dot: _Dot, lines: dict[int, list[Word]]) -> Word | None:
    """The bullet that a dot is; None where no line begins after it."""
    for base in range(round(dot.bottom), round(dot.bottom) - 20, -1):
        line = lines.get(base, ())
        after = min((word for word in line if word.left >= dot.right - 1), key=_left, default=None)
        if after is None:
            continue
        size = after.size
        fits = _LEAST * size <= dot.right - dot.left <= _MOST * size and dot.top < after.base + size
        near = after.left - dot.right <= _REACH * size
        clear = not any(dot.left - _CLEAR * size < word.right <= after.left for word in line)
        return Word(BULLET, dot.left, dot.right, after.base, size) if fits and near and clear else None
    return None


def _left(word: Word) -> float:
    return word.left
