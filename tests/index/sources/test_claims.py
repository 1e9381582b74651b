"""Whose an article is: what it says of that is believed only where it can be known."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.model.article import Article
from index.model.source import Origin, Source, SourceKind
from index.sources.addresses import Site, site_of
from index.sources.claims import settled
from index.sources.files import read, read_file, upload
from index.storage.stored_article import StoredArticle
from tests.index.documents import PAGE

pytestmark = pytest.mark.usefixtures("_read_here")

NEWS = "https://www.bbc.co.uk/news/1"


def fetched(place: str, source: str | None, site: str | None) -> tuple[str | None, ...]:
    """The address, the site and the claims of a page that was fetched and says so of itself."""
    article = Article(id="", title="", text="One.", source=source, site=site)
    found = settled(article, Origin(SourceKind.WEB, place))
    return found.source, found.site, found.claimed_source, found.claimed_site


@pytest.mark.parametrize(
    ("address", "site"),
    [
        (NEWS, Site("bbc.co.uk", "bbc")),
        ("http://BBC.co.uk.:8080", Site("bbc.co.uk", "bbc")),
        ("https://ada.github.io/a", Site("ada.github.io", "ada")),
        ("https://github.io/", Site("github.io", "github.io")),
        ("http://10.0.0.1/", Site("10.0.0.1", "10.0.0.1")),
        ("http://[2001:db8::1]/", Site("2001:db8::1", "2001:db8::1")),
        ("http://localhost/", Site("localhost", "localhost")),
        ("https://bücher.de/", Site("xn--bcher-kva.de", "xn--bcher-kva")),
        ("https://bbc.co.uk@evil.example/", None),
        ("https://bbc.co.uk\\.evil.example/", None),  # which a browser takes for bbc.co.uk
        ("https://bbc.co.uk＼.evil.example/", None),
        ("https://bbc.co.uk%2f.evil.example/", None),
        ("https://bbc.co.uk|.evil.example/", None),
        ("https://[/", None),
        ("https:///a", None),
        ("https://" + "ü" * 300 + ".example/", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_whom_an_address_belongs_to(address: str, site: Site | None) -> None:
    assert site_of(address) == site


def test_no_network_is_asked_whom_an_address_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket, "socket", refuse)
    assert site_of("https://a.b.co.jp/") == Site("b.co.jp", "b")


@pytest.mark.parametrize(
    ("place", "source", "site", "expected"),
    [
        # its own, by another name of the same owner
        (NEWS + "?from=rss", NEWS, None, (NEWS, "bbc.co.uk", None, None)),
        ("https://m.bbc.co.uk/1", NEWS, "BBC", (NEWS, "BBC (bbc.co.uk)", None, None)),
        (NEWS, None, None, (NEWS, "bbc.co.uk", None, None)),
        # another's
        ("https://evil.example/1", NEWS, "BBC", ("https://evil.example/1", "evil.example", NEWS, "BBC")),
        ("https://evil.co.uk/1", NEWS, None, ("https://evil.co.uk/1", "evil.co.uk", NEWS, None)),
        (
            "https://eve.github.io/1",
            "https://ada.github.io/1",
            None,
            ("https://eve.github.io/1", "eve.github.io", "https://ada.github.io/1", None),
        ),
        (
            "https://evil.example/1",
            "https://evil.example@bbc.co.uk/",
            None,
            ("https://evil.example/1", "evil.example", "https://evil.example@bbc.co.uk/", None),
        ),
        # a name that says more than the domain does
        (NEWS, NEWS, "BBC News", (NEWS, "bbc.co.uk", None, "BBC News")),
        ("https://evil.example/1", None, "BBC", ("https://evil.example/1", "evil.example", None, "BBC")),
        ("https://notbbc.example/", None, "BBC", ("https://notbbc.example/", "notbbc.example", None, "BBC")),
        (
            "https://evil.example/",
            None,
            "Evil.Example",
            ("https://evil.example/", "Evil.Example", None, None),
        ),
        (
            "https://www.theguardian.com/1",
            None,
            "The Guardian",
            ("https://www.theguardian.com/1", "The Guardian (theguardian.com)", None, None),
        ),
        (
            "https://theguardian.github.io/1",  # anybody can have it
            None,
            "The Guardian",
            ("https://theguardian.github.io/1", "The Guardian (theguardian.github.io)", None, None),
        ),
        (
            "https://evil.example/1",
            "https://bbc.co.uk\\.evil.example/1",
            None,
            ("https://evil.example/1", "evil.example", "https://bbc.co.uk\\.evil.example/1", None),
        ),
        ("https://www.bbc.co.uk/", None, "ВВС", ("https://www.bbc.co.uk/", "bbc.co.uk", None, "ВВС")),
    ],
)
def test_a_page_is_from_where_it_was_fetched(
    place: str, source: str | None, site: str | None, expected: tuple[str | None, ...]
) -> None:
    assert fetched(place, source, site) == expected


@given(st.text(max_size=30), st.none() | st.text(max_size=30), st.none() | st.text(max_size=30))
def test_no_page_is_cited_by_an_address_of_another_site(
    host: str, source: str | None, site: str | None
) -> None:
    place = f"https://{host}/a"
    cited, named, *_ = fetched(place, source and f"https://{source}", site)
    assert cited is None or cited == place or site_of(cited) == site_of(place)
    if (own := site_of(place)) is not None and named != own.domain:
        assert named in (site, f"{site} ({own.domain})")


def test_what_was_attached_is_a_claim_of_whoever_attached_it() -> None:
    article = read(upload("elms.html", PAGE.encode()), "elms")
    assert (article.source, article.site) == (None, None)
    assert (article.claimed_source, article.claimed_site) == ("https://example.org/elms", "Elms Gazette")
    front = b"---\ncanonical: https://bbc.co.uk/\n---\nOne two."
    assert read(upload("a.md", front), "a").claimed_source == "https://bbc.co.uk/"
    assert read(upload("a.md", front), "a").source is None


def test_what_is_fetched_that_is_no_page_makes_no_claim_either() -> None:
    front = b"---\r\nsource: https://bbc.co.uk/\r\n---\r\nOne two."
    article = read(Source(Origin(SourceKind.WEB, "https://evil.example/a.md", "text/markdown"), front), "a")
    assert (article.source, article.claimed_source) == ("https://evil.example/a.md", "https://bbc.co.uk/")
    assert (article.site, article.claimed_site) == ("evil.example", None)


def test_a_file_of_whoever_runs_it_is_believed_and_its_sidecar_more(tmp_path: Path) -> None:
    path = tmp_path / "elms.html"
    path.write_bytes(PAGE.encode())
    article = read(read_file(path), "elms")
    assert (article.source, article.site) == ("https://example.org/elms", "Elms Gazette")
    said = replace(read_file(path), sidecar=b'source = "https://a.example/"\nsite = "A"')
    article = read(said, "elms")
    assert (article.source, article.site) == ("https://a.example/", "A")
    assert (article.claimed_source, article.claimed_site) == (None, None)


def test_a_claim_is_stored_and_an_index_from_before_there_were_any_is_read() -> None:
    article = read(upload("elms.html", PAGE.encode()), "elms")
    kept = {name: getattr(article, name) for name in StoredArticle.model_fields if name != "origin"}
    stored = StoredArticle(**kept).model_dump(mode="json")
    assert StoredArticle.model_validate(stored).article() == article
    del stored["claimed_source"], stored["claimed_site"]
    before = StoredArticle.model_validate(stored).article()
    assert before == replace(article, claimed_source=None, claimed_site=None)
