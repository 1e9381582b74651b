"""The facade: opened, healed, reindexed, asked from many threads and more than one process."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from index.embed import SentenceTransformerEmbedder
from index.errors import ArticleError, EmbeddingModelError, QuestionError, ReindexRunningError, SnapshotError
from index.library import Library
from index.models import MovedAnswer, Progress, Stage, Status
from tests.index.fakes import THRESHOLDS, BlockingEmbedder, CountingEmbedder, FakeEmbedder

TEXT = (
    "The harbour was built in 1901. Forty ships anchor there.\nThe lighthouse is closed.\n"
    "Visitors pay nothing.\n"
)
FILES = ("article.json", "manifest.json", "passages.json", "token_map.npy", "tokens.npy", "vectors.faiss")
WHO = "ada"
SHIPS = "How many ships anchor there?"

pytestmark = pytest.mark.usefixtures("_known_thresholds")


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
    assert [record.message for record in caplog.records if record.name == "index.library"] == [
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
        f"The data folder {data_dir / 'articles' / 'harbour' / 'snapshots'} cannot be read: Not a directory. "
        "Check its "
        "permissions, or set FOOTNOTE_DATA_DIR to another folder."
    )


def test_a_data_folder_that_cannot_be_made_is_named(path: Path) -> None:
    path.with_name("file").touch()
    data_dir = path.with_name("file") / "data"
    with pytest.raises(SnapshotError) as caught:
        Library(data_dir, article_path=path, embedder=FakeEmbedder()).load()
    assert str(caught.value) == (
        f"The data folder {data_dir / 'articles' / 'harbour' / 'snapshots'} cannot be read: Not a directory. "
        "Check its "
        "permissions, or set FOOTNOTE_DATA_DIR to another folder."
    )


def test_a_data_folder_that_cannot_be_written_to_is_named(path: Path, data_dir: Path) -> None:
    (data_dir / "library.lock").mkdir(parents=True)
    with pytest.raises(SnapshotError) as caught:
        library_of(path).load()
    assert str(caught.value) == (
        f"The data folder {data_dir} cannot be written to: Is a directory. Check its permissions and space, "
        "or set "
        "FOOTNOTE_DATA_DIR to another folder."
    )


def test_a_full_disk_is_said_and_the_old_index_stays(
    path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = library_of(path)
    library.load()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.durable.os.fsync", full)
    path.write_text(TEXT.replace("Forty", "Many"))
    with pytest.raises(SnapshotError) as caught:
        library.reindex(who=WHO)
    assert str(caught.value) == (
        f"The data folder {data_dir} cannot be written to: No space left on device. Check its permissions "
        "and space, "
        "or set FOOTNOTE_DATA_DIR to another folder."
    )
    check(library)
    assert len(snapshots(data_dir)) == 1


def test_a_reindex_reports_what_changed(path: Path) -> None:
    library = library_of(path)
    library.load()
    path.write_text(
        "The lighthouse is closed.\nThe lighthouse is closed.\nDogs stay out.\nVisitors pay nothing.\n"
    )
    path.with_suffix(".toml").write_text('questions = ["Who stays out?", "What do visitors pay?"]')
    told: list[Progress] = []
    report = library.reindex(who=WHO, on_progress=told.append)
    assert (report.kept, report.added, report.removed) == (2, 2, 1)
    assert report.info == library.info()
    assert report.info.snapshot.startswith("000002-")
    assert 0 < report.seconds < 60
    assert told == [
        Progress(Stage.READ, 0, 1),
        Progress(Stage.CHUNK, 0, 1),
        Progress(Stage.EMBED, 0, 1),
        Progress(Stage.EMBED, 1, 1),
        Progress(Stage.CHECK, 0, 2),
        Progress(Stage.CHECK, 1, 2),
        Progress(Stage.SAVE, 0, 1),
    ]
    assert (report.published, report.examples, report.check) == (True, 2, None)
    assert report.moved == (MovedAnswer("Who stays out?", None, "Dogs stay out."),)
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
    assert library.history() == ()
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
    path.write_bytes(b"\xff")
    with pytest.raises(ArticleError, match="is not UTF-8 text"):
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


def _build_and_ask(path: Path, meet: Path, number: int) -> str:
    """Runs in a process of its own; starts when both are there."""
    (meet / str(number)).touch()
    until = time.monotonic() + 60
    while len(list(meet.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.library.thresholds", lambda *_: THRESHOLDS)
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
