"""What is wrong in a library's folder, for people. Nothing is mended by looking."""

from __future__ import annotations

from collections.abc import Iterator

from index.errors import SnapshotDamagedError
from index.storage.library_folder import LibraryFolder
from index.storage.snapshots import SnapshotFolder
from index.storage.transactions import describe


def faults(folder: LibraryFolder) -> Iterator[str]:
    """What is wrong on disk, a sentence each, the servers' folders included."""
    catalogue = folder.catalogue
    if catalogue.is_damaged():
        yield (
            f"{folder.path / 'library.json'} is damaged. Which article is in use is worked out from the "
            "history, and written anew with the next change."
        )
    if unreadable := catalogue.unreadable():
        lines = "1 line" if unreadable == 1 else f"{unreadable} lines"
        yield f"{folder.path / 'history.jsonl'} has {lines} that cannot be read."
    if (pending := catalogue.pending()) is not None:
        yield f"{describe(pending)} is under way, or was cut off: the next change mends it."
    for article in folder.articles():
        yield from _faults_of(folder.of(article))
        if (failure := folder.failure(article)) is not None:
            yield (
                f"The index of “{article}” in {folder.path} could not be built again at "
                f"{failure.when:%Y-%m-%d %H:%M} UTC: {failure.reason}"
            )
    for name in folder.branches():
        yield from faults(folder.branch(name))


def _faults_of(folder: SnapshotFolder) -> Iterator[str]:
    for name in folder.names():
        try:
            folder.check(name)
        except SnapshotDamagedError as error:
            if name in folder.names():  # and not removed meanwhile
                yield f"A snapshot is damaged: {error}"
    if left := folder.leftovers():
        yield f"{folder.folder} holds unfinished work: {', '.join(left)}. The next reindex removes it."
