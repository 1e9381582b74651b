"""Feeds and sitemaps: the pages that they list, and that no bytes of a stranger's do harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.model.source import Origin, Source, SourceKind
from index.model.watch import ListedPage, Listing, WatchKind
from index.sources.extract.listing import MOST_LISTS, MOST_PAGES, page_list
from index.sources.extract.refusals import ENTITIES, NO_LIST, TOO_SLOW, Refusal
from index.sources.extract.robots import permissions
from index.sources.limits import DEFAULT_LIMITS
from index.sources.sandbox import page_list as read_list
from index.sources.sandbox import robot_rules

BASE = "https://example.org/news/feed.xml"
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>News &amp; more</title>
<item><title>B</title><link>https://example.org/b</link>
<pubDate>Tue, 02 Jun 2026 12:00:00 +0200</pubDate></item>
<item><title>A</title><link>../a?x=1#top</link></item>
<item><title>Again</title><link>https://example.org/b#part</link></item>
<item><title>Bad</title><link>javascript:alert(1)</link></item>
<item><title>None</title></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Elms</title>
<entry><title>One</title><link rel="alternate" href="/one"/><published>2026-05-01T00:00:00Z</published>
<updated>2026-06-01T10:00:00+02:00</updated></entry></feed>"""
SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc> https://example.org/one </loc><lastmod>2026-06-01</lastmod></url>
<url><loc>https://example.org/two</loc><lastmod>last week</lastmod></url>
<url><lastmod>2026-06-01</lastmod></url></urlset>"""


def test_a_feed_in_rss() -> None:
    assert page_list(RSS.encode(), BASE) == (
        "feed",
        "News & more",
        [
            ("https://example.org/b", "Tue, 02 Jun 2026 12:00:00 +0200", "2026-06-02T10:00:00+00:00"),
            ("https://example.org/a?x=1", "", None),
        ],
        [],
        True,
    )


def test_a_feed_in_atom_and_one_that_is_not_quite_xml() -> None:
    row = ("https://example.org/one", "2026-06-01T10:00:00+02:00", "2026-06-01T08:00:00+00:00")
    assert page_list(ATOM.encode(), BASE)[:3] == ("feed", "Elms", [row])
    assert page_list(ATOM.replace("Elms", "Elms &nbsp; & <b>").encode(), BASE)[2] == [row]


def test_a_sitemap() -> None:
    assert page_list(SITEMAP.encode(), BASE) == (
        "sitemap",
        "",
        [
            ("https://example.org/one", "2026-06-01", "2026-06-01T00:00:00+00:00"),
            ("https://example.org/two", "last week", None),
        ],
        [],
        True,
    )


def test_a_list_that_is_too_long_is_read_in_part() -> None:
    rows = "".join(f"<url><loc>https://example.org/{n}</loc></url>" for n in range(MOST_PAGES + 1))
    long = page_list(f"<urlset>{rows}</urlset>".encode(), BASE)
    assert (len(long.rows), long.is_whole) == (MOST_PAGES, False)
    lists = "".join(f"<sitemap><loc>/{n}.xml</loc></sitemap>" for n in range(MOST_LISTS + 1))
    many = page_list(f"<sitemapindex>{lists}</sitemapindex>".encode(), BASE)
    assert (len(many.lists), many.lists[0], many.is_whole) == (MOST_LISTS, "https://example.org/0.xml", False)


@pytest.mark.parametrize("content", ["", "One.", "<html><body><p>One.</p></body></html>", "<svg/>", "{}"])
def test_what_is_no_list_is_refused(content: str) -> None:
    with pytest.raises(Refusal, match="is neither a feed") as caught:
        page_list(content.encode(), BASE)
    assert caught.value.message == NO_LIST


def test_entities_are_refused_and_no_file_is_opened() -> None:
    bomb = (
        '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><rss version="2.0"><channel>&c;</channel></rss>'
    )
    outside = (
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><urlset><url><loc>&b;</loc></url></urlset>'
    )
    for content in (bomb, outside):
        with pytest.raises(Refusal) as caught:
            page_list(content.encode(), BASE)
        assert caught.value.message == ENTITIES


PIECES = st.lists(
    st.sampled_from(
        "<rss version='2.0'>|</rss>|<channel>|<item>|</item>|<link>|</link>|<urlset>|<url>|<loc>|</loc>|"
        "<feed xmlns='http://www.w3.org/2005/Atom'>|<entry>|</entry>|<updated>|</updated>|<pubDate>|]]>|<![CDATA[|"
        "<!--|-->|&amp;|&#0;|http://[|https://example.org/é|file:///etc/passwd|0001-01-01|99999-01-01T00:00:00Z".split(
            "|"
        )
    )
    | st.text(max_size=8),
    max_size=30,
)


@given(PIECES.map(lambda pieces: "".join(pieces).encode("utf-8", "replace")) | st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        found = page_list(content, BASE)
    except Refusal:
        return
    addresses = [address for address, _, _ in found.rows] + found.lists
    assert all(one.startswith(("http://", "https://")) and one.isprintable() for one in addresses)
    assert len(set(addresses)) == len(addresses)


@given(st.binary(max_size=300), st.lists(st.text(max_size=30), max_size=3))
def test_any_robots_txt_says_something(content: bytes, paths: list[str]) -> None:
    allowed, delay = permissions(content, [f"https://example.org/{path}" for path in paths])
    assert len(allowed) == len(paths)
    assert delay is None or delay >= 0


@pytest.mark.slow
def test_the_bounded_process_reads_lists_and_robots() -> None:
    source = Source(Origin(SourceKind.WEB, BASE, "application/rss+xml"), RSS.encode())
    patient = replace(DEFAULT_LIMITS, max_extract_seconds=60.0)  # that a busy machine keeps to
    listing, lists = read_list(source, patient)
    date = datetime(2026, 6, 2, 10, tzinfo=UTC)
    assert listing == Listing(
        WatchKind.FEED,
        "News & more",
        (
            ListedPage("https://example.org/b", "Tue, 02 Jun 2026 12:00:00 +0200", date),
            ListedPage("https://example.org/a?x=1"),
        ),
    )
    assert lists == ()
    rules = robot_rules(
        b"User-agent: *\nDisallow: /a\nCrawl-delay: 3", [BASE, "https://example.org/a"], patient
    )
    assert (rules.permissions, rules.delay) == ((True, False), 3.0)
    deep = Source(Origin(SourceKind.WEB, BASE, None), b"<rss version='2.0'>" + b"<channel>" * 500_000)
    with pytest.raises(Refusal) as caught:
        read_list(deep, replace(DEFAULT_LIMITS, max_extract_seconds=0.5))
    assert caught.value.message == TOO_SLOW
