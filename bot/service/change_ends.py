"""How changes end, for those who watch the bot."""

from __future__ import annotations

import asyncio

from bot.operations.metrics import ChangeEnd, Metrics
from bot.service.change_request import ChangeOutcome
from bot.service.threads import ClosingError
from index import CancelledError, FootnoteError


def count_end(metrics: Metrics, change: asyncio.Task[ChangeOutcome]) -> None:
    """Counts a change that has ended."""
    end = _end(change)
    is_made = end in (ChangeEnd.ADDED, ChangeEnd.REINDEXED, ChangeEnd.UNCHANGED)
    metrics.count_change(end, change.result().report.seconds if is_made else None)


def _end(change: asyncio.Task[ChangeOutcome]) -> ChangeEnd:
    """How a change that has ended did."""
    if change.cancelled():
        return ChangeEnd.CANCELLED
    match change.exception():
        case None if not change.result().report.published:
            return ChangeEnd.UNCHANGED
        case None:
            return ChangeEnd.ADDED if change.result().added else ChangeEnd.REINDEXED
        case CancelledError() | ClosingError():
            return ChangeEnd.CANCELLED
        case FootnoteError(for_operator=False):
            return ChangeEnd.REFUSED
        case _:
            return ChangeEnd.FAILED
