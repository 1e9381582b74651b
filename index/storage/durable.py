"""Files that outlast a crash: written, synced to disk, and put in place by one rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_file(path: Path, parts: Sequence[Any]) -> None:
    """Writes a file of one or more buffers and waits until the disk has it.

    Raises:
        OSError: it is not whole on disk.
    """
    with path.open("wb") as stream:
        for part in parts:
            stream.write(part)
        stream.flush()
        os.fsync(stream.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Puts ``content`` in a file's place: a reader finds the old content or the new, never a part.

    One at a time: the caller holds the lock.
    """
    beside = path.with_name(f".{path.name}.writing")
    try:
        write_file(beside, [content])
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append_line(path: Path, line: bytes) -> None:
    """Adds a line to a file; where that fails, the file is left as it was.

    A last line that a crash has cut off is closed first, so that it spoils no other.
    """
    with path.open("ab+") as stream:
        end = stream.seek(0, os.SEEK_END)
        if end:
            stream.seek(end - 1)
            if stream.read(1) != b"\n":
                line = b"\n" + line
        try:
            stream.write(line + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        except OSError:
            stream.truncate(end)
            raise
    sync_folder(path.parent)


def rename_for_good(old: Path, new: Path) -> None:
    """Renames a file or folder for good."""
    old.rename(new)
    sync_folder(new.parent)
    if old.parent != new.parent:
        sync_folder(old.parent)


def delete_folder(folder: Path) -> None:
    """Deletes a folder, if it is there, out of sight: nothing half deleted has its name."""
    if folder.exists():
        away = folder.with_name(f".removing-{folder.name}")
        shutil.rmtree(away, ignore_errors=True)
        folder.rename(away)
        shutil.rmtree(away, ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, for good."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Makes what happened in a folder last; Windows neither needs nor allows it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
