"""Sites that are read by schedule, politely: one request at a time, with pauses, and as robots.txt has it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock
from urllib.parse import urlsplit

from cachetools import TTLCache

from index.errors import ArticleError, FetchError, SiteError
from index.model.watch import (
    NO_VALIDATORS,
    ListedPage,
    Listing,
    PageVisit,
    RobotRules,
    Validators,
    WebResponse,
)
from index.sources.addresses import Guard
from index.sources.extract.refusals import Refusal
from index.sources.files import read, read_list
from index.sources.limits import DEFAULT_LIMITS, Limits
from index.sources.sandbox import robot_rules
from index.sources.web import LIST_TYPES, MEDIA_TYPES, PUBLIC_WEB, fetch_if_changed

PAUSE = 1.0
"""Seconds between two requests to a host."""

_LONGEST_PAUSE = 5.0  # whatever robots.txt asks for: it holds up all other sites, and few pages are visited
_LISTING_TIME = 60.0  # seconds after which no further sitemap of a sitemap of sitemaps is begun
_HOSTS = 1_000  # that are remembered
_DAY = 86_400.0  # for which a robots.txt counts, after RFC 9309
_ROBOTS_BYTES = 500_000
_NOT_FOUND, _SERVER_FAILURE = 400, 500


class Visits:
    """Visits pages and lists of pages. Thread-safe: one request is made at a time.

    Args:
        limits: What a source may cost.
        guard: Decides where a connection may go to.
        now: A time in seconds that only goes on.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        guard: Guard = PUBLIC_WEB,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = limits
        self._guard = guard
        self._now, self._sleep = now, sleep
        self._ends: TTLCache[str, float] = TTLCache(_HOSTS, 2 * _LONGEST_PAUSE, timer=now)
        self._pauses: TTLCache[str, float] = TTLCache(_HOSTS, _DAY, timer=now)
        self._robots: TTLCache[str, bytes] = TTLCache(_HOSTS, _DAY, timer=now)
        self._one_at_a_time = Lock()

    def page(self, address: str, id: str, validators: Validators = NO_VALIDATORS) -> PageVisit:  # noqa: A002
        """Reads a page.

        Args:
            address: Where it is.
            id: The id of the article that is read of it.
            validators: What its site told of the version that is known.

        Raises:
            ArticleError: it cannot be fetched, or is no article.
        """
        response = self._get(address, validators)
        if response.source is None:
            return PageVisit(None, None, validators)
        return PageVisit(response.source, read(response.source, id, self._limits), response.validators)

    def listing(
        self, address: str, validators: Validators = NO_VALIDATORS
    ) -> tuple[Listing | None, Validators]:
        """Reads a feed or a sitemap, or a sitemap of sitemaps with those that it names, in part if slow.

        Returns:
            What it lists, or None where that has not changed; what its site told of this version.

        Raises:
            ArticleError: it cannot be fetched, or is no such list.
        """
        begins_at = self._now()
        response = self._get(address, validators, media_types=LIST_TYPES)
        if response.source is None:
            return None, validators
        listing, lists = self._listing(response)
        for one in lists:
            if self._now() - begins_at > _LISTING_TIME:
                listing = replace(listing, is_whole=False)
                break
            more, deeper = self._listing(self._get(one, media_types=LIST_TYPES))
            listing = replace(
                listing,
                pages=(*listing.pages, *more.pages),
                is_whole=listing.is_whole and more.is_whole and not deeper,
            )
        # What a sitemap of sitemaps leads to may change without it.
        validators = response.validators if not lists else NO_VALIDATORS
        pages = dict[str, ListedPage]()
        for page in listing.pages:
            pages.setdefault(page.address, page)
        in_order = sorted(pages.values(), key=_date, reverse=True)  # stable: else as they are listed
        return replace(listing, pages=tuple(in_order)), validators

    def may_visit(self, addresses: Sequence[str]) -> dict[str, bool]:
        """Whether their sites' robots.txt lets pages be fetched; those are left out whose site does not say.

        A robots.txt that is not there allows everything; one that cannot be had forbids it for now.
        """
        hosts: dict[str, list[str]] = {}
        for address in addresses:
            hosts.setdefault(_root(address), []).append(address)
        permissions: dict[str, bool] = {}
        for root, some in hosts.items():
            try:
                rules = self._rules(root, some)
            except (ArticleError, Refusal):
                continue
            permissions |= dict(zip(some, rules.permissions, strict=True))
        return permissions

    def _rules(self, root: str, addresses: Sequence[str]) -> RobotRules:
        if root not in self._robots:
            self._robots[root] = self._robots_of(root)
        content = self._robots[root]
        if not content.strip():
            return RobotRules((True,) * len(addresses))
        rules = robot_rules(content, addresses, self._limits)
        self._pauses[root] = min(max(PAUSE, rules.delay or 0.0), _LONGEST_PAUSE)
        return rules

    def _robots_of(self, root: str) -> bytes:
        limits = replace(self._limits, max_bytes=min(self._limits.max_bytes, _ROBOTS_BYTES))
        try:
            source = self._get(f"{root}/robots.txt", limits=limits).source
        except SiteError as error:
            if _NOT_FOUND <= error.code < _SERVER_FAILURE:
                return b""
            raise
        return source.content if source is not None else b""

    def _listing(self, response: WebResponse) -> tuple[Listing, tuple[str, ...]]:
        source = response.source
        assert source is not None  # noqa: S101 - told to the type checker: it was looked at before
        return read_list(source, self._limits)

    def _get(
        self,
        address: str,
        validators: Validators = NO_VALIDATORS,
        *,
        limits: Limits | None = None,
        media_types: frozenset[str] = MEDIA_TYPES,
    ) -> WebResponse:
        """Fetches after a pause.

        Raises:
            FetchError: it cannot be fetched.
        """
        root = _root(address)
        with self._one_at_a_time:
            pause = self._ends.get(root, 0.0) - self._now()
            if root in self._ends and pause > 0:
                self._sleep(pause)
            try:
                return fetch_if_changed(
                    address, limits or self._limits, validators, media_types=media_types, guard=self._guard
                )
            finally:
                self._ends[root] = self._now() + self._pauses.get(root, PAUSE)


def _date(page: ListedPage) -> float:
    return page.date.timestamp() if page.date else 0.0


def _root(address: str) -> str:
    """A site, as its address begins.

    Raises:
        FetchError: it is no web address.
    """
    try:
        parts = urlsplit(address.strip())
        return f"{parts.scheme.lower()}://{parts.netloc.lower()}"
    except ValueError as error:
        raise FetchError("{address} is not a web address.", address=address[:200]) from error
