"""The index of a whole library: kept up by each change, the same as one made anew, and healed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import FootnoteError
from index.library.indexing import Indexing
from index.library.library import ALL, Library
from index.model.answer import Turn
from index.model.source import Source
from index.search.embedding import SentenceTransformerEmbedder
from index.sources.files import upload
from index.storage.library_folder import LibraryFolder
from tests.fakes import IN_MEMORY, read_here
from tests.index.fakes import THRESHOLDS, FakeEmbedder

WHO = "ada"
TEXTS = {
    "rope": ("The rope is red. It is forty feet long.", "The rope is blue by now. It hangs in the shed."),
    "lamp": ("The lamp burns all night. Bo Ask lights it.", "The lamp went out. Nobody lights it."),
    "eel": ("Eels live under the bridge. Carl Dorn counts them.", "The eels left the bridge in June."),
}
QUESTIONS = {
    "What colour is the rope?": "rope",
    "Who lights the lamp?": "lamp",
    "Where do eels live?": "eel",
    "Is the harbour open?": "harbour",
}

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "harbour.txt").write_text("The harbour is open to visitors. Forty ships anchor there.\n")
    return tmp_path / "data"


def library_of(data: Path) -> Library:
    """As a process does that has just been started."""
    return Library(data, article_path=data.parent / "harbour.txt", embedder=FakeEmbedder())


def source(article: str, version: int = 0) -> Source:
    return upload(f"{article}.txt", TEXTS[article][version].encode())


def answers(library: Library) -> list[tuple[str, str, list[str], float]]:
    """What the library answers to each question, and with which score."""
    told = []
    for question in QUESTIONS:
        answer = library.ask(question, article=ALL).answer
        cited = answer.citations or answer.closest
        told.append(
            (answer.article_id, answer.status.value, [c.quote for c in cited], round(cited[0].score, 3))
        )
    return told


def rows(folder: LibraryFolder) -> dict[str, str]:
    """Of which snapshot the index is, by article."""
    return {article: row.snapshot for article, row in folder.index.rows().items()}


def newest(folder: LibraryFolder) -> dict[str, str]:
    """The newest snapshot of each article."""
    return {article: folder.of(article).names()[0] for article in folder.ids()}


def files(folder: LibraryFolder) -> dict[str, bytes]:
    """What lies on disk of the index."""
    return {path.name: path.read_bytes() for path in folder.index.path.iterdir()}


CHANGES: dict[str, Callable[[Library, str], object]] = {
    "add": lambda library, article: library.add(source(article), who=WHO, id=article),
    "reindex": lambda library, article: library.reindex(article, who=WHO, source=source(article, 1)),
    "remove": lambda library, article: library.remove(article, who=WHO),
    "undo": lambda library, article: library.undo(article, who=WHO),
    "use": lambda library, article: library.use(article, who=WHO),
}


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(sorted(CHANGES)), st.sampled_from(sorted(TEXTS))), min_size=1, max_size=8
    )
)
def test_after_any_changes_it_is_what_one_made_anew_is(changes: list[tuple[str, str]]) -> None:
    with (
        tempfile.TemporaryDirectory(dir=IN_MEMORY) as scratch,
        mock.patch("index.library.models.thresholds", return_value=THRESHOLDS),
        mock.patch("index.sources.sandbox.run", read_here),
    ):
        data = Path(scratch) / "data"
        (Path(scratch) / "harbour.txt").write_text("The harbour is open to visitors.\n")
        library, folder = library_of(data), LibraryFolder(data, snapshots_kept=3)
        library.load()
        library.add(source("rope"), who=WHO, id="rope")
        library.ask("Who?", article=ALL)
        for change, article in changes:
            try:
                CHANGES[change](library, article)
            except FootnoteError:
                continue
            assert rows(folder) == newest(folder)
        told, kept = answers(library), files(folder)
        assert rows(folder) == newest(folder)
        assert len(kept) <= 1 + len(folder.ids())
        assert answers(library_of(data)) == told  # from disk
        shutil.rmtree(folder.index.path)
        assert answers(library_of(data)) == told  # from the snapshots
        assert files(folder) == kept
        assert library.faults() == ()


def grown(data: Path) -> tuple[Library, LibraryFolder]:
    library = library_of(data)
    library.load()
    for article in TEXTS:
        library.add(source(article), who=WHO, id=article)
    return library, LibraryFolder(data, snapshots_kept=3)


def test_each_question_finds_its_article(data: Path) -> None:
    library, folder = grown(data)
    for question, article in QUESTIONS.items():
        result = library.ask(question, article=ALL)
        (citation, *_) = result.answer.citations or result.answer.closest
        assert (result.answer.article_id, result.info.article.id) == (article, article)
        assert result.info.article.text[citation.start : citation.end] == citation.quote
    assert rows(folder) == newest(folder)


def test_a_change_writes_its_own_articles_segment_alone(data: Path) -> None:
    library, folder = grown(data)
    before = {path.name: path.stat().st_mtime_ns for path in folder.index.path.glob("*.safetensors")}
    library.reindex("lamp", who=WHO, source=source("lamp", 1))
    after = {path.name: path.stat().st_mtime_ns for path in folder.index.path.glob("*.safetensors")}
    assert len(before.keys() - after.keys()) == len(after.keys() - before.keys()) == 1
    assert all(after[name] == before[name] for name in before.keys() & after.keys())


def test_what_another_process_changes_is_noticed_with_the_next_question(data: Path) -> None:
    library, _ = grown(data)
    told = answers(library)
    other = library_of(data)
    other.reindex("rope", who=WHO, source=source("rope", 1))
    other.remove("eel", who=WHO)
    assert answers(library) == answers(library_of(data)) != told
    other.undo("rope", who=WHO)
    other.undo("eel", who=WHO)
    assert answers(library) == told


@pytest.mark.parametrize("change", ["reindex", "remove", "undo"])
def test_a_change_that_was_killed_before_the_index_was_written_is_made_up_for(
    data: Path, change: str
) -> None:
    library, folder = grown(data)
    library.reindex("lamp", who=WHO, source=source("lamp", 1))
    with mock.patch.object(Indexing, "keep_up"):
        other = library_of(data)
        if change == "reindex":
            other.reindex("lamp", who=WHO, source=upload("l.txt", b"The lamp is green. Ada lights it."))
        else:
            CHANGES[change](other, "lamp")
    assert rows(folder) != newest(folder)
    told = answers(library_of(data))
    assert rows(folder) == newest(folder)
    assert answers(library) == told
    shutil.rmtree(folder.index.path)
    assert answers(library_of(data)) == told


@pytest.mark.parametrize("damage", ["missing", "altered", "manifest", "cut", "all"])
def test_what_is_damaged_is_made_again_of_the_snapshots(data: Path, damage: str) -> None:
    library, folder = grown(data)
    told, kept = answers(library), files(folder)
    segment = folder.index.path / f"{folder.index.rows()['lamp'].segment}.safetensors"
    manifest = folder.index.path / "manifest.json"
    content = segment.read_bytes()
    match damage:
        case "missing":
            segment.unlink()
        case "altered":
            segment.write_bytes(content[:500] + b"x" + content[501:])
        case "cut":
            segment.write_bytes(content[:100])
        case "manifest":
            manifest.write_bytes(manifest.read_bytes().replace(b"lamp", b"pmal"))
        case _:
            shutil.rmtree(folder.index.path)
    assert len(library.faults()) == (damage != "all")
    assert answers(library) == told  # what is in memory is whole
    assert answers(library_of(data)) == told
    assert files(folder) == kept
    assert library.faults() == ()


@pytest.mark.parametrize("file", ["tokens.npy", "article.json"])
def test_an_article_that_is_damaged_is_built_again_and_answers(data: Path, file: str) -> None:
    library, folder = grown(data)
    told = answers(library)
    (folder.of("lamp").folder / newest(folder)["lamp"] / file).write_bytes(b"damaged")
    for one in (library_of(data), library):
        assert answers(one) == told
    assert rows(folder) == newest(folder)
    assert newest(folder)["lamp"].startswith("000002")


def test_an_index_that_cannot_be_written_does_not_keep_a_change_or_an_answer(data: Path) -> None:
    library, folder = grown(data)
    with mock.patch("index.storage.whole_index.replace_file", side_effect=OSError(28, "No space left")):
        library.reindex("lamp", who=WHO, source=source("lamp", 1))
        library.remove("eel", who=WHO)
        told = answers(library)
    assert rows(folder) != newest(folder)
    assert told == answers(library_of(data))
    assert rows(folder) == newest(folder)


def test_a_servers_index_has_what_it_falls_back_to_and_lets_go_of_it(data: Path) -> None:
    library, folder = grown(data)
    branch = library.branch("7")
    assert branch.ask("Is the harbour open?", article=ALL).answer.article_id == "rope"
    branch.add(source("eel"), who=WHO, id="eel")
    library.use("lamp", who=WHO)
    assert branch.ask("Who lights the lamp?", article=ALL).answer.article_id == "lamp"
    assert branch.ask("Where do eels live?", article=ALL).answer.article_id == "eel"
    library.use("rope", who=WHO)
    assert branch.ask("Who lights the lamp?", article=ALL).answer.article_id in ("rope", "eel")
    library.reindex("rope", who=WHO, source=source("rope", 1))
    answer = branch.ask("The rope is blue by now", article=ALL).answer
    assert answer.citations[0].quote == "The rope is blue by now."
    assert rows(folder.branch("7")) == newest(folder.branch("7"))
    assert branch.ask("?", article=ALL).answer.article_id in ("rope", "eel")


def test_the_best_passages_of_all_are_read_together(
    data: Path, real_embedder: SentenceTransformerEmbedder
) -> None:
    library = Library(data, article_path=data.parent / "harbour.txt", embedder=real_embedder)
    for article in TEXTS:
        library.add(source(article), who=WHO, id=article)
    opened = mock.Mock(wraps=library._parts.opener.open)
    with mock.patch.object(library._parts.opener, "open", opened):
        answer = library.ask("Who lights the lmap?", article=ALL).answer
    assert (answer.article_id, answer.read_as, answer.short_text) == ("lamp", (("lmap", "lamp"),), "Bo")
    assert answer.citations[0].quote == "Bo Ask lights it."
    assert {call.args[0].id for call in opened.call_args_list} <= {"harbour", *TEXTS}
    followed = library.ask("And where do the eels live?", article=ALL, turns=[Turn("Who counts eels?", ())])
    assert followed.answer.article_id == "eel"
    about = library.ask("Where do eels live, in the bridge of Carl Dorn?", article=ALL).answer
    assert about.article_id == "eel"
    other = library.ask("Who lights the lamp under the bridge?", article=ALL).answer
    assert other.read_as == ()
