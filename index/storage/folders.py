"""What a folder holds, and what is said to people where it cannot be read or written to."""

from __future__ import annotations

from pathlib import Path

from index.errors import DataFolderError


def names_in(folder: Path) -> list[str]:
    """What is in a folder, in order; nothing where it is not there.

    Raises:
        DataFolderError: it cannot be read.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unreadable_folder(folder, error.strerror or str(error)) from error


def unreadable_folder(folder: Path, reason: str) -> DataFolderError:
    """The error for people where a data folder cannot be read."""
    return DataFolderError(
        "The data folder {folder} cannot be read: {reason}. Check its permissions, or choose another folder.",
        folder=folder,
        reason=reason,
    )


def unwritable_folder(folder: Path, reason: str) -> DataFolderError:
    """The error for people where a data folder cannot be written to."""
    return DataFolderError(
        "The data folder {folder} cannot be written to: {reason}. Check its permissions and space, "
        "or choose another folder.",
        folder=folder,
        reason=reason,
    )
