"""What somebody has entered in a modal, as Discord sends it, also to another process than asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def values_in(data: Mapping[str, Any]) -> dict[str, str]:
    """The values of a modal's fields by their ids; of what was chosen from a list, the first."""
    values = {}
    for field in _fields(data.get("components", ())):
        if "custom_id" in field:
            choice = field.get("values") or [""]
            values[field["custom_id"]] = str(field.get("value", choice[0]))
    return values


def _fields(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield component
        yield from _fields([*component.get("components", ()), *filter(None, [component.get("component")])])
