"""A library that faults happen to, and what has to hold after each of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from sqlalchemy import Connection, Engine, event

from index.library.library import ALL, Library
from index.model.library import Action, Progress
from index.model.source import Source
from index.sources.files import upload
from index.storage.database import Database
from index.storage.library_folder import LibraryFolder
from tests.faults.databases import address_of, note_open
from tests.index.fakes import THRESHOLDS, FakeEmbedder

WHO = "ada"
LOG = "log"
"""The article that is reindexed."""

_WORDS = "harbour ship anchor tide lamp keeper storm rope sail captain cargo dock light crew signal".split()


@dataclass
class Result:
    """What became of one kind of fault."""

    name: str
    cases: int = 0
    lost: list[str] = field(default_factory=list)
    note: str = ""

    def run(self, what: str, case: Callable[[], None]) -> None:
        """Runs one case; whatever it raises is a loss."""
        self.cases += 1
        try:
            case()
        except Exception as error:
            self.lost.append(f"{what}: {type(error).__name__}: {error}")


@contextmanager
def at_commits(told: Callable[[], None]) -> Iterator[None]:
    """While this lasts, something is called before each transaction that writes becomes true."""

    def commits(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            told()

    event.listen(Engine, "commit", commits)
    try:
        yield
    finally:
        event.remove(Engine, "commit", commits)


def prepare() -> None:
    """Makes this process fit to be forked and its children to be killed; call it before anything else.

    The fake embedder's thresholds are known: fitting them takes a while.
    """
    mock.patch("index.library.models.thresholds", return_value=THRESHOLDS).start()


def open_library(folder: Path) -> Library:
    """As a process does that has just been started."""
    path = folder / "set.txt"
    if not path.exists():
        path.write_text("The set article is short. The lighthouse is closed on Mondays.\n")
    library = Library(
        folder / "data", database_url=address_of(folder), article_path=path, embedder=FakeEmbedder()
    )
    note_open(library._articles.folder.records.database)
    return library


def folder_of(folder: Path) -> LibraryFolder:
    """What its library holds on disk."""
    database = Database(folder / "data", address_of(folder))
    note_open(database)
    return LibraryFolder(folder / "data", snapshots_kept=3, database=database)


def log_of(version: int, passages: int = 120) -> Source:
    """The article in one of its versions: its first and one other paragraph tell which."""
    words = random.Random(1)  # noqa: S311 - no secret
    lines = [f"Day {n}: {' '.join(words.choices(_WORDS, k=40))}." for n in range(passages)]
    lines[0] = f"Version {version} of the log was written by the keeper."
    lines[1 + version % (passages - 1)] += f" Entry {version} was added."
    questions = (
        b'{"question": "Which version of the log was written by the keeper?", "evidence": ["Version"]}\n'
    )
    return upload("log.txt", "\n".join(lines).encode(), questions=questions)


def version_of(library: Library) -> int:
    """Which version answers; and that it answers, to the byte."""
    found = library.ask("Which version of the log was written by the keeper?", article=LOG)
    text = found.info.article.text
    (citation, *_) = found.answer.citations or found.answer.closest
    demand(text[citation.start : citation.end] == citation.quote, "a citation is not the article's text")
    demand(citation.quote.startswith("Version "), f"the answer is {citation.quote!r}")
    return int(citation.quote.split()[1])


def demand_whole(folder: Path, library: Library, *, is_swept: bool = True) -> None:
    """Holds the index of all articles, once they are asked, against what is newest of each.

    A segment that nothing names any more may lie there until the next change.
    """
    library.ask("Which version of the log was written by the keeper?", article=ALL)
    whole = folder_of(folder)
    there = {article: whole.of(article).names()[0] for article in whole.ids()}
    rows = whole.index.rows()
    demand(
        {article: row.snapshot for article, row in rows.items()} == there, "the index is of other snapshots"
    )
    files = {path.name for path in whole.index.path.iterdir()}
    more = len(files) - 1 - len({row.segment for row in rows.values()})
    demand(more == 0 or (more > 0 and not is_swept), f"the index holds {files}")
    for row in rows.values():
        whole.index.segment(row)


def demand(holds: bool, message: str) -> None:
    """An assertion that no switch turns off."""
    if not holds:
        raise AssertionError(message)


@dataclass
class Expected:
    """What a library has to have after what was told of it. An operation in flight may have happened."""

    version: int
    in_use: str
    extras: set[str] = field(default_factory=set)
    history: list[tuple[Action, str]] = field(default_factory=list)

    def done(self, operation: str) -> None:
        """Takes an operation as done."""
        action, _, what = operation.partition(" ")
        match action:
            case "reindexed":
                self.version = int(what)
                self.history.append((Action.REINDEXED, LOG))
            case "used":
                self.in_use = what
                self.history.append((Action.USED, what))
            case "added":
                self.extras.add(what)
                self.history.append((Action.ADDED, what))
            case "removed":
                self.extras.discard(what)
                self.history.append((Action.REMOVED, what))
            case "undone":
                self.extras.add(what)
                self.history.append((Action.UNDONE, what))
            case _:
                raise ValueError(operation)

    def copy(self) -> Expected:
        """One to try an operation on."""
        return Expected(self.version, self.in_use, set(self.extras), list(self.history))

    @classmethod
    def of(cls, library: Library) -> Expected:
        """What a library has."""
        own = {entry.id for entry in library.entries() if entry.own}
        history = [(change.action, change.article) for change in library.history(limit=10**9)][::-1]
        return cls(version_of(library), library.in_use(), own - {LOG}, history)


def do(library: Library, operation: str, on_progress: Callable[[Progress], None] = lambda _: None) -> None:
    """Does an operation."""
    action, _, what = operation.partition(" ")
    match action:
        case "reindexed":
            library.reindex(LOG, who=WHO, source=log_of(int(what)), on_progress=on_progress)
        case "used":
            library.use(what, who=WHO)
        case "added":
            note = f"The note {what} is about a rope. It is {len(what)} letters long.\n".encode()
            library.add(upload(f"{what}.txt", note), who=WHO, id=what, on_progress=on_progress)
        case "removed":
            library.remove(what, who=WHO)
        case "undone":
            library.undo(what, who=WHO)
        case _:
            raise ValueError(operation)


def settle(folder: Path, expected: Expected, in_flight: str | None) -> tuple[Expected, tuple[str, ...]]:
    """Holds a library, opened afresh, against what has to be there; then the next reindex has to work.

    Returns:
        What is there, and what the library had to say.

    Raises:
        AssertionError: something is lost.
    """
    library = open_library(folder)
    notices = library.load()
    allowed = [expected]
    if in_flight is not None:
        after = expected.copy()
        after.done(in_flight)
        allowed.append(after)
    found = Expected.of(library)
    demand(found in allowed, f"found {found} instead of one of {allowed}")
    faults = library.faults()
    demand(not any("damaged" in fault or "cannot be read" in fault for fault in faults), f"{faults}")
    do(library, f"reindexed {found.version + 1}")
    found.done(f"reindexed {found.version + 1}")
    demand(Expected.of(library) == found, "the next reindex does not show")
    demand_whole(folder, library)
    demand(Expected.of(open_library(folder)) == found, "the next reindex does not last")
    demand(library.faults() == (), f"after the next reindex: {library.faults()}")
    return found, notices


def new_world(folder: Path) -> Expected:
    """Makes a library with the article in two versions."""
    library = open_library(folder)
    library.load()
    library.add(log_of(0), who=WHO, id=LOG)
    do(library, "reindexed 1")
    return Expected.of(library)
