# ruff: noqa: A001, A002 - the names are those of the facade
"""A library without models: it finds the sentence that shares most words with the question.

It is not the real library over an embedder without weights, because what the tests of the bot say to the
letter (passages, which sentence comes first, the versions that are kept, the moment of an index) would then
be what the index does, and change with it; and because the real one starts a process for each source that it
reads and writes to the disk, which takes longer than most of these tests. Where the two have to be tried
together, tests make a real one: see ``tests/bot/commands/test_strangers.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from index.errors import EveryonesArticleError, LibraryError, QuestionError, UnknownArticleError
from index.library.library import Library
from index.model.answer import MAX_QUESTION_CHARS, Answer, Citation, Result, Status, Turn
from index.model.article import Article, Passage
from index.model.library import (
    Action,
    Change,
    Entry,
    IndexInfo,
    Progress,
    ReindexReport,
    Stage,
)
from tests.fake_sentences import cite, read, sentences, texts, words
from tests.fake_upkeep import FakeUpkeep
from tests.index.fakes import FakeEmbedder

if TYPE_CHECKING:
    from index.model.source import Source

ALL = "*"
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
INDEXED_AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Call:
    """A question as the library was asked it. ``library`` is "" for the root, or a branch's name."""

    library: str
    question: str
    article: str | None
    place: str | None
    turns: tuple[Turn, ...]
    thread: str


class FakeLibrary(Library):
    """The same methods as ``Library``, at once and in memory.

    Its branches share what holds work back and what is recorded, so a test sets and reads these here:

    ``loading``, ``asking`` and ``reindexing`` (of any change) hold work back while they are clear; ``error``
    is raised by the next ask or change, once it is let through. ``next_article`` is what the next reindexes
    and additions find, under the id that they have; None for what the source itself says. ``calls`` are the
    questions asked, and ``asked`` the same, shorter: (question, thread).
    """

    def __init__(self, article: Article = ARTICLE, *others: Article) -> None:
        self.next_article: Article | None = None
        self.loading, self.asking, self.reindexing = threading.Event(), threading.Event(), threading.Event()
        for event in (self.loading, self.asking, self.reindexing):
            event.set()
        self.error: Exception | None = None
        self.notices: tuple[str, ...] = ()
        self.calls: list[Call] = []
        self.name = ""
        self.root = self
        self.branches: dict[str, FakeLibrary] = {}
        self.kept = {each.id: [each] for each in (article, *others)}
        self.undone: dict[str, list[Article]] = {}
        self.removed: dict[str, list[Article]] = {}
        self.chosen: str | None = article.id
        self.chosen_for: dict[str, str] = {}
        self.changes: list[Change] = []
        self.upkeep: Any = FakeUpkeep()

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(call.question, call.thread) for call in self.calls]

    def branch(self, name: str) -> FakeLibrary:
        if not name.isdecimal():
            raise ValueError(name)
        if name not in self.branches:
            branch = self.branches[name] = type(self)()
            branch.name, branch.root = name, self.root
            branch.kept, branch.chosen = {}, None
            branch.upkeep = self.upkeep
        return self.branches[name]

    def at_hand(self) -> FakeLibrary:
        return self

    def give(self, name: str, article: Article = ARTICLE) -> FakeLibrary:
        """Gives a branch an article of its own."""
        branch = self.branch(name)
        branch.kept[article.id] = [article]
        return branch

    def load(self, on_progress: Callable[[Progress], None] = lambda _: None) -> tuple[str, ...]:
        del on_progress
        self.root.loading.wait(timeout=10)
        return self.root.notices

    def rebuild_in(self, submit: Callable[..., object]) -> None:
        """Nothing ever has to be rebuilt."""

    def resolve(self, name: str | None = None, *, place: str | None = None) -> str:
        if name is None:
            return self.in_use(place)
        titles = {entry.title.casefold(): entry.id for entry in self.entries()}
        return titles.get(name.strip().casefold(), name)

    def ask(
        self,
        question: str,
        *,
        article: str | None = None,
        place: str | None = None,
        turns: Sequence[Turn] = (),
        version: str | None = None,
    ) -> Result:
        root = self.root
        if version is not None and not self.article(article, place=place).sha256.startswith(version):
            turns = ()
        thread = threading.current_thread().name
        root.calls.append(Call(self.name, question, article, place, tuple(turns), thread))
        root.asking.wait(timeout=10)
        self._raise()
        if not 0 < len(question) <= MAX_QUESTION_CHARS:
            raise QuestionError(
                "A question has 1 to {most} characters; this has {count}.",
                most=f"{MAX_QUESTION_CHARS:,}",
                count=f"{len(question):,}",
            )
        ids = [e.id for e in self.entries()] if article == ALL else [article or self.in_use(place)]
        found = [self._answer(question, id) for id in ids]
        return max(found, key=lambda f: (f.answer.citations or f.answer.closest)[0].score)

    def article(
        self, id: str | None = None, *, place: str | None = None, version: str | None = None
    ) -> Article:
        id = id or self.in_use(place)
        kept = self._versions(id)
        if version is None:
            return kept[-1]
        for article in [*reversed(kept), *self.undone.get(id, [])]:
            if article.sha256.startswith(version):
                return article
        raise LibraryError("The version {version} of “{id}” is not kept any more.", version=version, id=id)

    def faults(self) -> tuple[str, ...]:
        return ()

    def info(self, id: str | None = None, *, place: str | None = None) -> IndexInfo:
        id = id or self.in_use(place)
        article = self.article(id)
        passages = tuple(
            Passage(p.start, p.end, f"p{p.number}", p.number - 1, p.number, ()) for p in article.paragraphs
        )
        return IndexInfo(
            article, passages, "bag of words", "0" * 64, INDEXED_AT, str(len(self._versions(id)))
        )

    def entries(self, *, place: str | None = None) -> tuple[Entry, ...]:
        in_use = self.in_use(place)
        return tuple(
            Entry(
                id=id,
                title=kept[-1].title,
                place=f"{id}.txt",
                passages=len(kept[-1].paragraphs),
                indexed_at=INDEXED_AT,
                snapshots=len(kept),
                own=own,
                in_use=id == in_use,
            )
            for id, kept, own in self._visible()
        )

    def models(self) -> Any:
        return (FakeEmbedder(), None)

    def article_in_use(self) -> Article:
        return self.article()

    def in_use(self, place: str | None = None) -> str:
        return self.chosen_for.get(place or "") or self.chosen or self.root.in_use()

    def use(self, id: str, *, who: str, place: str | None = None) -> None:
        self._versions(id)
        if place is None:
            self.chosen = id
        else:
            self.chosen_for[place] = id
        self._log(who, Action.USED, id)

    def add(
        self,
        source: Source,
        *,
        who: str,
        id: str | None = None,
        force: bool = False,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> ReindexReport:
        del force
        found = self.root.next_article or read(source)
        id = id or found.id
        if any(id == entry.id for entry in self.entries()):
            raise LibraryError("There is an article “{id}” already. Reindex it, or give another id.", id=id)
        self._work(on_progress)
        self.kept[id] = [replace(found, id=id)]
        self.chosen = self.chosen or id
        self._log(who, Action.ADDED, id, source.origin.place)
        return self._report(id, None)

    def reindex(
        self,
        id: str | None = None,
        *,
        who: str,
        source: Source | None = None,
        place: str | None = None,
        force: bool = False,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> ReindexReport:
        del force
        id = id or self.in_use(place)
        before = self._versions(id)[-1]
        if id not in self.kept:
            raise EveryonesArticleError(id=id)
        self._work(on_progress)
        found = self.root.next_article or (before if source is None else read(source))
        if replace(found, id=id) != before:
            self.kept[id].append(replace(found, id=id))
        self._log(who, Action.REINDEXED, id)
        return self._report(id, before)

    def remove(self, id: str, *, who: str) -> None:
        if id not in self.kept:
            self._versions(id)
            raise EveryonesArticleError(id=id)
        self.removed[id] = self.kept.pop(id)
        self.chosen = None if self.chosen == id else self.chosen
        self.chosen_for = {place: used for place, used in self.chosen_for.items() if used != id}
        self._log(who, Action.REMOVED, id)

    def undo(self, id: str | None = None, *, who: str, place: str | None = None) -> IndexInfo:
        id = id or self.in_use(place)
        if id in self.removed:
            self.kept[id] = self.removed.pop(id)
        else:
            kept = self._versions(id)
            if id not in self.kept or len(kept) == 1:
                raise LibraryError("There is nothing to undo for “{id}”.", id=id)
            self.undone.setdefault(id, []).append(kept.pop())
        self._log(who, Action.UNDONE, id)
        return self.info(id)

    def history(self, id: str | None = None, *, limit: int = 50) -> tuple[Change, ...]:
        return tuple(c for c in reversed(self.changes) if id in (None, c.article))[:limit]

    def quotes(
        self, speaker: str | None = None, *, article: str | None = None, place: str | None = None
    ) -> tuple[Citation, ...]:
        found = self.article(article, place=place)
        cited = (cite(found, n, s, set()) for n, s in enumerate(sentences(found), 1))
        return tuple(c for c in cited if c.speaker and speaker in (None, c.speaker))

    def speakers(self, *, article: str | None = None, place: str | None = None) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.speaker or "" for c in self.quotes(article=article, place=place)))

    def summary(self, *, article: str | None = None, place: str | None = None) -> tuple[Citation, ...]:
        found = self.article(article, place=place)
        first = {sentence.paragraph: sentence for sentence in reversed(sentences(found))}
        leading = sorted(first.values(), key=lambda sentence: sentence.start)[:5]
        return tuple(cite(found, number, sentence, set()) for number, sentence in enumerate(leading, 1))

    def nearest(self, text: str, *, article: str | None = None, place: str | None = None) -> Citation | None:
        found = self.article(article, place=place)
        sought = words(text)
        best = max(sentences(found), key=lambda s: len(sought & words(s.of(found.text))))
        cited = cite(found, 1, best, sought)
        return cited if cited.score else None

    def _visible(self) -> Iterator[tuple[str, list[Article], bool]]:
        yield from ((id, kept, True) for id, kept in sorted(self.kept.items()))
        root = self.root
        if self is not root and root.in_use() not in self.kept:
            yield root.in_use(), root.kept[root.in_use()], False

    def _versions(self, id: str) -> list[Article]:
        for visible, kept, _ in self._visible():
            if visible == id:
                return kept
        raise UnknownArticleError("No article “{id}” is here.", id=id)

    def _answer(self, question: str, id: str) -> Result:
        info = self.info(id)
        article, asked = info.article, words(question)
        best_first = sorted(sentences(article), key=lambda s: -len(asked & words(s.of(article.text))))[:2]
        in_order = sorted(best_first, key=lambda s: s.start)
        cited = tuple(cite(article, in_order.index(s) + 1, s, asked) for s in best_first)
        best = cited[0].score
        status = Status.ANSWERED if best >= 2 else Status.UNCERTAIN if best else Status.NOT_IN_ARTICLE
        found = status is not Status.NOT_IN_ARTICLE
        answer = Answer(
            question=question,
            status=status,
            citations=cited if found else (),
            closest=() if found else cited[:1],
            article_id=article.id,
            article_title=article.title,
            snapshot=info.snapshot,
        )
        return Result(answer, info)

    def _work(self, on_progress: Callable[[Progress], None]) -> None:
        for stage in Stage:
            on_progress(Progress(stage, 1, 2))
        self.root.reindexing.wait(timeout=10)
        on_progress(Progress(Stage.SAVE, 2, 2))
        self._raise()

    def _report(self, id: str, before: Article | None) -> ReindexReport:
        old, new = texts(before), texts(self.article(id))
        return ReindexReport(
            self.info(id),
            kept=(old & new).total(),
            added=(new - old).total(),
            removed=(old - new).total(),
            seconds=2.5,
            published=before != self.article(id),
            examples=len(self.article(id).questions),
        )

    def _log(self, who: str, action: Action, id: str, detail: str = "") -> None:
        self.changes.append(Change(INDEXED_AT, who, action, id, detail))

    def _raise(self) -> None:
        error, self.root.error = self.root.error, None
        if error:
            raise error
