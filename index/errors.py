"""One tree of errors. Every message is written for the person who reads it: what is wrong, what to do.

IndexError is Python's own, so the root is named for the project:

    FootnoteError
    ├── ArticleError          the article cannot be read or is not an article
    │   └── FetchError             a web page cannot be fetched, or must not be
    ├── EmbeddingModelError   the embedding model or the re-ranker cannot be loaded
    ├── QuestionError         the question cannot be asked (empty, too long)
    ├── QuestionFileError     a file of questions cannot be read
    │   └── OwnQuestionsError      it is the one that accompanies an article, which was not published
    ├── ReindexRunningError   a reindex of this library is running already
    ├── LibraryError          the library cannot do what was asked, e.g. nothing is there to undo
    │   └── UnknownArticleError    no article of that id is here
    ├── SelfCheckError        the answers to an article's own questions are too often wrong to publish it
    ├── CancelledError        somebody called the work off
    └── SnapshotError         an index on disk cannot be used or written
        └── SnapshotDamagedError   its checksums, format or contents do not match: rebuild it
"""

from __future__ import annotations


class FootnoteError(Exception):
    """Root of every error this project raises on purpose; its text can be shown to a user as it is.

    Args:
        message: The text, with the names of ``values`` in braces; without ``values``, taken as it is. It is
            what a catalogue of translations knows the error by.
        values: What stands in the braces.
    """

    def __init__(self, message: str = "", /, **values: object) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message = message
        self.values = values


class ArticleError(FootnoteError):
    """The article cannot be read, or what was read is not an article."""


class FetchError(ArticleError):
    """A web address cannot be fetched, or is one that must not be."""


class EmbeddingModelError(FootnoteError):
    """The embedding model or the re-ranker cannot be loaded."""


class QuestionError(FootnoteError):
    """The question cannot be asked: it is empty, or longer than the limit."""


class QuestionFileError(FootnoteError):
    """A file of questions cannot be read."""


class OwnQuestionsError(QuestionFileError):
    """The questions that accompany an article cannot be read; it was not published."""


class ReindexRunningError(FootnoteError):
    """A reindex is running already."""


class LibraryError(FootnoteError):
    """The library cannot do what was asked of it; nothing was changed."""


class UnknownArticleError(LibraryError):
    """No article of that id is in this library."""


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


class SnapshotError(FootnoteError):
    """An index on disk cannot be used or written."""


class SnapshotDamagedError(SnapshotError):
    """An index on disk does not match its checksums, its format or the article: it has to be rebuilt."""
