"""A web address in, a source out: over http and https, from public addresses alone, within limits.

A host's name is resolved once for each request. Every address that it resolves to is checked, and the
connection goes to the very address that was checked, so that a name which resolves to something else a moment
later gains nothing. Redirects are followed by hand and checked alike. Proxies are
not used.
"""

from __future__ import annotations

import socket
import threading
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Url

from index.errors import FetchError, SiteError, UnreachableError
from index.model.source import Origin, Source, SourceKind
from index.model.watch import NO_VALIDATORS, Validators, WebResponse
from index.sources.addresses import Guard, checked, shown_address
from index.sources.limits import DEFAULT_LIMITS, Limits

MEDIA_TYPES = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "text/plain",
        "text/markdown",
        "text/x-markdown",
        "text/vtt",
        "application/x-subrip",
        "multipart/related",
        "message/rfc822",
        "application/pdf",
        "application/x-pdf",
        "application/epub+zip",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/octet-stream",  # what it is, its first bytes and its name tell
        "",
    }
)
LIST_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/xml",
        "text/xml",
        *MEDIA_TYPES,
    }
)
"""What feeds and sitemaps are sent as: many sites say of them what is not so."""
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml"})
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; Footnote)",
    "Accept": "text/html,application/xhtml+xml,application/pdf,text/plain;q=0.9,*/*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADER_CHARS = 500  # of a validator that is kept
_PIECE = 65_536  # bytes that are read at a time
PUBLIC_WEB = Guard()


def fetch(address: str, limits: Limits = DEFAULT_LIMITS, *, guard: Guard = PUBLIC_WEB) -> Source:
    """Fetches what is at a web address; ``origin.place`` is the address that redirects led to.

    Args:
        address: An http or https address.
        limits: How many bytes, seconds and redirects it may take.
        guard: Decides where a connection may go to.

    Raises:
        FetchError: it must not be fetched, cannot be, or takes more than the limits.
    """
    source = fetch_if_changed(address, limits, guard=guard).source
    assert source is not None  # noqa: S101 - told to the type checker: without validators there is one
    return source


def fetch_if_changed(
    address: str,
    limits: Limits = DEFAULT_LIMITS,
    validators: Validators = NO_VALIDATORS,
    *,
    media_types: frozenset[str] = MEDIA_TYPES,
    guard: Guard = PUBLIC_WEB,
) -> WebResponse:
    """Fetches what is at a web address, unless its site says that it is as it was; else as ``fetch``.

    Args:
        address: An http or https address.
        limits: How many bytes, seconds and redirects it may take.
        validators: What the site told of the version that is known.
        media_types: What it may be.
        guard: Decides where a connection may go to.

    Raises:
        SiteError: the site answers something else than the page.
        FetchError: it must not be fetched, cannot be, or takes more than the limits.
    """
    visit = _Visit(limits, guard, validators, media_types)
    # In a thread: nothing else bounds how long a name's resolution or a header that drips in may take.
    worker = threading.Thread(target=visit.run, args=(address,), daemon=True, name="footnote-fetch")
    worker.start()
    worker.join(limits.max_seconds)
    too_long = worker.is_alive()  # whatever it comes to after being cut off is no answer
    visit.abandon()
    if visit.error is not None and not too_long:
        raise visit.error
    if visit.response is None or too_long:
        raise UnreachableError(
            "{address} takes longer than {limit} seconds to fetch. "
            "Try again later, or give the article as a file.",
            address=shown_address(address),
            limit=f"{limits.max_seconds:g}",
        )
    return visit.response


class _Visit:
    """One fetch. ``response`` or ``error`` is set when it is over."""

    def __init__(
        self,
        limits: Limits,
        guard: Guard,
        validators: Validators = NO_VALIDATORS,
        media_types: frozenset[str] = MEDIA_TYPES,
    ) -> None:
        self.response: WebResponse | None = None
        self.error: BaseException | None = None
        self._limits = limits
        self._guard = guard
        self._conditions = {
            name: value
            for name, value in (
                ("If-None-Match", validators.etag),
                ("If-Modified-Since", validators.last_modified),
            )
            if value is not None
        }
        self._media_types = media_types
        self._deadline = 0.0
        self._socket: socket.socket | None = None

    def run(self, address: str) -> None:
        self._deadline = time.monotonic() + self._limits.max_seconds
        try:
            self.response = self._follow(address)
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

    def _follow(self, address: str) -> WebResponse:
        url = checked(address)
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
            url = checked(urljoin(url.url, target))
        raise FetchError(
            "{address} sends on more than {limit} times. Give the address that it leads to in the end.",
            address=shown_address(address),
            limit=self._limits.max_redirects,
        )

    def _connect(self, url: Url) -> HTTPConnection:
        shown = shown_address(url.url)
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
        raise UnreachableError(
            "{address} cannot be reached. Check the address, or try again later.", address=shown
        ) from refused

    def _ask(self, connection: HTTPConnection, url: Url) -> BaseHTTPResponse:
        host = url.host if url.port is None else f"{url.host}:{url.port}"
        try:
            connection.request(
                "GET",
                url.request_uri,
                headers={**_HEADERS, **self._conditions, "Host": str(host)},
                preload_content=False,
                decode_content=True,
            )
            return connection.getresponse()
        except (HTTPError, HTTPException, OSError) as error:
            self._left()
            raise UnreachableError(
                "{address} gives no answer that can be read. Try again later.", address=shown_address(url.url)
            ) from error

    def _read(self, url: Url, response: BaseHTTPResponse) -> WebResponse:
        shown = shown_address(url.url)
        if response.status == HTTPStatus.NOT_MODIFIED and self._conditions:
            return WebResponse(None)
        if response.status != HTTPStatus.OK:
            raise SiteError(
                "{address} answers {status}. Open it in a browser to see whether it is there for everybody.",
                code=response.status,
                retry_after=_seconds(response.headers.get("Retry-After", "")),
                address=shown,
                status=_status(response.status),
            )
        media_type = response.headers.get("Content-Type", "")
        plain_type = media_type.partition(";")[0].strip().lower()
        if plain_type in _FEED_TYPES - self._media_types:
            raise FetchError(
                "{address} is a feed, not an article. /library follow has its pages added.", address=shown
            )
        if plain_type not in self._media_types:
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
            raise UnreachableError(
                "{address} breaks off before its end. Try again.", address=shown
            ) from error
        source = Source(Origin(SourceKind.WEB, url.url, media_type or None), bytes(content))
        etag, last_modified = (_plain(response.headers.get(name)) for name in ("ETag", "Last-Modified"))
        return WebResponse(source, Validators(etag, last_modified))


def _plain(header: str | None) -> str | None:
    """A header that can be sent back as it came; else None."""
    fits = header is not None and header.isascii() and header.isprintable() and len(header) <= _HEADER_CHARS
    return header if fits else None


def _seconds(retry_after: str) -> float | None:
    """The seconds that Retry-After names, as a number or as the time when they are over."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _status(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
