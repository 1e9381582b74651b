"""No text that a stranger writes makes an expression take longer than in proportion to the text's length."""

from __future__ import annotations

import re
import sys

import pytest

import bot
import index
from tests.patterns import Use, fault, longest, uses

if sys.platform == "win32":
    pytest.skip("time is kept by a timer that Windows does not have", allow_module_level=True)

SHORT: dict[str, tuple[int, str]] = {
    "index.language.attribution._ANOTHER": (300, "is shown what lies between a speaker and a verb, if near"),
    "index.language.attribution._LAST_WORD": (15, "is shown the characters before a name"),
}
"""Expressions that are not quick, how many characters they are shown at most, and of what."""

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


@pytest.mark.parametrize("where", [where for where in USES if where not in SHORT])
def test_time_grows_with_the_text_and_no_faster(where: str) -> None:
    assert fault(USES[where]) is None


@pytest.mark.parametrize("where", SHORT)
def test_what_is_not_quick_is_quick_on_as_much_as_it_is_shown(where: str) -> None:
    chars, _ = SHORT[where]
    assert longest(USES[where], chars) < 0.005
    assert fault(USES[where]) is not None, "it is quick, and needs no exception"


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
    assert r"[^\W\d_]+" in spelled  # in a call alone
    assert r"(?<!\w)x(?!\w)" in spelled  # with the words of a question in it


@pytest.mark.parametrize("pattern", SLOW)
def test_a_slow_expression_is_noticed(pattern: str | bytes) -> None:
    assert fault(Use(re.compile(pattern, re.M | re.S), "here", {"search"})) is not None


@pytest.mark.parametrize(("pattern", "method"), QUICK)
def test_a_quick_expression_is_let_pass(pattern: str, method: str) -> None:
    assert fault(Use(re.compile(pattern, re.S), "here", {method})) is None
