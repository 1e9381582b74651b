"""An article and its parts.

Every ``start`` and ``end`` counts Unicode code points in ``Article.text``: a span is ``text[start:end]``.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TypeVar, overload

BETWEEN_CELLS = " · "
"""What stands between the cells of a table's row in a text."""

_BREAKS = r"\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # those of str.splitlines, which would copy the whole text
_LINE = re.compile(f"[^{_BREAKS}]+")
_CHARS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points in the article."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words of this span in ``text``."""
        return text[self.start : self.end]


T = TypeVar("T")
S = TypeVar("S", bound=Span)

Numbers = Sequence[int]
"""A column: as compact as an ``array`` or a ``range`` is."""


class Table(Sequence[T]):
    """Rows as columns, since a long text has a million of them: each is made when it is asked for.

    Args:
        make: Makes a row of its numbers.
        columns: The numbers, one column at least.
    """

    def __init__(self, make: Callable[..., T], *columns: Numbers) -> None:
        self._make, self._columns = make, columns

    def __len__(self) -> int:
        return len(self._columns[0])

    @overload
    def __getitem__(self, number: int) -> T: ...

    @overload
    def __getitem__(self, number: slice) -> list[T]: ...

    def __getitem__(self, number: int | slice) -> T | list[T]:
        if isinstance(number, slice):
            return list(map(self._make, *(column[number] for column in self._columns)))
        return self._make(*(column[number] for column in self._columns))

    def __iter__(self) -> Iterator[T]:
        return map(self._make, *self._columns)


class SpanTable(Table[S]):
    """Spans of one kind.

    Args:
        kind: Makes a span of its numbers.
        columns: What it is made of: where each span starts, where it ends, and whatever else the kind has.

    Attributes:
        starts: Where each starts, ascending,
        ends: and where each ends.
    """

    def __init__(self, kind: Callable[..., S], starts: Numbers, ends: Numbers, *columns: Numbers) -> None:
        super().__init__(kind, starts, ends, *columns)
        self.starts, self.ends = starts, ends


class Spans(SpanTable[Span]):
    """Spans without anything else.

    Args:
        spans: In order.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        starts, ends = array("i"), array("i")
        for span in spans:
            starts.append(span.start)
            ends.append(span.end)
        super().__init__(Span, starts, ends)


@dataclass(frozen=True, slots=True)
class Paragraph(Span):
    """A paragraph of the article, without the line break that ends it. ``number`` counts from 1."""

    number: int


class Paragraphs(SpanTable[Paragraph]):
    """The paragraphs of a text: runs of it between line breaks, blank ones left out."""

    def __init__(self, text: str) -> None:
        starts, ends = array("i"), array("i")
        for line in _LINE.finditer(text):
            words = line[0].strip()
            if words:
                first = line.end() - len(line[0].lstrip())
                starts.append(first)
                ends.append(first + len(words))
        super().__init__(Paragraph, starts, ends, range(1, len(starts) + 1))


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
    def paragraphs(self) -> Paragraphs:
        """The paragraphs in order."""
        return Paragraphs(self.text)

    @cached_property
    def heading_starts(self) -> frozenset[int]:
        """Where the headings start: a paragraph that starts there is one."""
        return frozenset(heading.start for heading in self.headings)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the text in UTF-8, in hexadecimal."""
        digest = hashlib.sha256()
        for first in range(0, len(self.text), _CHARS_AT_ONCE):
            digest.update(self.text[first : first + _CHARS_AT_ONCE].encode())
        return digest.hexdigest()

    def paragraph_at(self, offset: int) -> Paragraph:
        """The paragraph that holds ``offset``, or the nearest one before it (the first, if none is)."""
        return self.paragraphs[max(bisect_right(self.paragraphs.starts, offset) - 1, 0)]

    def paragraphs_from(self, offset: int, most: int) -> Sequence[Paragraph]:
        """The first paragraphs that end behind an offset, at most so many."""
        first = bisect_right(self.paragraphs.ends, offset)
        return self.paragraphs[first : first + most]

    def paragraphs_before(self, offset: int, most: int) -> Sequence[Paragraph]:
        """The last paragraphs that start before an offset, at most so many."""
        end = bisect_left(self.paragraphs.starts, offset)
        return self.paragraphs[max(end - most, 0) : end]


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
