"""What there is to know of a library whose folder says it itself: a backup's, or that of an older version.

Under the library's folder, as version 0.3 left it::

    library.json                the article in use, and those of single places; with a checksum
    history.jsonl               a line a change, oldest first; each with a checksum
    pending.json                the change that was under way
    left.json                   since when the bot is not in that server any more
    articles/<id>/failure.json  why its index could not be built again, where it could not
    articles/<id>/snapshots/    what is published, and ``.undone-…``, what was taken back
    removed/<id>/               an article that was removed, as it was

and in a backup, in place of the notes::

    records.json                all that the database had of it

What is taken over is only read here. Snapshots stay where they lie; the notes are put aside when the database
has them, or at the next start.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from index.errors import BackupError
from index.model.library import Action
from index.storage.durable import make_folder, rename_for_good
from index.storage.library_record import (
    SNAPSHOT_NAME,
    STORED_LIBRARY,
    ArticleRecord,
    Failure,
    LibraryRecord,
    SnapshotRecord,
    StoredLibrary,
    snapshot_number,
)
from index.storage.notes import Note

RECORDS = "records.json"
"""What the database had of a library, in a backup."""

ASIDE = "before-database"
"""The folder in which the notes of an older version are kept."""

_NOTES = ("library.json", "history.jsonl", "pending.json", "left.json")
_ID = re.compile(r"[a-z0-9][a-z0-9.-]*")
_PATH = re.compile(
    rf"(articles|removed)/(\.older-)?{_ID.pattern}/snapshots/(\.undone-)?\d{{6,}}-[0-9a-f]{{8}}"
)
_UNDONE_PREFIX, _OLDER_PREFIX = ".undone-", ".older-"

log = logging.getLogger(__name__)


def is_there(folder: Path) -> bool:
    """Whether a library's folder holds what belongs into the database."""
    return any((folder / name).exists() for name in (RECORDS, "articles", "removed", *_NOTES))


def has_notes(folder: Path) -> bool:
    """Whether notes of an older version lie in a library's folder, and not aside."""
    return any((folder / name).exists() for name in _NOTES)


def stored_library(folder: Path) -> StoredLibrary | None:
    """What a library's folder says of it; None where it says nothing.

    Raises:
        BackupError: it is from a backup of a newer version.
        OSError: it cannot be read.
    """
    if not is_there(folder):
        return None
    with contextlib.suppress(FileNotFoundError):
        content = (folder / RECORDS).read_bytes()
        try:
            library = STORED_LIBRARY.validate_json(content)
            _demand_inside(library.record)
        except ValueError as error:
            raise BackupError(
                "{file} is not as this version of Footnote knows it. Restore the backup with the version "
                "that made it.",
                file=folder / RECORDS,
            ) from error
        return library
    articles = _articles(folder, "articles")
    # Of two that were removed, the older one counts where a crash left it alone.
    removals = {
        name: replace(record, removed_at=_removed_at(folder, record))
        for prefix in (_OLDER_PREFIX, "")
        for name, record in _articles(folder, "removed", prefix).items()
    }
    notes = list(_notes(folder / "history.jsonl"))
    in_use, places = _in_use(folder, notes)
    pending = next(_notes(folder / "pending.json"), None)
    if pending is not None and pending not in notes and _is_done(pending, articles, in_use, places):
        notes.append(pending)
        if pending.action is Action.ADDED and in_use is None:
            in_use = pending.article
    record = LibraryRecord(
        in_use=in_use,
        places=places,
        left_at=_left_at(folder / "left.json"),
        articles=articles,
        removals=removals,
    )
    return StoredLibrary(record, tuple(notes))


def _demand_inside(record: LibraryRecord) -> None:
    """Makes sure that what a stranger may have written names nothing but what lies in the library's folder.

    Raises:
        ValueError: it does not.
    """
    ids = [*record.articles, *record.removals, *([record.pending.article] if record.pending else [])]
    if not all(map(_ID.fullmatch, ids)):
        raise ValueError("an article's id leads out of the folder")
    for one in record.snapshots:
        if one.digest is not None or not _PATH.fullmatch(one.path):
            raise ValueError("a snapshot does not lie in the folder")


def put_aside(folder: Path) -> None:
    """Puts the notes aside that the database has by now; what cannot be stays, and does no harm."""
    try:
        (folder / RECORDS).unlink(missing_ok=True)
        for file in (folder / name for name in _NOTES):
            if file.exists():
                make_folder(folder / ASIDE)
                rename_for_good(file, folder / ASIDE / file.name)
        for file in (folder / "articles").glob("*/failure.json"):
            file.unlink(missing_ok=True)
    except OSError as error:
        log.warning("What an earlier version noted in %s cannot be put aside: %s.", folder, error)


def _articles(folder: Path, part: str, prefix: str = "") -> dict[str, ArticleRecord]:
    """The articles of one part of a library's folder, whose names there have the prefix."""
    records = {}
    for path in _folders(folder / part):
        name = path.name.removeprefix(prefix)
        snapshots = tuple(_snapshots(folder, path / "snapshots"))
        is_ours = path.name == prefix + name and not name.startswith(".")
        if is_ours and any(one.undone_at is None for one in snapshots):
            records[name] = ArticleRecord(0, snapshots, failure=_failure(path / "failure.json"))
    return dict(sorted(records.items()))


def _snapshots(library: Path, folder: Path) -> Iterator[SnapshotRecord]:
    """The snapshots in a folder, newest first."""
    names = {path.name.removeprefix(_UNDONE_PREFIX): path for path in _folders(folder)}
    for name in sorted(filter(SNAPSHOT_NAME.fullmatch, names), key=snapshot_number, reverse=True):
        path = names[name]
        undone_at = _changed(path) if path.name.startswith(_UNDONE_PREFIX) else None
        yield SnapshotRecord(0, name, path.relative_to(library).as_posix(), undone_at)


def _folders(folder: Path) -> Iterable[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _removed_at(folder: Path, record: ArticleRecord) -> datetime:
    """When an article was removed: its folder, two above its snapshots', was touched then."""
    return _changed((folder / record.snapshots[0].path).parent.parent)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _notes(file: Path) -> Iterator[Note]:
    """The lines of a file that are as they were written."""
    with contextlib.suppress(FileNotFoundError):
        for line in file.read_bytes().split(b"\n"):
            with contextlib.suppress(ValidationError):
                note = Note.model_validate_json(line)
                plain = note.model_dump_json().encode()
                if line == plain[:-1] + b',"crc":"%08x"}' % zlib.crc32(plain):
                    yield note


def _in_use(folder: Path, notes: Iterable[Note]) -> tuple[str | None, dict[str, str]]:
    """What is in use: as it was noted, or, where that is damaged, as the history has it."""
    content = _json(folder / "library.json")
    with contextlib.suppress(KeyError, TypeError):
        in_use, places = content["in_use"], content["places"]
        plain = json.dumps([in_use, places], sort_keys=True)
        if content["sha256"] == sha256(plain.encode()).hexdigest():
            return in_use, dict(places)
    in_use, places = None, {}
    if not (folder / "library.json").exists():
        return in_use, places
    for note in notes:
        if note.action is Action.USED and note.place is not None:
            places[note.place] = note.article
        elif note.action is Action.USED or (note.action is Action.ADDED and in_use is None):
            in_use = note.article
    return in_use, places


def _is_done(
    note: Note, articles: dict[str, ArticleRecord], in_use: str | None, places: dict[str, str]
) -> bool:
    """Whether a change that was under way when its process ended had been made."""
    record = articles.get(note.article)
    numbers = {snapshot_number(one.name) for one in record.published} if record else set()
    match note.action:
        case Action.ADDED | Action.REINDEXED:
            return note.number in numbers
        case Action.REMOVED:
            return record is None
        case Action.UNDONE:
            return note.number not in numbers if note.number else record is not None
        case Action.USED:
            return note.article == (places.get(note.place) if note.place else in_use)


def _left_at(file: Path) -> datetime | None:
    if not file.exists():
        return None
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return datetime.fromisoformat(_json(file)["left"])
    return _changed(file)


def _failure(file: Path) -> Failure | None:
    content = _json(file)
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return Failure(datetime.fromisoformat(content["when"]), str(content["reason"]))
    return None


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
