"""The index on disk: immutable snapshots, each published by one atomic rename.

Under the data folder, for each article::

    articles/<article id>/snapshots/000001-5f3a9c1e/
        manifest.json   format version; model, its hash and dimension; article hash; when built;
                        size and SHA-256 of every other file
        article.json    the article as it was indexed, with what its sidecar said
        passages.json   passages and sentences as offsets into the article's text
        vectors.faiss   the passages' vectors, a FAISS index
        tokens.npy      the token embeddings, half precision, (tokens, dimension); memory-mapped
        token_map.npy   for each token its sentence's number, where it starts and its id, int32, (3, tokens)

A snapshot is written into a folder whose name starts with a dot, synced to disk and then renamed; one
that has its final name is whole. The highest number is the newest. Older ones are kept as a way back.
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from index.build import Index, TokenTable
from index.confidence import Thresholds
from index.errors import SnapshotDamagedError, SnapshotError
from index.models import Article, Passage
from index.store import FaissStore

log = logging.getLogger(__name__)

FORMAT = 1
KEPT = 3
"""How many snapshots of an article are kept."""

_UNFINISHED = ".writing-"
_NAME = re.compile(r"(\d{6,})-[0-9a-f]{8}")
_PASSAGES = TypeAdapter(tuple[Passage, ...])


class _File(BaseModel):
    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class Manifest(BaseModel):
    """What a snapshot says of itself. ``thresholds`` are the confidence tiers' for its model."""

    model_config = ConfigDict(frozen=True)

    format: int
    article_sha256: str
    model: str
    model_sha256: str
    dimension: int
    thresholds: Thresholds
    built_at: datetime
    files: dict[str, _File]


class _StoredArticle(BaseModel):
    id: str
    title: str
    text: str
    title_is_label: bool
    language: str
    source: str | None
    published: date | None
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """An index in memory, as it was published under ``name``."""

    name: str
    manifest: Manifest
    index: Index


class SnapshotFolder:
    """The snapshots of one article.

    Args:
        folder: ``articles/<article id>/snapshots``; made when first published to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """The published snapshots, newest first."""
        try:
            entries = [entry.name for entry in os.scandir(self._folder) if _NAME.fullmatch(entry.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SnapshotError(
                f"The data folder {self._folder} cannot be read: {error.strerror}. Check its permissions, or "
                "set FOOTNOTE_DATA_DIR to another folder."
            ) from error
        return sorted(entries, key=_number, reverse=True)

    def open(self, name: str) -> Snapshot:
        """Opens a snapshot, every file checked against the manifest.

        Raises:
            SnapshotDamagedError: a file is missing, cut off or altered, or of a format not known here.
        """
        folder = self._folder / name
        manifest = self._manifest(folder)
        contents = {file: _checked(folder / file, kept) for file, kept in manifest.files.items()}
        try:
            article = Article(**_StoredArticle.model_validate_json(contents["article.json"]).model_dump())
            passages = _PASSAGES.validate_json(contents["passages.json"])
            store = FaissStore.from_bytes(contents["vectors.faiss"])
            vectors = np.load(folder / "tokens.npy", mmap_mode="r", allow_pickle=False)
            sentences, starts, ids = np.load(io.BytesIO(contents["token_map.npy"]), allow_pickle=False)
        except (KeyError, ValueError, ValidationError, OSError) as error:
            raise SnapshotDamagedError(f"{folder} cannot be read: {error}.") from error
        if (len(store), store.dimension) != (len(passages), manifest.dimension):
            raise SnapshotDamagedError(f"{folder}: its files do not fit each other.")
        tokens = TokenTable(vectors, sentences, starts, ids)
        return Snapshot(name, manifest, Index(article, passages, store, tokens))

    def publish(self, index: Index, *, model: str, model_sha256: str, thresholds: Thresholds) -> Snapshot:
        """Writes a snapshot beside the others and makes it the newest, all or nothing.

        One at a time: the caller holds the library's lock.

        Raises:
            OSError: it cannot be written; nothing is changed.
        """
        article, passages, store, tokens = index
        contents = {
            "article.json": _StoredArticle(
                id=article.id,
                title=article.title,
                text=article.text,
                title_is_label=article.title_is_label,
                language=article.language,
                source=article.source,
                published=article.published,
                questions=article.questions,
            )
            .model_dump_json()
            .encode(),
            "passages.json": _PASSAGES.dump_json(passages),
            "vectors.faiss": store.to_bytes(),
            "tokens.npy": _npy(tokens.vectors),
            "token_map.npy": _npy(np.stack(tokens[1:])),
        }
        manifest = Manifest(
            format=FORMAT,
            article_sha256=article.sha256,
            model=model,
            model_sha256=model_sha256,
            dimension=store.dimension,
            thresholds=thresholds,
            built_at=datetime.now(UTC).replace(microsecond=0),
            files={
                file: _File(size=len(content), sha256=hashlib.sha256(content).hexdigest())
                for file, content in contents.items()
            },
        )
        contents["manifest.json"] = manifest.model_dump_json(indent=2).encode()
        for left in self._folder.glob(f"{_UNFINISHED}*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        newest = next(iter(self.names()), None)
        name = f"{_number(newest) + 1 if newest else 1:06d}-{article.sha256[:8]}"
        self._write(name, contents)
        self._remove_old()
        return self.open(name)

    def _manifest(self, folder: Path) -> Manifest:
        try:
            raw = json.loads((folder / "manifest.json").read_bytes())
            if isinstance(raw, dict) and raw.get("format") != FORMAT:
                raise SnapshotDamagedError(
                    f"{folder} has format {raw.get('format')}, this version reads {FORMAT}."
                )
            return Manifest.model_validate(raw)
        except (OSError, ValueError) as error:  # ValidationError, JSON and UTF-8 errors are ValueErrors
            raise SnapshotDamagedError(f"{folder}/manifest.json cannot be read: {error}.") from error

    def _write(self, name: str, contents: Mapping[str, bytes]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _work_folder(self._folder) as work:
            for file, content in contents.items():
                with (work / file).open("wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
            _sync_folder(work)
            work.rename(self._folder / name)
        _sync_folder(self._folder)

    def _remove_old(self) -> None:
        for name in self.names()[KEPT:]:
            try:
                shutil.rmtree(self._folder / name)
            except OSError as error:  # mapped somewhere, on Windows: the next publish tries again
                log.warning("The old snapshot %s could not be removed: %s.", name, error)


def _number(name: str) -> int:
    return int(name.partition("-")[0])


def _checked(path: Path, expected: _File) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotDamagedError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) != expected.size or hashlib.sha256(content).hexdigest() != expected.sha256:
        raise SnapshotDamagedError(
            f"{path} is not as it was written ({len(content)} of {expected.size} bytes)."
        )
    return content


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


@contextlib.contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    """A folder of our own beside the snapshots; what is left of it at the end is removed."""
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=parent))
    work.chmod(0o755)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Makes a rename in a folder last; Windows neither needs nor allows it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
