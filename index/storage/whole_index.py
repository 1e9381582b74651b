"""The index of a whole library on disk: a segment for each article, and a manifest that says which count.

Under the library's folder::

    index/<SHA-256 of its content>.safetensors  a segment, see ``index.search.segments``; never altered
    index/manifest.json   for each article its snapshot and its segment; with a checksum

A segment is written and synced before the manifest names it, and the manifest is replaced by one rename, so
that a crash leaves the old index or the new one. All of it follows from the snapshots: what is missing,
damaged or of another snapshot is made of its snapshot again, and nothing else is.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from index.errors import SnapshotDamagedError
from index.search.segments import Segment
from index.storage.durable import FileStamp, make_folder, replace_file, stamp_of
from index.storage.snapshot_files import made_by
from index.storage.stored_rows import in_pieces, sums_of

FORMAT = 1

_SUFFIX = ".safetensors"


class Row(BaseModel):
    """What the index has of an article.

    Attributes:
        snapshot: The name of the snapshot that the segment was made of,
        digest: and what tells it from every other.
        segment: The SHA-256 of the segment's content.
    """

    model_config = ConfigDict(frozen=True)

    snapshot: str
    digest: str
    segment: str


class _Manifest(BaseModel):
    format: int
    made_by: str
    rows: dict[str, Row]
    sha256: str

    @classmethod
    def of(cls, rows: dict[str, Row]) -> _Manifest:
        rows = dict(sorted(rows.items()))
        plain = {article: row.model_dump() for article, row in rows.items()}
        sha256 = hashlib.sha256(json.dumps([FORMAT, made_by(), plain]).encode()).hexdigest()
        return cls(format=FORMAT, made_by=made_by(), rows=rows, sha256=sha256)


class WholeIndexFolder:
    """The index of one library. Whoever writes holds the library's lock.

    Args:
        path: ``index`` under the library's folder; made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._manifest = path / "manifest.json"

    def stamp(self) -> FileStamp:
        """Changes with the manifest."""
        return stamp_of(self._manifest)

    def rows(self) -> dict[str, Row]:
        """What the index has, by article; nothing where the manifest is damaged, or of another version."""
        try:
            manifest = _Manifest.model_validate_json(self._manifest.read_bytes())
        except (OSError, ValidationError):
            return {}
        return manifest.rows if manifest == _Manifest.of(manifest.rows) else {}

    def is_damaged(self) -> bool:
        """Whether there is a manifest that was not written so."""
        try:
            manifest = _Manifest.model_validate_json(self._manifest.read_bytes())
        except FileNotFoundError:
            return False
        except (OSError, ValidationError):
            return True
        is_ours = (manifest.format, manifest.made_by) == (FORMAT, made_by())
        return is_ours and manifest != _Manifest.of(manifest.rows)

    def segment(self, row: Row) -> Segment:
        """The segment of a row.

        Raises:
            SnapshotDamagedError: it is missing or altered.
        """
        path = self._path_of(row.segment)
        try:
            if sums_of(in_pieces(path)).sha256 != row.segment:
                raise SnapshotDamagedError("{file} is not as it was written.", file=path)
            with path.open("rb") as stream:
                return Segment.read(stream.read)
        except OSError as error:
            raise SnapshotDamagedError(
                "{file} cannot be read: {reason}.", file=path, reason=error.strerror
            ) from error

    def change(self, rows: dict[str, Row | None], segments: dict[str, Segment]) -> None:
        """Changes some rows, those that become None being struck out, and clears up what none names any more.

        Args:
            rows: By the articles' ids.
            segments: Those segments that may not be there yet, by the SHA-256 of their content.

        Raises:
            OSError: it cannot be written; the index is as it was.
        """
        before = self.rows()
        after = {article: row for article, row in {**before, **rows}.items() if row is not None}
        make_folder(self.path)
        for name, segment in segments.items():
            if not self._holds(name):
                replace_file(self._path_of(name), segment.write)
        if after != before or not self._manifest.exists():
            replace_file(self._manifest, _Manifest.of(after).model_dump_json().encode())
        self._sweep({row.segment for row in after.values()})

    def _holds(self, name: str) -> bool:
        try:
            return sums_of(in_pieces(self._path_of(name))).sha256 == name
        except OSError:
            return False

    def _sweep(self, names: set[str]) -> None:
        with os.scandir(self.path) as entries:
            for entry in entries:
                is_segment = entry.name.endswith(_SUFFIX) and not entry.name.startswith(".")
                unnamed = is_segment and entry.name.removesuffix(_SUFFIX) not in names
                if unnamed or entry.name.endswith(".writing"):
                    Path(entry).unlink(missing_ok=True)

    def _path_of(self, segment: str) -> Path:
        return self.path / f"{segment}{_SUFFIX}"


def row_of(snapshot: str, digest: str, segment: Segment) -> Row:
    """The row of a segment."""
    content = hashlib.sha256()
    segment.write(content.update)
    return Row(snapshot=snapshot, digest=digest, segment=content.hexdigest())
