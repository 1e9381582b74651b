"""What the marks of HTML mean for its text: what is struck out or hidden goes, what only shows is written.

A browser numbers a list, raises an exponent and strikes a word out without a character for it in the file.
Here it is put in words, or left out, before anything looks at the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from index.model.article import Article
from index.sources.extract.blocks import BLOCK_TAGS, assembled, blocks, clean, first_heading, is_plain_row
from index.sources.extract.formulas import linear
from index.sources.extract.lines import flowed
from index.sources.extract.numerals import numeral
from index.sources.extract.raised import lowered, raised
from index.sources.extract.refusals import NO_TEXT, Refusal
from index.sources.extract.tables import Cell, table_lines
from index.sources.limits import Limits

if TYPE_CHECKING:
    from lxml.etree import _Element

_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_DELETIONS = frozenset({"del", "s", "strike"})
_HIDING_STYLES = {"display": "none", "visibility": "hidden"}  # styles
_NOTE_WORDS = frozenset(
    "noteref doc-noteref reference footnote-ref footnote-reference footnoteref fnref fn-ref footnote endnote"
    " footnote_ref note-ref endnote-ref sdfootnoteanc sdendnoteanc"
    " Inline-Template noprint".split()
)
_BACK_WORDS = frozenset(
    "doc-backlink backlink footnote-backref footnote-back reversefootnote data-footnote-backref"
    " mw-cite-backlink mw-editsection headerlink anchorjs-link heading-anchor".split()
)
_UNSEEN_WORDS = frozenset(
    "sr-only visually-hidden visuallyhidden screen-reader-text screenreader-only".split()
)
_PAGE_WORDS = frozenset(
    "pagebreak doc-pagebreak pagenum pageno page-number pagenumber page-break page_number".split()
)
_PAGE_CHARS = 20  # "Page 1234 of 5678" and the like
_NOTE_MARK = re.compile(r"\s*+(?:\[\s*+[\w*†‡]{1,4}\s*+\]|\(\s*+\d{1,3}\s*+\)|[*†‡§]{1,3})\s*+")
_PLAIN_MARK = re.compile(r"\s*+(?:\d{1,3}|[a-z])\s*+")
_NOTE_TARGET = re.compile(r"#(?:_?(?:fn|ftn|edn|foot|end|cite|note|ref))", re.IGNORECASE)
_TEXT = "text-alone"  # the tag of what is nothing but text by now, until all is
_INLINE_QUOTATION = "quoted-in-line"
_UP = 3  # inline elements around a raised character that are looked out of for what stands before it
_CELL_CHARS = 1_000  # a cell of more is a page's layout, where nothing says that it is a table


def from_markup(markup: str, limits: Limits) -> Article:
    """The article in HTML that a converter made: all of it, titled by the heading that it begins with.

    Raises:
        Refusal: it has no text, or too much.
    """
    from lxml import html

    if not markup.strip():
        raise Refusal(NO_TEXT)
    root = html.fragment_fromstring(markup, create_parent="div")
    resolve(root)
    text_blocks = list(blocks(root))
    return replace(assembled(text_blocks, limits), title=first_heading(text_blocks) or "")


def resolve(root: _Element) -> None:
    """Puts what the marks under an element mean into its text, in place. Its tables become paragraphs."""
    from lxml import etree

    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    for element in list(root.iter("*")):
        tag = name_of(element)
        if element is root:
            continue
        if _is_left_out(element, tag):
            _turn(element, "")
        elif (meaning := _MEANINGS.get(tag)) is not None:
            meaning(element)
    parents = {one.getparent() for one in root.iter(_TEXT)}
    etree.strip_tags(root, _TEXT)
    for element in parents - {None}:  # pieces of text side by side are slow to read for whoever comes next
        element.text = element.text
        for child in element:
            child.tail = child.tail
    for table in list(root.iter("{*}table")):
        _rows_as_lines(table)


def name_of(element: _Element) -> str:
    """The element's tag, without its namespace."""
    return str(element.tag).rpartition("}")[2].lower()


def words_on(element: _Element) -> set[str]:
    """What an element says of its own part: its classes, its role, its type in a book."""
    marks = (element.get(name) or "" for name in ("class", "role", "epub:type", _EPUB_TYPE))
    return {word for words in marks for word in words.split()}


def _turn(element: _Element, text: str) -> None:
    """Makes an element hold nothing but a text. Cutting it out would take time that grows with its parent."""
    tail = element.tail
    element.clear()
    element.tag, element.text, element.tail = _TEXT, text, tail


def _is_left_out(element: _Element, tag: str) -> bool:
    """Whether nobody sees an element, or it is struck out, or only leads to a note or a page."""
    if tag in _DELETIONS:
        return True
    marks = words_on(element)
    if not _BACK_WORDS.isdisjoint(marks) or _is_note_mark(element, tag, marks):
        return True
    if not _PAGE_WORDS.isdisjoint(marks):
        return sum(map(len, element.itertext())) <= _PAGE_CHARS
    is_unseen = (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or not _UNSEEN_WORDS.isdisjoint(marks)
        or _is_styled_away(element.get("style") or "")
    )
    return is_unseen and not _holds_the_page(element, tag)


def _is_styled_away(style: str) -> bool:
    rules = [rule.partition(":") for rule in style.lower().split(";")]
    return any(
        _HIDING_STYLES.get(name.strip()) == (words := value.split() or [""])[0]
        or (name.strip().startswith("text-decoration") and "line-through" in words)
        for name, _, value in rules
    )


def _holds_the_page(element: _Element, tag: str) -> bool:
    """Whether an element holds what the page is there for: while a box asks for consent, it is hidden."""
    main = ("body", "main", "article")
    return tag in main or any(name_of(inner) in main for inner in element.iter("*"))


def _is_note_mark(element: _Element, tag: str, marks: set[str]) -> bool:
    if tag == "sup":
        around = element.getparent()
        linked = element.find(".//{*}a") is not None or (around is not None and name_of(around) == "a")
        return linked or not _NOTE_WORDS.isdisjoint(marks)
    if tag != "a":
        return False
    href = element.get("href") or ""
    if not marks.isdisjoint(("noteref", "doc-noteref")) or href.startswith(
        ("#footnote-ref-", "#endnote-ref-")
    ):
        return True
    text = "".join(element.itertext()) if "#" in href and len(element) < 3 else ""
    return bool(
        _NOTE_MARK.fullmatch(text) or (_PLAIN_MARK.fullmatch(text) and _NOTE_TARGET.search(href) is not None)
    )


def _raise(element: _Element) -> None:
    _turn(element, raised("".join(element.itertext()), _before(element), (element.tail or "")[:1]))


def _lower(element: _Element) -> None:
    _turn(element, lowered("".join(element.itertext()), _before(element), (element.tail or "")[:1]))


def _before(element: _Element) -> str:
    """What stands right before an element on its line; only the end of it matters."""
    for _ in range(_UP):
        previous = element.getprevious()
        if previous is not None:
            if name_of(previous) in BLOCK_TAGS or name_of(previous) == "br":
                return previous.tail or ""
            return previous.tail or "".join(previous.itertext())
        element = element.getparent()
        if element is None or element.text or name_of(element) in BLOCK_TAGS:
            break
    return "" if element is None else element.text or ""


def _quote(element: _Element) -> None:
    """A quotation within a line: a browser puts its marks there."""
    depth = sum(around.get("class") == _INLINE_QUOTATION for around in element.iterancestors("span"))
    opening, closing = "‘’" if depth % 2 else "“”"
    if not (element.text or "").lstrip().startswith(("“", '"', "„", "«", "‘")):
        element.text = opening + (element.text or "")
        _append(element, closing)
    element.tag = "span"  # a converter may take the other for a paragraph
    element.set("class", _INLINE_QUOTATION)


def _append(element: _Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def _formula(element: _Element) -> None:
    source = element.get("alttext")
    _turn(element, linear(element) or source or "")


def _number(items: _Element) -> None:
    """Writes the numbers of a list before its items, as a browser shows them."""
    style = (element_style := items.get("style") or "").replace(" ", "").lower()
    if "list-style:none" in style or "list-style-type:none" in style:
        return
    shape = (
        element_style.lower().partition("list-style-type:")[2].partition(";")[0].strip()
        or items.get("type")
        or ""
    )
    entries = [item for item in items.iterchildren("*") if name_of(item) == "li"]
    step = -1 if items.get("reversed") is not None else 1
    number = _whole(items.get("start"), len(entries) if step < 0 else 1)
    for item in entries:
        number = _whole(item.get("value"), number)
        mark = numeral(number, item.get("type") or shape)
        _lead(item, mark if mark.endswith(".") else f"{mark}.")
        number += step


def _whole(text: str | None, otherwise: int) -> int:
    """A number of at most six figures."""
    plain = (text or "").strip()
    figures = plain.removeprefix("-")
    return int(plain) if figures.isascii() and figures.isdigit() and len(figures) <= 6 else otherwise


def _lead(item: _Element, mark: str) -> None:
    """Puts a mark before the first words of an item, within the paragraph that they are in."""
    inner = item
    while (
        not (inner.text or "").strip() and len(inner) and name_of(inner[0]) in BLOCK_TAGS - {"ol", "ul", "li"}
    ):
        inner = inner[0]
    text = (inner.text or "").lstrip()
    if not text.startswith(mark):
        inner.text = f"{mark} {text}"


def _term(element: _Element) -> None:
    """A term leads what defines it: it ends with a colon, where it is no question."""
    words = "".join(element.itertext()).rstrip()
    if words and words[-1] not in ":?!.":
        _append(element, ":")


def _lines(element: _Element) -> None:
    """What is laid out in lines keeps them; where they are only wrapped, their paragraphs."""
    lines = flowed("".join(element.itertext())).split("\n")
    tail = element.tail
    element.clear()
    element.tag, element.tail = "div", tail
    for line in filter(str.strip, lines):
        paragraph = element.makeelement("p")
        paragraph.text = line
        element.append(paragraph)


_MEANINGS: dict[str, Callable[[_Element], None]] = {
    "sup": _raise,
    "sub": _lower,
    "q": _quote,
    "math": _formula,
    "ol": _number,
    "dt": _term,
    "pre": _lines,
}


def _rows_as_lines(table: _Element) -> None:
    """Makes paragraphs of a table's rows, its caption first; one that only lays a page out stays as it is."""
    rows = list(table.iter("{*}tr"))
    if not _is_data(table, rows):
        return
    captions = [clean(" ".join(one.itertext())) for one in table.iterchildren("{*}caption")]
    lines = [*filter(None, captions), *table_lines([list(_cells(row)) for row in rows])]
    tail = table.tail
    table.clear()
    table.tag, table.tail = "div", tail
    for line in lines:
        paragraph = table.makeelement("p")
        paragraph.text = line
        table.append(paragraph)


def _is_data(table: _Element, rows: list[_Element]) -> bool:
    if table.get("role") in ("presentation", "none") or table.find(".//{*}table") is not None:
        return False
    if max((len(row) for row in rows), default=0) < 2:
        return False
    if table.find(".//{*}th") is not None or table.find("{*}caption") is not None:
        return True
    return all(is_plain_row(row) for row in rows) and all(
        sum(map(len, cell.itertext())) <= _CELL_CHARS for row in rows for cell in row
    )


def _cells(row: _Element) -> Iterator[Cell]:
    around = row.getparent()
    in_head = around is not None and name_of(around) == "thead"
    for cell in row.iterchildren("*"):
        tag = name_of(cell)
        if tag in ("td", "th"):
            yield Cell(
                " ".join(block.text for block in blocks(cell)) if len(cell) else clean(cell.text or ""),
                heads=tag == "th" or in_head or _is_bold(cell),
                across=_whole(cell.get("colspan"), 1),
                down=_whole(cell.get("rowspan"), 1),
            )


def _is_bold(cell: _Element) -> bool:
    """Whether all of a cell's words are bold, as a head's are where nobody marked it as one."""
    inner = cell
    while len(inner) == 1 and not (inner.text or "").strip() and not (inner[0].tail or "").strip():
        inner = inner[0]
        if name_of(inner) in ("b", "strong"):
            return True
    return False
