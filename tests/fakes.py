# ruff: noqa: A002 - the names are those of the facade
"""The real library, which can be held back, made to fail and listened to.

It has an embedder without weights and no reader, and lies in a temporary folder of its own. What a clock
decides is not the real one's, as tests say it to the letter: every index and every change is from INDEXED_AT,
and every change takes SECONDS.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from index.answering.confidence import Thresholds
from index.answering.fitted_reader import FittedReader
from index.library.library import Library
from index.library.models import NO_READER, LoadedModels
from index.model.answer import Result, Turn
from index.model.article import Article
from index.model.library import Change, Entry, IndexInfo, Progress, ReindexReport, Stage
from index.model.source import Origin, Source, SourceKind
from index.sources.extract.__main__ import respond
from index.sources.limits import Limits
from index.sources.sandbox import Response
from index.storage.tables import ChangeRow, LibraryRow
from tests.index.fakes import FakeEmbedder

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
BRIDGE = Article(
    id="bridge",
    title="The bridge of Oaks",
    text=(
        "The bridge of Oaks has seven arches.\n“Cattle cross it on Mondays,” said Carl Dorn, the toll keeper."
    ),
    source="https://example.org/bridge",
    questions=("How many arches has the bridge?",),
)
TWO_SOURCES = "Was the harbour built by the harbour master?"
"""What the article answers with a sentence of its first paragraph and one of its second."""
INDEXED_AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECONDS = 2.5
THRESHOLDS = Thresholds(uncertain=0.2, answered=0.3)
"""That the embedder tells apart what an article of three paragraphs says."""
IN_MEMORY = next((path for path in ("/dev/shm",) if os.access(path, os.W_OK)), None)  # noqa: S108
"""Where a folder costs no waiting: on a disk, each change waits some twenty times."""


_LIBRARIES: dict[tuple[Article, ...], Path] = {}
"""Data folders that hold just some articles: a test's own library starts as a copy."""


@cache
def _files() -> Path:
    """The folder of the process's libraries to copy, and of the file that the settings of each test name.

    An index says which file it was read from, so that copies of one index share that file's name.
    """
    folder = Path(tempfile.mkdtemp(prefix="footnote-test-", dir=IN_MEMORY))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True, slots=True)
class Call:
    """A question or a claim as a library was given it. ``library`` is "" for the root, or a branch's name."""

    library: str
    question: str
    article: str | None
    place: str | None
    turns: tuple[Turn, ...]
    is_claim: bool = False
    thread: str = field(default_factory=lambda: threading.current_thread().name)


class HeldLibrary(Library):
    """The real library. Its branches share all that follows, which tests set and read at the root.

    ``loading``, ``asking`` and ``reindexing`` (of any change, at the stage ``held_at``) hold work back while
    they are clear; ``error`` is raised by the next question or change, once it is let through.
    ``next_article`` is what changes read in place of their source. ``calls`` are the questions asked.
    ``reading`` is what reads, if anything.
    """

    def __init__(
        self, article: Article = ARTICLE, *others: Article, reading: FittedReader | None = None
    ) -> None:
        folder = Path(tempfile.mkdtemp(prefix="footnote-test-", dir=IN_MEMORY))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = _files() / f"{article.id}.txt"
        articles = (article, *others)
        if articles in _LIBRARIES:
            shutil.copytree(_LIBRARIES[articles], folder / "data")
            self._write(source_of(article))
        super().__init__(folder / "data", article_path=self.path, embedder=FakeEmbedder(), reader=NO_READER)
        self._parts.models._models = LoadedModels(FakeEmbedder(), None, reading)
        self._parts.models._thresholds[FakeEmbedder().sha256] = THRESHOLDS
        self.loading, self.asking, self.reindexing = threading.Event(), threading.Event(), threading.Event()
        for event in (self.loading, self.asking, self.reindexing):
            event.set()
        self.held_at, self.calls = Stage.READ, list[Call]()
        self.error: Exception | None = None
        self.next_article: Article | None = None
        self.name, self.root, self.branches = "", self, dict[str, HeldLibrary]()
        if articles in _LIBRARIES:
            for one in articles:
                super().article(one.id)  # open, as after a change
        else:
            for one in articles:
                self.give(one)
            self._articles.folder.records.database.close()
            _LIBRARIES[articles] = _files() / f"library-{len(_LIBRARIES)}"
            shutil.copytree(folder / "data", _LIBRARIES[articles])

    def give(self, article: Article, *, alone: bool = True) -> None:
        """Puts an article in, neither in use nor in the history; ``alone``: without versions before it."""
        folder = self._articles.folder
        records = folder.records
        before = records.now()
        count = len(records.notes())
        if article.id == self._articles.set_id or folder.has(article.id):
            super().reindex(article.id, who="", source=self._following(article, article.id))
        else:
            parent, self._articles.parent = self._articles.parent, None  # everyone's may have the same id
            super().add(source_of(article), who="", id=article.id)
            self._articles.parent = parent
        older = records.now().articles[article.id].published[1:] if alone else []
        with records.change() as writer:
            writer.forget([one.key for one in older])
        with records.database.writing() as connection:
            mine = ChangeRow.library == records.now().key
            lines = connection.scalars(select(ChangeRow.key).where(mine).order_by(ChangeRow.key)).all()
            connection.execute(delete(ChangeRow).where(ChangeRow.key.in_(lines[count:])))
            library = update(LibraryRow).where(LibraryRow.key == records.now().key)
            connection.execute(library.values(in_use=before.in_use, revision=LibraryRow.revision + 1))

    def branch(self, name: str) -> HeldLibrary:
        if name not in self.branches:
            branch = self.branches[name] = copy(self)
            vars(branch).update(vars(super().branch(name)), name=name)
        return self.branches[name]

    def load(self, on_progress: Callable[[Progress], None] = lambda _: None) -> tuple[str, ...]:
        self.root.loading.wait(timeout=10)
        return super().load(on_progress)

    def ask(self, question: str, **options: Any) -> Result:
        self._hold(question, options)
        return _dated(super().ask(question, **options))

    def check(self, claim: str, **options: Any) -> Result:
        self._hold(claim, options, is_claim=True)
        return _dated(super().check(claim, **options))

    def add(self, source: Source, **options: Any) -> ReindexReport:
        source = source_of(self.root.next_article) if self.root.next_article else source
        return _timed(super().add(source, **self._held(options)))

    def reindex(self, id: str | None = None, **options: Any) -> ReindexReport:
        if self.root.next_article:
            options["source"] = self._following(
                self.root.next_article, id or self.in_use(options.get("place"))
            )
        return _timed(super().reindex(id, **self._held(options)))

    def info(self, id: str | None = None, *, place: str | None = None) -> IndexInfo:
        return replace(super().info(id, place=place), indexed_at=INDEXED_AT)

    def entries(self, *, place: str | None = None) -> tuple[Entry, ...]:
        return tuple(replace(entry, indexed_at=INDEXED_AT) for entry in super().entries(place=place))

    def history(self, id: str | None = None, *, limit: int = 50) -> tuple[Change, ...]:
        return tuple(replace(change, when=INDEXED_AT) for change in super().history(id, limit=limit))

    def _hold(self, text: str, options: Mapping[str, Any], *, is_claim: bool = False) -> None:
        article, place = options.get("article"), options.get("place")
        self.root.calls.append(Call(self.name, text, article, place, self._turns(options), is_claim))
        self.root.asking.wait(timeout=10)
        self._raise()

    def _turns(self, options: Mapping[str, Any]) -> tuple[Turn, ...]:
        """Those that count."""
        counts, version = True, options.get("version")
        if version is not None:
            article = self.article(options.get("article"), place=options.get("place"))
            counts = article.sha256.startswith(version)
        return tuple(options.get("turns", ())) if counts else ()

    def _following(self, article: Article, id: str) -> Source | None:
        """What a reindex reads an article from; where the settings name it, that file says it, and None."""
        source = source_of(article)
        if id != self._articles.set_id:
            return source
        self._write(source)
        return None

    def _write(self, source: Source) -> None:
        """Into the file that the settings name."""
        self.path.write_bytes(source.content)
        self.path.with_suffix(".toml").write_bytes(source.sidecar or b"")

    def _held(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options of a change, held back and failing as the test has it."""
        on_progress = options.get("on_progress", lambda _: None)

        def report(step: Progress) -> None:
            on_progress(step)
            if step.stage is self.root.held_at:
                self.root.reindexing.wait(timeout=10)
                self._raise()

        return {**options, "on_progress": report}

    def _raise(self) -> None:
        error, self.root.error = self.root.error, None
        if error:
            raise error


def source_of(article: Article) -> Source:
    """A source of which that very article is read."""
    names = ("title", "title_is_label", "author", "site", "source", "language", "questions")
    given = {name: value for name in names if (value := getattr(article, name))}
    sidecar = "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in given.items())
    return Source(Origin(SourceKind.UPLOAD, f"{article.id}.txt"), article.text.encode(), sidecar.encode())


def read_here(request: Mapping[str, Any], content: bytes, _: Limits) -> Response:
    """What the bounded process would say, without one: that starts for each source."""
    form, head, *rest = b"".join(respond(request, content)).split(b"\n", 2)
    return Response(form.decode(), json.loads(head or b"{}"), *rest)


def _dated(result: Result) -> Result:
    return replace(result, info=replace(result.info, indexed_at=INDEXED_AT))


def _timed(report: ReindexReport) -> ReindexReport:
    return replace(report, info=replace(report.info, indexed_at=INDEXED_AT), seconds=SECONDS)
