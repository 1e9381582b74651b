"""A worker: takes changes out of the database, one at a time, and makes them in the indexing thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError as FutureCancelledError
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.operations.logs import begin_request
from bot.service.change_request import UnforeseenError, make_change, outcome_json, request_of
from bot.service.threads import ClosingError, Threads
from index import CancelledError, FootnoteError, Job, Library, Limits, Progress, SnapshotError

SECONDS_BETWEEN_LOOKS = 1.0
"""How often it looks for a job that another process has posted, and whether its own is still wanted."""

MOST_TAKES = 3
"""How many workers may die of a job before it is given up."""

log = logging.getLogger(__name__)


class Worker:
    """Makes the changes that are posted, by this process or another, until it is closed.

    Args:
        library: The common library.
        threads: Where it works; what is being built again there comes first.
        limits: What a source may cost.
        tell: Told how far a job is, and None when it has ended.

    Attributes:
        has_database: Whether the database answered when it was last asked, a second ago at most.
    """

    def __init__(
        self,
        library: Library,
        *,
        threads: Threads,
        limits: Limits,
        tell: Callable[[str, Progress | None], None],
    ) -> None:
        self._library, self._jobs = library, library.jobs
        self._threads = threads
        self._limits = limits
        self._tell = tell
        self._work: _Work | None = None
        self.has_database = True
        self._closing, self._news = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Has it look for a job now; the first time, it begins to work."""
        self._news.set()
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._run, name="footnote-worker", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Has it stop at its next step; what it is at is left to another worker."""
        self._closing.set()
        self._news.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                is_idle = not (self._jobs.is_any_free() and self._take())
                self.has_database = True
            except SnapshotError as error:
                self._miss_database(error)
                is_idle = True
            if is_idle:
                self._news.wait(SECONDS_BETWEEN_LOOKS)
                self._news.clear()

    def _take(self) -> bool:
        """Has a job done, and renews its lease meanwhile; whether there was one."""
        turn = self._threads.index(self._do_next)
        while turn is not None:
            try:
                return turn.result(SECONDS_BETWEEN_LOOKS)
            except TimeoutError:
                self._renew()
            except FutureCancelledError:
                return False
        return False

    def _do_next(self) -> bool:
        job = None if self._closing.is_set() else self._jobs.take()
        if job is None:
            return False
        work = self._work = _Work(job)
        try:
            self._jobs.end(job, copy_context().run(self._outcome, job, work))
        except ClosingError:
            self._jobs.give_back(job)
        finally:
            self._work = None
            self._tell(job.id, None)
        return True

    def _outcome(self, job: Job, work: _Work) -> dict[str, Any]:
        begin_request(request_of(job.request).log_id)
        if job.takes > MOST_TAKES:
            return outcome_json(UnforeseenError("Each of the workers that took this change has died of it."))
        try:
            return outcome_json(make_change(self._library, job, self._limits, partial(self._step, work)))
        except ClosingError:
            raise
        except FootnoteError as error:
            return outcome_json(error)
        except Exception:
            log.exception("A change of %s failed.", f"server {job.server}" if job.server else "all")
            return outcome_json(UnforeseenError("The change failed; the log of the worker says why."))

    def _step(self, work: _Work, progress: Progress) -> None:
        """Tells how far a job is; raises to call it off. At each stage it asks whether that is to go on."""
        if self._closing.is_set():
            raise ClosingError
        if work.last is None or work.last.stage is not progress.stage:
            work.is_wanted = work.is_wanted and self._jobs.is_wanted(work.job)
        if not work.is_wanted:
            raise CancelledError("Called off. Nothing was changed.")
        work.last = progress
        self._tell(work.job.id, progress)

    def _renew(self) -> None:
        """Notes how far the job is, and that its worker lives."""
        if (work := self._work) is None:
            return
        try:
            work.is_wanted = self._jobs.renew(work.job, work.last)
            self.has_database = True
        except SnapshotError as error:  # the next time comes before the lease ends
            log.info("A lease could not be renewed: %s", error)
            self._miss_database(error)

    def _miss_database(self, error: SnapshotError) -> None:
        """Notes that the database does not answer, and says so once, whoever finds out."""
        if self.has_database:
            log.warning("Changes cannot be made: %s", error)
        self.has_database = False


@dataclass
class _Work:
    """A job that is being done.

    Attributes:
        job: As it was taken.
        last: How far it is.
        is_wanted: Whether it was to go on when that was asked last.
    """

    job: Job
    last: Progress | None = None
    is_wanted: bool = True
