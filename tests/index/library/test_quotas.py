"""What a server may have, told before it bites, and the floor of free disk."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from index.errors import QuotaError
from index.library.library import Library
from index.library.quotas import Quotas
from index.model.library import QuotaKind, QuotaUse
from index.model.source import Source
from index.sources.files import upload
from index.storage.library_folder import LibraryFolder
from tests.index.fakes import CountingEmbedder, FakeEmbedder

WHO = "ada"
FULL = (
    "The disk of the machine that I run on is nearly full, so nothing is added or indexed now. Nothing was "
    "changed, and questions are answered as before. Tell whoever runs me."
)
SHIPS = "How many ships anchor there?"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]


def note(number: int = 0, size: int = 0, questions: bytes | None = None) -> Source:
    text = f"Rope {number} is red.\n" + "".join(f"Line {n} is long enough.\n" for n in range(size))
    return upload(f"note-{number}.txt", text.encode(), questions=questions)


def library_of(tmp_path: Path, quotas: Quotas, embedder: FakeEmbedder | None = None) -> Library:
    path = tmp_path / "harbour.txt"
    path.write_text("The harbour was built in 1901. Forty ships anchor there.\n")
    return Library(tmp_path / "data", article_path=path, embedder=embedder or FakeEmbedder(), quotas=quotas)


def test_articles_of_a_server_are_counted_and_told_before_they_are_too_many(tmp_path: Path) -> None:
    library = library_of(tmp_path, Quotas(articles=5))
    server, other = library.branch("1"), library.branch("2")
    close = []
    for number in range(5):
        report = server.add(note(number), who=WHO, id=f"n-{number}")
        assert report.quotas == (QuotaUse(QuotaKind.ARTICLES, number + 1, 5),)
        close += [use.is_close for use in report.quotas]
    assert close == [False, False, False, True, True]
    before = sorted((tmp_path / "data").rglob("*"))
    with pytest.raises(QuotaError) as caught:
        server.add(note(9), who=WHO)
    assert str(caught.value) == (
        "This server has 5 of 5 articles. Remove one that is not needed any more, then add this one."
    )
    assert sorted((tmp_path / "data").rglob("*")) == before
    assert server.reindex("n-0", who=WHO, source=note(7)).quotas == (QuotaUse(QuotaKind.ARTICLES, 5, 5),)
    server.remove("n-0", who=WHO)
    server.add(note(9), who=WHO, id="n-9")
    with pytest.raises(QuotaError):  # what comes back counts, too
        server.undo("n-0", who=WHO)
    assert other.add(note(), who=WHO).quotas == (QuotaUse(QuotaKind.ARTICLES, 1, 5),)
    for number in range(7):  # the common library is the operator's
        assert library.add(note(number), who=WHO, id=f"c-{number}").quotas == ()


def test_bytes_of_a_server_are_counted_with_all_that_is_kept(tmp_path: Path) -> None:
    most = 1_000_000
    library = library_of(tmp_path, Quotas(nbytes=most))
    server = library.branch("1")
    folder = tmp_path / "data" / "servers" / "1"
    server.add(note(1, 20), who=WHO, id="kept")
    for number in range(2, 5):
        report = server.reindex("kept", who=WHO, source=note(number, 20))
        (use,) = report.quotas
        assert use == QuotaUse(QuotaKind.BYTES, _bytes_of(folder), most)
    assert server.entries()[1].snapshots == 3
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(QuotaError) as caught:
        server.add(note(9, 500), who=WHO, id="large")
    assert str(caught.value) == (
        "This server's articles would take 3 MB with what is kept of them, and may take 1 MB. Remove one "
        "that is not needed any more, then try again. Nothing was changed."
    )
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p != folder} == {
        p: time for p, time in before.items() if p != folder
    }
    assert [entry.id for entry in server.entries()] == ["harbour", "kept"]
    library.add(note(9, 500), who=WHO, id="large")


def _bytes_of(folder: Path) -> int:
    parts = (folder / "articles", folder / "index")
    return sum(f.stat().st_size for part in parts for f in part.rglob("*") if f.is_file())


def test_what_was_removed_makes_room_the_oldest_first(tmp_path: Path) -> None:
    library = library_of(tmp_path, Quotas(nbytes=400_000))
    server, folder = library.branch("1"), LibraryFolder(tmp_path / "data", snapshots_kept=3).branch("1")
    for number in range(40):  # adding and removing on and on fills nothing
        server.add(note(number, 10), who=WHO, id=f"n-{number}")
        server.remove(f"n-{number}", who=WHO)
        assert _bytes_of(folder.path) <= 400_000
    left = sorted(int(name[2:]) for name in folder.records.now().removals)
    assert left == list(range(40 - len(left), 40))
    assert 1 < len(left) < 10
    assert server.undo("n-39", who=WHO).article.id == "n-39"


def test_a_question_file_has_so_many_questions(tmp_path: Path) -> None:
    library = library_of(tmp_path, Quotas(questions=3))
    line = b'{"question": "What is red?", "evidence": ["red"]}\n\n'
    assert library.branch("1").add(note(1, questions=line * 3), who=WHO, id="a").check is not None
    many = note(2, questions=line * 4)
    server = library.branch("1")
    for change in (partial(server.add, many, who=WHO), partial(server.reindex, "a", who=WHO, source=many)):
        with pytest.raises(QuotaError) as caught:
            change()
        assert str(caught.value) == "The file of questions has 4 questions. It may have 3."
    library.add(note(2, questions=line * 4), who=WHO)


def test_below_the_floor_nothing_is_built_and_questions_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = CountingEmbedder()
    library = library_of(tmp_path, Quotas(free_bytes=1_000_000), embedder)
    library.load()
    library.branch("1").add(note(1), who=WHO, id="mine")
    embedder.texts.clear()
    free = [999_999]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    before = sorted((tmp_path / "data").rglob("*"))
    for one, article in ((library, "harbour"), (library.branch("1"), "mine")):
        for change in (partial(one.add, note(2), who=WHO), partial(one.reindex, article, who=WHO)):
            with pytest.raises(QuotaError) as caught:
                change()
            assert str(caught.value) == FULL
            assert not caught.value.for_operator
    assert (embedder.texts, sorted((tmp_path / "data").rglob("*"))) == ([], before)
    assert library.ask(SHIPS).answer.citations[0].quote == "Forty ships anchor there."
    assert library.branch("1").ask("What is red?").answer.citations[0].quote == "Rope 1 is red."
    library.branch("1").remove("mine", who=WHO)  # what frees, or needs nothing, goes on
    library.branch("1").undo("mine", who=WHO)
    free[0] = 1_000_500  # enough to begin, and not for what is to be written
    with pytest.raises(QuotaError) as caught:
        library.add(note(2, 50), who=WHO)
    assert str(caught.value) == FULL
    assert [entry.id for entry in library.entries()] == ["harbour"]
    free[0] = 10_000_000
    library.add(note(2, 50), who=WHO)
