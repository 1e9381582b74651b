"""The format on disk: whole or not there, and any change to a file is noticed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from index.build import Index, TokenTable, build
from index.confidence import Thresholds
from index.errors import SnapshotDamagedError, SnapshotError
from index.models import Article
from index.snapshot import FORMAT, KEPT, Snapshot, SnapshotFolder
from index.store import FaissStore
from tests.index.fakes import FakeEmbedder

FILES = ("article.json", "manifest.json", "passages.json", "token_map.npy", "tokens.npy", "vectors.faiss")
ARTICLE = Article(
    id="a",
    title="Été 🙂",
    text="Ships anchor here. “Été,” said Ada.\r\n\u2028\nThe lamp is green 🙂.\n",
    title_is_label=True,
    language="fr",
    source="https://example.org",
    published=date(2026, 5, 4),
    questions=("Who?",),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "articles" / "a" / "snapshots"


def index_of(article: Article = ARTICLE) -> Index:
    return build(article, FakeEmbedder())


def publish(folder: Path, article: Article = ARTICLE) -> Snapshot:
    return SnapshotFolder(folder).publish(
        index_of(article), model="bag of words", model_sha256="0" * 64, thresholds=Thresholds(0.25, 0.5)
    )


def equal(one: Index, other: Index) -> bool:
    assert isinstance(one.store, FaissStore)
    assert isinstance(other.store, FaissStore)
    return (
        (one.article, one.passages) == (other.article, other.passages)
        and np.array_equal(one.store.vectors(), other.store.vectors())
        and all(
            np.array_equal(getattr(one.tokens, part), getattr(other.tokens, part))
            for part in TokenTable._fields
        )
    )


def test_what_was_published_is_opened(folder: Path) -> None:
    published = publish(folder)
    opened = SnapshotFolder(folder).open(published.name)
    assert opened.name == published.name == f"000001-{ARTICLE.sha256[:8]}"
    assert opened.manifest == published.manifest
    assert equal(opened.index, index_of())
    assert equal(published.index, index_of())
    assert isinstance(opened.index.tokens.vectors, np.memmap)
    assert opened.index.tokens.vectors.dtype == np.float16


def test_the_manifest_says_what_is_there(folder: Path) -> None:
    manifest = publish(folder).manifest
    assert (manifest.format, manifest.model, manifest.model_sha256) == (FORMAT, "bag of words", "0" * 64)
    assert (manifest.dimension, manifest.article_sha256) == (256, ARTICLE.sha256)
    assert manifest.thresholds == Thresholds(0.25, 0.5)
    assert timedelta(0) <= datetime.now(UTC) - manifest.built_at < timedelta(minutes=5)
    (snapshot,) = folder.iterdir()
    assert sorted(path.name for path in snapshot.iterdir()) == sorted(FILES)
    assert sorted(manifest.files) == sorted(set(FILES) - {"manifest.json"})
    assert {name: file.size for name, file in manifest.files.items()} == {
        name: (snapshot / name).stat().st_size for name in manifest.files
    }


def test_nothing_is_there_before_the_first_is_published(folder: Path) -> None:
    assert SnapshotFolder(folder).names() == []


def test_names_are_the_newest_first_and_nothing_else(folder: Path) -> None:
    for name in (
        "000002-00000000",
        "000010-00000000",
        "1000000-00000000",
        ".writing-x",
        "000003",
        "notes.txt",
    ):
        (folder / name).mkdir(parents=True)
    assert SnapshotFolder(folder).names() == ["1000000-00000000", "000010-00000000", "000002-00000000"]


def test_only_the_newest_are_kept(folder: Path) -> None:
    published = [publish(folder, replace(ARTICLE, text=f"Number {n}.")).name for n in range(KEPT + 3)]
    assert SnapshotFolder(folder).names() == published[::-1][:KEPT]
    assert sorted(path.name for path in folder.iterdir()) == published[-KEPT:]
    assert [name[:6] for name in published] == [f"{n:06d}" for n in range(1, KEPT + 4)]


def test_an_old_one_that_cannot_be_removed_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = publish(folder)

    def rmtree(path: Path, *, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise PermissionError(13, "it is in use", str(path))

    monkeypatch.setattr("index.snapshot.shutil.rmtree", rmtree)
    for _ in range(KEPT):
        publish(folder)
    assert len(SnapshotFolder(folder).names()) == KEPT + 1
    assert [record.message for record in caplog.records if record.name == "index.snapshot"] == [
        f"The old snapshot {first.name} could not be removed: [Errno 13] it is in use: "
        f"'{folder / first.name}'."
    ]


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_cut_off_is_noticed(folder: Path, file: str) -> None:
    path = folder / publish(folder).name / file
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(SnapshotDamagedError, match=file):
        SnapshotFolder(folder).open(path.parent.name)


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_noise_is_noticed(folder: Path, file: str) -> None:
    path = folder / publish(folder).name / file
    noise = np.random.default_rng(1).bytes(path.stat().st_size)
    path.unlink()  # the published tokens are mapped into memory: theirs stay as they are
    path.write_bytes(noise)
    with pytest.raises(SnapshotDamagedError, match=file):
        SnapshotFolder(folder).open(path.parent.name)


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_gone_is_noticed(folder: Path, file: str) -> None:
    path = folder / publish(folder).name / file
    path.unlink()
    with pytest.raises(SnapshotDamagedError, match=file):
        SnapshotFolder(folder).open(path.parent.name)


@pytest.mark.parametrize("file", sorted(set(FILES) - {"manifest.json"}))
def test_one_bit_is_noticed(folder: Path, file: str) -> None:
    path = folder / publish(folder).name / file
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(SnapshotDamagedError) as caught:
        SnapshotFolder(folder).open(path.parent.name)
    assert str(caught.value) == f"{path} is not as it was written ({len(data)} of {len(data)} bytes)."


def rewrite(folder: Path, **changes: object) -> tuple[Path, str]:
    """Changes the manifest, and says what opening says."""
    path = folder / publish(folder).name / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(SnapshotDamagedError) as caught:
        SnapshotFolder(folder).open(path.parent.name)
    return path.parent, str(caught.value)


def test_another_format_is_told_apart(folder: Path) -> None:
    path, message = rewrite(folder, format=FORMAT + 1)
    assert message == f"{path} has format {FORMAT + 1}, this version reads {FORMAT}."


def test_files_that_do_not_fit_each_other_are_noticed(folder: Path) -> None:
    path, message = rewrite(folder, dimension=3)
    assert message == f"{path}: its files do not fit each other."


def test_a_manifest_that_leaves_a_file_out_is_refused(folder: Path) -> None:
    path, message = rewrite(folder, files={})
    assert message == f"{path} cannot be read: 'article.json'."


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b"\xff"])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    path = folder / publish(folder).name / "manifest.json"
    path.write_bytes(content)
    with pytest.raises(SnapshotDamagedError):
        SnapshotFolder(folder).open(path.parent.name)


def test_a_failing_write_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = publish(folder)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.snapshot.os.fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        publish(folder)
    assert [path.name for path in folder.iterdir()] == [before.name]
    assert equal(SnapshotFolder(folder).open(before.name).index, index_of())


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / "snapshots"
    path.touch()
    with pytest.raises(SnapshotError) as caught:
        SnapshotFolder(path).names()
    assert str(caught.value) == (
        f"The data folder {path} cannot be read: Not a directory. Check its permissions, or set "
        "FOOTNOTE_DATA_DIR to "
        "another folder."
    )
