"""What a source may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a source may cost; beyond it, it is refused.

    Attributes:
        max_bytes: Of a source; also of what is packed in it, once unpacked.
        max_seconds: For fetching one from the web, redirects included.
        max_redirects: How often the web may send on.
        max_pages: Of a PDF; chapters of an EPUB.
        max_chars: Of an article's text.
        max_extract_seconds: Of a processor, for reading a source that was got: its text, its sentences, who
            speaks in it.
        max_extract_bytes: Memory of the process that does so, all of it counted.
    """

    max_bytes: int = 20_000_000
    max_seconds: float = 8.0
    max_redirects: int = 5
    max_pages: int = 500
    max_chars: int = 2_000_000
    max_extract_seconds: float = 8.0
    max_extract_bytes: int = 230_000_000


DEFAULT_LIMITS = Limits()
