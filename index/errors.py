"""One tree of errors. Every message is written for the person who reads it: what is wrong, what to do.

IndexError is Python's own, so the root is named for the project:

    FootnoteError
    ├── ArticleError          the article cannot be read or is not an article
    │   └── FetchError             a web page cannot be fetched, or must not be
    │       ├── SiteError              its site answers something else than the page
    │       └── UnreachableError       it cannot be reached just now
    │   └── LocalFileError         a file of this machine cannot be read, or is no article (for the operator)
    ├── EmbeddingModelError   a model cannot be loaded (for the operator)
    │   ├── UnloadableModelError     the embedding model that was named
    │   ├── UnloadableRerankerError  the re-ranker that was named
    │   └── UnloadableReaderError    the reader, the one that ships or that was named
    ├── QuestionError         the question cannot be asked (empty, too long)
    ├── QuestionFileError     a file of questions cannot be read
    │   ├── EvidenceError          its evidence is not in the article
    │   └── OwnQuestionsError      it is the one that accompanies an article, which was not published
    ├── ReindexRunningError   a reindex of this library is running already
    ├── LibraryError          the library cannot do what was asked, e.g. nothing is there to undo
    │   ├── UnknownArticleError    no article of that id is here
    │   ├── EveryonesArticleError  a server's library would change what it shares with all others
    │   ├── NotAtHandError         it is not open in memory, and was not to be opened
    │   └── QuotaError             the library has as much as it may have, or the disk has too little room
    ├── SelfCheckError        the answers to an article's own questions are too often wrong to publish it
    ├── CancelledError        somebody called the work off
    ├── BackupError           a backup cannot be made, or not be brought back (for the operator)
    ├── RebuildingError       the index is being built again; it can be asked when that is done
    └── SnapshotError         an index on disk cannot be used or written (for the operator)
        ├── DataFolderError        the folder that indexes are kept in cannot be read or written
        ├── DatabaseError          the database cannot be used
        └── SnapshotDamagedError   its checksums, format or contents do not match: rebuild it
"""

from __future__ import annotations

from typing import ClassVar, Self


class FootnoteError(Exception):
    """Root of every error this project raises on purpose; its text can be shown to a user as it is.

    Args:
        message: The text, with the names of ``values`` in braces; without ``values``, taken as it is. It is
            what a catalogue of translations knows the error by.
        values: What stands in the braces.

    Attributes:
        for_operator: Whether the text is for whoever runs the bot, since it tells of the machine (a path, a
            model, a disk). Nobody else is shown it.
    """

    for_operator: ClassVar[bool] = False

    def __init__(self, message: str = "", /, **values: object) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message = message
        self.values = values


class ArticleError(FootnoteError):
    """The article cannot be read, or what was read is not an article."""


class FetchError(ArticleError):
    """A web address cannot be fetched, or is one that must not be."""


class SiteError(FetchError):
    """A site answers something else than the page.

    Attributes:
        code: The status of HTTP.
        retry_after: The seconds after which it wants to be asked again, where it says so.
    """

    def __init__(
        self, message: str, /, *, code: int, retry_after: float | None = None, **values: object
    ) -> None:
        super().__init__(message, **values)
        self.code = code
        self.retry_after = retry_after

    @property
    def is_gone(self) -> bool:
        """Whether the page is there no more."""
        return self.code in (404, 410)


class UnreachableError(FetchError):
    """A web address cannot be reached just now, or not within the time."""


class LocalFileError(ArticleError):
    """A file of this machine cannot be read, or is not an article."""

    for_operator = True

    @classmethod
    def of(cls, error: ArticleError) -> Self:
        """The same as an error of any article, now that it is known to be a file of this machine."""
        return cls(error.message, **error.values)


class EmbeddingModelError(FootnoteError):
    """The embedding model, the re-ranker or the reader cannot be loaded."""

    for_operator = True


class UnloadableModelError(EmbeddingModelError):
    """The embedding model that was named cannot be loaded."""


class UnloadableRerankerError(EmbeddingModelError):
    """The re-ranker that was named cannot be loaded."""


class UnloadableReaderError(EmbeddingModelError):
    """The reader that ships, or that was named, cannot be loaded."""


class QuestionError(FootnoteError):
    """The question cannot be asked: it is empty, or longer than the limit."""


class QuestionFileError(FootnoteError):
    """A file of questions cannot be read."""


class EvidenceError(QuestionFileError):
    """A file of questions has evidence that is not in the article."""


class OwnQuestionsError(QuestionFileError):
    """The questions that accompany an article cannot be read; it was not published."""


class ReindexRunningError(FootnoteError):
    """A reindex is running already."""


class LibraryError(FootnoteError):
    """The library cannot do what was asked of it; nothing was changed."""


class UnknownArticleError(LibraryError):
    """No article of that id is in this library."""


class EveryonesArticleError(LibraryError):
    """A library of a server would change an article that it shares with all others.

    Args:
        id: The article's.
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - as in Library
        super().__init__(
            "“{id}” is everyone's article, so it cannot be changed from here. To have it otherwise, add "
            "an article of your own and put that in use.",
            id=id,
        )


class NotAtHandError(LibraryError):
    """An article is not open in memory, and only what is was asked for."""


class QuotaError(LibraryError):
    """A library has as much as it may have, was changed as often as it may be, or the disk is too full."""


class SelfCheckError(FootnoteError):
    """Too few of an article's own questions are answered rightly; nothing was published.

    Attributes:
        failed: The questions that were not.
    """

    def __init__(self, message: str, /, *, failed: tuple[str, ...], **values: object) -> None:
        super().__init__(message, **values)
        self.failed = failed


class CancelledError(FootnoteError):
    """Somebody called the work off; nothing was changed."""


class BackupError(FootnoteError):
    """A backup cannot be made, or is none that can be brought back; nothing was changed."""

    for_operator = True


class RebuildingError(FootnoteError):
    """The index of an article is being built again, and none is there to answer from meanwhile.

    Attributes:
        done: How far that is,
        total: of how many steps; 0 while it waits for its turn.
    """

    def __init__(self, message: str, /, *, done: int, total: int, **values: object) -> None:
        super().__init__(message, done=done, total=total, **values)
        self.done, self.total = done, total


class SnapshotError(FootnoteError):
    """An index on disk cannot be used or written."""

    for_operator = True


class DataFolderError(SnapshotError):
    """The folder that indexes are kept in cannot be read or written."""


class DatabaseError(SnapshotError):
    """The database cannot be reached, is damaged, or was written by a newer version."""


class StorageError(SnapshotError):
    """The storage that machines share cannot be reached, is not set up, or belongs to another database."""


class SnapshotDamagedError(SnapshotError):
    """An index on disk does not match its checksums, its format or the article: it has to be rebuilt."""
