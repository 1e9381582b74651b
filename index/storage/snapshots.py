"""The index on disk: immutable snapshots, each published by one atomic rename.

Format 2. Under the library's folder, for each article::

    articles/<article id>/snapshots/000001-5f3a9c1e/     number, start of the SHA-256 of the article's text
        manifest.json    format version; article id, title and hash; where it came from; model, its hash and
                         dimension; thresholds; number of passages; when built and by which version; size and
                         SHA-256 of every other file; SHA-256 of the manifest itself
        article.json     the article as it was indexed, and where it came from
        passages.json    passages and sentences as offsets into the article's text
        vectors.faiss    the passages' vectors, a FAISS index
        tokens.npy       the token embeddings, half precision, (tokens, dimension)
        token_map.npy    for each token its sentence's number, where it starts and its id, int32, (3, tokens)
        source           what the article was read from, byte for byte
        sidecar.toml     what was said of it beside it, if anything
        questions.jsonl  its question file, if it has one

A snapshot is written into a folder ``.writing-…``, synced to disk and then renamed; one that has its final
name is whole. The highest number is the newest: no clock decides. One that is taken back is renamed
``.undone-…``; one too many is renamed ``.removing-…`` before it is deleted, so that nothing half deleted has
a snapshot's name. Numbers go on upward. Every file is checked when it is read, and read whole into memory: a
file that is damaged later harms no process that has it open.

Format 1 had no source, no checksum of the manifest and fewer fields; it can be opened, and is published
anew as format 2.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from index.answering.confidence import Thresholds
from index.errors import SnapshotDamagedError, SnapshotError
from index.model.article import Article, Heading, Passage
from index.model.source import Origin, Source
from index.search.build import Index, TokenTable
from index.search.vectors import FaissStore, Floats
from index.storage.durable import make_folder, rename_for_good, sync_folder, write_file

log = logging.getLogger(__name__)

FORMAT = 2
KEPT = 3
"""How many snapshots of an article are kept, unless it is set otherwise."""

_UNFINISHED, _UNDONE, _REMOVING = ".writing-", ".undone-", ".removing-"
_NAME = re.compile(r"(\d{6,})-[0-9a-f]{8}")
_PASSAGES = TypeAdapter(tuple[Passage, ...])
_SOURCE, _SIDECAR, _QUESTIONS = "source", "sidecar.toml", "questions.jsonl"


class _File(BaseModel):
    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class Manifest(BaseModel):
    """What a snapshot says of itself. ``thresholds`` are the confidence tiers' for its model.

    What format 1 did not say has a default.
    """

    model_config = ConfigDict(frozen=True)

    format: int
    article_sha256: str
    model: str
    model_sha256: str
    dimension: int
    thresholds: Thresholds
    built_at: datetime
    files: dict[str, _File]
    article_id: str = ""
    title: str = ""
    origin: Origin | None = None
    passages: int = 0
    source_sha256: str | None = None
    made_by: str = ""


class _StoredArticle(BaseModel):
    id: str
    title: str
    text: str
    title_is_label: bool
    language: str
    source: str | None
    published: date | None
    questions: tuple[str, ...]
    author: str | None = None
    site: str | None = None
    headings: tuple[Heading, ...] = ()
    claimed_source: str | None = None
    claimed_site: str | None = None
    origin: Origin | None = None

    def article(self) -> Article:
        """The article that was stored."""
        kept = {name: getattr(self, name) for name in type(self).model_fields if name != "origin"}
        return Article(**kept)


@dataclass(frozen=True)
class Snapshot:
    """An index in memory, as it was published under ``name``."""

    name: str
    manifest: Manifest
    index: Index


@dataclass(frozen=True)
class Contents:
    """What a snapshot is made of. ``source`` is None where only the article is left of it."""

    index: Index
    origin: Origin | None
    source: Source | None
    model: str
    model_sha256: str
    thresholds: Thresholds


class SnapshotFolder:
    """The snapshots of one article.

    Args:
        folder: ``articles/<article id>/snapshots``; made when first published to.
        kept: How many snapshots are kept.
    """

    def __init__(self, folder: Path, *, kept: int = KEPT) -> None:
        self.folder = folder
        self._kept = kept

    def names(self) -> list[str]:
        """The published snapshots, newest first."""
        return [name for name, _ in self._found()]

    def newest(self) -> tuple[str, int] | None:
        """The newest snapshot's name and the number of its inode: both change with what is newest."""
        return next(iter(self._found()), None)

    def undone(self) -> list[str]:
        """The snapshots that were taken back, newest first: no ``names``, but ``article`` reads them."""
        return [name for name, _ in self._found(_UNDONE)]

    def leftovers(self) -> list[str]:
        """The folders that killed processes have left behind, or that are being written just now."""
        return sorted(name for name, _ in self._entries() if name.startswith((_UNFINISHED, _REMOVING)))

    def next_number(self) -> int:
        """The number of the next snapshot: above every one that was ever seen here."""
        return max((snapshot_number(name) for name in (*self.names(), *self.undone())), default=0) + 1

    def holds(self, number: int) -> bool:
        """Whether the snapshot of that number is published."""
        return any(snapshot_number(name) == number for name in self.names())

    def manifest(self, name: str) -> Manifest:
        """What a snapshot says of itself; its other files are not looked at.

        Raises:
            SnapshotDamagedError: it is missing or altered, or of a format not known here.
        """
        folder = self._folder_of(name)
        try:
            raw = json.loads((folder / "manifest.json").read_bytes())
            known = raw.get("format") if isinstance(raw, dict) else None
            if known not in (1, FORMAT):
                raise SnapshotDamagedError(
                    "{folder} has format {found}, this version reads {format}.",
                    folder=folder,
                    found=known,
                    format=FORMAT,
                )
            if (known == FORMAT or "sha256" in raw) and raw.pop("sha256", None) != _sum_of(raw):
                raise SnapshotDamagedError("{file} is not as it was written.", file=folder / "manifest.json")
            return Manifest.model_validate(raw)
        except (OSError, ValueError) as error:  # ValidationError, JSON and UTF-8 errors are ValueErrors
            raise _unreadable(folder / "manifest.json", error) from error

    def open(self, name: str) -> Snapshot:
        """Opens a snapshot, every file checked against the manifest.

        Raises:
            SnapshotDamagedError: a file is missing, cut off or altered, or of a format not known here.
        """
        folder = self._folder_of(name)
        manifest = self.manifest(name)
        contents = {file: _checked(folder / file, kept) for file, kept in manifest.files.items()}
        try:
            article = _StoredArticle.model_validate_json(contents["article.json"]).article()
            passages = _PASSAGES.validate_json(contents["passages.json"])
            store = FaissStore.from_bytes(contents["vectors.faiss"])
            vectors = _array(contents["tokens.npy"])
            sentences, starts, ids = _array(contents["token_map.npy"])
        except (KeyError, ValueError, ValidationError) as error:
            raise _unreadable(folder, error) from error
        if (len(store), store.dimension) != (len(passages), manifest.dimension):
            raise SnapshotDamagedError("{folder}: its files do not fit each other.", folder=folder)
        tokens = TokenTable(vectors, sentences, starts, ids)
        return Snapshot(name, manifest, Index(article, passages, store, tokens))

    def check(self, name: str) -> None:
        """Holds every file of a snapshot against its checksum.

        Raises:
            SnapshotDamagedError: one does not match.
        """
        for file, kept in self.manifest(name).files.items():
            _checked(self._folder_of(name) / file, kept)

    def is_whole(self, name: str) -> bool:
        """Whether ``check`` finds nothing."""
        with contextlib.suppress(SnapshotDamagedError):
            self.check(name)
            return True
        return False

    def article(self, name: str) -> tuple[Article, Origin | None]:
        """The article of a snapshot, also of one taken back, and where it came from.

        Where the manifest is damaged, the start of the text's hash in the snapshot's name vouches for it.

        Raises:
            SnapshotDamagedError: it is missing or altered.
        """
        path = self._folder_of(name) / "article.json"
        try:
            expected = self.manifest(name).files["article.json"]
        except (SnapshotDamagedError, KeyError):
            expected = None
        try:
            stored = _StoredArticle.model_validate_json(
                _checked(path, expected) if expected else path.read_bytes()
            )
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from error
        if not name.endswith(f"-{stored.article().sha256[:8]}"):
            raise SnapshotDamagedError("{file} is not as it was written.", file=path)
        return stored.article(), stored.origin

    def source(self, name: str) -> Source | None:
        """What the article of a snapshot was read from; None where the snapshot does not hold it.

        A part that is damaged is taken from another snapshot that has the very same. A question file that is
        damaged everywhere is left out.

        Raises:
            SnapshotDamagedError: it, or the manifest that vouches for it, is damaged.
        """
        manifest = self.manifest(name)
        if manifest.origin is None or _SOURCE not in manifest.files:
            return None
        content = self._part(name, manifest.files[_SOURCE], _SOURCE)
        sidecar = self._part(name, manifest.files.get(_SIDECAR), _SIDECAR)
        questions: bytes | None = None
        try:
            questions = self._part(name, manifest.files.get(_QUESTIONS), _QUESTIONS)
        except SnapshotDamagedError as error:
            log.warning("The questions of “%s” are lost: %s", manifest.article_id, error)
        return Source(manifest.origin, content or b"", sidecar, questions)

    def _part(self, name: str, expected: _File | None, file: str) -> bytes | None:
        """A file of a snapshot, or the same of another one; None where the snapshot has none."""
        if expected is None:
            return None
        for one in (name, *self.names()):
            with contextlib.suppress(SnapshotDamagedError):
                return _checked(self._folder_of(one) / file, expected)
        return _checked(self._folder_of(name) / file, expected)

    def unchecked_source(self, name: str, origin: Origin) -> Source | None:
        """The source as it lies there, where the manifest that vouches for it is lost."""
        folder = self._folder_of(name)
        try:
            content, sidecar, questions = (
                (folder / file).read_bytes() if file == _SOURCE or (folder / file).exists() else None
                for file in (_SOURCE, _SIDECAR, _QUESTIONS)
            )
        except OSError:
            return None
        return Source(origin, content or b"", sidecar, questions)

    def vectors(self, name: str, model_sha256: str) -> Floats | None:
        """The vectors of a snapshot's passages alone; None where another model made them.

        Raises:
            SnapshotDamagedError: they are missing or altered.
        """
        manifest = self.manifest(name)
        if manifest.model_sha256 != model_sha256 or "vectors.faiss" not in manifest.files:
            return None
        content = _checked(self._folder_of(name) / "vectors.faiss", manifest.files["vectors.faiss"])
        return FaissStore.from_bytes(content).vectors()

    def publish(self, number: int, made: Contents, *, instead_of: Sequence[str] = ()) -> Snapshot:
        """Writes a snapshot beside the others and makes it the newest, all or nothing.

        One at a time: the caller holds the library's lock.

        Args:
            number: What ``next_number`` gave.
            made: What to write.
            instead_of: Damaged ones that go when it is there, so that none of the whole ones has to.

        Raises:
            OSError: it cannot be written; nothing is changed.
        """
        name = snapshot_name(number, made.index.article)
        manifest, files = _files(made)
        make_folder(self.folder)
        try:
            with _work_folder(self.folder) as work:
                for file, parts in files.items():
                    write_file(work / file, parts)
                sync_folder(work)
                work.rename(self.folder / name)
        except BaseException:
            self.remove_if_empty()
            raise
        sync_folder(self.folder)
        self.sweep()
        whole = [one for one in self.names() if one not in instead_of]
        undone = [f"{_UNDONE}{one}" for one in self.undone()]
        for old in [*instead_of, *whole[self._kept :], *undone]:
            self._remove(old)
        return Snapshot(name, manifest, made.index)

    def take_back(self, name: str) -> None:
        """Takes a snapshot back, so that the one before it is the newest.

        Raises:
            OSError: it cannot be renamed; nothing is changed.
        """
        rename_for_good(self.folder / name, self.folder / f"{_UNDONE}{name}")

    def sweep(self) -> list[str]:
        """Deletes what killed processes have left behind, and returns its names. The caller has the lock."""
        left = self.leftovers()
        for name in left:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        return left

    def remove_if_empty(self) -> None:
        """Removes the folders of an article that was never published."""
        for folder in (self.folder, self.folder.parent):
            with contextlib.suppress(OSError):  # not empty, or not there
                folder.rmdir()

    def _found(self, prefix: str = "") -> list[tuple[str, int]]:
        """The snapshots whose folders have the prefix, without it, newest first."""
        found = [
            (name.removeprefix(prefix), inode)
            for name, inode in self._entries()
            if name.startswith(prefix) and _NAME.fullmatch(name.removeprefix(prefix))
        ]
        return sorted(found, key=lambda entry: snapshot_number(entry[0]), reverse=True)

    def _entries(self) -> list[tuple[str, int]]:
        try:
            with os.scandir(self.folder) as entries:
                return [(entry.name, entry.inode()) for entry in entries]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SnapshotError(
                "The data folder {folder} cannot be read: {reason}. Check its permissions, or set "
                "FOOTNOTE_DATA_DIR to another folder.",
                folder=self.folder,
                reason=error.strerror,
            ) from error

    def _folder_of(self, name: str) -> Path:
        undone = self.folder / f"{_UNDONE}{name}"
        return undone if undone.exists() else self.folder / name

    def _remove(self, name: str) -> None:
        removing = self.folder / f"{_REMOVING}{name.removeprefix('.')}"
        try:
            (self.folder / name).rename(removing)
            shutil.rmtree(removing)
        except OSError as error:  # the next publish tries again
            log.warning("The old snapshot %s could not be removed: %s.", name, error)


def snapshot_name(number: int, article: Article) -> str:
    """A snapshot's name: its number and the start of the hash of the article's text."""
    return f"{number:06d}-{article.sha256[:8]}"


def snapshot_number(name: str) -> int:
    """The number in a snapshot's name."""
    return int(name.partition("-")[0])


def source_sha256(source: Source) -> str:
    """SHA-256 over all that was read."""
    digest = hashlib.sha256()
    for part in (source.content, source.sidecar, source.questions):
        digest.update(b"-" if part is None else f"{len(part)} ".encode() + part)
    return digest.hexdigest()


@cache
def made_by() -> str:
    """This version of the software: another one may cut an article otherwise."""
    return version("footnote")


def _files(made: Contents) -> tuple[Manifest, dict[str, Sequence[Any]]]:
    """The manifest, and every file of a snapshot, as the buffers to write."""
    article, passages, store, tokens = made.index
    files: dict[str, Sequence[Any]] = {
        "article.json": [_stored(article, made.origin).model_dump_json().encode()],
        "passages.json": [_PASSAGES.dump_json(passages)],
        "vectors.faiss": [store.to_bytes()],
        "tokens.npy": _npy(tokens.vectors),
        "token_map.npy": _npy(np.stack(tokens[1:])),
    }
    if made.source is not None:
        kept = {
            _SOURCE: made.source.content,
            _SIDECAR: made.source.sidecar,
            _QUESTIONS: made.source.questions,
        }
        files |= {file: [content] for file, content in kept.items() if content is not None}
    manifest = Manifest(
        format=FORMAT,
        article_sha256=article.sha256,
        model=made.model,
        model_sha256=made.model_sha256,
        dimension=store.dimension,
        thresholds=made.thresholds,
        built_at=datetime.now(UTC).replace(microsecond=0),
        files={file: _describe(parts) for file, parts in files.items()},
        article_id=article.id,
        title=article.title,
        origin=made.origin,
        passages=len(passages),
        source_sha256=source_sha256(made.source) if made.source else None,
        made_by=made_by(),
    )
    raw = manifest.model_dump(mode="json")
    files["manifest.json"] = [json.dumps(raw | {"sha256": _sum_of(raw)}, indent=2).encode()]
    return manifest, files


def _stored(article: Article, origin: Origin | None) -> _StoredArticle:
    kept = {name: getattr(article, name) for name in _StoredArticle.model_fields if name != "origin"}
    return _StoredArticle(**kept, origin=origin)


def _sum_of(raw: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON object, however it is laid out."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _describe(parts: Sequence[Any]) -> _File:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return _File(size=sum(memoryview(part).nbytes for part in parts), sha256=digest.hexdigest())


def _checked(path: Path, expected: _File) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotDamagedError(
            "{file} cannot be read: {reason}.", file=path, reason=error.strerror
        ) from error
    if len(content) != expected.size or hashlib.sha256(content).hexdigest() != expected.sha256:
        raise SnapshotDamagedError(
            "{file} is not as it was written ({found} of {size} bytes).",
            file=path,
            found=len(content),
            size=expected.size,
        )
    return content


def _unreadable(path: Path, error: Exception) -> SnapshotDamagedError:
    return SnapshotDamagedError("{file} cannot be read: {reason}.", file=path, reason=error)


def _npy(array: Any) -> Sequence[Any]:
    """An array as an ``.npy`` file, its values not copied."""
    whole = np.ascontiguousarray(array)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(whole))
    return [header.getvalue(), whole.reshape(-1).view(np.uint8)]


def _array(content: bytes) -> Any:
    """What ``_npy`` wrote, its values not copied."""
    stream = io.BytesIO(content)
    np.lib.format.read_magic(stream)
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape)


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    """A folder of our own beside the snapshots; what is left of it at the end is removed."""
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=parent))
    work.chmod(0o755)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
