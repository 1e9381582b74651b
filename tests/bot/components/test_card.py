"""What a button carries, it can be read from again; and what a message says of itself."""

from __future__ import annotations

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.components.card import Card
from bot.components.context import ContextButton, FormerButton, cited_card
from bot.components.custom_ids import Sources
from bot.components.persistent import LibraryButton
from bot.components.quotes import QuotesButton
from bot.components.reading import ReadButton
from bot.render import MAX_SOURCES, MessageContent
from bot.words import words_for
from index import Article, Span
from tests.bot.render.test_render import BUILT, TEXTS, accept
from tests.fakes import ARTICLE

BUTTONS: tuple[type[LibraryButton], ...] = (ContextButton, ReadButton, QuotesButton, FormerButton)
IDS = st.from_regex("[a-z0-9-]{1,40}", fullmatch=True)
SPANS = st.lists(
    st.tuples(st.integers(0, 2**28 - 1), st.integers(0, 4_095)).map(lambda at: Span(at[0], at[0] + at[1])),
    min_size=1,
    max_size=MAX_SOURCES,
).map(tuple)


def read_again(button: LibraryButton) -> LibraryButton:
    """The button that Discord's custom id leads back to; no other kind takes it for its own."""
    assert 1 <= len(button.custom_id) <= 100
    kinds = [kind for kind in BUTTONS if kind.__discord_ui_compiled_template__.fullmatch(button.custom_id)]
    assert kinds == [type(button)]
    return kinds[0](button.custom_id)


@given(IDS, SPANS, st.data())
def test_a_source_carries_all_the_sources_of_its_message(
    id_: str, spans: tuple[Span, ...], data: st.DataObject
) -> None:
    article = Article(id_, "t", "text")
    sources = Sources.of(article, spans)
    index = data.draw(st.integers(0, len(spans) - 1))
    for kind in "spn":
        again = read_again(ContextButton.to(sources, index, kind=kind, label="x"))
        assert isinstance(again, ContextButton)
        assert (again.sources, again.index) == (sources, index)
        assert sources.spans == spans
        assert article.sha256.startswith(again.sources.version)
        assert again.steps == (kind != "s")


def test_the_longest_id_fits() -> None:
    article = Article("a" * 40, "t", "text")
    far = tuple(Span(2**28 - 2, 2**28 - 1) for _ in range(MAX_SOURCES))
    assert len(ContextButton.to(Sources.of(article, far), 6, label="x").custom_id) <= 100
    assert len(ReadButton.to(article, 999_999_999, label="x").custom_id) <= 100
    quotes = QuotesButton.to(article, "w" * 10_000, 99_999, kind="n", label="x", disabled=False)
    assert len(quotes.custom_id) <= 100


def test_of_a_very_long_sentence_the_beginning_is_carried() -> None:
    sources = Sources.of(Article("a", "t", "text"), (Span(7, 9_000),))
    again = read_again(ContextButton.to(sources, 0, label="x"))
    assert isinstance(again, ContextButton)
    assert again.sources.spans == (Span(7, 7 + 4_095),)


@given(IDS, st.integers(0, 10**9 - 1), st.sampled_from("ofpnl"))
def test_a_page_of_the_article_can_be_read_again(id_: str, start: int, kind: str) -> None:
    again = read_again(ReadButton.to(Article(id_, "t", "text"), start, kind=kind, label="x"))
    assert (again.match["article"], int(again.match["start"]), again.steps) == (id_, start, kind != "o")


@given(IDS, st.none() | TEXTS, st.integers(1, 99_999), st.sampled_from("pn"))
def test_a_page_of_the_quotes_can_be_read_again(id_: str, speaker: str | None, page: int, kind: str) -> None:
    button = QuotesButton.to(Article(id_, "t", "text"), speaker, page, kind=kind, label="x", disabled=False)
    again = read_again(button)
    assert (again.match["article"], int(again.match["page"])) == (id_, page)
    assert bool(again.match["speaker"]) == bool(speaker)


def test_what_is_no_button_of_the_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="read"):
        ContextButton("read")


def test_a_card_has_no_more_than_discord_takes() -> None:
    article = Article("a" * 40, "t", "text " * 100)
    buttons = [ReadButton.to(article, n, label="x" * 80) for n in range(10)]
    card = Card(MessageContent(0, "top", footer="footer"), *buttons)
    accept(card)
    rows = [item for item in card.walk_children() if isinstance(item, discord.ui.ActionRow)]
    assert [len(row.children) for row in rows] == [5, 5]


def test_a_card_is_in_the_language_of_the_one_who_reads_it() -> None:
    card = cited_card(MessageContent(0, "top", ((BUILT, "source"),)), ARTICLE, words_for("de"))
    buttons = [item for item in card.walk_children() if isinstance(item, ContextButton)]
    assert [button.item.label for button in buttons] == ["Im Kontext zeigen"]
