"""The article "Answered by the admins" of a library: found, written from what the database has, and cleared.

Which answers it has is told by the snapshot that is the newest, so that what is undone is gone; what each of
them says, by the database. A name that is deleted there is so taken out of the article by writing it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from index.errors import LibraryError, SnapshotDamagedError, SnapshotError
from index.library.changing import NO_PATIENCE
from index.library.finding import Collection
from index.library.opening import ITSELF
from index.library.parts import Parts
from index.model.answers import WrittenAnswer
from index.model.article import Passage
from index.model.library import ReindexReport
from index.model.source import ANSWERS, Source
from index.search.build import OnProgress
from index.search.leads import asks
from index.sources.answers import AnswerLabels, answer_keys, answers_source, own_line
from index.sources.ids import article_id
from index.storage.answer_book import AnswerBook
from index.storage.library_folder import is_spoilt
from index.storage.library_record import SnapshotRecord
from index.storage.snapshot_files import read_manifest

MOST_ANSWERS = 500
"""How many answers the article has at most: some 200,000 words, where each is as long as it may be."""


class _State(NamedTuple):
    """What every question needs to know, as of a revision of the library, by its row and number."""

    revision: tuple[int, int]
    article: str | None
    questions: frozenset[str]


class AdminAnswers:
    """What the admins of a server have answered, and what of its articles answers what was not.

    Args:
        collection: The articles of the server's library.
        parts: What opens and changes them.
    """

    def __init__(self, collection: Collection, parts: Parts) -> None:
        self._collection = collection
        self._parts = parts
        self._folder = collection.folder
        self._book = AnswerBook(self._folder.records.database)
        self._state: _State | None = None

    @property
    def article(self) -> str | None:
        """The id of the article, which is known by where it is from, whatever it is called; None without."""
        try:
            return self._now().article
        except SnapshotError:
            return self._find()

    def has(self, question: str) -> bool:
        """Whether that very question is answered; as the database has it where the article is unreadable."""
        words = _words(question)
        try:
            return words in self._now().questions
        except SnapshotError:
            answers = self._book.answers(self._folder.server) if self._find() is not None else ()
            return any(_words(one.question) == words for one in answers)

    def _now(self) -> _State:
        """What is so since the library was changed last: a question looks nothing up while it stays.

        Raises:
            SnapshotError: it cannot be read just now.
        """
        record, state = self._folder.records.now(), self._state
        revision = record.key, record.revision
        if state is None or state.revision != revision:
            article = self._find(surely=True)
            keys = self._keys(article) if article is not None else set()
            answers = self._book.answers(self._folder.server) if keys else ()
            questions = frozenset(_words(one.question) for one in answers if one.key in keys)
            self._state = state = _State(revision, article, questions)
        return state

    def add(
        self,
        answer: WrittenAnswer,
        labels: AnswerLabels,
        *,
        who: str,
        lease: str,
        on_progress: OnProgress,
    ) -> tuple[ReindexReport, bool]:
        """Publishes the article with an answer more, which takes the place of one to the same question.

        Args:
            answer: The answer.
            labels: What the article says besides.
            who: For the history.
            lease: Of the job that this is made for.
            on_progress: Told how far it is; may raise to call it off.

        Returns:
            What was done, and whether the article is new.

        Raises:
            FootnoteError: nothing was changed.
        """
        with self._collection.transactions.alone(NO_PATIENCE):  # what is read here nobody else changes
            article = self._find(surely=True)
            keys = set() if article is None else self._keys(article)
            if len(keys) >= MOST_ANSWERS:
                raise LibraryError(
                    "“{id}” has {most} answers, the most that it may have. Remove it to begin a new one.",
                    id=article,
                    most=MOST_ANSWERS,
                )
            self._book.add(answer, lease)
            try:
                report = self._publish(
                    article, {*keys, answer.key}, labels, who=who, lease=lease, on_progress=on_progress
                )
            except BaseException:
                if answer.key not in keys:
                    self._book.take_back(answer, lease)
                raise
            self._strike_out_rest()
        return report, article is None

    def renew(self, labels: AnswerLabels) -> None:
        """Takes the names of people who were deleted out of the article, and out of all that it was before.

        Raises:
            FootnoteError: it cannot be done now.
        """
        transactions, records = self._collection.transactions, self._folder.records
        with transactions.alone(NO_PATIENCE):
            stale, article = self._book.stale().get(self._folder.server, ()), self._find(surely=True)
            keys = set() if article is None else self._keys(article)
            if self._live(keys):
                self._publish(article, keys, labels, who=ITSELF, lease="", on_progress=lambda _: None)
            removals, record = self._removals(), records.now()
            here = record.articles.get(article or "")
            snapshots = here.snapshots if here else ()
            newest = next((one.key for one in snapshots if one.undone_at is None), None)
            with records.change() as writer:
                for name in removals:
                    writer.delete(record.removals[name].key)
                writer.forget([one.key for one in snapshots if one.key != newest])
            transactions.sweep()
            self._book.refresh(stale)
            self._strike_out_rest()

    def likely(self, article: str, question: str, most: int) -> tuple[Passage, ...]:
        """The passages of an article that are the likeliest to answer a question, best first.

        Raises:
            FootnoteError: it cannot be asked.
        """
        holding = self._collection.find(article)
        ranking = self._parts.opener.ask(holding, lambda one: one.answerer.respond(question)[1])
        return tuple(one.passage for one in ranking.passages[:most])

    def add_own_question(self, article: str, question: str, evidence: Sequence[str], *, who: str) -> None:
        """Makes a question one of an article's own, which each reindex asks it.

        Args:
            article: An article of the library's own.
            question: The question.
            evidence: Parts of the article: one of them has to be in what is found first.
            who: For the history.

        Raises:
            SelfCheckError: the article finds something else first, and too many of its questions are so.
            FootnoteError: it is everyone's, or cannot be published. In each case nothing was changed.
        """
        self._collection.demand_own(article)
        names = self._folder.of(article).names()
        source = self._parts.sources.recover(self._folder, article, names).source
        if source is None:
            raise LibraryError(
                "Nothing is left of what “{id}” was read from. Reindex it with a new source.", id=article
            )
        line, before = own_line(question, evidence).encode(), (source.questions or b"").rstrip()
        if line not in before.split(b"\n"):
            questions = b"\n".join(filter(None, (before, line)))
            self._reindex(article, replace(source, questions=questions), who=who, force=False)

    def _publish(
        self,
        article: str | None,
        keys: set[int],
        labels: AnswerLabels,
        *,
        who: str,
        lease: str,
        on_progress: OnProgress,
    ) -> ReindexReport:
        answers = self._live(keys)
        source, title = answers_source(answers, labels), labels.title(answers[0])
        if article is not None:
            return self._reindex(article, source, who=who, lease=lease, on_progress=on_progress)
        return self._parts.changer.add(
            self._collection,
            source,
            who=who,
            id=next(name for name in _ids(title) if not self._collection.has(name)),
            force=True,
            lease=lease,
            on_progress=on_progress,
        )

    def _reindex(
        self,
        article: str,
        source: Source,
        *,
        who: str,
        force: bool = True,
        lease: str = "",
        on_progress: OnProgress = lambda _: None,
    ) -> ReindexReport:
        return self._parts.changer.reindex(
            self._collection,
            article,
            who=who,
            source=source,
            force=force,
            lease=lease,
            on_progress=on_progress,
        )

    def _live(self, keys: set[int]) -> list[WrittenAnswer]:
        """What the article is to have, oldest first: of the answers to the same question, the newest."""
        answers = self._book.answers(self._folder.server)
        newest = {_words(one.question): one for one in answers if one.key in keys}
        live = sorted(newest.values(), key=lambda one: (one.answered_at, one.key))
        return [replace(one, question=_asking(one.question)) for one in live]

    def _find(self, *, surely: bool = False) -> str | None:
        """The id of the article, as far as that can be read just now; ``surely``, None only without one.

        Raises:
            SnapshotError: what one of the library's articles is cannot be read, which has to be sure.
        """
        for article in self._folder.ids():
            manifest, folder = self._folder.manifest(article), self._folder.of(article)
            if surely and manifest is None and (names := folder.names()):
                manifest = folder.manifest(names[0])
            if manifest is not None and manifest.origin == ANSWERS:
                return article
        return None

    def _keys(self, article: str) -> set[int]:
        """The answers that the article has; where nothing of it can be read any more, all that there are.

        Raises:
            SnapshotError: it cannot be read just now.
        """
        keys = next((keys for keys in self._keys_of_each(article) if keys is not None), None)
        return {one.key for one in self._book.answers(self._folder.server)} if keys is None else keys

    def _keys_of_each(self, article: str) -> Iterator[set[int] | None]:
        """The answers of each snapshot that can be gone back to, the newest first; None for a damaged one.

        Raises:
            SnapshotError: one cannot be read just now.
        """
        folder = self._folder.of(article)
        for name in folder.names():
            try:
                yield answer_keys(folder.source(name))
            except SnapshotDamagedError as error:
                if not is_spoilt(error):
                    raise
                yield None

    def _strike_out_rest(self) -> None:
        """Strikes out the answers that no snapshot has any more, as far as each of them can be read."""
        article = self._find(surely=True)
        if article is None and self._removals():
            return  # it can be brought back
        live = set[int]()
        for keys in self._keys_of_each(article) if article is not None else ():
            if keys is None:
                return
            live |= keys
        server = self._folder.server
        rest = [one.key for one in self._book.answers(server) if one.key not in live]
        if rest:
            self._book.strike_out(server, rest)

    def _removals(self) -> list[str]:
        """The articles of answers that lie aside."""
        removals = self._folder.records.now().removals.items()
        return [name for name, record in removals if any(map(self._is_of_answers, record.snapshots))]

    def _is_of_answers(self, snapshot: SnapshotRecord) -> bool:
        cache = self._folder.cache
        try:
            if snapshot.digest is not None and cache is not None:
                return cache.manifest(snapshot.digest).origin == ANSWERS
            return read_manifest(self._folder.path / snapshot.path).origin == ANSWERS
        except SnapshotDamagedError as error:
            if not is_spoilt(error):
                raise
            return False


def _ids(title: str) -> Iterator[str]:
    """Ids for the article, the best first."""
    name = article_id(title)
    yield name
    for number in range(2, 1_000):
        yield f"{name[:30].rstrip('-')}-{number}"


def _asking(question: str) -> str:
    """A question in one line that is taken for one."""
    line = " ".join(question.split())
    return line if asks(line) else f"{line.rstrip(' .!:;,')}?"


def _words(question: str) -> str:
    """What tells a question from others: its words, however they are written."""
    return " ".join(re.findall(r"\w+", question.casefold()))
