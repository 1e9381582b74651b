"""The log: a line as text or as JSON, each with the id of the request that it belongs to.

A request is what one event of Discord asks for. Its id is made when the event arrives and goes with it into
every task and thread that works for it; it is random, so it says nothing of who asked, and it is the
reference that people are given where something went wrong.
"""

from __future__ import annotations

import json
import logging
import secrets
from contextvars import ContextVar
from datetime import UTC, datetime

_ID_BYTES = 4  # eight letters that tell a day's requests apart
_request: ContextVar[str | None] = ContextVar("request", default=None)


def begin_request(request: str | None = None) -> str:
    """Gives the current task, and all that it starts from now on, a request's id; None for a new one."""
    request = request or secrets.token_hex(_ID_BYTES)
    _request.set(request)
    return request


def request_id() -> str | None:
    """The id of the request that is being worked for, if any."""
    return _request.get()


class TextLines(logging.Formatter):
    """Lines for people: time, level, logger, the request's id where there is one, message."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname:<8} {name} {request}{message}", "%Y-%m-%d %H:%M:%S", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        request = request_id()
        record.request = f"[{request}] " if request else ""
        return super().format(record)


class JsonLines(logging.Formatter):
    """Lines for machines: a JSON object each, with ``exception`` where a traceback belongs to it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, str] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := request_id():
            line["request"] = request
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
