"""The web: what may be fetched, where from, and how much; against a server that behaves badly."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError, FetchError
from index.model.source import Origin, Source, SourceKind
from index.sources.addresses import Guard, is_public
from index.sources.files import read
from index.sources.limits import Limits
from index.sources.web import _Visit, fetch
from tests.index.documents import PAGE, PAGE_TEXT
from tests.index.hostile import BAD_ADDRESSES, CASES, PRIVATE_HOSTS, Server, loopback_too, redirect, response

pytestmark = pytest.mark.slow

SLOW = ("no answer", "slow drip", "endless continuing", "brackets.md", "stars.md")
"""What is refused by a time limit; these are tried with a shorter one below."""


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


def refusal(address: str, guard: Guard, limits: Limits | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(address, limits or Limits(), guard=guard)
    return str(caught.value)


def test_a_page_is_fetched_as_it_is(server: Server) -> None:
    address = server.at("/elms?id=1", response(PAGE.encode(), "text/html; charset=utf-8"))
    source = fetch(f" {address}#part ", guard=server.guard)
    assert source == Source(Origin(SourceKind.WEB, address, "text/html; charset=utf-8"), PAGE.encode())
    assert read(source, "x").text == PAGE_TEXT
    assert f"\r\nHost: pages.example:{server.port}\r\n" in server.heads[0]


def test_redirects_are_followed_to_where_they_lead(server: Server) -> None:
    server.at("/c", response(b"One.", "text/plain"))
    server.at("/b/x", redirect("../c#d"))
    source = fetch(server.at("/a", redirect(f"//other.example:{server.port}/b/x")), guard=server.guard)
    assert source.origin.place == f"http://other.example:{server.port}/c"
    assert server.asked == ["/a", "/b/x", "/c"]


def test_an_international_address_is_fetched(server: Server) -> None:
    address = server.at("/%C3%A9", response(b"One.", "text/plain"), host="bücher.example").replace(
        "%C3%A9", "é"
    )
    assert fetch(address, guard=server.guard).origin.place == (
        f"http://xn--bcher-kva.example:{server.port}/%C3%A9"
    )


def test_environment_proxies_are_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert fetch(server.at("/a", response(b"One.")), guard=server.guard).content == b"One."


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_addresses_that_are_not_public_are_not_fetched(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("connected")

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert refusal(f"http://{host}/", Guard()) == (
        f"http://{host}/ is not on the public web. Only pages that anybody can open are fetched."
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("64:ff9b::7f00:1", False),
        ("2002:808:808::1", False),
        ("::ffff:8.8.8.8", False),
        ("fd00:ec2::254", False),
        ("169.254.169.254", False),
    ],
)
def test_what_is_public(address: str, expected: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is expected


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_is_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(address) and address not in ipaddress.ip_network("64:ff9b::/96"):
        assert address.is_global
        kinds = ("private", "loopback", "link_local", "multicast", "reserved", "unspecified")
        assert [kind for kind in kinds if getattr(address, f"is_{kind}")] == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("file:///etc/passwd",
         "file:///etc/passwd is not a web address: it has to start with http:// or https://."),
        ("example.org", "example.org is not a web address: it has to start with http:// or https://."),
        ("http://", "http:// is not a web address: it names no host."),
        ("", "The address is not a web address: it has to start with http:// or https://."),
        ("http://ada:secret@example.org/",
         "http://example.org/ has a user name in it. Give it without the part before the @."),
        ("http://example.org:25/", "http://example.org:25/ names port 25, which is not one of the web's."),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(address: str, message: str) -> None:
    assert refusal(address, Guard()) == message


def test_only_the_address_that_was_checked_is_connected_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked: list[str] = []
    reached: list[object] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return next(answers)

    connect = socket.socket.connect

    def noted(self: socket.socket, address: object) -> None:
        reached.append(address)
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", noted)
    address = server.at("/a", response(b"One.", "text/plain"))
    assert fetch(address, guard=Guard(resolve, loopback_too)).content == b"One."
    assert (asked, reached) == (["pages.example"], [("127.0.0.1", server.port)])
    refusal(address, Guard(resolve, loopback_too))
    assert len(reached) == 1


def test_one_private_address_among_public_ones_is_refused() -> None:
    guard = Guard(lambda *_: ["93.184.215.14", "10.0.0.1"])
    assert refusal("http://a.example/", guard).startswith("http://a.example/ is not on the public web.")


def test_an_unknown_host_is_named() -> None:
    def unknown(*_: object) -> list[str]:
        raise socket.gaierror

    assert refusal("http://a.example/", Guard(unknown)) == (
        "http://a.example/ is at no known host. Check the spelling."
    )


def test_a_host_that_does_not_answer_is_named(server: Server) -> None:
    server.close()
    address = f"http://a.example:{server.port}/"
    assert refusal(address, server.guard) == (
        f"{address} cannot be reached. Check the address, or try again later."
    )


def test_https_needs_a_certificate_for_the_name(server: Server) -> None:
    address = f"https://a.example:{server.port}/"
    assert refusal(address, server.guard, Limits(max_seconds=3)).startswith(address)


def test_a_name_that_takes_for_ever_to_resolve_is_given_up() -> None:
    forever = threading.Event()

    def resolve(*_: object) -> list[str]:
        forever.wait(5)
        return []

    try:
        assert refusal("http://a.example/", Guard(resolve), Limits(max_seconds=0.2)) == (
            "http://a.example/ takes longer than 0.2 seconds to fetch. "
            "Try again later, or give the article as a file."
        )
    finally:
        forever.set()


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (
            "404 Nope",
            "{} answers 404 (Not Found). Open it in a browser to see whether it is there for everybody.",
        ),
        (
            "302 Found",
            "{} answers 302 (Found). Open it in a browser to see whether it is there for everybody.",
        ),
        ("599 X", "{} answers 599. Open it in a browser to see whether it is there for everybody."),
    ],
)
def test_an_answer_without_a_page(server: Server, status: str, message: str) -> None:
    address = server.at("/a", response(b"<p>Secret.</p>", status=status))
    assert refusal(address, server.guard) == message.format(address)


def test_limits_are_settings(server: Server) -> None:
    address = server.at("/a", redirect("/b"))
    server.at("/b", response(b"x" * 2_001, "text/plain"))
    assert refusal(address, server.guard, Limits(max_redirects=0)) == (
        f"{address} sends on more than 0 times. Give the address that it leads to in the end."
    )
    assert refusal(address, server.guard, Limits(max_bytes=2_000)) == (
        f"http://pages.example:{server.port}/b is larger than 0.002 MB, the most that is read."
    )
    assert len(fetch(address, Limits(max_bytes=2_001), guard=server.guard).content) == 2_001


@pytest.mark.parametrize("name", [name for name in CASES if not any(slow in name for slow in SLOW)])
def test_a_hostile_source_is_refused(server: Server, name: str) -> None:
    attempt = CASES[name](server)
    with pytest.raises(ArticleError) as caught:
        attempt()
    said = str(caught.value)
    assert said.endswith(".")
    assert "ecret" not in said


@pytest.mark.parametrize("name", [name for name in CASES if any(slow in name for slow in SLOW)])
def test_what_takes_for_ever_is_given_up(server: Server, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = replace(Limits(), max_seconds=0.5, max_extract_seconds=1.0)
    monkeypatch.setattr("tests.index.hostile.DEFAULT_LIMITS", short)
    attempt: Callable[[], object] = CASES[name](server)
    with pytest.raises(ArticleError, match=r"takes longer than (0\.5|1) seconds to (fetch|read)\."):
        attempt()


def test_what_a_cut_off_fetch_comes_to_is_no_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off = _Visit.abandon

    def cut_off_and_wait(visit: _Visit) -> None:
        cut_off(visit)
        ended = time.monotonic() + 5
        while visit.response is None and visit.error is None and time.monotonic() < ended:
            time.sleep(0.01)

    monkeypatch.setattr(_Visit, "abandon", cut_off_and_wait)
    monkeypatch.setattr("tests.index.hostile.DEFAULT_LIMITS", replace(Limits(), max_seconds=0.3))
    attempt: Callable[[], object] = CASES["slow drip of the head"](server)
    with pytest.raises(FetchError, match=r"takes longer than 0\.3 seconds to fetch\."):
        attempt()


def test_no_hostile_source_is_left_out() -> None:
    assert len(CASES) > 100
    assert all(f"address {address!r}" in CASES for address in BAD_ADDRESSES)
