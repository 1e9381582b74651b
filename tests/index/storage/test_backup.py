"""Backups: what is saved comes back to the byte, while others work; what is no backup changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import BackupError
from index.library.library import Library
from index.model.answers import WrittenAnswer
from index.sources.files import upload
from index.storage.archive import SUMS
from index.storage.backup import back_up, restore
from index.storage.database import FILE
from index.storage.library_folder import LibraryFolder, SharedStorage
from index.storage.transactions import Transactions
from tests.fakes import THRESHOLDS, read_here
from tests.index.fakes import FakeEmbedder
from tests.index.storage.old_layout import make_old

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_known_thresholds")]

ROPE = upload("rope.txt", b"The rope is red.\nIt has seven strands.\n")
CANAL = upload("canal.txt", b"The canal is dry.\nIt has three locks.\n")


@pytest.fixture
def data(tmp_path: Path, example: Path) -> Path:
    """A data folder with articles of all and of a server, one removed, one undone, and a note."""
    shutil.copytree(example, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
        patch.setattr("index.sources.sandbox.run", read_here)
        fill(folder)
    return folder


def fill(folder: Path) -> None:
    library = library_of(folder)
    library.add(ROPE, who="ada", id="rope")
    library.add(CANAL, who="ada", id="canal")
    library.reindex("canal", who="ada", source=upload("canal.txt", b"The canal is wet.\n"))
    library.undo("canal", who="ada")
    library.remove("rope", who="ada")
    server = library.branch("77")
    server.add(ROPE, who="berg", id="rope")
    library.upkeep.leave("77")
    (folder / "discord").mkdir()
    (folder / "discord" / "1-global").write_text("digest")
    library._articles.folder.records.database.close()  # else its files go while they are copied


def library_of(folder: Path) -> Library:
    return Library(folder, embedder=FakeEmbedder())


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "library.lock" and not path.name.startswith(FILE)
    }


def archive(file: Path, members: Mapping[str, bytes], *, sums: Mapping[str, bytes] | None = None) -> Path:
    """A tar of some files, with the sums of those or of others."""
    with tarfile.open(file, "w:") as tar:
        for name, content in members.items():
            add(tar, name, content)
        add(tar, SUMS, sums_of(members if sums is None else sums))
    return file


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def sums_of(members: Mapping[str, bytes]) -> bytes:
    files = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
    }
    return json.dumps({"format": 1, "begun_at": "2026-11-26T12:00:00Z", "files": files}).encode()


def test_what_was_saved_comes_back_to_the_byte(data: Path, tmp_path: Path) -> None:
    before = files_of(data)
    records = LibraryFolder(data, snapshots_kept=3).records
    assert records.now().articles["canal"].undone
    assert records.now().removals["rope"].published
    saved = back_up(data, tmp_path / "backup.tar")
    assert files_of(data) == before
    assert saved.files == len(before) + 2  # what the database has of either library
    assert saved.nbytes > sum(map(len, before.values()))
    restored = restore(tmp_path / "backup.tar", tmp_path / "deep" / "other")
    assert files_of(tmp_path / "deep" / "other") == before
    assert restored == saved
    library = library_of(tmp_path / "deep" / "other")
    assert library.in_use() == library_of(data).in_use()
    assert library.history() == library_of(data).history()
    assert library.branch("77").history() == library_of(data).branch("77").history()
    assert library.upkeep.left_since("77") == library_of(data).upkeep.left_since("77") is not None
    assert library.branch("77").article("rope").text == "The rope is red.\nIt has seven strands.\n"
    assert library.undo("rope", who="ada").article.id == "rope"


def test_a_backup_is_readable_to_its_owner_alone_and_leaves_nothing_else(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "data"]
    if os.name != "nt":
        assert (tmp_path / "backup.tar").stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten_unasked(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_text("What was there.")
    with pytest.raises(BackupError, match="is there already"):
        back_up(data, file)
    assert file.read_text() == "What was there."
    back_up(data, file, replace=True)
    before = files_of(data)
    library_of(data).add(upload("new.txt", b"Something new.\n"), who="ada", id="new")
    later = files_of(data)
    with pytest.raises(BackupError, match=r"Something is in .* already"):
        restore(file, data)
    assert files_of(data) == later
    report = restore(file, data, replace=True)
    assert files_of(data) == before
    assert report.before is not None
    assert files_of(report.before) == later


def test_an_open_library_goes_on_with_what_was_restored(data: Path, tmp_path: Path) -> None:
    library = library_of(data)
    assert library.article("canal").text == "The canal is dry.\nIt has three locks.\n"
    back_up(data, tmp_path / "backup.tar")
    library.reindex("canal", who="ada", source=upload("canal.txt", b"The canal is deep.\n"))
    assert library.article("canal").text == "The canal is deep.\n"
    restore(tmp_path / "backup.tar", data, replace=True)
    assert library.article("canal").text == "The canal is dry.\nIt has three locks.\n"
    library.add(upload("new.txt", b"Something new.\n"), who="ada", id="new")
    assert library_of(data).article("new").text == "Something new.\n"


def test_a_backup_goes_from_either_database_into_either(
    data: Path, tmp_path: Path, database_url: str | None
) -> None:
    """And what was in it before is gone."""
    before = library_of(data)
    answer = WrittenAnswer(1, "77", "Where?", "There.", "5", "Ada", "de", datetime(2026, 11, 27, tzinfo=UTC))
    before.ledger.answers.add(answer)
    before.ledger.answers.trust("77", "9")
    said = (before.history(), before.in_use(), before.entries(), before.upkeep.left_since("77"))
    for name, source, source_url, url in (
        ("there", data, None, database_url),
        ("back", tmp_path / "there", database_url, None),
    ):
        if url is not None:
            other = Library(tmp_path / "other", database_url=url, embedder=FakeEmbedder())
            other.branch("5").add(CANAL, who="ada", id="other")
            other.ledger.answers.add(replace(answer, key=2))
        back_up(source, tmp_path / f"{name}.tar", database_url=source_url)
        restore(tmp_path / f"{name}.tar", tmp_path / name, database_url=url)
        library = Library(tmp_path / name, database_url=url, embedder=FakeEmbedder())
        found = (library.history(), library.in_use(), library.entries(), library.upkeep.left_since("77"))
        assert found == said
        assert library.faults() == ()
        assert [use.server for use in library.upkeep.use()] == [None, "77"]
        answers = library.ledger.answers
        assert (answers.answers("77"), answers.trusted_role("77")) == ((answer,), "9")
        assert library.branch("77").article("rope").text == "The rope is red.\nIt has seven strands.\n"
        library._articles.folder.records.database.close()


def test_a_backup_of_an_earlier_version_comes_back(data: Path, tmp_path: Path) -> None:
    """Its folder is as it was then, and taken over as such."""
    library = library_of(data)
    before = (library.history(), library.in_use(), library.upkeep.left_since("77"), library.entries())
    make_old(data)
    archive(tmp_path / "backup.tar", files_of(data))
    restore(tmp_path / "backup.tar", data, replace=True)
    again = library_of(data)
    assert (again.history(), again.in_use(), again.upkeep.left_since("77"), again.entries()) == before
    assert again.undo("rope", who="ada").article.text == "The rope is red.\nIt has seven strands.\n"


NAME = "000001-00000000"
PLACE = f"articles/a/snapshots/{NAME}"


def records_of(path: str = PLACE, digest: str | None = None, id: str = "a") -> bytes:  # noqa: A002
    snapshot = {"key": 1, "name": NAME, "path": path, "digest": digest}
    return json.dumps(
        {"record": {"articles": {id: {"key": 1, "snapshots": [snapshot]}}}, "notes": []}
    ).encode()


@pytest.mark.parametrize(
    "records",
    [
        b"{}",
        b"[",
        records_of("../../etc"),
        records_of("{victim}", "0" * 64),
        records_of("../" * 20 + "{victim}", "../../x"),
        records_of("articles/a/snapshots/.."),
        records_of("articles/../snapshots/" + NAME),
        records_of(digest="0" * 64),
        records_of(id="../../a"),
    ],
)
@pytest.mark.parametrize("is_shared", [False, True])
def test_records_that_are_none_or_lead_out_of_the_folder_are_refused(
    tmp_path: Path, records: bytes, is_shared: bool
) -> None:
    victim, share = tmp_path / "victim", tmp_path / "share"
    victim.mkdir()
    share.mkdir()
    records = records.replace(b"{victim}", victim.as_posix().encode())
    file = archive(tmp_path / "backup.tar", {"records.json": records})
    storage = SharedStorage(str(share)) if is_shared else None
    refused(file, tmp_path, match=r"records\.json is not", storage=storage)
    assert not any(share.iterdir())


def test_records_that_stay_in_the_folder_are_taken(tmp_path: Path) -> None:
    restore(archive(tmp_path / "backup.tar", {"records.json": records_of()}), tmp_path / "new")
    assert LibraryFolder(tmp_path / "new", snapshots_kept=1).of("a").names() == [NAME]


@pytest.mark.parametrize("folder", ["articles/canal", "servers/77"])
def test_a_backup_that_would_lack_an_article_is_none(data: Path, tmp_path: Path, folder: str) -> None:
    shutil.rmtree(data / folder)
    with pytest.raises(BackupError, match=r"No index of “(canal|rope)” is in "):
        back_up(data, tmp_path / "backup.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("server", [None, "77"])
def test_a_change_under_way_is_waited_for(data: Path, tmp_path: Path, server: str | None) -> None:
    root = LibraryFolder(data, snapshots_kept=3)
    changing, let_go = threading.Event(), threading.Event()

    def change() -> None:
        with Transactions(root if server is None else root.branch(server)).alone(0):
            changing.set()
            let_go.wait(10)

    thread = threading.Thread(target=change)
    thread.start()
    changing.wait(10)
    waited = list[bool]()

    def go_on() -> None:
        waited.append(let_go.is_set())
        if len(waited) > 200:
            let_go.set()
        elif (tmp_path / "backup.tar").exists():
            raise AssertionError

    timer = threading.Timer(0.7, let_go.set)
    timer.start()
    back_up(data, tmp_path / "backup.tar", go_on=go_on)
    thread.join()
    assert waited[0] is False
    assert waited[-1] is True


def test_backups_made_while_others_change_the_library_are_whole(data: Path, tmp_path: Path) -> None:
    stop, added = threading.Event(), list[str]()

    def change() -> None:
        library = library_of(data)
        while not stop.is_set():
            name = f"note-{len(added)}"
            try:
                library.add(upload("note.txt", f"Rope {len(added)} is red.\n".encode()), who="ada", id=name)
            except Exception:  # noqa: S112 - the lock is held by the backup just now
                continue
            added.append(name)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for number in range(4):
            back_up(data, tmp_path / f"{number}.tar")
    finally:
        stop.set()
        thread.join()
    for number in range(4):
        restore(tmp_path / f"{number}.tar", tmp_path / str(number))
        library = library_of(tmp_path / str(number))
        assert library.faults() == ()
        names = {entry.id for entry in library.entries()}
        assert {change.article for change in library.history()} <= names | {"rope"}
    assert added


def test_calling_off_leaves_nothing(data: Path, tmp_path: Path) -> None:
    def call_off() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(data, tmp_path / "backup.tar", go_on=call_off)
    back_up(data, tmp_path / "backup.tar")
    before = files_of(data)
    with pytest.raises(KeyboardInterrupt):
        restore(tmp_path / "backup.tar", data, replace=True, go_on=call_off)
    assert files_of(data) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "data"]


@pytest.mark.parametrize("fails", [0, 1])
def test_a_rename_that_fails_leaves_what_was_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    back_up(data, tmp_path / "backup.tar")
    before, renames = files_of(data), list[Path]()

    def rename(old: Path, new: Path) -> None:
        renames.append(old)
        if len(renames) > fails:
            raise PermissionError(13, "Permission denied", str(old))
        old.rename(new)

    monkeypatch.setattr("index.storage.backup.rename_for_good", rename)
    with pytest.raises(PermissionError):
        restore(tmp_path / "backup.tar", data, replace=True)
    assert files_of(data) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "data"]


def test_nothing_to_save_and_no_place_for_it(data: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        back_up(tmp_path / "nowhere", tmp_path / "backup.tar")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(BackupError, match="in the data folder itself"):
        back_up(data, data / "articles" / "backup.tar")
    with pytest.raises(BackupError, match=r"The folder .*deep is not there"):
        back_up(data, tmp_path / "deep" / "backup.tar")
    (data / "articles" / "link").symlink_to(tmp_path)
    with pytest.raises(BackupError, match="link is a link"):
        back_up(data, tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../out", "/out", "a/../../out", "./a", "a//b", "a/./b", "..", "a\\b", "C:a", "a\nb", "a.", "a ", "",
        "a" * 256, "ä" * 200, "/".join("abc" for _ in range(120)),
    ],
)  # fmt: skip
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    refused(archive(tmp_path / "backup.tar", {name: b"Mine."}), tmp_path)


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.DIRTYPE,
        tarfile.FIFOTYPE,
        tarfile.CHRTYPE,
        tarfile.GNUTYPE_SPARSE,
    ],
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "backup.tar", "w:") as tar:
        member = tarfile.TarInfo("articles")
        member.type, member.linkname = kind, "/etc"
        tar.addfile(member)
        add(tar, "articles/passwd", b"Mine.")
        add(tar, SUMS, sums_of({"articles/passwd": b"Mine."}))
    refused(tmp_path / "backup.tar", tmp_path)


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    """A small one can claim to be of any size."""
    with tarfile.open(tmp_path / "backup.tar", "w:", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("bomb")
        member.pax_headers = {
            "GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 50), "GNU.sparse.numblocks": "1"
        }  # fmt: skip
        tar.addfile(member)
        add(tar, SUMS, sums_of({"bomb": b""}))
    refused(tmp_path / "backup.tar", tmp_path)


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_what_is_compressed_is_refused(tmp_path: Path, mode: str) -> None:
    """So nothing that comes out is larger than what went in."""
    with tarfile.open(str(tmp_path / "backup.tar"), mode) as tar:  # type: ignore[call-overload]
        add(tar, "bomb", bytes(10_000_000))
        add(tar, SUMS, sums_of({"bomb": bytes(10_000_000)}))
    refused(tmp_path / "backup.tar", tmp_path)


def test_what_is_there_twice_altered_missing_or_more_than_was_saved_is_refused(tmp_path: Path) -> None:
    whole = {"a": b"one", "b/c": b"two"}
    file = tmp_path / "backup.tar"
    restore(archive(file, whole), tmp_path / "whole")
    assert files_of(tmp_path / "whole") == whole
    for members in ({**whole, "a": b"ONE"}, {"a": b"one"}, {**whole, "d": b""}, {"b/c": b"two", "A": b"one"}):
        refused(archive(file, members, sums=whole), tmp_path)
    refused(archive(file, {"a": b"one", "a/b": b"two"}), tmp_path)
    with tarfile.open(file, "w:") as tar:
        add(tar, "a", b"one")
        add(tar, "a", b"one")
        add(tar, SUMS, sums_of({"a": b"one"}))
    refused(file, tmp_path)
    with tarfile.open(file, "w:") as tar:
        add(tar, "a", b"one")
        add(tar, SUMS, b'{"format": 3, "begun_at": "2026-11-26T12:00:00Z", "files": {}}')
    refused(file, tmp_path, match="in a way that this version")


def test_a_backup_that_ends_too_soon_is_refused(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "whole.tar")
    content = (tmp_path / "whole.tar").read_bytes()
    for share in range(10):
        (tmp_path / "backup.tar").write_bytes(content[: len(content) * share // 11])
        refused(tmp_path / "backup.tar", tmp_path)


def test_too_little_room_is_said_before(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back_up(data, tmp_path / "backup.tar")
    usage = type("Usage", (), {"free": 1_000})
    monkeypatch.setattr("index.storage.backup.shutil.disk_usage", lambda _: usage)
    refused(tmp_path / "backup.tar", tmp_path, match="too little room")


def refused(
    file: Path, tmp_path: Path, match: str | None = None, storage: SharedStorage | None = None
) -> None:
    beside = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(BackupError, match=match):
        restore(file, tmp_path / "new", storage=storage)
    assert sorted(path.name for path in tmp_path.iterdir()) == beside
    assert not Path("/out").exists()


names = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4).map("/".join)


@given(st.dictionaries(names, st.binary(max_size=2_000), max_size=5))
def test_whatever_a_backup_holds_it_writes_in_its_folder_or_nothing(members: dict[str, bytes]) -> None:
    with TemporaryDirectory() as folder:
        top = Path(folder)
        try:
            archive(top / "backup.tar", members)
        except (UnicodeEncodeError, ValueError):  # no name of a file
            return
        (top / "inner").mkdir()
        outcome = attempt(lambda: restore(top / "backup.tar", top / "inner" / "data"))
        assert sorted(path.name for path in top.iterdir()) == ["backup.tar", "inner"]
        left = sorted(path.name for path in (top / "inner").iterdir())
        assert left == (["data"] if outcome is None else [])
        if outcome is None:
            assert files_of(top / "inner" / "data") == members


@cache
def small() -> bytes:
    with TemporaryDirectory() as folder:
        members = {"library.json": b"{}", "articles/rope/snapshots/000001-aaaaaaaa/source": bytes(700)}
        return archive(Path(folder) / "backup.tar", members).read_bytes()


@given(st.lists(st.tuples(st.integers(0, 4_095), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_backup_with_any_bytes_altered_comes_back_as_it_was_or_not_at_all(
    bytes_: list[tuple[int, int]],
) -> None:
    content = bytearray(small())
    for place, byte in bytes_:
        content[place] = byte
    with TemporaryDirectory() as folder:
        top = Path(folder)
        (top / "backup.tar").write_bytes(content)
        outcome = attempt(lambda: restore(top / "backup.tar", top / "data"))
        assert (top / "data").exists() is (outcome is None)
        if outcome is None:
            assert set(map(len, files_of(top / "data").values())) <= {2, 700}


@given(st.binary(max_size=3_000))
def test_any_bytes_are_refused(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "backup.tar").write_bytes(content)
        assert attempt(lambda: restore(Path(folder) / "backup.tar", Path(folder) / "data")) is not None


def attempt(work: Callable[[], object]) -> BackupError | None:
    try:
        work()
    except BackupError as error:
        return error
    return None
