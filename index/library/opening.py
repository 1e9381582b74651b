"""Articles opened to be asked: from memory, from disk, and built again where what is on disk cannot serve."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from index.errors import (
    ArticleError,
    LibraryError,
    NotAtHandError,
    QuestionFileError,
    SnapshotDamagedError,
    SnapshotError,
    StorageError,
)
from index.library.finding import Holding
from index.library.memory import Memory, Newest, OpenArticle
from index.library.models import Models
from index.library.publishing import Publisher
from index.library.quotas import Allowance
from index.library.rebuilding import Rebuilder, about_to_be_rebuilt
from index.library.sourcing import SourcedArticle, Sources
from index.model.library import Action, Progress, Stage
from index.model.source import Source
from index.search.build import OnProgress
from index.storage.library_folder import Condition
from index.storage.snapshot_files import FORMAT, Snapshot, source_sha256

T = TypeVar("T")

ITSELF = "Footnote"
"""Who did what nobody asked for."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Diagnosis:
    """What is on disk of an article, and what has to be done about it.

    Attributes:
        condition: What is on disk.
        damage: Why that cannot be served as it is, a sentence each.
        change: What it has to be read from, where that is the set article's file and seems to be another
            one now; only reading it tells whether it says something else.
        remark: What else people should know.
    """

    condition: Condition
    damage: tuple[str, ...]
    change: Source | None
    remark: str | None

    @property
    def flaws(self) -> tuple[str, ...]:
        """Why the index has to be built again, a sentence each."""
        if self.change is None or self.damage or self.condition.whole is None:
            return self.damage
        return ("The article has changed since it was indexed.",)

    @property
    def notices(self) -> list[str]:
        """All that is to be said of it."""
        return [*([self.remark] if self.remark else []), *self.flaws]


class Opener:
    """Opens articles, and heals their indexes. Thread-safe.

    Where indexes are built in the background (see ``Rebuilder``), opening never builds one: the older index
    answers where it is sound, and where none is, who asks is told how far it is.

    Args:
        models: What embeds and re-ranks.
        memory: Where an open article is held.
        sources: Reads what an index is built from.
        publisher: Publishes what is built again.
        rebuilder: Has it built.
        allowance: What there may be.
    """

    def __init__(
        self,
        *,
        models: Models,
        memory: Memory,
        sources: Sources,
        publisher: Publisher,
        rebuilder: Rebuilder,
        allowance: Allowance,
    ) -> None:
        self._models = models
        self._memory = memory
        self._sources = sources
        self._publisher = publisher
        self._rebuilder = rebuilder
        self._allowance = allowance
        self._guard = threading.Lock()
        self._opening: defaultdict[tuple[Path, str], threading.Lock] = defaultdict(threading.Lock)
        self._same: dict[tuple[Path, str], str] = {}  # files that say the same in other bytes: their hashes

    def open(self, holding: Holding) -> OpenArticle:
        """An article that answers; what there is to say of it goes to the log.

        Raises:
            UnknownArticleError: it has been removed meanwhile.
            RebuildingError: its index is being built again in the background, and no other one answers.
            FootnoteError: it cannot be opened.
        """
        article, notices = self.ready(holding, lambda _: None)
        for notice in notices:
            log.warning("%s", notice)
        return article

    def ask(self, holding: Holding, act: Callable[[OpenArticle], T], *, at_hand: bool = False) -> T:
        """Does something with an article that answers; see ``open`` and ``at_hand``.

        A long article's token embeddings are read, and held against their sums, when they are needed: where
        they are damaged by then, it is opened again, which heals it, and done once more.
        """
        get = self.at_hand if at_hand else self.open
        try:
            return act(get(holding))
        except SnapshotDamagedError as error:
            log.warning("“%s” is opened again: %s", holding.id, error)
            self.doubt(holding.key)
            return act(get(holding))

    def doubt(self, key: tuple[Path, str]) -> None:
        """Lets go of an open article, so that all of its snapshot is looked at when it is needed next."""
        self._memory.articles.drop(key)

    def at_hand(self, holding: Holding) -> OpenArticle:
        """The article as it answers now, if it is in memory.

        Raises:
            NotAtHandError: it is not.
        """
        open_article = self.held(holding)
        if open_article is None:
            raise NotAtHandError("“{id}” is not open.", id=holding.id)
        return open_article

    def ready(self, holding: Holding, on_progress: OnProgress) -> tuple[OpenArticle, list[str]]:
        """An article that answers, and what is to be said of it; see ``open``."""
        open_article = self.held(holding)
        with self._guard:
            self._memory.openings[open_article is not None] += 1
        if open_article is not None:
            return open_article, []
        if self._rebuilder.in_background:
            error = self._rebuilder.answer(holding.key, holding.newest)
            if error is not None:
                raise error
        with self._guard:
            opening = self._opening[holding.key]
        with opening:  # of the threads that need the same article, one opens it
            if (open_article := self.held(holding)) is not None:
                return open_article, []
            try:
                article, notices = self._opened(holding, on_progress)
            except StorageError as error:
                if (older := self._memory.articles.get(holding.key)) is None:
                    raise
                return older, [f"“{holding.id}” is answered from the index that is open: {error}"]
            self._memory.articles.put(holding.key, article)
            return article, notices

    def held(self, holding: Holding) -> OpenArticle | None:
        """The index in memory, if it is the newest, or the newest is just about to be put in its place."""
        open_article = self._memory.articles.get(holding.key)
        if open_article is None or self._memory.is_publishing(holding.key):
            return open_article
        try:
            newest = holding.newest
        except SnapshotError:  # the folder cannot be read just now, and what is in memory is whole
            return open_article
        if open_article.newest != newest:
            return None
        if open_article.flaws:
            self._demand(holding, newest)
        return open_article

    def _opened(self, holding: Holding, on_progress: OnProgress) -> tuple[OpenArticle, list[str]]:
        """Opens what is on disk; has it built again where that cannot serve."""
        diagnosis = self._diagnosis(holding)
        condition, whole = diagnosis.condition, diagnosis.condition.whole
        if not diagnosis.flaws and whole is not None:
            return self._publisher.answering(whole, condition.newest), diagnosis.notices
        usable = whole if whole is not None and self._is_of_this_model(whole) else None
        if self._rebuilder.in_background:
            self._demand(holding, condition.newest)
            if usable is None:
                raise self._rebuilder.answer(holding.key, condition.newest) or about_to_be_rebuilt()
            meanwhile = "It is answered from as it was indexed before, until it is built again."
        else:
            try:
                return self._rebuilt_now(holding, condition.newest, on_progress)
            except (ArticleError, QuestionFileError, SnapshotError, LibraryError) as error:
                if usable is None:
                    raise
                meanwhile = (
                    f"It could not be built again: {error} It is answered from as it was indexed before."
                )
        older = self._publisher.answering(usable, condition.newest, diagnosis.flaws)
        return older, [*diagnosis.notices, meanwhile]

    def _rebuilt_now(
        self, holding: Holding, newest: Newest, on_progress: OnProgress
    ) -> tuple[OpenArticle, list[str]]:
        last = self._rebuilder.last_error(holding.key)
        if last is not None and not self._rebuilder.may_try(holding.key, newest):
            raise last
        results: list[tuple[OpenArticle, list[str]]] = []
        self._rebuilder.run(
            holding, newest, lambda track: results.append(self._rebuilt(holding, track)), on_progress
        )
        return results[0]

    def _demand(self, holding: Holding, newest: Newest) -> None:
        def rebuild(on_progress: OnProgress) -> None:
            _, notices = self._rebuilt(holding, on_progress)
            for notice in notices:
                log.warning("%s", notice)

        self._rebuilder.demand(holding, newest, rebuild)

    def _rebuilt(self, holding: Holding, on_progress: OnProgress) -> tuple[OpenArticle, list[str]]:
        """Builds an index again, unless it is sound by now; with it, what is to be said of it."""
        folder, transactions = holding.collection.folder, holding.collection.transactions
        on_progress(Progress(Stage.READ, 0, 1))
        with transactions.alone(math.inf, lambda: on_progress(Progress(Stage.READ, 0, 1))):
            diagnosis = self._diagnosis(holding)
            material = self._to_build_from(holding, diagnosis)
            if material is None:
                remark = [diagnosis.remark] if diagnosis.remark else []
                return self._publisher.serving(holding, diagnosis.condition), remark
            self._allowance.admit_work(holding.collection)
            number = folder.of(holding.id).next_number()
            with transactions.begun(Action.REINDEXED, holding.id, ITSELF, number=number) as note:
                article, _ = self._publisher.publish(
                    holding, note, material, diagnosis.condition, force=True, on_progress=on_progress
                )
        again = ["It was built again from the article."] if diagnosis.flaws else []
        return article, [*diagnosis.notices, *again]

    def _to_build_from(self, holding: Holding, diagnosis: _Diagnosis) -> SourcedArticle | None:
        """What an index is to be built from; None where the one that is there is sound after all."""
        whole = diagnosis.condition.whole
        if diagnosis.change is not None:
            material = self._sources.read(diagnosis.change, holding.id)
            if whole is None or diagnosis.damage or whole.index.article != material.article:
                return material
            self._same[holding.key] = source_sha256(diagnosis.change)
            return None
        if not diagnosis.damage and whole is not None:
            return None
        if holding.is_set and diagnosis.remark is None:
            return self._sources.read(self._sources.file(holding.set_path), holding.id)
        recovered_article = self._sources.recover(
            holding.collection.folder, holding.id, diagnosis.condition.names
        )
        return self._sources.analysed(recovered_article)

    def _diagnosis(self, holding: Holding) -> _Diagnosis:
        """Looks at what is on disk, and at whether the set article's file has changed."""
        condition = holding.collection.folder.condition(holding.id)
        if condition.newest is None and not holding.is_set:
            holding.collection.find(holding.id)  # it was removed meanwhile
        damage = [f"The index was damaged and is not used: {error}" for error in condition.damaged.values()]
        damage += self._unlike(condition.whole)
        change, remark = None, None
        if holding.is_set:
            try:
                change = self._changed_file(holding, condition)
            except ArticleError as error:
                if not condition.names:
                    raise
                remark = f"{error} It is answered from as it was indexed last."
        return _Diagnosis(condition, tuple(damage), change, remark)

    def _changed_file(self, holding: Holding, condition: Condition) -> Source | None:
        """The set article's file, where it is not what an index that is or was there was made from."""
        source = self._sources.file(holding.set_path)
        hashes = {self._same.get(holding.key)}
        if condition.whole is not None:
            hashes.add(condition.whole.manifest.source_sha256)
            folder = holding.collection.folder.of(holding.id)
            for name in folder.undone():  # what was taken back does not come again unasked
                with contextlib.suppress(SnapshotDamagedError):
                    hashes.add(folder.manifest(name).source_sha256)
        return None if source_sha256(source) in hashes else source

    def _unlike(self, snapshot: Snapshot | None) -> list[str]:
        """Why a whole snapshot cannot be served as it is."""
        embedder = self._models.load().embedder
        if snapshot is not None and snapshot.manifest.model_sha256 != embedder.sha256:
            return [f"The index was built with another embedding model ({snapshot.manifest.model})."]
        if snapshot is not None and snapshot.manifest.format != FORMAT:
            return ["The index was written by an earlier version of Footnote."]
        return []

    def _is_of_this_model(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot can answer until another one is built."""
        embedder = self._models.load().embedder
        return snapshot.manifest.model_sha256 == embedder.sha256
