"""PDF: lines of a page, joined to the paragraphs and headings that they were set from."""

from __future__ import annotations

import io
import itertools
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from index.model.article import Article
from index.sources.extract.blocks import Block, assembled, clean, first_heading
from index.sources.extract.refusals import LOCKED, TOO_MANY_PAGES, Refused, too_long
from index.sources.limits import Limits

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader


@dataclass(frozen=True)
class _Line:
    """A line of a page: how far from its left and lower edge, and the size of its letters, in points."""

    text: str
    page: int
    x: float
    y: float
    size: float


def pdf(content: bytes, limits: Limits) -> Article:
    """The text of a PDF, in paragraphs and headings again.

    Raises:
        Refused: it is locked, cut off, too long, or has only pictures of text.
    """
    import pypdf

    if b"startxref" not in content[-4096:]:
        raise Refused("{source} breaks off before its end. Get the whole file and try again.")
    reader = pypdf.PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not _unlocked(reader):
        raise Refused(LOCKED)
    claimed = cast("pypdf.generic.DictionaryObject", reader.root_object["/Pages"]).get("/Count", 0)
    pages = claimed if isinstance(claimed, int) and claimed > limits.max_pages else len(reader.pages)
    if pages > limits.max_pages:
        raise Refused(TOO_MANY_PAGES, pages=f"{pages:,}", limit=limits.max_pages)
    lines: list[_Line] = []
    chars = 0
    for number, page in enumerate(reader.pages):
        read = _lines(page, number)
        chars += sum(len(line.text) for line in read)
        lines += read
        if chars > limits.max_chars:
            raise too_long(limits)
    if not lines:
        raise Refused(
            "{source} holds no text, only pictures of it, as scans do. "
            "Run text recognition (OCR) over it and try again."
        )
    found = _paragraphs(_without_edges(lines, pages), _outline(reader))
    said: Mapping[str, object] = reader.metadata or {}
    language = reader.root_object.get("/Lang")
    return replace(
        assembled(found, limits),
        title=_own_title(str(said.get("/Title") or "")) or first_heading(found) or "",
        author=str(said.get("/Author") or "") or None,
        language=str(language) if language else "",
    )


def _unlocked(reader: PdfReader) -> bool:
    """Whether a PDF opens without a password: many are locked against changes only."""
    from pypdf.errors import DependencyError

    try:
        return bool(reader.decrypt(""))
    except DependencyError:  # AES, which takes a library that is not worth its weight
        return False


_OF_A_PROGRAM = re.compile(
    r"^(untitled|Microsoft (Word|PowerPoint) - )|\.(docx?|pdf|tex|dvi|indd|qxd|odt|rtf)$", re.I
)


def _own_title(title: str) -> str | None:
    """A PDF's title, unless the program that made it put the file's name there."""
    title = clean(title)
    if _OF_A_PROGRAM.search(title):
        return None
    return title or None


def _outline(reader: PdfReader) -> Mapping[str, int]:
    """The bookmarks, as the headings that they lead to: text and level."""
    found: dict[str, int] = {}
    waiting: list[tuple[Sequence[object], int]] = [(reader.outline, 1)]
    while waiting:
        entries, level = waiting.pop()
        for entry in entries:
            if isinstance(entry, list):
                waiting.append((entry, level + 1))
            else:
                found.setdefault(clean(str(getattr(entry, "title", ""))), level)
    return found


_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}


def _lines(page: PageObject, number: int) -> list[_Line]:
    lines: list[_Line] = []
    pieces: list[tuple[str, float, float, float]] = []

    def end_line() -> None:
        text = clean("".join(piece for piece, *_ in pieces).translate(_LIGATURES))
        if text:
            shown = [piece for piece in pieces if piece[0].strip()]
            _, x, y, _ = shown[0]
            sizes: Counter[float] = Counter()
            for piece, _, _, size in shown:
                sizes[size] += len(piece)
            lines.append(_Line(text, number, x, y, sizes.most_common(1)[0][0]))
        pieces.clear()

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], _font: object, size: float) -> None:
        x = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
        y = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
        scale = abs(cm[3] * tm[3]) or abs(cm[1] * tm[2]) or abs(cm[2] * tm[1]) or 1.0
        for part in text.splitlines(keepends=True):
            pieces.append((part, x, y, round(abs(size) * scale, 1)))
            if part.endswith(("\n", "\r")):
                end_line()

    page.extract_text(visitor_text=visit)
    end_line()
    return lines


def _leading(lines: Sequence[_Line]) -> float:
    """The distance between two lines of a paragraph: the commonest one."""
    gaps = Counter(
        round(one.y - two.y)
        for one, two in itertools.pairwise(lines)
        if one.page == two.page and one.y - two.y > 1
    )
    return float(gaps.most_common(1)[0][0]) if gaps else 12.0


_DIGITS = re.compile(r"\d+")
_HYPHENED = re.compile(r"\w+(?:-\w+)*")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.|página|pagina)\s*)?(?:\d{1,4}|[ivxlc]{1,7})\W*(?:(?:of|von|de|/|sur|di)\s*\d{1,4}\W*)?",
    re.I,
)


def _without_edges(lines: Sequence[_Line], pages: int) -> list[_Line]:
    """The lines but page numbers, and but what repeats at the same place at the head or foot of pages."""
    leading = _leading(lines)
    edges: list[_Line] = []
    for _, of_page in itertools.groupby(lines, key=lambda line: line.page):
        down = sorted(of_page, key=lambda line: -line.y)
        for order in (down, down[::-1]):
            for depth, line in enumerate(order[:2]):
                apart = depth + 1 >= len(order) or abs(line.y - order[depth + 1].y) > 1.25 * leading
                if apart or line.size != order[depth + 1].size:
                    edges += order[: depth + 1]
    places = {line: (_DIGITS.sub("#", line.text), round(line.y / 3)) for line in edges}
    counts = Counter(places.values())
    often = 2 if pages <= 3 else 3
    dropped = {
        line
        for line, place in places.items()
        if counts[place] >= often or (pages > 1 and _PAGE_NUMBER.fullmatch(line.text))
    }
    return [line for line in lines if line not in dropped]


def _paragraphs(lines: Sequence[_Line], outline: Mapping[str, int]) -> list[Block]:
    """Lines joined to the paragraphs that they were set from; headings by their size or the bookmarks."""
    if not lines:
        return []
    leading = _leading(lines)
    width = statistics.quantiles([len(line.text) for line in lines], n=10)[-1] if len(lines) > 1 else 80
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.size] += len(line.text)
    body = letters.most_common(1)[0][0]
    known = set(_HYPHENED.findall(" ".join(line.text for line in lines)))
    groups: list[list[_Line]] = []
    for line in lines:
        if groups and not _starts_paragraph(groups[-1][-1], line, leading, width, outline):
            groups[-1].append(line)
        else:
            groups.append([line])
    texts = [(_joined([line.text for line in group], known), group[0].size) for group in groups]
    large = sorted({size for text, size in texts if _is_heading(text, size, body)}, reverse=True)
    levels = {size: min(level, 6) for level, size in enumerate(large, 1)}
    return [
        Block(
            text,
            levels[size] if _is_heading(text, size, body) else min(outline.get(text, 0), 6),
        )
        for text, size in texts
    ]


def _is_heading(text: str, size: float, body: float) -> bool:
    return size > 1.12 * body and len(text) <= 200 and sum(char.isalpha() for char in text) > 1


_SENTENCE_END = re.compile(r"[.!?:…][\"”’»)\]\d]*$")
_BULLET = re.compile(r"[•●▪◦‣·*–—-]\s|\(?\d{1,3}[.)]\s")


_FIRST_WORD = re.compile(r"\w++")


def _starts_paragraph(
    last: _Line, line: _Line, leading: float, width: float, outline: Mapping[str, int]
) -> bool:
    if line.text in outline or last.text in outline or _BULLET.match(line.text):
        return True
    if abs(line.size - last.size) > 0.12 * last.size:
        return True
    ended = bool(_SENTENCE_END.search(last.text))
    gap = last.y - line.y
    if line.page != last.page or gap < -1:  # the next page or column
        return ended or (line.text[:1].isupper() and len(last.text) < width / 2)
    if gap > max(1.25 * leading, 1.25 * last.size):
        return True
    indented = line.x > last.x + last.size / 2
    return ended and (indented or len(last.text) < 0.75 * width)


def _joined(lines: Sequence[str], known: set[str]) -> str:
    """Lines as one, words that were cut at a line's end whole again.

    A hyphen stays where the text has the word with it elsewhere.
    """
    parts = [lines[0]]  # the last of them ends with what may be the first part of a word
    for line in lines[1:]:
        cut, rest = _cut_word(parts[-1]), _FIRST_WORD.match(line)
        if cut and rest and rest[0][0].islower():
            whole, hyphened = cut + rest[0], f"{cut}-{rest[0]}"
            stays = hyphened in known and whole not in known
            head, space, tail = f"{parts[-1] if stays else parts[-1][:-1]}{line}".rpartition(" ")
            parts[-1:] = [head + space, tail]
        else:
            parts += " ", line
    return "".join(parts)


def _cut_word(text: str) -> str:
    """The first part of a word that a hyphen cuts at the end of a line; empty where none does."""
    if not text.endswith(("-", "‐")):
        return ""
    start = len(text) - 1
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:-1]
