"""Sites that are read by schedule: only what has changed, with pauses, and as robots.txt has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from index.errors import ArticleError, FetchError, SiteError, UnreachableError
from index.model.watch import Listing, Validators, WatchKind
from index.sources.addresses import Guard
from index.sources.limits import Limits
from index.sources.visits import PAUSE, Visits
from index.sources.web import _seconds, fetch, fetch_if_changed
from tests.index.documents import PAGE, PAGE_TEXT
from tests.index.hostile import Server, redirect, response

pytestmark = pytest.mark.slow

PATIENT = Limits(max_seconds=60.0, max_extract_seconds=60.0)
"""That a busy machine keeps to."""
ETAG, MODIFIED = '"v1"', "Mon, 01 Jun 2026 12:00:00 GMT"
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass
class Clock:
    now: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visits(server: Server, clock: Clock, _read_here: None) -> Visits:
    return Visits(PATIENT, guard=server.guard, now=lambda: clock.now, sleep=clock.sleep)


def sitemap(*entries: str, kind: str = "urlset") -> bytes:
    name = "url" if kind == "urlset" else "sitemap"
    rows = "".join(f"<{name}><loc>{one}</loc></{name}>" for one in entries)
    return f'<{kind} xmlns="{SITEMAP}">{rows}</{kind}>'.encode()


def conditions(server: Server) -> list[tuple[bool, bool]]:
    """Which of the conditional headers each request had."""
    return [
        (f"If-None-Match: {ETAG}" in one, f"If-Modified-Since: {MODIFIED}" in one) for one in server.heads
    ]


def test_a_page_is_fetched_again_only_where_its_site_says_that_it_has_changed(
    server: Server, visits: Visits
) -> None:
    headers = (f"ETag: {ETAG}", f"Last-Modified: {MODIFIED}")
    address = server.at("/elms", response(PAGE.encode(), "text/html; charset=utf-8", *headers))
    first = visits.page(address, "elms")
    assert first.article is not None
    assert (first.article.id, first.article.text) == ("elms", PAGE_TEXT)
    assert first.validators == Validators(ETAG, MODIFIED)
    server.at("/elms", NOT_MODIFIED)
    second = visits.page(address, "elms", first.validators)
    assert (second.source, second.article, second.validators) == (None, None, first.validators)
    assert conditions(server) == [(False, False), (True, True)]
    assert all("User-Agent: Mozilla/5.0 (compatible; Footnote)" in one for one in server.heads)


def test_who_asks_without_conditions_takes_304_for_an_error(server: Server) -> None:
    address = server.at("/elms", NOT_MODIFIED)
    with pytest.raises(SiteError, match=r"answers 304 \(Not Modified\)"):
        fetch(address, PATIENT, guard=server.guard)


@pytest.mark.parametrize("etag", ['"é"', f'"{"x" * 600}"', ""])
def test_a_validator_that_could_not_be_sent_back_is_not_kept(server: Server, etag: str) -> None:
    content = response(b"One.", "text/plain", f"ETag: {etag}")
    validators = fetch_if_changed(server.at("/a", content), PATIENT, guard=server.guard).validators
    assert validators in (Validators(None, None), Validators("", None))


def test_private_addresses_and_redirects_to_them_are_refused_as_ever(server: Server, clock: Clock) -> None:
    public_alone = Visits(guard=Guard(), now=lambda: clock.now, sleep=clock.sleep)
    with pytest.raises(FetchError, match="is not on the public web"):
        public_alone.listing("http://127.0.0.1:8080/feed")
    with pytest.raises(FetchError, match="is not on the public web"):
        public_alone.page("http://169.254.169.254/latest", "a")
    visits = Visits(PATIENT, guard=server.guard, now=lambda: clock.now, sleep=clock.sleep)
    with pytest.raises(FetchError, match="is not on the public web"):
        visits.page(server.at("/a", redirect("http://10.0.0.1/")), "a")
    assert public_alone.may_visit(["http://10.0.0.1/x"]) == {}


def test_a_site_is_left_alone_for_a_while_after_each_request(
    server: Server, visits: Visits, clock: Clock
) -> None:
    addresses = [server.at(f"/{n}", response(PAGE.encode())) for n in range(3)]
    other = server.at("/other", response(PAGE.encode()), host="other.example")
    visits.page(addresses[0], "a")
    visits.page(other, "b")  # nobody waits for another site
    assert clock.sleeps == []
    clock.now += PAUSE / 4
    visits.page(addresses[1], "a")
    assert clock.sleeps == [pytest.approx(PAUSE * 3 / 4)]
    clock.now += 10 * PAUSE
    visits.page(addresses[2], "a")
    assert len(clock.sleeps) == 1


def test_what_robots_txt_says_is_kept_for_a_day(server: Server, visits: Visits, clock: Clock) -> None:
    ours = b"\xef\xbb\xbfUser-agent: footnote\nDisallow: /private/\nCrawl-delay: 4\n\n"
    server.at("/robots.txt", response(ours + b"User-agent: *\nDisallow: /\n", "text/plain"))
    good, bad = (f"http://pages.example:{server.port}/{path}" for path in ("open/x", "private/x"))
    assert visits.may_visit([good, bad]) == {good: True, bad: False}
    assert visits.may_visit([bad]) == {bad: False}
    assert server.asked == ["/robots.txt"]
    server.at("/open/x", response(PAGE.encode()))
    visits.page(good, "a")
    visits.page(good, "a")
    assert clock.sleeps == [PAUSE, 4.0]
    clock.now += 25 * 3_600
    server.at("/robots.txt", response(b"", "text/plain"))
    assert visits.may_visit([bad]) == {bad: True}


def test_no_site_holds_up_all_others_for_as_long_as_it_likes(
    server: Server, visits: Visits, clock: Clock
) -> None:
    server.at("/robots.txt", response(b"User-agent: *\nCrawl-delay: 3600", "text/plain"))
    address = f"http://pages.example:{server.port}/x"
    assert visits.may_visit([address]) == {address: True}
    server.at("/x", response(PAGE.encode()))
    visits.page(address, "a")
    visits.page(address, "a")
    assert clock.sleeps == [PAUSE, 5.0]


@pytest.mark.usefixtures("_read_here")
def test_a_sitemap_of_sitemaps_that_is_slow_is_read_in_part(server: Server, clock: Clock) -> None:
    slow = Visits(PATIENT, guard=server.guard, now=lambda: clock.now, sleep=lambda _: clock.sleep(25.0))
    page = "https://example.org/{}"
    lists = [server.at(f"/{n}.xml", response(sitemap(page.format(n)), "text/xml")) for n in range(5)]
    index = server.at("/sitemap.xml", response(sitemap(*lists, kind="sitemapindex"), "application/xml"))
    listing, _ = slow.listing(index)
    assert listing is not None
    assert not listing.is_whole
    assert [one.address for one in listing.pages] == [page.format(n) for n in range(3)]


@pytest.mark.parametrize(
    ("content", "permissions"),
    [
        (response(b"", status="404 Not Found"), [True]),
        (response(b"", status="403 Forbidden"), [True]),
        (response(b"<html>Not here</html>", "text/html"), [True]),
        (response(b"\xff\xfe\0\0" * 9, "text/plain"), [True]),
        (response(b"", status="503 Service Unavailable"), []),
        (response(b"\x89PNG", "image/png"), []),
        (response(b"User-agent: *\nDisallow: /", "text/plain"), [False]),
    ],
)
def test_a_robots_txt_that_is_not_there_allows_and_one_that_cannot_be_had_forbids_for_now(
    server: Server, visits: Visits, content: bytes, permissions: list[bool]
) -> None:
    server.at("/robots.txt", content)
    address = f"http://pages.example:{server.port}/x"
    assert [*visits.may_visit([address]).values()] == permissions


def test_a_sitemap_of_sitemaps_leads_to_theirs(server: Server, visits: Visits) -> None:
    page = "https://example.org/{}"
    lists = [server.at(f"/{n}.xml", response(sitemap(page.format(n)), "text/xml")) for n in range(2)]
    index = server.at("/sitemap.xml", response(sitemap(*lists, kind="sitemapindex"), "application/xml"))
    listing, validators = visits.listing(index, Validators(ETAG))
    assert listing is not None
    assert (listing.kind, listing.is_whole) == (WatchKind.SITEMAP, True)
    assert [one.address for one in listing.pages] == [page.format(0), page.format(1)]
    assert validators == Validators()
    server.at("/1.xml", response(sitemap(*lists, kind="sitemapindex"), "text/xml"))
    listing, _ = visits.listing(index)
    assert isinstance(listing, Listing)
    assert not listing.is_whole
    server.at("/1.xml", response(b"", status="500 Internal Server Error"))
    with pytest.raises(SiteError):  # half of it would look as if the rest had gone
        visits.listing(index)


def test_a_list_that_has_not_changed_is_none(server: Server, visits: Visits) -> None:
    address = server.at("/feed", NOT_MODIFIED)
    assert visits.listing(address, Validators(None, MODIFIED)) == (None, Validators(None, MODIFIED))


@pytest.mark.parametrize(
    ("content", "media_type"), [(PAGE.encode(), "text/html"), (b"One.", "text/plain"), (b"", "text/xml")]
)
def test_what_is_no_list_is_refused(server: Server, visits: Visits, content: bytes, media_type: str) -> None:
    with pytest.raises(ArticleError, match="is neither a feed"):
        visits.listing(server.at("/x", response(content, media_type)))


def test_a_feed_is_no_article(server: Server, visits: Visits) -> None:
    address = server.at("/feed", response(b"<rss/>", "application/rss+xml; charset=utf-8"))
    with pytest.raises(
        FetchError, match=r"is a feed, not an article\. /library follow has its pages added\."
    ):
        visits.page(address, "a")


def test_what_a_site_says_of_when_to_come_back() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    seconds = _seconds(soon)
    assert seconds is not None
    assert 0 < seconds <= 3_600
    assert [_seconds(text) for text in ("120", " 0 ", past, "", "soon", "-5", "1e9", "²")] == [
        120.0, 0.0, 0.0, None, None, None, None, None,
    ]  # fmt: skip


def test_errors_say_whether_a_page_is_gone_or_its_site_is_away(server: Server) -> None:
    for code, is_gone in ((404, True), (410, True), (403, False), (500, False)):
        with pytest.raises(SiteError) as caught:
            fetch(server.at("/x", response(b"", status=f"{code} X")), PATIENT, guard=server.guard)
        assert (caught.value.code, caught.value.is_gone) == (code, is_gone)
    with pytest.raises(UnreachableError):
        fetch("http://pages.example:9999/", guard=server.guard)
