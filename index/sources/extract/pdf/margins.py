"""What stands around the text of a page: running heads, page numbers, numbers of lines, notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from index.sources.extract.pdf.glyphs import Word
from index.sources.extract.pdf.rows import Row, common_step
from index.sources.extract.pdf.rules import TABLE

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.|página|pagina)\s*)?(?:\d{1,4}|[ivxlc]{1,7})\W*"
    r"(?:(?:of|von|de|/|sur|di)\s*\d{1,4}\W*)?",
    re.I,
)
_NUMBER = re.compile(r"\d{1,4}")
_STAMP = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}:\d{2}(?::\d{2})?(?: [AP]M)?"
_ADDRESS = r"(?:https?|file)://\S++"
_PRINT_MARK = re.compile(  # what a browser prints at the edges: day and title, address and page
    rf"{_STAMP}(?: .*)?|{_ADDRESS} \d{{1,4}}/\d{{1,4}}|.* {_ADDRESS}|\d{{1,4}} \w{{2,3}} \d{{1,4}} {_STAMP}"
)
_LARGE = 1.12  # of the size of the text: a heading, which may count chapters
_EDGE_ROWS = 2  # at each edge of a page: a running head, and a number under it
_HEAD_CHARS = 100  # a running head is a line
_SENTENCE_END = (".", "!", "?", ":", ";", ",")
_SMALL = 0.93  # of the size of the text
_TIGHT = 1.45  # em between two lines of one note
_LEAST_NUMBERED = 5  # lines with a number each; fewer may be a list
_NOTE = re.compile(r"(?:\[?\d{1,3}[\])]?|[*†‡§¶]{1,3})(?=\s|[^\W\d_])")

Place = tuple[int, int]
"""A page and a row of it."""


def edges(pages: Sequence[Sequence[Row]], body: float) -> set[Place]:
    """The running heads and feet and the page numbers: they stand apart at the edges of pages.

    One repeats at the same place, has a number that counts the pages, or has its place in most of the pages.

    Args:
        pages: The rows of each page, from the upper edge on.
        body: The size of the text, in points.
    """
    step = common_step(pages)
    candidates = {
        (page, place): (at_head, rows[place])
        for page, rows in enumerate(pages)
        for at_head, order in ((False, range(len(rows) - 1, -1, -1)), (True, range(len(rows))))
        for place in _apart(rows, order, step)
    }
    texts = {where: row.text() for where, (_, row) in candidates.items()}
    shapes = {
        where: _DIGITS.sub("#", texts[where]) if row.size <= _LARGE * body else texts[where]
        for where, (_, row) in candidates.items()
    }
    spots = {where: round(row.base / 3) for where, (_, row) in candidates.items()}
    often = 2 if len(pages) <= 3 else 3
    same = Counter((shapes[where], spots[where]) for where in candidates)
    numbers = {where: _numbers(row, at_head=at_head) for where, (at_head, row) in candidates.items()}
    runs = Counter((spots[where], number - where[0]) for where in candidates for number in numbers[where])
    heads: dict[int, set[int]] = {}
    for where, (_, row) in candidates.items():
        if _is_head(texts[where], row, body):
            heads.setdefault(spots[where], set()).add(where[0])
    most = max(often, len(pages) // 2)

    def is_set_apart(where: Place) -> bool:
        """Whether small type stands there that a browser prints, or that every one of several pages has."""
        on_all = len(pages) > 1 and len(heads.get(spots[where], ())) == len(pages)
        return candidates[where][1].size <= _SMALL * body and (
            on_all or _PRINT_MARK.fullmatch(texts[where]) is not None
        )

    return {
        where
        for where in candidates
        if same[shapes[where], spots[where]] >= often
        or (len(pages) > 1 and _PAGE_NUMBER.fullmatch(texts[where]))
        or any(runs[spots[where], number - where[0]] >= often for number in numbers[where])
        or (len(pages) > 2 and where[0] in heads.get(spots[where], ()) and len(heads[spots[where]]) >= most)
        or is_set_apart(where)
    }


def _apart(rows: Sequence[Row], order: Sequence[int], step: float) -> Iterator[int]:
    """The rows at an edge of a page up to the last that has space or another size behind it."""
    group: list[int] = []
    for depth, place in enumerate(order[:_EDGE_ROWS]):
        inner = rows[order[depth + 1]] if depth + 1 < len(order) else None
        group.append(place)
        row = rows[place]
        if row.words[0].text.startswith(TABLE):
            return
        if inner is None or abs(row.base - inner.base) > 1.25 * step or abs(row.size - inner.size) > 0.3:
            yield from group
            group = []


def _numbers(row: Row, *, at_head: bool) -> set[int]:
    """The numbers that a line begins or ends with, as a page's does; a note begins with its own."""
    words = [word.text for word in row.words]
    if words[-1].endswith(_SENTENCE_END) and len(words) > 2:
        return set()
    parted = len(words) == 1 or row.words[1].left - row.words[0].right > 0.8 * row.size
    first = words[:1] if at_head or parted else []
    return {int(bare) for word in (*first, words[-1]) if _NUMBER.fullmatch(bare := word.strip("-–—|·•.()[]"))}


def _is_head(text: str, row: Row, body: float) -> bool:
    return len(text) <= _HEAD_CHARS and not text.endswith(_SENTENCE_END) and row.size <= _LARGE * body


def without_line_numbers(words: Sequence[Word], body: float) -> list[Word]:
    """The words of a page but the numbers that count its lines in a margin."""
    numbers = [word for word in words if _NUMBER.fullmatch(word.text) and word.size <= 1.05 * body]
    if len(numbers) < 3:
        return list(words)
    left = min(word.left for word in words)
    right = max(word.right for word in words)
    counters: set[Word] = set()
    for beside in (
        [word for word in numbers if word.left <= left + 2.5 * body],
        [word for word in numbers if word.right >= right - 2.5 * body],
    ):
        column = sorted(beside, key=lambda word: -word.base)
        if _counts_lines(column, words, body):
            counters.update(column)
    return [word for word in words if word not in counters]


def _counts_lines(column: Sequence[Word], words: Sequence[Word], body: float) -> bool:
    """Whether numbers count up by one or by five in a margin of their own, beside sentences that run on."""
    values = [int(word.text) for word in column]
    steps = {two - one for one, two in pairwise(values)}
    if len(steps) != 1 or (step := steps.pop()) not in (1, 2, 5, 10):
        return False
    if len(column) < (_LEAST_NUMBERED if step == 1 else 2) or (step > 1 and values[0] % step not in (0, 1)):
        return False
    low, high = min(word.left for word in column), max(word.right for word in column)
    bottom, top = column[-1].base - body, column[0].base + body
    own = set(column)
    near = [word for word in words if bottom <= word.base <= top and word not in own]
    if any(word.left < high + 0.3 * body and word.right > low - 0.3 * body for word in near):
        return False
    first: dict[int, Word] = {}
    for word in near:
        line = round(word.base)
        if line not in first or word.left < first[line].left:
            first[line] = word
    lower = sum(word.text[:1].islower() for word in first.values())
    return len(first) >= len(column) and 4 * lower >= len(first)


def notes(rows: Sequence[Row], body: float, marks: Collection[str], *, goes_on: bool) -> int:
    """Where the notes at the foot of a column begin; its length where it has none.

    Notes are small, or begin with a mark that is raised or that the text of the page has.

    Args:
        rows: Of a column, from its head on.
        body: The size of the text, in points.
        marks: What marks notes in the text of the page.
        goes_on: Whether the last note of the page before breaks off in its sentence.
    """
    begin = end = len(rows)
    while end and rows[end - 1].size <= _SMALL * body and not _is_parted(rows[end - 1], body):
        end -= 1
        if rows[end].has_mark or _NOTE.match(rows[end].text()):
            begin = end
    if end < len(rows):
        return end if goes_on else begin
    while end:
        last = end - 1
        while last and rows[last - 1].base - rows[last].base <= _TIGHT * body:
            last -= 1
        mark = _NOTE.match(rows[last].text())
        if not (rows[last].has_mark or (mark and mark[0].strip("[])") in marks)) or not last:
            break
        begin = end = last
    return begin


def _is_parted(row: Row, body: float) -> bool:
    """Whether a row has cells: more space between its words than after a note's mark."""
    return any(two.left - one.right > 1.5 * body for one, two in pairwise(row.words[1:]))


def unmarked(text: str) -> str:
    """A note without the mark that it begins with."""
    mark = _NOTE.match(text)
    return text[mark.end() :].lstrip() if mark else text
