"""A question's answer and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from index.model.article import Span
from index.model.library import IndexInfo

MAX_QUESTION_CHARS = 4_000  # as long as a message may be with Nitro


class Status(StrEnum):
    """How far an answer can be relied on."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    NOT_IN_ARTICLE = "not_in_article"


class Verdict(StrEnum):
    """What the article says to a question for yes or no, or to a claim."""

    SAYS_SO = "says_so"
    SAYS_OTHERWISE = "says_otherwise"
    DOES_NOT_SAY = "does_not_say"


class ArticleTopic(StrEnum):
    """What a question asks about the article as a whole."""

    CONTENT = "content"
    AUTHOR = "author"
    DATE = "date"
    SOURCE = "source"
    LENGTH = "length"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class ArticleFact:
    """What is known of an article, and need not stand in it.

    ``value`` is a name, a date (ISO 8601), a site or an address, a number of words, or a title. ``is_claim``
    tells that only the article says so.
    """

    topic: ArticleTopic
    value: str
    is_claim: bool = False


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

    ``citations`` are what the answer rests on, the strongest first; empty when the status is NOT_IN_ARTICLE.
    Each has the number that it has for people, who read them in the article's order. ``closest`` is, where
    there are none, the nearest passage's sentence, to be shown as no more than that. ``read_as`` lists words
    of the question that were read as another word of the article's (spelling slips). ``snapshot`` names the
    index that answered; ``timings_ms`` is per stage.

    ``short`` are the words that answer, a span of the article within the first citation; None for a list or a
    reason, and where no reader reads. ``probability`` is how likely the first citation answers, None where
    nothing tells it. ``verdict`` is what the article says to a question for yes or no, or to a claim; None to
    any other question.

    ``about`` is what the question asks about the article as a whole, None where it asks of what stands in it;
    ``fact`` is then what is known of the article, which may be all that there is to cite.
    """

    question: str
    status: Status
    citations: tuple[Citation, ...]
    closest: tuple[Citation, ...]
    article_id: str
    article_title: str
    snapshot: str
    read_as: tuple[tuple[str, str], ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    short: Span | None = None
    probability: float | None = None
    verdict: Verdict | None = None
    about: ArticleTopic | None = None
    fact: ArticleFact | None = None

    @property
    def short_text(self) -> str | None:
        """The words that answer, byte for byte a part of the first citation's quote."""
        if self.short is None:
            return None
        first = self.citations[0]
        return first.quote[self.short.start - first.start : self.short.end - first.start]

    @property
    def in_article_order(self) -> tuple[Citation, ...]:
        """The citations as people read them, in the order of their numbers."""
        return tuple(sorted(self.citations, key=lambda citation: citation.number))


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked before in a conversation, and the spans of the article cited to it."""

    question: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """An answer and the index that gave it: ``info.article`` is what its citations count in."""

    answer: Answer
    info: IndexInfo
