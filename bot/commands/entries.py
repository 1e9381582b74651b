"""The articles of a library as admins name them."""

from __future__ import annotations

from collections.abc import Iterator

from index import Action, Entry, EveryonesArticleError, Library, UnknownArticleError

MOST_CHANGES = 1_000
"""How many changes are looked back at."""


def entry_of(library: Library, article: str) -> Entry:
    """An article that can be asked.

    Raises:
        UnknownArticleError: there is none of that id.
    """
    for entry in library.entries():
        if entry.id == article:
            return entry
    raise UnknownArticleError("No article “{id}” is here.", id=article)


def own_entry_of(library: Library, article: str) -> Entry:
    """An article that the library may change.

    Raises:
        UnknownArticleError: there is none of that id.
        EveryonesArticleError: it is not this server's own.
    """
    entry = entry_of(library, article)
    if not entry.own:
        raise EveryonesArticleError(id=article)
    return entry


def own_entries(library: Library) -> tuple[Entry, ...]:
    """The articles that the library may change."""
    return tuple(entry for entry in library.entries() if entry.own)


def was_removed(library: Library, article: str) -> bool:
    """Whether the last change of an article was that it was removed."""
    return any(change.action is Action.REMOVED for change in library.history(article, limit=1))


def removed_articles(library: Library) -> Iterator[str]:
    """The articles whose last change was that they were removed."""
    last = {change.article: change.action for change in reversed(library.history(limit=MOST_CHANGES))}
    return (article for article, action in last.items() if action is Action.REMOVED)
