"""Which articles a library has, which one is in use, and what it falls back to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.errors import EveryonesArticleError, LibraryError, SnapshotDamagedError, UnknownArticleError
from index.model.article import Article
from index.model.library import Entry
from index.model.source import SourceKind
from index.sources.ids import article_id
from index.storage.library_folder import LibraryFolder
from index.storage.transactions import Transactions


class Collection:
    """The articles of one library.

    Args:
        folder: What it holds on disk.
        set_path: The article that the settings name, for the common library; None for a server's.
        parent: What a server's library falls back to; None for the common one.
    """

    def __init__(
        self, *, folder: LibraryFolder, set_path: Path | None = None, parent: Collection | None = None
    ) -> None:
        self.folder = folder
        self.transactions = Transactions(folder)
        self.set_path = set_path
        self.set_id = article_id(set_path.stem) if set_path else None
        self.parent = parent

    def in_use(self, place: str | None = None) -> str:
        """The id of the article in use at a place: its own, the library's, or what it falls back to."""
        state = self.folder.records.now()
        for article in (state.places.get(place) if place else None, state.in_use):
            if article is not None and self.has(article):
                return article
        return self.fallback().id

    def fallback(self) -> Holding:
        """What is answered from where nothing was chosen: the set article, or what the parent has in use."""
        if self.parent is not None:
            return self.parent.find(None)
        assert self.set_id is not None  # noqa: S101 - told to the type checker: who has no parent has it
        return Holding(self, self.set_id)

    def find(self, article: str | None, place: str | None = None) -> Holding:
        """An article by its id, or the one in use at a place.

        Raises:
            UnknownArticleError: no such article is here.
        """
        article = self.in_use(place) if article is None else article
        if article == self.set_id or self.folder.has(article):
            return Holding(self, article)
        if self.parent is not None and (fallback := self.fallback()).id == article:
            return fallback
        raise UnknownArticleError(
            "No article “{id}” is here. The list of articles says which ones are.", id=article
        )

    def fetching(self, article: str) -> Callable[[], object] | None:
        """What fetches an article to this machine; None where there is nothing to fetch."""
        with contextlib.suppress(UnknownArticleError):
            holding = self.find(article)
            return holding.collection.folder.fetching(holding.id)
        return None

    def named(self, name: str) -> str:
        """The id of the article that somebody calls by its id or its title; else the name itself."""
        if self.has(name):
            return name
        titles = {entry.title.strip().casefold(): entry.id for entry in self.entries()}
        return titles.get(name.strip().casefold(), name)

    def has(self, article: str) -> bool:
        """Whether an article can be asked here: its own, or the one that is fallen back to."""
        with contextlib.suppress(UnknownArticleError):
            self.find(article)
            return True
        return False

    def owns(self, article: str) -> bool:
        """Whether an article was added here."""
        return article != self.set_id and self.folder.has(article)

    def demand_own(self, article: str) -> None:
        """Makes sure that an article was added here.

        Raises:
            UnknownArticleError: no such article is here.
            EveryonesArticleError: it is not this server's own.
            LibraryError: it is the one that the settings name.
        """
        self.find(article)
        if not self.owns(article) and self.parent is None:
            raise LibraryError(
                "“{id}” is the article that the settings name: it is read again from its file, and neither "
                "replaced nor removed here. Add another article and put that in use.",
                id=article,
            )
        if not self.owns(article):
            raise EveryonesArticleError(id=article)

    def all(self) -> list[Holding]:
        """Every article that can be asked here: its own in order of id, then what it falls back to."""
        holdings = [Holding(self, article) for article in self.folder.ids()]
        fallback = self.fallback()
        return holdings if fallback in holdings else [*holdings, fallback]

    def entries(self, place: str | None = None) -> tuple[Entry, ...]:
        """Every article, in order of id; ``in_use`` is for the place. No index is opened for it."""
        in_use = self.in_use(place)
        holdings = {holding.id: holding for holding in reversed(self.all())}  # its own go before others'
        return tuple(
            holdings[article].entry(own=self.owns(article), in_use=article == in_use)
            for article in sorted(holdings)
        )


@dataclass(frozen=True)
class Holding:
    """An article, and the collection that holds it."""

    collection: Collection
    id: str

    @property
    def key(self) -> tuple[Path, str]:
        """What tells it from every other."""
        return self.collection.folder.path, self.id

    @property
    def newest(self) -> tuple[str, int] | None:
        """What tells its newest snapshot from every other; None where there is none."""
        return self.collection.folder.of(self.id).newest()

    @property
    def is_set(self) -> bool:
        """Whether it is the article that the settings name."""
        return self.id == self.collection.set_id

    @property
    def set_path(self) -> Path:
        """The file of the article that the settings name."""
        path = self.collection.set_path
        assert path is not None  # noqa: S101 - told to the type checker: only asked of the set article
        return path

    def version(self, version: str) -> Article:
        """The article as it was, by the start of an ``Article.sha256``.

        Raises:
            LibraryError: that version of it is gone.
        """
        folder = self.collection.folder.of(self.id)
        for name in (*folder.names(), *folder.undone()):
            if version[:8] == name[-8:][: len(version)]:
                with contextlib.suppress(SnapshotDamagedError):
                    article, _ = folder.article(name)
                    if article.sha256.startswith(version):
                        return article
        raise LibraryError("“{id}” has changed since, and that version of it is no longer kept.", id=self.id)

    def entry(self, *, own: bool, in_use: bool) -> Entry:
        """It, as a list of articles shows it.

        Where nothing on disk says what it is, since it is to be built yet, its id has to do.
        """
        folder = self.collection.folder
        manifest = folder.manifest(self.id)
        if manifest is None or manifest.origin is None:
            title, passages, indexed_at = self.id, 0, _changed(folder.article(self.id))
            place, path = "", self.collection.set_path if self.is_set else None
            if manifest is not None:
                passages, indexed_at = manifest.passages, manifest.built_at
        else:
            title, place = manifest.title, manifest.origin.place
            path = Path(place) if manifest.origin.kind is SourceKind.FILE else None
            passages, indexed_at = manifest.passages, manifest.built_at
        return Entry(
            id=self.id,
            title=title,
            place=path.name if path else place,
            path=path,
            passages=passages,
            indexed_at=indexed_at,
            snapshots=len(folder.of(self.id).names()),
            own=own,
            in_use=in_use,
        )


def _changed(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)
