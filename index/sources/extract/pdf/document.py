"""PDF -> article."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from index.model.article import Article
from index.sources.extract.blocks import assembled, clean, first_heading
from index.sources.extract.hyphens import SOFT_HYPHEN
from index.sources.extract.pdf.bullets import bullets
from index.sources.extract.pdf.columns import columns
from index.sources.extract.pdf.glyphs import HYPHEN, Word, words
from index.sources.extract.pdf.grids import Grid, parts, without_leaders
from index.sources.extract.pdf.margins import edges, notes, unmarked, without_line_numbers
from index.sources.extract.pdf.paragraphs import Line, Notes, Piece, Table, paragraphs
from index.sources.extract.pdf.rows import Row, rows_of
from index.sources.extract.pdf.rules import Rule, RuledTable, rules, with_tables
from index.sources.extract.refusals import (
    BROKEN_OFF,
    DAMAGE,
    LOCK,
    PROTECTION,
    TOO_MANY_PAGES,
    Refusal,
    too_long,
)
from index.sources.extract.sniff import pdf_start
from index.sources.extract.tables import Cell, rest_of, table_lines
from index.sources.extract.tongue import language_of
from index.sources.limits import Limits

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_NO_TITLE = re.compile(
    r"\W*+(?:untitled|anonymous|unspecified|unknown|no title|title|(?:untitled )?document)\W*+\d*+\W*+"
    r"|microsoft (?:word|powerpoint|excel)(?: - .*)?"
    r"|.*\.(?:docx?|pdf|tex|dvi|indd|qxd|odt|rtf|pptx?|xlsx?|pages|html?)",
    re.I,
)
_NOBODY = re.compile(r"\W*+(anonymous|unspecified|unknown|none|untitled)\W*+", re.I)
_MOST_BOOKMARKS = 5_000  # a book has some hundred; a hostile file may have any number


class Leaf(NamedTuple):
    """A page: its words, those that stand across it, and the lines that are drawn on it."""

    upright: list[Word]
    across: list[Word]
    rules: list[Rule]


def pdf(content: bytes, limits: Limits) -> Article:
    """The text of a PDF, in paragraphs and headings again.

    Raises:
        Refusal: it is locked, cut off, too long, or has only pictures of text.
    """
    document = _opened(content)
    try:
        pages = len(document)
        if pages > limits.max_pages:
            raise Refusal(TOO_MANY_PAGES, pages=f"{pages:,}", limit=limits.max_pages)
        metadata = document.get_metadata_dict()
        outline, language = _outline(document), _language(document)
        all_leaves = list(_leaves(document, limits))
    finally:
        document.close()
    leaves = [leaf for leaf in all_leaves if leaf]
    if not leaves:
        raise Refusal(DAMAGE, format="PDF")
    if not any(leaf.upright or leaf.across for leaf in leaves):
        raise Refusal(
            "{source} holds no text, only pictures of it, as scans do. "
            "Run text recognition (OCR) over it and try again."
        )
    pieces = list(_pieces(leaves, language))
    missing = tuple(f"page {number}" for number, leaf in enumerate(all_leaves, 1) if leaf is None)
    del leaves, all_leaves
    blocks = paragraphs(pieces, outline, lambda: language or _guess(pieces))
    text_blocks = [block for block in blocks if block.text]
    return replace(
        assembled(text_blocks, limits),
        title=_own_title(metadata.get("Title", "")) or first_heading(text_blocks) or "",
        author=None if _NOBODY.fullmatch(metadata.get("Author", "")) else metadata.get("Author") or None,
        language=language,
        missing=missing,
    )


def _opened(content: bytes) -> PdfDocument:
    """The document; bytes before it or after it do no harm.

    Raises:
        Refusal: it is locked, damaged, or breaks off.
    """
    import pypdfium2
    from pypdfium2 import raw

    content = content[pdf_start(content) or 0 :]
    if content.rfind(b"startxref") < content.rfind(b"endobj"):
        raise Refusal(BROKEN_OFF)
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        match error.err_code:
            case raw.FPDF_ERR_PASSWORD:
                raise Refusal(LOCK) from error
            case raw.FPDF_ERR_SECURITY:
                raise Refusal(PROTECTION) from error
            case _:
                raise Refusal(DAMAGE, format="PDF") from error


def _leaves(document: PdfDocument, limits: Limits) -> Iterator[Leaf | None]:
    """What stands on each page; None for one that cannot be read.

    Raises:
        Refusal: it is more than an article may have.
    """
    import pypdfium2

    chars = 0
    for number in range(len(document)):
        try:
            page = document[number]
            upright, across = words(page)
        except pypdfium2.PdfiumError:
            yield None
            continue
        chars += sum(len(word.text) + 1 for kind in (upright, across) for word in kind)
        if chars > limits.max_chars:
            raise too_long(limits)
        yield Leaf([*upright, *bullets(page, upright)], across, rules(page) if upright else [])
        page.close()


def _own_title(title: str) -> str | None:
    """A PDF's title, unless the program that made it put the file's name there, or nothing."""
    title = clean(title)
    return None if _NO_TITLE.fullmatch(title) else title or None


def _language(document: PdfDocument) -> str:
    import ctypes

    from pypdfium2 import raw

    buffer = ctypes.create_string_buffer(64)
    raw.FPDFCatalog_GetLanguage(document, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), len(buffer))
    return buffer.raw.decode("utf-16-le", "replace").partition("\0")[0]


def _outline(document: PdfDocument) -> Mapping[str, int]:
    """The bookmarks, as the headings that they lead to: text and level."""
    levels: dict[str, int] = {}
    for number, bookmark in enumerate(document.get_toc()):
        if number >= _MOST_BOOKMARKS:
            break
        levels.setdefault(clean(bookmark.get_title()), bookmark.level + 1)
    levels.pop("", None)
    return levels


def _guess(pieces: Sequence[Piece]) -> str:
    lines = [piece.text for piece in pieces if isinstance(piece, Line)]
    text = " ".join(lines[:400])
    return language_of(Article(id="", title="", text=text, language="")) or "en"


def _pieces(leaves: Sequence[Leaf], language: str) -> Iterator[Piece]:
    """What stands on the pages; a table that goes on in another column or page is one with its first part."""
    table: list[list[Cell]] = []
    waiting: list[Notes] = []  # under the table
    place = (-1, -1)
    for where, part in _parts(leaves, language):
        if isinstance(part, Notes):
            waiting.append(part)
            continue
        rest = rest_of(table, part.cells) if isinstance(part, Grid) and where != place else None
        if rest is None:
            yield from _with_notes(table, waiting)
            table, waiting = [], []
        if isinstance(part, Grid):
            table.extend(part.cells if rest is None else rest)
        else:
            yield part
        place = where
    yield from _with_notes(table, waiting)


def _with_notes(table: Sequence[Sequence[Cell]], notes: Sequence[Notes]) -> Iterator[Table | Notes]:
    if table:
        yield Table(tuple(table_lines(table)))
    yield from notes


def _parts(leaves: Sequence[Leaf], language: str) -> Iterator[tuple[tuple[int, int], Line | Notes | Grid]]:
    """What stands on the pages, with the page and the column."""
    body = _body_size(leaves)
    tables: list[RuledTable] = []
    pages = []
    for leaf in leaves:
        upright = with_tables(without_line_numbers(leaf.upright, body), leaf.rules, body, tables)
        pages.append(rows_of(upright, body, language or "en"))
    around = edges(pages, body)
    goes_on = False
    for number, (rows, leaf) in enumerate(zip(pages, leaves, strict=True)):
        inner = [row for place, row in enumerate(rows) if (number, place) not in around]
        marks = {mark for row in inner for mark in row.marks()}
        at_foot: list[tuple[str, ...]] = []
        for place, column in enumerate(columns(inner, body)):
            end = notes(column, body, marks, goes_on=goes_on)
            at_foot += _noted(column[end:])
            for part in _of_column(column[:end], body, (number, place), marks, tables):
                yield (number, place), part
        goes_on = bool(at_foot) and not at_foot[-1][-1].rstrip('"”’»)').endswith((".", "!", "?"))
        aside = [clean(row.text()) for row in rows_of(leaf.across, body)]
        if at_foot or any(aside):
            yield (number, -1), Notes((*at_foot, *((text,) for text in aside if text)))


def _body_size(leaves: Sequence[Leaf]) -> float:
    letters = Counter[float]()
    for leaf in leaves:
        for word in leaf.upright:
            letters[round(word.size, 1)] += len(word.text)
    return letters.most_common(1)[0][0] if letters else 10.0


def _of_column(
    rows: Sequence[Row],
    body: float,
    place: tuple[int, int],
    marks: set[str],
    ruled_tables: Sequence[RuledTable],
) -> Iterator[Line | Grid]:
    if not rows:
        return
    edges_of_column = min(row.left for row in rows), max(row.right for row in rows)
    for part in parts([without_leaders(row) for row in rows], body, ruled_tables):
        if isinstance(part, Grid):
            yield part
            continue
        for row in part:
            if text := _line(row, marks):
                yield Line(text, *place, row.left, row.right, row.base, row.size, row.bold, edges_of_column)


def _line(row: Row, marks: set[str]) -> str:
    """What a row says, with the soft hyphen that it may end with, which ``clean`` takes away."""
    words = row.text(marks)
    text = clean(words)
    return text + SOFT_HYPHEN if words.endswith(SOFT_HYPHEN) and not text.endswith(HYPHEN) else text


def _noted(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """The notes at the foot of a column, each in its lines and without its mark."""
    note: list[str] = []
    for row in rows:
        text = clean(row.without_mark.text())
        bare = unmarked(text)
        if note and (row.has_mark or bare != text):
            yield tuple(note)
            note = []
        note.append(text if row.has_mark else bare)
    if note:
        yield tuple(note)
