"""The facade: open the index of an article, reindex it, ask it."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from index.answer import Answerer
from index.baseline import PlainDense
from index.build import OnProgress, build
from index.calibrate import fit, thresholds
from index.embed import Embedder, SentenceTransformerEmbedder
from index.errors import ArticleError, ReindexRunningError, SnapshotDamagedError, SnapshotError
from index.evaluate import Metrics, Mode, OnQuestion, evaluate, footnote_system, load_questions
from index.models import Answer, Article, IndexInfo, Progress, ReindexReport, Stage
from index.rerank import CrossEncoderReranker
from index.retrieve import Reranker
from index.snapshot import Snapshot, SnapshotFolder
from index.sources import SHIPPED_ARTICLE, article_id, load_article

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Ready:
    """An index that answers: swapped in as one."""

    snapshot: Snapshot
    answerer: Answerer


class Library:
    """The article, its index on disk under ``data_dir``, and the models that answer.

    Thread-safe: any number of threads may ``ask`` while one reindexes; a finished index is swapped in
    whole. Nothing is loaded before the first call that needs it.

    Args:
        data_dir: Folder for the indexes; made when missing.
        article_path: A UTF-8 text file (an optional ``.toml`` of the same name beside it holds what the
            text lacks); None for the article that ships.
        embedding_model: A sentence-transformers model by hub name or folder; None for the bundled one.
        reranker: A sentence-transformers CrossEncoder by name or folder; None for none.
        embedder: An embedder to use instead of loading ``embedding_model``.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        article_path: Path | None = None,
        embedding_model: str | None = None,
        reranker: str | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._article_path = article_path or SHIPPED_ARTICLE
        self._folder = SnapshotFolder(data_dir / "articles" / article_id(self._article_path) / "snapshots")
        self._lock = FileLock(data_dir / "reindex.lock")
        self._embedding_model = embedding_model
        self._reranker_model = reranker
        self._embedder = embedder
        self._reranker: Reranker | None = None
        self._ready: _Ready | None = None
        self._loading = threading.Lock()

    def load(self, on_progress: OnProgress = lambda _: None) -> tuple[str, ...]:
        """Makes ready to answer: loads the model, opens the index, builds or heals it where needed.

        Calling it again costs nothing. Returns notices for people, empty when all was well, e.g. that
        the index was damaged and has been rebuilt.

        Raises:
            ArticleError: the article cannot be read and no earlier index of it is there to serve.
            EmbeddingModelError: the model cannot be loaded.
            SnapshotError: the index cannot be saved.
        """
        with self._loading:
            if self._ready is not None:
                return ()
            embedder = self._load_models()
            snapshot, notices = self._open_newest(embedder)
            if snapshot is None:
                snapshot = self._publish(load_article(self._article_path), embedder, on_progress, wait=True)
                if notices:
                    notices.append("It was built again from the article.")
            self._ready = self._answering(snapshot, embedder)
            return tuple(notices)

    def ask(self, question: str) -> Answer:
        """Answers one question, loading first where that has not been done.

        Raises:
            QuestionError: the question is empty or longer than MAX_QUESTION_CHARS.
        """
        return self._now().answerer.answer(question)

    def reindex(self, on_progress: OnProgress = lambda _: None) -> ReindexReport:
        """Reads the article afresh, builds a new index beside the old one and swaps it in.

        Questions asked meanwhile are answered from the old index; when this raises, the old one stays.

        Raises:
            ReindexRunningError: another reindex of this library is running, here or in another process.
            ArticleError, SnapshotError: nothing was changed.
        """
        began = time.perf_counter()
        on_progress(Progress(Stage.READ, 0, 1))
        embedder = self._load_models()
        before = self._ready.snapshot if self._ready else self._newest()
        snapshot = self._publish(load_article(self._article_path), embedder, on_progress, wait=False)
        self._ready = self._answering(snapshot, embedder)
        old, new = _texts(before) if before else Counter[str](), _texts(snapshot)
        return ReindexReport(
            info=self.info(),
            kept=(old & new).total(),
            added=(new - old).total(),
            removed=(old - new).total(),
            seconds=time.perf_counter() - began,
        )

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
                this library's article.
            mode: What each question is asked of.
            plain: Whether to measure a plain dense baseline instead of Footnote.
            on_question: Told of each question that is done.

        Raises:
            QuestionFileError: the file cannot be read, or is not enough for the mode.
        """
        questions = load_questions(file, load_article(self._article_path))
        embedder = self._load_models()
        system = (
            partial(PlainDense, embedder=embedder) if plain else footnote_system(embedder, self._reranker)
        )
        return evaluate(
            questions, embedder, file=file.name, mode=mode, system=system, on_question=on_question
        )

    def calibrate(self, on_progress: OnProgress = lambda _: None) -> dict[str, dict[str, float]]:
        """The confidence thresholds of the embedding model, fitted afresh, by the hash of the model."""
        embedder = self._load_models()
        return {embedder.sha256: fit(embedder, on_progress)._asdict()}

    @property
    def article(self) -> Article:
        """The article as it is indexed now."""
        return self._now().snapshot.index.article

    def info(self) -> IndexInfo:
        """What is indexed now."""
        snapshot = self._now().snapshot
        return IndexInfo(
            article=snapshot.index.article,
            passages=snapshot.index.passages,
            model=snapshot.manifest.model,
            model_sha256=snapshot.manifest.model_sha256,
            indexed_at=snapshot.manifest.built_at,
            snapshot=snapshot.name,
        )

    def _now(self) -> _Ready:
        if self._ready is None:
            for notice in self.load():
                log.warning("%s", notice)
        assert self._ready is not None  # noqa: S101 - told to the type checker: load raises or sets it
        return self._ready

    def _load_models(self) -> Embedder:
        if self._embedder is None:
            self._embedder = SentenceTransformerEmbedder(self._embedding_model)
        if self._reranker is None and self._reranker_model is not None:
            self._reranker = CrossEncoderReranker(self._reranker_model)
        return self._embedder

    def _newest(self) -> Snapshot | None:
        """The newest snapshot that is whole, of whatever text and model."""
        for name in self._folder.names():
            with suppress(SnapshotDamagedError):
                return self._folder.open(name)
        return None

    def _open_newest(self, embedder: Embedder) -> tuple[Snapshot | None, list[str]]:
        """The newest snapshot, if it can be served, and what is to be said of the index."""
        notices: list[str] = []
        try:
            article = load_article(self._article_path)
        except ArticleError as error:
            article = None
            notices.append(f"{error} It is answered from as it was indexed last.")
        for name in self._folder.names():
            try:
                snapshot = self._folder.open(name)
            except SnapshotDamagedError as error:
                notices.append(f"The index was damaged and is not used: {error}")
                continue
            if snapshot.manifest.model_sha256 != embedder.sha256:
                notices.append(
                    f"The index was built with another embedding model ({snapshot.manifest.model})."
                )
            elif article is not None and snapshot.index.article != article:
                notices.append("The article has changed since it was indexed.")
            elif article is None or len(notices) == 0:
                return snapshot, notices
            break
        return None, notices

    def _publish(
        self, article: Article, embedder: Embedder, on_progress: OnProgress, *, wait: bool
    ) -> Snapshot:
        """Builds an index and publishes it; one at a time, in this process and among processes."""
        busy = ReindexRunningError("A reindex is running already. Wait until it is done.")
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            with self._lock.acquire(blocking=wait):
                index = build(article, embedder, on_progress)
                limits = thresholds(embedder, on_progress)
                on_progress(Progress(Stage.SAVE, 0, 1))
                return self._folder.publish(
                    index, model=embedder.name, model_sha256=embedder.sha256, thresholds=limits
                )
        except Timeout as error:
            raise busy from error
        except OSError as error:
            raise SnapshotError(
                f"The data folder {self._data_dir} cannot be written to: {error.strerror}. Check its "
                "permissions and space, or set FOOTNOTE_DATA_DIR to another folder."
            ) from error

    def _answering(self, snapshot: Snapshot, embedder: Embedder) -> _Ready:
        return _Ready(
            snapshot,
            Answerer(
                snapshot.index,
                embedder,
                thresholds=snapshot.manifest.thresholds,
                snapshot=snapshot.name,
                reranker=self._reranker,
            ),
        )


def _texts(snapshot: Snapshot) -> Counter[str]:
    text = snapshot.index.article.text
    return Counter(passage.of(text) for passage in snapshot.index.passages)
