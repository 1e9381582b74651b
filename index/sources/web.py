"""A web address in, a source out: over http and https, from public addresses alone, within limits.

A host's name is resolved once for each request. Every address that it resolves to is checked, and the
connection goes to the very address that was checked, so that a name which resolves to something else a moment
later gains nothing. Redirects are followed by hand and checked alike. Proxies are
not used.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

from index.errors import FetchError
from index.model.source import Origin, Source, SourceKind
from index.sources.extract import DEFAULT_LIMITS, Limits

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MEDIA_TYPES = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "text/plain",
        "text/markdown",
        "text/x-markdown",
        "application/pdf",
        "application/x-pdf",
        "application/epub+zip",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/octet-stream",  # what it is, its first bytes and its name tell
        "",
    }
)
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; Footnote)",
    "Accept": "text/html,application/xhtml+xml,application/pdf,text/plain;q=0.9,*/*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PIECE = 65_536
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_RESERVED = (
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure's metadata, at an address that looks public
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocols; Oracle's metadata
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays
)


def is_public(address: Address) -> bool:
    """Whether an address is a host's on the public internet.

    Private, loopback, link-local, multicast, shared (CGNAT), reserved and unspecified ones are not, nor are
    the metadata services of clouds, nor tunnels that embed an IPv4 address; NAT64 is what it leads to.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        tunnel = address.sixtofour or address.teredo
        return address in _GLOBAL_UNICAST and address.is_global and not tunnel
    inside = any(address in network for network in _RESERVED)
    return address.is_global and not address.is_multicast and not address.is_reserved and not inside


def _resolve(host: str, port: int) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True)
class Guard:
    """Turns a host's name into addresses that may be connected to. Only tests have use for another one."""

    resolve: Callable[[str, int], Sequence[str]] = _resolve
    allows: Callable[[Address], bool] = is_public

    def addresses(self, host: str, port: int, shown: str) -> tuple[str, ...]:
        """The addresses of a host, all of them checked.

        Raises:
            FetchError: the host is unknown, or one of its addresses is not allowed.
        """
        try:
            found = tuple(dict.fromkeys(self.resolve(host, port)))
        except (OSError, UnicodeError) as error:
            raise FetchError("{address} is at no known host. Check the spelling.", address=shown) from error
        if not found or not all(self.allows(ipaddress.ip_address(one)) for one in found):
            raise FetchError(
                "{address} is not on the public web. Only pages that anybody can open are fetched.",
                address=shown,
            )
        return found


_PUBLIC_WEB = Guard()


def fetch(address: str, limits: Limits = DEFAULT_LIMITS, *, guard: Guard = _PUBLIC_WEB) -> Source:
    """Fetches what is at a web address; ``origin.place`` is the address that redirects led to.

    Args:
        address: An http or https address.
        limits: How many bytes, seconds and redirects it may take.
        guard: Decides where a connection may go to.

    Raises:
        FetchError: it must not be fetched, cannot be, or takes more than the limits.
    """
    visit = _Visit(limits, guard)
    # In a thread: nothing else bounds how long a name's resolution or a header that drips in may take.
    worker = threading.Thread(target=visit.run, args=(address,), daemon=True, name="footnote-fetch")
    worker.start()
    worker.join(limits.max_seconds)
    too_long = worker.is_alive()  # whatever it comes to after being cut off is no answer
    visit.abandon()
    if visit.error is not None and not too_long:
        raise visit.error
    if visit.source is None or too_long:
        raise FetchError(
            "{address} takes longer than {limit} seconds to fetch. "
            "Try again later, or give the article as a file.",
            address=_shown(address),
            limit=f"{limits.max_seconds:g}",
        )
    return visit.source


class _Visit:
    """One fetch. ``source`` or ``error`` is set when it is over."""

    def __init__(self, limits: Limits, guard: Guard) -> None:
        self.source: Source | None = None
        self.error: BaseException | None = None
        self._limits = limits
        self._guard = guard
        self._deadline = time.monotonic() + limits.max_seconds
        self._socket: socket.socket | None = None

    def run(self, address: str) -> None:
        try:
            self.source = self._follow(address)
        except TimeoutError:
            return  # what fetch() says when there is neither
        except BaseException as error:  # raised by fetch(), in the thread that asked
            self.error = error

    def abandon(self) -> None:
        """Ends the connection, if there is one, so that the thread comes to its end."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it was over already

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _follow(self, address: str) -> Source:
        url = _checked(address)
        for _ in range(self._limits.max_redirects + 1):
            connection = self._connect(url)
            response = None
            try:
                self._socket = connection.sock  # the connection itself forgets it once an answer began
                response = self._ask(connection, url)
                target = response.headers.get("Location")
                if response.status not in _REDIRECTS or not target:
                    return self._read(url, response)
            finally:
                if response is not None:
                    response.close()
                connection.close()
            url = _checked(urljoin(url.url, target))
        raise FetchError(
            "{address} sends on more than {limit} times. Give the address that it leads to in the end.",
            address=_shown(address),
            limit=self._limits.max_redirects,
        )

    def _connect(self, url: Url) -> HTTPConnection:
        shown = _shown(url.url)
        host = (url.host or "").strip("[]")
        port = url.port or (443 if url.scheme == "https" else 80)
        refused: Exception | None = None
        for place in self._guard.addresses(host, port, shown):
            connection = (
                HTTPSConnection(
                    place,
                    port,
                    timeout=self._left(),
                    cert_reqs="CERT_REQUIRED",
                    server_hostname=host,
                    assert_hostname=host,
                )
                if url.scheme == "https"
                else HTTPConnection(place, port, timeout=self._left())
            )
            try:
                connection.connect()
            except (HTTPError, OSError) as error:
                refused = error
                connection.close()
            else:
                return connection
        self._left()
        raise FetchError(
            "{address} cannot be reached. Check the address, or try again later.", address=shown
        ) from refused

    def _ask(self, connection: HTTPConnection, url: Url) -> BaseHTTPResponse:
        host = url.host if url.port is None else f"{url.host}:{url.port}"
        try:
            connection.request(
                "GET",
                url.request_uri,
                headers={**_HEADERS, "Host": str(host)},
                preload_content=False,
                decode_content=True,
            )
            return connection.getresponse()
        except (HTTPError, HTTPException, OSError) as error:
            self._left()
            raise FetchError(
                "{address} gives no answer that can be read. Try again later.", address=_shown(url.url)
            ) from error

    def _read(self, url: Url, response: BaseHTTPResponse) -> Source:
        shown = _shown(url.url)
        if response.status != HTTPStatus.OK:
            raise FetchError(
                "{address} answers {status}. Open it in a browser to see whether it is there for everybody.",
                address=shown,
                status=_status(response.status),
            )
        media_type = response.headers.get("Content-Type", "")
        if media_type.partition(";")[0].strip().lower() not in MEDIA_TYPES:
            raise FetchError(
                "{address} is {media_type}, not an article. Pages, texts, PDF, DOCX and EPUB files are read.",
                address=shown,
                media_type=media_type[:100],
            )
        too_large = FetchError(
            "{address} is larger than {limit} MB, the most that is read.",
            address=shown,
            limit=f"{self._limits.max_bytes / 1e6:.3g}",
        )
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._limits.max_bytes:
            raise too_large
        content = bytearray()
        try:
            for piece in response.stream(_PIECE, decode_content=True):
                content += piece
                if len(content) > self._limits.max_bytes:
                    raise too_large
                self._left()
        except (HTTPError, HTTPException, OSError) as error:
            self._left()
            raise FetchError("{address} breaks off before its end. Try again.", address=shown) from error
        return Source(Origin(SourceKind.WEB, url.url, media_type or None), bytes(content))


def _checked(address: str) -> Url:
    """An address as the parts that are connected to and asked for; the fragment left out.

    Raises:
        FetchError: it is no web address, or one that must not be fetched.
    """
    shown = _shown(address)
    try:
        url = parse_url(address.strip())
    except LocationParseError as error:
        raise FetchError("{address} is not a web address.", address=shown) from error
    if url.scheme not in ("http", "https"):
        raise FetchError(
            "{address} is not a web address: it has to start with http:// or https://.", address=shown
        )
    if not url.host:
        raise FetchError("{address} is not a web address: it names no host.", address=shown)
    if url.auth is not None:
        raise FetchError(
            "{address} has a user name in it. Give it without the part before the @.", address=shown
        )
    if url.port is not None and url.port < 1024 and url.port not in (80, 443):
        raise FetchError(
            "{address} names port {port}, which is not one of the web's.", address=shown, port=url.port
        )
    return url._replace(path=url.path or "/", fragment=None)


def _shown(address: str) -> str:
    """An address as a message has it: in one line, not endless, without a password."""
    plain = "".join(char for char in address if char.isprintable()).strip()
    scheme, slashes, rest = plain.partition("://")
    host, slash, path = rest.partition("/")
    plain = f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"
    return (plain if len(plain) <= 200 else f"{plain[:199]}…") or "The address"


def _status(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
