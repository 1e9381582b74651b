"""Feeds (RSS, Atom) and sitemaps: the addresses of the pages that they list, and when those were changed."""

from __future__ import annotations

import calendar
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from index.sources.extract.blocks import clean
from index.sources.extract.refusals import NO_LIST, Refusal
from index.sources.extract.xml import xml_root

MOST_PAGES = 10_000  # of a list; a sitemap may have 50,000
MOST_LISTS = 10  # that one sitemap of sitemaps leads to
_ADDRESS_CHARS, _STAMP_CHARS = 2_000, 60

Row = tuple[str, str, str | None]
"""A page: its address, its stamp, and the same as a time in ISO 8601 where it is one."""


class PageList(NamedTuple):
    """What a list has: "feed" or "sitemap", its title, its pages, and other lists that it leads to."""

    kind: str
    title: str
    rows: list[Row]
    lists: list[str]
    is_whole: bool


def page_list(content: bytes, address: str) -> PageList:
    """Reads a feed or a sitemap.

    Args:
        content: What is at the address.
        address: Where relative addresses lead from.

    Raises:
        Refusal: it is neither.
    """
    from lxml.etree import XMLSyntaxError

    try:
        root = xml_root(content)
    except XMLSyntaxError:
        root = None  # feeds are often not quite XML
    name = "" if root is None else str(root.tag).rpartition("}")[2]
    if name in ("urlset", "sitemapindex"):
        rows = list(_unique(_of_sitemap(root), address))
        if name == "sitemapindex":
            return PageList("sitemap", "", [], [row[0] for row in rows[:MOST_LISTS]], len(rows) <= MOST_LISTS)
        return PageList("sitemap", "", rows[:MOST_PAGES], [], len(rows) <= MOST_PAGES)
    title, entries = _of_feed(content)
    rows = list(_unique(entries, address))
    return PageList("feed", title, rows[:MOST_PAGES], [], len(rows) <= MOST_PAGES)


def _of_sitemap(root: Any) -> Iterator[Row]:
    for entry in root:
        fields = {str(child.tag).rpartition("}")[2]: (child.text or "").strip() for child in entry}
        stamp = fields.get("lastmod", "")[:_STAMP_CHARS]
        yield fields.get("loc", ""), stamp, _iso(stamp)


def _of_feed(content: bytes) -> tuple[str, Iterator[Row]]:
    import feedparser

    # In a file object: feedparser would take bytes alone for an address or a path, if they looked like one.
    feed = feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    if not feed.get("version") and not feed.entries:
        raise Refusal(NO_LIST)
    return clean(str(feed.feed.get("title", "")))[:200], (_of_entry(entry) for entry in feed.entries)


def _of_entry(entry: Any) -> Row:
    parts = _first(entry, "updated_parsed", "published_parsed")
    stamp = str(_first(entry, "updated", "published") or "")[:_STAMP_CHARS]
    date = None
    if parts is not None:
        try:
            date = datetime.fromtimestamp(calendar.timegm(parts), UTC).isoformat()
        except (ValueError, OverflowError, OSError):  # the year 90000
            date = None
    return str(entry.get("link") or ""), stamp, date


def _first(entry: Any, *names: str) -> Any:
    """The first field that an entry has: asked for one that it has not, feedparser may give another."""
    values = (entry[name] for name in names if name in entry)
    return next(filter(None, values), None)


def _iso(stamp: str) -> str | None:
    try:
        when = datetime.fromisoformat(stamp)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def _unique(rows: Iterator[Row], base: str) -> Iterator[Row]:
    """Those that lead to pages of the web, each address once."""
    addresses = set[str]()
    for link, stamp, date in rows:
        try:
            address = urldefrag(urljoin(base, link.strip())).url
            is_web = urlsplit(address).scheme in ("http", "https") and bool(urlsplit(address).hostname)
        except ValueError:
            continue
        if link and is_web and len(address) <= _ADDRESS_CHARS and address.isprintable():
            if address not in addresses:
                yield address, stamp, date
            addresses.add(address)
