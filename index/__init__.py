"""Articles in, cited answers out. Synchronous, and knows nothing of Discord."""

from index.errors import (
    ArticleError,
    CancelledError,
    EmbeddingModelError,
    FootnoteError,
    LibraryError,
    QuestionError,
    QuestionFileError,
    ReindexRunningError,
    SelfCheckError,
    SnapshotDamagedError,
    SnapshotError,
    UnknownArticleError,
)
from index.evaluation.run import Carried, ConversationMetrics, Metrics, Mode
from index.library.library import ALL, Library
from index.model.answer import MAX_QUESTION_CHARS, Answer, Citation, Found, Status, Turn
from index.model.article import Article, Heading, Paragraph, Passage, Sentence, Span
from index.model.library import (
    MAX_ID_CHARS,
    Action,
    Change,
    Entry,
    IndexInfo,
    MovedAnswer,
    Progress,
    ReindexReport,
    SelfCheck,
    Stage,
)
from index.model.source import Origin, Source, SourceKind
from index.search.embedding import import_model_libraries, stand_back
from index.sources.files import Limits, read_file, upload
from index.sources.web import fetch

__all__ = [
    "ALL",
    "MAX_ID_CHARS",
    "MAX_QUESTION_CHARS",
    "Action",
    "Answer",
    "Article",
    "ArticleError",
    "CancelledError",
    "Carried",
    "Change",
    "Citation",
    "ConversationMetrics",
    "EmbeddingModelError",
    "Entry",
    "FootnoteError",
    "Found",
    "Heading",
    "IndexInfo",
    "Library",
    "LibraryError",
    "Limits",
    "Metrics",
    "Mode",
    "MovedAnswer",
    "Origin",
    "Paragraph",
    "Passage",
    "Progress",
    "QuestionError",
    "QuestionFileError",
    "ReindexReport",
    "ReindexRunningError",
    "SelfCheck",
    "SelfCheckError",
    "Sentence",
    "SnapshotDamagedError",
    "SnapshotError",
    "Source",
    "SourceKind",
    "Span",
    "Stage",
    "Status",
    "Turn",
    "UnknownArticleError",
    "fetch",
    "import_model_libraries",
    "read_file",
    "stand_back",
    "upload",
]
