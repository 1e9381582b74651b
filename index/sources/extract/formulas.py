"""Formulas in one line of text: MathML, as web pages and books have it, and Office's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.sources.extract.raised import lowered, power

if TYPE_CHECKING:
    from lxml.etree import _Element

_FRACTIONS, _ROOTS = ("mfrac", "f"), ("msqrt", "mroot", "rad")
_POWERS, _SUBSCRIPTS, _BOTH = ("msup", "sSup"), ("msub", "sSub"), ("msubsup", "sSubSup")
_FENCES = ("mfenced", "d")
_LEFT_OUT = ("annotation", "annotation-xml")


def linear(formula: _Element) -> str:
    """A formula as people type it: a/b, √(x), mⁿ."""
    name = str(formula.tag).rpartition("}")[2]
    if name in _LEFT_OUT or name.endswith("Pr"):  # what it looks like, in Office's
        return ""
    parts = [linear(child) for child in formula.iterchildren("*") if not str(child.tag).endswith("Pr")]
    if not parts:
        return " ".join((formula.text or "").split()) if name != "t" else formula.text or ""
    return "".join(_composed(name, parts))


def _composed(name: str, parts: list[str]) -> Iterator[str]:
    base, *others = parts
    last = others[-1] if others else ""
    if name in _FRACTIONS and others:
        yield f"{_bracketed(base)}/{_bracketed(last)}"
    elif name in _POWERS and others:
        yield f"{base}{power(last)}"
    elif name in _SUBSCRIPTS and others:
        yield f"{base}{lowered(last, base)}"
    elif name in _BOTH and len(others) > 1:
        yield f"{base}{lowered(others[0], base)}{power(last)}"
    elif name in _ROOTS:
        yield f"√({''.join(parts) if name == 'msqrt' else base if name == 'mroot' else last or base})"
    elif name in _FENCES:
        yield f"({', '.join(parts)})"
    else:
        yield from parts


def _bracketed(part: str) -> str:
    return part if part.replace(".", "").replace(",", "").isalnum() else f"({part})"
