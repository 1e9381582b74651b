"""The index of a whole library, kept up with its articles: on disk by changes, in memory by questions."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.errors import FootnoteError, SnapshotDamagedError
from index.language.attribution import Speech
from index.language.follow_ups import FollowUp
from index.language.terms import Analyzer
from index.library.finding import Collection, Holding
from index.library.memory import Cache, Newest, OpenArticle
from index.library.models import Models
from index.search.bm25 import TermPlaces
from index.search.embedding import Embedder, Floats
from index.search.leads import Leads
from index.search.segments import Segment, segment_of
from index.search.token_vectors import codec_named
from index.search.whole import Share, WholeIndex
from index.storage.library_folder import LibraryStamp
from index.storage.snapshot_files import FORMAT, Manifest, Snapshot
from index.storage.whole_index import Row, row_of

Key: TypeAlias = tuple[Path, str]
Open: TypeAlias = Callable[[Holding], OpenArticle]

_SEGMENT_BYTES = 64 * 1024 * 1024  # mapped from disk anyway; what was searched last stays
_INDEX_BYTES = 512 * 1024 * 1024  # as for the articles that are open

log = logging.getLogger(__name__)


class StaleArticleError(Exception):
    """What the index has of an article is not what the article is by now, or cannot be read.

    Attributes:
        keys: The article's, or those of the articles that it may be.
    """

    def __init__(self, *keys: Key) -> None:
        super().__init__(", ".join(article for _, article in keys))
        self.keys = keys


class Indexing:
    """Keeps the indexes of libraries. Thread-safe.

    Args:
        models: What their vectors are made with.
    """

    def __init__(self, *, models: Models) -> None:
        self._models = models
        self._segments: Cache[str, Segment] = Cache(100_000, _SEGMENT_BYTES, lambda segment: segment.nbytes)
        self._libraries: Cache[Path, WholeLibrary] = Cache(
            100_000, _INDEX_BYTES, lambda library: library.index.nbytes
        )
        self._lock = threading.Lock()

    def keep_up(self, collection: Collection, article: str, fresh_article: OpenArticle | None = None) -> None:
        """Brings what is on disk up to an article that has come, gone or changed. The caller has the lock.

        Never fails: the article is changed, and what cannot be written now, the next question makes up for.

        Args:
            collection: The library.
            article: The article's id.
            fresh_article: Its new index, where there is one.
        """
        folder = collection.folder
        try:
            newest = folder.of(article).newest()
            if newest is None:
                folder.index.change({article: None}, {})
                return
            if fresh_article is not None and fresh_article.snapshot.name == newest[0]:
                snapshot, segment = fresh_article.snapshot, fresh_article.answerer.segment()
            else:
                snapshot = folder.of(article).open(newest[0])
                segment = _segment_of(snapshot)
            row = row_of(snapshot.name, snapshot.manifest.digest, segment)
            folder.index.change({article: row}, {row.segment: segment})
        except (OSError, FootnoteError) as error:
            log.warning("The index of %s could not be written: %s", folder.path, error)

    def current(self, collection: Collection, open_article: Open) -> WholeLibrary:
        """The index of a library, brought up to what its articles are now.

        Args:
            collection: The library.
            open_article: Opens an article of which no segment can be had, and heals it where need be.

        Raises:
            EmbeddingModelError: a model cannot be loaded.
        """
        path, embedder = collection.folder.path, self._models.load().embedder
        with self._lock:
            library = self._libraries.get(path)
            if library is None or library.index.is_worn:
                library = WholeLibrary(collection, embedder, open_article, self._segments)
        library.refresh()
        self._libraries.put(path, library)  # its size may be another one now
        return library


@dataclass(frozen=True)
class _Entry:
    """An article that is in the index, and what was its newest snapshot then."""

    holding: Holding
    newest: Newest
    row: Row


class WholeLibrary:
    """A library in memory, as one index. Thread-safe.

    Args:
        collection: The library.
        embedder: What its vectors are made with.
        open_article: Opens an article.
        segments: Where segments are held.

    Attributes:
        index: What is searched.
    """

    def __init__(
        self, collection: Collection, embedder: Embedder, open_article: Open, segments: Cache[str, Segment]
    ) -> None:
        self.index: WholeIndex[Key] = WholeIndex(embedder.dimension)
        self._collection = collection
        self._embedder = embedder
        self._open = open_article
        self._segments = segments
        self._entries: dict[Key, _Entry] = {}
        self._own: dict[Key, Holding] = {}
        self._fallback: Holding | None = None
        self._missing: dict[Key, Holding] = {}  # what could not be opened
        self._stamp: LibraryStamp | None = None  # as of when all articles were looked at
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Takes in what has come or changed since, and lets go of what has gone.

        Where nothing has, that is told by one file's time and the library's revision, however many there are.
        """
        folder, fallback = self._collection.folder, self._collection.fallback()
        with self._lock:
            stamp = folder.stamp()
            if stamp == self._stamp:
                self._fall_back_to(fallback)
                self._take(list(self._missing.values()))
                return
            own = [Holding(self._collection, article) for article in folder.ids()]
            self._own = {holding.key: holding for holding in own}
            for key in [*self._entries, *self._missing]:
                if key not in self._own and key != fallback.key:
                    self._let_go(key)
            fresh = self._take(self._own.values())
            self._fall_back_to(fallback)
            self._stamp = (folder.index.stamp(), stamp[1]) if self._write(fresh) else stamp

    def rank(self, question: str, follow_up: FollowUp | None) -> tuple[Share[Key], ...]:
        """Ranks passages of all articles; see ``WholeIndex.rank``.

        Raises:
            StaleArticleError: what is needed of one cannot be read.
        """
        return self.index.rank(
            question, follow_up, self._embedder, segment=self._segment, tokens=self._token_rows
        )

    def opened(self, key: Key) -> OpenArticle:
        """An article, as it is in the index.

        Raises:
            StaleArticleError: it is another one by now, or cannot be opened.
        """
        entry = self._entry(key)
        try:
            article = self._open(entry.holding)
        except FootnoteError as error:
            log.warning("“%s” cannot be asked: %s", entry.holding.id, error)
            raise StaleArticleError(key) from error
        if article.snapshot.manifest.digest != entry.row.digest:
            raise StaleArticleError(key)
        return article

    def heal(self, key: Key) -> None:
        """Takes an article in as it answers now; where it cannot be opened, it is out until it can be."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._try(entry.holding, partial(self._take_open, entry.holding))

    def _fall_back_to(self, fallback: Holding) -> None:
        """Takes in what the library falls back to, if that is not its own, in place of what it was."""
        before, self._fallback = self._fallback, fallback
        if before is not None and before.key != fallback.key and before.key not in self._own:
            self._let_go(before.key)
        if fallback.key not in self._own:
            self._take([fallback])

    def _take(self, holdings: Iterable[Holding]) -> dict[str, tuple[Row, Segment]]:
        """Takes in what is not as it was; returns those of its own segments that were not on disk."""
        rows: dict[Path, dict[str, Row]] = {}
        fresh: dict[str, tuple[Row, Segment]] = {}
        for holding in holdings:
            folder = holding.collection.folder
            if folder.path not in rows:
                rows[folder.path] = folder.index.rows()
            row = rows[folder.path].get(holding.id)
            segment_row = self._try(holding, partial(self._taken, holding, row))
            if segment_row is not None and holding.collection is self._collection:
                fresh[holding.id] = segment_row
        return fresh

    def _try(
        self, holding: Holding, take: Callable[[], tuple[Row, Segment] | None]
    ) -> tuple[Row, Segment] | None:
        try:
            return take()
        except FootnoteError as error:  # an article that cannot be opened leaves the others
            log.warning("“%s” cannot be asked: %s", holding.id, error)
            self._let_go(holding.key)
            self._missing[holding.key] = holding
            return None

    def _taken(self, holding: Holding, row: Row | None) -> tuple[Row, Segment] | None:
        """Takes an article in; returns its segment, where that was not on disk."""
        newest, entry = holding.newest, self._entries.get(holding.key)
        if entry is not None and entry.newest == newest:
            return None
        folder = holding.collection.folder
        manifest = folder.manifest(holding.id)
        if newest is None or manifest is None or not self._serves(manifest):
            return self._take_open(holding)
        with contextlib.suppress(SnapshotDamagedError):
            if row is not None and (row.snapshot, row.digest) == (newest[0], manifest.digest):
                self._put(holding, newest, row, folder.index.segment(row))
                return None
        try:
            snapshot = folder.of(holding.id).open(newest[0])
        except SnapshotDamagedError:
            return self._take_open(holding)
        return self._put_new(holding, newest, snapshot, _segment_of(snapshot))

    def _take_open(self, holding: Holding) -> tuple[Row, Segment]:
        """Takes an article in as it answers now, whichever snapshot that is of."""
        article = self._open(holding)
        return self._put_new(holding, holding.newest, article.snapshot, article.answerer.segment())

    def _put_new(
        self, holding: Holding, newest: Newest, snapshot: Snapshot, segment: Segment
    ) -> tuple[Row, Segment]:
        row = row_of(snapshot.name, snapshot.manifest.digest, segment)
        self._put(holding, newest, row, segment)
        return row, segment

    def _put(self, holding: Holding, newest: Newest, row: Row, segment: Segment) -> None:
        self.index.add(holding.key, segment)
        self._entries[holding.key] = _Entry(holding, newest, row)
        self._missing.pop(holding.key, None)
        self._segments.put(row.segment, segment.without_vectors())

    def _let_go(self, key: Key) -> None:
        self.index.remove(key)
        self._entries.pop(key, None)
        self._missing.pop(key, None)

    def _write(self, fresh: dict[str, tuple[Row, Segment]]) -> bool:
        """Writes what was not on disk, and strikes out what has gone, unless somebody is at work."""
        index = self._collection.folder.index
        rows: dict[str, Row | None] = {article: row for article, (row, _) in fresh.items()}
        rows |= dict.fromkeys(index.rows().keys() - {article for _, article in self._own})
        if not rows:
            return False
        with self._collection.transactions.if_free() as is_free:
            if not is_free:
                return False
            try:
                index.change(rows, {row.segment: segment for row, segment in fresh.values()})
            except OSError as error:
                log.warning("The index of %s could not be written: %s", index.path, error)
                return False
            return True

    def _serves(self, manifest: Manifest) -> bool:
        return (manifest.format, manifest.model_sha256) == (FORMAT, self._embedder.sha256)

    def _segment(self, key: Key) -> Segment:
        entry = self._entry(key)
        segment = self._segments.get(entry.row.segment)
        if segment is None:
            try:
                segment = entry.holding.collection.folder.index.segment(entry.row).without_vectors()
            except SnapshotDamagedError as error:
                raise StaleArticleError(key) from error
            self._segments.put(entry.row.segment, segment)
        return segment

    def _token_rows(self, key: Key, rows: npt.NDArray[np.int64]) -> Floats:
        entry = self._entry(key)
        folder = entry.holding.collection.folder.of(entry.holding.id)
        codec = codec_named(self._segment(key).codec)
        if codec is None:
            raise StaleArticleError(key)
        try:
            return folder.token_rows(entry.row.snapshot, rows, codec)
        except SnapshotDamagedError as error:
            raise StaleArticleError(key) from error

    def _entry(self, key: Key) -> _Entry:
        entry = self._entries.get(key)
        if entry is None:  # it has gone since it was found
            raise StaleArticleError(key)
        return entry


def _segment_of(snapshot: Snapshot) -> Segment:
    """The segment of an article that need not be opened for it."""
    index = snapshot.index
    article = index.article
    terms = TermPlaces.of(Analyzer(article.language).located_terms(article.text))
    return segment_of(index, Leads(article, index.passages), Speech(article).mentions, terms)
