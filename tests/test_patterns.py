"""No text that a stranger writes makes an expression take longer than in proportion to the text's length."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import bot
import index
from tests.patterns import Use, fault, uses

if sys.platform == "win32":
    pytest.skip("time is kept by a timer that Windows does not have", allow_module_level=True)

pytestmark = pytest.mark.slow

USES = {use.where: use for use in uses(bot, index)}

SLOW: tuple[str | bytes, ...] = (
    r"(a+)+$",
    r"(?:a|aa)+b",
    r"(?:<!--.*?-->\s*)*<html",
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b",
    r"[\s“”„]*\Z",
    r"(\w+)\s+$",
    r"(\w+)[-‐]$",
    r"key\s*=\s*[\"']?\s*value",
    r"\b[A-Z][\w’'-]*\s+[a-z]",
    r"<\?xml[^>]*encoding=",
    r"^(.+?)[ \t]*$",
    r"\d+(?:\.\d+)*x",
    r"(?:(?:ab)*c?)*d",
    r"\(.*\)",
)
"""Expressions that some text makes slow, some of which stood in this project."""

QUICK = (
    (r"\s++x", "match"),
    (r"(?:(?><!--.*?-->)\s*+)*+<html", "match"),
    (r"\s+\w.*\bas(?:\s+\w+){0,2}\s*", "fullmatch"),
    (r"\w+(?:[.,]\d+)*", "search"),
    (r"[;:,–—)\]](?=\s)|\s(?=[–—(\[])", "search"),
    (r"\bwhy\b|\bhow come\b", "search"),
)


@pytest.mark.parametrize("where", USES)
def test_time_grows_with_the_text_and_no_faster(where: str) -> None:
    assert fault(USES[where]) is None


def test_every_expression_is_found() -> None:
    known = {use.where: use for use in USES.values()}
    assert len(known) > 80
    for where in (
        "index.sources.extract.sniff._HTML_START",
        "index.search.passages._WORD_END",
        "bot.render.links._WORD",
    ):
        assert where in known
    spelled = [use.pattern.pattern for use in known.values() if ":" in use.where]
    assert r"[^\s@<>\[\]\\]+" in spelled  # in a call alone
    assert r"(?<![\w.-])x(?!\w)" in spelled  # with what a name holds in it


@pytest.mark.parametrize("pattern", SLOW)
def test_a_slow_expression_is_noticed(pattern: str | bytes) -> None:
    assert fault(Use(re.compile(pattern, re.M | re.S), "here", {"search"})) is not None


@pytest.mark.parametrize(("pattern", "method"), QUICK)
def test_a_quick_expression_is_let_pass(pattern: str, method: str) -> None:
    assert fault(Use(re.compile(pattern, re.S), "here", {method})) is None


def groups_repeated_possessively(pattern: re.Pattern[Any]) -> bool:
    """Whether an expression repeats more than a character with ``*+``, ``++``, ``?+`` or ``{…}+``."""

    def within(part: object) -> Iterator[object]:
        yield part
        if isinstance(part, (tuple, list)) or type(part).__name__ == "SubPattern":
            for each in part:  # type: ignore[attr-defined]
                yield from within(each)

    parser: Any = importlib.import_module("re._parser")
    return any(
        isinstance(part, tuple)
        and len(part) == 2
        and str(part[0]) == "POSSESSIVE_REPEAT"
        and (len(part[1][2]) != 1 or str(part[1][2][0][0]) not in {"LITERAL", "NOT_LITERAL", "IN", "ANY"})
        for part in within(parser.parse(pattern.pattern, pattern.flags))
    )


@pytest.mark.parametrize("where", USES)
def test_only_a_character_is_repeated_possessively(where: str) -> None:
    """Python before 3.11.5, as Debian 12 has it, misreads groups (github.com/python/cpython/issues/106052).

    ``(?>(?:…)*)`` means the same and is read rightly.
    """
    assert not groups_repeated_possessively(USES[where].pattern)


def test_a_group_that_is_repeated_possessively_is_seen() -> None:
    for bad in (r"(?:ab)*+", r"x(?:(?:a|b)c){0,2}+", rb"(?>(?:a\w)++)", r"(a)?+"):
        assert groups_repeated_possessively(re.compile(bad))
    for good in (r"\w++a*+[a-z]?+.{0,2}+", r"(?>(?:ab)*)", r"(?:a|b)+"):
        assert not groups_repeated_possessively(re.compile(good))
