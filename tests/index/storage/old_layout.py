"""A data folder as version 0.3 left it, made of one of today: the notes beside the articles, no database."""

from __future__ import annotations

import json
import os
import zlib
from hashlib import sha256
from pathlib import Path

from index.storage.database import FILE, Database
from index.storage.library_folder import LibraryFolder
from index.storage.library_record import LibraryRecord
from index.storage.notes import Note


def line(note: Note) -> bytes:
    """A change as it was kept: with its checksum."""
    plain = note.model_dump_json().encode()
    return plain[:-1] + b',"crc":"%08x"}' % zlib.crc32(plain)


def make_old(data: Path) -> None:
    """Turns a data folder, which nothing has open, into an old one."""
    database = Database(data)
    root = LibraryFolder(data, snapshots_kept=3, database=database)
    for folder in (root, *(root.branch(server) for server in root.branches())):
        _turn_back(folder)
    database.close()
    for path in data.glob(f"{FILE}*"):
        path.unlink()


def _turn_back(folder: LibraryFolder) -> None:
    record, notes, path = folder.records.now(), folder.records.notes(), folder.path
    for article, article_record in record.removals.items():
        for one in article_record.snapshots:
            target = path / "removed" / article / "snapshots" / Path(one.path).name
            target.parent.mkdir(parents=True, exist_ok=True)
            (path / one.path).rename(target)
        assert article_record.removed_at is not None
        then = article_record.removed_at.timestamp()
        os.utime(path / "removed" / article, (then, then))
        if article not in record.articles:
            (path / "articles" / article / "snapshots").rmdir()
            (path / "articles" / article).rmdir()
    for article_record in record.articles.values():
        for one in article_record.undone:
            assert one.undone_at is not None
            undone = (path / one.path).with_name(f".undone-{one.name}")
            (path / one.path).rename(undone)
            os.utime(undone, (one.undone_at.timestamp(), one.undone_at.timestamp()))
    _write_notes(path, record, notes)


def _write_notes(path: Path, record: LibraryRecord, notes: list[Note]) -> None:
    if record.in_use or record.places:
        places = dict(record.places)
        plain = json.dumps([record.in_use, places], sort_keys=True)
        state = {"in_use": record.in_use, "places": places, "sha256": sha256(plain.encode()).hexdigest()}
        (path / "library.json").write_text(json.dumps(state))
    if notes:
        (path / "history.jsonl").write_bytes(b"".join(line(note) + b"\n" for note in notes))
    if record.left_at is not None:
        (path / "left.json").write_text(json.dumps({"left": record.left_at.isoformat()}))
    for article, article_record in record.articles.items():
        if (failure := article_record.failure) is not None:
            content = {"when": failure.when.isoformat(), "reason": failure.reason}
            (path / "articles" / article / "failure.json").write_text(json.dumps(content))
