"""A quote as a message shows it, and read back from there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.render.text import emphasise, size, unescape
from index import Span

QUOTE = "> "
SMALL = "-# "
_PARAGRAPH = re.compile(r"[^\n\s](?:[^\n]*[^\n\s])?")
_LEAST = 24  # characters that are worth a line
_NAME = re.compile(r"\*(?:\\.|[^\\*])+:\* ")
"""Only the bot's own marks are not escaped, and bold has two of them."""


def quote_lines(quote: str, bold: Iterable[Span], limit: int, *, name: str = "", small: bool = False) -> str:
    """A quote on lines of its own, one for each of its paragraphs.

    Args:
        quote: The article's words.
        bold: What is in bold, as spans of them.
        limit: Most characters that they may take up.
        name: Whose words they are, escaped, where nothing else says it.
        small: Whether they are in small type.
    """
    whose = f"*{name}:* " if name else ""
    bold, lines = tuple(bold), list[str]()
    for paragraph in _PARAGRAPH.finditer(quote):
        room = limit - sum(size(line) + 1 for line in lines)
        if lines and room < _LEAST:
            lines[-1] += "…"
            break
        first = paragraph.start()
        inside = [
            Span(one.start - first, one.end - first) for one in bold if first <= one.start < paragraph.end()
        ]
        text = emphasise(paragraph[0], inside, room)
        lines.append(f"{QUOTE}{SMALL if small else ''}{'' if lines else whose}{text}")
    return "\n".join(lines) or f"{QUOTE}{whose}"


def quote_in(source: str) -> str:
    """The quote that a source shows, as far as it shows it, its first paragraph; empty where it shows none.

    Before version 0.4 it stood below its label, and now it stands above.
    """
    line = next((line for line in source.split("\n") if line.startswith(QUOTE)), "")
    text = line.removeprefix(QUOTE).removeprefix(SMALL)
    name = _NAME.match(text)
    return unescape(text[name.end() :] if name else text)
