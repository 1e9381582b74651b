"""An article and its parts.

Every ``start`` and ``end`` counts Unicode code points in ``Article.text``: a span is ``text[start:end]``.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import overload

BETWEEN_CELLS = " · "
"""What stands between the cells of a table's row in a text."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points in the article."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words of this span in ``text``."""
        return text[self.start : self.end]


class Spans(Sequence[Span]):
    """Spans as arrays, since a long text has a million: each is made when it is asked for.

    Args:
        spans: In order.

    Attributes:
        starts: Where each starts, ascending,
        ends: and where each ends.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self.starts, self.ends = array("i"), array("i")
        for span in spans:
            self.starts.append(span.start)
            self.ends.append(span.end)

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, number: int) -> Span: ...

    @overload
    def __getitem__(self, number: slice) -> list[Span]: ...

    def __getitem__(self, number: int | slice) -> Span | list[Span]:
        if isinstance(number, slice):
            return list(map(Span, self.starts[number], self.ends[number]))
        return Span(self.starts[number], self.ends[number])

    def __iter__(self) -> Iterator[Span]:
        return map(Span, self.starts, self.ends)


@dataclass(frozen=True, slots=True)
class Paragraph(Span):
    """A paragraph of the article, without the line break that ends it. ``number`` counts from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Heading(Span):
    """A line of the article that heads what follows it. ``level`` counts from 1, the outermost."""

    level: int


@dataclass(frozen=True)
class Article:
    """An article as it is indexed and quoted.

    ``text`` is never altered after it was read: citations count in it. What the source does not
    say is None. ``title_is_label`` marks a title that is not the article's own but a label for it.
    ``source`` is the article's own (canonical) web address. ``headings`` are paragraphs of the text, in
    order.

    ``source`` and ``site`` are where the article was got from, or said by who could know; what it only says
    of itself is ``claimed_source`` and ``claimed_site``, and nothing may be cited by them.

    ``language`` is told by the words themselves where ``language_is_guess``. ``missing`` are parts that the
    source names and does not hold.

    ``sentences`` are the text's in order, as they were cut when it was read; None where they were not yet.
    """

    id: str
    title: str
    text: str
    title_is_label: bool = False
    language: str = "en"
    source: str | None = None
    published: date | None = None
    questions: tuple[str, ...] = ()
    author: str | None = None
    site: str | None = None
    headings: tuple[Heading, ...] = ()
    claimed_source: str | None = None
    claimed_site: str | None = None
    language_is_guess: bool = False
    missing: tuple[str, ...] = ()
    sentences: Sequence[Span] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The paragraphs in order: runs of text between line breaks, blank ones left out."""
        paragraphs: list[Paragraph] = []
        start = 0
        for line in self.text.splitlines(keepends=True):
            words = line.strip()
            if words:
                first = start + len(line) - len(line.lstrip())
                paragraphs.append(Paragraph(first, first + len(words), len(paragraphs) + 1))
            start += len(line)
        return tuple(paragraphs)

    @cached_property
    def heading_starts(self) -> frozenset[int]:
        """Where the headings start: a paragraph that starts there is one."""
        return frozenset(heading.start for heading in self.headings)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the text in UTF-8, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def paragraph_at(self, offset: int) -> Paragraph:
        """The paragraph that holds ``offset``, or the nearest one before it (the first, if none is)."""
        return self.paragraphs[max(bisect_right(self._paragraph_starts, offset) - 1, 0)]

    def paragraphs_from(self, offset: int, most: int) -> Sequence[Paragraph]:
        """The first paragraphs that end behind an offset, at most so many."""
        first = bisect_right(self._paragraph_ends, offset)
        return self.paragraphs[first : first + most]

    def paragraphs_before(self, offset: int, most: int) -> Sequence[Paragraph]:
        """The last paragraphs that start before an offset, at most so many."""
        end = bisect_left(self._paragraph_starts, offset)
        return self.paragraphs[max(end - most, 0) : end]

    @cached_property
    def _paragraph_ends(self) -> tuple[int, ...]:
        return tuple(paragraph.end for paragraph in self.paragraphs)

    @cached_property
    def _paragraph_starts(self) -> tuple[int, ...]:
        return tuple(paragraph.start for paragraph in self.paragraphs)


@dataclass(frozen=True, slots=True)
class Sentence(Span):
    """A sentence of a passage, white space around it left out."""

    paragraph: int
    passage: int


@dataclass(frozen=True, slots=True)
class Passage(Span):
    """What is embedded as one: whole sentences of one paragraph, within the model's window.

    Passages partition the article: each runs on to the start of the next, so that their texts in order
    are the article's. ``number`` counts from 0, ``sentences`` are this passage's, in order. ``path`` are
    the headings that it stands under, outermost first.
    """

    id: str
    number: int
    paragraph: int
    sentences: tuple[Sentence, ...]
    path: tuple[str, ...] = ()
