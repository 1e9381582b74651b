"""The facade: a library of articles, their indexes on disk, and the models that answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from typing import TypeVar

from index.errors import LibraryError
from index.library.admin_answers import AdminAnswers
from index.library.finding import Collection
from index.library.memory import OpenArticle
from index.library.models import LoadedModels, Models, RuntimeChoice
from index.library.parts import Parts
from index.library.quotas import Quotas
from index.library.rebuilding import Rebuild
from index.model.answer import Citation, Result, Turn
from index.model.article import Article
from index.model.library import Change, Entry, IndexInfo, MemoryUse, ReindexReport
from index.model.source import Source
from index.search.build import OnProgress
from index.search.embedding import Embedder
from index.sources.files import SHIPPED_ARTICLE
from index.sources.limits import Limits
from index.storage.channels import Channels
from index.storage.inspection import faults
from index.storage.jobs import Jobs
from index.storage.ledger import QuestionLedger
from index.storage.library_folder import SharedStorage, library_folder
from index.storage.snapshots import SNAPSHOTS_KEPT
from index.storage.upkeep import Retention, Upkeep

T = TypeVar("T")
ALL = "*"  # asks every article of a library


class Library:
    """One set of articles under a folder, with the models that answer.

    Thread-safe, and any number of processes may share the folder: what one publishes, the others notice at
    their next question. Readers take no lock; changes are made one at a time, and swapped in whole.

    Args:
        data_dir: Folder for the indexes; made when missing.
        database_url: The address of a PostgreSQL; None for SQLite in that folder.
        storage: Where the indexes lie that several machines share; None where they lie in that folder.
        article_path: The article to answer from where none was chosen; None for the one that ships.
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        encoder: What runs the bundled one: "onnx", "torch", or "auto" for what is faster.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        reader: The folder of a reader; None for the one that ships, "off" for none.
        embedder: One to use instead of loading ``embedding_model``.
        limits: What a source may cost.
        quotas: What the library of a server may have, and how much of the disk stays free.
        retention: How long what was removed is kept.
        check_at_least: The share of an article's own questions whose first citation must be right.
        open_articles: How many articles are held in memory, this library's and its branches' together.
        snapshots_kept: How many snapshots are kept of each article.

    Attributes:
        ledger: The questions that were asked, in all servers, and what is kept of people.
        upkeep: Looks after the folders of all of them.
        channels: What is switched on in the channels of their servers.
        admin_answers: What the admins of its server have answered themselves.
        jobs: The changes of all of them that wait for a worker.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        database_url: str | None = None,
        storage: SharedStorage | None = None,
        article_path: Path | None = None,
        embedding_model: str | None = None,
        encoder: RuntimeChoice = "auto",
        reranker: str | None = None,
        reader: str | None = None,
        embedder: Embedder | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        quotas: Quotas = Quotas(),  # noqa: B008 - frozen
        retention: Retention = Retention(),  # noqa: B008 - frozen
        check_at_least: float = 0.8,
        open_articles: int = 16,
        snapshots_kept: int = SNAPSHOTS_KEPT,
    ) -> None:
        self._parts = Parts.over(
            Models(data_dir, embedding_model, encoder, reranker, reader, embedder),
            limits=limits,
            quotas=quotas,
            check_at_least=check_at_least,
            open_articles=open_articles,
        )
        folder = library_folder(data_dir, database_url, storage, snapshots_kept)
        self._articles = Collection(folder=folder, set_path=article_path or SHIPPED_ARTICLE)
        self.admin_answers = AdminAnswers(self._articles, self._parts)
        self.ledger = QuestionLedger(folder.records.database)
        self.upkeep = Upkeep(folder, retention=retention)
        self.jobs = Jobs(folder.records.database)
        self.channels = Channels(folder.records.database)
        self._only_at_hand = False
        self._guard = threading.Lock()
        self._branches: dict[str, Library] = {}

    def branch(self, name: str) -> Library:
        """A library of its own, under ``servers/<name>``.

        It shares this one's models, limits and settings. It sees its own articles and the one that this
        library has in use, and never another branch's. The same name gives the same object.

        Args:
            name: Digits only: a server's id.

        Raises:
            LibraryError: it is none.
        """
        if self._articles.parent is not None or not re.fullmatch(r"[0-9]{1,20}", name):
            raise LibraryError("“{name}” names no server's library: it has to be a number.", name=name)
        with self._guard:
            if name not in self._branches:
                branch, folder = copy(self), self._articles.folder.branch(name)
                branch._only_at_hand = False
                branch._articles = Collection(folder=folder, parent=self._articles)
                branch.admin_answers = AdminAnswers(branch._articles, self._parts)
                self._branches[name] = branch
            return self._branches[name]

    def at_hand(self) -> Library:
        """The same library, of which only what is in memory is used; all else raises NotAtHandError."""
        same = copy(self)
        same._only_at_hand = True
        return same

    # Asking

    def load(self, on_progress: OnProgress = lambda _: None) -> tuple[str, ...]:
        """Makes ready to answer: loads the models, opens the article in use, builds or heals it where needed.

        Calling it again costs nothing. Returns notices for people, e.g. that a reindex was cut off.

        Raises:
            ArticleError: the article cannot be read and no earlier index of it is there to serve.
            EmbeddingModelError: a model cannot be loaded.
            RebuildingError: indexes are built in the background, and the one of the article in use is.
            SnapshotError: the index cannot be saved.
        """
        self._parts.models.load()
        notices = self._articles.transactions.mend_if_free()
        if self._articles.parent is None:
            for name in self._articles.folder.unfinished_branches():
                notices += self.branch(name)._articles.transactions.mend_if_free()
        _, more = self._parts.opener.ready(self._articles.find(None), on_progress)
        return (*notices, *more)

    def rebuild_in(self, submit: Callable[[Rebuild], object]) -> None:
        """Has indexes that cannot serve built in the background from now on, this one's and its branches'.

        Without this, whoever asks first builds them. With it, the index before answers, or a RebuildingError.
        ``submit`` runs what it is given in a thread, once, with what is told how far it is and may raise.
        """
        self._parts.rebuilder.work_in(submit)

    def resolve(self, name: str | None = None, *, place: str | None = None) -> str:
        """The id of the article that is meant: by its id or, else, its title; None for the one in use.

        ALL, and what names no article here, is given back as it is.
        """
        if name == ALL:
            return ALL
        return self.in_use(place) if name is None else self._articles.named(name)

    def fetching(self, article: str) -> Callable[[], object] | None:
        """What fetches an article, by its id, from a storage that machines share; None where it is here."""
        return self._articles.fetching(article)

    def ask(
        self,
        question: str,
        *,
        article: str | None = None,
        place: str | None = None,
        turns: Sequence[Turn] = (),
        version: str | None = None,
    ) -> Result:
        """Answers one question, opening the article first where that has not been done.

        Args:
            question: In words.
            article: Which article; None for the one in use, ALL for the one of all that answers best.
            place: Where it is asked (a channel's id): a place can have an article of its own in use.
            turns: What was asked before in the conversation, oldest first.
            version: The start of the SHA-256 of the text in which the turns count: they are left out where
                the article has another text by now. None where they count anyway.

        Raises:
            QuestionError: the question is empty or longer than MAX_QUESTION_CHARS.
            RebuildingError: the index is being built again, and no other one is there to answer from.
            UnknownArticleError: no such article is here.
        """
        if article == ALL:
            return self._parts.all_articles.ask(self._articles, question, turns)

        def answered(one: OpenArticle) -> Result:
            counts = version is None or one.info.article.sha256.startswith(version)
            return Result(one.answerer.answer(question, turns if counts else ()), one.info)

        return self._with(article, place, answered)

    def check(self, claim: str, *, article: str | None = None, place: str | None = None) -> Result:
        """What an article says to a claim, see ``Answer.verdict`` and ``Answerer.check``; else as ``ask``."""
        return self._with(article, place, lambda one: Result(one.answerer.check(claim), one.info))

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
            version: The start of an ``Article.sha256``: the article as it was then, if that is still kept.

        Raises:
            UnknownArticleError: no such article is here.
            LibraryError: that version of it is gone.
        """
        if version is None:
            return self._opened(id, place).info.article
        return self._articles.find(id, place).version(version)

    def info(self, id: str | None = None, *, place: str | None = None) -> IndexInfo:  # noqa: A002
        """What is indexed of an article now; see ``article``."""
        return self._opened(id, place).info

    def quotes(
        self, speaker: str | None = None, *, article: str | None = None, place: str | None = None
    ) -> tuple[Citation, ...]:
        """What is said in an article, in its order: by everybody, or by one speaker."""
        return self._opened(article, place).answerer.quotes(speaker)

    def speakers(self, *, article: str | None = None, place: str | None = None) -> tuple[str, ...]:
        """Who speaks in an article."""
        return self._opened(article, place).answerer.speakers()

    def summary(self, *, article: str | None = None, place: str | None = None) -> tuple[Citation, ...]:
        """The sentences that carry an article, in its order."""
        return self._with(article, place, lambda one: one.answerer.summary())

    def nearest(self, text: str, *, article: str | None = None, place: str | None = None) -> Citation | None:
        """The sentence of an article that is nearest to some words; None where none is near."""
        return self._with(article, place, lambda one: one.answerer.nearest(text))

    # Managing

    def entries(self, *, place: str | None = None) -> tuple[Entry, ...]:
        """Every article, in order of id; ``in_use`` is for the place. No index is opened for it."""
        return self._articles.entries(place)

    def in_use(self, place: str | None = None) -> str:
        """The id of the article in use at a place: its own, the library's, or what it falls back to."""
        return self._articles.in_use(place)

    def use(self, id: str, *, who: str, place: str | None = None) -> None:  # noqa: A002
        """Puts an article in use, for the whole library or for one place.

        Raises:
            UnknownArticleError, SnapshotError: nothing was changed.
        """
        self._parts.changer.use(self._articles, id, who=who, place=place)

    def add(
        self,
        source: Source,
        *,
        who: str,
        id: str | None = None,  # noqa: A002
        force: bool = False,
        lease: str = "",
        on_progress: OnProgress = lambda _: None,
    ) -> ReindexReport:
        """Adds an article. The first one that a library gets is put in use, unless one was chosen.

        Args:
            source: What to read it from.
            who: For the history.
            id: Its id; None to make one of its title.
            force: Publish it whatever its own questions say.
            lease: Of the job that this is made for, if any: it is published only while that is held.
            on_progress: Told how far it is; may raise to call it off.

        Raises:
            ArticleError: it is no article.
            LibraryError, QuotaError: the id is taken, or is none, or there is no room for it.
            ReindexRunningError: another change of this library is under way.
            SelfCheckError: too many of its own questions are answered wrongly.
            SnapshotError: it cannot be written. In each case nothing was changed.
        """
        return self._parts.changer.add(
            self._articles, source, who=who, id=id, force=force, lease=lease, on_progress=on_progress
        )

    def reindex(
        self,
        id: str | None = None,  # noqa: A002
        *,
        who: str,
        source: Source | None = None,
        place: str | None = None,
        force: bool = False,
        lease: str = "",
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
            force: As in ``add``,
            lease: and so is this.
            on_progress: Told how far it is; may raise to call it off.

        Raises:
            UnknownArticleError, LibraryError: no such article is here, or it is everyone's.
            ReindexRunningError, ArticleError, QuotaError, SelfCheckError, SnapshotError: nothing was changed.
        """
        article = self.in_use(place) if id is None else id
        return self._parts.changer.reindex(
            self._articles, article, who=who, source=source, force=force, lease=lease, on_progress=on_progress
        )

    def remove(self, id: str, *, who: str) -> None:  # noqa: A002
        """Moves an article aside; ``undo`` brings it back. Of each id the one removed last is kept.

        It is kept for as long as ``retention`` says, or until the library needs its room.

        Raises:
            UnknownArticleError, LibraryError: no such article is here, or it is everyone's.
            SnapshotError: it cannot be moved. In each case nothing was changed.
        """
        self._parts.changer.remove(self._articles, id, who=who)

    def undo(self, id: str | None = None, *, who: str, place: str | None = None) -> IndexInfo:  # noqa: A002
        """Goes back to the snapshot before, or brings a removed article back.

        Raises:
            UnknownArticleError, LibraryError: nothing is here or was removed that could be brought back.
            SnapshotError: it cannot be written. In each case nothing was changed.
        """
        article = self.in_use(place) if id is None else id
        self._parts.changer.undo(self._articles, article, who=who)
        return self.info(article)

    def history(self, id: str | None = None, *, limit: int = 50) -> tuple[Change, ...]:  # noqa: A002
        """What was done to this library's articles, newest first; to one of them, where ``id`` is given."""
        notes = self._articles.folder.records.notes()[::-1]
        return tuple([note.change() for note in notes if id in (None, note.article)][:limit])

    def faults(self) -> tuple[str, ...]:
        """What is wrong on disk, a sentence each, this library's branches included. Nothing is mended."""
        return tuple(faults(self._articles.folder))

    def models(self) -> LoadedModels:
        """The models that answer; raises an EmbeddingModelError where one cannot be loaded."""
        return self._parts.models.load()

    def memory_use(self) -> MemoryUse:
        """What this library and its branches hold in memory; nothing is loaded for it."""
        return self._parts.memory_use()

    def article_in_use(self) -> Article:
        """The article in use as its source says now, read afresh where that is the file of the settings."""
        holding, sources = self._articles.find(None), self._parts.sources
        if holding.is_set:
            return sources.read(sources.file(holding.set_path), holding.id).article
        return self.article(holding.id)

    def _opened(self, article: str | None, place: str | None) -> OpenArticle:
        return self._with(article, place, lambda one: one)

    def _with(self, article: str | None, place: str | None, act: Callable[[OpenArticle], T]) -> T:
        return self._parts.opener.ask(self._articles.find(article, place), act, at_hand=self._only_at_hand)
