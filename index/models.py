"""The data that flows through the index, as frozen dataclasses.

Every ``start`` and ``end`` counts Unicode code points in ``Article.text``: a span is ``text[start:end]``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

MAX_QUESTION_CHARS = 4_000
MAX_ID_CHARS = 40
"""Of an article's id: the id of a button has to hold it beside everything else."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points in the article."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words of this span in ``text``."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Paragraph(Span):
    """A paragraph of the article, without the line break that ends it. ``number`` counts from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Heading(Span):
    """A line of the article that heads what follows it. ``level`` counts from 1, the outermost."""

    level: int


@dataclass(frozen=True)
class Article:
    """An article as it is indexed and quoted.

    ``text`` is never altered after it was read: citations count in it. What the source does not
    say is None. ``title_is_label`` marks a title that is not the article's own but a label for it.
    ``source`` is the article's own (canonical) web address. ``headings`` are paragraphs of the text, in
    order.
    """

    id: str
    title: str
    text: str
    title_is_label: bool = False
    language: str = "en"
    source: str | None = None
    published: date | None = None
    questions: tuple[str, ...] = ()
    author: str | None = None
    site: str | None = None
    headings: tuple[Heading, ...] = ()

    @cached_property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The paragraphs in order: runs of text between line breaks, blank ones left out."""
        found: list[Paragraph] = []
        start = 0
        for line in self.text.splitlines(keepends=True):
            words = line.strip()
            if words:
                first = start + line.index(words)
                found.append(Paragraph(first, first + len(words), len(found) + 1))
            start += len(line)
        return tuple(found)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the text in UTF-8, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def paragraph_at(self, offset: int) -> Paragraph:
        """The paragraph that holds ``offset``, or the nearest one before it (the first, if none is)."""
        return next((p for p in reversed(self.paragraphs) if p.start <= offset), self.paragraphs[0])


class SourceKind(StrEnum):
    """Where an article can come from."""

    SHIPPED = "shipped"
    FILE = "file"
    UPLOAD = "upload"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an article came from. ``place`` is a path, a file's name or a web address."""

    kind: SourceKind
    place: str
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: enough to read the article again without the place that it came from.

    ``sidecar`` is TOML (see ``index.sources.Sidecar``), ``questions`` are JSON lines with the article's own
    questions and what answers them.
    """

    origin: Origin
    content: bytes
    sidecar: bytes | None = None
    questions: bytes | None = None


@dataclass(frozen=True, slots=True)
class Sentence(Span):
    """A sentence of a passage, white space around it left out."""

    paragraph: int
    passage: int


@dataclass(frozen=True, slots=True)
class Passage(Span):
    """What is embedded as one: whole sentences of one paragraph, within the model's window.

    Passages partition the article: each runs on to the start of the next, so that their texts in order
    are the article's. ``number`` counts from 0, ``sentences`` are this passage's, in order. ``path`` are
    the headings that it stands under, outermost first.
    """

    id: str
    number: int
    paragraph: int
    sentences: tuple[Sentence, ...]
    path: tuple[str, ...] = ()


class Status(StrEnum):
    """How far an answer can be relied on."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    NOT_IN_ARTICLE = "not_in_article"


@dataclass(frozen=True, slots=True)
class Citation:
    """A footnote: ``quote`` is ``article.text[start:end]``, to the byte.

    ``before`` and ``after`` are not the article's words. They are what a reader of the quote alone needs
    to know whose words these are: the speaker's name and the quotation mark that the cut lost before it,
    the closing mark or a note on who "he" is after it. Show ``before + quote + after``.

    ``score`` is the retriever's, comparable within one answer only. Higher is better. ``deciding`` are the
    words of the quote that matched the question best, as spans of the article: at most three runs, in order.
    """

    number: int
    quote: str
    start: int
    end: int
    paragraph: int
    passage_id: str
    speaker: str | None
    score: float
    before: str = ""
    after: str = ""
    deciding: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """The quote as it is shown: with its speaker and its quotation marks."""
        return f"{self.before}{self.quote}{self.after}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the article says to a question, or that it does not say.

    ``citations`` are what the answer rests on, number 1 the strongest; empty when the status is
    NOT_IN_ARTICLE. ``closest`` is then the nearest passage's sentence, to be shown as no more than that.
    ``text`` is the citations' ``text`` in article order, with a warning before it when the status is
    UNCERTAIN, or the sentence that says that the article does not say. ``read_as`` lists words of the
    question that were read as another word of the article's (spelling slips). ``snapshot`` names the index
    that answered; ``timings_ms`` is per stage.
    """

    question: str
    status: Status
    text: str
    citations: tuple[Citation, ...]
    closest: tuple[Citation, ...]
    article_id: str
    article_title: str
    snapshot: str
    read_as: tuple[tuple[str, str], ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def in_article_order(self) -> tuple[Citation, ...]:
        """The citations as the answer's text gives them."""
        return tuple(sorted(self.citations, key=lambda citation: citation.start))


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked before in a conversation, and the spans of the article cited to it."""

    question: str
    cited: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What is indexed, for people: see ``footnote show`` and ``/article``."""

    article: Article
    passages: tuple[Passage, ...]
    model: str
    model_sha256: str
    indexed_at: datetime
    snapshot: str


class Stage(StrEnum):
    """The stages of a reindex, in order."""

    READ = "reading the article"
    CHUNK = "cutting it into passages"
    EMBED = "embedding the passages"
    CALIBRATE = "fitting the confidence thresholds"
    CHECK = "asking its questions"
    SAVE = "saving the index"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a reindex is: ``done`` of ``total`` steps of ``stage``."""

    stage: Stage
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class MovedAnswer:
    """An example question whose answer a reindex changed: what was quoted, and what is now.

    None where the article did not or does not say.
    """

    question: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """How an article's own question file came out: ``right`` of ``asked`` first citations were right."""

    asked: int
    right: int
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What a reindex changed, in passages, and how long it took.

    ``kept`` passages stand unchanged and were not embedded again. ``published`` is False where nothing
    at all had changed, so that the index from before still serves. ``examples`` is how many example
    questions were asked before and after. ``check`` is None where no question file accompanies the article.
    """

    info: IndexInfo
    kept: int
    added: int
    removed: int
    seconds: float
    published: bool = True
    examples: int = 0
    moved: tuple[MovedAnswer, ...] = ()
    check: SelfCheck | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An answer and the index that gave it: ``info.article`` is what its citations count in."""

    answer: Answer
    info: IndexInfo


@dataclass(frozen=True, slots=True)
class Entry:
    """An article of a library. ``own`` is False for the one that the library falls back to."""

    id: str
    title: str
    place: str
    passages: int
    indexed_at: datetime
    snapshots: int
    own: bool
    in_use: bool


class Action(StrEnum):
    """What can be done to a library."""

    ADDED = "added"
    REINDEXED = "reindexed"
    REMOVED = "removed"
    USED = "used"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a library's history: who did what to which article, and when (UTC)."""

    when: datetime
    who: str
    action: Action
    article: str
    detail: str = ""
