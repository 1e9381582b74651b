"""The storage that machines share: its addresses, its faults in words, and no password in any of them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import StorageError
from index.storage.library_folder import SharedStorage
from index.storage.shared_storage import Storage, storage_at
from tests.index.storage import s3_server
from tests.index.storage.faulty_files import faulty

ADVICE = (
    "Check FOOTNOTE_STORAGE_URL, whether it can be reached from here, and whether it may be read, written, "
    "listed and deleted from with this key; `footnote doctor` tries all of it."
)


def refusal(url: str) -> str:
    with pytest.raises(StorageError) as caught:
        storage_at(url)
    return str(caught.value)


@pytest.fixture(params=["a folder", "s3", "gs"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An address of each kind of storage that can be had here."""
    if request.param == "a folder":
        yield str(tmp_path)
        return
    with s3_server.running() as server:
        yield server.url() if request.param == "s3" else server.gcs_url()


def test_what_is_written_is_read_listed_and_deleted(address: str, tmp_path: Path) -> None:
    storage = storage_at(address)
    storage.write("a/b/c", b"content")
    (tmp_path / "file").write_bytes(b"more")
    storage.upload("a/d", tmp_path / "file")
    assert (storage.read("a/b/c"), storage.read("a/d"), storage.read("a/e")) == (b"content", b"more", None)
    assert storage.listing("a").keys() == {"b", "d"}
    assert storage.listing("a/b") == {"c": 7}
    assert storage.listing("nowhere") == {}
    assert storage.written_at("a/d") is not None
    assert storage.written_at("a/e") is None
    storage.delete("a/d")
    storage.delete("a/d")
    assert storage.read("a/d") is None
    assert list(storage.faults()) == []


@pytest.mark.parametrize(
    "url", ["s3:///folder", "s3://", "s3://bucket?no-such-option=1", "nonsense://a/b", "s3://[x/y"]
)
def test_what_is_no_address_is_refused_in_words(url: str) -> None:
    assert refusal(url) == (
        "FOOTNOTE_STORAGE_URL is no address of a storage. It is a folder, or looks like "
        "s3://key:secret@bucket/folder?endpoint=https://host&region=name; leave it out to keep all in the "
        "data folder."
    )


def test_a_folder_has_to_be_there(tmp_path: Path) -> None:
    assert refusal(f"{tmp_path}/share") == (
        f"The storage {tmp_path}/share is no folder that is there. Make it or mount it, or set "
        "FOOTNOTE_STORAGE_URL to another one."
    )


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.storage.shared_storage.find_spec", lambda _: None)
    assert refusal("gs://bucket/folder") == (
        "FOOTNOTE_STORAGE_URL names a storage at S3, GCS or Azure, and what speaks to it is not installed. "
        "Run: pip install 'footnote[storage]'"
    )


@given(st.text(min_size=8, max_size=40).filter(lambda text: text.strip()))
def test_no_password_is_in_a_name_or_in_a_message(password: str) -> None:
    """Wherever in the address it stands, and whatever the file system says."""
    mark = f"hunter2-{password}"
    word = quote(mark, safe="")
    for url in (
        f"s3://key:{word}@bucket/folder?region=here",
        f"s3://bucket/folder?access_key_id=key&secret_access_key={word}&region=here",
    ):
        storage = storage_at(url)
        error = storage._error(f"Denied to {mark} in {word}")
        for text in (storage.name, repr(SharedStorage(url)), str(error)):
            assert mark not in text
            assert word not in text


def test_what_does_not_answer_is_said_in_words(tmp_path: Path) -> None:
    storage, files = faulty(tmp_path)
    files.down = True
    assert list(storage.faults()) == [
        f"The storage the share cannot be used: no answer within 30 s. {ADVICE}"
    ]
    with pytest.raises(StorageError, match=r"The storage the share cannot be used: no answer"):
        storage.read("a")
    with pytest.raises(StorageError, match=r"The storage the share cannot be used: no answer"):
        storage.listing()


def test_what_arrives_by_half_is_noticed_when_it_is_written(tmp_path: Path) -> None:
    storage, files = faulty(tmp_path / "share")
    files.halves = True
    (tmp_path / "file").write_bytes(b"0123456789")
    with pytest.raises(StorageError, match="cannot be used: 5 of 10 bytes of a are there"):
        storage.write("a", b"0123456789")
    with pytest.raises(StorageError, match="cannot be used: 5 of 10 bytes of b are there"):
        storage.upload("b", tmp_path / "file")


@pytest.mark.slow
def test_s3_is_spoken_to_with_signatures_and_what_breaks_off_is_fetched_on(tmp_path: Path) -> None:
    with s3_server.running() as server:
        storage = storage_at(server.url())
        assert storage.name == "s3://bucket/footnote"
        assert list(storage.faults()) == []
        content = bytes(range(256)) * 50_000  # more than one part
        (tmp_path / "large").write_bytes(content)
        storage.upload("a/large", tmp_path / "large")
        server.cut = 1
        assert storage.read("a/large") == content
        assert storage.listing("a") == {"large": len(content)}
        assert storage.written_at("a/large") == server.objects["footnote/a/large"][1].replace(microsecond=0)
        server.refused = 10
        with pytest.raises(StorageError, match="cannot be used: "):
            storage.write("a/small", b"x")
        server.refused = 0
        (fault,) = storage_at(server.url(secret="wrong-hunter2")).faults()  # noqa: S106 - not even right
        assert "403 Forbidden" in fault
        assert "hunter2" not in fault


def test_a_storage_without_an_answer_of_its_own_says_so(tmp_path: Path) -> None:
    storage = Storage(object(), str(tmp_path), "the share")
    (fault,) = storage.faults()
    assert fault.startswith("The storage the share cannot be used: ")


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_what_a_folder_does_not_take_as_a_whole_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    storage, file = storage_at(str(tmp_path)), tmp_path / "file"
    file.write_bytes(b"of a file")

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(call, refuse)
        with pytest.raises(StorageError, match="Input/output error"):
            storage.write("a/one", b"of bytes")
        with pytest.raises(StorageError, match="Input/output error"):
            storage.upload("a/two", file)
    assert storage.listing("a") == {}
    storage.write("a/one", b"of bytes")
    storage.upload("a/two", file)
    assert (storage.read("a/one"), storage.read("a/two")) == (b"of bytes", b"of a file")
    assert storage.listing("a") == {"one": 8, "two": 9}
