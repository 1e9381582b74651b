"""No text from a stranger breaks a limit, pings, or shows as anything but the characters it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import discord
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from simcord.components import validate_components, walk_components
from simcord.preview._markdown import markdown_tokens

from bot import rendering
from bot.rendering import clip
from bot.views import Card
from index import Answer, Article, Citation, Progress, ReindexReport, Stage, Status
from tests.fakes import ARTICLE, INDEXED_AT, FakeLibrary

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


@st.composite
def answers(draw: st.DrawFn) -> tuple[Answer, Article]:
    """Any answer on any article, every citation a true span of it."""
    lines = [on_one_line(line) for line in draw(st.lists(TEXTS, min_size=1, max_size=5))]
    article = Article(
        draw(st.text(max_size=150)), draw(TEXTS), "\n".join([*lines, "The end."]), draw(st.booleans())
    )
    citations = []
    for number in range(1, draw(st.integers(1, 14)) + 1):
        paragraph = draw(st.sampled_from(article.paragraphs))
        start = draw(st.integers(paragraph.start, paragraph.end - 1))
        end = draw(st.integers(start + 1, paragraph.end))
        quote = article.text[start:end]
        if quote == quote.strip():
            speaker, before, after = draw(st.tuples(st.none() | TEXTS, TEXTS, TEXTS))
            citations.append(
                Citation(number, quote, start, end, paragraph.number, "p", speaker, 1.0, before, after)
            )
    status = draw(st.sampled_from(Status))
    says = status is not Status.NOT_IN_ARTICLE
    answer = Answer(
        question=draw(TEXTS),
        status=status,
        text="",
        citations=tuple(citations) if says else (),
        closest=() if says else tuple(citations),
        article_id=article.id,
        article_title=article.title,
        snapshot="1",
        read_as=tuple(draw(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))),
    )
    return answer, article


@given(answers(), st.booleans())
def test_any_answer_fits_a_message_and_shows_its_quotes(case: tuple[Answer, Article], question: bool) -> None:
    answer, article = case
    rendered = rendering.answer(answer, article, with_question=question)
    accept(Card(rendered, article))
    ours = ("text", "break", "inline", "paragraph", "strong_open", "strong_close", "blockquote", "subtext")
    as_read(rendered.top, allowed=ours)
    as_read(rendered.footer, allowed=ours)
    for citation, source in rendered.sources:
        assert_shown(as_read(source.partition("\n> ")[2]), citation.quote, at_least=10)
        as_read(source, allowed=ours)


@pytest.mark.parametrize("unit", ["word ", "w", "**_", "👩", "\u202e", "ש "])
@pytest.mark.parametrize("count", [1, 14])
@pytest.mark.parametrize("status", Status)
def test_the_longest_answers_fill_a_message_and_fit_it(unit: str, count: int, status: Status) -> None:
    sentence = unit * (6_000 // len(unit))
    article = Article(sentence, sentence, "\n".join(["x" + sentence + "x"] * count), title_is_label=True)
    citations = tuple(
        Citation(n, p.of(article.text), p.start, p.end, p.number, "p", sentence, 1.0, sentence, sentence)
        for n, p in enumerate(article.paragraphs, 1)
    )
    answer = replace(found(status, *citations), question=sentence, read_as=((sentence, sentence),) * 5)
    card = Card(rendering.answer(answer, article, with_question=True), article)
    accept(card)
    assert sum(map(utf16_length, texts_of(card))) > 1_500
    first = citations[0]
    accept(Card(rendering.context(article, first.start, first.end, changed=True), article))
    accept(Card(rendering.context(article, first.start + 3_000, first.start + 3_001, changed=True), article))


@given(answers(), st.booleans())
def test_any_place_fits_a_message_with_the_sentence_in_bold(
    case: tuple[Answer, Article], changed: bool
) -> None:
    answer, article = case
    for citation in (*answer.citations, *answer.closest)[:3]:
        rendered = rendering.context(article, citation.start, citation.end, changed=changed)
        accept(Card(rendered, article))
        bold = []
        for block in markdown_tokens(rendered.top.split("\n", 1 + changed)[-1], "text_display"):
            depth = 0
            for line in block["children"]:
                for token in line["children"]:
                    depth += {"strong_open": 1, "strong_close": -1}.get(token["type"], 0)
                    bold.append(token.get("content", "") if depth else "")
        assert_shown("".join(bold), citation.quote, at_least=500)


def cite(number: int, quote: str) -> Citation:
    start = ARTICLE.text.index(quote)
    paragraph = ARTICLE.paragraph_at(start).number
    return Citation(number, quote, start, start + len(quote), paragraph, "p", speaker=None, score=1.0)


def found(status: Status, *citations: Citation) -> Answer:
    says = status is not Status.NOT_IN_ARTICLE
    return Answer(
        question="How many *ships*?",
        status=status,
        text="",
        citations=citations if says else (),
        closest=() if says else citations,
        article_id=ARTICLE.id,
        article_title=ARTICLE.title,
        snapshot="1",
    )


def test_the_answer_stands_on_top_with_its_marks_in_article_order() -> None:
    said = cite(1, "We never turn a ship away,")
    said = replace(said, speaker="Ada Berg", before="Ada Berg: “", after="”")
    built = cite(2, "The harbour of Elms was built in 1901.")
    answer = replace(found(Status.ANSWERED, said, built), read_as=(("shipps", "ships"),))
    assert rendering.answer(answer, ARTICLE, with_question=True) == rendering.Rendered(
        colour=rendering.GREEN,
        top="**The article says:**\n"
        "The harbour of Elms was built in 1901. **\\[2\\]** "
        "Ada Berg\\: “We never turn a ship away,” **\\[1\\]**\n"
        "-# Read “shipps” as “ships”.",
        sources=(
            (said, "**\\[1\\]** Ada Berg · paragraph 2\n> We never turn a ship away,"),
            (built, "**\\[2\\]** paragraph 1\n> The harbour of Elms was built in 1901."),
        ),
        footer="-# Question: How many \\*ships\\*?\n-# Article: The harbour of \\*Elms\\*",
    )


def test_an_uncertain_answer_says_so_in_words() -> None:
    built = cite(1, "The harbour of Elms was built in 1901.")
    rendered = rendering.answer(found(Status.UNCERTAIN, built), ARTICLE)
    assert rendered.colour == rendering.ORANGE
    assert rendered.top == (
        "**The article may not answer this. The closest it says:**\n"
        "The harbour of Elms was built in 1901. **\\[1\\]**"
    )


def test_what_is_not_in_the_article_shows_the_closest_passage_as_no_more_than_that() -> None:
    built = cite(1, "The harbour of Elms was built in 1901.")
    labelled = replace(ARTICLE, title_is_label=True)
    assert rendering.answer(found(Status.NOT_IN_ARTICLE, built), labelled) == rendering.Rendered(
        colour=rendering.GREY,
        top="**The article does not say.**\nThe closest passage, which does not answer it:",
        sources=((built, "paragraph 1\n> The harbour of Elms was built in 1901."),),
        footer="-# Article: The harbour of \\*Elms\\* (a label)",
    )
    assert rendering.answer(found(Status.NOT_IN_ARTICLE), ARTICLE).top == "**The article does not say.**"


def test_context_sets_the_sentence_off() -> None:
    sentence = cite(1, "Forty ships anchor there every summer.")
    assert rendering.context(ARTICLE, sentence.start, sentence.end, changed=False) == rendering.Rendered(
        colour=rendering.BLUE,
        top="**Paragraph 1 of 3**\n"
        "The harbour of Elms was built in 1901. **Forty ships anchor there every summer.**",
        footer="-# Article: The harbour of \\*Elms\\*",
    )
    assert rendering.context(ARTICLE, sentence.start, sentence.end, changed=True).top == (
        "**Paragraph 1 of 3**\n"
        "-# The article has changed since this answer. This sentence still stands in it.\n"
        "The harbour of Elms was built in 1901. **Forty ships anchor there every summer.**"
    )


def test_a_sentence_that_touches_letters_takes_a_line_of_its_own() -> None:
    article = Article("a", "t", "这是第一句。“这是第二句。”这是第三句。")
    start, end = article.text.index("“"), article.text.index("”") + 1
    assert rendering.context(article, start, end, changed=False).top == (
        "**Paragraph 1 of 1**\n这是第一句。\n**“这是第二句。”**\n这是第三句。"
    )


def test_about_says_unknown_where_nothing_is_known() -> None:
    info = FakeLibrary().info()
    lines = [
        "**The harbour of \\*Elms\\***",
        "Source: unknown",
        "Published: unknown",
        "Length: 3 paragraphs, 216 characters",
        "Passages: 3",
        "Model: bag of words",
        f"Indexed: <t:{INDEXED_AT.timestamp():.0f}:f> (<t:{INDEXED_AT.timestamp():.0f}:R>)",
    ]
    assert rendering.about(info).top.splitlines() == lines
    labelled = replace(ARTICLE, source="https://e.lms/1", published=date(2025, 7, 4), title_is_label=True)
    known = replace(info, article=labelled)
    assert rendering.about(known).top.splitlines()[1:4] == [
        "-# A label: the article has no title of its own.",
        "Source: https\\://e.lms/1",
        "Published: 2025-07-04",
    ]


@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=8))
def test_help_and_about_fit_a_message_whatever_the_article(
    title: str, source: str, questions: list[str]
) -> None:
    article = Article("a", title, "Text.", source=source, questions=tuple(questions))
    info = replace(FakeLibrary(article).info(), model=source)
    accept(Card(rendering.about(info), article))
    accept(Card(rendering.help_text(article), article))
    assert utf16_length(rendering.report(ReindexReport(info, 1, 2, 3, 4.0))) <= 2_000


def test_progress_is_one_line() -> None:
    assert rendering.progress(Progress(Stage.EMBED, 3, 4)) == (
        "Reindexing: embedding the passages `███████████████░░░░░` 75%"
    )
    assert rendering.progress(Progress(Stage.READ, 0, 0)).endswith("0%")


def test_report_says_what_changed() -> None:
    info = FakeLibrary().info()
    assert rendering.report(ReindexReport(info, kept=2, added=1, removed=4, seconds=2.54)) == (
        "Reindexed The harbour of \\*Elms\\* in 2.5 s.\nPassages: 3 (1 new, 4 removed, 2 unchanged)"
    )
    assert rendering.report(ReindexReport(info, kept=3, added=0, removed=0, seconds=1)) == (
        "Reindexed The harbour of \\*Elms\\* in 1.0 s.\nPassages: 3 (nothing changed, 3 unchanged)"
    )
