"""Text fragments as the specification has them. That a browser follows them is in tests/browser."""

from __future__ import annotations

import re
import time
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.links import MAX_URL, text_fragment
from index import Article
from tests.bot.render.test_render import TEXTS

TEXT = """\
The harbour, well-known & old, was built in 1901. “We never turn a ship away,” said Ada Berg.
The lighthouse is closed. It was built in 1901 as well.
The lighthouse is closed.
It stands on a rock that the sea has worn down for nine hundred years, storm after storm, and it will fall.
"""


def link(
    quote: str, *, source: str = "https://example.org/elms", text: str = TEXT, last: bool = False
) -> str:
    start = text.rindex(quote) if last else text.index(quote)
    found = text_fragment(Article("a", "t", text, source=source), start, start + len(quote))
    assert found
    return found


@pytest.mark.parametrize(
    ("quote", "directive"),
    [
        (
            "The harbour, well-known & old, was built in 1901.",
            "The%20harbour%2C%20well%2Dknown%20%26%20old%2C%20was%20built%20in%201901.",
        ),
        (
            "“We never turn a ship away,” said Ada Berg.",
            "%E2%80%9CWe%20never%20turn%20a%20ship%20away%2C%E2%80%9D%20said%20Ada%20Berg.",
        ),
        (
            "It stands on a rock that the sea has worn down for nine hundred years, storm after storm, and "
            "it will fall.",
            "It%20stands%20on,it%20will%20fall.",
        ),
        ("built in 1901", "built%20in%201901"),
    ],
)
def test_the_quoted_words_are_named(quote: str, directive: str) -> None:
    assert link(quote) == f"https://example.org/elms#:~:text={directive}"


def test_what_stands_twice_is_told_apart_by_what_stands_around_it() -> None:
    assert link("The lighthouse is closed.") == (
        "https://example.org/elms#:~:text=The%20lighthouse%20is%20closed."
    )
    assert link("The lighthouse is closed.", last=True) == (
        "https://example.org/elms#:~:text=as%20well.-,The%20lighthouse%20is%20closed."
    )
    assert link("built in 1901", last=True) == "https://example.org/elms#:~:text=It%20was-,built%20in%201901"
    twice = "Once more. Once more: the end"
    assert link("Once more", text=twice, last=True).endswith("text=Once%20more.-,Once%20more")
    start = "Go. Go away"
    assert link("Go", text=start).endswith("text=Go")


def test_a_long_quote_grows_until_its_ends_are_its_own() -> None:
    head, tail = "In the year of the great storm", "and nobody ever came back from there"
    first = f"{head} a ship left {'far and wide ' * 5}{tail}."
    text = f"{first}\n{head} another went {'on and on ' * 5}{tail} again."
    quote = text.split("\n")[1]
    assert link(quote, text=text).endswith(
        "text=In%20the%20year%20of%20the%20great%20storm%20another,and%20nobody%20ever%20came%20back%20from%20there%20again."
    )


def test_no_part_runs_over_a_line_break() -> None:
    text = "Roses are red,\nviolets are blue,\nsugar is sweet."
    assert link(text, text=text).endswith("text=Roses%20are%20red%2C,sugar%20is%20sweet.")


def test_words_are_not_broken() -> None:
    text = "Harbours are built. The harbour is built."
    assert link("harbour", text=text).endswith("text=harbour")
    text = "It is rebuilt. Now it is built"
    assert link("built", text=text, last=True).endswith("text=built")
    assert link("built", text=text) == "https://example.org/elms"  # a part of a word cannot be named


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("https://example.org/a#part", "https://example.org/a#part:~:text="),
        ("https://example.org/a#part:~:text=old", "https://example.org/a#part:~:text="),
        ("https://example.org/a_(b)?q=[x]&y=1", "https://example.org/a_%28b%29?q=%5Bx%5D&y=1#:~:text="),
        ("https://example.org/über", "https://example.org/%C3%BCber#:~:text="),
        ("http://example.org/%20a|b", "http://example.org/%20a%7Cb#:~:text="),
        (
            "https://example.org/> <@42>) [x](y",
            "https://example.org/%3E%20%3C@42%3E%29%20%5Bx%5D%28y#:~:text=",
        ),
    ],
)
def test_the_address_is_kept_and_cannot_leave_its_brackets(source: str, page: str) -> None:
    assert link("built in 1901", source=source) == f"{page}built%20in%201901"


@pytest.mark.parametrize(
    "source",
    [None, "", "elms.txt", "/etc/passwd", "javascript:alert(1)", "ftp://example.org/a", "https://", "https:///a",
     "https://bank.example@evil.example/", "https://[::1]/", "https://exa mple.org/", "https://" + "a" * 600],
)  # fmt: skip
def test_what_is_no_address_on_the_web_is_not_linked(source: str | None) -> None:
    assert text_fragment(Article("a", "t", TEXT, source=source), 0, 10) is None


def test_where_no_fragment_is_short_enough_the_page_is_linked() -> None:
    text = "漢" * 400
    article = Article("a", "t", text, source="https://example.org/a")
    assert text_fragment(article, 0, len(text)) == "https://example.org/a"


@given(TEXTS, TEXTS, st.data())
def test_any_link_is_safe_and_names_its_quote(text: str, source: str, data: st.DataObject) -> None:
    text = f"Some text. {text} The end."
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    for address in (f"https://example.org/{source}", source):
        found = text_fragment(Article("a", "t", text, source=address), start, end)
        if found is None:
            continue
        assert len(found) <= MAX_URL
        assert re.fullmatch(r"https?://[A-Za-z0-9%:/?#@!$&+,;=._~-]+", found)
        if ":~:text=" in found:
            parts = found.partition(":~:text=")[2].split(",")
            named = [unquote(p) for p in parts if not p.startswith("-") and not p.endswith("-")]
            squeezed = " ".join(text[start:end].split())
            assert len(named) in (1, 2)
            assert squeezed.startswith(named[0])
            assert squeezed.endswith(named[-1]) or len(named) == 1


def parts(fragment: str) -> tuple[str, str, str, str]:
    """The prefix, the start, the end and the suffix that a fragment names, "" for none."""
    named = [unquote(part) for part in fragment.split(",")]
    encoded = fragment.split(",")
    before = named.pop(0).removesuffix("-") if encoded[0].endswith("-") else ""
    after = named.pop().removeprefix("-") if encoded[-1].startswith("-") else ""
    return before, named[0], named[1] if len(named) > 1 else "", after


def landed(text: str, fragment: str) -> int | None:
    """Where a browser begins to highlight: every way to match is tried, from the first character on."""
    before, first, last, after = (" ".join(part.lower().split()) for part in parts(fragment))

    def pattern(part: str) -> str:
        escaped = r"\s".join(map(re.escape, part.split(" ")))
        opening = r"(?<![^\W_])" if part[:1].isalnum() else ""
        return f"{opening}{escaped}" + (r"(?![^\W_])" if part[-1:].isalnum() else "")

    begin = rf"(?:{pattern(before)}\s*)" if before else ""
    finish = rf"[\s\S]*?{pattern(last)}" if last else ""
    end = rf"\s*{re.escape(after)}" if after else ""
    match = re.search(rf"{begin}(?P<found>{pattern(first)}){finish}{end}", text.lower())
    return match.start("found") if match else None


PIECES = st.lists(st.sampled_from(["no ", "No, ", "never ", "a-b ", "ever\n", "(x) ", "nono "]), min_size=1)


@given(PIECES, st.data())
def test_a_fragment_leads_nowhere_else(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    address = text_fragment(Article("a", "t", text, source="https://example.org/a"), start, end)
    assert address
    quoted = text[start:end]
    page, _, fragment = address.partition("#:~:text=")
    assert page == "https://example.org/a"
    if fragment:
        assert landed(text, fragment) == start + len(quoted) - len(quoted.lstrip())


REPETITIVE = {
    "one word": "a ",
    "one sentence": "The harbour of Elms was built in 1901. ",
    "one line": "The harbour of Elms was built in 1901.\n",
    "what could be a prefix": "It was so. The harbour was built. ",
    "no spaces": "abc",
    "capitals that grow when they are small": "İa ",
    "another script": "漢字、",
}


@pytest.mark.parametrize("unit", REPETITIVE.values(), ids=REPETITIVE)
def test_a_repetitive_article_is_soon_done_and_the_page_is_linked_where_nothing_is_unique(unit: str) -> None:
    """Twice the text takes twice the time, give or take what else the machine does, and little in all."""

    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        article = Article("a", "t", text, source="https://example.org/a")
        start = len(unit) * (len(text) // len(unit) // 2)
        began = time.thread_time()
        assert text_fragment(article, start, start + 8 * len(unit)) == "https://example.org/a"
        return time.thread_time() - began

    once, twice = (min(seconds(size) for _ in range(3)) for size in (1_000_000, 2_000_000))
    assert twice < 0.5
    assert twice < 4 * once + 0.01


def test_what_a_link_names_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    article = Article("a", "t", TEXT.replace("Elms", "Oaks"), source="https://example.org/a")
    first = text_fragment(article, 0, 20)
    monkeypatch.setattr("bot.render.links._unique_directives", lambda *_: pytest.fail("looked for again"))
    assert text_fragment(article, 0, 20) == first
    assert text_fragment(article, 0, 20, limit=40) == "https://example.org/a"
