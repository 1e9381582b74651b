"""Quotation marks, paired: in any language, within one paragraph."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple

from index.model.article import Article, Paragraph, Span

_CLOSING = {"“": "”", '"': '"', "„": "“", "‟": "”", "”": "”", "«": "»", "»": "«", "‘": "’"}
"""By the mark that opens a quotation: the one that closes it, where its own is missing."""

_NESTING = 4
"""Quotations within quotations that are told apart; more deeply nested marks are words like others."""

_MARK = re.compile(r"[“”\"„‟«»‘’]")
_ELISION = re.compile(r"(?:em|til|tis|twas|cause|n|bout|round|\d\ds)\b", re.IGNORECASE)
_start = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Quotation(Span):
    """A quotation, its marks included.

    Attributes:
        opening: The mark that opens it.
        closing: The mark that closes it, or would.
        closed: Whether it stands there.
        inner: Of an outermost one: the quotations within it, by their start.
        around: Of an inner one: what it is within, from outside in, the outermost left out.
    """

    opening: str
    closing: str
    closed: bool
    inner: tuple[Quotation, ...] = ()
    around: tuple[Quotation, ...] = ()

    def is_cut_at(self, offset: int) -> bool:
        """Whether a mark is missing on one side of ``offset``; an unclosed quotation lacks one at its end."""
        return self.start < offset < self.end + (not self.closed)

    def all_cut_at(self, offset: int) -> list[Quotation]:
        """This quotation and those within it that a cut leaves without a mark, from outside in."""
        if not self.is_cut_at(offset):
            return []
        last = bisect_left(self.inner, offset, key=_start) - 1
        within = (*self.inner[last].around, self.inner[last]) if last >= 0 else ()
        return [self, *(one for one in within if one.is_cut_at(offset))]


def quotations(article: Article) -> list[Quotation]:
    """The outermost quotations of the article, in order, marks included, each within one paragraph.

    Double quotation marks and guillemets, mixed ones too; single ones where they cannot be apostrophes. A
    quotation that is never closed ends with its paragraph, or where the next one opens. Quotations inside a
    quotation are part of it.
    """
    outermost: list[Quotation] = []
    for paragraph in article.paragraphs:
        outer: Quotation | None = None
        inner: list[Quotation] = []
        for quotation in _pairs(article.text, paragraph):
            if outer is None or quotation.start >= outer.end:
                if outer is not None:
                    outermost.append(replace(outer, inner=tuple(inner)))
                outer, inner = quotation, []
                continue
            last = (*inner[-1].around, inner[-1]) if inner else ()
            around = tuple(one for one in last if one.end > quotation.start)
            if len(around) < _NESTING:
                inner.append(replace(quotation, around=around))
        if outer is not None:
            outermost.append(replace(outer, inner=tuple(inner)))
    return outermost


class _Mark(NamedTuple):
    """A quotation mark, and whether it is one to ``open``, to ``close``, or ``either``."""

    at: int
    char: str
    kind: str

    @property
    def is_single(self) -> bool:
        return self.char in "‘’"


class _Opening(NamedTuple):
    """A quotation that is open: its first mark, and where a single one has to close."""

    at: int
    char: str
    closing: int | None


def _pairs(text: str, paragraph: Paragraph) -> Iterator[Quotation]:
    """The quotations of a paragraph, those within others too, by their start."""
    marks = [
        _Mark(mark.start(), mark[0], _kind(text, mark.start(), paragraph))
        for mark in _MARK.finditer(text, paragraph.start, paragraph.end)
    ]
    closings: dict[int, int | None] = {}  # by where each opens
    pending: list[_Opening] = []
    for number, mark in enumerate(marks):
        inch = mark.char == '"' and text[mark.at - 1 : mark.at].isdigit()  # the 5" pipe
        if mark.kind == "open" and mark.is_single:
            closing = _single_closing(text, marks, number) if mark.char == "‘" else None
            pending += [_Opening(mark.at, mark.char, closing)] if closing else []
        elif mark.kind == "open":
            pending.append(_Opening(mark.at, mark.char, None))
        elif (partner := _partner(mark, pending)) is not None:
            last = number + 1 == len(marks) or marks[number + 1].kind != "close"
            if not inch or (mark.kind == "close" and last):  # "The pipe of 5"
                closings[pending[partner].at] = mark.at
                del pending[partner:]
        elif mark.kind == "either" and not mark.is_single and not inch:
            pending.append(_Opening(mark.at, mark.char, None))
    closings.update((opening.at, None) for opening in pending if opening.closing is None)
    quotations: list[Quotation] = []
    following: dict[str, int] = {}  # where the next quotation of a family opens
    for start in sorted(closings, reverse=True):
        shape, closing = text[start], closings[start]
        if closing is not None:
            end, mark_at_end = closing + 1, text[closing]
        else:
            end = start + len(text[start : following.get(_family(shape), paragraph.end)].rstrip())
            mark_at_end = _CLOSING[shape]
        if mark_at_end == '"' != shape:  # “A b," he said: the reader is given a pair
            mark_at_end = _CLOSING[shape]
        if end - start > 1:
            quotations.append(Quotation(start, end, shape, mark_at_end, closing is not None))
        following[_family(shape)] = start
    return reversed(quotations)


def _partner(mark: _Mark, pending: Sequence[_Opening]) -> int | None:
    """Which of the ``pending`` quotations a mark closes."""
    for number in range(len(pending) - 1, max(-1, len(pending) - 1 - _NESTING), -1):
        _, char, closing = pending[number]
        if closing == mark.at or (closing is None and _family(char) == _family(mark.char)):
            return number
    return None


def _family(mark: str) -> str:
    return "‘" if mark in "‘’" else "«" if mark in "«»" else "“"


def _kind(text: str, at: int, paragraph: Paragraph) -> str:
    """Whether the mark at ``at`` opens or closes, by what is on either side of it and else by its shape."""
    before = text[at - 1] if at > paragraph.start else " "
    after = text[at + 1] if at + 1 < paragraph.end else " "
    opens = before.isspace() or before in '([{—–-/“„«‘"'
    closes = after.isspace() or after in '.,;:!?)]}—–-…/”»’"'
    if opens != closes:
        return "open" if opens else "close"
    return "open" if text[at] in "“„‟«" else "close" if text[at] in "”»" else "either"


def _single_closing(text: str, marks: Sequence[_Mark], number: int) -> int | None:
    """Where the single quotation that opens at a mark closes, if no apostrophe can be meant."""
    if _ELISION.match(text, marks[number].at + 1):
        return None  # ‘em, the ‘90s
    closing: list[int] = []
    for later in range(number + 1, len(marks)):
        if marks[later].char == "‘":
            break
        if marks[later].char == "’" and marks[later].kind == "close":
            closing.append(marks[later].at)
    sure = [at for at in closing if text[at - 1] in ",.?!…"]
    return sure[0] if sure else closing[0] if len(closing) == 1 else None
