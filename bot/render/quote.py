"""A quote as a message shows it, and read back from there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.render.text import emphasise, unescape
from index import Span

QUOTE = "> "
SMALL = "-# "
_NAME = re.compile(r"\*(?:\\.|[^\\*])+:\* ")
"""Only the bot's own marks are not escaped, and bold has two of them."""


def quote_line(quote: str, bold: Iterable[Span], limit: int, *, name: str = "", small: bool = False) -> str:
    """A quote on a line of its own.

    Args:
        quote: The article's words.
        bold: What is in bold, as spans of them.
        limit: Most characters that they may take up.
        name: Whose words they are, escaped, where nothing else says it.
        small: Whether they are in small type.
    """
    whose = f"*{name}:* " if name else ""
    return f"{QUOTE}{SMALL if small else ''}{whose}{emphasise(quote, bold, limit)}"


def quote_in(source: str) -> str:
    """The quote that a source shows, as far as it shows it; empty where it shows none.

    Before version 0.4 it stood below its label, and now it stands above.
    """
    line = next((line for line in source.split("\n") if line.startswith(QUOTE)), "")
    shown = line.removeprefix(QUOTE).removeprefix(SMALL)
    name = _NAME.match(shown)
    return unescape(shown[name.end() :] if name else shown)
