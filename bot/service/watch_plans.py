"""Which pages of a feed or a sitemap become articles, stay, are read again, or go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from index import ListedPage, Listing, Watch, WatchKind, WatchPage


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        new: Pages that are to become articles, newest first.
        changes: Pages that are articles, and were changed since.
        surplus: Articles that are to go.
        doubtful: Articles that the list has no more, and that stay while their pages are there.
    """

    new: tuple[ListedPage, ...] = ()
    changes: tuple[ListedPage, ...] = ()
    surplus: tuple[WatchPage, ...] = ()
    doubtful: tuple[WatchPage, ...] = ()


def plan_of(watch: Watch, listing: Listing | None, pages: Collection[WatchPage]) -> Plan:
    """What is to be done with the pages of a list.

    A sitemap has all pages of its site: what has left it goes. A feed has the newest: what has left it goes
    when its page is gone. Of either, as many as are wanted are kept, the newest.

    Args:
        watch: The feed or the sitemap.
        listing: What it lists; None where that has not changed.
        pages: What became of its pages before.
    """
    ours = {page.address: page for page in pages if page.article is not None}
    if listing is None:
        return Plan(doubtful=tuple(page for page in ours.values() if not page.is_listed))
    entries = {page.address: page for page in listing.pages}
    stays = watch.kind is WatchKind.FEED or not listing.is_whole
    away = [page for address, page in ours.items() if address not in entries]
    rejects = {
        page.address
        for page in pages
        if page.article is None
        and (page.stamp is None or page.address not in entries or page.stamp == entries[page.address].stamp)
    }
    candidates: list[ListedPage | WatchPage] = [one for one in listing.pages if one.address not in rejects]
    candidates += away if stays else []
    choice = [page.address for page in sorted(candidates, key=_age)[: watch.most]]
    return Plan(
        new=tuple(entries[address] for address in choice if address not in ours),
        changes=tuple(
            entries[address]
            for address in choice
            if address in ours and address in entries and ours[address].stamp != entries[address].stamp
        ),
        surplus=tuple(page for address, page in ours.items() if address not in choice),
        doubtful=tuple(page for page in away if page.address in choice),
    )


def _age(page: ListedPage | WatchPage) -> float:
    """By which pages are in order, the newest first; those without a date come last, as they are listed."""
    return -page.date.timestamp() if page.date else 0.0
