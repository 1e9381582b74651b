"""Calls that arrive together go through a function together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class _Call(Generic[Item, Outcome]):
    """One call: what it gives, what it gets, and the lock that is let go when it has something to do."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcome: Outcome | None = None
        self.error: BaseException | None = None
        self.is_over = False
        self.turn = threading.Lock()


class MicroBatches(Generic[Item, Outcome]):
    """Lets one batch of calls through a function at a time, each in the thread of one of its calls.

    A call that finds nothing under way goes at once, alone. Those that come meanwhile are the next batch, so
    that none waits for longer than the batch before it takes.

    Args:
        work: From the items of a batch to their outcomes.
        most: How many items a batch may have.
    """

    def __init__(self, work: Callable[[list[Item]], Sequence[Outcome]], *, most: int) -> None:
        self._work, self._most = work, most
        self._guard = threading.Lock()
        self._is_busy = False
        self._waiting: list[_Call[Item, Outcome]] = []

    def __call__(self, item: Item) -> Outcome:
        """The outcome of an item.

        Raises:
            Exception: what the function raised for the item's batch.
        """
        call: _Call[Item, Outcome] = _Call(item)
        with self._guard:
            waits = self._is_busy
            self._is_busy = True
            if waits:
                call.turn.acquire()
                self._waiting.append(call)
        if waits:
            call.turn.acquire()  # let go by the batch before: either the call is over, or it leads the next
        if not call.is_over:
            self._lead(call)
        if call.error is not None:
            raise call.error
        return call.outcome  # type: ignore[return-value]  # an outcome may be None, too

    def _lead(self, call: _Call[Item, Outcome]) -> None:
        with self._guard:
            batch = [call, *self._waiting[: self._most - 1]]
            del self._waiting[: self._most - 1]
        try:
            outcomes = self._work([one.item for one in batch])
            for one, outcome in zip(batch, outcomes, strict=True):
                one.outcome = outcome
        except BaseException as error:  # each of the batch's calls raises it
            for one in batch:
                one.error = error
        with self._guard:
            following = self._waiting.pop(0) if self._waiting else None
            self._is_busy = following is not None
        for one in batch[1:]:
            one.is_over = True
            one.turn.release()
        if following is not None:
            following.turn.release()
