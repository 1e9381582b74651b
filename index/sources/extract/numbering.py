"""The numbers that Word gives paragraphs by itself, which are not in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from index.sources.extract.numerals import numeral

if TYPE_CHECKING:
    from lxml.etree import _Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PLACE = re.compile(r"%([1-9])")
_STYLES_DEEP = 10  # a style is based on another one, which is based on another one


@dataclass
class _Level:
    """How a level of a list is numbered: ``pattern`` is "%1.%2." and the like."""

    start: int = 1
    style: str = "decimal"
    pattern: str = ""
    in_figures: bool = False


@dataclass
class _List:
    """The levels of a list, and how far each has been counted. Lists of one kind count on together."""

    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)

    def next(self, depth: int) -> str:
        level = self.levels.get(depth, _Level(pattern=f"%{depth + 1}."))
        self.counts[depth] = self.counts.get(depth, level.start - 1) + 1
        for deeper in [one for one in self.counts if one > depth]:
            del self.counts[deeper]
        if level.style in ("bullet", "none"):
            return ""
        return _PLACE.sub(
            lambda place: self._count(int(place[1]) - 1, in_figures=level.in_figures), level.pattern
        )

    def _count(self, depth: int, *, in_figures: bool) -> str:
        level = self.levels.get(depth, _Level())
        return numeral(self.counts.get(depth, level.start), "" if in_figures else level.style)


class Numbering:
    """The lists of a Word file, counted along as its paragraphs are gone through in order."""

    def __init__(self, numbering: _Element | None, styles: _Element | None) -> None:
        self._by_style: dict[str, tuple[str, int]] = {}
        self._based_on: dict[str, str] = {}
        self._lists: dict[str, _List] = {}
        self._kinds: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        for style in styles.iter(f"{W}style") if styles is not None else ():
            self._add_style(style)
        if numbering is not None:
            self._add_lists(numbering)

    def mark(self, paragraph: _Element) -> str:
        """The number of the next paragraph in order; "" where it has none."""
        place = self._place(paragraph)
        kind = self._kinds.get(place[0]) if place else None
        if place is None or kind is None:
            return ""
        number, depth = place
        numbered_list = self._lists[kind]
        for level, start in self._restarts.pop(number, {}).items():
            numbered_list.counts[level] = start - 1
        return numbered_list.next(depth).strip()

    def _place(self, paragraph: _Element) -> tuple[str, int] | None:
        """Which list a paragraph belongs to, and how deep it stands in it."""
        properties = paragraph.find(f"{W}pPr/{W}numPr")
        style = value(paragraph.find(f"{W}pPr/{W}pStyle"))
        of_style: tuple[str, int] | None = None
        for _ in range(_STYLES_DEEP):
            of_style = of_style or self._by_style.get(style)
            style = self._based_on.get(style, "")
        if properties is None:
            return of_style
        number = value(properties.find(f"{W}numId")) or (of_style[0] if of_style else "")
        depth = value(properties.find(f"{W}ilvl"))
        return number, _whole(depth, of_style[1] if of_style and not depth else 0)

    def _add_style(self, style: _Element) -> None:
        name = style.get(f"{W}styleId") or ""
        self._based_on[name] = value(style.find(f"{W}basedOn"))
        properties = style.find(f"{W}pPr/{W}numPr")
        if properties is not None and value(properties.find(f"{W}numId")):
            self._by_style[name] = (
                value(properties.find(f"{W}numId")),
                _whole(value(properties.find(f"{W}ilvl")), 0),
            )

    def _add_lists(self, numbering: _Element) -> None:
        links: dict[str, str] = {}  # by kind of list, the style that it is defined by
        kinds_by_style: dict[str, str] = {}
        for kind in numbering.iter(f"{W}abstractNum"):
            name = kind.get(f"{W}abstractNumId") or ""
            self._lists[name] = _List(dict(_levels(kind)))
            links[name] = value(kind.find(f"{W}numStyleLink"))
            kinds_by_style[value(kind.find(f"{W}styleLink"))] = name
        for number in numbering.iter(f"{W}num"):
            name, kind_name = number.get(f"{W}numId") or "", value(number.find(f"{W}abstractNumId"))
            kind_name = kinds_by_style.get(links.get(kind_name) or "-", kind_name)
            if kind_name not in self._lists:
                continue
            self._kinds[name] = kind_name
            self._restarts[name] = {
                _whole(one.get(f"{W}ilvl"), 0): _whole(value(one.find(f"{W}startOverride")), 1)
                for one in number.iter(f"{W}lvlOverride")
                if one.find(f"{W}startOverride") is not None
            }
        for kind in numbering.iter(f"{W}abstractNum"):
            self._add_styles_of(kind)

    def _add_styles_of(self, kind: _Element) -> None:
        """The depths of the styles that a kind of list gives to its levels."""
        name = kind.get(f"{W}abstractNumId")
        for level in kind.iter(f"{W}lvl"):
            style = value(level.find(f"{W}pStyle"))
            if style in self._by_style and self._kinds.get(self._by_style[style][0]) == name:
                self._by_style[style] = self._by_style[style][0], _whole(level.get(f"{W}ilvl"), 0)


def value(element: _Element | None) -> str:
    """What an element of Word's says in its one attribute; "" where it is not there."""
    return "" if element is None else element.get(f"{W}val") or ""


def _levels(kind: _Element) -> Iterator[tuple[int, _Level]]:
    for level in kind.iter(f"{W}lvl"):
        yield (
            _whole(level.get(f"{W}ilvl"), 0),
            _Level(
                _whole(value(level.find(f"{W}start")), 1),
                value(level.find(f"{W}numFmt")) or "decimal",
                value(level.find(f"{W}lvlText")),
                level.find(f"{W}isLgl") is not None,
            ),
        )


def _whole(text: str | None, otherwise: int) -> int:
    figures = (text or "").strip()
    return int(figures) if figures.isascii() and figures.isdigit() and len(figures) <= 6 else otherwise
