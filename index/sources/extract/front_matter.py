"""What a Markdown file says of itself in the lines before its text, in YAML or TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*+\n(.*?)^(?:---|\+\+\+|\.\.\.)[ \t]*+$\n?", re.S | re.M)
_MAX_CHARS = 20_000  # what goes on longer than that is no front matter


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """The entries of the front matter, their names in small letters, and the text after it.

    Several authors are joined; what is neither a text nor several is left out.

    Args:
        text: The file's text, its lines parted by line feeds.
    """
    front = _FRONT_MATTER.match(text)
    if front is None or len(front[2]) > _MAX_CHARS:
        return {}, text
    entries = _toml(front[2]) if front[1] == "+++" else _yaml(front[2])
    texts = {str(name).lower(): words for name, value in entries.items() if (words := _words(value))}
    return texts, text[front.end() :]


def _yaml(front: str) -> Mapping[str, Any]:
    import yaml

    try:
        entries = yaml.load(front, Loader=yaml.CBaseLoader)  # noqa: S506 (it makes nothing but texts)
    except yaml.YAMLError:
        lines = (line.partition(":") for line in front.split("\n"))
        return {name: rest.strip().strip("\"'") for name, _, rest in lines if name.isidentifier()}
    return entries if isinstance(entries, dict) else {}


def _toml(front: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(front)
    except tomllib.TOMLDecodeError:
        return {}


def _words(value: object) -> str:
    """A value as text: of several the texts, of something with a name its name."""
    if isinstance(value, list):
        return ", ".join(filter(None, (_words(one) for one in value if not isinstance(one, list))))
    if isinstance(value, dict):
        name = value.get("name")
        return name if isinstance(name, str) else ""
    return str(value) if value is not None else ""
