"""A storage that several machines share, through fsspec: S3, GCS, Azure, or a folder that all of them see.

It has names and contents, and nothing else is asked of it: no renaming, no locks, no listing that is up to
date. What is written under a name is never changed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

from index.errors import StorageError
from index.storage.durable import sync_folder, write_file
from index.storage.stored_rows import in_pieces

_OBJECT_STORES = {
    "s3": ("access_key_id", "secret_access_key"),
    "gs": (),
    "az": ("account_name", "account_key"),
}
"""The schemes of storages that are spoken to over HTTP, and what the user and the password of one are."""

_PATIENCE = timedelta(seconds=30)
"""How long one request may take, and so one file; twice as long with what is tried again."""

_SECRET = ("key", "secret", "token", "password", "sas")
"""What stands in the names of those options that nobody is to see."""

_PROBE = "probe"


class Storage:
    """Thread-safe.

    Args:
        files: The file system.
        root: The folder in it below which all is.
        name: How people know it; no password stands in it.
        secrets: What stands in no message.
    """

    def __init__(self, files: Any, root: str, name: str, secrets: Sequence[str] = ()) -> None:
        self._files = files
        self._root = root.rstrip("/")
        self.name = name
        self._secrets = [one for one in secrets if one]

    def read(self, name: str, nbytes: int | None = None) -> bytes | None:
        """What is there under a name, or no more than its first bytes; None where nothing is.

        Raises:
            StorageError: it cannot be read.
        """
        with self._explained():
            try:
                part = {} if nbytes is None else {"start": 0, "end": nbytes}
                content: bytes = self._files.cat_file(self._at(name), **part)
            except FileNotFoundError:
                return None
            return content

    def write(self, name: str, content: bytes) -> None:
        """Puts something under a name.

        Raises:
            StorageError: it is not there, or only a part of it.
        """
        with self._explained():
            self._files.pipe_file(self._at(name), content)
        self._demand(name, len(content))

    def upload(self, name: str, file: Path) -> None:
        """Puts a file under a name.

        Raises:
            StorageError: it is not there, or only a part of it.
            OSError: the file cannot be read.
        """
        size = file.stat().st_size
        with self._explained():
            self._files.put_file(str(file), self._at(name))
        self._demand(name, size)

    def listing(self, folder: str = "") -> Mapping[str, int]:
        """What is in a folder, and how many bytes a file has. What came or went a moment ago may be wrong.

        Raises:
            StorageError: it cannot be listed.
        """
        with self._explained():
            self._files.invalidate_cache()
            try:
                entries = self._files.ls(self._at(folder), detail=True)
            except FileNotFoundError:
                return {}
            return {str(one["name"]).rstrip("/").rpartition("/")[2]: one.get("size") or 0 for one in entries}

    def written_at(self, name: str) -> datetime | None:
        """When something was put under a name; None where nothing is there, or the storage does not say.

        Raises:
            StorageError: it cannot be told just now.
        """
        with self._explained():
            try:
                moment: datetime = self._files.modified(self._at(name))
            except (FileNotFoundError, NotImplementedError):
                return None
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def delete(self, name: str) -> None:
        """Deletes what is under a name, if anything is.

        Raises:
            StorageError: it cannot be deleted.
        """
        with self._explained(), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._at(name))

    def faults(self) -> Iterator[str]:
        """What is wrong with it, a sentence each: writes something, reads, lists and deletes it."""
        content = uuid4().hex.encode()
        name = f"{_PROBE}/{content.decode()}"
        try:
            self.write(name, content)
            if self.read(name) != content:
                yield f"The storage {self.name} does not give back what was written to it."
            self.listing(_PROBE)
            self.delete(name)
        except StorageError as error:
            yield str(error)

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _demand(self, name: str, size: int) -> None:
        """Makes sure that all of something is there: a connection that is cut off may leave a part."""
        with self._explained():
            self._files.invalidate_cache()
            nbytes = self._files.info(self._at(name))["size"]
        if nbytes != size:
            raise self._error(f"{nbytes} of {size} bytes of {name} are there")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Makes whatever goes wrong an error for people: each file system has errors of its own."""
        try:
            yield
        except StorageError:
            raise
        except Exception as error:
            raise self._error(str(error) or type(error).__name__) from None

    def _error(self, reason: str) -> StorageError:
        lines = [line.strip() for line in reason.splitlines() if line.strip()]
        reason = lines[0][:300] if lines else "it does not say why"
        for one in self._secrets:
            reason = reason.replace(one, "***")
        return StorageError(
            "The storage {storage} cannot be used: {reason}. Check FOOTNOTE_STORAGE_URL, whether it can be "
            "reached from here, and whether it may be read, written, listed and deleted from with this key; "
            "`footnote doctor` tries all of it.",
            storage=self.name,
            reason=reason,
        )


class _FolderFiles(LocalFileSystem):  # type: ignore[misc]  # which has no types
    """Files in a folder, each of them there as a whole or not at all, after a crash of the machine too."""

    def put_file(self, lpath: str, rpath: str, **_: object) -> None:
        """See ``fsspec``."""
        _place(Path(rpath), in_pieces(Path(lpath)))

    def pipe_file(self, path: str, value: bytes, **_: object) -> None:
        """See ``fsspec``."""
        _place(Path(path), [value])


def _place(path: Path, pieces: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{uuid4().hex}.writing")  # another machine may write the same
    try:
        write_file(beside, lambda write: [write(piece) for piece in pieces])
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # not every file system that is mounted can
        sync_folder(path.parent)


def storage_at(url: str) -> Storage:
    """The storage at an address; nothing is asked of it yet.

    Args:
        url: A folder, or ``s3://key:secret@bucket/folder?endpoint=https://host&region=here`` and the like;
            the options after the question mark are those of the file system; ``allow_http=true`` lets a
            store of objects be one that speaks HTTP without TLS, which ``endpoint=http://…`` does by itself.

    Raises:
        StorageError: it is no address of a storage, or what speaks to it is not installed.
    """
    try:
        parts = urlsplit(url)
        if len(parts.scheme) < 2:  # a folder, which on Windows may begin with a letter and a colon
            return _folder(Path(url).expanduser().absolute())
        if parts.scheme == "file":
            return _folder(Path(unquote(parts.path)))
        if parts.scheme in _OBJECT_STORES:
            return _object_store(url)
        options = dict(parse_qsl(parts.query))
        files, root = fsspec.core.url_to_fs(parts._replace(query="").geturl(), **options)
    except StorageError:
        raise
    except ImportError as error:
        raise StorageError(
            "FOOTNOTE_STORAGE_URL names a storage that is spoken to by a package which is not installed: "
            "{reason}.",
            reason=str(error),
        ) from None
    except Exception:  # what does not parse may be anything, a password too
        raise _no_address() from None
    return Storage(files, root, _name(url), _secrets(url, options))


def _folder(path: Path) -> Storage:
    if not path.is_dir():  # made here, it would be of this machine alone
        raise StorageError(
            "The storage {storage} is no folder that is there. Make it or mount it, or set "
            "FOOTNOTE_STORAGE_URL to another one.",
            storage=str(path),
        )
    return Storage(_FolderFiles(), str(path), str(path))


def _object_store(url: str) -> Storage:
    if find_spec("obstore") is None:
        raise StorageError(
            "FOOTNOTE_STORAGE_URL names a storage at S3, GCS or Azure, and what speaks to it is not "
            "installed. Run: pip install 'footnote[storage]'"
        )
    from obstore.fsspec import FsspecStore
    from obstore.store import from_url

    parts = urlsplit(url)
    bucket = parts.netloc.rpartition("@")[2]
    if not bucket:
        raise _no_address()
    options = dict(parse_qsl(parts.query))
    allows_http = options.pop("allow_http", "") == "true"
    account = (parts.username, parts.password)
    own = {
        name: unquote(value)
        for name, value in zip(_OBJECT_STORES[parts.scheme], account, strict=False)
        if value
    }
    config: Any = options | own
    is_plain = allows_http or options.get("endpoint", "").startswith("http://")
    client: Any = {"timeout": _PATIENCE, "connect_timeout": timedelta(seconds=10), "allow_http": is_plain}
    retry: Any = {"max_retries": 2, "retry_timeout": _PATIENCE}
    from_url(f"{parts.scheme}://{bucket}", config=config, client_options=client, retry_config=retry)
    files = FsspecStore(
        parts.scheme,  # type: ignore[call-overload]
        config=config,
        client_options=client,
        retry_config=retry,
        skip_instance_cache=True,
    )
    return Storage(files, f"{bucket}{parts.path}", _name(url), _secrets(url, config))


def _name(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def _secrets(url: str, options: Mapping[str, str]) -> list[str]:
    """What nobody is to see, as it is and as it stands in addresses."""
    words = [value for name, value in options.items() if any(part in name.lower() for part in _SECRET)]
    password = urlsplit(url).password or ""
    words.append(unquote(password))
    return [password, *words, *(quote(word, safe="") for word in words)]


def _no_address() -> StorageError:
    return StorageError(
        "FOOTNOTE_STORAGE_URL is no address of a storage. It is a folder, or looks like "
        "s3://key:secret@bucket/folder?endpoint=https://host&region=name; leave it out to keep all in the "
        "data folder."
    )
