"""Links that open an article's own page at the sentence that is quoted.

A text fragment (`#:~:text=`) names the words that a browser scrolls to and highlights, as specified in
https://wicg.github.io/scroll-to-text-fragment/. A browser takes the first place that matches, and none that
breaks words or runs from one block of the page into the next; so a fragment is only as long as it has to be
to name one place of the article, and none of its parts runs over a line break.

Looking for one takes a few passes over the article, however it repeats itself: a way to name a place that
fits too many places before it is given up.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from cachetools import LRUCache, cached

from index import Article

MAX_URL = 512  # of a link button; other links keep to it, too
MAX_EXACT_CHARS = 80  # what is longer is named by its first and last words
MAX_END_CHARS = 400  # of a quote, from which its first and its last words are taken
CONTEXT_WORDS = (2, 4, 8)  # around a quote that stands there twice: as few as tell it apart
MAX_TRIED = 50  # places of one part, so that no text makes the search long
MAX_KEPT = 2_000  # places whose links are remembered: finding one takes passes over the whole article
_DIRECTIVE = ":~:"
_SAFE = "%:/?#@!$&+,;=-._"  # what an address may have and Markdown takes for nothing; the rest is encoded
# A word with what touches it; in scripts that put no spaces, up to a mark that ends a clause.
_WORD = re.compile(r"[^\s、。，！？；：]+[、。，！？；：”’」』）]*|[、。，！？；：”’」』）]+")


def text_fragment(article: Article, start: int, end: int, *, limit: int = MAX_URL) -> str | None:
    """The address of the article's page, opened at ``article.text[start:end]``.

    Args:
        article: The article.
        start: Where the quoted text starts.
        end: Where it ends.
        limit: Most characters of the address.

    Returns:
        The address, safe between the brackets of a masked link; without a fragment where none is short
        enough and names this place alone; None where the article has no address on the web, or too long a
        one.
    """
    page = _page(article.source or "")
    if page is None or len(page) > limit:
        return None
    directives = _unique_directives(article, start, end)
    opening = f"{page}{'' if '#' in page else '#'}{_DIRECTIVE}text="
    return next((opening + each for each in directives if len(opening) + len(each) <= limit), page)


@dataclass(frozen=True, slots=True)
class _Directive:
    """``[prefix-,]start[,end][,-suffix]``; the parts are "" where there are none."""

    start: str
    end: str = ""
    prefix: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        parts = (
            f"{_encoded(self.prefix)}-" if self.prefix else "",
            _encoded(self.start),
            _encoded(self.end),
            f"-{_encoded(self.suffix)}" if self.suffix else "",
        )
        return ",".join(filter(None, parts))

    def names(self, start: int, end: int, text: str) -> bool:
        """Whether the first place that matches in ``text`` (folded) is this one, as far as it is tried."""
        first, last, before, after = map(_folded, (self.start, self.end, self.prefix, self.suffix))
        if not last:
            return self._first_place(text, first, before, after, 0, end) == start
        # Wherever an earlier place begins as this one does, a browser finds an end for it: this one's.
        if self._first_place(text, first, before, "", 0, end) != start:
            return False
        place = self._first_place(text, last, "", after, start + len(first), end)
        return place is not None and place + len(last) == end

    @staticmethod
    def _first_place(text: str, part: str, before: str, after: str, start: int, end: int) -> int | None:
        """The first place of ``part`` within ``text[start:end]`` that has the words around it."""
        place = start - 1
        for _ in range(MAX_TRIED):
            place = text.find(part, place + 1, end)
            if place < 0:
                return None
            beyond = place + len(part)
            whole = not (_joins(text, place) or _joins(text, beyond))
            fits_before = not before or text.endswith(before, 0, _skip_back(text, place))
            if whole and fits_before and (not after or text.startswith(after, _skip(text, beyond))):
                return place
        return None


def _cache_key(article: Article, start: int, end: int) -> tuple[str, int, int]:
    return article.sha256, start, end


@cached(LRUCache(MAX_KEPT), key=_cache_key, lock=threading.Lock())
def _unique_directives(article: Article, start: int, end: int) -> tuple[str, ...]:
    """The fragments that name a place of an article and no other, in the order of preference."""
    text = article.text
    words = text[start:end]
    start, end = end - len(words.lstrip()), start + len(words.rstrip())
    lower = _article_folded(text)
    return tuple(str(one) for one in _directives(text, start, end) if one.names(start, end, lower))


def _directives(text: str, start: int, end: int) -> Iterator[_Directive]:
    """Ways to name a place, shortest first: by its own words, then with what stands around it."""
    opening = _words(text, start, min(end, start + MAX_END_CHARS))
    closing = _words(text, max(start, end - MAX_END_CHARS), end)
    if not opening or not closing:
        return
    ends: list[tuple[str, str]] = []
    first_line = text[start : min(end, start + MAX_END_CHARS)].splitlines()[0]
    if end - start <= min(MAX_EXACT_CHARS, len(first_line)):
        ends.append((first_line, ""))
    for count in (3, 5, 8, 12):
        if count <= min(len(opening), len(closing)) and opening[count - 1][1] <= closing[-count][0]:
            head = text[start : opening[count - 1][1]].splitlines()[0]
            tail = text[closing[-count][0] : end].splitlines()[-1]
            ends.append((head, tail))
    if not ends:
        ends.append((first_line, ""))
    for first, last in ends:
        yield _Directive(first, last)
    first, last = ends[0]
    for count in CONTEXT_WORDS:
        before, after = _before(text, start, count), _after(text, end, count)
        if before:
            yield _Directive(first, last, before)
        if after:
            yield _Directive(first, last, "", after)
        if before and after:
            yield _Directive(first, last, before, after)


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [match.span() for match in _WORD.finditer(text, start, end)]


def _before(text: str, start: int, count: int) -> str:
    """The ``count`` words before a place, of one line."""
    line = text[max(0, start - 400) : start].rstrip().rpartition("\n")[2]
    words = list(_WORD.finditer(line))[-count:]
    return line[words[0].start() : words[-1].end()] if words else ""


def _after(text: str, end: int, count: int) -> str:
    """The ``count`` words after a place, of one line."""
    line = text[end : end + 400].lstrip().partition("\n")[0]
    words = list(_WORD.finditer(line))[:count]
    return line[words[0].start() : words[-1].end()] if words else ""


def _joins(text: str, place: int) -> bool:
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _skip_back(text: str, place: int) -> int:
    while place > 0 and text[place - 1].isspace():
        place -= 1
    return place


@lru_cache(maxsize=2)
def _article_folded(text: str) -> str:
    return _folded(text)


def _folded(text: str) -> str:
    """``text`` as a browser compares it, character by character: in lower case."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c if len(c.lower()) > 1 else c.lower() for c in text)


def _encoded(part: str) -> str:
    return quote(" ".join(part.split()), safe="").replace("-", "%2D")


def _page(source: str) -> str | None:
    """An address as it can stand in a masked link, without a text fragment of its own; None for none."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[^\s@<>\[\]\\]+", parts.netloc):
        return None
    return quote(source.partition(_DIRECTIVE)[0], safe=_SAFE)
