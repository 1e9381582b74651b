"""What is wrong in a library's folder, for people. Nothing is mended by looking."""

from __future__ import annotations

from collections.abc import Iterator

from index.errors import SnapshotDamagedError
from index.storage.library_folder import LibraryFolder
from index.storage.notes import describe
from index.storage.snapshots import SnapshotFolder


def faults(folder: LibraryFolder) -> Iterator[str]:
    """What is wrong on disk and in the database, a sentence each, the servers' libraries included."""
    database_faults = list(folder.records.database.faults())
    yield from database_faults
    if not database_faults:  # else nothing says what there is
        yield from _faults_of_library(folder)
        for name in folder.branches():
            yield from _faults_of_library(folder.branch(name))


def _faults_of_library(folder: LibraryFolder) -> Iterator[str]:
    record = folder.records.now()
    if record.pending is not None:
        yield f"{describe(record.pending)} is under way, or was cut off: the next change mends it."
    yield from _faults_of_index(folder)
    for article, article_record in record.articles.items():
        yield from _faults_of(folder.of(article))
        if (failure := article_record.failure) is not None:
            yield (
                f"The index of “{article}” in {folder.path} could not be built again at "
                f"{failure.when:%Y-%m-%d %H:%M} UTC: {failure.reason}"
            )


def _faults_of_index(folder: LibraryFolder) -> Iterator[str]:
    mending = "It is made again of its articles when all of them are asked."
    if folder.index.is_damaged():
        yield f"{folder.index.path / 'manifest.json'} is damaged. {mending}"
    for row in folder.index.rows().values():
        try:
            folder.index.segment(row)
        except SnapshotDamagedError as error:
            yield f"The index of the library is damaged: {error} {mending}"


def _faults_of(folder: SnapshotFolder) -> Iterator[str]:
    for name in filter(folder.is_here, folder.names()):
        try:
            folder.check(name)
        except SnapshotDamagedError as error:
            if name in folder.names():  # and not removed meanwhile
                yield f"A snapshot is damaged: {error}"
    if leftovers := folder.leftovers():
        yield f"{folder.folder} holds unfinished work: {', '.join(leftovers)}. The next reindex removes it."
