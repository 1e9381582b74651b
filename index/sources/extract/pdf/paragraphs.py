"""Lines of all pages, joined to the paragraphs and headings that they were set from."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.sources.extract.blocks import Block
from index.sources.extract.hyphens import Hyphens

_SENTENCE_END = re.compile(r"[.!?:…][\"”’»)\]\d]*$")
_BULLET = re.compile(r"[•●▪■◦○‣➢❖·*–—-]\s|\(?\d{1,3}[.)]\s|\(?[a-z][.)]\s")
_LARGE = 1.12  # of the size of the text: a heading
_HEADING_CHARS = 200  # two lines; what is longer is a paragraph in large type
_BOLD_CHARS = 90  # of a heading that is only bold
_MOST_LEVELS = 6  # as in HTML
_LABEL = re.compile(r"[^\s:.!?;][^:.!?;]{0,40}:\s")
_SHORT = 0.5  # of a column's width: a line of prose that is not its paragraph's last is longer
_AROUND = 2  # lines that tell how wide a column is at a place
_FULL = 0.75  # of a column's width: a line that ends a sentence and is shorter ends a paragraph


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a column, in points: where it stands, the column's edges, and the size of its letters."""

    text: str
    page: int
    column: int
    left: float
    right: float
    base: float
    size: float
    bold: bool
    edges: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes at the foot of a column, each in its lines."""

    notes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table's rows as text, a line's end where one ends in a cell."""

    lines: tuple[str, ...]


Piece = Line | Notes | Table


def paragraphs(
    pieces: Sequence[Piece], outline: Mapping[str, int], language: Callable[[], str]
) -> list[Block]:
    """The blocks of a text; notes after the paragraph that they interrupt.

    Args:
        pieces: What stands on the pages, in the order of reading.
        outline: The headings that bookmarks lead to, with their levels.
        language: Says what the text is written in.
    """
    lines = [piece for piece in pieces if isinstance(piece, Line)]
    hyphens = Hyphens(_texts(pieces), language)
    leading, body, bold = _leading(lines), body_size(lines), _bold_share(lines)
    groups: list[list[Line]] = []
    after: dict[int, list[Block]] = {}
    starts = False
    for piece in pieces:
        if isinstance(piece, Line):
            if groups and not starts and not _starts_paragraph(groups[-1], piece, leading, body, outline):
                groups[-1].append(piece)
            else:
                groups.append([piece])
            starts = False
        elif isinstance(piece, Notes):
            texts = [hyphens.joined(note) for note in piece.notes]
            after.setdefault(len(groups) - 1, []).extend(Block(text) for text in texts if text)
        else:
            texts = [hyphens.joined(line.split("\n")) for line in piece.lines]
            after.setdefault(len(groups) - 1, []).extend(Block(text) for text in texts if text)
            starts = True
    texts = [hyphens.joined([line.text for line in group]) for group in groups]
    sizes = [
        round(group[0].size, 1)
        if _is_large(text, group[0].size, body)
        else body
        if bold < 0.3 and _is_bold_heading(text, group)
        else 0.0
        for text, group in zip(texts, groups, strict=True)
    ]
    levels = {size: min(n, _MOST_LEVELS) for n, size in enumerate(sorted({*sizes} - {0.0}, reverse=True), 1)}
    blocks = list(after.get(-1, ()))
    for n, (text, size) in enumerate(zip(texts, sizes, strict=True)):
        blocks.append(Block(text, levels[size] if size else min(outline.get(text, 0), _MOST_LEVELS)))
        blocks += after.get(n, ())
    return blocks


def _texts(pieces: Sequence[Piece]) -> Iterator[str]:
    for piece in pieces:
        if isinstance(piece, Line):
            yield piece.text
        elif isinstance(piece, Notes):
            yield from itertools.chain.from_iterable(piece.notes)
        else:
            yield from "\n".join(piece.lines).split("\n")


def body_size(lines: Sequence[Line]) -> float:
    """The size of most letters."""
    letters = Counter[float]()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 10.0


def _bold_share(lines: Sequence[Line]) -> float:
    letters = sum(len(line.text) for line in lines)
    return sum(len(line.text) for line in lines if line.bold) / max(letters, 1)


def _leading(lines: Sequence[Line]) -> float:
    """The distance between two lines of a paragraph: the commonest where sentences go on, or else of all."""
    pairs = [
        (round(one.base - two.base), one.text[-1:].islower() and two.text[:1].islower())
        for one, two in itertools.pairwise(lines)
        if (one.page, one.column) == (two.page, two.column) and one.base - two.base > 1
    ]
    gaps = Counter([gap for gap, goes_on in pairs if goes_on] or [gap for gap, _ in pairs])
    return float(gaps.most_common(1)[0][0]) if gaps else 12.0


def _is_large(text: str, size: float, body: float) -> bool:
    return size > _LARGE * body and len(text) <= _HEADING_CHARS and sum(map(str.isalpha, text)) > 1


def _is_bold_heading(text: str, group: Sequence[Line]) -> bool:
    return (
        all(line.bold for line in group)
        and len(text) <= _BOLD_CHARS
        and sum(map(str.isalpha, text)) > 1
        and not text.endswith((".", ",", ";", ":"))
    )


def _starts_paragraph(
    group: Sequence[Line], line: Line, leading: float, body: float, outline: Mapping[str, int]
) -> bool:
    last = group[-1]
    if line.text in outline or last.text in outline or _BULLET.match(line.text):
        return True
    if abs(line.size - last.size) > 0.12 * last.size or (line.bold != last.bold and _is_short(last, line)):
        return True
    ended = bool(_SENTENCE_END.search(last.text))
    if (line.page, line.column) != (last.page, last.column):
        return ended or (
            line.text[:1].isupper() and last.right - last.left < 0.5 * (last.edges[1] - last.edges[0])
        )
    gap = last.base - line.base
    if gap > _most_gap(last, leading, ended=ended):
        return True
    if not ended and line.size <= _LARGE * body and not line.bold and _is_entry(group, line):
        return True
    if _BULLET.match(group[0].text) and line.left <= group[0].left + 0.3 * line.size and ended:
        return len(group) > 1 and group[1].left > group[0].left + 0.3 * line.size
    indented = line.left > last.left + line.size / 2 and not _BULLET.match(last.text)
    return ended and (indented or _ends_short(last))


def _is_entry(group: Sequence[Line], line: Line) -> bool:
    """Whether a line is an entry of its own: the one before it breaks where the next word would have fitted.

    How wide a column is there, only the lines around tell: a picture may stand beside them.
    """
    last = group[-1]
    if not (line.text[:1].isupper() or line.text[:1].isdigit()) or _BULLET.match(last.text):
        return False
    left, right = last.edges
    is_short = last.right - left < _SHORT * (right - left)
    if is_short and (abs(line.left - last.left) > line.size or _LABEL.match(line.text)):
        return True
    word = line.text.split(maxsplit=1)[0]
    width = (line.right - line.left) * (len(word) + 1) / len(line.text)
    reach = max(line.right, *(one.right for one in group[-_AROUND:]))
    return last.right + width < reach - line.size and not last.text.endswith(("-", ","))


def _most_gap(last: Line, leading: float, *, ended: bool) -> float:
    """How far apart two lines of a paragraph are, at most: raised marks and tall letters push lines apart."""
    near = max(1.25 * leading, 1.25 * last.size)
    if ended or _ends_short(last):
        return near
    return max(1.55 * leading, 1.5 * last.size)


def _ends_short(line: Line) -> bool:
    left, right = line.edges
    return line.right - left < _FULL * (right - left)


def _is_short(last: Line, line: Line) -> bool:
    """Whether a bold line is a heading over the next, or a plain one ends before it."""
    return _ends_short(last if last.bold else line) or bool(_SENTENCE_END.search(last.text))
