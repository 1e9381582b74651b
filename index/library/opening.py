"""Articles opened to be asked: from memory, from disk, and built again where what is on disk cannot serve."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.errors import (
    ArticleError,
    FootnoteError,
    LibraryError,
    NotAtHandError,
    QuestionFileError,
    SnapshotDamagedError,
    SnapshotError,
)
from index.library.finding import Holding
from index.library.memory import Memory, Newest, OpenArticle, PassageVectors
from index.library.models import Models
from index.library.publishing import Publisher
from index.library.quotas import Allowance
from index.library.rebuilding import Rebuilder, about_to_be_rebuilt
from index.library.sourcing import SourcedArticle, Sources
from index.model.library import Action, Progress, Stage
from index.model.source import Source
from index.search.build import OnProgress
from index.search.embedding import Floats
from index.storage.library_folder import Condition
from index.storage.snapshot_files import FORMAT, Snapshot, source_sha256

ITSELF = "Footnote"
"""Who did what nobody asked for."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Diagnosis:
    """What is on disk of an article, and what has to be done about it.

    Attributes:
        condition: What is on disk.
        damage: Why that cannot be served as it is, a sentence each.
        changed: What it has to be read from, where that is the set article's file and seems to be another
            one now; only reading it tells whether it says something else.
        remark: What else people should know.
    """

    condition: Condition
    damage: tuple[str, ...]
    changed: Source | None
    remark: str | None

    @property
    def flaws(self) -> tuple[str, ...]:
        """Why the index has to be built again, a sentence each."""
        if self.changed is None or self.damage or self.condition.whole is None:
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

    def at_hand(self, holding: Holding) -> OpenArticle:
        """The article as it answers now, if it is in memory.

        Raises:
            NotAtHandError: it is not.
        """
        held = self.held(holding)
        if held is None:
            raise NotAtHandError("“{id}” is not open.", id=holding.id)
        return held

    def ready(self, holding: Holding, on_progress: OnProgress) -> tuple[OpenArticle, list[str]]:
        """An article that answers, and what is to be said of it; see ``open``."""
        if (held := self.held(holding)) is not None:
            return held, []
        if self._rebuilder.in_background:
            error = self._rebuilder.answer(holding.key, holding.newest)
            if error is not None:
                raise error
        with self._guard:
            opening = self._opening[holding.key]
        with opening:  # of the threads that need the same article, one opens it
            if (held := self.held(holding)) is not None:
                return held, []
            article, notices = self._opened(holding, on_progress)
            self._memory.articles.put(holding.key, article)
            return article, notices

    def vectors(self, holding: Holding) -> Floats:
        """The vectors of an article's passages, shape (passages, dimension), without opening all of it."""
        folder = holding.collection.folder.of(holding.id)
        newest = folder.newest()
        held = self._memory.vectors.get(holding.key)
        if held is not None and held.newest == newest:
            return held.vectors
        embedder = self._models.load().embedder
        vectors: Floats | None = None
        if newest is not None:
            with contextlib.suppress(SnapshotDamagedError):
                vectors = folder.vectors(newest[0], embedder.sha256)
        if vectors is None:
            article = self.open(holding)
            newest, vectors = article.newest, article.snapshot.index.store.vectors()
        self._memory.vectors.put(holding.key, PassageVectors(newest, vectors))
        return vectors

    def likeness(self, holding: Holding, vector: Floats) -> float:
        """The cosine of a vector and the nearest passage of an article; -1 where it cannot be opened."""
        try:
            return float(np.max(self.vectors(holding) @ vector))
        except FootnoteError as error:
            log.warning("“%s” cannot be asked: %s", holding.id, error)
            return -1.0

    def held(self, holding: Holding) -> OpenArticle | None:
        """The index in memory, if it is the newest, or the newest is just about to be put in its place."""
        held = self._memory.articles.get(holding.key)
        if held is None or self._memory.is_publishing(holding.key):
            return held
        try:
            newest = holding.newest
        except SnapshotError:  # the folder cannot be read just now, and what is in memory is whole
            return held
        if held.newest != newest:
            return None
        if held.flaws:
            self._demand(holding, newest)
        return held

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
        rebuilt: list[tuple[OpenArticle, list[str]]] = []
        self._rebuilder.run(
            holding, newest, lambda track: rebuilt.append(self._rebuilt(holding, track)), on_progress
        )
        return rebuilt[0]

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
            sourced = self._to_build_from(holding, diagnosis)
            if sourced is None:
                remark = [diagnosis.remark] if diagnosis.remark else []
                return self._publisher.serving(holding, diagnosis.condition), remark
            self._allowance.admit_work(holding.collection)
            number = folder.of(holding.id).next_number()
            with transactions.begun(Action.REINDEXED, holding.id, ITSELF, number=number) as note:
                article, _ = self._publisher.publish(
                    holding, note, sourced, diagnosis.condition, force=True, on_progress=on_progress
                )
        again = ["It was built again from the article."] if diagnosis.flaws else []
        return article, [*diagnosis.notices, *again]

    def _to_build_from(self, holding: Holding, diagnosis: _Diagnosis) -> SourcedArticle | None:
        """What an index is to be built from; None where the one that is there is sound after all."""
        whole = diagnosis.condition.whole
        if diagnosis.changed is not None:
            sourced = self._sources.read(diagnosis.changed, holding.id)
            if whole is None or diagnosis.damage or whole.index.article != sourced.article:
                return sourced
            self._same[holding.key] = source_sha256(diagnosis.changed)
            return None
        if not diagnosis.damage and whole is not None:
            return None
        if holding.is_set and diagnosis.remark is None:
            return self._sources.read(self._sources.file(holding.set_path), holding.id)
        stored = self._sources.recover(holding.collection.folder, holding.id, diagnosis.condition.names)
        return self._sources.analysed(stored)

    def _diagnosis(self, holding: Holding) -> _Diagnosis:
        """Looks at what is on disk, and at whether the set article's file has changed."""
        condition = holding.collection.folder.condition(holding.id)
        if condition.newest is None and not holding.is_set:
            holding.collection.find(holding.id)  # it was removed meanwhile
        damage = [f"The index was damaged and is not used: {error}" for error in condition.damaged.values()]
        damage += self._unlike(condition.whole)
        changed, remark = None, None
        if holding.is_set:
            try:
                changed = self._changed_file(holding, condition)
            except ArticleError as error:
                if not condition.names:
                    raise
                remark = f"{error} It is answered from as it was indexed last."
        return _Diagnosis(condition, tuple(damage), changed, remark)

    def _changed_file(self, holding: Holding, condition: Condition) -> Source | None:
        """The set article's file, where it is not what an index that is or was there was made from."""
        source = self._sources.file(holding.set_path)
        known = {self._same.get(holding.key)}
        if condition.whole is not None:
            known.add(condition.whole.manifest.source_sha256)
            folder = holding.collection.folder.of(holding.id)
            for name in folder.undone():  # what was taken back does not come again unasked
                with contextlib.suppress(SnapshotDamagedError):
                    known.add(folder.manifest(name).source_sha256)
        return None if source_sha256(source) in known else source

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
