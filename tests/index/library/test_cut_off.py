"""Indexing that is cut off: killed, called off or refused, and gone on with where it was."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import CancelledError, QuotaError
from index.library.library import Library
from index.library.quotas import Quotas
from index.model.library import ExpiredKind, Progress, Stage
from index.model.source import Source
from index.search.embedded_blocks import BLOCK
from index.sources.files import upload
from index.storage.library_folder import LibraryFolder
from index.storage.upkeep import Retention, Upkeep
from tests.index.fakes import THRESHOLDS, StreamingEmbedder

WHO = "ada"
PASSAGES = 3 * BLOCK + 100
LINES = tuple(f"Rope {number} has {number % 97} strands.\n" for number in range(PASSAGES))

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]


def source(lines: tuple[str, ...] = LINES) -> Source:
    return upload("ropes.txt", "".join(lines).encode())


def library_of(folder: Path, embedder: StreamingEmbedder | None = None) -> Library:
    path = folder / "harbour.txt"
    path.write_text("Forty ships anchor there.\n")
    return Library(folder / "data", article_path=path, embedder=embedder or StreamingEmbedder())


def files(folder: Path, number: str = "000001") -> dict[str, bytes]:
    """A snapshot's files, but for the manifest, which says when it was made."""
    (snapshot,) = (folder / "data" / "articles" / "ropes" / "snapshots").glob(f"{number}-*")
    return {path.name: path.read_bytes() for path in snapshot.iterdir() if path.name != "manifest.json"}


def blocks(folder: Path) -> list[Path]:
    return sorted((folder / "data" / "building").glob("*"))


def called_off_after(count: int) -> mock.Mock:
    """Calls the work off when so many passages are embedded."""

    def tell(progress: Progress) -> None:
        if progress.stage is Stage.EMBED and progress.done >= count:
            raise CancelledError("Called off. Nothing was changed.")

    return mock.Mock(side_effect=tell)


def add(library: Library, lines: tuple[str, ...] = LINES) -> None:
    library.add(source(lines), who=WHO, id="ropes")


def cut_off(folder: Path, count: int, lines: tuple[str, ...] = LINES) -> StreamingEmbedder:
    embedder = StreamingEmbedder()
    with pytest.raises(CancelledError):
        library_of(folder, embedder).add(
            source(lines), who=WHO, id="ropes", on_progress=called_off_after(count)
        )
    return embedder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What comes of it where nothing cuts it off."""
    folder = tmp_path_factory.mktemp("whole")
    with mock.patch("index.library.models.thresholds", return_value=THRESHOLDS):
        add(library_of(folder))
    return files(folder)


def _index(folder: Path, pipe: Connection) -> None:
    """The child: tells how far it is."""
    with mock.patch("index.library.models.thresholds", return_value=THRESHOLDS):
        library_of(folder).add(
            source(), who=WHO, id="ropes", on_progress=lambda step: pipe.send((step.stage, step.done))
        )


def test_after_a_kill_only_what_is_missing_is_embedded(tmp_path: Path, whole: dict[str, bytes]) -> None:
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_index, args=(tmp_path, there))
    child.start()
    while here.poll(60) and (step := here.recv()) != (Stage.EMBED, 2 * BLOCK + 64):
        assert step[0] in (Stage.READ, Stage.CHUNK, Stage.EMBED)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(30)
    assert child.exitcode == -signal.SIGKILL
    assert [path.suffix for path in blocks(tmp_path)] == [".block"] * 2
    embedder = StreamingEmbedder()
    library = library_of(tmp_path, embedder)
    add(library)
    assert "".join(embedder.texts) == "".join(LINES[2 * BLOCK :])
    assert files(tmp_path) == whole
    assert blocks(tmp_path) == []
    answer = library.ask("How many strands has rope 1600?", article="ropes").answer
    assert answer.citations[0].quote == "Rope 1600 has 48 strands."


def test_what_is_called_off_ends_at_once_and_is_gone_on_with(tmp_path: Path, whole: dict[str, bytes]) -> None:
    embedder = cut_off(tmp_path, BLOCK + 1)
    assert len(embedder.texts) == BLOCK + 64
    assert len(blocks(tmp_path)) == 1
    assert library_of(tmp_path).history() == ()
    steps: list[Progress] = []
    embedder = StreamingEmbedder()
    library_of(tmp_path, embedder).add(source(), who=WHO, id="ropes", on_progress=steps.append)
    assert next(one for one in steps if one.stage is Stage.EMBED) == Progress(Stage.EMBED, BLOCK, PASSAGES)
    assert len(embedder.texts) == PASSAGES - BLOCK
    assert files(tmp_path) == whole


@pytest.mark.parametrize("damage", [b"", b"something else", b"one bit", b"cut off"])
def test_a_damaged_block_is_embedded_again(tmp_path: Path, whole: dict[str, bytes], damage: bytes) -> None:
    cut_off(tmp_path, 3 * BLOCK)
    count = len(blocks(tmp_path))
    path = blocks(tmp_path)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes({b"one bit": bytes(content), b"cut off": bytes(content[:-1])}.get(damage, damage))
    embedder = StreamingEmbedder()
    add(library_of(tmp_path, embedder))
    assert len(embedder.texts) == BLOCK + PASSAGES - count * BLOCK
    assert files(tmp_path) == whole


def test_a_block_of_another_version_is_embedded_again(tmp_path: Path) -> None:
    cut_off(tmp_path, BLOCK + 64)
    embedder = StreamingEmbedder()
    with mock.patch("index.storage.block_folder.made_by", return_value="0.0.1"):
        add(library_of(tmp_path, embedder))
    assert len(embedder.texts) == PASSAGES


def test_another_version_of_an_article_takes_the_blocks_that_it_has(tmp_path: Path) -> None:
    cut_off(tmp_path, 2 * BLOCK + 64)
    embedder = StreamingEmbedder()
    lines = (*LINES[:-1], "The last rope is new.\n")
    add(library_of(tmp_path, embedder), lines)
    assert "".join(embedder.texts) == "".join(lines[2 * BLOCK :])
    assert blocks(tmp_path) == []


def test_an_article_of_one_block_is_not_put_aside(tmp_path: Path) -> None:
    lines = LINES[:BLOCK]
    assert len(cut_off(tmp_path, 64, lines).texts) == 64
    assert not (tmp_path / "data" / "building").exists()


def test_token_embeddings_on_disk_are_those_in_memory(tmp_path: Path, whole: dict[str, bytes]) -> None:
    """Also of an article of which little is new, and when they are damaged under a process that has them."""
    with (
        mock.patch("index.storage.block_folder.WHOLE", 0),
        mock.patch("index.storage.snapshot_files.WHOLE", 0),
    ):
        embedder = StreamingEmbedder()
        library = library_of(tmp_path, embedder)
        add(library, LINES[:-1])
        report = library.reindex("ropes", who=WHO, source=source())
        assert (report.kept, report.added, embedder.texts[-1]) == (PASSAGES - 1, 1, LINES[-1])
        assert library.undo("ropes", who=WHO).article.text == "".join(LINES[:-1])
        library.remove("ropes", who=WHO)
        add(library)
        assert files(tmp_path, "000003") == whole
        asked = "How many strands has rope 1600?"
        before = library.ask(asked, article="ropes").answer
        (path,) = (tmp_path / "data" / "articles" / "ropes" / "snapshots").glob("000003-*/tokens.npy")
        path.write_bytes(path.read_bytes().replace(b"\x3c", b"\x3d"))
        after = library.ask(asked, article="ropes").answer
        assert (after.citations, after.snapshot[:6]) == (before.citations, "000004")
    assert blocks(tmp_path) == []


def test_what_nobody_goes_on_with_goes_by_its_age(tmp_path: Path) -> None:
    cut_off(tmp_path, 2 * BLOCK + 64)
    (tmp_path / "data" / "building" / ".name.writing").write_bytes(b"of a process that was killed")
    size = sum(path.stat().st_size for path in blocks(tmp_path))
    folder = LibraryFolder(tmp_path / "data", snapshots_kept=3)
    assert folder.nbytes() == size
    for days, gone in ((1, []), (3, [(ExpiredKind.UNFINISHED, size)])):
        later = datetime.now(UTC) + timedelta(days=days)
        upkeep = Upkeep(folder, retention=Retention(), now=lambda later=later: later)  # type: ignore[misc]
        assert [(one.kind, one.nbytes) for one in upkeep.expired()] == gone
        assert [(one.kind, one.nbytes) for one in upkeep.prune()] == gone
    assert not (tmp_path / "data" / "building").exists()


def test_indexing_stops_where_the_disk_gets_full(tmp_path: Path) -> None:
    library = Library(
        tmp_path / "data",
        article_path=tmp_path / "none.txt",
        embedder=StreamingEmbedder(),
        quotas=Quotas(free_bytes=1_000),
    )
    usages = [mock.Mock(free=10_000)] * 12
    with (
        mock.patch("shutil.disk_usage", side_effect=[*usages, mock.Mock(free=10)]),
        pytest.raises(QuotaError),
    ):
        add(library)
    assert library.history() == ()


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(stops=st.lists(st.integers(0, PASSAGES // 64), max_size=4), repeated=st.integers(1, PASSAGES))
def test_however_often_it_is_cut_off_the_same_comes_of_it(
    tmp_path_factory: pytest.TempPathFactory, stops: list[int], repeated: int
) -> None:
    lines = (*LINES[:repeated], *LINES[: repeated // 2], *LINES[repeated:])
    folder, other = (tmp_path_factory.mktemp(name) for name in ("cut", "whole"))
    for stop in stops:
        try:
            library_of(folder).add(
                source(lines), who=WHO, id="ropes", on_progress=called_off_after(stop * 64)
            )
        except CancelledError:
            continue
        break
    else:
        add(library_of(folder), lines)
    add(library_of(other), lines)
    assert files(folder) == files(other)
    assert (blocks(folder), blocks(other)) == ([], [])
