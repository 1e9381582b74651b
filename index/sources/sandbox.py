"""Has what strangers wrote read in a process of its own, bounded in time and memory.

It starts in an empty folder with an empty environment, and isolated (``-I``): no variable, no folder and no
``.env`` of ours is near a stranger's file, and no file near the one who starts Footnote can take a module's
place. Where the package lies is told it, so that it is found in a checkout as well as installed.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import site
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from index.errors import ArticleError
from index.model.article import Article
from index.model.source import Source, SourceKind
from index.model.watch import ListedPage, Listing, RobotRules, WatchKind
from index.sources.extract.refusals import DAMAGE, TOO_GREEDY, TOO_SLOW, Refusal
from index.sources.extract.wire import unpack
from index.sources.limits import Limits

log = logging.getLogger(__name__)

_PACKAGE = Path(__file__).parents[2]
_PATIENCE = 5 if os.name == "posix" else 1
"""How much longer than its processor time a process may take by the clock, as it lets others go first.

Where nothing stops it by its processor time, the clock has to do.
"""

_TIMEOUT_CODES = {-getattr(signal, name) for name in ("SIGPROF", "SIGXCPU") if hasattr(signal, name)}
"""What a process ends with that has used up its processor time."""

_START = "import sys; sys.path[:0] = sys.argv[1:]; from index.sources.extract.__main__ import main; main()"


class Response(NamedTuple):
    """What the process said: of what format the source is, if it came so far; what came of it; its parts."""

    form: str
    outcome: Mapping[str, Any]
    rest: bytes = b""


def extract(source: Source, language: str | None, limits: Limits) -> Article:
    """Takes the article out of a source, with what the source says of itself, and its sentences.

    Args:
        source: What was got.
        language: What it is written in, where that is known better than the source says it.
        limits: What it may cost.

    Raises:
        Refusal: it is no article, or costs more.
        ArticleError: no process could be started.
    """
    origin = source.origin
    on_web = origin.kind is SourceKind.WEB
    request = {
        "task": "source",
        "name": PurePosixPath(urlsplit(origin.place).path if on_web else origin.place).name,
        "media_type": origin.media_type,
        "address": origin.place if on_web else None,
        "language": language,
    }
    return _article(_asked(request, source.content, limits))


def analyse(article: Article, limits: Limits) -> Article:
    """An article that is here already, with its sentences, as ``extract`` would have found them.

    For one that an earlier version had read: this one's rules may not be as quick on it.

    Raises:
        ArticleError: that costs more than the limits, or no process could be started.
    """
    request = {"task": "text", "language": article.language}
    try:
        again = _article(_asked(request, article.text.encode(), limits))
    except Refusal as refusal:
        raise ArticleError(refusal.message, source=article.title, **refusal.values) from refusal
    return replace(article, sentences=again.sentences)


def jsonl_questions(content: bytes, limits: Limits) -> list[tuple[str, tuple[str, ...]]]:
    """The questions of a file of JSON lines, each with its evidence.

    Args:
        content: The file's bytes.
        limits: What it may cost.

    Raises:
        Refusal: it is no such file, or costs more.
        ArticleError: no process could be started.
    """
    request = {"task": "questions"}
    lines = _asked(request, content, limits).rest.splitlines()
    return [(text, tuple(evidence)) for text, evidence in map(json.loads, lines)]


def page_list(source: Source, limits: Limits) -> tuple[Listing, tuple[str, ...]]:
    """What a feed or a sitemap lists, and the addresses of other lists that it leads to.

    Args:
        source: What was got from the web.
        limits: What it may cost.

    Raises:
        Refusal: it is neither, or costs more.
        ArticleError: no process could be started.
    """
    response = _asked({"task": "list", "address": source.origin.place}, source.content, limits)
    try:
        plain = json.loads(response.rest)
        pages = tuple(
            ListedPage(address, stamp, None if date is None else datetime.fromisoformat(date))
            for address, stamp, date in plain["rows"]
        )
        listing = Listing(WatchKind(plain["kind"]), plain["title"], pages, plain["is_whole"])
        return listing, tuple(plain["lists"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(DAMAGE, format=response.form) from error


def robot_rules(content: bytes, addresses: Sequence[str], limits: Limits) -> RobotRules:
    """What a robots.txt says to Footnote of some addresses.

    Raises:
        Refusal: it costs more than the limits.
        ArticleError: no process could be started.
    """
    response = _asked({"task": "robots", "addresses": [*addresses]}, content, limits)
    try:
        permissions, delay = json.loads(response.rest)
        return RobotRules(tuple(permissions), delay)
    except (ValueError, TypeError) as error:
        raise Refusal(DAMAGE, format=response.form) from error


def _article(response: Response) -> Article:
    try:
        return unpack(response.rest)
    except ValueError as error:
        raise Refusal(DAMAGE, format=response.form) from error


def _asked(request: Mapping[str, Any], content: bytes, limits: Limits) -> Response:
    response = run({**request, "limits": asdict(limits)}, content, limits)
    match response.outcome:
        case {"done": _}:
            return response
        case {"refused": str(message), "values": dict(values)}:
            raise Refusal(message, **values)
        case {"exceeded": "time"}:
            raise Refusal(TOO_SLOW, limit=f"{limits.max_extract_seconds:g}")
        case {"exceeded": "memory"}:
            raise Refusal(TOO_GREEDY, limit=limits.max_extract_bytes // 1_000_000)
        case outcome:
            log.info("An article could not be read: %s", outcome.get("failed", "no answer"))
            raise Refusal(DAMAGE, format=response.form)


def run(request: Mapping[str, Any], content: bytes, limits: Limits) -> Response:
    """Has ``index.sources.extract`` respond in a process of its own.

    Raises:
        ArticleError: it could not be started.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="footnote-", ignore_cleanup_errors=True) as empty:
            process = subprocess.run(  # noqa: S603 (this very interpreter, and this package)
                [sys.executable, "-I", "-c", _START, *_paths()],
                input=b"%b\n%b" % (json.dumps(request).encode(), content),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_PATIENCE * limits.max_extract_seconds,
                cwd=empty,
                env={} if os.name == "posix" else None,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return Response("", {"exceeded": "time"})
    except OSError as error:
        raise _not_started(error.strerror or error) from error
    form, newline, answer = process.stdout.partition(b"\n")
    if process.returncode in _TIMEOUT_CODES:
        return Response(form.decode("ascii", "replace"), {"exceeded": "time"})
    if process.returncode:
        log.info("The process that read an article ended with %d.", process.returncode)
        if not newline and process.returncode > 0:  # it ended by itself before it looked at anything
            raise _not_started(f"it ended with {process.returncode}")
        return Response(form.decode("ascii", "replace"), {})
    head, _, rest = answer.partition(b"\n")
    try:
        outcome = json.loads(head)
    except ValueError:
        outcome = {}
    return Response(form.decode("ascii", "replace"), outcome if isinstance(outcome, dict) else {}, rest)


def _paths() -> list[str]:
    """Where the package lies, and the user's own libraries where they are used: -I leaves those out."""
    return [str(_PACKAGE), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]


def _not_started(reason: object) -> ArticleError:
    return ArticleError(
        "No process could be started to read {source}: {reason}.", source="the article", reason=reason
    )
