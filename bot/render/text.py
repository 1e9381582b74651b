"""Text for messages: every limit of Discord's and every escape lives here.

Text that is not the bot's own goes through ``clip``: it renders as exactly the characters it has, on one
line, as nothing but text, and no longer than it may be.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable

from index import Span

MAX_CONTENT = 2_000  # Discord's limit of a message without components
MAX_TEXT = 4_000  # over all texts of a message with components
# What a button can carry (bot/views.py); at three components each, half of the forty there may be.
MAX_SOURCES = 7
MARGIN = 32  # for the marks, spaces and line breaks around a text
MAX_NAME = 80  # of a title, a speaker, a model, a word: what should be short but need not be

_MARKUP = frozenset("\\`*_~|<>@#[]():&")
BOLD = "**"
_BLOCK_MARKER = 1  # the backslash before what would start a list
_BLOCK_START = re.compile(r"[-+=]|\d+(?=[.)])")
_LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_EMBEDDINGS = frozenset("\u202a\u202b\u202d\u202e")
_ISOLATES = frozenset("\u2066\u2067\u2068")
_END_OF_EMBEDDING, _END_OF_ISOLATE = CLOSING = "\u202c\u2069"
# What takes up two: with its escape, with what closes it, or as a pair of UTF-16.
_TWICE = re.compile(f"[{re.escape(''.join(_MARKUP | _EMBEDDINGS | _ISOLATES))}\U00010000-\U0010ffff]")


def clip(text: str, limit: int, *, keep_end: bool = False) -> str:
    """Escapes ``text`` so that it renders as itself, cut at a word end with "…" where it is too long.

    Line breaks become spaces; control characters, which cannot be shown, become U+FFFD; directions that
    the text opens and does not close are closed.

    Args:
        text: Anything.
        limit: Most characters of the result, counted as UTF-16 does; at least 1.
        keep_end: Cut from the front instead.
    """
    line, whole = _cut(text.strip(), limit, keep_end=keep_end)
    if whole:
        return _escape(line)
    return f"…{_escape(line)}" if keep_end else f"{_escape(line)}…"


def emphasise(text: str, bold: Iterable[Span], limit: int) -> str:
    """The same as ``clip``, with some of the words in bold.

    Bold begins and ends at a letter or a digit. Elsewhere its marks would not be read as such everywhere:
    in CommonMark, for one, they have to flank what they set off.

    Args:
        text: Anything.
        bold: What is in bold, as spans of ``text``.
        limit: Most characters of the result, counted as UTF-16 does.
    """
    bold = tuple(bold)
    lead = len(text) - len(text.lstrip())
    line, whole = _cut(text.strip(), limit - 2 * len(BOLD) * len(bold))
    marks: set[int] = set()
    for span in bold:
        start, end = _at_letters(line, span.start - lead, span.end - lead)
        if start < end:
            marks ^= {start, end}  # where one ends and the next begins there is no mark
    return _escape(line, marks) + ("" if whole else "…")


def unescape(text: str) -> str:
    """What ``clip`` or ``emphasise`` was given, as far as it is shown: without the escapes and bold marks."""
    return re.sub(r"\\(.)|\*\*", r"\1", text, flags=re.DOTALL)


def fitting(text: str, limit: int) -> int:
    """How many characters of ``text``, up to the end of a word, ``clip`` shows whole within ``limit``."""
    fits = _leading(text[:limit], limit - _BLOCK_MARKER)
    if fits == len(text):
        return fits
    word = text.rfind(" ", 0, fits + 1)
    return word if word > fits // 2 else max(fits, 1)


def plain(text: str) -> str:
    """A message's whole content, as text and nothing else."""
    return clip(text, MAX_CONTENT)


def shares(sizes: list[int], total: int) -> list[int]:
    """Deals ``total`` out: who wants little gets it whole, the others the same of what is left."""
    shares = [0] * len(sizes)
    by_size = sorted(range(len(sizes)), key=sizes.__getitem__)
    for position, index in enumerate(by_size):
        shares[index] = min(sizes[index], total // (len(sizes) - position))
        total -= shares[index]
    return shares


def _cut(words: str, limit: int, *, keep_end: bool = False) -> tuple[str, bool]:
    """The part of ``words`` that fits, on one line, and whether it is all of it."""
    characters = words[-limit:] if keep_end else words[: max(limit, 0)]  # none takes up less than one
    line = "".join("\ufffd" if _unshowable(c) else " " if c in _LINE_BREAKS else c for c in characters)
    if len(words) <= limit and cost(line) <= limit:
        return line, True
    fits = _leading(line[::-1] if keep_end else line, limit - _BLOCK_MARKER - len("…"))
    if keep_end:
        start = len(line) - fits
        word = line.find(" ", max(start - 1, 0))
        return line[word if 0 <= word < start + fits // 2 else start :].strip(), False
    word = line.rfind(" ", 0, fits + 1)
    return line[: word if word > fits // 2 else fits].strip(), False


def _at_letters(line: str, start: int, end: int) -> tuple[int, int]:
    """A span of ``line`` that begins and ends with a letter or a digit, accents included."""
    start, end = max(start, 0), min(end, len(line))
    while start < end and not line[start].isalnum():
        start += 1
    while start < end and not line[end - 1].isalnum():
        end -= 1
    while start < end < len(line) and unicodedata.category(line[end]).startswith("M"):
        end += 1
    return start, end


def _escape(line: str, marks: Container[int] = ()) -> str:
    """``line`` with its markup escaped, and the bot's own mark of bold before each character at ``marks``."""
    opening = _BLOCK_START.match(line)
    marker = -1 if opening is None else opening.end() if opening[0].isdecimal() else 0
    characters = (
        (BOLD if i in marks else "") + (f"\\{c}" if c in _MARKUP or i == marker else c)
        for i, c in enumerate(line)
    )
    return "".join(characters) + (BOLD if len(line) in marks else "") + _closing(line)


def _closing(line: str) -> str:
    """The marks that end the directions ``line`` leaves open, so that they do not run on behind it."""
    open_: list[str] = []
    for c in line:
        if c in _EMBEDDINGS:
            open_.append(_END_OF_EMBEDDING)
        elif c in _ISOLATES:
            open_.append(_END_OF_ISOLATE)
        elif c == _END_OF_EMBEDDING and open_[-1:] == [c]:
            open_.pop()
        elif c == _END_OF_ISOLATE and c in open_:
            while open_.pop() != c:
                pass
    return "".join(reversed(open_))


def _unshowable(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cs") and c != "\t" and c not in _LINE_BREAKS


def cost(text: str) -> int:
    """The most that ``text`` takes up once it is escaped."""
    return _BLOCK_MARKER + len(text) + len(_TWICE.findall(text))


def _leading(text: str, room: int) -> int:
    """How many characters of ``text`` take up no more than ``room`` once they are escaped."""
    twice = [match.start() for match in _TWICE.finditer(text)]
    fitting_lengths = bisect_right(range(len(text) + 1), room, key=lambda n: n + bisect_left(twice, n))
    return max(fitting_lengths - 1, 0)


def size(text: str) -> int:
    """The length of ``text`` as Discord counts it, in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
