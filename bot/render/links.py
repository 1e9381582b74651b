"""Links that open an article's own page at the sentence that is quoted.

A text fragment (`#:~:text=`) names the words that a browser scrolls to and highlights, as specified in
https://wicg.github.io/scroll-to-text-fragment/. A browser takes the first place that matches, and none that
breaks words or runs from one block of the page into the next; so a fragment is only as long as it has to be
to name one place of the article, and none of its parts runs over a line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from urllib.parse import quote, urlsplit

from index import Article

MAX_URL = 512  # of a link button; other links keep to it, too
MAX_EXACT_CHARS = 80  # what is longer is named by its first and last words
CONTEXT_WORDS = (2, 4, 8)
MAX_TRIED = 50  # places of one part, so that no text makes the search long
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
        enough; None where the article has no address on the web, or too long a one.
    """
    page = _page(article.source or "")
    if page is None or len(page) > limit:
        return None
    quoted = article.text[start:end]
    start, end = end - len(quoted.lstrip()), start + len(quoted.rstrip())
    text = _article_folded(article.text)
    fallback = page
    for directive in _directives(article.text, start, end):
        address = f"{page}{'' if '#' in page else '#'}{_DIRECTIVE}text={directive}"
        if len(address) <= limit:
            if directive.found_in(text) == (start, end):
                return address
            fallback = address if fallback == page else fallback
    return fallback


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

    def found_in(self, text: str) -> tuple[int, int] | None:
        """Where a browser lands in ``text`` (folded): the first place that matches."""
        first, last, before, after = map(_folded, (self.start, self.end, self.prefix, self.suffix))
        for start in islice(_places(text, first), MAX_TRIED):
            if before and not text.endswith(before, 0, _skip_back(text, start)):
                continue
            beyond = start + len(first)
            ends = (place + len(last) for place in _places(text, last, beyond)) if last else iter((beyond,))
            for end in islice(ends, MAX_TRIED):
                if not after or text.startswith(after, _skip(text, end)):
                    return start, end
        return None


def _directives(text: str, start: int, end: int) -> Iterator[_Directive]:
    """Ways to name a place, shortest first: by its own words, then with what stands around it."""
    words = [(m.start(), m.end()) for m in _WORD.finditer(text, start, end)]
    if not words:
        return
    start, end = words[0][0], words[-1][1]
    named: list[tuple[str, str]] = []
    first_line, last_line = text[start:end].splitlines()[0], text[start:end].splitlines()[-1]
    if end - start <= MAX_EXACT_CHARS and first_line == last_line:
        named.append((text[start:end], ""))
    for count in (3, 5, 8, 12):
        if 2 * count <= len(words):
            head = text[start : words[count - 1][1]].splitlines()[0]
            tail = text[words[-count][0] : end].splitlines()[-1]
            named.append((head, tail))
    if not named:
        named.append((text[start:end].splitlines()[0], ""))
    for first, last in named:
        yield _Directive(first, last)
    first, last = named[0]
    for count in CONTEXT_WORDS:
        before, after = _before(text, start, count), _after(text, end, count)
        if before:
            yield _Directive(first, last, before)
        if after:
            yield _Directive(first, last, "", after)
        if before and after:
            yield _Directive(first, last, before, after)


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


def _places(text: str, part: str, start: int = 0) -> Iterator[int]:
    """Where ``part`` stands in ``text`` and breaks no word."""
    place = text.find(part, start)
    while place >= 0:
        end = place + len(part)
        if not (_joins(text, place) or _joins(text, end)):
            yield place
        place = text.find(part, place + 1)


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


@lru_cache(maxsize=4)
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
