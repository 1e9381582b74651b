"""The format on disk: whole or not there, and any change to a file is noticed."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from index.answering.confidence import Thresholds
from index.errors import SnapshotDamagedError
from index.model.article import Article, Heading
from index.model.library import Action
from index.model.source import Origin, Source, SourceKind
from index.search.build import Index, TokenTable, build
from index.search.token_vectors import HalfPrecision
from index.search.vectors import FaissStore
from index.storage.database import Database
from index.storage.notes import Note
from index.storage.records import Records
from index.storage.snapshot_files import FORMAT, Contents, Snapshot, encode, made_by, source_sha256
from index.storage.snapshots import SNAPSHOTS_KEPT, SnapshotFolder
from tests.index.fakes import FakeEmbedder

FILES = (
    "article.json",
    "manifest.json",
    "passages.json",
    "questions.jsonl",
    "sidecar.toml",
    "source",
    "token_map.npy",
    "tokens.npy",
    "vectors.faiss",
)
ORIGIN = Origin(SourceKind.UPLOAD, "été.txt", "text/plain")
SOURCE = Source(ORIGIN, b"\xefbytes", b'title = "x"', b'{"question": "Who?", "evidence": []}\n')
ARTICLE = Article(
    id="a",
    title="Été 🙂",
    text="Ships anchor here. “Été,” said Ada.\r\n\u2028\nThe lamp is green 🙂.\n",
    title_is_label=True,
    language="fr",
    source="https://example.org",
    published=date(2026, 5, 4),
    questions=("Who?",),
    author="Ada Berg",
    site="Elms",
    headings=(Heading(0, 5, 1),),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "articles" / "a" / "snapshots"


def at(folder: Path) -> SnapshotFolder:
    """As a process finds it that has just been started."""
    library = folder.parents[2]
    return SnapshotFolder(Records(Database(library), library), folder.parent.name)


def note(number: int, action: Action = Action.REINDEXED) -> Note:
    return Note(when=datetime.now(UTC), who="ada", action=action, article="a", number=number)


def index_of(article: Article = ARTICLE) -> Index:
    return build(article, FakeEmbedder())


def contents(article: Article = ARTICLE, source: Source | None = SOURCE) -> Contents:
    return Contents(index_of(article), ORIGIN, source, "bag of words", "0" * 64, Thresholds(0.25, 0.5))


def publish(folder: Path, article: Article = ARTICLE, source: Source | None = SOURCE) -> Snapshot:
    snapshots = at(folder)
    return snapshots.publish(note(snapshots.next_number()), encode(contents(article, source)))


def equal(one: Index, other: Index) -> bool:
    assert isinstance(one.store, FaissStore)
    assert isinstance(other.store, FaissStore)
    return (
        (one.article, one.passages) == (other.article, other.passages)
        and np.array_equal(one.store.vectors(), other.store.vectors())
        and one.tokens.vectors.codec.name == other.tokens.vectors.codec.name
        and np.array_equal(one.tokens.vectors.codes[:], other.tokens.vectors.codes[:])
        and all(
            np.array_equal(getattr(one.tokens, part), getattr(other.tokens, part))
            for part in TokenTable._fields[1:]
        )
    )


def test_what_was_published_is_opened(folder: Path) -> None:
    published = publish(folder)
    opened = at(folder).open(published.name)
    assert opened.name == published.name == f"000001-{ARTICLE.sha256[:8]}"
    assert opened.manifest == published.manifest
    assert equal(opened.index, index_of())
    assert equal(published.index, index_of())
    assert opened.manifest.tokens == opened.index.tokens.vectors.codec.name == "float16"


def test_the_manifest_says_what_is_there(folder: Path) -> None:
    manifest = publish(folder).manifest
    assert (manifest.format, manifest.model, manifest.model_sha256) == (FORMAT, "bag of words", "0" * 64)
    assert (manifest.dimension, manifest.article_sha256) == (256, ARTICLE.sha256)
    assert manifest.thresholds == Thresholds(0.25, 0.5)
    assert (manifest.article_id, manifest.title, manifest.passages) == ("a", "Été 🙂", 1)
    assert (manifest.origin, manifest.source_sha256) == (ORIGIN, source_sha256(SOURCE))
    assert manifest.made_by == made_by() != ""
    assert timedelta(0) <= datetime.now(UTC) - manifest.built_at < timedelta(minutes=5)
    (snapshot,) = folder.iterdir()
    assert sorted(path.name for path in snapshot.iterdir()) == sorted(FILES)
    assert sorted(manifest.files) == sorted(set(FILES) - {"manifest.json"})
    assert {name: file.size for name, file in manifest.files.items()} == {
        name: (snapshot / name).stat().st_size for name in manifest.files
    }


def test_nothing_is_there_before_the_first_is_published(folder: Path) -> None:
    assert at(folder).names() == []


def test_only_what_a_row_names_is_there(folder: Path) -> None:
    published = publish(folder)
    for name in ("000002-00000000", "000010-00000000", "1000000-00000000", ".writing-x", "000003"):
        (folder / name).mkdir(parents=True)
    assert at(folder).names() == [published.name]
    assert at(folder).next_number() == 1_000_001
    assert len(at(folder).leftovers()) == 5
    at(folder).sweep()
    assert [path.name for path in folder.iterdir()] == [published.name]


def test_only_the_newest_are_kept(folder: Path) -> None:
    articles = [replace(ARTICLE, text=f"Number {n}.") for n in range(SNAPSHOTS_KEPT + 3)]
    published = [publish(folder, article).name for article in articles]
    assert at(folder).names() == published[::-1][:SNAPSHOTS_KEPT]
    assert sorted(path.name for path in folder.iterdir()) == published[-SNAPSHOTS_KEPT:]
    assert [name[:6] for name in published] == [f"{n:06d}" for n in range(1, SNAPSHOTS_KEPT + 4)]


def test_an_old_one_that_cannot_be_removed_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = publish(folder)

    def rmtree(path: Path, *, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise PermissionError(13, "it is in use", str(path))

    monkeypatch.setattr("index.storage.snapshots.shutil.rmtree", rmtree)
    for _ in range(SNAPSHOTS_KEPT):
        publish(folder)
    left = first.name
    assert (len(at(folder).names()), at(folder).leftovers()) == (
        SNAPSHOTS_KEPT,
        [left],
    )
    assert [record.message for record in caplog.records if record.name == "index.storage.snapshots"] == [
        f"The old snapshot {first.name} could not be removed: [Errno 13] it is in use: '{folder / left}'."
    ]
    monkeypatch.undo()
    at(folder).sweep()
    assert at(folder).leftovers() == []


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_cut_off_is_noticed(folder: Path, file: str) -> None:
    path = folder / publish(folder).name / file
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(SnapshotDamagedError, match=file):
        at(folder).open(path.parent.name)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_noise_is_noticed(folder: Path, file: str) -> None:
    path = folder / publish(folder).name / file
    noise = np.random.default_rng(1).bytes(path.stat().st_size)
    path.write_bytes(noise)
    with pytest.raises(SnapshotDamagedError, match=file):
        at(folder).open(path.parent.name)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_gone_is_noticed(folder: Path, file: str) -> None:
    path = folder / publish(folder).name / file
    path.unlink()
    with pytest.raises(SnapshotDamagedError, match=file):
        at(folder).open(path.parent.name)


@pytest.mark.parametrize("file", sorted(set(FILES) - {"manifest.json"}))
def test_one_bit_is_noticed(folder: Path, file: str) -> None:
    path = folder / publish(folder).name / file
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(SnapshotDamagedError) as caught:
        at(folder).open(path.parent.name)
    assert str(caught.value) == f"{path} is not as it was written ({len(data)} of {len(data)} bytes)."
    assert not at(folder).is_whole(path.parent.name)


@pytest.mark.slow
def test_every_bit_of_the_manifest_is_noticed(folder: Path) -> None:
    path = folder / publish(folder).name / "manifest.json"
    data = path.read_bytes()
    opened = at(folder).manifest(path.parent.name)
    for place in range(0, 8 * len(data), 7):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        try:  # white space between the parts, and a hash that is read the same, say the same
            assert at(folder).manifest(path.parent.name) == opened
        except SnapshotDamagedError as error:
            assert str(path.parent) in str(error)  # noqa: PT017 - both outcomes are right


def test_what_is_open_does_not_change_with_the_files(folder: Path) -> None:
    opened = at(folder).open(publish(folder).name)
    for file in FILES:
        with (folder / opened.name / file).open("r+b") as stream:
            stream.truncate(1)
    assert equal(opened.index, index_of())


def rewrite(folder: Path, **changes: object) -> tuple[Path, str]:
    """Changes the manifest with its checksum, and says what opening says."""
    path = folder / publish(folder).name / "manifest.json"
    raw = json.loads(path.read_text()) | changes
    del raw["sha256"]
    plain = json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()
    path.write_text(json.dumps(raw | {"sha256": hashlib.sha256(plain).hexdigest()}))
    with pytest.raises(SnapshotDamagedError) as caught:
        at(folder).open(path.parent.name)
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
        at(folder).open(path.parent.name)


def test_a_failing_write_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = publish(folder)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.storage.durable.os.fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        publish(folder)
    assert [path.name for path in folder.iterdir()] == [before.name]
    assert equal(at(folder).open(before.name).index, index_of())


def test_a_manifest_that_was_changed_by_hand_is_noticed(folder: Path) -> None:
    path = folder / publish(folder).name / "manifest.json"
    path.write_text(path.read_text().replace('"passages": 1', '"passages": 3'))
    with pytest.raises(SnapshotDamagedError) as caught:
        at(folder).manifest(path.parent.name)
    assert str(caught.value) == f"{path} is not as it was written."


def test_the_source_is_kept(folder: Path) -> None:
    assert at(folder).source(publish(folder).name) == SOURCE
    bare = replace(SOURCE, sidecar=None, questions=None)
    assert at(folder).source(publish(folder, source=bare).name) == bare
    assert at(folder).source(publish(folder, source=None).name) is None


def test_a_part_that_is_damaged_is_taken_from_another_snapshot(folder: Path) -> None:
    names = [publish(folder).name, publish(folder).name]
    for file in ("source", "sidecar.toml", "questions.jsonl"):
        (folder / names[1] / file).write_bytes(b"noise")
    assert at(folder).source(names[1]) == SOURCE
    (folder / names[0] / "questions.jsonl").unlink()
    assert at(folder).source(names[1]) == replace(SOURCE, questions=None)
    (folder / names[0] / "source").unlink()
    with pytest.raises(SnapshotDamagedError, match="source is not as it was written"):
        at(folder).source(names[1])


def test_rows_of_the_token_embeddings_are_read_alone(folder: Path) -> None:
    name = publish(folder).name
    for file in ("vectors.faiss", "article.json"):
        (folder / name / file).unlink()
    expected = index_of().tokens.vectors
    for rows in ([2, 0, 2], []):
        read = at(folder).token_rows(name, np.array(rows, dtype=np.int64), HalfPrecision())
        assert read.dtype == np.float32
        assert np.array_equal(read, expected[np.array(rows, dtype=np.int64)])


@pytest.mark.parametrize("damage", ["gone", "cut", "noise", "beyond"])
def test_token_embeddings_that_are_not_there_are_said_to_be_damaged(folder: Path, damage: str) -> None:
    name = publish(folder).name
    file, row = folder / name / "tokens.npy", 0
    match damage:
        case "gone":
            file.unlink()
        case "cut":
            file.write_bytes(file.read_bytes()[:-1])
        case "noise":
            file.write_bytes(b"noise")
        case _:
            row = 1_000_000
    with pytest.raises(SnapshotDamagedError, match=r"tokens\.npy cannot be read"):
        at(folder).token_rows(name, np.array([row]), HalfPrecision())


@pytest.mark.parametrize("damage", [None, "manifest.json"])
def test_the_article_is_read_alone(folder: Path, damage: str | None) -> None:
    name = publish(folder).name
    if damage:
        (folder / name / damage).write_text("{")
    assert at(folder).article(name) == (ARTICLE, ORIGIN)


def test_an_article_that_nothing_vouches_for_is_held_against_the_name(folder: Path) -> None:
    name = publish(folder).name
    (folder / name / "manifest.json").unlink()
    path = folder / name / "article.json"
    path.write_text(path.read_text().replace("Ships", "Shaps"))
    with pytest.raises(SnapshotDamagedError) as caught:
        at(folder).article(name)
    assert str(caught.value) == f"{path} is not as it was written."


def test_one_that_is_taken_back_is_no_more_the_newest(folder: Path) -> None:
    snapshots = at(folder)
    first, second = publish(folder), publish(folder, replace(ARTICLE, text="Two."))
    snapshots.take_back(note(2, Action.UNDONE), [second.name])
    assert (snapshots.names(), snapshots.undone()) == ([first.name], [second.name])
    assert snapshots.article(second.name)[0].text == "Two."
    third = publish(folder)
    assert third.name.startswith("000003-")
    assert (snapshots.names(), snapshots.undone()) == ([third.name, first.name], [])
    assert sorted(path.name for path in folder.iterdir()) == [first.name, third.name]


def test_what_is_newest_tells_another_of_the_same_name(folder: Path) -> None:
    publish(folder)
    before = at(folder).newest()
    with at(folder)._records.change() as writer:
        writer.set_aside("a", datetime.now(UTC))
        writer.set_aside("a", datetime.now(UTC))
    at(folder).sweep()
    publish(folder)
    again = at(folder).newest()
    assert before is not None
    assert again is not None
    assert (again[0], again[1] == before[1]) == (before[0], False)


def test_damaged_ones_go_and_the_whole_ones_stay(folder: Path) -> None:
    names = [publish(folder, replace(ARTICLE, text=f"Number {n}.")).name for n in range(SNAPSHOTS_KEPT)]
    snapshots = at(folder)
    newest = snapshots.publish(note(SNAPSHOTS_KEPT + 1), encode(contents()), instead_of=[names[-1]])
    assert snapshots.names() == [newest.name, *names[:-1][::-1]]


def test_leftovers_are_swept_by_the_next_publish(folder: Path) -> None:
    publish(folder)
    for left in (".writing-x", ".removing-000000-00000000"):
        (folder / left).mkdir()
        (folder / left / "tokens.npy").touch()
    assert at(folder).leftovers() == [".removing-000000-00000000", ".writing-x"]
    publish(folder)
    assert at(folder).leftovers() == []


def test_a_first_publish_that_fails_leaves_no_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.storage.snapshot_files.write_file", full)
    with pytest.raises(OSError, match="No space left on device"):
        publish(folder)
    assert not folder.parent.exists()


def test_format_2_is_read_as_what_it_is(folder: Path) -> None:
    """It did not say how tokens are coded: in half precision."""
    name = publish(folder).name
    path = folder / name / "manifest.json"
    raw = {
        key: value for key, value in json.loads(path.read_text()).items() if key not in ("sha256", "tokens")
    }
    raw["format"] = 2
    plain = json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()
    path.write_text(json.dumps(raw | {"sha256": hashlib.sha256(plain).hexdigest()}))
    opened = at(folder).open(name)
    assert opened.manifest.format == 2
    assert equal(opened.index, index_of())


def test_tokens_in_a_code_not_known_are_not_misread(folder: Path) -> None:
    path, message = rewrite(folder, tokens="product-0123456789abcdef")
    assert message == f"{path}: its tokens are coded in a way not known here."


def test_format_1_is_read_as_what_it_is(folder: Path) -> None:
    """As the version before wrote it: no checksum of the manifest, no source, fewer fields."""
    name = publish(folder, source=None).name
    path = folder / name / "manifest.json"
    raw = json.loads(path.read_text())
    new = ("sha256", "article_id", "title", "origin", "passages", "source_sha256", "made_by", "tokens")
    path.write_text(json.dumps({key: raw[key] for key in raw if key not in new} | {"format": 1}))
    stored = folder / name / "article.json"
    article = {
        key: value
        for key, value in json.loads(stored.read_text()).items()
        if key not in ("author", "site", "headings", "origin")
    }
    data = json.dumps(article).encode()
    stored.write_bytes(data)
    raw = json.loads(path.read_text())
    raw["files"]["article.json"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    path.write_text(json.dumps(raw))
    opened = at(folder).open(name)
    assert opened.manifest.format == 1
    assert opened.index.article == replace(ARTICLE, author=None, site=None, headings=())
    assert at(folder).source(name) is None
