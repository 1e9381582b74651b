"""What is told of something that was read: within Discord's limits, and nothing of a stranger's but its "
"text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.components.watching import MOST_BUTTONS, TakeBackButton, news_card
from bot.render import MAX_TEXT, watching
from bot.render.schedules import follows
from bot.render.text import size
from bot.service.change_request import ChangeOutcome
from bot.service.watch_news import ArticleNews, ListNews, News
from bot.words import ENGLISH, words_for
from index import (
    ArticleError,
    Difference,
    Every,
    FootnoteError,
    IndexInfo,
    MovedAnswer,
    ReindexReport,
    SelfCheck,
    Watch,
    WatchKind,
)
from tests.fakes import ARTICLE, INDEXED_AT

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FEED = Watch(1, "7", WatchKind.FEED, "https://example.org/feed", None, Every.DAY, 10, "5", "ada", NOW)
PAGE = replace(FEED, kind=WatchKind.PAGE, subject="harbour", article="harbour")
CHANNEL = replace(FEED, kind=WatchKind.CHANNEL, subject="55", article="rules")
ODD = st.text(max_size=40) | st.sampled_from(
    [
        "@everyone",
        "<@123>",
        "**",
        "`" * 9,
        "> x\n# y",
        "🙂" * 400,
        "_" * 4_000,
        "[a](https://evil.example)",
        "||",
    ]
)


def outcome(title: str, *, moved: list[str], failed: list[str], added: bool = False) -> ChangeOutcome:
    info = IndexInfo(
        replace(ARTICLE, title=title or "x"), (), "mini", "0" * 64, INDEXED_AT, "000001-00000000"
    )
    report = ReindexReport(
        info,
        1,
        2,
        3,
        2.5,
        examples=len(moved),
        moved=tuple(MovedAnswer(text, text, None) for text in moved),
        check=SelfCheck(9, 3, tuple(failed)) if failed else None,
    )
    return ChangeOutcome(report, added, in_use=True)


ARTICLE_NEWS = st.builds(
    lambda title, moved, failed, new, old, added: ArticleNews(
        outcome(title, moved=moved, failed=failed, added=added), Difference(tuple(new), tuple(old))
    ),
    ODD,
    st.lists(ODD, max_size=6),
    st.lists(ODD, max_size=10),
    st.lists(ODD, max_size=9),
    st.lists(ODD, max_size=9),
    st.booleans(),
)
LIST_NEWS = st.builds(
    lambda additions, changes, removals, problems: ListNews(
        tuple(additions),
        tuple(changes),
        tuple(removals),
        tuple((text, ArticleError("{source} is odd.", source=text)) for text in problems),
    ),
    st.lists(ARTICLE_NEWS, max_size=7),
    st.lists(ARTICLE_NEWS, max_size=7),
    st.lists(st.just("a" * 40), max_size=7),
    st.lists(ODD, max_size=7),
)


def check(news: News) -> None:
    for words in (ENGLISH, words_for("de")):
        message = watching.news(news, words)
        assert size(message.top) + size(message.footer) <= MAX_TEXT
        assert not re.search(r"(?<!\\)@|(?<!\\)<@|(?<!\\)\]\(", message.top)
        card = news_card(news, words)
        assert card.total_children_count <= 40
        assert card.content_length() <= MAX_TEXT


@given(ARTICLE_NEWS)
def test_news_of_an_article_fit_and_are_text(article: ArticleNews) -> None:
    check(News(PAGE, article=article, is_well=True))


@given(LIST_NEWS, ODD)
def test_news_of_a_list_fit_and_are_text(pages: ListNews, address: str) -> None:
    watch = replace(FEED, subject=f"https://example.org/{address}")
    check(News(watch, pages=pages, error=ArticleError("{source} is odd.", source=address), is_well=True))


def test_what_only_an_operator_may_read_is_not_told() -> None:
    class SecretError(FootnoteError):
        for_operator = True

    said = watching.news(News(PAGE, error=SecretError("/srv/secret")), ENGLISH).top
    assert "secret" not in said
    assert "Something went wrong on my side; the log says what." in said


def test_a_message_of_a_feed_has_a_button_for_each_of_the_first() -> None:
    one = ArticleNews(outcome("A", moved=[], failed=[], added=True), Difference((), ()))
    card = news_card(News(FEED, pages=ListNews((one,) * 4, (), ("gone",) * 4)), ENGLISH)
    buttons = [item for item in card.walk_children() if isinstance(item, TakeBackButton)]
    assert len(buttons) == MOST_BUTTONS
    stamp = int(INDEXED_AT.timestamp())
    assert [button.custom_id for button in buttons][3:] == [
        f"watch:remove:{stamp}:harbour",
        "watch:undo:0:gone",
    ]
    longest = TakeBackButton("remove", 10**12 - 1, "a" * 40, words_for("de"), names_it=True)
    assert len(longest.custom_id) <= 100
    assert len(longest.item.label or "") <= 80


def test_what_is_followed_stands_below_the_list() -> None:
    sitemap = replace(FEED, kind=WatchKind.SITEMAP, every=Every.HOUR)
    assert follows((PAGE, replace(CHANNEL, every=Every.WEEK), sitemap), ENGLISH) == [
        "**Followed**",
        "-# <#55> · channel · every week",
        "-# https\\://example.org/feed · sitemap, at most 10 articles · every hour",
    ]
    assert follows((PAGE,), ENGLISH) == []
