"""Which pages of a feed or a sitemap become articles, stay, and go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.service.watch_plans import Plan, plan_of
from index import Difference, Every, ListedPage, Listing, Watch, WatchKind, WatchPage
from tests.fakes import ARTICLE

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FEED = Watch(1, "7", WatchKind.FEED, "https://example.org/feed", None, Every.DAY, 3, "5", "ada", NOW)
SITEMAP = replace(FEED, kind=WatchKind.SITEMAP)


def entry(number: int, stamp: str = "s", *, dated: bool = True) -> ListedPage:
    return ListedPage(
        f"https://example.org/{number}", stamp, NOW + number * timedelta(days=1) if dated else None
    )


def ours(number: int, stamp: str | None = "s", article: str | None = "a") -> WatchPage:
    return WatchPage(f"https://example.org/{number}", article, stamp, NOW + number * timedelta(days=1), NOW)


def listing(*pages: ListedPage, is_whole: bool = True) -> Listing:
    return Listing(WatchKind.FEED, "", pages, is_whole)


def test_the_newest_become_articles_as_many_as_are_wanted() -> None:
    plan = plan_of(FEED, listing(entry(5), entry(4), entry(3), entry(2)), ())
    assert plan == Plan(new=(entry(5), entry(4), entry(3)))


def test_without_dates_the_order_of_the_list_counts() -> None:
    pages = [entry(n, dated=False) for n in (9, 1, 5, 3)]
    assert plan_of(FEED, listing(*pages), ()).new == tuple(pages[:3])


def test_what_has_left_a_feed_stays_in_doubt_and_what_has_left_a_sitemap_goes() -> None:
    pages = (ours(1), ours(2))
    assert plan_of(FEED, listing(entry(2)), pages) == Plan(doubtful=(ours(1),))
    assert plan_of(SITEMAP, listing(entry(2)), pages) == Plan(surplus=(ours(1),))
    assert plan_of(SITEMAP, listing(entry(2), is_whole=False), pages) == Plan(doubtful=(ours(1),))


def test_the_oldest_goes_for_a_new_one_and_an_older_one_is_left() -> None:
    pages = (ours(3), ours(4), ours(5))
    plan = plan_of(FEED, listing(entry(6), entry(5), entry(2)), pages)
    assert plan == Plan(new=(entry(6),), surplus=(ours(3),), doubtful=(ours(4),))


def test_what_was_changed_is_read_again_and_what_was_turned_down_only_then() -> None:
    pages = (ours(1), ours(2, article=None), ours(3, None, None))
    same = listing(entry(3), entry(2), entry(1))
    assert plan_of(FEED, same, pages) == Plan()
    later = listing(entry(3, "t"), entry(2, "t"), entry(1, "t"))
    assert plan_of(FEED, later, pages) == Plan(new=(entry(2, "t"),), changes=(entry(1, "t"),))


def test_a_list_that_has_not_changed_leaves_its_doubts() -> None:
    away = replace(ours(1), is_listed=False)
    assert plan_of(FEED, None, (away, ours(2))) == Plan(doubtful=(away,))


@given(
    st.sampled_from([FEED, SITEMAP]),
    st.lists(st.integers(0, 8), unique=True, max_size=8),
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), unique_by=lambda one: one[0], max_size=8),
    st.booleans(),
)
def test_no_more_are_kept_than_are_wanted_and_nothing_is_done_twice(
    watch: Watch, numbers: list[int], known: list[tuple[int, bool]], whole: bool
) -> None:
    pages = tuple(ours(n, article="a" if is_ours else None) for n, is_ours in known)
    plan = plan_of(watch, listing(*map(entry, numbers), is_whole=whole), pages)
    articles = {page.address for page in pages if page.article}
    going = {page.address for page in plan.surplus}
    new = {page.address for page in plan.new}
    assert going <= articles
    assert new.isdisjoint(articles)
    assert len(articles - going | new) <= watch.most
    assert {page.address for page in plan.doubtful} <= articles - going
    assert {page.address for page in plan.changes} <= articles - going
    # Done as planned, it is done.
    rest = [page for page in pages if page.address not in going]
    rest += [WatchPage(one.address, "a", one.stamp, one.date, NOW) for one in plan.new]
    again = plan_of(watch, listing(*map(entry, numbers), is_whole=whole), rest)
    assert (again.new, again.surplus, again.changes) == ((), (), ())


def test_a_difference_has_what_is_new_and_what_is_gone_and_not_what_moved() -> None:
    before = replace(ARTICLE, text="One.\nTwo.\nTwo.\nThree.")
    after = replace(ARTICLE, text="Three.\nTwo.\nFour.\nFive.\nOne.")
    assert Difference.between(before, after) == Difference(("Four.", "Five."), ("Two.",))


@given(st.lists(st.sampled_from("ab"), min_size=1), st.lists(st.sampled_from("ab"), min_size=1))
def test_a_difference_turned_round_is_the_other_way_round(one: list[str], other: list[str]) -> None:
    articles = [replace(ARTICLE, text="\n".join(texts)) for texts in (one, other)]
    there, back = Difference.between(*articles), Difference.between(*articles[::-1])
    assert (there.new, there.old) == (back.old, back.new)
    assert len(one) - len(there.old) + len(there.new) == len(other)
