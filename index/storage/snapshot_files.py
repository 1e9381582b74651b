"""The files of one snapshot: what stands in them, and how each is written, checked and read.

Format 3::

    manifest.json    format version; article id, title and hash; where it came from; model, its hash and
                     dimension; thresholds; number of passages; when built and by which version; size and
                     SHA-256 of every other file; SHA-256 of the manifest itself
    article.json     the article as it was indexed, and where it came from
    passages.json    passages and sentences as offsets into the article's text
    vectors.faiss    the passages' vectors, a FAISS index
    tokens.npy       the token embeddings as they are coded, (tokens, width); the manifest says how
    token_map.npy    for each token its sentence's number, where it starts and its id, int32, (3, tokens)
    source           what the article was read from, byte for byte
    sidecar.toml     what was said of it beside it, if anything
    questions.jsonl  its question file, if it has one

Every file is checked when it is read, and read whole into memory: a file that is damaged later harms no
process that has it open. But for the token embeddings of a long article: their rows are read when they are
asked for, and held against sums that were taken when they were checked. Format 2 had token embeddings in half
precision only; format 1 also had no source, no checksum of the manifest and fewer fields. Both can be read,
and are published anew as format 3.

Arrays are ``.npy`` files, and are not copied when they are read. safetensors holds those of 150,000 tokens
in as many bytes (117,000,160, against 117,000,256); its ``load`` copies them, in 1.2 s against 0.34 s.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.answering.confidence import Thresholds
from index.errors import SnapshotDamagedError
from index.model.source import Origin, Source
from index.search.build import Index, TokenTable
from index.search.token_vectors import HalfPrecision, TokenVectors, codec_named
from index.search.vectors import FaissStore
from index.storage.durable import Fill, sync_folder, write_file
from index.storage.stored_article import StoredArticle, read_passages, write_article, write_passages
from index.storage.stored_rows import (
    WHOLE,
    StoredRows,
    Sums,
    in_pieces,
    npy_header,
    npy_values,
    read_npy_header,
    sums_of,
)
from index.storage.token_map import read_token_map, write_token_map

FORMAT = 3
_FIRST_FORMAT = 1  # whose manifest has no checksum

MANIFEST, ARTICLE, VECTORS = "manifest.json", "article.json", "vectors.faiss"
PASSAGES, TOKENS, TOKEN_MAP = "passages.json", "tokens.npy", "token_map.npy"
SOURCE, SIDECAR, QUESTIONS = "source", "sidecar.toml", "questions.jsonl"

_PARSED_FILES = {ARTICLE, PASSAGES, VECTORS, TOKENS, TOKEN_MAP}
_FILE = "^(" + "|".join(map(re.escape, sorted({*_PARSED_FILES, SOURCE, SIDECAR, QUESTIONS}))) + ")$"

Content: TypeAlias = Fill | StoredRows


class FileSum(BaseModel):
    """What a file has to be: its size in bytes and its SHA-256."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class Manifest(BaseModel):
    """What a snapshot says of itself. ``thresholds`` are the confidence tiers' for its model.

    What older formats did not say has a default.
    """

    model_config = ConfigDict(frozen=True)

    format: int
    article_sha256: str
    model: str
    model_sha256: str
    dimension: int
    thresholds: Thresholds
    built_at: datetime
    files: dict[Annotated[str, Field(pattern=_FILE)], FileSum]
    article_id: str = ""
    title: str = ""
    origin: Origin | None = None
    passages: int = 0
    source_sha256: str | None = None
    made_by: str = ""
    tokens: str = HalfPrecision.name

    @property
    def digest(self) -> str:
        """What tells it, and so all that its snapshot holds, from every other."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


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
    """A snapshot that is about to be written.

    Attributes:
        index: What it is of.
        manifest: What it says of itself.
        files: Of each file by its name, what gives its content, made anew each time, or rows that lie there
            ready to be moved.
    """

    index: Index
    manifest: Manifest
    files: Mapping[str, Content]

    @property
    def nbytes(self) -> int:
        """How much it takes on disk, but for its manifest."""
        return sum(file.size for file in self.manifest.files.values())


def source_sha256(source: Source) -> str:
    """SHA-256 over all that was read."""
    digest = hashlib.sha256()
    for part in (source.content, source.sidecar, source.questions):
        digest.update(b"-" if part is None else f"{len(part)} ".encode())
        digest.update(part or b"")
    return digest.hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """What a snapshot says of itself; its other files are not looked at.

    Raises:
        SnapshotDamagedError: it is missing or altered, or of a format not known here.
    """
    return manifest_at(folder / MANIFEST)


def manifest_at(path: Path) -> Manifest:
    """The manifest in a file; see ``read_manifest``."""
    try:
        raw = json.loads(path.read_bytes())
        form = raw.get("format") if isinstance(raw, dict) else None
        if form not in range(_FIRST_FORMAT, FORMAT + 1):
            raise SnapshotDamagedError(
                "{folder} has format {found}, this version reads {format}.",
                folder=path.parent,
                found=form,
                format=FORMAT,
            )
        if (form != _FIRST_FORMAT or "sha256" in raw) and raw.pop("sha256", None) != _sum_of(raw):
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

    def content(file: str) -> bytes:
        return checked(folder / file, manifest.files[file])

    def stream(file: str) -> BinaryIO:
        checked_sums(folder / file, manifest.files[file])
        return (folder / file).open("rb")

    for file in sorted(manifest.files.keys() - _PARSED_FILES):
        checked_sums(folder / file, manifest.files[file])
    try:
        article = StoredArticle.model_validate_json(content(ARTICLE)).article()
        passages = read_passages(content(PASSAGES))
        with stream(VECTORS) as vectors:
            store = FaissStore.read(vectors.read)
        if manifest.files[TOKENS].size <= WHOLE:
            codes = _array(content(TOKENS))
        else:
            codes = StoredRows(folder / TOKENS, checked_sums(folder / TOKENS, manifest.files[TOKENS]))
        with stream(TOKEN_MAP) as rows:
            token_map = read_token_map(rows, len(passages.sentences))
    except (OSError, KeyError, ValueError, ValidationError) as error:
        raise unreadable(folder, error) from error
    if (len(store), store.dimension) != (len(passages), manifest.dimension):
        raise SnapshotDamagedError("{folder}: its files do not fit each other.", folder=folder)
    codec = codec_named(manifest.tokens)
    if codec is None:
        raise SnapshotDamagedError("{folder}: its tokens are coded in a way not known here.", folder=folder)
    tokens = TokenTable(TokenVectors(codes, codec), *token_map)
    return Snapshot(name, manifest, Index(article, passages, store, tokens))


@cache
def made_by() -> str:
    """This version of the software: another one may cut an article otherwise."""
    return version("footnote")


def encode(contents: Contents) -> EncodedSnapshot:
    """Every file of a snapshot, and what it will say of itself; the arrays are not copied."""
    article, passages, store, tokens = contents.index
    codes: Any = tokens.vectors.codes
    files: dict[str, Content] = {
        ARTICLE: partial(write_article, article, contents.origin),
        PASSAGES: partial(write_passages, passages),
        VECTORS: store.write,
        TOKENS: codes
        if isinstance(codes, StoredRows)
        else _buffers(npy_header(codes.shape, codes.dtype), npy_values(codes)),
        TOKEN_MAP: partial(write_token_map, tokens.ends, tokens.starts, tokens.ids),
    }
    if contents.source is not None:
        parts_of_source = {
            SOURCE: contents.source.content,
            SIDECAR: contents.source.sidecar,
            QUESTIONS: contents.source.questions,
        }
        files |= {file: _buffers(content) for file, content in parts_of_source.items() if content is not None}
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
        tokens=tokens.vectors.codec.name,
    )
    raw = manifest.model_dump(mode="json")
    files[MANIFEST] = _buffers(json.dumps(raw | {"sha256": _sum_of(raw)}, indent=2).encode())
    return EncodedSnapshot(contents.index, manifest, files)


def _sum_of(raw: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON object, however it is laid out."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _describe(content: Content) -> FileSum:
    if isinstance(content, StoredRows):
        return FileSum(size=content.sums.size, sha256=content.sums.sha256)
    sums = Sums()
    content(sums.add)
    return FileSum(size=sums.size, sha256=sums.sha256)


def write_files(folder: Path, files: Mapping[str, Content]) -> None:
    """Writes the files of a snapshot into a folder, and waits until the disk has them.

    Raises:
        OSError: they are not whole on disk.
    """
    for file, content in files.items():
        if isinstance(content, StoredRows):
            content.move(folder / file)
        else:
            write_file(folder / file, content)
    sync_folder(folder)


def _buffers(*parts: Any) -> Fill:
    return lambda write: [write(part) for part in parts]


def checked(path: Path, file_sum: FileSum) -> bytes:
    """A file's content.

    Raises:
        SnapshotDamagedError: it is missing, cut off or altered.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unread(path, error) from error
    if len(content) != file_sum.size or hashlib.sha256(content).hexdigest() != file_sum.sha256:
        raise _altered(path, len(content), file_sum)
    return content


def checked_sums(path: Path, file_sum: FileSum) -> Sums:
    """The sums of a file, however large it is; raises as ``checked``."""
    try:
        sums = sums_of(in_pieces(path))
    except OSError as error:
        raise _unread(path, error) from error
    if (sums.size, sums.sha256) != (file_sum.size, file_sum.sha256):
        raise _altered(path, sums.size, file_sum)
    return sums


def _unread(path: Path, error: OSError) -> SnapshotDamagedError:
    return SnapshotDamagedError("{file} cannot be read: {reason}.", file=path, reason=error.strerror)


def _altered(path: Path, size: int, file_sum: FileSum) -> SnapshotDamagedError:
    return SnapshotDamagedError(
        "{file} is not as it was written ({found} of {size} bytes).",
        file=path,
        found=size,
        size=file_sum.size,
    )


def unreadable(path: Path, error: Exception) -> SnapshotDamagedError:
    """The error for a file that is not what it should be."""
    return SnapshotDamagedError("{file} cannot be read: {reason}.", file=path, reason=error)


def _array(content: bytes) -> Any:
    """The array of an ``.npy`` file, its values not copied."""
    stream = io.BytesIO(content)
    shape, dtype = read_npy_header(stream)
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape)
