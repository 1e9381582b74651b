"""The facade: a library of articles, their indexes on disk, and the models that answer."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from index.answering.answerer import Answerer
from index.answering.calibration import fit, thresholds
from index.answering.confidence import Thresholds
from index.errors import (
    ArticleError,
    FootnoteError,
    LibraryError,
    QuestionFileError,
    SnapshotDamagedError,
    SnapshotError,
    UnknownArticleError,
)
from index.evaluation.baseline import PlainDense
from index.evaluation.run import (
    ConversationMetrics,
    Metrics,
    Mode,
    OnQuestion,
    evaluate,
    evaluate_conversations,
    footnote_system,
)
from index.library.publishing import Publisher
from index.library.shelf import Cache, Models, Ready
from index.model.answer import MAX_QUESTION_CHARS, Citation, Found, Status, Turn
from index.model.article import Article
from index.model.library import (
    Action,
    Change,
    Entry,
    IndexInfo,
    PassageCounts,
    Progress,
    ReindexReport,
    Stage,
)
from index.model.source import Source, SourceKind
from index.search.build import OnProgress, build
from index.search.embedding import Embedder, Floats
from index.sources.files import SHIPPED_ARTICLE, Limits, article_id, read, read_file, reread
from index.sources.question_files import load_conversations, load_questions
from index.storage.holdings import Holdings, Look, Reading, is_id
from index.storage.ledger import Note
from index.storage.snapshots import FORMAT, KEPT, Snapshot, source_sha256

ALL = "*"
"""Asks every article of a library."""

CANDIDATES = 4
"""How many articles are asked in full when all are asked: those with the passages nearest to the question."""

_PATIENCE = 10.0  # seconds that a quick change waits for another one to be done
_NO_PATIENCE = 0.5  # and a reindex: as long as a quick change takes
_OPEN_BYTES = 512 * 1024 * 1024
_VECTOR_BYTES = 64 * 1024 * 1024
_ITSELF = "Footnote"  # who did what nobody asked for
_BEST_FIRST = (Status.ANSWERED, Status.UNCERTAIN, Status.NOT_IN_ARTICLE)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Shared:
    """What a library and its branches have in common."""

    models: Models
    limits: Limits
    check_at_least: float
    kept: int
    opened: Cache[tuple[Path, str], Ready]
    vectors: Cache[tuple[Path, str], tuple[tuple[str, int] | None, Floats]]
    fitted: dict[str, Thresholds]


class Library:
    """One set of articles under a folder, with the models that answer.

    Thread-safe: any number of threads may ask while one reindexes; a finished index is swapped in whole. Any
    number of processes may share the folder: what one of them publishes, the others notice at their next
    question. Readers take no lock; changes are made one at a time. Nothing is loaded before the first call
    that needs it, and articles are opened when they are first asked.

    Args:
        data_dir: Folder for the indexes; made when missing.
        article_path: The article to answer from where none was chosen; None for the one that ships.
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        embedder: An embedder to use instead of loading ``embedding_model``.
        limits: What a source may cost.
        check_at_least: The share of an article's own questions whose first citation must be right.
        open_articles: How many articles are held in memory, this library's and its branches' together.
        snapshots_kept: How many snapshots are kept of each article.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        article_path: Path | None = None,
        embedding_model: str | None = None,
        reranker: str | None = None,
        embedder: Embedder | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        check_at_least: float = 0.8,
        open_articles: int = 16,
        snapshots_kept: int = KEPT,
    ) -> None:
        shared = _Shared(
            models=Models(embedding_model, reranker, embedder),
            limits=limits,
            check_at_least=check_at_least,
            kept=snapshots_kept,
            opened=Cache(open_articles, _OPEN_BYTES, lambda ready: ready.nbytes),
            vectors=Cache(100_000, _VECTOR_BYTES, lambda kept: kept[1].nbytes),
            fitted={},
        )
        self._settle(data_dir, shared, article_path or SHIPPED_ARTICLE, None)

    def _settle(self, folder: Path, shared: _Shared, path: Path | None, parent: Library | None) -> None:
        self._dir = folder
        self._shared = shared
        self._path = path
        self._set_id = article_id(path.stem) if path else None  # the article that the settings name
        self._parent = parent
        self._holdings = Holdings(folder, kept=shared.kept, limits=shared.limits)
        self._guard = threading.Lock()
        self._opening: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._publishing: set[str] = set()
        self._branches: dict[str, Library] = {}

    def branch(self, name: str) -> Library:
        """A library of its own, under ``servers/<name>``.

        It shares this one's models, limits and settings. It sees its own articles and the one that this
        library has in use, and never another branch's. The same name gives the same object.

        Args:
            name: Digits only: a server's id.
        """
        if self._parent is not None or not re.fullmatch(r"[0-9]{1,20}", name):
            raise LibraryError("“{name}” names no server's library: it has to be a number.", name=name)
        with self._guard:
            if name not in self._branches:
                branch = Library.__new__(Library)
                branch._settle(self._dir / "servers" / name, self._shared, None, self)
                self._branches[name] = branch
            return self._branches[name]

    def load(self, on_progress: OnProgress = lambda _: None) -> tuple[str, ...]:
        """Makes ready to answer: loads the models, opens the article in use, builds or heals it where needed.

        Calling it again costs nothing. Returns notices for people, empty when all was well, e.g. that
        the index was damaged and has been rebuilt, or that a reindex was cut off.

        Raises:
            ArticleError: the article cannot be read and no earlier index of it is there to serve.
            EmbeddingModelError: the model cannot be loaded.
            SnapshotError: the index cannot be saved.
        """
        self._shared.models.load()
        notices = self._holdings.mend_if_free()
        for name in self._holdings.branches() if self._parent is None else ():
            notices += self._holdings.branch(name).mend_if_free()
        home, article = self._find(None, None)
        _, more = home._make_ready(article, on_progress)
        return (*notices, *more)

    def ask(
        self,
        question: str,
        *,
        article: str | None = None,
        place: str | None = None,
        turns: Sequence[Turn] = (),
    ) -> Found:
        """Answers one question, opening the article first where that has not been done.

        Args:
            question: In words.
            article: Which article; None for the one in use, ALL for the one of all that answers best.
            place: Where it is asked (a channel's id): a place can have an article of its own in use.
            turns: What was asked before in the conversation, oldest first.

        Raises:
            QuestionError: the question is empty or longer than MAX_QUESTION_CHARS.
            UnknownArticleError: no such article is here.
        """
        if article == ALL and question.strip() and len(question) <= MAX_QUESTION_CHARS:
            return self._ask_all(question, turns)
        ready = self._open(None if article == ALL else article, place)
        return Found(ready.answerer.answer(question, turns), ready.info)

    def article(
        self,
        id: str | None = None,  # noqa: A002
        *,
        place: str | None = None,
        version: str | None = None,
    ) -> Article:
        """An article as it is indexed now, or as it was.

        Args:
            id: Which one; None for the one in use.
            place: Where.
            version: The start of an ``Article.sha256``: the article as it was then, as far as snapshots are
                kept, those that were taken back too.

        Raises:
            UnknownArticleError: no such article is here.
            LibraryError: that version of it is gone.
        """
        if version is None:
            return self._open(id, place).info.article
        home, found = self._find(id, place)
        folder = home._holdings.of(found)
        for name in (*folder.names(), *folder.undone()):
            if version[:8] == name[-8:][: len(version)]:
                with contextlib.suppress(SnapshotDamagedError):
                    article, _ = folder.article(name)
                    if article.sha256.startswith(version):
                        return article
        raise LibraryError("“{id}” has changed since, and that version of it is no longer kept.", id=found)

    def info(self, id: str | None = None, *, place: str | None = None) -> IndexInfo:  # noqa: A002
        """What is indexed of an article now.

        Raises:
            UnknownArticleError: no such article is here.
        """
        return self._open(id, place).info

    def entries(self, *, place: str | None = None) -> tuple[Entry, ...]:
        """Every article, in order of id; ``in_use`` is for the place. No index is opened for it."""
        in_use = self.in_use(place)
        homes = dict.fromkeys(self._holdings.ids(), self)
        home, fallback = self._fallback()
        homes.setdefault(fallback, home)
        return tuple(
            homes[article]._entry(article, own=self._owns(article), in_use=article == in_use)
            for article in sorted(homes)
        )

    def in_use(self, place: str | None = None) -> str:
        """The id of the article in use at a place: its own, the library's, or what it falls back to."""
        state = self._holdings.ledger.state()
        for article in (state.places.get(place) if place else None, state.in_use):
            if article is not None and self._has(article):
                return article
        return self._fallback()[1]

    def use(self, id: str, *, who: str, place: str | None = None) -> None:  # noqa: A002
        """Puts an article in use, for the whole library or for one place.

        Raises:
            UnknownArticleError: no such article is here.
            SnapshotError: it cannot be written.
        """
        self._find(id, None)
        with self._holdings.alone(_PATIENCE):
            self._holdings.use(id, place, who)

    def add(
        self,
        source: Source,
        *,
        who: str,
        id: str | None = None,  # noqa: A002
        force: bool = False,
        on_progress: OnProgress = lambda _: None,
    ) -> ReindexReport:
        """Adds an article. The first one that a library gets is put in use, unless one was chosen.

        Args:
            source: What to read it from.
            who: For the history.
            id: Its id; None to make one of its title.
            force: Publish it whatever its own questions say.
            on_progress: Told how far it is; may raise to call it off.

        Raises:
            ArticleError: it is no article.
            LibraryError: the id is taken, or is none.
            ReindexRunningError: another change of this library is under way.
            SelfCheckError: too many of its own questions are answered wrongly.
            SnapshotError: it cannot be written. In each case nothing was changed.
        """
        began = time.perf_counter()
        if id is not None and not is_id(id):
            raise LibraryError(
                "“{id}” cannot be an id: use up to 40 small letters and digits, with hyphens between them.",
                id=id,
            )
        on_progress(Progress(Stage.READ, 0, 1))
        article = read(source, id or "article", self._shared.limits)
        article = replace(article, id=id or article_id(article.title))
        publisher = self._publisher(on_progress)
        with self._holdings.alone(_NO_PATIENCE):
            if self._has(article.id):
                raise LibraryError(
                    "“{id}” is here already. Reindex it, or give the new article another id.", id=article.id
                )
            with self._begun(Action.ADDED, article.id, who) as note:
                found = Reading(article, source.origin, source)
                return self._publish(publisher, note, None, found, force=force, began=began)

    def reindex(
        self,
        id: str | None = None,  # noqa: A002
        *,
        who: str,
        source: Source | None = None,
        place: str | None = None,
        force: bool = False,
        on_progress: OnProgress = lambda _: None,
    ) -> ReindexReport:
        """Reads an article afresh and publishes an index of it, if anything has changed.

        What has not changed is not embedded again. Questions asked meanwhile are answered from the index
        before; when this raises, that one stays.

        Args:
            id: Which article; None for the one in use.
            who: For the history.
            source: What to read it from, now and later; None to read it again from where it came, or, where
                that was an upload, from what was uploaded.
            place: Where.
            force: Publish it whatever its own questions say.
            on_progress: Told how far it is; may raise to call it off.

        Raises:
            UnknownArticleError, LibraryError: no such article is here, or it is not this library's own.
            ReindexRunningError: another change of this library is under way.
            ArticleError, SelfCheckError, SnapshotError: nothing was changed.
        """
        began = time.perf_counter()
        home, article = self._find(id, place)
        if source is not None and (home is not self or article == self._set_id):
            raise LibraryError(
                "“{id}” is not this library's own article, so it can only be read again from where it came. "
                "Add yours as an article of its own.",
                id=article,
            )
        if home is not self:
            report = home.reindex(article, who=who, on_progress=on_progress)
            if report.published:  # in the history of those who see it changed
                detail = PassageCounts(report.kept, report.added, report.removed)
                with self._holdings.alone(_PATIENCE):
                    note = self._holdings.begin(Action.REINDEXED, article, who, detail=detail)
                    self._holdings.enter(note)
            return report
        on_progress(Progress(Stage.READ, 0, 1))
        publisher = self._publisher(on_progress)
        with self._holdings.alone(_NO_PATIENCE), self._begun(Action.REINDEXED, article, who) as note:
            look = self._holdings.look(article)
            found = self._read_again(article, look, source)
            return self._publish(publisher, note, look, found, force=force, began=began)

    def remove(self, id: str, *, who: str) -> None:  # noqa: A002
        """Moves an article aside; ``undo`` brings it back. Of each id the one removed last is kept.

        Raises:
            UnknownArticleError: no such article is here.
            LibraryError: it is not this library's own.
            SnapshotError: it cannot be moved.
        """
        self._demand_own(id)
        with self._holdings.alone(_PATIENCE):
            self._demand_own(id)
            self._holdings.set_aside(id, who)

    def undo(
        self,
        id: str | None = None,  # noqa: A002
        *,
        who: str,
        place: str | None = None,
    ) -> IndexInfo:
        """Goes back to the snapshot before, or brings a removed article back.

        Raises:
            UnknownArticleError: no such article is here, and none was removed.
            LibraryError: it is not this library's own, or there is no snapshot to go back to.
            SnapshotError: it cannot be written.
        """
        article = self.in_use(place) if id is None else id
        with self._holdings.alone(_PATIENCE):
            if self._holdings.was_removed(article) and not self._holdings.has(article):
                self._holdings.bring_back(article, who)
            else:
                if article != self._set_id:
                    self._demand_own(article)
                self._holdings.go_back(article, who)
        return self.info(article)

    def history(self, id: str | None = None, *, limit: int = 50) -> tuple[Change, ...]:  # noqa: A002
        """What was done to this library's articles, newest first; to one of them, where ``id`` is given."""
        notes = [note for note in self._holdings.ledger.notes() if id is None or note.article == id]
        return tuple(note.change() for note in notes[::-1][:limit])

    def quotes(
        self, speaker: str | None = None, *, article: str | None = None, place: str | None = None
    ) -> tuple[Citation, ...]:
        """What is said in an article, in its order: by everybody, or by one speaker."""
        return self._open(article, place).answerer.quotes(speaker)

    def speakers(self, *, article: str | None = None, place: str | None = None) -> tuple[str, ...]:
        """Who speaks in an article."""
        return self._open(article, place).answerer.speakers()

    def summary(self, *, article: str | None = None, place: str | None = None) -> tuple[Citation, ...]:
        """The sentences that carry an article, in its order."""
        return self._open(article, place).answerer.summary()

    def nearest(self, text: str, *, article: str | None = None, place: str | None = None) -> Citation | None:
        """The sentence of an article that is nearest to some words; None where none is near."""
        return self._open(article, place).answerer.nearest(text)

    def evaluate(
        self,
        file: Path,
        *,
        mode: Mode = Mode.ARTICLE,
        plain: bool = False,
        on_question: OnQuestion = lambda *_: None,
    ) -> Metrics:
        """Asks the questions of a file and counts what came right; the index on disk is not touched.

        Args:
            file: Questions with their answers, see ``load_questions``; those of a JSON-lines file are about
                the article in use.
            mode: What each question is asked of.
            plain: Whether to measure a plain dense baseline instead of Footnote.
            on_question: Told of each question that is done.

        Raises:
            QuestionFileError: the file cannot be read, or is not enough for the mode.
        """
        questions = load_questions(file, self._in_use_afresh())
        embedder, reranker = self._shared.models.load()
        system = partial(PlainDense, embedder=embedder) if plain else footnote_system(embedder, reranker)
        return evaluate(
            questions, embedder, file=file.name, mode=mode, system=system, on_question=on_question
        )

    def evaluate_conversations(
        self, file: Path, *, on_question: OnQuestion = lambda *_: None
    ) -> ConversationMetrics:
        """Holds the conversations of a file about the article in use and counts what came right.

        Args:
            file: See ``load_conversations``.
            on_question: Told of each conversation that is done.

        Raises:
            QuestionFileError: the file cannot be read.
        """
        article = self._in_use_afresh()
        conversations = load_conversations(file, article)
        embedder, reranker = self._shared.models.load()
        answerer = Answerer(
            build(article, embedder), embedder, thresholds=thresholds(embedder), reranker=reranker
        )
        return evaluate_conversations(
            conversations, answerer, article, file=file.name, on_question=on_question
        )

    def calibrate(self, on_progress: OnProgress = lambda _: None) -> dict[str, dict[str, float]]:
        """The confidence thresholds of the embedding model, fitted afresh, by the hash of the model."""
        embedder, _ = self._shared.models.load()
        return {embedder.sha256: fit(embedder, on_progress)._asdict()}

    def faults(self) -> tuple[str, ...]:
        """What is wrong on disk, a sentence each, this library's branches included. Nothing is mended."""
        return tuple(self._holdings.faults())

    # Which articles there are

    def _fallback(self) -> tuple[Library, str]:
        """What is answered from where nothing was chosen: the set article, or what the parent has in use."""
        if self._parent is not None:
            return self._parent._find(None, None)
        assert self._set_id is not None  # noqa: S101 - told to the type checker: who has no parent has it
        return self, self._set_id

    def _find(self, article: str | None, place: str | None) -> tuple[Library, str]:
        """The library that holds an article, and the article's id."""
        article = self.in_use(place) if article is None else article
        if article == self._set_id or self._holdings.has(article):
            return self, article
        if self._parent is not None and (fallback := self._fallback())[1] == article:
            return fallback
        raise UnknownArticleError(
            "No article “{id}” is here. The list of articles says which ones are.", id=article
        )

    def _has(self, article: str) -> bool:
        with contextlib.suppress(UnknownArticleError):
            self._find(article, None)
            return True
        return False

    def _owns(self, article: str) -> bool:
        return article != self._set_id and self._holdings.has(article)

    def _demand_own(self, article: str) -> None:
        self._find(article, None)
        if not self._owns(article):
            raise LibraryError(
                "“{id}” is not this library's own article, but the one that it falls back to.", id=article
            )

    def _entry(self, article: str, *, own: bool, in_use: bool) -> Entry:
        manifest = self._holdings.manifest(article)
        if manifest is None or manifest.origin is None:  # nothing on disk says what it is
            info = self._open(article, None).info
            place, title, passages, when = (
                str(self._path or ""),
                info.article.title,
                len(info.passages),
                info.indexed_at,
            )
        else:
            place, title, passages, when = (
                manifest.origin.place,
                manifest.title,
                manifest.passages,
                manifest.built_at,
            )
        return Entry(
            id=article,
            title=title,
            place=place,
            passages=passages,
            indexed_at=when,
            snapshots=len(self._holdings.of(article).names()),
            own=own,
            in_use=in_use,
        )

    # Opening

    def _open(self, article: str | None, place: str | None) -> Ready:
        home, found = self._find(article, place)
        ready, notices = home._make_ready(found, lambda _: None)
        for notice in notices:
            log.warning("%s", notice)
        return ready

    def _make_ready(self, article: str, on_progress: OnProgress) -> tuple[Ready, list[str]]:
        """The index to answer from, opened, built or healed where needed, and what is to be said of it."""
        if (held := self._held(article)) is not None:
            return held, []
        with self._guard:
            opening = self._opening[article]
        with opening:  # of the threads that need the same article, one opens it
            if (held := self._held(article)) is not None:
                return held, []
            ready, notices = self._choose(article, on_progress)
            self._shared.opened.put((self._dir, article), ready)
            return ready, notices

    def _held(self, article: str) -> Ready | None:
        """The index in memory, if it is the newest, or the newest is just about to be put in its place."""
        held = self._shared.opened.get((self._dir, article))
        if held is not None and article in self._publishing:
            return held
        try:
            newest = self._holdings.of(article).newest()
        except SnapshotError:  # the folder cannot be read just now, and what is in memory is whole
            return held
        return held if held is not None and held.newest == newest else None

    def _choose(self, article: str, on_progress: OnProgress) -> tuple[Ready, list[str]]:
        """Opens the newest snapshot, or builds one where it cannot be served."""
        publisher = self._publisher(on_progress)
        while True:
            look = self._holdings.look(article)
            if look.newest is None and article != self._set_id:
                self._find(article, None)  # it was removed meanwhile
            reasons = [f"The index was damaged and is not used: {error}" for error in look.damaged.values()]
            reasons += self._unlike(look.whole)
            remarks: list[str] = []
            afresh: Reading | None = None
            if article == self._set_id:
                try:
                    afresh = self._read_set_article(article, look, reasons)
                except ArticleError as error:
                    if not look.names:
                        raise
                    remarks.append(f"{error} It is answered from as it was indexed last.")
            if not reasons and look.whole is not None:
                return publisher.answering(look.whole, look.newest), remarks
            try:
                ready = self._rebuild(publisher, article, look, afresh)
            except (ArticleError, QuestionFileError, SnapshotError) as error:
                if look.whole is None or look.whole.manifest.model_sha256 != publisher.embedder.sha256:
                    raise
                failed = f"It could not be built again: {error} It is answered from as it was indexed before."
                return publisher.answering(look.whole, look.newest), [*remarks, *reasons, failed]
            if ready is not None:
                again = ["It was built again from the article."] if reasons else []
                return ready, [*remarks, *reasons, *again]

    def _unlike(self, snapshot: Snapshot | None) -> list[str]:
        """Why a whole snapshot cannot be served as it is."""
        embedder, _ = self._shared.models.load()
        if snapshot is not None and snapshot.manifest.model_sha256 != embedder.sha256:
            return [f"The index was built with another embedding model ({snapshot.manifest.model})."]
        if snapshot is not None and snapshot.manifest.format != FORMAT:
            return ["The index was written by an earlier version of Footnote."]
        return []

    def _read_set_article(self, article: str, look: Look, reasons: list[str]) -> Reading | None:
        """The set article, where it has to be read: for a reason that there is, or because it has changed."""
        assert self._path is not None  # noqa: S101 - told to the type checker: it is the one of the settings
        source = read_file(self._path, self._shared.limits)
        if look.whole is not None and not reasons:
            folder, digest = self._holdings.of(article), source_sha256(source)
            known = {look.whole.manifest.source_sha256}
            for name in folder.undone():  # what was taken back does not come again unasked
                with contextlib.suppress(SnapshotDamagedError):
                    known.add(folder.manifest(name).source_sha256)
            if digest in known:
                return None
        found = Reading(read(source, article, self._shared.limits), source.origin, source)
        if look.whole is not None and not reasons:
            if look.whole.index.article == found.article:
                return None  # a file that says the same in other bytes
            reasons.append("The article has changed since it was indexed.")
        return found

    def _rebuild(
        self, publisher: Publisher, article: str, look: Look, afresh: Reading | None
    ) -> Ready | None:
        """Publishes an index again; None where another process did something to it meanwhile."""
        began = time.perf_counter()
        with self._holdings.alone(-1):
            if self._holdings.of(article).newest() != look.newest:
                return None
            with self._begun(Action.REINDEXED, article, _ITSELF) as note:
                found = afresh or self._holdings.recover(article, look.names)
                self._publish(publisher, note, look, found, force=True, began=began)
            return self._shared.opened.get((self._dir, article))

    # Asking all

    def _ask_all(self, question: str, turns: Sequence[Turn]) -> Found:
        """Asks the articles whose passages are nearest to the question, and gives the best answer."""
        homes = [(self, article) for article in self._holdings.ids()]
        if (fallback := self._fallback()) not in homes:
            homes.append(fallback)
        if len(homes) > CANDIDATES:
            embedder, _ = self._shared.models.load()
            vector = embedder.embed_question(question).vector
            near = {home: home[0]._likeness(home[1], vector) for home in homes}
            homes = sorted(homes, key=lambda home: -near[home])[:CANDIDATES]
        # What was cited before counts in one article's text, and a turn does not say in which.
        asked = [Turn(turn.question, ()) for turn in turns]
        found: list[tuple[Found, float]] = []
        for home, article in homes:
            try:
                ready = home._open(article, None)
            except FootnoteError as error:  # an article that cannot be opened leaves the others
                log.warning("“%s” cannot be asked: %s", article, error)
                continue
            answer, ranking = ready.answerer.respond(question, asked)
            found.append((Found(answer, ready.info), ranking.sentences[0].support))
        if not found:
            return self.ask(question, turns=asked)
        # Tiers compare between articles: the same model's thresholds make them. So does the support within a
        # tier: a mean of cosines, in which a word that an article lacks weighs most. Scores do not: they are
        # relative to the other sentences of one article.
        return min(found, key=lambda one: (_BEST_FIRST.index(one[0].answer.status), -one[1]))[0]

    def _likeness(self, article: str, vector: Floats) -> float:
        """How near the nearest passage of an article is; -1 where it cannot be opened."""
        try:
            return float(np.max(self._passage_vectors(article) @ vector))
        except FootnoteError as error:
            log.warning("“%s” cannot be asked: %s", article, error)
            return -1.0

    def _passage_vectors(self, article: str) -> Floats:
        """The vectors of an article's passages, without opening all of its index."""
        folder = self._holdings.of(article)
        newest = folder.newest()
        held = self._shared.vectors.get((self._dir, article))
        if held is not None and held[0] == newest:
            return held[1]
        embedder, _ = self._shared.models.load()
        vectors: Floats | None = None
        if newest is not None:
            with contextlib.suppress(SnapshotDamagedError):
                vectors = folder.vectors(newest[0], embedder.sha256)
        if vectors is None:
            ready = self._open(article, None)
            newest, vectors = ready.newest, ready.snapshot.index.store.vectors()
        self._shared.vectors.put((self._dir, article), (newest, vectors))
        return vectors

    # Changing

    @contextlib.contextmanager
    def _begun(self, action: Action, article: str, who: str) -> Iterator[Note]:
        """A change that is under way; called off where it fails. The caller has the lock."""
        folder = self._holdings.of(article)
        note = self._holdings.begin(action, article, who, number=folder.next_number())
        try:
            yield note
        except BaseException:
            folder.remove_if_empty()
            if not folder.holds(note.number):  # else it is made, and the next change finishes it
                with contextlib.suppress(OSError):
                    self._holdings.ledger.call_off()
            raise

    def _publisher(self, on_progress: OnProgress) -> Publisher:
        embedder, reranker = self._shared.models.load()
        fitted = self._shared.fitted

        def limits(before: Snapshot | None) -> Thresholds:
            """The model's: those of an index that it made before, or known, or fitted now."""
            if embedder.sha256 not in fitted:
                known = before.manifest.thresholds if before else None
                fitted[embedder.sha256] = known or thresholds(embedder, on_progress)
            return fitted[embedder.sha256]

        return Publisher(
            holdings=self._holdings,
            embedder=embedder,
            reranker=reranker,
            thresholds=limits,
            check_at_least=self._shared.check_at_least,
            on_progress=on_progress,
        )

    def _publish(
        self,
        publisher: Publisher,
        note: Note,
        look: Look | None,
        found: Reading,
        *,
        force: bool,
        began: float,
    ) -> ReindexReport:
        """Publishes an article and swaps its index in. The caller has the lock."""
        held = self._shared.opened.get((self._dir, note.article))
        self._publishing.add(note.article)
        try:
            ready, report = publisher.publish(note, look, found, held, force=force)
            self._shared.opened.put((self._dir, note.article), ready)
        finally:
            self._publishing.discard(note.article)
        return replace(report, seconds=time.perf_counter() - began)

    def _read_again(self, article: str, look: Look, source: Source | None) -> Reading:
        """Reads an article for a reindex: from a new source, from where it came, or from what is stored."""
        kept: Reading | None = None
        if look.names:
            with contextlib.suppress(SnapshotDamagedError, ArticleError):
                kept = self._holdings.recover(article, look.names)
        if source is None and article == self._set_id and self._path is not None:
            source = read_file(self._path, self._shared.limits)
        elif source is None and kept is not None and kept.origin is not None:
            source = reread(kept.origin, self._shared.limits) or kept.source
        if source is None:
            if kept is None:
                raise LibraryError(
                    "Nothing is left of what “{id}” was read from. Reindex it with a new source.", id=article
                )
            return kept
        attached = source.origin.kind in (SourceKind.UPLOAD, SourceKind.WEB)
        if attached and source.questions is None and kept is not None and kept.source is not None:
            source = replace(source, questions=kept.source.questions)
        return Reading(read(source, article, self._shared.limits), source.origin, source)

    def _in_use_afresh(self) -> Article:
        home, article = self._find(None, None)
        if article == home._set_id and home._path is not None:
            return read(read_file(home._path, self._shared.limits), article, self._shared.limits)
        return self.article(article)
