"""The facade: opened, healed, reindexed, asked from many threads and more than one process."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from index.errors import (
    ArticleError,
    CancelledError,
    EmbeddingModelError,
    LibraryError,
    NotAtHandError,
    OwnQuestionsError,
    QuestionError,
    ReindexRunningError,
    SelfCheckError,
    SnapshotError,
    UnknownArticleError,
)
from index.library.library import ALL, Library
from index.model.answer import Status, Turn
from index.model.article import Article, Span
from index.model.library import Action, MovedAnswer, PassageCounts, Progress, Restoration, SelfCheck, Stage
from index.model.source import Source
from index.search.embedding import SentenceTransformerEmbedder
from index.sources.files import upload
from index.sources.limits import Limits
from index.sources.sandbox import analyse
from index.storage.library_folder import LibraryFolder
from index.storage.notes import Note, now
from index.storage.snapshot_files import FORMAT
from tests.index.fakes import THRESHOLDS, BlockingEmbedder, CountingEmbedder, FakeEmbedder

TEXT = (
    "The harbour was built in 1901. Forty ships anchor there.\nThe lighthouse is closed.\n"
    "Visitors pay nothing.\n"
)
FILES = ("article.json", "manifest.json", "passages.json", "token_map.npy", "tokens.npy", "vectors.faiss")
WHO = "ada"
SHIPS = "How many ships anchor there?"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def library_of(path: Path, embedder: FakeEmbedder | None = None) -> Library:
    return Library(path.parent / "data", article_path=path, embedder=embedder or FakeEmbedder())


def snapshots(data_dir: Path) -> list[str]:
    return sorted(p.name for p in (data_dir / "articles" / "harbour" / "snapshots").iterdir())


def check(library: Library) -> None:
    """It answers, to the byte."""
    answer = library.ask(SHIPS).answer
    assert (answer.status, answer.snapshot) == (Status.ANSWERED, library.info().snapshot)
    assert answer.citations[0].quote == "Forty ships anchor there."
    text = library.article().text
    assert all(text[c.start : c.end] == c.quote for c in answer.citations)


def test_the_first_load_builds_and_the_next_opens(path: Path, data_dir: Path) -> None:
    assert library_of(path).load() == ()
    (name,) = snapshots(data_dir)
    told: list[Progress] = []
    library = library_of(path)
    assert library.load(told.append) == ()
    assert told == []
    assert snapshots(data_dir) == [name]
    assert library.info().snapshot == name
    check(library)


def test_asking_alone_is_enough(path: Path) -> None:
    check(library_of(path))


def test_what_is_indexed_is_told(path: Path) -> None:
    library = library_of(path)
    info = library.info()
    assert (info.article, info.article.text, info.article.id) == (library.article(), TEXT, "harbour")
    assert [passage.id for passage in info.passages] == ["p1", "p2", "p3"]
    assert (info.model, info.model_sha256) == ("bag of words", "0" * 64)
    assert info.snapshot == f"000001-{info.article.sha256[:8]}"


def test_nothing_is_loaded_before_it_is_needed(tmp_path: Path) -> None:
    library = Library(tmp_path / "data", article_path=tmp_path / "none.txt", embedding_model="/no/such/model")
    assert not (tmp_path / "data").exists()
    with pytest.raises(
        EmbeddingModelError, match=r"^The embedding model '/no/such/model' cannot be loaded: "
    ):
        library.load()


def test_a_question_that_cannot_be_asked_is_refused(path: Path) -> None:
    with pytest.raises(QuestionError, match=r"^There is no question"):
        library_of(path).ask(" ")


def test_the_article_that_ships_with_the_real_model(
    tmp_path: Path, real_embedder: SentenceTransformerEmbedder
) -> None:
    library = Library(tmp_path, embedder=real_embedder)
    assert library.load() == ()
    answer = library.ask("How many Labour MPs signed the letter?").answer
    (citation,) = answer.citations
    assert (answer.status, citation.passage_id) == (Status.ANSWERED, "p4")
    assert citation.quote == library.article().text[citation.start : citation.end]
    again = Library(tmp_path, embedder=real_embedder)
    assert again.load() == ()
    assert replace(again.ask("How many Labour MPs signed the letter?").answer, timings_ms={}) == replace(
        answer, timings_ms={}
    )


def damaged(data_dir: Path, file: str, how: str) -> Path:
    """Damages a file of the newest snapshot, and returns its path."""
    found = data_dir / "articles" / "harbour" / "snapshots" / snapshots(data_dir)[-1] / file
    data = found.read_bytes()
    found.unlink()
    if how == "cut off":
        found.write_bytes(data[: len(data) // 2])
    elif how == "noise":
        found.write_bytes(os.urandom(len(data)))
    return found


@pytest.mark.parametrize("how", ["cut off", "noise", "gone"])
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_index_is_healed_and_said(path: Path, data_dir: Path, file: str, how: str) -> None:
    library_of(path).load()
    damaged(data_dir, file, how)
    library = library_of(path)
    notices = library.load()
    assert len(notices) == 2
    assert notices[0].startswith("The index was damaged and is not used: ")
    assert file in notices[0]
    assert notices[1] == "It was built again from the article."
    assert [name[:6] for name in snapshots(data_dir)] == ["000002"]
    check(library)
    assert library_of(path).load() == ()


def test_the_notice_of_a_damaged_index_is_whole(path: Path, data_dir: Path) -> None:
    library_of(path).load()
    file = damaged(data_dir, "vectors.faiss", "cut off")
    size = file.stat().st_size
    assert library_of(path).load() == (
        f"The index was damaged and is not used: {file} is not as it was written ({size} of {2 * size + 1} "
        "bytes).",
        "It was built again from the article.",
    )


def test_a_damaged_index_is_healed_by_asking_and_said_in_the_log(
    path: Path, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library_of(path).load()
    file = damaged(data_dir, "tokens.npy", "gone")
    check(library_of(path))
    assert [record.message for record in caplog.records if record.name == "index.library.opening"] == [
        f"The index was damaged and is not used: {file} cannot be read: No such file or directory.",
        "It was built again from the article.",
    ]


def test_a_changed_article_is_indexed_again(path: Path) -> None:
    library_of(path).load()
    path.write_text(TEXT.replace("Forty", "Fifty"))
    library = library_of(path)
    assert library.load() == (
        "The article has changed since it was indexed.",
        "It was built again from the article.",
    )
    assert library.ask(SHIPS).answer.citations[0].quote == "Fifty ships anchor there."


def test_a_changed_sidecar_is_a_changed_article(path: Path) -> None:
    library_of(path).load()
    path.with_suffix(".toml").write_text('title = "The harbour"')
    library = library_of(path)
    assert library.load()[0] == "The article has changed since it was indexed."
    assert (library.article().title, library.article().title_is_label) == ("The harbour", False)


def test_another_model_makes_another_index(path: Path) -> None:
    library_of(path).load()
    library = library_of(path, FakeEmbedder(sha256="1" * 64))
    assert library.load() == (
        "The index was built with another embedding model (bag of words).",
        "It was built again from the article.",
    )
    assert library.info().model_sha256 == "1" * 64
    check(library)


def test_without_its_article_the_last_index_is_served(path: Path, data_dir: Path) -> None:
    library_of(path).load()
    path.unlink()
    library = library_of(path)
    assert library.load() == (
        f"The article {path} cannot be read: No such file or directory. It is answered from as it was "
        "indexed last.",
    )
    check(library)
    assert len(snapshots(data_dir)) == 1


@pytest.mark.parametrize("file", ["article.json", "source", "manifest.json", "tokens.npy"])
def test_without_its_article_a_damaged_index_is_built_again_from_what_is_whole(
    path: Path, data_dir: Path, file: str
) -> None:
    library_of(path).load()
    damaged(data_dir, file, "noise")
    path.unlink()
    library = library_of(path)
    notices = library.load()
    assert [notice.partition(":")[0] for notice in notices] == [
        f"The article {path} cannot be read",
        "The index was damaged and is not used",
        "It was built again from the article.",
    ]
    assert library.article().text == TEXT
    check(library)


def test_with_nothing_to_build_from_the_index_before_is_served(path: Path, data_dir: Path) -> None:
    library = library_of(path)
    library.load()
    path.write_text(TEXT.replace("Forty", "Fifty"))
    library.reindex(who=WHO)
    first = snapshots(data_dir)[0]
    for file in ("article.json", "source"):
        damaged(data_dir, file, "gone")
    path.unlink()
    library = library_of(path)
    notices = library.load()
    assert [notice.partition(":")[0] for notice in notices] == [
        f"The article {path} cannot be read",
        "The index was damaged and is not used",
        "It was built again from the article.",
    ]
    assert library.info().snapshot[:6] == "000003"
    assert first in snapshots(data_dir)
    check(library)


def test_without_article_and_index_the_article_is_asked_for(path: Path) -> None:
    path.unlink()
    with pytest.raises(ArticleError) as caught:
        library_of(path).load()
    assert str(caught.value) == f"The article {path} cannot be read: No such file or directory."


def test_a_data_folder_that_cannot_be_read_is_named(path: Path, data_dir: Path) -> None:
    (data_dir / "articles").mkdir(parents=True)
    (data_dir / "articles" / "harbour").touch()
    with pytest.raises(SnapshotError) as caught:
        library_of(path).load()
    assert str(caught.value) == (
        f"The data folder {data_dir} cannot be written to: File exists. Check its permissions and space, or "
        "choose another folder."
    )


def test_a_data_folder_that_cannot_be_made_is_named(path: Path) -> None:
    path.with_name("file").touch()
    data_dir = path.with_name("file") / "data"
    with pytest.raises(SnapshotError) as caught:
        Library(data_dir, article_path=path, embedder=FakeEmbedder()).load()
    assert str(caught.value) == (
        f"The data folder {data_dir} cannot be written to: File exists. Check its permissions and space, or "
        "choose another folder."
    )


def test_a_data_folder_that_cannot_be_written_to_is_named(path: Path, data_dir: Path) -> None:
    (data_dir / "library.lock").mkdir(parents=True)
    with pytest.raises(SnapshotError) as caught:
        library_of(path).load()
    assert str(caught.value) == (
        f"The data folder {data_dir} cannot be written to: Is a directory. Check its permissions and space, "
        "or "
        "choose another folder."
    )


def test_a_full_disk_is_said_and_the_old_index_stays(
    path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = library_of(path)
    library.load()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.storage.durable.os.fsync", full)
    path.write_text(TEXT.replace("Forty", "Many"))
    with pytest.raises(SnapshotError) as caught:
        library.reindex(who=WHO)
    assert str(caught.value) == (
        f"The data folder {data_dir} cannot be written to: No space left on device. Check its permissions "
        "and space, "
        "or choose another folder."
    )
    check(library)
    assert len(snapshots(data_dir)) == 1


def test_a_reindex_reports_what_changed(path: Path) -> None:
    library = library_of(path)
    library.load()
    path.write_text(
        "The lighthouse is closed.\nThe lighthouse is closed.\nDogs stay out.\nVisitors pay nothing.\n"
    )
    path.with_suffix(".toml").write_text('questions = ["Do dogs stay out?", "What do visitors pay?"]')
    told: list[Progress] = []
    report = library.reindex(who=WHO, on_progress=told.append)
    assert (report.kept, report.added, report.removed) == (2, 2, 1)
    assert report.info == library.info()
    assert report.info.snapshot.startswith("000002-")
    assert 0 < report.seconds < 60
    assert told == [
        Progress(Stage.READ, 0, 1),
        Progress(Stage.CHUNK, 0, 4),
        Progress(Stage.EMBED, 0, 1),
        Progress(Stage.EMBED, 1, 1),
        Progress(Stage.CHECK, 0, 2),
        Progress(Stage.CHECK, 1, 2),
        Progress(Stage.SAVE, 0, 1),
    ]
    assert (report.published, report.examples, report.check) == (True, 2, None)
    assert report.moved == (MovedAnswer("Do dogs stay out?", None, "Dogs stay out."),)
    assert library.ask("dogs stay out").answer.citations[0].quote == "Dogs stay out."


def test_a_reindex_by_a_library_that_was_not_loaded_compares_with_what_was_there(
    path: Path, data_dir: Path
) -> None:
    library_of(path).load()
    path.write_text(TEXT.replace("Forty", "Fifty"))
    library = library_of(path, FakeEmbedder(sha256="1" * 64))
    report = library.reindex(who=WHO)
    assert (report.kept, report.added, report.removed, report.examples) == (0, 3, 3, 0)
    assert len(snapshots(data_dir)) == 2
    assert library.ask(SHIPS).answer.citations[0].quote == "Fifty ships anchor there."


def test_the_first_reindex_adds_every_passage(path: Path, data_dir: Path) -> None:
    library = library_of(path)
    report = library.reindex(who=WHO)
    assert (report.kept, report.added, report.removed) == (0, 3, 0)
    assert len(snapshots(data_dir)) == 1
    check(library)


def test_a_reindex_of_a_damaged_index_counts_from_the_one_before(path: Path, data_dir: Path) -> None:
    library = library_of(path)
    library.load()
    library.reindex(who=WHO)
    damaged(data_dir, "passages.json", "noise")
    report = library_of(path).reindex(who=WHO)
    assert (report.kept, report.published) == (0, True)  # it was the only one
    damaged(data_dir, "passages.json", "noise")
    path.write_text(TEXT + "Dogs stay out.\n")
    library = library_of(path)
    library.load()
    damaged(data_dir, "passages.json", "noise")
    path.write_text(TEXT)
    library_of(path).reindex(who=WHO)


def test_a_reindex_of_the_same_article_publishes_nothing_and_embeds_nothing(
    path: Path, data_dir: Path
) -> None:
    library = library_of(path)
    library.load()
    (name,) = snapshots(data_dir)
    told: list[Progress] = []
    embedder = CountingEmbedder()
    for other in (library, library_of(path, embedder)):
        report = other.reindex(who=WHO, on_progress=told.append)
        assert (report.kept, report.added, report.removed, report.published) == (3, 0, 0, False)
        assert report.info.snapshot == name
    assert told == [Progress(Stage.READ, 0, 1)] * 2
    assert (embedder.texts, snapshots(data_dir)) == ([], [name])
    assert [(change.who, change.action) for change in library.history()] == [("Footnote", Action.REINDEXED)]
    check(library)


def test_only_the_newest_snapshots_are_kept(path: Path, data_dir: Path) -> None:
    library = Library(data_dir, article_path=path, embedder=FakeEmbedder(), snapshots_kept=2)
    for number in range(4):
        path.write_text(f"{TEXT}Number {number}.\n")
        library.reindex(who=WHO)
    assert [name[:6] for name in snapshots(data_dir)] == ["000003", "000004"]
    check(library)


def test_a_reindex_that_fails_leaves_the_old_index(path: Path, data_dir: Path) -> None:
    library = library_of(path)
    library.load()
    path.write_text(" \n")
    with pytest.raises(ArticleError):
        library.reindex(who=WHO)
    check(library)
    assert len(snapshots(data_dir)) == 1
    path.write_text(TEXT)
    assert library.reindex(who=WHO).kept == 3


def test_questions_are_answered_while_a_reindex_runs_and_a_second_is_refused(path: Path) -> None:
    library_of(path).load()
    embedder = BlockingEmbedder()
    library = library_of(path, embedder)
    library.load()
    path.write_text(TEXT.replace("Forty", "Fifty"))
    with ThreadPoolExecutor(5) as pool:
        reindex = pool.submit(library.reindex, who=WHO)
        assert embedder.started.wait(timeout=30)
        for found in pool.map(library.ask, [SHIPS] * 20):
            answer = found.answer
            assert (answer.citations[0].quote, answer.snapshot[:6]) == ("Forty ships anchor there.", "000001")
        for other in (library, library_of(path)):
            with pytest.raises(ReindexRunningError) as caught:
                other.reindex(who=WHO)
            assert str(caught.value) == "A reindex is running already. Wait until it is done."
        assert not reindex.done()
        embedder.let_through.set()
        report = reindex.result(timeout=30)
    assert (report.kept, report.added, report.removed) == (2, 1, 1)
    answer = library.ask(SHIPS).answer
    assert (answer.citations[0].quote, answer.snapshot[:6]) == ("Fifty ships anchor there.", "000002")


def test_threads_that_ask_first_build_once(path: Path, data_dir: Path) -> None:
    library = library_of(path)
    barrier = threading.Barrier(6)

    def ask() -> str:
        barrier.wait(timeout=30)
        return library.ask(SHIPS).answer.citations[0].quote

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(ask) for _ in range(6)]
        assert [one.result(timeout=30) for one in asked] == ["Forty ships anchor there."] * 6
    assert len(snapshots(data_dir)) == 1


# A library of articles

NOTES = b"Dogs stay out of the harbour. The harbour master is Ada Berg.\n"
LIGHT = b"The lighthouse was built in 1820. It is green.\nThe keeper is Bo Ask.\n"


def uploaded(text: bytes = NOTES, name: str = "notes.txt", questions: bytes | None = None) -> Source:
    return upload(name, text, questions=questions)


def changes(library: Library) -> list[tuple[str, Action, str, PassageCounts | Restoration | str]]:
    """What people did, oldest first."""
    history = library.history()[::-1]
    return [(one.who, one.action, one.article, one.detail) for one in history if one.who != "Footnote"]


def test_an_article_is_added_asked_and_the_first_one_is_in_use(path: Path) -> None:
    library = library_of(path)
    assert library.in_use() == "harbour"
    report = library.add(uploaded(), who="ada")
    assert (report.added, report.published, report.info.article.id) == (1, True, "notes")
    assert library.in_use() == "notes"
    library.add(uploaded(LIGHT, "light.txt"), who="ada", id="the-light")
    assert library.in_use() == "notes"
    found = library.ask("Who is the keeper?", article="the-light")
    assert (found.answer.article_id, found.answer.citations[0].quote) == (
        "the-light",
        "The keeper is Bo Ask.",
    )
    assert found.info == library.info("the-light")
    assert library.ask("Who is the harbour master?").answer.article_id == "notes"
    assert library.ask(SHIPS, article="harbour").answer.citations[0].quote == "Forty ships anchor there."
    assert [
        (e.id, e.title, e.place, e.passages, e.snapshots, e.own, e.in_use) for e in library.entries()
    ] == [
        ("harbour", "harbour", "harbour.txt", 3, 1, False, False),
        ("notes", "notes", "notes.txt", 1, 1, True, True),
        ("the-light", "light", "light.txt", 2, 1, True, False),
    ]
    assert [e.path for e in library.entries()] == [path, None, None]
    assert changes(library)[:2] == [
        ("ada", Action.ADDED, "notes", PassageCounts(0, 1, 0)),
        ("ada", Action.ADDED, "the-light", PassageCounts(0, 2, 0)),
    ]
    assert library_of(path).entries() == library.entries()


def test_an_id_is_taken_once_and_is_no_path(path: Path) -> None:
    library = library_of(path)
    library.add(uploaded(), who="ada")
    for taken in ("notes", "harbour"):
        with pytest.raises(LibraryError) as caught:
            library.add(uploaded(), who="ada", id=taken)
        assert str(caught.value) == (
            f"“{taken}” is here already. Reindex it, or give the new article another id."
        )
    for wrong in ("../notes", "Notes", "", "a" * 41, "a--b"):
        with pytest.raises(LibraryError) as caught:
            library.add(uploaded(), who="ada", id=wrong)
        assert str(caught.value) == (
            f"“{wrong}” cannot be an id: use up to 40 small letters and digits, with hyphens between them."
        )
        with pytest.raises(UnknownArticleError) as unknown:
            library.ask(SHIPS, article=wrong)
        assert str(unknown.value) == (
            f"No article “{wrong}” is here. The list of articles says which ones are."
        )


def test_an_article_is_in_use_for_a_place_or_for_all(path: Path) -> None:
    library = library_of(path)
    library.add(uploaded(), who="ada")
    library.use("harbour", who="bo", place="77")
    assert (library.in_use(), library.in_use("77"), library.in_use("78")) == ("notes", "harbour", "notes")
    assert library.ask(SHIPS, place="77").answer.article_id == "harbour"
    assert [entry.in_use for entry in library.entries(place="77")] == [True, False]
    library.use("harbour", who="bo")
    assert library_of(path).in_use() == "harbour"
    with pytest.raises(UnknownArticleError):
        library.use("none", who="bo")
    assert changes(library)[1:] == [("bo", Action.USED, "harbour", "")] * 2


def test_a_removed_article_comes_back(path: Path) -> None:
    library = library_of(path)
    library.add(uploaded(), who="ada")
    library.remove("notes", who="bo")
    assert (library.in_use(), [entry.id for entry in library.entries()]) == ("harbour", ["harbour"])
    with pytest.raises(UnknownArticleError):
        library.article("notes")
    assert library.undo("notes", who="ada").article.id == "notes"
    assert library.in_use() == "notes"
    assert changes(library)[1:3] == [
        ("bo", Action.REMOVED, "notes", ""),
        ("ada", Action.UNDONE, "notes", Restoration(None)),
    ]
    with pytest.raises(LibraryError) as caught:
        library.remove("harbour", who="bo")
    assert str(caught.value) == (
        "“harbour” is the article that the settings name: it is read again from its file, and neither "
        "replaced nor removed here. Add another article and put that in use."
    )


def test_undo_goes_back_and_numbers_go_on(path: Path) -> None:
    library = library_of(path)
    library.add(uploaded(), who="ada")
    first = library.article("notes")
    library.reindex("notes", who="ada", source=uploaded(NOTES + b"Cats do too.\n"))
    second = library.article("notes")
    other = library_of(path)
    assert other.article("notes") == second
    assert library.undo("notes", who="bo").article == first
    assert (library.article("notes"), other.article("notes")) == (first, first)
    assert library.article("notes", version=second.sha256[:8]) == second  # its buttons go on working
    with pytest.raises(LibraryError) as caught:
        library.undo("notes", who="bo")
    assert str(caught.value) == "There is no index of “notes” from before to go back to."
    assert library.reindex("notes", who="ada").published is False
    report = library.reindex("notes", who="ada", source=uploaded(LIGHT))
    assert report.info.snapshot[:6] == "000003"
    with pytest.raises(LibraryError) as caught:
        library.article("notes", version=second.sha256[:8])
    assert str(caught.value) == "“notes” has changed since, and that version of it is no longer kept."


def test_what_was_undone_is_not_built_again_unasked(path: Path) -> None:
    library = library_of(path)
    library.load()
    path.write_text(TEXT.replace("Forty", "Fifty"))
    library.reindex(who=WHO)
    library.undo(who=WHO)
    again = library_of(path)
    assert again.load() == ()
    check(again)
    path.write_text(TEXT.replace("Forty", "Sixty"))
    assert library_of(path).load()[0] == "The article has changed since it was indexed."


def test_an_upload_is_read_again_from_what_was_stored(path: Path) -> None:
    library = library_of(path)
    library.add(uploaded(questions=QUESTIONS), who="ada")
    assert library.reindex("notes", who="ada").published is False
    report = library.reindex("notes", who="ada", source=uploaded(NOTES + b"Cats do too.\n"))
    assert report.check == SelfCheck(asked=1, right=1, failed=())


def test_a_source_that_is_as_it_was_is_not_read_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = library_of(path)
    added = library.add(uploaded(), who="ada")

    def read(*_: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr("index.library.sourcing.read", read)
        report = library.reindex("notes", who="ada")
    assert (report.published, report.info) == (False, added.info)
    assert library.reindex("notes", who="ada", source=uploaded(NOTES + b"Cats do too.\n")).published


def test_what_is_stored_is_not_analysed_where_its_source_is_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = library_of(path)
    library.add(uploaded(), who="ada")
    analysed: list[str] = []

    def analyse_and_tell(article: Article, limits: Limits) -> Article:
        analysed.append(article.id)
        return analyse(article, limits)

    monkeypatch.setattr("index.library.sourcing.analyse", analyse_and_tell)
    library.reindex("notes", who="ada")
    assert analysed == []
    folder = next((path.parent / "data" / "articles" / "notes" / "snapshots").iterdir())
    (folder / "source").write_bytes(b"damaged")
    library.reindex("notes", who="ada")
    assert analysed == ["notes"]


NOT_YOURS = (
    "“harbour” is everyone's article, so it cannot be changed from here. To have it otherwise, add an "
    "article of your own and put that in use."
)


def test_the_set_article_is_only_read_again(path: Path) -> None:
    library = library_of(path)
    with pytest.raises(LibraryError) as caught:
        library.reindex("harbour", who="ada", source=uploaded())
    assert str(caught.value) == (
        "“harbour” is the article that the settings name: it is read again from its file, and neither "
        "replaced nor removed here. Add another article and put that in use."
    )
    assert library.reindex("harbour", who="ada").added == 3


def test_a_server_cannot_change_what_is_everyones(path: Path, data_dir: Path) -> None:
    """Not by any of its commands; and it leaves no name in the history of all."""
    library = library_of(path)
    library.load()
    library.reindex(who="root")
    path.write_text(TEXT.replace("Forty", "Fifty"))
    before = sorted((p, p.stat().st_mtime_ns) for p in (data_dir / "articles").rglob("*"))
    server = library.branch("1")
    for change in (
        lambda: server.reindex("harbour", who="stranger"),
        lambda: server.reindex(who="stranger", force=True),
        lambda: server.reindex("harbour", who="stranger", source=uploaded()),
        lambda: server.remove("harbour", who="stranger"),
        lambda: server.undo("harbour", who="stranger"),
        lambda: server.undo(who="stranger"),
    ):
        with pytest.raises(LibraryError) as caught:
            change()
        assert str(caught.value) == NOT_YOURS
    assert sorted((p, p.stat().st_mtime_ns) for p in (data_dir / "articles").rglob("*")) == before
    assert {change.who for change in library.history()} == {"Footnote"}
    assert (server.history(), server.ask(SHIPS).answer.citations[0].quote) == (
        (),
        "Forty ships anchor there.",
    )


QUESTIONS = b'{"question": "Who is the harbour master?", "evidence": ["Ada Berg"]}\n'


def test_an_index_that_fails_its_own_questions_is_not_published(path: Path) -> None:
    library = library_of(path)
    library.add(uploaded(questions=QUESTIONS), who="ada")
    source = uploaded(b"The harbour master is away. Ada Berg sings.\n")
    with pytest.raises(SelfCheckError) as caught:
        library.reindex("notes", who="ada", source=source)
    assert caught.value.failed == ("Who is the harbour master?",)
    assert str(caught.value) == (
        "Only 0 of the article's own 1 questions are answered rightly, so it was not published. "
        "Not answered rightly: Who is the harbour master?"
    )
    assert library.info("notes").snapshot[:6] == "000001"
    assert len(library.history("notes")) == 1
    report = library.reindex("notes", who="ada", source=source, force=True)
    assert report.check == SelfCheck(asked=1, right=0, failed=("Who is the harbour master?",))
    assert library.info("notes").snapshot[:6] == "000002"


def test_evidence_is_sought_in_what_is_cited_alone(path: Path) -> None:
    library = library_of(path)
    keeper = {"question": "Who is the keeper?", "evidence": ["a"] * 50_000 + ["the keeper of"]}
    mast = {"question": "Who is the mast?", "evidence": ["a" * 50]}
    lines = "\n".join(map(json.dumps, (keeper, mast))).encode()
    text = b"Bo Ask is the keeper of Elms.\n" + b"a" * 200_000 + b"\n"
    began = time.perf_counter()
    report = library.add(uploaded(text, questions=lines), who="ada", id="light", force=True)
    assert report.check == SelfCheck(asked=2, right=1, failed=("Who is the mast?",))
    assert time.perf_counter() - began < 20  # it took minutes, and gigabytes, over all of the article


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        (b"\xff", "The file of questions is not UTF-8 text."),
        (b"\n[]", "Line 2 of the questions is not a JSON object with “question” and “evidence”."),
        (b"Who?", "Line 1 of the questions is not a JSON object with “question” and “evidence”."),
        (b'{"question": "Who?"}', "Line 1 of the questions has no “evidence”."),
        (
            b'{"question": "Who?", "evidence": ["x", 1]}',
            "Line 1 of the questions: “evidence” is not as it has to be. A question is a text of 1 to 4000 "
            "characters, its evidence a list of texts, each word for word from the article.",
        ),
    ],
)
def test_questions_that_cannot_be_read_are_refused_or_by_force_not_asked(
    path: Path, questions: bytes, message: str
) -> None:
    library = library_of(path)
    with pytest.raises(OwnQuestionsError) as caught:
        library.add(uploaded(LIGHT, questions=questions), who="ada", id="light")
    assert str(caught.value) == message
    assert [entry.id for entry in library.entries()] == ["harbour"]
    report = library.add(uploaded(LIGHT, questions=questions), who="ada", id="light", force=True)
    assert (report.check, str(report.unread_questions)) == (None, message)
    assert [entry.id for entry in library.entries()] == ["harbour", "light"]
    with pytest.raises(OwnQuestionsError):
        library.reindex("light", who="ada", source=uploaded(LIGHT + NOTES, questions=questions))
    report = library.reindex("light", who="ada", source=uploaded(LIGHT + NOTES), force=True)
    assert (report.published, str(report.unread_questions)) == (True, message)


@pytest.mark.parametrize("stage", [Stage.READ, Stage.CHUNK, Stage.EMBED, Stage.CHECK, Stage.SAVE])
def test_work_that_is_called_off_changes_nothing(path: Path, data_dir: Path, stage: Stage) -> None:
    library = library_of(path)
    library.add(uploaded(questions=QUESTIONS), who="ada")
    before = sorted(data_dir.rglob("*"))

    def cancel(progress: Progress) -> None:
        if progress.stage is stage:
            raise CancelledError("Called off.")

    with pytest.raises(CancelledError):
        library.reindex("notes", who="ada", source=uploaded(NOTES + LIGHT), on_progress=cancel)
    light = uploaded(LIGHT, questions=b'{"question": "Who is the keeper?", "evidence": ["Bo Ask"]}')
    with pytest.raises(CancelledError):
        library.add(light, who="ada", id="light", on_progress=cancel)
    assert sorted(data_dir.rglob("*")) == before
    assert (library.info("notes").snapshot[:6], library.faults()) == ("000001", ())
    assert library.reindex("notes", who="ada", source=uploaded(NOTES + LIGHT)).published


def test_what_is_at_hand_is_what_is_open_and_nothing_is_opened_or_loaded_for_it(path: Path) -> None:
    library_of(path).branch("1").add(uploaded(), who="ada")
    library = library_of(path)
    branch = library.branch("1")
    for one in (library, branch):
        with pytest.raises(NotAtHandError):
            one.at_hand().article()
        with pytest.raises(NotAtHandError):
            one.at_hand().speakers(article="harbour")
    assert [(entry.id, entry.title) for entry in branch.at_hand().entries()] == [
        ("harbour", "harbour"),
        ("notes", "notes"),
    ]
    assert branch.article().id == "notes"
    assert branch.at_hand().article() == branch.article()
    with pytest.raises(NotAtHandError):
        branch.at_hand().article("harbour")
    library.load()
    assert branch.at_hand().article("harbour") == library.at_hand().article()
    with pytest.raises(UnknownArticleError):
        library.at_hand().article("notes")


def test_a_branch_has_its_own_and_falls_back(path: Path) -> None:
    library = library_of(path)
    one, other = library.branch("1"), library.branch("2")
    assert library.branch("1") is one
    one.add(uploaded(), who="ada")
    assert (one.in_use(), other.in_use(), library.in_use()) == ("notes", "harbour", "harbour")
    assert [(e.id, e.own, e.in_use) for e in one.entries()] == [
        ("harbour", False, False),
        ("notes", True, True),
    ]
    for stranger in (other, library):
        assert [entry.id for entry in stranger.entries()] == ["harbour"]
        with pytest.raises(UnknownArticleError):
            stranger.ask(SHIPS, article="notes")
        assert stranger.ask("Who is the harbour master?", article=ALL).answer.article_id == "harbour"
        assert ("ada", Action.ADDED) not in [change[:2] for change in changes(stranger)]
    assert one.ask(SHIPS, article="harbour").answer.citations[0].quote == "Forty ships anchor there."
    assert changes(other) == []
    library.add(uploaded(LIGHT), who="root", id="light")
    assert [entry.id for entry in other.entries()] == ["light"]
    with pytest.raises(LibraryError):
        other.remove("light", who="bo")
    for wrong in ("..", "a", "", "1/2"):
        with pytest.raises(LibraryError) as caught:
            library.branch(wrong)
        assert str(caught.value) == f"“{wrong}” names no server's library: it has to be a number."


def test_the_best_answer_of_all_articles(path: Path) -> None:
    library = library_of(path)
    for number in range(12):
        text = f"Note {number} is about rope {number}. The rope is red.\n".encode()
        library.add(uploaded(text), who="ada", id=f"note-{number}")
    library.add(uploaded(LIGHT), who="ada", id="light")
    found = library.ask("Who is the keeper?", article=ALL)
    assert (found.answer.article_id, found.info.article.id) == ("light", "light")
    assert found.answer.citations[0].quote == "The keeper is Bo Ask."
    assert library.ask(SHIPS, article=ALL).answer.article_id == "harbour"
    with pytest.raises(QuestionError):
        library.ask(" ", article=ALL)
    again = library.branch("7").ask(SHIPS, article=ALL, turns=[Turn("Who?", (Span(900, 999),))])
    assert again.answer.article_id in ("harbour", "note-0")


def test_what_is_built_on_equals_what_is_built_whole(
    tmp_path: Path, shipped: Article, real_embedder: SentenceTransformerEmbedder
) -> None:
    lines = shipped.text.split("\n")
    lines[2] = "The lighthouse keeper counted the ships. “There are forty,” he said."
    lines.insert(5, "A paragraph that was not there before.")
    text = "\n".join([lines[-2], *lines]).encode()
    grown = Library(tmp_path / "grown", embedder=real_embedder)
    grown.add(upload("a.txt", shipped.text.encode()), who=WHO, id="a")
    report = grown.reindex("a", who=WHO, source=upload("a.txt", text))
    assert report.kept >= 5
    whole = Library(tmp_path / "whole", embedder=real_embedder)
    whole.add(upload("a.txt", text), who=WHO, id="a")
    one, other = (LibraryFolder(tmp_path / name, snapshots_kept=3).of("a") for name in ("grown", "whole"))
    a, b = one.open(one.names()[0]).index, other.open(other.names()[0]).index
    assert (a.article, a.passages) == (b.article, b.passages)
    assert np.allclose(a.store.vectors(), b.store.vectors(), atol=1e-5)
    assert np.mean(a.tokens.vectors.codes == b.tokens.vectors.codes) > 0.999
    for part in ("ends", "starts", "ids"):
        assert np.array_equal(getattr(a.tokens, part), getattr(b.tokens, part))


def test_only_what_is_new_is_embedded(path: Path) -> None:
    library = library_of(path, embedder := CountingEmbedder())
    library.load()
    embedder.texts.clear()
    path.write_text(f"First comes this.\n{TEXT}{TEXT}")
    report = library.reindex(who=WHO)
    assert embedder.texts == ["First comes this.\n"]
    assert (report.kept, report.added, report.removed) == (3, 4, 0)


def test_hundreds_of_articles_open_lazily_and_few_stay_open(path: Path) -> None:
    made = library_of(path)
    for number in range(120):
        made.branch(str(number % 3)).add(
            uploaded(f"Rope {number} is red.\n".encode()), who=WHO, id=f"n-{number}"
        )
    library = Library(path.parent / "data", article_path=path, embedder=FakeEmbedder(), open_articles=5)
    opened = library._parts.opener._memory.articles
    branches = [library.branch(str(number)) for number in range(3)]
    assert [len(branch.entries()) for branch in branches] == [41, 41, 41]
    assert len(opened) == 0
    for number in range(120):
        found = branches[number % 3].ask("What is red?", article=f"n-{number}")
        assert found.answer.citations[0].quote == f"Rope {number} is red."
        assert len(opened) <= 5
    assert branches[2].ask("What is rope 77?", article=ALL).answer.citations[0].quote == "Rope 77 is red."
    assert len(opened) <= 5


def test_an_index_of_the_format_before_is_taken_over(path: Path, data_dir: Path) -> None:
    library_of(path).load()
    (name,) = snapshots(data_dir)
    folder = data_dir / "articles" / "harbour" / "snapshots" / name
    (folder / "source").unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    new = ("sha256", "article_id", "title", "origin", "passages", "source_sha256", "made_by")
    old = {key: value for key, value in manifest.items() if key not in new} | {"format": 1}
    old["files"] = {key: value for key, value in manifest["files"].items() if key != "source"}
    (folder / "manifest.json").write_text(json.dumps(old))
    library = library_of(path)
    assert library.load() == (
        "The index was written by an earlier version of Footnote.",
        "It was built again from the article.",
    )
    assert (
        LibraryFolder(data_dir, snapshots_kept=3).of("harbour").manifest(snapshots(data_dir)[-1]).format
        == FORMAT
    )
    check(library)


def cut_off(data_dir: Path, action: Action, article: str, who: str, *, number: int) -> Note:
    """Leaves a change as a process does that is killed when it has just begun it."""
    folder = LibraryFolder(data_dir, snapshots_kept=3)
    note = Note(when=now(), who=who, action=action, article=article, number=number)
    with folder.records.change() as writer:
        writer.begin(note)
    return note


def test_a_change_that_was_cut_off_is_told_of(path: Path, data_dir: Path) -> None:
    library = library_of(path)
    library.load()
    note = cut_off(data_dir, Action.REINDEXED, "harbour", "ada", number=2)
    (data_dir / "articles" / "harbour" / "snapshots" / ".writing-x").mkdir()
    begun = f"{note.when:%Y-%m-%d %H:%M:%S}"
    assert library.faults() == (
        f"The reindex of “harbour”, begun {begun} UTC, is under way, or was cut off: the next change "
        "mends it.",
        f"{data_dir / 'articles' / 'harbour' / 'snapshots'} holds unfinished work: .writing-x. The next "
        "reindex removes it.",
    )
    again = library_of(path)
    assert again.load() == (
        f"The reindex of “harbour”, begun {begun} UTC, was cut off. Nothing was changed by it.",
    )
    assert (again.faults(), again.load()) == ((), ())
    check(again)


def _build_and_ask(path: Path, meet: Path, number: int) -> str:
    """Runs in a process of its own; starts when both are there."""
    (meet / str(number)).touch()
    until = time.monotonic() + 60
    while len(list(meet.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
        return library_of(path).ask(SHIPS).answer.citations[0].quote


def test_two_processes_that_build_at_once_both_answer(path: Path, tmp_path: Path, data_dir: Path) -> None:
    meet = tmp_path / "meet"
    meet.mkdir()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        asked = [pool.submit(_build_and_ask, path, meet, number) for number in range(2)]
        assert [one.result(timeout=120) for one in asked] == ["Forty ships anchor there."] * 2
    assert all(name[0] != "." for name in snapshots(data_dir))
    library = library_of(path)
    assert library.load() == ()
    check(library)


def _work(path: Path, meet: Path, number: int, changes: int) -> int:
    """Runs in a process of its own: adds, reindexes, puts in use; returns how often it was told to wait."""
    (meet / str(number)).touch()
    until = time.monotonic() + 60
    while len(list(meet.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    waited = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
        library = library_of(path)
        library.load()
        for change in range(changes):
            text = f"Process {number} wrote change {change}.\n".encode()
            steps: list[Callable[[], object]] = [
                partial(library.add, uploaded(text), who=str(number), id=f"own-{number}-{change}"),
                partial(library.reindex, "both", who=str(number), source=uploaded(text)),
                partial(library.use, f"own-{number}-{change}", who=str(number)),
            ]
            for step in steps:
                while True:
                    try:
                        step()
                        break
                    except ReindexRunningError:
                        waited += 1
            library.ask("Which process wrote?", article="both")
    return waited


def test_two_processes_that_change_at_once_lose_nothing(path: Path, tmp_path: Path) -> None:
    library = library_of(path)
    library.add(uploaded(), who="ada", id="both")
    meet = tmp_path / "meet"
    meet.mkdir()
    count = 4
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        asked = [pool.submit(_work, path, meet, number, count) for number in range(2)]
        assert all(one.result(timeout=240) >= 0 for one in asked)
    own = {f"own-{number}-{change}" for number in range(2) for change in range(count)}
    assert {entry.id for entry in library.entries()} == own | {"both", "harbour"}
    for number in range(2):
        mine = [change[1:3] for change in changes(library) if change[0] == str(number)]
        assert mine == [
            step
            for change in range(count)
            for step in (
                (Action.ADDED, f"own-{number}-{change}"),
                (Action.REINDEXED, "both"),
                (Action.USED, f"own-{number}-{change}"),
            )
        ]
    last = next(change for change in changes(library)[::-1] if change[1] is Action.USED)
    assert library.in_use() == last[2]
    last = next(change for change in changes(library)[::-1] if change[1] is Action.REINDEXED)
    assert library.article("both").text.startswith(f"Process {last[0]} wrote")
    assert library.info("both").snapshot[:6] == f"{2 * count + 1:06d}"
    assert library.faults() == ()


def test_a_file_that_says_the_same_in_other_bytes_has_not_changed(path: Path) -> None:
    library_of(path).load()
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    for _ in range(2):
        library = library_of(path)
        assert library.load() == ()
        assert library.info().snapshot[:6] == "000001"
