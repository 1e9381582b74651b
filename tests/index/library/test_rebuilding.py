"""Indexes built again in the background: once, with progress; questions get the older one or are told."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from index.errors import CancelledError, LocalFileError, RebuildingError
from index.library.finding import Collection, Holding
from index.library.library import ALL, Library
from index.library.rebuilding import FIRST_PAUSE, LONGEST_PAUSE, Rebuild, Rebuilder
from index.library.sourcing import LostArticleError
from index.model.library import Action, Progress, Stage
from index.sources.files import upload
from index.storage.library_folder import LibraryFolder
from tests.index.fakes import BlockingEmbedder, CountingEmbedder, FakeEmbedder

TEXT = "The harbour was built in 1901. Forty ships anchor there.\nThe lighthouse is closed.\n"
NOTES = b"Dogs stay out of the harbour. The harbour master is Ada Berg.\n"
SHIPS = "How many ships anchor there?"
ABOUT_TO = "The index of this article is about to be rebuilt. Please ask again in a minute."
WHO = "ada"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]


class Background:
    """A thread of one's own, as the service has it: what it was given waits until ``go`` is set."""

    def __init__(self, library: Library) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.done: list[Future[None]] = []
        self.steps: list[Progress] = []
        self.go = threading.Event()
        self.go.set()
        self.stop = False
        library.rebuild_in(self.submit)

    def submit(self, rebuild: Rebuild) -> None:
        def work() -> None:
            self.go.wait(timeout=30)
            rebuild(self.step)

        self.done.append(self.pool.submit(work))

    def step(self, progress: Progress) -> None:
        self.steps.append(progress)
        if self.stop:
            raise CancelledError("Stopping.")

    def finish(self) -> None:
        for one in self.done:
            one.exception(timeout=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.txt"
    path.write_text(TEXT)
    return path


def library_of(path: Path, embedder: FakeEmbedder | None = None) -> Library:
    return Library(path.parent / "data", article_path=path, embedder=embedder or FakeEmbedder())


def snapshots(path: Path, article: str = "harbour") -> list[Path]:
    folder = path.parent / "data" / "articles" / article / "snapshots"
    return sorted(one for one in folder.iterdir() if one.name[0] != ".")


def damage(path: Path, article: str = "harbour", file: str = "tokens.npy") -> None:
    (snapshots(path, article)[-1] / file).write_bytes(b"noise")


def refusal(ask: Callable[[], object]) -> RebuildingError:
    with pytest.raises(RebuildingError) as caught:
        ask()
    return caught.value


def test_a_question_is_told_how_far_it_is_and_never_builds(path: Path) -> None:
    library_of(path).load()
    embedder = BlockingEmbedder()
    embedder.sha256 = "1" * 64  # another model: the older index cannot answer
    library = library_of(path, embedder)
    background = Background(library)
    background.go.clear()
    error = refusal(lambda: library.ask(SHIPS))
    assert (str(error), error.done, error.total) == (ABOUT_TO, 0, 0)
    background.go.set()
    assert embedder.started.wait(timeout=30)
    began = time.thread_time()
    for _ in range(50):
        error = refusal(lambda: library.ask(SHIPS))
    assert (time.thread_time() - began) / 50 < 0.02
    assert str(error) == (
        "The index of this article is being rebuilt: 0 of 2 passages are done. Please ask again in a moment."
    )
    assert (error.done, error.total) == (0, 2)
    embedder.let_through.set()
    background.finish()
    assert len(background.done) == 1
    assert [step.stage for step in background.steps] == [
        Stage.READ,
        Stage.CHUNK,
        Stage.EMBED,
        Stage.EMBED,
        Stage.SAVE,
    ]
    assert library.ask(SHIPS).answer.citations[0].quote == "Forty ships anchor there."
    assert library.info().model_sha256 == "1" * 64


def test_the_older_index_answers_where_it_is_sound(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = library_of(path)
    first.load()
    path.write_text(TEXT.replace("Forty", "Fifty"))
    first.reindex(who=WHO)
    damage(path)
    library = library_of(path)
    background = Background(library)
    background.go.clear()
    for _ in range(3):
        assert library.ask(SHIPS).answer.citations[0].quote == "Forty ships anchor there."
    assert len(background.done) == 1
    background.go.set()
    background.finish()
    assert library.ask(SHIPS).answer.citations[0].quote == "Fifty ships anchor there."
    said = [record.message for record in caplog.records if record.name == "index.library.opening"]
    assert said[1] == "It is answered from as it was indexed before, until it is built again."
    assert said[-1] == "It was built again from the article."
    assert library.history()[0].who == "Footnote"


def test_an_index_of_the_format_before_answers_meanwhile(path: Path) -> None:
    library_of(path).load()
    (snapshot,) = snapshots(path)
    manifest = snapshot / "manifest.json"
    raw = json.loads(manifest.read_text())
    new = ("sha256", "article_id", "title", "origin", "passages", "source_sha256", "made_by")
    old = {key: value for key, value in raw.items() if key not in new} | {"format": 1}
    old["files"] = {key: value for key, value in raw["files"].items() if key != "source"}
    manifest.write_text(json.dumps(old))
    library = library_of(path)
    background = Background(library)
    background.go.clear()
    answer = library.ask(SHIPS).answer
    assert (answer.citations[0].quote, answer.snapshot) == ("Forty ships anchor there.", snapshot.name)
    background.go.set()
    background.finish()
    assert library.ask(SHIPS).answer.snapshot[:6] == "000002"


def test_a_changed_set_article_is_read_in_the_background(path: Path) -> None:
    library_of(path).load()
    path.write_text(TEXT.replace("Forty", "Fifty"))
    library = library_of(path)
    background = Background(library)
    background.go.clear()
    assert library.ask(SHIPS).answer.citations[0].quote == "Forty ships anchor there."
    background.go.set()
    background.finish()
    assert library.ask(SHIPS).answer.citations[0].quote == "Fifty ships anchor there."
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # it says the same in other bytes
    again = library_of(path)
    background = Background(again)
    for _ in range(3):
        again.ask(SHIPS)
        background.finish()
    assert len(background.done) == 1
    assert again.info().snapshot[:6] == "000002"


def test_threads_of_many_servers_start_one_rebuild_of_an_article(path: Path) -> None:
    library_of(path).load()
    damage(path)
    embedder = CountingEmbedder()
    library = library_of(path, embedder)
    background = Background(library)
    background.go.clear()
    everyone = [library, *(library.branch(str(number)) for number in range(7))]
    barrier = threading.Barrier(len(everyone))

    def ask(one: Library) -> str:
        barrier.wait(timeout=30)
        return str(refusal(lambda: one.ask(SHIPS)))

    with ThreadPoolExecutor(len(everyone)) as pool:
        assert set(pool.map(ask, everyone)) == {ABOUT_TO}
    background.go.set()
    background.finish()
    assert len(background.done) == 1
    assert len(embedder.texts) == 2
    assert len(snapshots(path)) == 1
    for one in everyone:
        assert one.ask(SHIPS).answer.citations[0].quote == "Forty ships anchor there."


def test_one_that_cannot_be_asked_leaves_the_others(path: Path) -> None:
    library = library_of(path)
    library.load()
    library.add(upload("notes.txt", NOTES), who=WHO, id="notes")
    for file in ("tokens.npy", "vectors.faiss", "manifest.json"):
        damage(path, "notes", file)
    again = library_of(path)
    background = Background(again)
    background.go.clear()
    assert again.ask(SHIPS, article=ALL).answer.article_id == "harbour"
    assert [(entry.id, entry.title) for entry in again.entries()] == [
        ("harbour", "harbour"),
        ("notes", "notes"),
    ]
    background.go.set()
    background.finish()
    assert again.ask("Who is the harbour master?", article=ALL).answer.article_id == "notes"


def test_what_cannot_be_rebuilt_is_tried_again_later_and_says_why(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = library_of(path)
    library.add(upload("notes.txt", NOTES), who=WHO, id="notes")
    for file in ("tokens.npy", "source", "article.json"):
        damage(path, "notes", file)
    again = library_of(path)
    seconds = [1000.0]
    again._parts.rebuilder._now = lambda: seconds[0]
    background = Background(again)

    def ask() -> str:
        error = refusal(lambda: again.ask("Who is the harbour master?", article="notes"))
        background.finish()
        return str(error)

    ask()
    tried = []
    for pause in (60, 120, 240, 480, 960, 1920, 3600, 3600):
        failed = (
            f"The index of this article could not be rebuilt. It is tried again in {pause // 60} min; why it "
            "failed stands in my log."
        )
        assert {ask() for _ in range(5)} == {failed}
        tried.append(len(background.done))
        seconds[0] += pause - 1
        ask()
        assert len(background.done) == tried[-1]
        seconds[0] += 1
        ask()
    assert tried == list(range(1, 9))
    assert (FIRST_PAUSE, LONGEST_PAUSE) == (60, 3600)
    why = (
        "The index of “notes” is damaged, and so is all that it could be built again from. Add the article "
        "again under another id, or remove it first."
    )
    logged = [r.message for r in caplog.records if r.name == "index.library.rebuilding"]
    assert logged == [f"“notes” cannot be built again: {why}"] * 9
    (fault,) = [fault for fault in again.faults() if "could not be built" in fault]
    assert fault.startswith(f"The index of “notes” in {path.parent / 'data'} could not be built again at ")
    assert fault.endswith(f" UTC: {why}")
    again.reindex("notes", who=WHO, source=upload("notes.txt", NOTES))
    assert again.ask("Who is the harbour master?", article="notes").answer.article_id == "notes"
    assert again.faults() == ()


def test_on_the_spot_too_it_is_not_tried_over_and_over(path: Path) -> None:
    library = library_of(path)
    library.add(upload("notes.txt", NOTES), who=WHO, id="notes")
    for file in ("tokens.npy", "source", "article.json"):
        damage(path, "notes", file)
    again = library_of(path)
    errors = []
    for _ in range(3):
        with pytest.raises(LostArticleError) as caught:
            again.ask(SHIPS, article="notes")
        errors.append(caught.value)
    assert errors[0] is errors[1] is errors[2]


def test_stopping_calls_a_rebuild_off_and_counts_as_no_failure(path: Path) -> None:
    library_of(path).load()
    damage(path)
    library = library_of(path)
    background = Background(library)
    background.stop = True
    refusal(lambda: library.ask(SHIPS))
    background.finish()
    assert (library.history()[0].action, len(library.history())) == (Action.REINDEXED, 1)
    assert not any("could not be built" in fault for fault in library.faults())
    background.stop = False
    refusal(lambda: library.ask(SHIPS))  # it begins anew at once
    background.finish()
    assert library.ask(SHIPS).answer.citations[0].quote == "Forty ships anchor there."


def test_what_another_process_rebuilt_is_taken(path: Path) -> None:
    library_of(path).load()
    damage(path)
    library = library_of(path)
    background = Background(library)
    background.go.clear()
    refusal(lambda: library.ask(SHIPS))
    library_of(path).load()
    assert library.ask(SHIPS).answer.citations[0].quote == "Forty ships anchor there."
    background.go.set()
    background.finish()
    assert len(snapshots(path)) == 1


def test_a_file_of_this_machine_is_for_the_operator(path: Path) -> None:
    library = library_of(path)
    path.write_bytes(b"\x00\x01\x02" * 99)
    for attempt in (library.load, lambda: library.reindex(who=WHO), library.article_in_use):
        with pytest.raises(LocalFileError) as caught:
            attempt()
        assert caught.value.for_operator
        assert str(path) in str(caught.value)
    path.unlink()
    with pytest.raises(LocalFileError):
        library_of(path).ask(SHIPS)


def test_the_rebuilder_runs_nothing_twice_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rebuilder, given = Rebuilder(now=lambda: 0.0), list[Rebuild]()
    rebuilder.work_in(given.append)
    key = Holding(Collection(folder=LibraryFolder(tmp_path, snapshots_kept=3)), "a")
    newest = ("000001-00000000", 1)

    def fails(_: object) -> None:
        raise ZeroDivisionError("no")

    for _ in range(3):
        rebuilder.demand(key, newest, fails)
    assert len(given) == 1
    given[0](lambda _: None)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].exc_info  # what nobody expected is shown whole
    rebuilder.demand(key, newest, fails)
    assert len(given) == 1
    rebuilder.demand(key, ("000002-00000000", 2), fails)  # another snapshot: another chance
    assert len(given) == 2
