"""Indexes that have to be built again: each once, with its progress; rarely, where that fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from index.errors import FootnoteError, RebuildingError
from index.library.finding import Holding
from index.library.memory import Newest
from index.model.library import Progress, Stage
from index.search.build import OnProgress

Rebuild: TypeAlias = Callable[[OnProgress], None]
"""Builds an index again, telling how far it is; what it tells may raise to call it off."""

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3_600.0
"""Seconds until an index that could not be built is tried once more: doubled each time, up to an hour."""

log = logging.getLogger(__name__)


@dataclass
class _Attempt:
    """What is being done, or was tried, about an index.

    Attributes:
        newest: The newest snapshot when it was begun: another one may need none of it.
        step: How far embedding its passages is; None before that.
        failures: How often in a row it failed.
        due: When it is tried again; None while it waits or runs.
        error: Why it failed last.
    """

    newest: Newest
    step: Progress | None = None
    failures: int = 0
    due: float | None = None
    error: Exception | None = None


class Rebuilder:
    """Has indexes built again, in the background where one was given, else on the spot. Thread-safe.

    Args:
        now: Seconds that only go forward.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._submit: Callable[[Rebuild], object] | None = None
        self._attempts: dict[tuple[Path, str], _Attempt] = {}
        self._lock = threading.Lock()

    @property
    def in_background(self) -> bool:
        """Whether questions go on meanwhile."""
        return self._submit is not None

    def work_in(self, submit: Callable[[Rebuild], object]) -> None:
        """Has indexes built where ``submit`` runs what it is given, with what it tells of progress."""
        self._submit = submit

    def demand(self, holding: Holding, newest: Newest, rebuild: Rebuild) -> None:
        """Has an index built in the background, unless that is on the way or failed a short while ago."""
        if self._submit is not None and self._begin(holding.key, newest):
            self._submit(partial(self._run, holding, rebuild))

    def may_try(self, key: tuple[Path, str], newest: Newest) -> bool:
        """Whether an index may be built again on the spot: not if that has just failed."""
        with self._lock:
            attempt = self._attempts.get(key)
            return attempt is None or attempt.newest != newest or not self._rests(attempt)

    def run(self, holding: Holding, newest: Newest, rebuild: Rebuild, on_progress: OnProgress) -> None:
        """Builds an index again on the spot; what goes wrong is raised, and remembered for a while."""
        self._begin(holding.key, newest)
        self._work(holding, rebuild, on_progress)

    def answer(self, key: tuple[Path, str], newest: Newest) -> FootnoteError | None:
        """What a question is told of an index that is not there yet; None where nothing is done about it."""
        with self._lock:
            attempt = self._attempts.get(key)
            if attempt is None or attempt.newest != newest:
                return None
            if attempt.due is None:
                return _under_way(attempt.step)
            if not self._rests(attempt):
                return None
            return _failed(attempt.due - self._now())

    def last_error(self, key: tuple[Path, str]) -> Exception | None:
        """Why an index could not be built again the last time."""
        with self._lock:
            attempt = self._attempts.get(key)
            return attempt.error if attempt else None

    def _begin(self, key: tuple[Path, str], newest: Newest) -> bool:
        with self._lock:
            attempt = self._attempts.get(key)
            if attempt is not None and attempt.newest == newest:
                if attempt.due is None or self._rests(attempt):
                    return False
                attempt.due = attempt.step = None
            elif attempt is None or attempt.due is not None:
                self._attempts[key] = _Attempt(newest)
            else:
                return False  # what is on the way looks what is newest when it has its turn
            return True

    def _run(self, holding: Holding, rebuild: Rebuild, on_progress: OnProgress) -> None:
        """In the background, where nobody waits for what it raises."""
        try:
            self._work(holding, rebuild, on_progress)
        except Exception as error:
            if self.last_error(holding.key) is error:
                traceback = None if isinstance(error, FootnoteError) else error
                message = "“%s” cannot be built again: %s"
                log.log(logging.ERROR, message, holding.id, error, exc_info=traceback)

    def _work(self, holding: Holding, rebuild: Rebuild, on_progress: OnProgress) -> None:
        key, called_off = holding.key, False

        def track(step: Progress) -> None:
            nonlocal called_off
            with self._lock:
                if step.stage is Stage.EMBED and key in self._attempts:
                    self._attempts[key].step = step
            try:
                on_progress(step)
            except BaseException:
                called_off = True
                raise

        try:
            rebuild(track)
        except BaseException as error:
            if called_off or not isinstance(error, Exception):
                self._end(key, None)
            else:
                self._end(key, error)
                holding.collection.folder.note_failure(holding.id, str(error))
            raise
        self._end(key, None)
        holding.collection.folder.note_failure(holding.id, None)

    def _end(self, key: tuple[Path, str], error: Exception | None) -> None:
        with self._lock:
            attempt = self._attempts.get(key)
            if attempt is None:
                return
            if error is None:
                del self._attempts[key]
                return
            attempt.error = error
            attempt.due = self._now() + min(FIRST_PAUSE * 2**attempt.failures, LONGEST_PAUSE)
            attempt.failures += 1

    def _rests(self, attempt: _Attempt) -> bool:
        return attempt.due is not None and self._now() < attempt.due


def about_to_be_rebuilt() -> RebuildingError:
    """What a question is told of an index whose turn to be built has not come yet."""
    return RebuildingError(
        "The index of this article is about to be rebuilt. Please ask again in a minute.", done=0, total=0
    )


def _under_way(step: Progress | None) -> RebuildingError:
    if step is None or not step.total:
        return about_to_be_rebuilt()
    return RebuildingError(
        "The index of this article is being rebuilt: {done} of {total} passages are done. Please ask again "
        "in a moment.",
        done=step.done,
        total=step.total,
    )


def _failed(seconds: float) -> RebuildingError:
    return RebuildingError(
        "The index of this article could not be rebuilt. It is tried again in {minutes} min; why it failed "
        "stands in my log.",
        done=0,
        total=0,
        minutes=max(1, round(seconds / 60)),
    )
