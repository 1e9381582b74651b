"""What a library holds on disk: its articles, and the notes beside them.

Under the library's folder::

    articles/<id>/snapshots/    see ``snapshots``
    articles/<id>/failure.json  why its index could not be built again, where it could not
    removed/<id>/               an article that was removed, as it was; of each id the last one
    library.json, history.jsonl, pending.json      see ``catalogue``
    library.lock                held by whoever changes anything, see ``transactions``
    servers/<number>/           the same again, for each server
    servers/<number>/left.json  since when the bot is not in that server any more, see ``upkeep``
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel, ValidationError

from index.errors import DataFolderError, SnapshotDamagedError
from index.model.library import MAX_ID_CHARS
from index.storage.catalogue import Catalogue
from index.storage.durable import folder_bytes, replace_file
from index.storage.snapshot_files import Manifest, Snapshot
from index.storage.snapshots import SnapshotFolder

OLDER = ".older-"
"""How the name of a removed article begins while a newer one of its id takes its place."""

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Condition:
    """What is on disk of an article: the newest snapshot that is whole, and what is wrong with newer ones."""

    newest: tuple[str, int] | None
    names: list[str]
    whole: Snapshot | None
    damaged: dict[str, SnapshotDamagedError]

    @property
    def spoilt(self) -> list[str]:
        """The damaged ones that will not be whole again. One that only could not be read just now may be."""
        causes = {name: error.__cause__ for name, error in self.damaged.items()}
        return [
            name
            for name, cause in causes.items()
            if not isinstance(cause, OSError) or isinstance(cause, FileNotFoundError)
        ]


class Failure(BaseModel):
    """Why an index could not be built again, and when that was tried last."""

    when: datetime
    reason: str


class LibraryFolder:
    """The folder of one library.

    Args:
        path: Made when first written to.
        kept: How many snapshots are kept of each article.
    """

    def __init__(self, path: Path, *, kept: int) -> None:
        self.path = path
        self.catalogue = Catalogue(path)
        self._kept = kept
        self._manifests: dict[str, tuple[tuple[str, int] | None, Manifest | None]] = {}

    def article(self, article: str) -> Path:
        """The folder of an article."""
        return self.path / "articles" / article

    def removed(self, article: str) -> Path:
        """The folder of an article that was removed."""
        return self.path / "removed" / article

    def of(self, article: str) -> SnapshotFolder:
        """The snapshots of an article."""
        return SnapshotFolder(self.article(article) / "snapshots", kept=self._kept)

    def articles(self) -> list[str]:
        """The articles that have a folder, in order."""
        return [name for name in names_in(self.path / "articles") if is_id(name)]

    def ids(self) -> list[str]:
        """The articles that have a snapshot, in order."""
        return [name for name in self.articles() if self.has(name)]

    def has(self, article: str) -> bool:
        """Whether an article of that id is here. Any text may be asked for."""
        return is_id(article) and self.of(article).newest() is not None

    def removed_ids(self) -> list[str]:
        """The articles that lie aside, in order."""
        return [name for name in names_in(self.path / "removed") if is_id(name)]

    def was_removed(self, article: str) -> bool:
        """Whether an article of that id lies aside."""
        return is_id(article) and self.removed(article).is_dir()

    def branches(self) -> list[str]:
        """The numbers of the servers that have a folder here."""
        return [name for name in names_in(self.path / "servers") if name.isdecimal() and name.isascii()]

    def branch(self, name: str) -> LibraryFolder:
        """A server's."""
        return LibraryFolder(self.path / "servers" / name, kept=self._kept)

    def nbytes(self) -> int:
        """The bytes of the library on disk, with all that is kept of it but the servers' folders."""
        return folder_bytes(self.path / "articles") + self.removed_bytes()

    def removed_bytes(self) -> int:
        """The bytes of what was removed."""
        return folder_bytes(self.path / "removed")

    def manifest(self, article: str) -> Manifest | None:
        """The newest manifest of an article that can be read; kept until another snapshot is the newest."""
        folder = self.of(article)
        newest = folder.newest()
        stamp, manifest = self._manifests.get(article, (None, None))
        if newest is None or stamp != newest:
            manifest = None
            for name in folder.names():
                with contextlib.suppress(SnapshotDamagedError):
                    manifest = folder.manifest(name)
                    break
            self._manifests[article] = (newest, manifest)
        return manifest

    def condition(self, article: str) -> Condition:
        """Opens the newest whole snapshot; looks again where one was published or removed meanwhile."""
        folder = self.of(article)
        while True:
            newest, names = folder.newest(), folder.names()
            damaged: dict[str, SnapshotDamagedError] = {}
            whole = None
            for name in names:
                try:
                    whole = folder.open(name)
                    break
                except SnapshotDamagedError as error:
                    damaged[name] = error
            if not damaged or (folder.newest(), folder.names()) == (newest, names):
                return Condition(newest, names, whole, damaged)

    def failure(self, article: str) -> Failure | None:
        """Why the index of an article could not be built again, if that is so."""
        with contextlib.suppress(OSError, ValidationError):
            return Failure.model_validate_json(self._failure_file(article).read_bytes())
        return None

    def note_failure(self, article: str, reason: str | None) -> None:
        """Notes why the index of an article could not be built again; None where it has been by now.

        It is only for people to read: where it cannot be written, the log has it.
        """
        file = self._failure_file(article)
        with contextlib.suppress(OSError):
            if reason is None:
                file.unlink(missing_ok=True)
            elif file.parent.is_dir():
                replace_file(file, Failure(when=datetime.now(UTC), reason=reason).model_dump_json().encode())

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Makes what the disk refuses an error for people."""
        try:
            yield
        except OSError as error:
            raise DataFolderError(
                "The data folder {folder} cannot be written to: {reason}. Check its permissions and space, "
                "or choose another folder.",
                folder=self.path,
                reason=error.strerror or error,
            ) from error

    def _failure_file(self, article: str) -> Path:
        return self.article(article) / "failure.json"


def is_id(text: str) -> bool:
    """Whether this is an article's id: small letters, digits and single hyphens between them."""
    return len(text) <= MAX_ID_CHARS and _ID.fullmatch(text) is not None


def names_in(folder: Path) -> list[str]:
    """What is in a folder, in order; nothing where it is not there.

    Raises:
        SnapshotError: it cannot be read.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise_unreadable(folder, error)


def raise_unreadable(folder: Path, error: OSError) -> NoReturn:
    """Says to people that a folder cannot be read."""
    raise DataFolderError(
        "The data folder {folder} cannot be read: {reason}. Check its permissions, or choose another folder.",
        folder=folder,
        reason=error.strerror,
    ) from error
