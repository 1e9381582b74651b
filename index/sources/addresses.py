"""Web addresses: which may be connected to, and whose they are."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from index.errors import FetchError

if TYPE_CHECKING:
    from tldextract import TLDExtract

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST = re.compile(r"[a-z0-9._-]++|[0-9a-f:.]++")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_RESERVED_NETWORKS = (
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
    inside = any(address in network for network in _RESERVED_NETWORKS)
    return address.is_global and not address.is_multicast and not address.is_reserved and not inside


def _resolve(host: str, port: int) -> Sequence[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


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
            addresses = tuple(dict.fromkeys(self.resolve(host, port)))
        except (OSError, UnicodeError) as error:
            raise FetchError("{address} is at no known host. Check the spelling.", address=shown) from error
        if not addresses or not all(self.allows(ipaddress.ip_address(one)) for one in addresses):
            raise FetchError(
                "{address} is not on the public web. Only pages that anybody can open are fetched.",
                address=shown,
            )
        return addresses


def checked(address: str) -> Url:
    """An address as the parts that are connected to and asked for; the fragment left out.

    Raises:
        FetchError: it is no web address, or one that must not be fetched.
    """
    shown = shown_address(address)
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


def shown_address(address: str) -> str:
    """An address as a message has it: in one line, not endless, without a password."""
    plain = "".join(char for char in address if char.isprintable()).strip()
    scheme, slashes, rest = plain.partition("://")
    host, slash, path = rest.partition("/")
    plain = f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"
    return (plain if len(plain) <= 200 else f"{plain[:199]}…") or "The address"


@dataclass(frozen=True, slots=True)
class Site:
    """Whom a web address belongs to.

    Attributes:
        domain: What somebody can register: ``example.co.uk``, ``ada.github.io``; else the host.
        label: The part of it that they choose: ``example``, ``ada``; else the host.
    """

    domain: str
    label: str


def site_of(address: str) -> Site | None:
    """The site of a web address, by the public suffix list, private suffixes (``github.io``) included.

    None where it is no address that a page could have: it names no host, or a user before the host, which
    only makes it look like another one, or a host with what no host's name has. Browsers take a backslash
    for a slash: they would find another host in it.
    """
    try:
        parts = urlsplit(address.strip())
        host, user = (parts.hostname or "").rstrip("."), parts.username
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:  # UnicodeError is one
        return None
    if user is not None or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    name = _suffixes()(host)
    domain = name.top_domain_under_public_suffix
    return Site(domain, name.domain) if domain else Site(host, host)


@cache
def _suffixes() -> TLDExtract:
    """Splits names by the list that tldextract brings along: it asks no network and writes no cache.

    Imported when it is first needed: it brings a client of the web along, which takes long to import.
    """
    from tldextract import TLDExtract

    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
