"""The files of one snapshot: what stands in them, and how each is written, checked and read.

Format 2::

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

Every file is checked when it is read, and read whole into memory: a file that is damaged later harms no
process that has it open. Format 1 had no source, no checksum of the manifest and fewer fields; it can be
read, and is published anew as format 2.

Arrays are ``.npy`` files, and are not copied when they are read. safetensors holds those of 150,000 tokens
in as many bytes (117,000,160, against 117,000,256); its ``load`` copies them, in 1.2 s against 0.34 s.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from index.answering.confidence import Thresholds
from index.errors import SnapshotDamagedError
from index.model.article import Article, Heading, Passage
from index.model.source import Origin, Source
from index.search.build import Index, TokenTable
from index.search.vectors import FaissStore

FORMAT = 2

MANIFEST, ARTICLE, VECTORS = "manifest.json", "article.json", "vectors.faiss"
SOURCE, SIDECAR, QUESTIONS = "source", "sidecar.toml", "questions.jsonl"

_PASSAGES = TypeAdapter(tuple[Passage, ...])


class FileSum(BaseModel):
    """What a file has to be: its size in bytes and its SHA-256."""

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
    files: dict[str, FileSum]
    article_id: str = ""
    title: str = ""
    origin: Origin | None = None
    passages: int = 0
    source_sha256: str | None = None
    made_by: str = ""


class StoredArticle(BaseModel):
    """An article as a snapshot keeps it, and where it came from."""

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
    language_is_guess: bool = False
    missing: tuple[str, ...] = ()
    origin: Origin | None = None

    def article(self) -> Article:
        """The article that was stored."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "origin"}
        return Article(**fields)


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


@dataclass(frozen=True)
class EncodedSnapshot:
    """A snapshot that is about to be written: ``files`` are the buffers of each, by its name."""

    index: Index
    manifest: Manifest
    files: Mapping[str, Sequence[Any]]

    @property
    def nbytes(self) -> int:
        """How much it takes on disk."""
        return sum(memoryview(part).nbytes for parts in self.files.values() for part in parts)


def source_sha256(source: Source) -> str:
    """SHA-256 over all that was read."""
    digest = hashlib.sha256()
    for part in (source.content, source.sidecar, source.questions):
        digest.update(b"-" if part is None else f"{len(part)} ".encode() + part)
    return digest.hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """What a snapshot says of itself; its other files are not looked at.

    Raises:
        SnapshotDamagedError: it is missing or altered, or of a format not known here.
    """
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_bytes())
        known = raw.get("format") if isinstance(raw, dict) else None
        if known not in (1, FORMAT):
            raise SnapshotDamagedError(
                "{folder} has format {found}, this version reads {format}.",
                folder=folder,
                found=known,
                format=FORMAT,
            )
        if (known == FORMAT or "sha256" in raw) and raw.pop("sha256", None) != _sum_of(raw):
            raise SnapshotDamagedError("{file} is not as it was written.", file=path)
        return Manifest.model_validate(raw)
    except (OSError, ValueError) as error:  # ValidationError, JSON and UTF-8 errors are ValueErrors
        raise unreadable(path, error) from error


def read_snapshot(folder: Path, name: str) -> Snapshot:
    """The whole of a snapshot, every file checked against the manifest.

    Raises:
        SnapshotDamagedError: a file is missing, cut off or altered, or of a format not known here.
    """
    manifest = read_manifest(folder)
    contents = {file: checked(folder / file, expected) for file, expected in manifest.files.items()}
    try:
        article = StoredArticle.model_validate_json(contents[ARTICLE]).article()
        passages = _PASSAGES.validate_json(contents["passages.json"])
        store = FaissStore.from_bytes(contents[VECTORS])
        vectors = _array(contents["tokens.npy"])
        sentences, starts, ids = _array(contents["token_map.npy"])
    except (KeyError, ValueError, ValidationError) as error:
        raise unreadable(folder, error) from error
    if (len(store), store.dimension) != (len(passages), manifest.dimension):
        raise SnapshotDamagedError("{folder}: its files do not fit each other.", folder=folder)
    tokens = TokenTable(vectors, sentences, starts, ids)
    return Snapshot(name, manifest, Index(article, passages, store, tokens))


@cache
def made_by() -> str:
    """This version of the software: another one may cut an article otherwise."""
    return version("footnote")


def encode(contents: Contents) -> EncodedSnapshot:
    """Every file of a snapshot, as the buffers to write; the arrays among them are not copied."""
    article, passages, store, tokens = contents.index
    files: dict[str, Sequence[Any]] = {
        ARTICLE: [_stored(article, contents.origin).model_dump_json().encode()],
        "passages.json": [_PASSAGES.dump_json(passages)],
        VECTORS: [store.to_bytes()],
        "tokens.npy": _npy(tokens.vectors),
        "token_map.npy": _npy(np.stack(tokens[1:])),
    }
    if contents.source is not None:
        parts_of_source = {
            SOURCE: contents.source.content,
            SIDECAR: contents.source.sidecar,
            QUESTIONS: contents.source.questions,
        }
        files |= {file: [content] for file, content in parts_of_source.items() if content is not None}
    manifest = Manifest(
        format=FORMAT,
        article_sha256=article.sha256,
        model=contents.model,
        model_sha256=contents.model_sha256,
        dimension=store.dimension,
        thresholds=contents.thresholds,
        built_at=datetime.now(UTC).replace(microsecond=0),
        files={file: _describe(parts) for file, parts in files.items()},
        article_id=article.id,
        title=article.title,
        origin=contents.origin,
        passages=len(passages),
        source_sha256=source_sha256(contents.source) if contents.source else None,
        made_by=made_by(),
    )
    raw = manifest.model_dump(mode="json")
    files[MANIFEST] = [json.dumps(raw | {"sha256": _sum_of(raw)}, indent=2).encode()]
    return EncodedSnapshot(contents.index, manifest, files)


def _stored(article: Article, origin: Origin | None) -> StoredArticle:
    fields = {name: getattr(article, name) for name in StoredArticle.model_fields if name != "origin"}
    return StoredArticle(**fields, origin=origin)


def _sum_of(raw: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON object, however it is laid out."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _describe(parts: Sequence[Any]) -> FileSum:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return FileSum(size=sum(memoryview(part).nbytes for part in parts), sha256=digest.hexdigest())


def checked(path: Path, expected: FileSum) -> bytes:
    """A file's content.

    Raises:
        SnapshotDamagedError: it is missing, cut off or altered.
    """
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


def unreadable(path: Path, error: Exception) -> SnapshotDamagedError:
    """The error for a file that is not what it should be."""
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
