"""Where a library's articles are read from: a source, the place it came from, or what is left on disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from index.errors import ArticleError, LibraryError, LocalFileError, SnapshotDamagedError
from index.model.article import Article
from index.model.source import Origin, Source, SourceKind
from index.sources.files import read, read_file, reread
from index.sources.limits import Limits
from index.sources.sandbox import analyse
from index.storage.library_folder import LibraryFolder
from index.storage.snapshots import SnapshotFolder


class LostArticleError(LibraryError):
    """An index is damaged, and so is all that it could be built again from."""


@dataclass(frozen=True)
class SourcedArticle:
    """An article as it was read, and what from; no source where only the article was left of it."""

    article: Article
    origin: Origin | None
    source: Source | None


class Sources:
    """Reads sources, within limits.

    What goes wrong with a file of this machine is a LocalFileError: its path is nobody's business but the
    operator's.

    Args:
        limits: What a source may cost.
    """

    def __init__(self, *, limits: Limits) -> None:
        self._limits = limits

    def read(self, source: Source, id: str) -> SourcedArticle:  # noqa: A002 - as in Article
        """The article that a source holds.

        Raises:
            ArticleError: it holds none.
        """
        with _local(source.origin.kind):
            return SourcedArticle(read(source, id, self._limits), source.origin, source)

    def file(self, path: Path) -> Source:
        """A file of this machine.

        Raises:
            LocalFileError: it cannot be read.
        """
        with _local(SourceKind.FILE):
            return read_file(path, self._limits)

    def again(self, origin: Origin) -> Source | None:
        """A source again from where it came; None for an attachment, which is nowhere but in the library.

        Raises:
            ArticleError: it cannot be got.
        """
        with _local(origin.kind):
            return reread(origin, self._limits)

    def recover(self, folder: LibraryFolder, article: str, names: list[str]) -> SourcedArticle:
        """The article of the newest of some snapshots of which enough is left.

        Raises:
            LostArticleError: enough is left of none.
            ArticleError: what it was made from is left, and can no longer be read.
        """
        snapshots = folder.of(article)
        for name in names:
            source = None
            with contextlib.suppress(SnapshotDamagedError):
                source = snapshots.source(name)
            with contextlib.suppress(SnapshotDamagedError):
                stored_article, origin = snapshots.article(name)
                source = source or self._doubted_source(snapshots, name, stored_article, origin)
                return SourcedArticle(stored_article, origin, source)
            if source is not None:
                return self.read(source, article)
        raise LostArticleError(
            "The index of “{id}” is damaged, and so is all that it could be built again from. Add the "
            "article again under another id, or remove it first.",
            id=article,
        )

    def analysed(self, sourced_article: SourcedArticle) -> SourcedArticle:
        """It, ready to be built from: what was recovered as it is stored was read by an earlier version.

        Raises:
            ArticleError: its text takes more than the limits.
        """
        if sourced_article.article.sentences is not None:
            return sourced_article
        return replace(sourced_article, article=analyse(sourced_article.article, self._limits))

    def _doubted_source(
        self, snapshots: SnapshotFolder, name: str, article: Article, origin: Origin | None
    ) -> Source | None:
        """A source whose checksum is lost with the manifest, if the very same article comes of it."""
        with contextlib.suppress(SnapshotDamagedError):
            snapshots.manifest(name)
            return None
        source = snapshots.unchecked_source(name, origin) if origin is not None else None
        with contextlib.suppress(ArticleError):
            if source is not None and read(source, article.id, self._limits) == article:
                return source
        return None


@contextlib.contextmanager
def _local(kind: SourceKind) -> Iterator[None]:
    try:
        yield
    except LocalFileError:
        raise
    except ArticleError as error:
        if kind in (SourceKind.FILE, SourceKind.SHIPPED):
            raise LocalFileError.of(error) from error
        raise
