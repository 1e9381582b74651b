"""An article, read -> a published snapshot: built, held against its own questions, written, swapped in."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Sequence

from index.answering.answerer import Answerer
from index.answering.confidence import Thresholds
from index.errors import OwnQuestionsError, SelfCheckError, SnapshotError
from index.library.finding import Collection, Holding
from index.library.indexing import Indexing
from index.library.memory import Memory, Newest, OpenArticle
from index.library.models import Models
from index.library.quotas import Allowance
from index.library.self_check import self_check
from index.library.sourcing import SourcedArticle
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
from index.sources.question_files import own_questions
from index.storage.library_folder import Condition
from index.storage.notes import Note
from index.storage.snapshot_files import FORMAT, Contents, Manifest, Snapshot, encode, made_by
from index.storage.snapshots import snapshot_name

_MOST_EXAMPLES = 20  # of a file of own questions, each answered twice


class Publisher:
    """Publishes articles.

    Args:
        models: What embeds and re-ranks.
        memory: Where an index that answers is held.
        allowance: What there may be.
        indexing: Keeps the libraries' indexes up.
        check_at_least: The share of an article's own questions that must be answered rightly.
    """

    def __init__(
        self,
        *,
        models: Models,
        memory: Memory,
        allowance: Allowance,
        indexing: Indexing,
        check_at_least: float,
    ) -> None:
        self._models = models
        self._memory = memory
        self._allowance = allowance
        self._indexing = indexing
        self._check_at_least = check_at_least

    def publish(
        self,
        holding: Holding,
        note: Note,
        material: SourcedArticle,
        condition: Condition | None,
        *,
        force: bool,
        on_progress: OnProgress,
    ) -> tuple[OpenArticle, ReindexReport]:
        """Publishes an article, if anything of it has changed, and swaps its index in.

        The caller has the library's lock.

        Args:
            holding: Which one.
            note: The change that was begun; it is entered in the history, or struck out.
            material: The article.
            condition: What is on disk of it; None for a new one.
            force: Publish it whatever its own questions say.
            on_progress: Told how far it is; may raise to call it off.

        Returns:
            The index that answers from now on, and what has changed.

        Raises:
            OwnQuestionsError: its own questions cannot be read. Nothing was changed.
            QuotaError: there is no room for it. Nothing was changed.
            SelfCheckError: too many of its own questions are answered wrongly. Nothing was changed.
            SnapshotError: it cannot be written. Nothing was changed.
        """
        began = time.perf_counter()
        collection, key = holding.collection, holding.key
        open_article = self._memory.articles.get(key)
        last = condition.whole if condition is not None else None
        if last is not None and condition is not None and self._is_unchanged(collection, condition, material):
            with collection.folder.records.change() as writer:
                writer.call_off()
            article = self.serving(holding, condition)
            kept, seconds = len(last.index.passages), time.perf_counter() - began
            return article, ReindexReport(article.info, kept, 0, 0, seconds, published=False)
        embedder = self._models.load().embedder
        old = last if last is not None and self.goes_on(last.manifest) else None
        blocks = collection.folder.blocks()

        def go_on(progress: Progress) -> None:
            self._allowance.admit_work(collection)  # what is embedded is put aside on the disk
            on_progress(progress)

        with collection.folder.writing():
            index = build(material.article, embedder, go_on, before=old.index if old else None, blocks=blocks)
        thresholds = self._models.thresholds(last_thresholds(old), on_progress)
        answerer = self._answerer(index, thresholds, snapshot_name(note.number, material.article))
        # The first question finds much out that later ones need: nobody shall wait for that.
        answerer.answer(material.article.title.strip() or material.article.id)
        check, error_in_questions = None, None
        try:
            check = _check(answerer, material, on_progress)
        except OwnQuestionsError as error:
            if not force:
                raise
            error_in_questions = error
        if check is not None and check.right < self._check_at_least * check.asked and not force:
            raise _failed(check)
        examples = _examples(material) if old else ()
        moved = self._moved(old, open_article, answerer, examples, on_progress) if old else ()
        kept, added, removed = _compared(last.index if last else None, index, comparable=old is not None)
        on_progress(Progress(Stage.SAVE, 0, 1))
        contents = Contents(
            index, material.origin, material.source, embedder.name, embedder.sha256, thresholds
        )
        note = note.model_copy(update={"detail": PassageCounts(kept, added, removed)})
        with self._memory.publishing(key):
            snapshot, newest = self._write(collection, note, contents, condition.spoilt if condition else [])
            article = OpenArticle(snapshot, newest, answerer, info_of(snapshot))
            self._memory.articles.put(key, article)
        blocks.clear()
        self._indexing.keep_up(collection, holding.id, article)
        self._allowance.clear(collection)
        return article, ReindexReport(
            info=article.info,
            kept=kept,
            added=added,
            removed=removed,
            seconds=time.perf_counter() - began,
            examples=len(examples),
            moved=moved,
            check=check,
            unread_questions=error_in_questions,
        )

    def serving(self, holding: Holding, condition: Condition) -> OpenArticle:
        """The whole snapshot that is on disk, put in memory as what answers."""
        open_article, whole = self._memory.articles.get(holding.key), condition.whole
        assert whole is not None  # noqa: S101 - told to the type checker: only asked where one is whole
        if (
            open_article is None
            or open_article.snapshot.name != whole.name
            or open_article.flaws
            or open_article.newest != condition.newest
        ):
            open_article = self.answering(whole, condition.newest)
            self._memory.articles.put(holding.key, open_article)
        return open_article

    def answering(self, snapshot: Snapshot, newest: Newest, flaws: Sequence[str] = ()) -> OpenArticle:
        """A snapshot that answers."""
        answerer = self._answerer(snapshot.index, snapshot.manifest.thresholds, snapshot.name)
        return OpenArticle(snapshot, newest, answerer, info_of(snapshot), tuple(flaws))

    def _answerer(self, index: Index, thresholds: Thresholds, name: str) -> Answerer:
        models = self._models.load()
        return Answerer(
            index,
            models.embedder,
            thresholds=thresholds,
            snapshot=name,
            reranker=models.reranker,
            reading=models.reading,
        )

    def goes_on(self, manifest: Manifest) -> bool:
        """Whether a new index can take over embeddings: made by another model or version, they differ."""
        embedder = self._models.load().embedder
        recipe = (manifest.format, manifest.made_by, manifest.model_sha256)
        return recipe == (FORMAT, made_by(), embedder.sha256)

    def _is_unchanged(self, collection: Collection, condition: Condition, material: SourcedArticle) -> bool:
        before = condition.whole
        if before is None or condition.damaged or not self.goes_on(before.manifest):
            return False
        source_before = collection.folder.of(material.article.id).source(before.name)
        questions = [source.questions if source else None for source in (source_before, material.source)]
        return (
            before.index.article == material.article
            and before.manifest.origin == material.origin
            and questions[0] == questions[1]
        )

    def _moved(
        self,
        old: Snapshot,
        open_article: OpenArticle | None,
        after: Answerer,
        questions: Sequence[str],
        on_progress: OnProgress,
    ) -> tuple[MovedAnswer, ...]:
        """The example questions to which something else is quoted than before."""
        if not questions:
            return ()
        before = (
            open_article
            if open_article and open_article.snapshot.name == old.name
            else self.answering(old, None)
        )
        moved: list[MovedAnswer] = []
        for number, question in enumerate(questions):
            on_progress(Progress(Stage.CHECK, number, len(questions)))
            was, now = (_quoted(answerer.answer(question)) for answerer in (before.answerer, after))
            if was != now:
                moved.append(MovedAnswer(question, was, now))
        return tuple(moved)

    def _write(
        self, collection: Collection, note: Note, contents: Contents, spoilt: Sequence[str]
    ) -> tuple[Snapshot, Newest]:
        encoding = encode(contents)
        folder = collection.folder.of(note.article)
        going = folder.nbytes([*folder.outgoing(spoilt), *folder.undone()])
        self._allowance.admit_index(collection, more=encoding.nbytes, less=going)
        with collection.folder.writing():
            snapshot = folder.publish(note, encoding, instead_of=spoilt)
        # From here on it is published, and nothing may say otherwise.
        with contextlib.suppress(SnapshotError):
            return snapshot, folder.newest()
        return snapshot, None


def last_thresholds(snapshot: Snapshot | None) -> Thresholds | None:
    """The thresholds that an index was made with."""
    return snapshot.manifest.thresholds if snapshot else None


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


def _check(answerer: Answerer, material: SourcedArticle, on_progress: OnProgress) -> SelfCheck | None:
    if material.source is None or material.source.questions is None:
        return None
    return self_check(
        lambda question: answerer.respond(question)[1],
        material.article,
        material.source.questions,
        lambda done, total: on_progress(Progress(Stage.CHECK, done, total)),
    )


def _examples(material: SourcedArticle) -> tuple[str, ...]:
    """The questions that are asked before and after: its examples or, where it has none, its own."""
    if material.article.questions or material.source is None or material.source.questions is None:
        return material.article.questions
    try:
        return tuple(one.text for one in own_questions(material.source.questions))[:_MOST_EXAMPLES]
    except OwnQuestionsError:
        return ()


def _compared(before: Index | None, after: Index, *, comparable: bool) -> tuple[int, int, int]:
    """How many passages stand as they stood, are new, and are gone."""
    if before is None:
        return 0, len(after.passages), 0
    old = _texts(before)
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
