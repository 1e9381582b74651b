"""Articles in, cited answers out. Synchronous, and knows nothing of Discord."""

from index.errors import (
    ArticleError,
    EmbeddingModelError,
    FootnoteError,
    QuestionError,
    QuestionFileError,
    ReindexRunningError,
    SnapshotDamagedError,
    SnapshotError,
)
from index.evaluate import Metrics, Mode
from index.library import Library
from index.models import (
    MAX_QUESTION_CHARS,
    Answer,
    Article,
    Citation,
    IndexInfo,
    Paragraph,
    Passage,
    Progress,
    ReindexReport,
    Sentence,
    Span,
    Stage,
    Status,
)

__all__ = [
    "MAX_QUESTION_CHARS",
    "Answer",
    "Article",
    "ArticleError",
    "Citation",
    "EmbeddingModelError",
    "FootnoteError",
    "IndexInfo",
    "Library",
    "Metrics",
    "Mode",
    "Paragraph",
    "Passage",
    "Progress",
    "QuestionError",
    "QuestionFileError",
    "ReindexReport",
    "ReindexRunningError",
    "Sentence",
    "SnapshotDamagedError",
    "SnapshotError",
    "Span",
    "Stage",
    "Status",
]
