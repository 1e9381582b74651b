"""The process that reads what strangers wrote: ``index.sources.sandbox`` starts it, and no other.

Standard input has a line of JSON, the request, and then the bytes. Standard output gets the name of the
format in a line, as soon as it is known, and then what came of it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from index.errors import QuestionFileError
from index.model.article import Article
from index.sources.extract.analysis import analysed
from index.sources.extract.formats import extract
from index.sources.extract.metadata import tidied
from index.sources.extract.refusals import Refusal
from index.sources.extract.robots import permissions
from index.sources.extract.sniff import sniff
from index.sources.extract.wire import pack
from index.sources.limits import Limits

OUT_OF_MEMORY = b'{"exceeded": "memory"}\n'
_NICENESS = 5
"""Answers go first: people wait for them, and whoever adds an article sees how far it is."""

_SUCCESS = b'{"done": true}\n'
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]++)", re.IGNORECASE)
_PEAK = re.compile(r"VmPeak:\s++(\d++) kB")


def respond(request: Mapping[str, Any], content: bytes) -> Iterator[bytes]:
    """Answers a request of ``index.sources.sandbox``; never raises.

    Yields:
        The format's name and a line's end; then a line of JSON and what belongs to it.
    """
    limits = Limits(**request["limits"])
    try:
        yield from _answer(request, content, limits)
    except Refusal as refusal:
        yield json.dumps({"refused": refusal.message, "values": refusal.values}).encode() + b"\n"
    except Exception as error:  # a parser may raise anything; the caller logs it
        if isinstance(error, MemoryError) or _is_full(limits):
            yield OUT_OF_MEMORY
        else:
            yield json.dumps({"failed": f"{type(error).__name__}: {error}"[:500]}).encode() + b"\n"


def _answer(request: Mapping[str, Any], content: bytes, limits: Limits) -> Iterator[bytes]:
    match request["task"]:
        case "source":
            yield from _article(request, content, limits)
        case "text":
            yield b"text\n"
            text = Article(id="", title="", text=content.decode(), language=request["language"])
            yield _SUCCESS + pack(analysed(text))
        case "questions":
            yield b"JSON lines\n"
            yield _SUCCESS + _questions(content)
        case "list":
            yield b"XML\n"
            yield _SUCCESS + _page_list(content, request["address"])
        case "robots":
            yield b"robots.txt\n"
            yield _SUCCESS + json.dumps(permissions(content, request["addresses"])).encode()


def _article(request: Mapping[str, Any], content: bytes, limits: Limits) -> Iterator[bytes]:
    try:
        form = sniff(content, request["name"], request["media_type"])
    except Refusal:
        yield b"\n"
        raise
    yield form.encode() + b"\n"
    charset = _CHARSET.search(request["media_type"] or "")
    article = extract(content, form, limits, charset=charset and charset[1], address=request["address"])
    yield _SUCCESS + pack(analysed(tidied(article, request["language"])))


def _questions(content: bytes) -> bytes:
    from index.sources.extract.questions import jsonl_questions

    try:
        questions = jsonl_questions(content)
    except QuestionFileError as error:
        raise Refusal(error.message, **error.values) from error
    return b"\n".join(json.dumps([one.question, one.evidence]).encode() for one in questions)


def _page_list(content: bytes, address: str) -> bytes:
    from index.sources.extract.listing import page_list

    return json.dumps(page_list(content, address)._asdict()).encode()


def _bound(limits: Limits) -> None:
    """Bounds this process; where the system has no such bounds, its time is still kept by who started it."""
    try:
        import resource
    except ImportError:
        return
    os.nice(_NICENESS)
    signal.setitimer(signal.ITIMER_PROF, limits.max_extract_seconds)
    seconds = int(limits.max_extract_seconds) + 1  # for whoever finds a way around the alarm
    for what, most in (
        (resource.RLIMIT_AS, limits.max_extract_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError) as error:
            logging.getLogger(__name__).debug("No limit on %s: %s", what, error)


def _is_full(limits: Limits) -> bool:
    """Whether this process came near its bound: libraries in C call a lack of memory many names."""
    status = Path("/proc/self/status")  # Linux; elsewhere the bound does not hold either
    peak = _PEAK.search(status.read_text(encoding="ascii")) if status.exists() else None
    return peak is not None and int(peak[1]) * 1_024 > 0.8 * limits.max_extract_bytes


def main() -> None:
    """Reads a request and a file from standard input; writes what came of it."""
    logging.disable()
    request = json.loads(sys.stdin.buffer.readline())
    _bound(Limits(**request["limits"]))
    try:
        for part in respond(request, sys.stdin.buffer.read()):
            sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
    except MemoryError:
        sys.stdout.buffer.write(OUT_OF_MEMORY)


if __name__ == "__main__":
    main()
