"""Where an article comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    """Where an article can come from."""

    SHIPPED = "shipped"
    FILE = "file"
    UPLOAD = "upload"
    WEB = "web"
    ANSWERS = "answers"  # what the admins of a server have answered themselves


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an article came from. ``place`` is a path, a file's name or a web address."""

    kind: SourceKind
    place: str
    media_type: str | None = None


ANSWERS = Origin(SourceKind.ANSWERS, "answers", "application/vnd.footnote.answers+json")
"""Where what admins have answered is from: no file is known by that media type, and no page is fetched."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: enough to read the article again without the place that it came from.

    ``sidecar`` is TOML (see ``index.sources.Sidecar``), ``questions`` are JSON lines with the article's own
    questions and what answers them.
    """

    origin: Origin
    content: bytes
    sidecar: bytes | None = None
    questions: bytes | None = None
