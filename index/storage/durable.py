"""Files that outlast a crash: written, synced to disk, and put in place by one rename."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

log = logging.getLogger(__name__)

FileStamp: TypeAlias = tuple[int, int, int] | None
"""What tells a file from what it was before; None where there is none."""

REMOVING = ".removing-"
"""How the name of a folder begins that is being deleted."""


Fill: TypeAlias = Callable[[Callable[[Any], object]], object]
"""Gives the content of a file, piece by piece, to what it is given, which writes a buffer."""


def write_file(path: Path, fill: Fill) -> None:
    """Writes a file and waits until the disk has it.

    Args:
        path: Where.
        fill: What is to stand in it.

    Raises:
        OSError: it is not whole on disk.
    """
    with path.open("wb") as stream:
        fill(stream.write)
        stream.flush()
        os.fsync(stream.fileno())


def replace_file(path: Path, content: bytes | Fill) -> None:
    """Puts ``content`` in a file's place: a reader finds the old content or the new, never a part.

    One at a time: the caller holds the lock.

    Raises:
        OSError: the old content is there.
    """
    beside = path.with_name(f".{path.name}.writing")
    try:
        write_file(beside, content if callable(content) else lambda write: write(content))
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    try:
        sync_folder(path.parent)
    except OSError as error:
        log.warning("%s may not outlast a crash of the machine: %s.", path, error.strerror)


def rename_for_good(old: Path, new: Path) -> None:
    """Renames a file or folder for good, or not at all.

    Where the disk does not say that it has it, it is renamed back. Where that fails as well, it stays
    renamed, and only a crash of the whole machine can still undo it.

    Raises:
        OSError: it is not renamed.
    """
    old.rename(new)
    try:
        sync_folder(new.parent)
        if old.parent != new.parent:
            sync_folder(old.parent)
    except OSError as error:
        try:
            new.rename(old)
        except OSError:
            log.warning("%s may not outlast a crash of the machine: %s.", new, error.strerror)
        else:
            raise


def delete_folder(folder: Path) -> None:
    """Deletes a folder, if it is there: renamed first, so that nothing half deleted has its name.

    What a crash leaves of it has a name that begins with ``REMOVING``.
    """
    if folder.exists():
        away = folder.with_name(f"{REMOVING}{folder.name}-{secrets.token_hex(4)}")
        rename_for_good(folder, away)
        shutil.rmtree(away, ignore_errors=True)


def folder_bytes(folder: Path) -> int:
    """The bytes of all files below a folder; 0 where it is not there. What goes meanwhile is not counted."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    deeper = entry.is_dir(follow_symlinks=False)
                    total += (
                        folder_bytes(Path(entry)) if deeper else entry.stat(follow_symlinks=False).st_size
                    )
                except FileNotFoundError:
                    continue
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return total


def path_bytes(path: Path) -> int:
    """The bytes of a file, or of all files below a folder; 0 where it is not there."""
    with contextlib.suppress(FileNotFoundError):
        return folder_bytes(path) if path.is_dir() else path.stat().st_size
    return 0


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


def stamp_of(path: Path) -> FileStamp:
    """What tells a file or a folder from what it was before."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
