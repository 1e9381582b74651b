"""What the ids of buttons carry: they have to tell all that the button needs, in a hundred characters."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Self

from bot.render import MAX_SOURCES
from bot.service.conversations import VERSION_CHARS, version_of
from index import MAX_ID_CHARS, Article, Span

MAX_CUSTOM_ID = 100  # Discord's limit
ARTICLE = rf"(?P<version>[0-9a-f]{{{VERSION_CHARS}}}):(?P<article>[a-z0-9-]{{1,{MAX_ID_CHARS}}})"
"""How an id names an article and the version of its text."""

_SPAN_BYTES = 5  # 40 bits: a start of 28 and a length of 12
_LENGTH_BITS = 12


@dataclass(frozen=True, slots=True)
class Sources:
    """What a message cites.

    Attributes:
        article: The article's id.
        version: The start of its text's SHA-256: the spans count in that text.
        spans: At most MAX_SOURCES, in the message's order.
    """

    article: str
    version: str
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, article: Article, spans: tuple[Span, ...]) -> Self:
        """Spans of an article."""
        return cls(article.id, version_of(article), spans[:MAX_SOURCES])

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        """The sources again, from the custom id of a button."""
        content = base64.urlsafe_b64decode(match["spans"] + "=" * (-len(match["spans"]) % 4))
        spans = []
        for place in range(0, len(content), _SPAN_BYTES):
            start, length = divmod(
                int.from_bytes(content[place : place + _SPAN_BYTES], "big"), 1 << _LENGTH_BITS
            )
            spans.append(Span(start, start + length))
        return cls(match["article"], match["version"], tuple(spans))

    def __str__(self) -> str:
        """The sources in as few characters as will do; a span's length is cut to 4095."""
        longest = (1 << _LENGTH_BITS) - 1
        content = b"".join(
            (span.start << _LENGTH_BITS | min(span.end - span.start, longest)).to_bytes(_SPAN_BYTES, "big")
            for span in self.spans
        )
        spans = base64.urlsafe_b64encode(content).rstrip(b"=").decode()
        return f"{spans}{self.version}:{self.article}"
