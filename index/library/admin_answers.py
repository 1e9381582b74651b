"""The article "Answered by the admins" of a library: found, written from what the database has, and cleared.

Which answers it has is told by the snapshot that is the newest, so that what is undone is gone; what each of
them says, by the database. A name that is deleted there is so taken out of the article by writing it again.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.errors import LibraryError, SnapshotDamagedError
from index.library.changing import PATIENCE
from index.library.library import Library
from index.library.opening import ITSELF
from index.model.answers import WrittenAnswer
from index.model.article import Passage
from index.model.library import ReindexReport
from index.model.source import Origin, Source, SourceKind
from index.search.build import OnProgress
from index.search.leads import asks
from index.sources.extract.answers import STORED_ANSWERS, StoredAnswer
from index.sources.extract.sniff import ANSWERS
from index.sources.ids import article_id
from index.storage.answer_book import AnswerBook
from index.storage.library_folder import LibraryFolder
from index.storage.snapshot_files import read_manifest

MOST_ANSWERS = 500
"""How many answers the article has at most: some 200,000 words, where each is as long as it may be."""

_ORIGIN = Origin(SourceKind.ANSWERS, "answers", ANSWERS)
_FIRST_WORDS = re.compile(r"[^.!?。！？\n]{1,200}")


@dataclass(frozen=True, slots=True)
class AnswerLabels:
    """What the article says in the language of an answer.

    Attributes:
        title: The article's title.
        heading: What stands over an answer: who gave it, and when. It ends in a colon.
    """

    title: Callable[[WrittenAnswer], str]
    heading: Callable[[WrittenAnswer], str]


class AdminAnswers:
    """The article of one library.

    Args:
        library: A server's.
        labels: What it says besides the answers.
    """

    def __init__(self, library: Library, labels: AnswerLabels) -> None:
        self._library = library
        self._labels = labels
        self._collection = library._articles
        self._folder = self._collection.folder
        self._book = AnswerBook(self._folder.records.database)

    def add(
        self, answer: WrittenAnswer, *, who: str, lease: str, on_progress: OnProgress
    ) -> tuple[ReindexReport, bool]:
        """Publishes the article with an answer more, which takes the place of one to the same question.

        Args:
            answer: The answer.
            who: For the history.
            lease: Of the job that this is made for.
            on_progress: Told how far it is; may raise to call it off.

        Returns:
            What was done, and whether the article is new.

        Raises:
            FootnoteError: nothing was changed.
        """
        there = answers_article(self._library)
        keys = set() if there is None else self._keys(there)
        if len(keys) >= MOST_ANSWERS:
            raise LibraryError(
                "“{id}” has {most} answers, the most that it may have. Remove it to begin a new one.",
                id=there,
                most=MOST_ANSWERS,
            )
        self._book.add(answer, lease)
        try:
            report = self._publish(there, {*keys, answer.key}, who=who, lease=lease, on_progress=on_progress)
        except BaseException:
            if answer.key not in keys:
                self._book.strike_out(answer.server, [answer.key])
            raise
        self._strike_out_rest()
        return report, there is None

    def renew(self) -> None:
        """Takes the names of people who were deleted out of the article, and out of all that it was before.

        Raises:
            FootnoteError: it cannot be done now.
        """
        stale = self._book.stale().get(self._folder.server, ())
        there = answers_article(self._library)
        if there is not None:
            self._publish(there, self._keys(there), who=ITSELF, lease="", on_progress=lambda _: None)
        transactions, records = self._collection.transactions, self._folder.records
        with transactions.alone(PATIENCE):
            record = records.now()
            aside = [one for name, one in record.removals.items() if _is_of_answers(self._folder, name)]
            here = record.articles.get(there or "")
            with records.change() as writer:
                for one in aside:
                    writer.delete(one.key)
                newest = here.published[0].key if here else 0
                writer.forget([one.key for one in here.snapshots if one.key != newest] if here else [])
            transactions.sweep()
        self._book.refresh(stale)
        self._strike_out_rest()

    def _publish(
        self, there: str | None, keys: set[int], *, who: str, lease: str, on_progress: OnProgress
    ) -> ReindexReport:
        written = self._written(keys)
        title, library = self._labels.title(written[0]), self._library
        source = self._source(written, title)
        if there is not None:
            return library.reindex(
                there, who=who, source=source, force=True, lease=lease, on_progress=on_progress
            )
        free = next(name for name in _ids(title) if not self._collection.has(name))
        return library.add(source, who=who, id=free, force=True, lease=lease, on_progress=on_progress)

    def _written(self, keys: set[int]) -> list[WrittenAnswer]:
        """What the article is to have, oldest first: of the answers to the same question, the newest."""
        answers = self._book.answers(self._folder.server)
        newest = {_plain(one.question): one for one in answers if one.key in keys}
        return sorted(newest.values(), key=lambda one: (one.answered_at, one.key))

    def _source(self, written: Sequence[WrittenAnswer], title: str) -> Source:
        """The article as it is to be read; what was taken from an article is asked of this one, too."""
        stored = tuple(
            StoredAnswer(
                key=one.key, by=self._labels.heading(one), question=_asking(one.question), answer=one.answer
            )
            for one in written
        )
        lines = [_line(one.question, _FIRST_WORDS.findall(one.answer)[:1]) for one in written if one.source]
        return Source(
            _ORIGIN,
            STORED_ANSWERS.dump_json(stored),
            f"title = {json.dumps(title)}".encode(),
            "\n".join(lines).encode() or None,
        )

    def _keys(self, article: str) -> set[int]:
        """The answers that the article has; where nothing of it can be read any more, all that there are."""
        keys = next(self._keys_of_each(article), None)
        return {one.key for one in self._book.answers(self._folder.server)} if keys is None else keys

    def _keys_of_each(self, article: str) -> Iterator[set[int]]:
        """The answers of each snapshot that can be gone back to, the newest first."""
        folder = self._folder.of(article)
        for name in folder.names():
            with contextlib.suppress(SnapshotDamagedError):
                source = folder.source(name)
                if source is not None and source.origin == _ORIGIN:
                    yield {one.key for one in STORED_ANSWERS.validate_json(source.content)}

    def _strike_out_rest(self) -> None:
        """Strikes out the answers that no snapshot has any more."""
        there = answers_article(self._library)
        if there is None and any(_is_of_answers(self._folder, name) for name in self._removed()):
            return  # it can be brought back
        known = set[int]().union(*self._keys_of_each(there)) if there is not None else set()
        server = self._folder.server
        rest = [one.key for one in self._book.answers(server) if one.key not in known]
        if rest:
            self._book.strike_out(server, rest)

    def _removed(self) -> Iterable[str]:
        return self._folder.records.now().removals


def answers_article(library: Library) -> str | None:
    """The id of the article of what the admins of a library's server have answered; None where it is not.

    It is known by where it is from, whatever it is called.
    """
    folder = library._articles.folder
    for article in folder.ids():
        manifest = folder.manifest(article)
        if manifest is not None and manifest.origin == _ORIGIN:
            return article
    return None


def is_answered(library: Library, question: str) -> bool:
    """Whether the admins of a library's server have answered that very question."""
    folder = library._articles.folder
    asked = _plain(question)
    answers = AnswerBook(folder.records.database).answers(folder.server)
    return any(_plain(one.question) == asked for one in answers)


def best_passages(library: Library, article: str, question: str, most: int) -> tuple[Passage, ...]:
    """The passages of an article that are the likeliest to answer a question, best first.

    Raises:
        FootnoteError: it cannot be asked.
    """
    ranking = library._opened(article, None).answerer.respond(question)[1]
    return tuple(one.passage for one in ranking.passages[:most])


def add_own_question(
    library: Library, article: str, question: str, evidence: Sequence[str], who: str
) -> None:
    """Makes a question one of an article's own, which each reindex asks it.

    Args:
        library: The library.
        article: An article of its own.
        question: The question.
        evidence: Parts of the article: one of them has to be in what is found first.
        who: For the history.

    Raises:
        SelfCheckError: the article finds something else first, and too many of its questions are so.
        FootnoteError: it is everyone's, or cannot be published. In each case nothing was changed.
    """
    collection = library._articles
    collection.demand_own(article)
    names = collection.folder.of(article).names()
    source = library._parts.sources.recover(collection.folder, article, names).source
    if source is None:
        raise LibraryError(
            "Nothing is left of what “{id}” was read from. Reindex it with a new source.", id=article
        )
    line, before = _line(question, evidence).encode(), (source.questions or b"").rstrip()
    if line not in before.split(b"\n"):
        questions = b"\n".join(filter(None, (before, line)))
        library.reindex(article, who=who, source=replace(source, questions=questions))


def _is_of_answers(folder: LibraryFolder, removed: str) -> bool:
    """Whether an article that was removed is one of answers."""
    record = folder.records.now().removals[removed]
    for one in record.snapshots:
        with contextlib.suppress(SnapshotDamagedError):
            return read_manifest(folder.path / one.path).origin == _ORIGIN
    return False


def _ids(title: str) -> Iterator[str]:
    """Ids for the article, the best first."""
    name = article_id(title)
    yield name
    for number in range(2, 1_000):
        yield f"{name[:30].rstrip('-')}-{number}"


def _asking(question: str) -> str:
    """A question in one line that is known as one."""
    line = " ".join(question.split())
    return line if asks(line) else f"{line.rstrip(' .!:;,')}?"


def _plain(question: str) -> str:
    """What tells a question from others: its words, however they are written."""
    return " ".join(re.findall(r"\w+", question.casefold()))


def _line(question: str, evidence: Sequence[str]) -> str:
    content = {"question": question, "evidence": [one.strip() for one in evidence]}
    return json.dumps(content, ensure_ascii=False)
