"""How many changes may be made: by a server, by all of them, and how many may wait for their turn."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator

from bot.service.rates import Window
from index import FootnoteError, QuotaKind, QuotaUse, ReindexRunningError

HOUR = 3_600.0
ALL = "all"


class TooManyChangesError(FootnoteError):
    """A server, or all of them together, changed their libraries more often than they may."""


class ChangesWaitingError(FootnoteError):
    """Too many changes are waiting for their turn already."""


class ChangeAllowance:
    """How many changes may be made.

    Args:
        server: Changes an hour of one server; 0 for no limit.
        everyone: The same of all servers together.
        pending: How many may be under way or wait for their turn; 0 for no limit. Of one server it is one.
        now: The time in seconds.
    """

    def __init__(
        self,
        *,
        server: int = 0,
        everyone: int = 0,
        pending: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._server, self._pending = server, pending
        self._servers = Window(server, seconds=HOUR)
        self._everyone = Window(everyone, seconds=HOUR)
        self._under_way: set[int | None] = set()

    @contextlib.contextmanager
    def one_at_a_time(self, server: int | None) -> Iterator[None]:
        """Marks that a library is being changed.

        Raises:
            ReindexRunningError: it is already.
        """
        if server in self._under_way:
            raise ReindexRunningError("A reindex is running already. Wait until it is done.")
        self._under_way.add(server)
        try:
            yield
        finally:
            self._under_way.discard(server)

    @contextlib.contextmanager
    def counted(self, server: int | None, *, waiting: int = 0) -> Iterator[None]:
        """Counts a change that takes its time, and marks that it is under way.

        Args:
            server: Whose library is changed.
            waiting: How many changes are under way or wait for their turn, whichever process posted them.

        Raises:
            ReindexRunningError: the library is being changed already.
            ChangesWaitingError: too many are waiting.
            TooManyChangesError: this server, or all together, made as many as they may.
        """
        with self.one_at_a_time(server):
            if self._pending and waiting >= self._pending:
                raise ChangesWaitingError(
                    "{count} changes are waiting for their turn already. Please try again in a few minutes.",
                    count=waiting,
                )
            self._count(server)
            yield

    def use(self, server: int | None) -> tuple[QuotaUse, ...]:
        """How many of its changes of this hour a server has made."""
        if not self._server:
            return ()
        return (QuotaUse(QuotaKind.CHANGES, self._servers.times(server, self._now()), self._server),)

    def _count(self, server: int | None) -> None:
        now = self._now()
        if minutes := _minutes(self._servers.wait(server, now)):
            raise TooManyChangesError(
                "This server has made {count} changes within an hour, as many as it may. Try again in "
                "{minutes} min.",
                count=self._server,
                minutes=minutes,
            )
        if minutes := _minutes(self._everyone.wait(ALL, now)):
            raise TooManyChangesError(
                "All servers together have made as many changes in this hour as I can take. Try again in "
                "{minutes} min.",
                minutes=minutes,
            )
        self._servers.count(server, now)
        self._everyone.count(ALL, now)


def _minutes(seconds: int) -> int:
    return math.ceil(seconds / 60)
