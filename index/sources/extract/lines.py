"""Lines of plain text that are wrapped at a width, joined to the paragraphs that they were.

Whoever wraps a text breaks a line where the next word would not fit, and that is how it is told: a verse, an
address or a list breaks its lines before that. What is not wrapped stays as it is, to the character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from index.model.article import Article
from index.sources.extract.hyphens import Hyphens
from index.sources.extract.tongue import language_of

_LEAST, _MOST = 40, 120
"""Columns: of the longest line of what may be wrapped."""

_FEW, _VERSE = 3, 60  # lines of a block by which its width can hardly be told; columns of the widest verse
_SHARE = 0.75  # of a paragraph's breaks that tell that it is wrapped
_SLACK = 2  # columns that an editor may leave free beside a word that would have fitted
_BULLET = re.compile(r"(?:[-*+•‣◦▪–—]|\(?(?:\d{1,3}|[A-Za-z])[.)])\s")
_LABEL = re.compile(r"(?:\[[^\]]{1,25}\]\s)?(?:<[^<>]{1,40}>|[^\W\d_][^:.!?]{0,30}:)\s")
_MAIL_QUOTE = re.compile(r"(?>(?:>[ ]?)+)")
_GAP = re.compile(r"\S {3,}+\S|\t\S")  # columns of a table
_ENDS = (".", "!", "?", ":", "…", ".”", ".’", '."', "!”", "?”", '!"', '?"', ".)", ".*")
_WIDE = "\u2e80"  # from here on, characters that are written without spaces between words


def flowed(text: str) -> str:
    """A text whose wrapped paragraphs are a line each; one that is not wrapped as it is.

    Args:
        text: Its lines may end in any way; how they end is kept.
    """
    lines = text.splitlines(keepends=True)
    blocks = [
        (one, list(block)) for one, block in groupby(lines, key=lambda line: (not _bare(line), _depth(line)))
    ]
    several = [block for (blank, _), block in blocks if not blank and len(block) > 1]
    lengths = [len(_bare(line)) for block in several for line in block[:-1]]
    width = max((length for length in lengths if length <= _MOST), default=0)
    if width < _LEAST:
        return text
    hyphens = Hyphens(map(_bare, lines), lambda: _language(text))
    return "".join(
        piece
        for (blank, _), block in blocks
        for piece in (map(_unquoted, block) if blank else _paragraphs(block, width, hyphens))
    )


def _paragraphs(block: list[str], width: int, hyphens: Hyphens) -> Iterator[str]:
    """The lines of a block as they are, or its paragraphs where they are wrapped."""
    bare = [_bare(line) for line in block]
    own = max(map(len, bare[:-1]), default=0)
    near = own if len(block) > _FEW else max(own, width - 10)
    if not _LEAST <= own <= _MOST or _is_verse(bare, own) or not _is_wrapped(block, bare, near):
        yield from map(_unquoted, block)
        return
    paragraph = [_unquoted(block[0]).rstrip()]
    for number, (before, line) in enumerate(pairwise(bare), 1):
        indented = _indent(block[number]) > _indent(block[number - 1])
        few = len(block) <= _FEW and _is_ended(before, line)
        if few or _starts(before, line, own, is_indented=indented):
            yield hyphens.joined(paragraph) + _line_end(block[number - 1])
            paragraph = [_unquoted(block[number]).rstrip()]
        elif before[-1] >= _WIDE and line[0] >= _WIDE:
            paragraph[-1] += line
        else:
            paragraph.append(line)
    yield hyphens.joined(paragraph) + _line_end(block[-1])


def _is_verse(bare: Sequence[str], width: int) -> bool:
    """Whether every line begins with a capital, as few of prose do."""
    return width < _VERSE and len(bare) > _FEW and all(line[:1].isupper() for line in bare)


def _is_wrapped(block: Sequence[str], bare: Sequence[str], width: int) -> bool:
    """Whether most lines of a block break where the next word did not fit, or in the middle of a phrase."""
    few = len(block) <= _FEW
    breaks = [
        (before, line)
        for (before, line), (raw_before, raw) in zip(pairwise(bare), pairwise(block), strict=True)
        if not _BULLET.match(line)
        and not _is_column(before, line)
        and not (few and _is_ended(before, line))
        and (_indent(raw) <= _indent(raw_before) or _BULLET.match(before))
    ]
    full = sum(_is_full(before, line, width) for before, line in breaks)
    running = sum(
        before[-1:] not in ".!?:;" and line[:1].islower() and 2 * len(before) > width
        for before, line in breaks
    )
    short = sum(before.endswith(_ENDS) and not _is_full(before, line, width) for before, line in breaks)
    return full + running > 0 and max(full, running) >= _SHARE * (len(breaks) - short / 2)


def _is_ended(before: str, line: str) -> bool:
    """Whether a sentence ends with a line. In a block of two or three, that is no sign of a wrap."""
    return before.endswith(_ENDS) and not line[:1].islower()


def _is_full(before: str, line: str, width: int) -> bool:
    word = line.split(maxsplit=1)[0] if line else ""
    return len(before) + 1 + len(word) > width - _SLACK


def _is_column(before: str, line: str) -> bool:
    """Whether one of two lines is a row of a table, or a rule."""
    return any(_GAP.search(one) or not any(map(str.isalnum, one)) for one in (before, line))


def _starts(before: str, line: str, width: int, *, is_indented: bool) -> bool:
    """Whether a line starts a paragraph of its own in a block that is wrapped."""
    if _is_column(before, line) or _BULLET.match(line):
        return True
    is_end, full = before.endswith(_ENDS), _is_full(before, line, width)
    if is_indented and not _BULLET.match(before):
        return is_end or not full
    if is_end and _LABEL.match(line):
        return True
    return not full and not line[:1].islower() and (is_end or 2 * len(before) < width)


def _language(text: str) -> str:
    return language_of(Article(id="", title="", text=text, language="")) or "en"


def _unquoted(line: str) -> str:
    """A line without the marks that a mail puts before what it answers."""
    quote = _MAIL_QUOTE.match(line)
    return line[quote.end() :] if quote else line


def _bare(line: str) -> str:
    return _unquoted(line).strip()


def _depth(line: str) -> int:
    quote = _MAIL_QUOTE.match(line)
    return quote[0].count(">") if quote else 0


def _indent(line: str) -> int:
    words = _unquoted(line)
    return len(words) - len(words.lstrip())


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")) :]
