"""Blocks: the paragraphs and headings that all formats but plain text are brought to."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.model.article import BETWEEN_CELLS, Article, Heading
from index.sources.extract.refusals import NO_TEXT, Refusal, too_long
from index.sources.limits import Limits

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True)
class Block:
    """A paragraph, or (with a level from 1 to 6) a heading.

    Its text is one line as ``clean`` gives it, and not empty; ``link_chars`` of its characters are links.
    """

    text: str
    level: int = 0
    link_chars: int = 0


BLOCK_TAGS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr item li list main nav ol p pre quote row section summary table "
    "tbody tfoot thead tr ul".split()
)
_SKIPPED_TAGS = frozenset(
    "audio button canvas embed head iframe input math noscript object option rp rt script select style svg "
    "template textarea title video".split()
)
_ROW_TAGS, _CELL_TAGS, _LINK_TAGS = ("tr", "row"), ("td", "th", "cell"), ("a", "ref")
_SPACE = re.compile(r"\s++")
_BLANK_LINE = re.compile(r"\n\s*\n")
_ENTRY = re.compile(
    r"(?:[-•*–]|\(?(?:\d{1,2}|[a-z])[.)])\s|(?=[^\W_])(?![a-z])(?:[^\s:.!?;]{1,20} ){0,3}[^\s:.!?;]{1,20}:\s"
)
"""What a line that is an entry of a list begins with: a mark, a number, or what it tells before a colon."""
_HEADING = re.compile(r"h[1-6]")
INVISIBLE = dict.fromkeys(map(ord, "\xad\u200b\u2060\ufeff"))
"""They part words or hold them together for a screen, and are characters of no word."""

_CELL_END, _LINE_END = "\x1f", "\n"


def blocks(root: _Element) -> Iterator[Block]:
    """The paragraphs and headings under an element of HTML or of trafilatura's XML, in order.

    A row of a table is one paragraph, its cells parted by dots; two line breaks part paragraphs.
    """
    from lxml import etree

    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    walk = etree.iterwalk(root, events=("start", "end"))
    reader = _Reader()
    for event, element in walk:
        tag = str(element.tag).rpartition("}")[2].lower()
        shown = tag not in _SKIPPED_TAGS
        if event == "start":
            if shown:
                yield from reader.begin(element, tag)
                reader.add(element.text)
            else:
                walk.skip_subtree()
        else:
            if shown:
                yield from reader.end(element, tag)
            if element is not root:
                reader.add(element.tail)
    yield from reader.flush()


class _Reader:
    """Gathers the words of a block until it ends."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._level = 0  # of the heading that is read
        self._link_chars = 0  # how many characters of the block are links
        self._links = 0  # how many links are open
        self._row: _Element | None = None  # of a table, where it is one paragraph

    def add(self, text: str | None) -> None:
        words = _SPACE.sub(" ", text or "")
        self._words.append(words)
        self._link_chars += len(words) if self._links else 0

    def begin(self, element: _Element, tag: str) -> Iterator[Block]:
        if tag in BLOCK_TAGS and self._row is None:
            yield from self.flush()
            self._level = _heading_level(tag) or self._level
        if tag in _ROW_TAGS and self._row is None and is_plain_row(element):
            self._row = element
        self._links += _leads_away(element, tag)
        self._words.append(_LINE_END if tag in ("br", "lb") else " " if tag in BLOCK_TAGS else "")

    def end(self, element: _Element, tag: str) -> Iterator[Block]:
        self._links -= _leads_away(element, tag)
        if element is self._row:
            self._row = None
        if tag in _CELL_TAGS:
            self._words.append(_CELL_END if self._row is not None else " ")
        if tag in BLOCK_TAGS and self._row is None:
            yield from self.flush()
            self._level = 0 if _heading_level(tag) else self._level

    def flush(self) -> Iterator[Block]:
        raw = "".join(self._words)
        self._words.clear()
        for piece in _pieces(raw):
            cells = [text for cell in piece.split(_CELL_END) if (text := clean(cell))]
            if cells:
                yield Block(BETWEEN_CELLS.join(cells), self._level, self._link_chars)
                self._link_chars = 0


def _pieces(raw: str) -> Iterator[str]:
    """The paragraphs of what stands between two blocks, where a line's end is one that the page breaks.

    Such a line goes on in the next one, unless both are entries of a list.
    """
    for piece in _BLANK_LINE.split(raw):
        lines = piece.split(_LINE_END) if _CELL_END not in piece else [piece]
        entries = [_ENTRY.match(line.lstrip()) is not None for line in lines]
        paragraph = lines[0]
        for line, is_entry in zip(lines[1:], entries[1:], strict=True):
            if is_entry and sum(entries) > 1:
                yield paragraph
                paragraph = line
            else:
                paragraph = f"{paragraph} {line}"
        yield paragraph


def _heading_level(tag: str) -> int:
    return int(tag[1]) if _HEADING.fullmatch(tag) else 0


def _leads_away(element: _Element, tag: str) -> bool:
    """Whether an element is a link to another page; a heading's link to itself is none."""
    return tag in _LINK_TAGS and "#" not in (element.get("href") or element.get("target") or "#")


def is_plain_row(row: _Element) -> bool:
    """A table that lays out a page holds whole paragraphs in its cells: its rows are no paragraphs."""
    inside = Counter(str(element.tag).rpartition("}")[2].lower() for element in row.iter("*"))
    cells = sum(inside[tag] for tag in _CELL_TAGS)
    return inside["p"] <= cells and not any(
        inside[tag] for tag in ("table", "ul", "ol", "list", "h1", "h2", "h3")
    )


def clean(words: str) -> str:
    """Words in one line: white space made single spaces, characters that cannot be seen left out."""
    if not words.isascii() or not words.isprintable():
        words = "".join(
            char
            for char in words.translate(INVISIBLE)
            if unicodedata.category(char) not in ("Cc", "Cs") or char.isspace()
        )
    return " ".join(words.split())


def assembled(blocks: Iterable[Block], limits: Limits) -> Article:
    """Blocks as an article's text, a blank line between them; the article says nothing of itself yet.

    Raises:
        Refusal: it is longer than ``limits.max_chars``, or has no word.
    """
    texts: list[str] = []
    headings: list[Heading] = []
    length = 0
    for block in blocks:
        if length + len(block.text) > limits.max_chars:
            raise too_long(limits)
        if block.level and any(char.isalnum() for char in block.text):
            headings.append(Heading(length, length + len(block.text), block.level))
        texts.append(block.text)
        length += len(block.text) + 2
    text = "\n\n".join(texts)
    if not any(char.isalnum() for char in text):
        raise Refusal(NO_TEXT)
    return Article(id="", title="", text=text, language="", headings=tuple(headings))


def first_heading(blocks: Sequence[Block]) -> str | None:
    """The heading of the first level that a text begins with: its title, where nothing else says so."""
    return blocks[0].text if blocks and blocks[0].level == 1 else None
