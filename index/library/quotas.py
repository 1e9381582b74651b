"""What a server may have, and how much of the disk stays free whatever anybody does."""

from __future__ import annotations

import io
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from index.errors import QuotaError, SnapshotError
from index.library.finding import Collection
from index.model.library import QuotaKind, QuotaUse
from index.model.source import Source
from index.storage.upkeep import delete_oldest_removed

log = logging.getLogger(__name__)

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much there may be; 0 for as much as there is room for.

    Attributes:
        articles: Articles of a server.
        nbytes: Bytes that a server's library takes on disk, with all that is kept of it.
        questions: Questions in the file that accompanies an article of a server.
        free_bytes: Bytes of the disk that nothing is built or written into, whosever library it is.
    """

    articles: int = 0
    nbytes: int = 0
    questions: int = 0
    free_bytes: int = 0


class Allowance:
    """Holds the libraries of servers to their quotas, and every library to the floor of free disk.

    Args:
        quotas: How much there may be.
    """

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    def admit_article(self, collection: Collection) -> None:
        """Whether a library may get one article more.

        Raises:
            QuotaError: it has as many as it may have.
        """
        most = self._quotas.articles if collection.parent else 0
        count = len(collection.folder.ids())
        if most and count >= most:
            raise QuotaError(
                "This server has {count} of {most} articles. Remove one that is not needed any more, then "
                "add this one.",
                count=count,
                most=most,
            )

    def admit_source(self, collection: Collection, source: Source) -> None:
        """Whether a source may accompany an article of a library.

        Raises:
            QuotaError: it has too many questions.
        """
        most = self._quotas.questions if collection.parent else 0
        count = sum(1 for line in io.BytesIO(source.questions or b"") if line.strip())
        if most and count > most:
            raise QuotaError(
                "The file of questions has {count} questions. It may have {most}.", count=count, most=most
            )

    def admit_work(self, collection: Collection) -> None:
        """Whether there is room to build anything at all.

        Raises:
            QuotaError: the disk is nearly full.
        """
        self._demand_disk(collection.folder.path, 0)

    def admit_index(self, collection: Collection, *, more: int, less: int) -> None:
        """Whether there is room for an index, counting that what was removed can go for it.

        Args:
            collection: What it is for.
            more: The bytes that are about to be written.
            less: The bytes that go for it afterwards.

        Raises:
            QuotaError: there is none.
        """
        self._demand_disk(collection.folder.path, more)
        most = self._quotas.nbytes if collection.parent else 0
        if not most:
            return
        need = collection.folder.nbytes() + more - less
        if need > most and need - collection.folder.removed_bytes() > most:
            raise QuotaError(
                "This server's articles would take {size} MB with what is kept of them, and may take {most} "
                "MB. Remove one that is not needed any more, then try again. Nothing was changed.",
                size=-(-(need - collection.folder.removed_bytes()) // MB),
                most=most // MB,
            )

    def clear(self, collection: Collection) -> None:
        """Deletes what was removed, the oldest first, until a library takes no more than it may.

        The caller has the lock.
        """
        most = self._quotas.nbytes if collection.parent else 0
        try:
            while most and collection.folder.nbytes() > most and delete_oldest_removed(collection.folder):
                log.info("%s: an article that was removed went to make room.", collection.folder.path)
        except (OSError, SnapshotError) as error:
            log.warning("%s cannot be cleared up: %s", collection.folder.path, error)

    def use(self, collection: Collection) -> tuple[QuotaUse, ...]:
        """How much of what it may a library has; nothing for the common one."""
        if collection.parent is None:
            return ()
        uses = (
            QuotaUse(QuotaKind.ARTICLES, len(collection.folder.ids()), self._quotas.articles),
            QuotaUse(QuotaKind.BYTES, collection.folder.nbytes(), self._quotas.nbytes),
        )
        return tuple(use for use in uses if use.most)

    def _demand_disk(self, path: Path, more: int) -> None:
        if not self._quotas.free_bytes:
            return
        while not path.exists():
            path = path.parent
        if shutil.disk_usage(path).free - more < self._quotas.free_bytes:
            raise QuotaError(
                "The disk of the machine that I run on is nearly full, so nothing is added or indexed now. "
                "Nothing was changed, and questions are answered as before. Tell whoever runs me."
            )
