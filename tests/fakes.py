"""A library without models: it finds the sentence that shares most words with the question."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from index import (
    MAX_QUESTION_CHARS,
    Answer,
    Article,
    Citation,
    IndexInfo,
    Library,
    Passage,
    Progress,
    QuestionError,
    ReindexReport,
    Sentence,
    Stage,
    Status,
)

ARTICLE = Article(
    id="harbour",
    title="The harbour of *Elms*",
    text=(
        "The harbour of Elms was built in 1901. Forty ships anchor there every summer.\n"
        "“We never turn a ship away,” said Ada Berg, the harbour master. "
        "She has held the post for ten years.\n"
        "The lighthouse is closed to visitors."
    ),
    questions=("When was the harbour built?",),
)
INDEXED_AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class FakeLibrary(Library):
    """The same methods as ``Library``, at once and in memory.

    ``asking`` and ``reindexing`` hold work back while they are clear; ``error`` is raised by the next ask
    or reindex, once it is let through. ``next_article`` is what a reindex finds.
    """

    def __init__(self, article: Article = ARTICLE) -> None:
        self.next_article = self._article = article
        self.asking, self.reindexing = threading.Event(), threading.Event()
        self.asking.set()
        self.reindexing.set()
        self.error: Exception | None = None
        self.asked: list[tuple[str, str]] = []

    def load(self, on_progress: Callable[[Progress], None] = lambda _: None) -> tuple[str, ...]:
        del on_progress
        return ()

    def ask(self, question: str) -> Answer:
        self.asked.append((question, threading.current_thread().name))
        self.asking.wait(timeout=10)
        self._raise()
        if not 0 < len(question) <= MAX_QUESTION_CHARS:
            raise QuestionError(
                f"A question has 1 to {MAX_QUESTION_CHARS:,} characters; this has {len(question):,}."
            )
        article, words = self._article, _words(question)
        ranked = sorted(self._sentences(), key=lambda s: -len(words & _words(s.of(article.text))))
        cited = tuple(self._cite(n, s, words) for n, s in enumerate(ranked[:2], 1))
        best = cited[0].score
        status = Status.ANSWERED if best >= 2 else Status.UNCERTAIN if best else Status.NOT_IN_ARTICLE
        found = status is not Status.NOT_IN_ARTICLE
        return Answer(
            question=question,
            status=status,
            text=" ".join(c.text for c in cited) if found else "The article does not say.",
            citations=cited if found else (),
            closest=() if found else cited[:1],
            article_id=article.id,
            article_title=article.title,
            snapshot="1",
        )

    def reindex(self, on_progress: Callable[[Progress], None] = lambda _: None) -> ReindexReport:
        for stage in Stage:
            on_progress(Progress(stage, 1, 2))
        self.reindexing.wait(timeout=10)
        on_progress(Progress(Stage.SAVE, 2, 2))
        self._raise()
        changed = self._article.text != self.next_article.text
        self._article = self.next_article
        return ReindexReport(
            self.info(), kept=3 - changed, added=int(changed), removed=int(changed), seconds=2.5
        )

    @property
    def article(self) -> Article:
        return self._article

    def info(self) -> IndexInfo:
        paragraphs = self._article.paragraphs
        passages = tuple(
            Passage(p.start, p.end, f"p{p.number}", p.number - 1, p.number, ()) for p in paragraphs
        )
        return IndexInfo(self._article, passages, "bag of words", "0" * 64, INDEXED_AT, "1")

    def _raise(self) -> None:
        error, self.error = self.error, None
        if error:
            raise error

    def _sentences(self) -> list[Sentence]:
        return [
            Sentence(p.start + m.start(), p.start + m.end(), p.number, p.number - 1)
            for p in self._article.paragraphs
            for m in re.finditer(r"\S.*?(?:\.(?= )|$)", p.of(self._article.text))
        ]

    def _cite(self, number: int, sentence: Sentence, words: set[str]) -> Citation:
        quote = sentence.of(self._article.text)
        return Citation(
            number=number,
            quote=quote,
            start=sentence.start,
            end=sentence.end,
            paragraph=sentence.paragraph,
            passage_id=f"p{sentence.paragraph}",
            speaker="Ada Berg" if "“" in quote else None,
            score=float(len(words & _words(quote))),
        )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - {"the", "a", "is", "of", "in", "for", "to"}
