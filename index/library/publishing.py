"""An article, read -> a published snapshot: built, held against its own questions, written."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.answering.answerer import Answerer
from index.answering.confidence import Thresholds
from index.errors import OwnQuestionsError, SelfCheckError
from index.evaluation.run import OnQuestion, self_check
from index.library.shelf import Ready
from index.model.answer import Answer
from index.model.library import (
    IndexInfo,
    MovedAnswer,
    PassageCounts,
    Progress,
    ReindexReport,
    SelfCheck,
    Stage,
)
from index.search.build import Index, OnProgress, build
from index.search.embedding import Embedder
from index.search.ranking import Reranker
from index.storage.holdings import Holdings, Look, Reading
from index.storage.ledger import Note
from index.storage.snapshots import FORMAT, Contents, Manifest, Snapshot, made_by, snapshot_name


@dataclass(frozen=True)
class Publisher:
    """Publishes articles to one library.

    Attributes:
        holdings: The library's folder.
        embedder: What embeds,
        reranker: and what reads the best sentences once more, if anything.
        thresholds: Gives the model's, telling how far it is where they have to be fitted.
        check_at_least: The share of an article's own questions that must be answered rightly.
        on_progress: Told how far it is; may raise to call it off.
    """

    holdings: Holdings
    embedder: Embedder
    reranker: Reranker | None
    thresholds: Callable[[Snapshot | None], Thresholds]
    check_at_least: float
    on_progress: OnProgress

    def publish(
        self, note: Note, look: Look | None, found: Reading, before: Ready | None, *, force: bool
    ) -> tuple[Ready, ReindexReport]:
        """Publishes an article, if anything of it has changed. The caller has the lock.

        Args:
            note: The change that was begun; it is entered in the history, or struck out.
            look: What is on disk of the article; None for a new one.
            found: The article.
            before: The index that answers now, if it is in memory.
            force: Publish it whatever its own questions say.

        Returns:
            The index that answers from now on, and what has changed; the seconds are this step's.

        Raises:
            OwnQuestionsError: its own questions cannot be read. Nothing was changed.
            SelfCheckError: too many of its own questions are answered wrongly. Nothing was changed.
            SnapshotError: it cannot be written. Nothing was changed.
        """
        began = time.perf_counter()
        if look is not None and look.whole is not None and self._is_unchanged(look, found):
            with self.holdings.writing():
                self.holdings.ledger.call_off()
            same = before and before.snapshot.name == look.whole.name
            ready = before if before and same else self.answering(look.whole, look.newest)
            kept = len(look.whole.index.passages)
            report = ReindexReport(ready.info, kept, 0, 0, time.perf_counter() - began, published=False)
            return ready, report

        last = look.whole if look is not None else None
        old = last if last is not None and self._goes_on(last.manifest) else None
        index = build(found.article, self.embedder, self.on_progress, before=old.index if old else None)
        limits = self.thresholds(old)
        answerer = self._answerer(index, limits, snapshot_name(note.number, found.article))
        # The first question finds much out that later ones need: nobody shall wait for that.
        answerer.answer(found.article.title.strip() or found.article.id)
        check, unread = None, None
        try:
            check = self._check(answerer, found)
        except OwnQuestionsError as error:
            if not force:
                raise
            unread = error
        if check is not None and check.right < self.check_at_least * check.asked and not force:
            raise _failed(check)
        moved = self._moved(old, before, answerer, found.article.questions) if old else ()
        kept, added, removed = _compared(last.index if last else None, index, comparable=old is not None)
        snapshot, newest = self._write(
            note, index, found, limits, PassageCounts(kept, added, removed), look.spoilt if look else []
        )
        ready = Ready(snapshot, newest, answerer, info_of(snapshot))
        return ready, ReindexReport(
            info=ready.info,
            kept=kept,
            added=added,
            removed=removed,
            seconds=time.perf_counter() - began,
            examples=len(found.article.questions) if old else 0,
            moved=moved,
            check=check,
            unread_questions=unread,
        )

    def answering(self, snapshot: Snapshot, newest: tuple[str, int] | None) -> Ready:
        """A snapshot that answers."""
        answerer = self._answerer(snapshot.index, snapshot.manifest.thresholds, snapshot.name)
        return Ready(snapshot, newest, answerer, info_of(snapshot))

    def _answerer(self, index: Index, limits: Thresholds, name: str) -> Answerer:
        return Answerer(index, self.embedder, thresholds=limits, snapshot=name, reranker=self.reranker)

    def _goes_on(self, manifest: Manifest) -> bool:
        """Whether a new index can take over embeddings: made by another model or version, they differ."""
        made = (manifest.format, manifest.made_by, manifest.model_sha256)
        return made == (FORMAT, made_by(), self.embedder.sha256)

    def _is_unchanged(self, look: Look, found: Reading) -> bool:
        before = look.whole
        if before is None or look.damaged or not self._goes_on(before.manifest):
            return False
        stored = self.holdings.of(found.article.id).source(before.name)
        questions = [source.questions if source else None for source in (stored, found.source)]
        return (
            before.index.article == found.article
            and before.manifest.origin == found.origin
            and questions[0] == questions[1]
        )

    def _check(self, answerer: Answerer, found: Reading) -> SelfCheck | None:
        if found.source is None or found.source.questions is None:
            return None
        return self_check(
            lambda question: answerer.respond(question)[1],
            found.article,
            found.source.questions,
            self._on_question,
        )

    @property
    def _on_question(self) -> OnQuestion:
        return lambda done, total: self.on_progress(Progress(Stage.CHECK, done, total))

    def _moved(
        self, old: Snapshot, before: Ready | None, after: Answerer, questions: Sequence[str]
    ) -> tuple[MovedAnswer, ...]:
        """The example questions to which something else is quoted than before."""
        if not questions:
            return ()
        if before is None or before.snapshot.name != old.name:
            before = self.answering(old, None)
        moved: list[MovedAnswer] = []
        for number, question in enumerate(questions):
            self._on_question(number, len(questions))
            was, now = (_quoted(answerer.answer(question)) for answerer in (before.answerer, after))
            if was != now:
                moved.append(MovedAnswer(question, was, now))
        return tuple(moved)

    def _write(
        self,
        note: Note,
        index: Index,
        found: Reading,
        limits: Thresholds,
        detail: PassageCounts,
        spoilt: Sequence[str],
    ) -> tuple[Snapshot, tuple[str, int] | None]:
        self.on_progress(Progress(Stage.SAVE, 0, 1))
        made = Contents(index, found.origin, found.source, self.embedder.name, self.embedder.sha256, limits)
        note = note.model_copy(update={"detail": detail})
        folder = self.holdings.of(found.article.id)
        with self.holdings.writing():
            self.holdings.ledger.begin(note)
            snapshot = folder.publish(note.number, made, instead_of=spoilt)
            newest = folder.newest()
        self.holdings.enter(note)
        return snapshot, newest


def info_of(snapshot: Snapshot) -> IndexInfo:
    """A snapshot, for people."""
    return IndexInfo(
        article=snapshot.index.article,
        passages=snapshot.index.passages,
        model=snapshot.manifest.model,
        model_sha256=snapshot.manifest.model_sha256,
        indexed_at=snapshot.manifest.built_at,
        snapshot=snapshot.name,
    )


def _compared(before: Index | None, after: Index, *, comparable: bool) -> tuple[int, int, int]:
    """How many passages stand as they stood, are new, and are gone."""
    old = _texts(before) if before is not None else Counter[str]()
    new = _texts(after)
    kept = (old & new).total() if comparable else 0
    return kept, new.total() - kept, old.total() - kept


def _texts(index: Index) -> Counter[str]:
    return Counter(passage.of(index.article.text) for passage in index.passages)


def _quoted(answer: Answer) -> str | None:
    return " ".join(citation.quote for citation in answer.in_article_order) or None


def _failed(check: SelfCheck) -> SelfCheckError:
    return SelfCheckError(
        "Only {right} of the article's own {asked} questions are answered rightly, so it was not published. "
        "Not answered rightly: {wrong}",
        failed=check.failed,
        right=check.right,
        asked=check.asked,
        wrong=" ".join(check.failed),
    )
