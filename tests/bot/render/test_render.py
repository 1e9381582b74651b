"""No text from a stranger breaks a limit, pings, or shows as anything but the characters it has."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from simcord.components import validate_components, walk_components
from simcord.preview._markdown import markdown_tokens

from bot import render
from bot.components.card import Card
from bot.components.context import cited_card
from bot.components.reading import reading_card
from bot.render import clip, emphasise, page_before, page_from, unescape
from bot.render.quote import quote_in, quote_lines
from bot.render.text import cost, fitting
from bot.words import ENGLISH, Words, words_for
from index import (
    Answer,
    Article,
    ArticleFact,
    ArticleTopic,
    Citation,
    Heading,
    IndexInfo,
    Passage,
    Result,
    Span,
    Status,
    Verdict,
)
from tests.fakes import ARTICLE, INDEXED_AT

NASTY = (
    "@everyone @here",
    "<@123456789012345678>",
    "<@&42>",
    "<#42>",
    "</ask:42>",
    "<t:1700000000:R>",
    "<a:wave:42>",
    ":smile:",
    "```py\nprint()\n```",
    "`code`",
    "||spoiler||",
    "# heading",
    "-# small",
    "> quote",
    ">>> quote",
    "- item",
    "+ item",
    "* item",
    "12. item",
    "7) item",
    "===",
    "---",
    "    code",
    "[masked](https://evil.example)",
    "[ref]: https://evil.example",
    "https://evil.example/a_b_c",
    "<https://evil.example>",
    "mailto:a@evil.example",
    "**bold** __under__ ~~struck~~ *it* _it_",
    "\\",
    "&lt;b&gt; &#42;",
    "<b>html</b>",
    "\u202eevil\u2066",
    "\u2069\u202c\u2067",
    "\u200b\u200d\ufeff",
    "مرحبا بالعالم",
    "👩‍👩‍👧 🇵🇸",
    "w" * 500,
    "\x00\x07\x1b",
    "\t",
    "\r\n\u2028",
    "“I said: ‘no’,” he wrote.",
)
TEXTS = st.lists(
    st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=30)),
    max_size=8,
).map("".join)
CLOSING = "\u202c\u2069"
EVERYBODY = {str(n): "somebody" for n in (42, 123456789012345678)}
KNOWN = {
    "users": EVERYBODY,
    "roles": EVERYBODY,
    "channels": EVERYBODY,
    "commands": {"42": "ask"},
    "everyone": True,
    "emojis": {"42": {"name": "wave", "animated": True}},
}


def as_read(text: str, *, allowed: Iterable[str] = ("text", "break", "inline", "paragraph")) -> str:
    """What a person reads of ``text``; fails where it shows as anything but the ``allowed`` kinds."""
    # The simulated client takes an escaped "-# " for small text all the same. Discord does not.
    escaped_subtext = text.startswith("\\-\\# ")

    def read(tokens: Iterable[Mapping[str, Any]]) -> str:
        words = []
        for token in tokens:
            if token["type"] == "subtext" and escaped_subtext:
                words.append("-# ")
            else:
                assert token["type"] in allowed, token
            words.append("\n" if token["type"] == "break" else token.get("content", ""))
            words.append(read(token.get("children", ())))
        return "".join(words)

    return read(markdown_tokens(text, "text_display", context=KNOWN))


def on_one_line(text: str) -> str:
    """``text`` as it can be shown: without line breaks and control characters."""
    spaced = re.sub("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", " ", text.strip())
    return re.sub("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", spaced)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def texts_of(card: Card) -> list[str]:
    return [item.content for item in card.walk_children() if isinstance(item, discord.ui.TextDisplay)]


def assert_shown(read: str, quote: str, *, at_least: int) -> None:
    """The whole quote was read, or its beginning and "…"."""
    read, whole = read.rstrip(CLOSING), on_one_line(quote).rstrip(CLOSING)
    if read != whole:
        kept = read.removesuffix("…").rstrip(CLOSING)
        assert read.endswith("…")
        assert whole.startswith(kept)
        assert len(kept) >= at_least


def accept(card: Card) -> None:
    """Discord would take this message."""
    payload = card.to_components()  # type: ignore[no-untyped-call]
    components = validate_components(payload, flags=discord.MessageFlags(components_v2=True).value)
    assert len(list(walk_components(components))) <= 40
    assert sum(map(utf16_length, texts_of(card))) <= 4_000


@given(TEXTS)
@example("w" * 10_000)
def test_text_reads_as_itself_and_as_nothing_else(text: str) -> None:
    read = as_read(clip(text, 50_000))
    assert read.rstrip(CLOSING) == on_one_line(text).rstrip(CLOSING)


@given(TEXTS)
def test_no_markup_of_discord_is_left_unescaped(text: str) -> None:
    escaped = clip(text, 50_000)
    assert not set("\\`*_~|<>@#[]():&") & set(re.sub(r"\\[^0-9A-Za-z\s]", "", escaped))


@given(TEXTS, st.integers(1, 400), st.booleans())
@example("w" * 10_000, 300, False)
@example("w" * 10_000, 300, True)
def test_a_cut_text_is_within_its_limit_and_says_that_it_is_cut(
    text: str, limit: int, keep_end: bool
) -> None:
    cut = clip(text, limit, keep_end=keep_end)
    whole = on_one_line(text)
    assert utf16_length(cut) <= limit
    read = as_read(cut).rstrip(CLOSING)
    if read == whole.rstrip(CLOSING):
        return
    assert "…" in read
    kept = read.removeprefix("…") if keep_end else read.removesuffix("…").rstrip(CLOSING)
    assert whole.endswith(kept) if keep_end else whole.startswith(kept)


@pytest.mark.parametrize(
    ("text", "limit", "keep_end", "expected"),
    [
        ("Nearly 60 Labour MPs", 20, False, "Nearly 60 Labour…"),
        ("Nearly 60 Labour MPs", 21, False, "Nearly 60 Labour MPs"),
        ("Nearly 60 Labour MPs", 14, True, "…Labour MPs"),
        ("1. First *things* first", 90, False, "1\\. First \\*things\\* first"),
        ("- no list", 90, False, "\\- no list"),
        ("@everyone", 90, False, "\\@everyone"),
        ("aaaaaaaaaaaaaaaa", 10, False, "aaaaaaaa…"),
        ("aaaaaaaaaaaaaaaa", 10, True, "…aaaaaaaa"),
        ("\u202eright to left", 90, False, "\u202eright to left\u202c"),
        ("one\ntwo", 90, False, "one two"),
        ("a\x00b", 90, False, "a\ufffdb"),
        ("", 90, False, ""),
    ],
)
def test_clip(text: str, limit: int, keep_end: bool, expected: str) -> None:
    assert clip(text, limit, keep_end=keep_end) == expected


@pytest.mark.parametrize(
    ("text", "bold", "limit", "expected"),
    [
        ("Nearly 60 Labour MPs", [(7, 9)], 90, "Nearly **60** Labour MPs"),
        ("Nearly 60 Labour MPs", [(0, 9), (10, 20)], 90, "**Nearly 60** **Labour MPs**"),
        ("Nearly 60 Labour MPs", [(7, 9), (9, 16)], 90, "Nearly **60** **Labour** MPs"),
        ("a*b_c", [(0, 5)], 90, "**a\\*b\\_c**"),
        ("“Never,” he said", [(0, 8)], 90, "“**Never**,” he said"),
        ("_x_", [(0, 3)], 90, "\\_**x**\\_"),
        ("unbroken", [(2, 4)], 90, "un**br**oken"),
        ("abcd", [(0, 2), (2, 4)], 90, "**abcd**"),
        ("e\u0301te\u0301 x", [(0, 4)], 90, "**e\u0301te\u0301** x"),
        ("这是第一句。", [(2, 6)], 90, "这是**第一句**。"),
        ("1. First", [(0, 2)], 90, "**1**\\. First"),
        ("  lead and more", [(2, 6)], 90, "**lead** and more"),
        ("Nearly 60 Labour MPs", [(7, 20)], 20, "Nearly **60**…"),
        ("Nearly 60 Labour MPs", [(17, 20)], 20, "Nearly 60…"),
        ("...", [(0, 3)], 90, "..."),
        ("word", [(2, 2), (3, 1), (-5, 0), (9, 12)], 90, "word"),
    ],
)
def test_emphasise(text: str, bold: list[tuple[int, int]], limit: int, expected: str) -> None:
    assert emphasise(text, [Span(*span) for span in bold], limit) == expected


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """A text, and spans of it in order, such as the words that decided."""
    text = draw(TEXTS)
    ends = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    return text, [Span(start, end) for start, end in zip(ends[::2], ends[1::2], strict=False)]


@given(marked_texts())
@example(("w" * 10_000, [Span(3, 9_000)]))
def test_bold_reads_as_bold_and_changes_no_character(case: tuple[str, list[Span]]) -> None:
    text, bold = case
    shown = emphasise(text, bold, 50_000)
    read, strong = bold_of(shown)
    assert read.rstrip(CLOSING) == on_one_line(text).rstrip(CLOSING)
    assert unescape(shown).rstrip(CLOSING) == on_one_line(text).rstrip(CLOSING)
    lead = len(text) - len(text.lstrip())
    line = on_one_line(text)
    for index, is_bold in enumerate(strong[: len(line)]):
        marked = any(span.start - lead <= index < span.end - lead for span in bold)
        if line[index].isalnum():
            assert is_bold == marked
        else:
            assert marked or not is_bold or not line[index].isspace()


@given(marked_texts(), st.integers(60, 400))
def test_bold_text_keeps_its_limit_too(case: tuple[str, list[Span]], limit: int) -> None:
    text, bold = case
    shown = emphasise(text, bold, limit)
    assert utf16_length(shown) <= limit
    read = bold_of(shown)[0].rstrip(CLOSING)
    if read != on_one_line(text).rstrip(CLOSING):
        assert on_one_line(text).startswith(read.removesuffix("…").rstrip(CLOSING))


def bold_of(shown: str, more: Iterable[str] = ()) -> tuple[str, list[bool]]:
    """What a person reads of a line, and which characters of it are in bold; nothing else may be in it."""
    read, strong = [], []
    escaped_subtext = shown.replace("**", "").startswith("\\-\\# ")
    for block in markdown_tokens(shown, "text_display", context=KNOWN):
        assert block["type"] in ("paragraph", "inline"), block
        for line in block["children"]:
            assert line["type"] == "inline" or escaped_subtext, line
            if line["type"] == "subtext":
                read.append("-# ")
                strong += [False] * 3
            depth = 0
            for token in line["children"]:
                assert token["type"] in ("text", "break", "strong_open", "strong_close", *more), token
                depth += {"strong_open": 1, "strong_close": -1}.get(token["type"], 0)
                read.append(token.get("content", ""))
                strong += [depth > 0] * len(token.get("content", ""))
    return "".join(read), strong


@given(TEXTS, st.integers(1, 400))
def test_what_fits_is_shown_whole(text: str, limit: int) -> None:
    text = text.strip()
    fits = fitting(text, limit)
    assert min(len(text), 1) <= fits <= len(text)
    if fits > 1:
        assert utf16_length(clip(text[:fits], limit)) <= limit
        assert not clip(text[:fits], limit).endswith("…") or text[:fits].endswith("…")
    assert fitting(text, cost(text) + 1) == len(text)


LANGUAGES = st.sampled_from(["en-GB", "de", "fr", "es-ES"]).map(words_for)


@st.composite
def answers(draw: st.DrawFn) -> Result:
    """Any answer on any article, every citation a true span of it."""
    some = st.sampled_from(draw(st.lists(TEXTS, min_size=3, max_size=6)))  # drawing each anew is slow
    lines = [on_one_line(line) for line in draw(st.lists(some, min_size=1, max_size=5))]
    article = Article(
        "a" * draw(st.integers(1, 40)),
        draw(some),
        "\n".join([*lines, "The end."]),
        title_is_label=draw(st.booleans()),
        source=draw(st.none() | some | some.map("https://example.org/{}".format)),
    )
    passages = tuple(
        Passage(
            p.start,
            p.end,
            f"p{p.number}",
            p.number - 1,
            p.number,
            (),
            tuple(draw(st.lists(some, max_size=3))),
        )
        for p in article.paragraphs
    )
    citations = []
    for number in range(1, draw(st.integers(1, 9)) + 1):
        paragraph = draw(st.sampled_from(article.paragraphs))
        start = draw(st.integers(paragraph.start, paragraph.end - 1))
        end = draw(st.integers(start + 1, paragraph.end))
        quote = article.text[start:end]
        if quote == quote.strip():
            speaker, name, note = draw(st.tuples(st.none() | some, some, some))
            before = draw(st.sampled_from(["", "“", f"{name}: ", f"{name}: “"]))
            after = draw(st.sampled_from(["", "”", f" [“he” is {note}]", f"” [“he” is {note}]"]))
            ends = sorted(draw(st.lists(st.integers(start, end), max_size=6)))
            deciding = tuple(Span(*pair) for pair in zip(ends[::2], ends[1::2], strict=False))
            passage = f"p{paragraph.number}"
            citations.append(
                Citation(
                    number,
                    quote,
                    start,
                    end,
                    paragraph.number,
                    passage,
                    speaker,
                    1.0,
                    before,
                    after,
                    deciding,
                )
            )
    status = draw(st.sampled_from(Status))
    says = status is not Status.NOT_IN_ARTICLE
    in_order = sorted(citations, key=lambda citation: citation.start)
    numbered = [replace(citation, number=number) for number, citation in enumerate(in_order, 1)]
    given = tuple(draw(st.permutations(numbered))) if says else ()
    first = next(iter(given), None)
    short = None
    if first and draw(st.booleans()):
        start = draw(st.integers(first.start, first.end - 1))
        short = Span(start, draw(st.integers(start + 1, first.end)))
    answer = Answer(
        question=draw(some),
        status=status,
        citations=given,
        closest=() if says else tuple(numbered),
        article_id=article.id,
        article_title=article.title,
        snapshot="1",
        read_as=tuple(draw(st.lists(st.tuples(some, some), max_size=5))),
        short=short,
        verdict=draw(st.none() | st.sampled_from(Verdict)),
    )
    return Result(answer, about(article, passages))


def about(article: Article, passages: tuple[Passage, ...] = ()) -> IndexInfo:
    return IndexInfo(article, passages, "bag of words", "0" * 64, INDEXED_AT, "1")


OURS = ("text", "break", "inline", "paragraph", "strong_open", "strong_close", "blockquote", "subtext",
        "timestamp", "link_open", "link_close", "em_open", "em_close")  # fmt: skip


@pytest.mark.slow
@given(answers(), st.booleans(), st.booleans(), LANGUAGES)
def test_any_answer_fits_a_message_and_shows_each_quote_once(
    found: Result, question: bool, is_claim: bool, words: Words
) -> None:
    content = render.answer(found, words, with_question=question, is_claim=is_claim)
    card = cited_card(content, found.info.article, words)
    accept(card)
    as_read(content.top, allowed=OURS)
    as_read(content.footer, allowed=OURS)
    says = found.answer.status is not Status.NOT_IN_ARTICLE
    numbers = [citation.number for citation, _ in content.sources]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [c.start for c, _ in content.sources] == sorted(c.start for c, _ in content.sources)
    for citation, source in content.sources:
        shown, label = source.split("\n")
        small = "" if says else "-# "
        quoted = render.quote_in(source)
        assert_shown(quoted, citation.quote, at_least=10)  # what a button reads it back as
        assert shown.startswith(f"> {small}")
        assert label.startswith(f"-# **\\[{citation.number}\\]** ") == (says and len(numbers) > 1)
        read, strong = bold_of(shown.removeprefix(f"> {small}"), ("em_open", "em_close"))
        name = len(read) - len(quoted)
        assert read[name:] == quoted
        assert name == 0 or (read[:name].endswith(": ") and not (citation.speaker or "").strip())
        deciding = {n - citation.start for span in citation.deciding for n in range(span.start, span.end)}
        bold = {n - name for n, is_bold in enumerate(strong) if is_bold and read[n].isalnum()}
        alnum = {n for n in deciding if n < len(quoted.removesuffix("…")) and citation.quote[n].isalnum()}
        assert bold == (alnum if says else set())
        assert found.info.article.text[citation.start : citation.end] == citation.quote
        for text in (shown, label):
            tokens = list(walk(markdown_tokens(text, "text_display", context=KNOWN)))
            assert {token["type"] for token in tokens} <= set(OURS)
            links = [token["href"] for token in tokens if token["type"] == "link_open"]
            assert len(links) <= (text is label)
            assert all(link.startswith(("https://", "http://")) for link in links)


FERRY = Article("ferry", "The ferry", "The *old* ferry leaves at nine.\nDogs may not come.\n")
MAY_NOT_ANSWER = "⚠️ The article may not answer this. The closest it says:"
MAY_SAY = "⚠️ The article may say so, or otherwise. The closest it says:"
DOES_NOT_SAY = "❌ **The article does not say.**"


@pytest.mark.parametrize(
    ("status", "short", "verdict", "lead"),
    [
        (Status.ANSWERED, Span(4, 9), None, "✅ **\\*old\\***"),
        (Status.ANSWERED, None, None, "✅ **The article says:**"),
        (Status.ANSWERED, Span(9, 10), None, "✅ **The article says:**"),
        (Status.ANSWERED, None, Verdict.SAYS_SO, "✅ **Yes.**"),
        (Status.ANSWERED, None, Verdict.SAYS_OTHERWISE, "✅ **No.**"),
        (Status.UNCERTAIN, Span(4, 9), None, MAY_NOT_ANSWER),
        (Status.UNCERTAIN, None, Verdict.SAYS_SO, MAY_NOT_ANSWER),
        (Status.UNCERTAIN, None, Verdict.SAYS_OTHERWISE, MAY_NOT_ANSWER),
        (Status.NOT_IN_ARTICLE, None, Verdict.DOES_NOT_SAY, DOES_NOT_SAY),
        (Status.NOT_IN_ARTICLE, None, None, DOES_NOT_SAY),
    ],
)
def test_an_answer_leads_with_its_short_form_where_it_can_be_relied_on(
    status: Status, short: Span | None, verdict: Verdict | None, lead: str
) -> None:
    assert render.answer(ferried(status, short, verdict), ENGLISH).top == lead


@pytest.mark.parametrize(
    ("status", "verdict", "lead"),
    [
        (Status.ANSWERED, Verdict.SAYS_SO, "✅ **The article says so.**"),
        (Status.ANSWERED, Verdict.SAYS_OTHERWISE, "↔️ **The article says otherwise.**"),
        (Status.UNCERTAIN, Verdict.SAYS_SO, MAY_SAY),
        (Status.UNCERTAIN, Verdict.SAYS_OTHERWISE, MAY_SAY),
        (Status.NOT_IN_ARTICLE, Verdict.DOES_NOT_SAY, DOES_NOT_SAY),
    ],
)
def test_a_claim_is_answered_with_what_the_article_says_to_it(
    status: Status, verdict: Verdict, lead: str
) -> None:
    content = render.answer(ferried(status, None, verdict), ENGLISH, with_question=True, is_claim=True)
    assert content.top == f"-# Claim: Is it\\_so?\n{lead}"
    assert content.footer == f"-# Article: The ferry · indexed {MOMENT}"


def test_a_claim_that_the_article_does_not_make_has_the_closest_passage_in_small_type() -> None:
    closest = Citation(1, FERRY.text[:31], 0, 31, 1, "p1", None, 1.0)
    not_said = ferried(Status.NOT_IN_ARTICLE, None, Verdict.DOES_NOT_SAY, closest)
    assert render.answer(not_said, words_for("de"), is_claim=True) == render.MessageContent(
        colour=render.GREY,
        top="❌ **Das steht nicht im Artikel.**\n-# Die nächstliegende Stelle, an der das aber nicht steht:",
        sources=((closest, "> -# The \\*old\\* ferry leaves at nine.\n-# Absatz 1"),),
        footer=f"-# Artikel: The ferry · indiziert {MOMENT}",
    )


@pytest.mark.parametrize(
    ("language", "leads"),
    [
        ("de", ["✅ **Das steht im Artikel.**", "↔️ **Im Artikel steht es anders.**"]),
        ("es-ES", ["✅ **El artículo lo dice.**", "↔️ **El artículo dice otra cosa.**"]),
        ("fr", ["✅ **L’article le dit.**", "↔️ **L’article dit le contraire.**"]),
    ],
)
def test_what_the_article_says_to_a_claim_is_told_in_the_language_of_the_one_who_asks(
    language: str, leads: list[str]
) -> None:
    said = [
        render.answer(ferried(Status.ANSWERED, None, verdict), words_for(language), is_claim=True).top
        for verdict in (Verdict.SAYS_SO, Verdict.SAYS_OTHERWISE)
    ]
    assert said == leads


def ferried(
    status: Status, short: Span | None, verdict: Verdict | None, closest: Citation | None = None
) -> Result:
    """An answer from the ferry's first sentence."""
    cited = Citation(1, FERRY.text[:31], 0, 31, 1, "p1", None, 1.0)
    says = status is not Status.NOT_IN_ARTICLE
    answer = Answer(
        "Is it_so?",
        status,
        (cited,) if says else (),
        (closest,) if closest else (),
        "ferry",
        "The ferry",
        "1",
        short=short,
        verdict=verdict,
    )
    return Result(answer, about(FERRY))


def walk(tokens: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for token in tokens:
        yield token
        yield from walk(token.get("children", ()))


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["word ", "w", "**_", "👩", "\u202e", "ש "])
@pytest.mark.parametrize("count", [1, 14])
@pytest.mark.parametrize("is_spoken", [False, True])
def test_the_longest_answers_fill_a_message_and_fit_it(unit: str, count: int, is_spoken: bool) -> None:
    sentence = unit * (6_000 // len(unit))
    speaker = sentence if is_spoken else None
    text = "\n".join(["x" + sentence + "x"] * count)
    article = Article(
        "a" * 40, sentence, text, title_is_label=True, source="https://example.org/" + "a" * 200
    )
    passages = tuple(
        Passage(p.start, p.end, f"p{p.number}", p.number, p.number, (), (sentence,))
        for p in article.paragraphs
    )
    citations = tuple(
        Citation(
            n,
            p.of(text),
            p.start,
            p.end,
            n,
            f"p{n}",
            speaker,
            1.0,
            f"{sentence}: “",
            f" [“he” is {sentence}]",
            (Span(p.start, p.end),),
        )
        for n, p in enumerate(article.paragraphs, 1)
    )
    info = about(article, passages)
    for words in map(words_for, ("en-GB", "de", "fr", "es-ES")):
        for status in Status:
            answer = answered(status, *citations)
            short = Span(0, 6_000) if answer.citations else None
            answer = replace(answer, question=sentence, read_as=((sentence, sentence),) * 5, short=short)
            for is_claim in (False, True):
                content = render.answer(Result(answer, info), words, with_question=True, is_claim=is_claim)
                card = cited_card(content, article, words)
                accept(card)
                assert sum(map(utf16_length, texts_of(card))) > 1_500
        accept(cited_card(render.summary(citations, info, words), article, words))
        quotes = render.quotes(citations, info, words, page=10, pages=99, changed=True)
        accept(cited_card(quotes, article, words))
        note = words("The article has changed since this answer. This is the nearest passage now.")
        for span in (Span(1, 6_001), Span(3_000, 3_001), Span(len(text) - 1, len(text))):
            accept(Card(render.context(article, span, words, number=3, count=7, note=note)))
        for start in (0, 1, 3_000, len(text) - 1):
            accept(reading_card(article, start, words, note=note))


@pytest.mark.slow
@given(answers(), st.booleans(), LANGUAGES)
def test_any_place_fits_a_message_with_the_sentence_in_bold(
    found: Result, changed: bool, words: Words
) -> None:
    for citation in (*found.answer.citations, *found.answer.closest)[:3]:
        span = Span(citation.start, citation.end)
        note = words("unknown") if changed else ""
        content = render.context(found.info.article, span, words, number=2, count=3, note=note)
        accept(cited_card(content, found.info.article, ENGLISH))
        as_read(content.top, allowed=OURS)
        bold = []
        for block in markdown_tokens(content.top.partition("\n\n")[2], "text_display"):
            depth = 0
            for line in block["children"]:
                for token in line["children"]:
                    depth += {"strong_open": 1, "strong_close": -1}.get(token["type"], 0)
                    bold.append(token.get("content", "") if depth else "")
        assert_shown("".join(bold), citation.quote, at_least=500)


@pytest.mark.slow
@given(answers(), LANGUAGES)
def test_reading_on_shows_the_whole_article_once(found: Result, words: Words) -> None:
    article = found.info.article
    start, shown = article.paragraphs[0].start, []
    while start < article.paragraphs[-1].end:
        page = page_from(article, start)
        content = render.reading(article, page, words)
        accept(reading_card(article, start, words))
        as_read(content.top, allowed=OURS)
        shown.append(article.text[start : page.end])
        assert page.end > start
        back = page_before(article, page.end)
        assert back.end == page.end
        assert article.paragraphs[0].start <= back.start <= start
        start = page.end
    assert "".join(shown).strip() == article.text.strip()


def test_a_page_has_as_many_whole_paragraphs_as_fit_and_parts_of_a_long_one() -> None:
    lines = ["a" * 1_500, "b" * 1_500, "c " * 1_500, "d" * 10, "e " * 4_000]
    article = Article("a", "t", "\n".join(line.strip() for line in lines))
    starts = [p.start for p in article.paragraphs]
    first = page_from(article, 0)
    assert first == Span(0, article.paragraphs[1].end)
    second = page_from(article, first.end)
    assert second == Span(first.end, article.paragraphs[3].end)
    third = page_from(article, second.end)
    assert third.start == second.end
    assert starts[4] + 3_000 < third.end < article.paragraphs[4].end
    assert page_before(article, starts[4]) == Span(starts[2], starts[4])
    assert page_before(article, starts[2]) == Span(0, starts[2])
    last = page_before(article, len(article.text))
    assert starts[4] < last.start < last.end == len(article.text)
    assert page_from(article, last.start) == last


def test_a_book_in_one_line_is_paged_back_as_quickly_as_on() -> None:
    article = Article("a", "t", "*_` " * 500_000)
    began = time.thread_time()
    last = page_before(article, article.paragraphs[0].end)
    middle = page_before(article, 1_000_000)
    assert time.thread_time() - began < 1  # it took six seconds
    assert page_from(article, last.start) == last
    assert middle.end == 1_000_000
    assert 0 < middle.end - middle.start <= page_from(article, middle.start).end - middle.start


def cite(number: int, quote: str) -> Citation:
    start = ARTICLE.text.index(quote)
    paragraph = ARTICLE.paragraph_at(start).number
    passage = f"p{paragraph}"
    return Citation(number, quote, start, start + len(quote), paragraph, passage, speaker=None, score=1.0)


def answered(status: Status, *citations: Citation) -> Answer:
    says = status is not Status.NOT_IN_ARTICLE
    return Answer(
        question="How many *ships*?",
        status=status,
        citations=citations if says else (),
        closest=() if says else citations,
        article_id=ARTICLE.id,
        article_title=ARTICLE.title,
        snapshot="1",
    )


MOMENT = f"<t:{INDEXED_AT.timestamp():.0f}:R>"
BUILT = cite(1, "The harbour of Elms was built in 1901.")


def test_each_sentence_stands_once_and_where_it_is_from_below_it() -> None:
    said = cite(2, "We never turn a ship away,")
    deciding = (Span(said.start + 3, said.start + 13), Span(said.end - 5, said.end))
    said = replace(said, speaker="Ada Berg", before="Ada Berg: “", after="”", deciding=deciding)
    answer = replace(answered(Status.ANSWERED, said, BUILT), read_as=(("shipps", "ships"),))
    assert render.answer(
        Result(answer, about(ARTICLE)), ENGLISH, with_question=True
    ) == render.MessageContent(
        colour=render.GREEN,
        top="-# Question: How many \\*ships\\*?\n✅ **The article says:**\n-# Read “shipps” as “ships”.",
        sources=(
            (BUILT, "> The harbour of Elms was built in 1901.\n-# **\\[1\\]** paragraph 1"),
            (
                said,
                "> We **never turn** a ship **away**,\n-# **\\[2\\]** **Ada Berg** · paragraph 2",
            ),
        ),
        footer=f"-# Article: The harbour of \\*Elms\\* · ✅ answered · indexed {MOMENT}",
    )


def test_the_short_answer_leads_with_the_mark_of_its_source_and_is_set_off_in_it() -> None:
    short = Span(BUILT.start + 33, BUILT.start + 37)
    built = replace(BUILT, deciding=(short,))
    one = render.answer(
        Result(replace(answered(Status.ANSWERED, built), short=short), about(ARTICLE)), ENGLISH
    )
    assert one.top == "✅ **1901**"
    assert one.sources == ((built, "> The harbour of Elms was built in **1901**.\n-# paragraph 1"),)
    ships = cite(2, "Forty ships anchor there every summer.")
    forty = replace(answered(Status.ANSWERED, ships, BUILT), short=Span(ships.start, ships.start + 5))
    assert render.answer(Result(forty, about(ARTICLE)), ENGLISH).top == "✅ **Forty** \\[2\\]"


def test_whose_the_words_are_is_told_once_and_who_he_is() -> None:
    said = cite(1, "We never turn a ship away,")
    said = replace(said, before="Ada Berg: “", after="” [“we” is *all* of Elms]")
    ((_, source),) = render.answer(Result(answered(Status.ANSWERED, said), about(ARTICLE)), ENGLISH).sources
    assert source == ("> *Ada Berg:* We never turn a ship away,\n-# paragraph 2 · “we” is \\*all\\* of Elms")
    assert render.quote_in(source) == said.quote
    by_her = replace(said, speaker="Ada Berg", after="”")
    ((_, source),) = render.answer(Result(answered(Status.ANSWERED, by_her), about(ARTICLE)), ENGLISH).sources
    assert source == "> We never turn a ship away,\n-# **Ada Berg** · paragraph 2"


@pytest.mark.parametrize(
    ("source", "quote"),
    [
        ("**\\[1\\]** paragraph 1\n> It was **built** in 1901.", "It was built in 1901."),  # until 0.3
        ("> It was **built** in 1901.\n-# paragraph 1", "It was built in 1901."),
        ("> -# It was built.\n-# paragraph 1", "It was built."),
        ("> \\-\\# It was built.", "-# It was built."),
        ("> *Ada \\*Berg\\*:* It was built.", "It was built."),
        ("> \\*Ada\\: \\* It was built.", "*Ada: * It was built."),
        ("> **Ada**\\: it was built.", "Ada: it was built."),
        ("It was built.", ""),
    ],
)
def test_a_quote_is_read_back_from_its_source(source: str, quote: str) -> None:
    assert render.quote_in(source) == quote


def test_an_uncertain_answer_says_so_in_words_and_leads_with_nothing_in_bold() -> None:
    content = render.answer(Result(answered(Status.UNCERTAIN, BUILT), about(ARTICLE)), ENGLISH)
    assert content.colour == render.ORANGE
    assert content.top == MAY_NOT_ANSWER
    assert content.sources == ((BUILT, "> The harbour of Elms was built in 1901.\n-# paragraph 1"),)
    assert content.footer == f"-# Article: The harbour of \\*Elms\\* · ⚠️ uncertain · indexed {MOMENT}"


def test_what_is_not_in_the_article_shows_the_closest_passage_in_small_type() -> None:
    closest = replace(BUILT, deciding=(Span(4, 11),))
    labelled = about(replace(ARTICLE, title_is_label=True))
    assert render.answer(Result(answered(Status.NOT_IN_ARTICLE, closest), labelled), ENGLISH) == (
        render.MessageContent(
            colour=render.GREY,
            top=f"{DOES_NOT_SAY}\n-# The closest passage, which does not answer it:",
            sources=((closest, "> -# The harbour of Elms was built in 1901.\n-# paragraph 1"),),
            footer="-# Article: The harbour of \\*Elms\\* (a label) · ❌ not in the article · "
            f"indexed {MOMENT}",
        )
    )
    nothing = render.answer(Result(answered(Status.NOT_IN_ARTICLE), labelled), ENGLISH)
    assert nothing.top == DOES_NOT_SAY


def test_a_source_names_its_headings_and_links_to_its_sentence() -> None:
    article = replace(ARTICLE, source="https://elms.example/a_b")
    passage = Passage(0, 10, "p1", 0, 1, (), ("Ports", "The *north*"))
    found = Result(answered(Status.ANSWERED, BUILT), about(article, (passage,)))
    ((_, source),) = render.answer(found, ENGLISH).sources
    assert source == (
        "> The harbour of Elms was built in 1901.\n"
        "-# Ports › The \\*north\\* · "
        "[paragraph 1](<https://elms.example/a_b#:~:text=The%20harbour%20of%20Elms%20was%20built%20in%201901.>)"
    )


def test_links_take_the_room_that_short_quotes_leave() -> None:
    page = "https://elms.example/" + "a" * 130
    article = replace(ARTICLE, source=page)
    cited = [replace(BUILT, number=number) for number in range(1, 8)]
    listed = render.summary(cited, about(article), ENGLISH)
    fragment = "#:~:text=The%20harbour%20of%20Elms%20was%20built%20in%201901."
    assert [text.split("\n")[0] for _, text in listed.sources] == [
        f"**\\[{number}\\]** [paragraph 1](<{page}{fragment}>)" for number in range(1, 8)
    ]
    accept(cited_card(listed, article, ENGLISH))


@pytest.mark.parametrize("count", range(1, 8))
def test_links_leave_short_quotes_the_room_of_their_marks(count: int) -> None:
    marks = [
        Citation(n + 1, "@", 2 * n, 2 * n + 1, 1, "p1", None, 1.0, deciding=(Span(2 * n, 2 * n + 1),))
        for n in range(count)
    ]
    for length in range(300, 700):
        article = Article("at", "At", "@ " * count, source="https://elms.example/" + "a" * length)
        listed = render.summary(marks, about(article), ENGLISH)
        assert [text.split("\n")[1] for _, text in listed.sources] == ["> \\@"] * count


def test_an_answer_in_another_language_leaves_the_articles_words_as_they_are() -> None:
    found = Result(answered(Status.ANSWERED, BUILT), about(ARTICLE))
    content = render.answer(found, words_for("de"), with_question=True)
    assert content.top == "-# Frage: How many \\*ships\\*?\n✅ **Im Artikel steht:**"
    assert content.sources[0][1] == "> The harbour of Elms was built in 1901.\n-# Absatz 1"


def test_context_sets_the_sentence_off_between_the_paragraphs_around_it() -> None:
    said = cite(1, "“We never turn a ship away,” said Ada Berg, the harbour master.")
    assert render.context(ARTICLE, Span(said.start, said.end), ENGLISH) == render.MessageContent(
        colour=render.BLUE,
        top="**Paragraph 2 of 3**\n\n"
        "-# The harbour of Elms was built in 1901. Forty ships anchor there every summer.\n\n"
        "**“We never turn a ship away,” said Ada Berg, the harbour master.** "
        "She has held the post for ten years.\n\n"
        "-# The lighthouse is closed to visitors.",
        footer="-# Article: The harbour of \\*Elms\\*",
    )
    ships = cite(1, "Forty ships anchor there every summer.")
    first = render.context(
        ARTICLE, Span(ships.start, ships.end), ENGLISH, number=2, count=3, note="It has changed."
    )
    assert first.top.splitlines()[:4] == [
        "**Paragraph 1 of 3** · source 2 of 3",
        "-# It has changed.",
        "",
        "The harbour of Elms was built in 1901. **Forty ships anchor there every summer.**",
    ]


def test_a_sentence_that_touches_letters_takes_a_line_of_its_own() -> None:
    article = Article("a", "t", "这是第一句。“这是第二句。”这是第三句。")
    start, end = article.text.index("“"), article.text.index("”") + 1
    assert render.context(article, Span(start, end), ENGLISH).top == (
        "**Paragraph 1 of 1**\n\n这是第一句。\n**“这是第二句。”**\n这是第三句。"
    )


def test_a_page_of_the_article_numbers_its_paragraphs_and_shows_headings_as_such() -> None:
    text = "Ports\nThe harbour is *old*.\nThe end."
    article = Article("a", "Elms", text, headings=(Heading(0, 5, 1),))
    assert render.reading(article, page_from(article, 0), ENGLISH, note="It has changed.").top == (
        "**Elms**\n-# Paragraphs 1 to 3 of 3\n-# It has changed.\n\n"
        "**Ports**\n\n-# 2\nThe harbour is \\*old\\*.\n\n-# 3\nThe end."
    )
    assert render.reading(article, Span(10, 17), ENGLISH).top == (
        "**Elms**\n-# Paragraph 2 of 3\n\n-# 2\n…harbour…"
    )


def test_lists_of_citations_name_who_says_it_and_where() -> None:
    said = replace(cite(1, "We never turn a ship away,"), speaker="Ada Berg")
    assert render.quotes([said], about(ARTICLE), ENGLISH, page=2, pages=3, changed=True) == (
        render.MessageContent(
            colour=render.BLUE,
            top="**Who says what**\n"
            "-# The article has changed since this list was made: this is as it is now.",
            sources=((said, "**\\[1\\]** **Ada Berg** · paragraph 2\n> We never turn a ship away,"),),
            footer=f"-# Article: The harbour of \\*Elms\\* · indexed {MOMENT} · page 2 of 3",
        )
    )
    assert render.summary([BUILT], about(ARTICLE), ENGLISH) == render.MessageContent(
        colour=render.BLUE,
        top="**In short: The harbour of \\*Elms\\***",
        sources=((BUILT, "**\\[1\\]** paragraph 1\n> The harbour of Elms was built in 1901."),),
        footer=f"-# Article: The harbour of \\*Elms\\* · indexed {MOMENT}",
    )


@pytest.mark.slow
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=8), LANGUAGES)
def test_help_and_about_fit_a_message_whatever_the_article(
    title: str, source: str, questions: list[str], words: Words
) -> None:
    article = Article(
        "a", title, "Text.", source=source, questions=tuple(questions), author=title, site=source
    )
    for content in (
        render.about(replace(about(article), model=source), words),
        render.help_text(article, words, for_admin=True),
    ):
        accept(Card(content))
        allowed = (*OURS, "code", "bullet_list", "list_item")
        as_read(content.top, allowed=allowed)
        as_read(content.footer, allowed=allowed)


def test_what_an_article_only_claims_to_be_from_is_told_as_a_claim_and_is_no_link() -> None:
    article = replace(
        ARTICLE,
        source="https://evil.example/1",
        site="evil.example",
        claimed_source="https://bbc.co.uk/1",
        claimed_site="**BBC**",
    )
    assert render.about(about(article), ENGLISH).top.splitlines()[1:5] == [
        "Source: https\\://evil.example/1",
        "Site: evil.example",
        "-# Says it is from https\\://bbc.co.uk/1, which nobody has checked.",
        "-# Says it is from \\*\\*BBC\\*\\*, which nobody has checked.",
    ]


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        (ArticleFact(ArticleTopic.AUTHOR, "Ida *Roe*"), "Author: Ida \\*Roe\\*"),
        (ArticleFact(ArticleTopic.DATE, "2019-03-04"), "Published: March 4, 2019"),
        (ArticleFact(ArticleTopic.LENGTH, "4600"), "Length: 4,600 words, which take about 20 min to read"),
        (ArticleFact(ArticleTopic.TITLE, "Elms"), "Title: Elms"),
    ],
)
def test_a_fact_of_the_article_needs_no_quote(fact: ArticleFact, line: str) -> None:
    answer = replace(answered(Status.ANSWERED), about=fact.topic, fact=fact)
    shown = render.answer(Result(answer, about(ARTICLE)), ENGLISH)
    assert (shown.top, shown.sources) == (f"✅ **{line}**", ())


def test_a_quote_of_more_paragraphs_has_a_line_for_each() -> None:
    quote = "The kit contains:\n\n- four *props*\n- a bag of grog"
    shown = quote_lines(quote, [Span(quote.index("four"), quote.index("four") + 4)], 200)
    assert shown == "> The kit contains\\:\n> \\- **four** \\*props\\*\n> \\- a bag of grog"
    assert quote_in(f"{shown}\n-# paragraph 1") == "The kit contains:"


@given(st.text(alphabet="ab \n*>-", max_size=60), st.integers(30, 90))
def test_a_quote_of_any_paragraphs_stays_a_quote_within_its_limit(quote: str, limit: int) -> None:
    shown = quote_lines(quote, [], limit)
    assert all(line.startswith("> ") for line in shown.split("\n"))
    assert len(shown) <= limit + len("> ") + 1
