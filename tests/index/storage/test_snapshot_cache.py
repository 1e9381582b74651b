"""What a machine keeps of a storage: fetched once, held against its sums, bounded, and cleared up."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import SnapshotDamagedError, StorageError
from index.storage.library_record import Upload
from index.storage.shared_storage import Storage
from index.storage.snapshot_cache import UNNAMED_FOR, SnapshotCache
from index.storage.snapshot_files import Snapshot, encode, read_manifest, read_snapshot
from tests.index.storage.faulty_files import FaultyFiles, faulty
from tests.index.storage.test_snapshots import ARTICLE, FILES, contents, equal, index_of

LONG_AGO = time.time() - 3 * UNNAMED_FOR.total_seconds()


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.storage.snapshot_cache.PAUSE", 0.0)


@pytest.fixture
def share(tmp_path: Path) -> tuple[Storage, FaultyFiles]:
    return faulty(tmp_path / "share")


def cache_of(tmp_path: Path, storage: Storage, machine: str, nbytes: int = 0) -> SnapshotCache:
    return SnapshotCache(tmp_path / machine / "cache", storage, nbytes=nbytes)


def store(cache: SnapshotCache) -> Upload:
    """Another one each time, by its title."""
    number = len(list(cache.path.iterdir())) if cache.path.exists() else 0
    return cache.store(encode(contents(replace(ARTICLE, title=f"Number {number}"))).files)


def is_asked_for(cache: SnapshotCache, digest: str, seconds_ago: float) -> None:
    moment = time.time() - seconds_ago
    os.utime(cache.path / digest / "manifest.json", (moment, moment))


def grow_old(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))


def test_another_machine_fetches_it_once(tmp_path: Path, share: tuple[Storage, FaultyFiles]) -> None:
    storage, files = share
    digest, nbytes = store(cache_of(tmp_path, storage, "one"))
    assert digest is not None
    other = cache_of(tmp_path, storage, "other")
    assert nbytes == sum(path.stat().st_size for path in (tmp_path / "share").rglob("*") if path.is_file())
    files.calls.clear()
    with ThreadPoolExecutor(8) as threads:
        folders = list(threads.map(lambda _: other.folder(digest), range(16)))
    assert set(folders) == {tmp_path / "other" / "cache" / digest}
    assert files.calls == {"cat_file": 1}
    assert sorted(path.name for path in folders[0].iterdir()) == sorted(FILES)
    snapshot = read_snapshot(folders[0], "it")
    assert equal(snapshot.index, index_of(snapshot.index.article))
    files.down = True
    assert other.folder(digest) == folders[0]
    assert other.manifest(digest) == snapshot.manifest


def test_a_manifest_is_fetched_alone_and_once(tmp_path: Path, share: tuple[Storage, FaultyFiles]) -> None:
    storage, files = share
    one, other = cache_of(tmp_path, storage, "one"), cache_of(tmp_path, storage, "other")
    digest, _ = store(one)
    assert digest is not None
    files.calls.clear()
    assert other.manifest(digest) == other.manifest(digest) == read_manifest(one.folder(digest))
    assert files.calls == {"cat_file": 1}
    assert not other.has(digest)
    other.folder(digest)
    assert sorted(path.name for path in other.path.iterdir()) == sorted([digest, f"{digest[0]}.lock"])


def test_a_manifest_of_any_length_is_read_without_the_rest(
    tmp_path: Path, share: tuple[Storage, FaultyFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, files = share
    one, other = cache_of(tmp_path, storage, "one"), cache_of(tmp_path, storage, "other")
    digest = str(store(one).digest)
    size = (one.path / digest / "manifest.json").stat().st_size
    for start, calls in ((size + 8, 1), (size + 7, 2), (4, 2)):
        monkeypatch.setattr("index.storage.snapshot_cache.START", start)
        files.calls.clear()
        assert other.manifest(digest) == read_manifest(one.folder(digest))
        assert files.calls == {"cat_file": calls}
        (other.path / f"{digest}.json").unlink()


@pytest.mark.parametrize("part", ["head", *FILES, "more"])
def test_what_is_altered_or_gone_in_the_storage_is_never_here(
    tmp_path: Path, share: tuple[Storage, FaultyFiles], part: str
) -> None:
    storage, _ = share
    one = cache_of(tmp_path, storage, "one")
    digest = str(store(one).digest)
    other = cache_of(tmp_path, storage, "other")
    path = tmp_path / "share" / "snapshots" / digest
    content = path.read_bytes()
    last_byte_of = {"head": 7}
    for file in ("manifest.json", *read_manifest(one.path / digest).files):
        last_byte_of[file] = max(last_byte_of.values()) + (one.path / digest / file).stat().st_size
    assert len(content) == max(last_byte_of.values()) + 1
    altered = bytearray(content + b"x")
    if part != "more":
        altered.pop()
        altered[last_byte_of[part]] ^= 1
    for damaged in (bytes(altered), content[:-1], b""):
        path.write_bytes(damaged)
        with pytest.raises(SnapshotDamagedError, match="in the storage the share is not as it was written"):
            other.folder(digest)
    path.unlink()
    with pytest.raises(SnapshotDamagedError, match="is not in the storage the share"):
        other.folder(digest)
    assert not other.has(digest)
    path.write_bytes(content)
    assert other.folder(digest) == other.path / digest


def test_a_storage_that_stops_at_any_moment_leaves_nothing_that_seems_whole(
    tmp_path: Path, share: tuple[Storage, FaultyFiles]
) -> None:
    """Uploading and fetching, with the first call that is not answered, then the second, and so on."""
    storage, files = share
    one = cache_of(tmp_path, storage, "one")
    calls, digest = 0, None
    while digest is None:
        files.left = calls
        try:
            digest, _ = store(one)
        except StorageError:
            assert list(one.path.iterdir()) == []
        calls += 1
    assert calls > 2
    other = cache_of(tmp_path, storage, "other")
    files.left = 0
    with pytest.raises(StorageError, match="cannot be used"):
        other.folder(digest)
    assert not other.has(digest)
    files.left = None
    assert other.folder(digest) == other.path / digest


def test_a_storage_that_did_not_answer_is_left_alone_for_a_while(
    tmp_path: Path, share: tuple[Storage, FaultyFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, files = share
    digest = str(store(cache_of(tmp_path, storage, "one")).digest)
    other = cache_of(tmp_path, storage, "other")
    monkeypatch.setattr("index.storage.snapshot_cache.PAUSE", 1e9)
    files.down = True
    files.calls.clear()
    errors = []
    for _ in range(3):
        with pytest.raises(StorageError, match="no answer within 30 s") as caught:
            other.folder(digest)
        errors.append(str(caught.value))
    assert files.calls == {"cat_file": 1}
    assert len(set(errors)) == 1
    files.down = False
    monkeypatch.setattr("index.storage.snapshot_cache.PAUSE", 0.0)
    assert other.folder(digest) == other.path / digest


def test_no_more_is_kept_than_may_be_and_what_was_asked_for_last_stays(
    tmp_path: Path, share: tuple[Storage, FaultyFiles]
) -> None:
    storage, _ = share
    one = cache_of(tmp_path, storage, "one")
    digests = [str(store(one).digest) for _ in range(4)]
    size = store(one).nbytes
    bounded = cache_of(tmp_path, storage, "bounded", nbytes=2 * size + size // 2)
    for age, digest in enumerate(digests):
        bounded.folder(digest)
        is_asked_for(bounded, digest, 10_000 - age)
    bounded.make_room()
    assert [bounded.has(digest) for digest in digests] == [False, False, True, True]
    is_asked_for(bounded, digests[2], 0)  # a moment ago: the other is older
    bounded.folder(digests[0])
    assert [bounded.has(digest) for digest in digests] == [True, False, True, False]


def test_all_that_is_here_is_looked_through_only_once_a_hundredth_of_it_has_come(
    tmp_path: Path, share: tuple[Storage, FaultyFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, _ = share
    one = cache_of(tmp_path, storage, "one")
    digests = [str(store(one).digest) for _ in range(6)]
    bounded = cache_of(tmp_path, storage, "bounded", nbytes=250 * store(one).nbytes)
    looks: list[str] = []

    def look() -> list[Path]:
        looks.append(digest)
        return []

    monkeypatch.setattr(bounded, "_entries", look)
    for digest in digests:
        bounded.folder(digest)
    assert looks == [digests[0], digests[3]]  # at first, since it is not known what is there


def test_what_is_open_or_was_asked_for_just_now_stays_whatever_may_be(
    tmp_path: Path, share: tuple[Storage, FaultyFiles]
) -> None:
    storage, _ = share
    cache = cache_of(tmp_path, storage, "one", nbytes=1)
    digests = [str(store(cache).digest) for _ in range(3)]
    assert all(map(cache.has, digests))  # all were written just now
    snapshot: Snapshot | None = read_snapshot(cache.folder(digests[0]), "it")
    assert snapshot is not None
    cache.keep(digests[0], snapshot)
    for digest in digests:
        is_asked_for(cache, digest, 10_000)
    cache.make_room()
    assert [cache.has(digest) for digest in digests] == [True, False, False]
    del snapshot
    cache.make_room()
    assert not cache.has(digests[0])


def test_what_no_row_names_goes_after_a_day(tmp_path: Path, share: tuple[Storage, FaultyFiles]) -> None:
    storage, files = share
    cache = cache_of(tmp_path, storage, "one")
    kept, old = (str(store(cache).digest) for _ in range(2))
    (cache.path / ".writing-x").mkdir()
    grow_old(tmp_path)
    young = str(store(cache).digest)
    cache.tidy({kept})
    assert sorted(path.name for path in cache.path.iterdir()) == sorted([kept, young])
    assert dict(cache.leftovers(lambda: {kept})).keys() == {old}
    files.hidden = {old}  # a listing that is late: it is looked for again the next time
    assert dict(cache.leftovers(lambda: {kept})) == {}
    files.hidden = set()
    cache.delete(old)
    cache.delete(old)  # what a late listing has still
    assert dict(cache.leftovers(lambda: {kept})) == {}
    assert storage.listing("snapshots").keys() >= {kept, young}


def test_what_is_put_there_again_or_named_while_others_are_deleted_stays(
    tmp_path: Path, share: tuple[Storage, FaultyFiles]
) -> None:
    """As by a backup that is restored meanwhile."""
    storage, _ = share
    cache = cache_of(tmp_path, storage, "one")
    first, again, named = sorted(str(store(cache).digest) for _ in range(3))
    rows: set[str] = set()
    grow_old(tmp_path)
    assert dict(cache.leftovers(lambda: rows)).keys() == {first, again, named}
    leftovers = cache.leftovers(lambda: rows)
    cache.delete(next(leftovers)[0])
    assert cache.adopt(cache.path / again).digest == again
    rows.add(named)
    assert list(leftovers) == []
    assert again in storage.listing("snapshots")


def test_what_lies_in_a_folder_is_taken_into_the_storage_only_if_it_is_whole(
    tmp_path: Path, share: tuple[Storage, FaultyFiles]
) -> None:
    storage, _ = share
    digest, _ = store(cache_of(tmp_path, storage, "one"))
    folder = tmp_path / "one" / "cache" / str(digest)
    cache = cache_of(tmp_path, storage, "other")
    assert cache.adopt(folder).digest == digest
    assert folder.exists()
    (folder / "source").write_bytes(b"other")
    with pytest.raises(SnapshotDamagedError):
        cache.adopt(folder)


@pytest.mark.parametrize("name", ["../../outside", "/outside", "manifest.json", "other"])
def test_a_manifest_that_names_anything_but_the_files_of_a_snapshot_is_refused(
    tmp_path: Path, share: tuple[Storage, FaultyFiles], name: str
) -> None:
    """What a backup of a stranger's names would be uploaded from outside its folder, or written there."""
    storage, files = share
    store(cache_of(tmp_path, storage, "one"))
    (folder,) = (path for path in (tmp_path / "one" / "cache").iterdir() if path.is_dir())
    (tmp_path / "one" / "outside").write_bytes(b"secret")
    raw = json.loads((folder / "manifest.json").read_bytes())
    raw["files"][name] = {"size": 6, "sha256": hashlib.sha256(b"secret").hexdigest()}
    del raw["sha256"]
    plain = json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()
    content = json.dumps(raw | {"sha256": hashlib.sha256(plain).hexdigest()}).encode()
    (folder / "manifest.json").write_bytes(content)
    cache, calls = cache_of(tmp_path, storage, "other"), files.calls["put_file"]
    with pytest.raises(SnapshotDamagedError, match="cannot be read"):
        cache.adopt(folder)
    assert files.calls["put_file"] == calls
    digest = hashlib.sha256(content).hexdigest()
    storage.write(f"snapshots/{digest}", len(content).to_bytes(8, "little") + content)
    with pytest.raises(SnapshotDamagedError, match="cannot be read"):
        cache.folder(digest)
    assert not cache.has(digest)


@pytest.mark.parametrize("ask", [SnapshotCache.folder, SnapshotCache.manifest])
def test_a_disk_that_takes_nothing_is_told_of_as_a_storage_that_does_not_answer(
    tmp_path: Path,
    share: tuple[Storage, FaultyFiles],
    ask: Callable[[SnapshotCache, str], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    storage, _ = share
    digest = str(store(cache_of(tmp_path, storage, "one")).digest)
    cache = cache_of(tmp_path, storage, "other")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", refuse)
        patch.setattr("index.storage.snapshot_cache.replace_file", refuse)
        with pytest.raises(
            StorageError, match=r"cannot be written to .*cache: No space left on device\. Make"
        ):
            ask(cache, digest)
    ask(cache, digest)
    blocked = cache_of(tmp_path, storage, "third")
    blocked.path.parent.mkdir()
    blocked.path.write_bytes(b"")
    with pytest.raises(StorageError, match=r"cannot be written to .*cache: "):
        ask(blocked, digest)
