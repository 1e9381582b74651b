"""Changes that people make of a library: articles added, read again, put in use, removed and brought back."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

from index.errors import ArticleError, LibraryError, SnapshotDamagedError
from index.library.finding import Collection, Holding
from index.library.indexing import Indexing
from index.library.publishing import Publisher
from index.library.quotas import Allowance
from index.library.sourcing import LostArticleError, SourcedArticle, Sources
from index.model.library import Action, Progress, ReindexReport, Stage
from index.model.source import ANSWERS, Source, SourceKind
from index.search.build import OnProgress
from index.sources.ids import article_id
from index.storage.library_folder import Condition, is_id
from index.storage.snapshot_files import source_sha256

PATIENCE = 10.0
"""Seconds that a quick change waits for another one to be done."""

NO_PATIENCE = 0.5
"""The same of a reindex: as long as a quick change takes."""


class Changer:
    """Makes changes of libraries. Each is made, or else nothing was changed.

    Args:
        sources: Reads what an article is made from.
        publisher: Publishes it.
        allowance: What there may be.
        indexing: Keeps the libraries' indexes up.
    """

    def __init__(
        self, *, sources: Sources, publisher: Publisher, allowance: Allowance, indexing: Indexing
    ) -> None:
        self._sources = sources
        self._publisher = publisher
        self._allowance = allowance
        self._indexing = indexing

    def use(self, collection: Collection, article: str, *, who: str, place: str | None) -> None:
        """Puts an article in use; see ``Library.use``."""
        collection.find(article)
        with collection.transactions.alone(PATIENCE):
            collection.transactions.use(article, place, who)

    def add(
        self,
        collection: Collection,
        source: Source,
        *,
        who: str,
        id: str | None,  # noqa: A002 - as in Library
        force: bool,
        lease: str,
        on_progress: OnProgress,
    ) -> ReindexReport:
        """Adds an article; see ``Library.add``."""
        began = time.perf_counter()
        if id is not None and not is_id(id):
            raise LibraryError(
                "“{id}” cannot be an id: use up to 40 small letters and digits, with hyphens between them.",
                id=id,
            )
        self._allowance.admit_work(collection)
        self._allowance.admit_article(collection)
        self._allowance.admit_source(collection, source)
        on_progress(Progress(Stage.READ, 0, 1))
        sourced_article = self._sources.read(source, id or "article")
        article = replace(sourced_article.article, id=id or article_id(sourced_article.article.title))
        sourced_article = replace(sourced_article, article=article)
        transactions = collection.transactions
        with transactions.alone(NO_PATIENCE):
            if collection.has(article.id):
                raise LibraryError(
                    "“{id}” is here already. Reindex it, or give the new article another id.", id=article.id
                )
            self._allowance.admit_article(collection)
            number = collection.folder.of(article.id).next_number()
            with transactions.begun(Action.ADDED, article.id, who, number=number, lease=lease) as note:
                _, report = self._publisher.publish(
                    Holding(collection, article.id),
                    note,
                    sourced_article,
                    None,
                    force=force,
                    on_progress=on_progress,
                )
        return self._reported(collection, report, began)

    def reindex(
        self,
        collection: Collection,
        article: str,
        *,
        who: str,
        source: Source | None,
        force: bool,
        lease: str,
        on_progress: OnProgress,
    ) -> ReindexReport:
        """Reads an article afresh; see ``Library.reindex``."""
        began = time.perf_counter()
        holding = collection.find(article)
        if holding.collection is not collection or (source is not None and holding.is_set):
            collection.demand_own(article)
        self._allowance.admit_work(collection)
        if source is not None:
            _demand_same_kind(collection, article, source)
            self._allowance.admit_source(collection, source)
        on_progress(Progress(Stage.READ, 0, 1))
        transactions, folder = collection.transactions, collection.folder
        with transactions.alone(NO_PATIENCE):
            number = folder.of(article).next_number()
            with transactions.begun(Action.REINDEXED, article, who, number=number, lease=lease) as note:
                condition = folder.condition(article)
                sourced_article = self._read_again(holding, condition, source)
                _, report = self._publisher.publish(
                    holding, note, sourced_article, condition, force=force, on_progress=on_progress
                )
        folder.note_failure(article, None)
        return self._reported(collection, report, began)

    def remove(self, collection: Collection, article: str, *, who: str) -> None:
        """Moves an article aside; see ``Library.remove``."""
        collection.demand_own(article)
        with collection.transactions.alone(PATIENCE):
            collection.demand_own(article)
            collection.transactions.set_aside(article, who)
            self._indexing.keep_up(collection, article)

    def undo(self, collection: Collection, article: str, *, who: str) -> None:
        """Goes back to the snapshot before, or brings a removed article back; see ``Library.undo``."""
        with collection.transactions.alone(PATIENCE):
            if collection.folder.was_removed(article) and not collection.folder.has(article):
                self._allowance.admit_article(collection)
                collection.transactions.bring_back(article, who)
            else:
                if article != collection.set_id:
                    collection.demand_own(article)
                collection.transactions.go_back(article, who)
            self._indexing.keep_up(collection, article)

    def _read_again(self, holding: Holding, condition: Condition, source: Source | None) -> SourcedArticle:
        """Reads an article for a reindex: from a new source, from where it came, or from what is stored."""
        stored_article: SourcedArticle | None = None
        if condition.names:
            with contextlib.suppress(SnapshotDamagedError, LostArticleError, ArticleError):
                stored_article = self._sources.recover(holding.collection.folder, holding.id, condition.names)
        if source is None and holding.is_set:
            source = self._sources.file(holding.set_path)
        elif source is None and stored_article is not None and stored_article.origin is not None:
            source = self._sources.again(stored_article.origin) or stored_article.source
        if source is None:
            if stored_article is None:
                raise LibraryError(
                    "Nothing is left of what “{id}” was read from. Reindex it with a new source.",
                    id=holding.id,
                )
            return self._sources.analysed(stored_article)
        attached = source.origin.kind in (SourceKind.UPLOAD, SourceKind.WEB)
        if (
            attached
            and source.questions is None
            and stored_article is not None
            and stored_article.source is not None
        ):
            source = replace(source, questions=stored_article.source.questions)
        return self._as_indexed(condition, source) or self._sources.read(source, holding.id)

    def _as_indexed(self, condition: Condition, source: Source) -> SourcedArticle | None:
        """The article as the index has it, where this version read it from these very bytes; else None."""
        if condition.whole is None or condition.damaged:
            return None
        manifest = condition.whole.manifest
        same = manifest.origin == source.origin and manifest.source_sha256 == source_sha256(source)
        if not same or not self._publisher.goes_on(manifest):
            return None
        return SourcedArticle(condition.whole.index.article, source.origin, source)

    def _reported(self, collection: Collection, report: ReindexReport, began: float) -> ReindexReport:
        return replace(report, seconds=time.perf_counter() - began, quotas=self._allowance.use(collection))


def _demand_same_kind(collection: Collection, article: str, source: Source) -> None:
    """Makes sure that what admins have answered is not replaced: names that are deleted could not go then.

    Raises:
        LibraryError: it would be.
    """
    manifest = collection.folder.manifest(article)
    if manifest is not None and manifest.origin == ANSWERS != source.origin:
        raise LibraryError(
            "“{id}” is made of what admins have answered, and has no other source. Add the new one as an "
            "article of its own.",
            id=article,
        )
