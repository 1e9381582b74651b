"""Words of a page and where they stand. With ``document``, the only module that asks PDFium.

A word is asked for its first and last character alone: a call to PDFium takes as long as ten lines of ours.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

HYPHEN = "-"

_END_OF_LINE = "\x02"  # what PDFium has for a hyphen, hard or soft, that ends a line
_WORD = re.compile(r"[^\s\x02\ufffe]+[\x02\ufffe]?|[\x02\ufffe]")
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_UPRIGHT, _UP, _DOWN, _ASKEW = range(4)
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.I)
_BOLD_WEIGHT = 600  # semi-bold, as CSS counts
_RAISED_GLYPH, _LOWERED_GLYPH = (
    0.22,
    0.08,
)  # em over and under the line from where a digit is none of the line's
_SMALL_GLYPH = 0.55  # em; digits are some .7 high, those of old style .5 and on the line


@dataclass(frozen=True, slots=True)
class Word:
    """Characters between two spaces, in one font: its edges, its base line and its size, in points.

    ``spaced`` says that a space stands before it in the file; without one, the distance tells. ``rise`` is 1
    where it is raised over the line that it is on, -1 where it is lowered; its base is the line's then.
    ``apart`` tells that only the distance parts it from the word before, in a file that writes its spaces.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool = False
    spaced: bool = False
    rise: int = 0
    apart: bool = False


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    turn: int
    bold: bool


class _Glyphs:
    """What PDFium says of the characters of a page."""

    def __init__(self, text_page: PdfTextPage) -> None:
        from pypdfium2 import raw

        self._raw = raw
        self._page = text_page
        self._styles: dict[int, _Style] = {}
        self._fonts: dict[int, bool] = {}
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._box = [ctypes.c_double() for _ in range(4)]
        self._matrix = raw.FS_MATRIX()

    def text(self) -> str:
        """The characters of the page, one for each that PDFium counts."""
        count = self._page.count_chars()
        text = str(self._page.get_text_range()) if count else ""
        if len(text) == count:
            return text
        codes = (self._raw.FPDFText_GetUnicode(self._page, place) for place in range(count))
        return "".join(chr(code) if 0 < code < 0x110000 else "\ufffd" for code in codes)

    def owner(self, place: int) -> int:
        """A name for the text object that a character belongs to; 0 where it belongs to none."""
        handle = self._raw.FPDFText_GetTextObject(self._page, place)
        return ctypes.addressof(handle.contents) if handle else 0

    def style(self, place: int, owner: int) -> _Style:
        own_style = self._styles.get(owner)
        if own_style is None:
            raw, matrix = self._raw, self._matrix
            size = raw.FPDFText_GetFontSize(self._page, place)
            turn = _UPRIGHT
            if raw.FPDFText_GetMatrix(self._page, place, matrix):
                size *= math.hypot(matrix.b, matrix.d)
                turn = _turn(matrix.a, matrix.b)
            own_style = self._styles[owner] = _Style(
                min(max(abs(size), 0.1), 10_000.0), turn, self._is_bold(place)
            )
        return own_style

    def _is_bold(self, place: int) -> bool:
        raw = self._raw
        font = raw.FPDFTextObj_GetFont(raw.FPDFText_GetTextObject(self._page, place))
        if not font:
            return False
        name = ctypes.addressof(font.contents)
        if name not in self._fonts:
            buffer = ctypes.create_string_buffer(200)
            raw.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
            named = _BOLD.search(buffer.value.decode("ascii", "replace")) is not None
            self._fonts[name] = named or _BOLD_WEIGHT <= raw.FPDFFont_GetWeight(font) <= 1_000
        return self._fonts[name]

    def origin(self, place: int) -> tuple[float, float]:
        self._raw.FPDFText_GetCharOrigin(self._page, place, self._x, self._y)
        return self._x.value, self._y.value

    def cell(self, place: int) -> tuple[float, float, float, float]:
        """Left, lower, right and upper edge of the space that a character takes up in its line."""
        rectangle = self._raw.FS_RECTF()
        self._raw.FPDFText_GetLooseCharBox(self._page, place, rectangle)
        return rectangle.left, rectangle.bottom, rectangle.right, rectangle.top

    def is_written(self, place: int) -> bool:
        """Whether a character stands in the file, and is no space that PDFium tells by the distance."""
        return bool(self._raw.FPDFText_IsGenerated(self._page, place) == 0)

    def ink(self, place: int) -> tuple[float, float]:
        """The lower and upper edge of what is drawn of a character."""
        left, right, bottom, top = self._box
        self._raw.FPDFText_GetCharBox(self._page, place, left, right, bottom, top)
        return bottom.value, top.value


def words(page: PdfPage) -> tuple[list[Word], list[Word]]:
    """The words of a page, as it is to be held; and those that stand across it, at its edge or in a drawing.

    What is askew (a stamp over the page) is left out, what is printed twice to look bold is there once.
    """
    text_page = page.get_textpage()
    try:
        turns_of_words = list(_turned_words(_Glyphs(text_page)))
    finally:
        text_page.close()
    letters = Counter[int]()
    for word, turn in turns_of_words:
        letters[turn] += len(word.text)
    letters[_ASKEW] = 0
    (main, _), *_ = letters.most_common(1)
    left, bottom, right, top = page.get_bbox()
    if main in (_UP, _DOWN):
        edges = ((bottom, top), (-right, -left)) if main == _UP else ((-top, -bottom), (left, right))
    else:
        edges = (left, right), (bottom, top)
    (first, last), (lowest, highest) = edges
    upright = [
        word
        for word, turn in turns_of_words
        if turn == main and word.left < last and word.right > first and lowest <= word.base <= highest
    ]
    across = [word for word, turn in turns_of_words if turn not in (main, _ASKEW)]
    if 2 * sum(word.apart for word in upright) > sum(word.spaced for word in upright):
        upright = [replace(word, apart=False) for word in upright]  # it writes no spaces
    return _printed_once(upright), _printed_once(across)


def _turn(a: float, b: float) -> int:
    if abs(b) <= 0.1 * abs(a):
        return _UPRIGHT
    if abs(a) <= 0.1 * abs(b):
        return _UP if b > 0 else _DOWN
    return _ASKEW


def _turned_words(glyphs: _Glyphs) -> Iterator[tuple[Word, int]]:
    text = glyphs.text()
    end = 0
    for match in _WORD.finditer(text):
        spaced = match.start() > end > 0 and "\n" not in text[end : match.start()]
        apart = spaced and not any(map(glyphs.is_written, range(end, match.start())))
        end = match.end()
        for start, stop, owner in _of_one_object(glyphs, match.start(), match.end()):
            style = glyphs.style(start, owner)
            word = _placed(glyphs, text[start:stop], start, stop, style, spaced=spaced)
            if word is None:
                continue
            for part in _parts(glyphs, word, start) if style.turn == _UPRIGHT else [word]:
                yield (replace(part, apart=True) if apart and part.left == word.left else part), style.turn
            spaced = apart = False


def _of_one_object(glyphs: _Glyphs, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    first, last = glyphs.owner(start), glyphs.owner(end - 1)
    if first == last:
        yield start, end, first
        return
    owner = first
    for place in range(start + 1, end):
        other = glyphs.owner(place)
        if other != owner and other:
            yield start, place, owner
            start, owner = place, other
    yield start, end, owner


def _placed(glyphs: _Glyphs, text: str, start: int, stop: int, style: _Style, *, spaced: bool) -> Word | None:
    text = _characters(text)
    x, y = glyphs.origin(start)
    _, low, right, high = glyphs.cell(stop - 1)
    match style.turn:
        case 1:  # up the page
            left, right, base = y, high, -x
        case 2:
            left, right, base = -y, -low, x
        case _:
            left, base = x, y
    if not all(map(math.isfinite, (left, right, base))):
        return None
    if right < left:
        left, right = right, left
    return Word(text, left, right, base, style.size, style.bold, spaced)


def _characters(text: str) -> str:
    """Characters as a text has them: ligatures and letters of formulas (𝐸) as the letters that they are."""
    text = text.replace(_END_OF_LINE, HYPHEN).replace("\ufffe", HYPHEN).translate(_LIGATURES)
    if not text.isascii() and any("\ud800" <= char <= "\udfff" or char >= "\U0001d400" for char in text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        text = "".join(
            unicodedata.normalize("NFKC", char) if "\U0001d400" <= char <= "\U0001d7ff" else char
            for char in text
        )
    return text


def _parts(glyphs: _Glyphs, word: Word, start: int) -> list[Word]:
    """A word in parts where digits of it are drawn small and raised or lowered by their font alone."""
    if len(word.text) > 60 or not any("0" <= char <= "9" for char in word.text):
        return [word]
    shifts = [_shift(glyphs, start + n, char, word) for n, char in enumerate(word.text)]
    if not any(shifts) or not word.text.isascii():
        return [word]
    parts: list[Word] = []
    begin = 0
    for n in range(1, len(shifts) + 1):
        if n == len(shifts) or bool(shifts[n]) != bool(shifts[begin]):
            left, _ = glyphs.origin(start + begin)
            *_, right, _ = glyphs.cell(start + n - 1)
            size = 0.6 * word.size if shifts[begin] else word.size
            shift = 0.35 * word.size if shifts[begin] > 0 else -0.15 * word.size if shifts[begin] < 0 else 0.0
            parts.append(
                Word(
                    word.text[begin:n],
                    left,
                    right,
                    word.base + shift,
                    size,
                    word.bold,
                    word.spaced and not begin,
                )
            )
            begin = n
    return parts


def _shift(glyphs: _Glyphs, place: int, char: str, word: Word) -> int:
    if not "0" <= char <= "9":
        return 0
    low, high = glyphs.ink(place)
    if high - low >= _SMALL_GLYPH * word.size or high <= low:
        return 0
    above = (low - word.base) / word.size
    return (
        1
        if above > _RAISED_GLYPH
        else -1
        if above < -_LOWERED_GLYPH and high - word.base < 0.45 * word.size
        else 0
    )


def _printed_once(words: list[Word]) -> list[Word]:
    """Words without those that stand on one of the same letters."""
    singles: list[Word] = []
    places: dict[tuple[str, int, int], Word] = {}
    texts: set[str] = set()
    for word in words:
        step = max(0.35 * word.size, 0.5)
        spot = round(word.left / step), round(word.base / step)
        if word.text in texts and _stands_on(word, spot, step, places):
            continue
        texts.add(word.text)
        places[word.text, *spot] = word
        singles.append(word)
    return singles


def _stands_on(
    word: Word, spot: tuple[int, int], step: float, places: dict[tuple[str, int, int], Word]
) -> bool:
    most = min(step, 0.6 * max(word.right - word.left, 0.1))
    for x in (0, -1, 1):
        for y in (0, -1, 1):
            other = places.get((word.text, spot[0] + x, spot[1] + y))
            if other and abs(other.left - word.left) < most and abs(other.base - word.base) < step:
                return True
    return False
