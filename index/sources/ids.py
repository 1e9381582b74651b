"""Names -> ids of articles, and labels for those that have no title."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from index.model.library import MAX_ID_CHARS
from index.model.source import Origin, SourceKind

_KNOWN_SUFFIX = re.compile(
    r"\.(?:txt|md|markdown|x?html?|mht|mhtml|eml|vtt|srt|pdf|docx|epub|php|aspx?|jsp)\Z", re.IGNORECASE
)
_FOLDER_END = re.compile(r"[/\\]")
_NOT_PLAIN = re.compile(r"[^a-z0-9]++")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def article_id(name: str | Path) -> str:
    """A file's name, a web address or a title as an id: at most MAX_ID_CHARS of a-z, 0-9 and hyphens."""
    name = str(name)
    name = _page_name(name) if _SCHEME.match(name) else file_name(name)
    plain = (
        unicodedata.normalize("NFKD", _KNOWN_SUFFIX.sub("", name).lower()).encode("ascii", "ignore").decode()
    )
    return _NOT_PLAIN.sub("-", plain).strip("-")[:MAX_ID_CHARS].strip("-") or "article"


def label(origin: Origin) -> str:
    """What an article without a title is called: by where it came from."""
    if origin.kind is SourceKind.WEB:
        return _page_name(origin.place) or origin.place
    return Path(origin.place).stem or origin.place


def file_name(path: str) -> str:
    """The last part of a path of any system."""
    return _FOLDER_END.split(path)[-1]


def _page_name(address: str) -> str:
    """What of a web address tells the page best: the last part of its path, or the host."""
    parts = urlsplit(address)
    names = [
        name
        for part in unquote(parts.path).split("/")
        if (name := _KNOWN_SUFFIX.sub("", part)) and name not in ("index", "default")
    ]
    return names[-1] if names else (parts.hostname or "").removeprefix("www.")
