"""Files, attachments and web addresses in, articles out.

A source is first got, which gives its bytes (``read_file``, ``upload``, ``index.fetch.fetch``), and then
read, which gives the article and asks for nothing but the bytes.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from index.errors import ArticleError
from index.model.article import Article, Heading
from index.model.library import MAX_ID_CHARS
from index.model.source import Origin, Source, SourceKind
from index.sources.extract import (
    DAMAGED,
    DEFAULT_LIMITS,
    Extracted,
    Format,
    Limits,
    Refused,
    clean,
    extract,
    sniff,
)
from index.sources.web import fetch

__all__ = [
    "SHIPPED_ARTICLE",
    "Limits",
    "Origin",
    "Sidecar",
    "Source",
    "SourceKind",
    "article_id",
    "load_article",
    "read",
    "read_file",
    "reread",
    "upload",
]

log = logging.getLogger(__name__)

SHIPPED_ARTICLE = Path(__file__).parents[1] / "articles" / "khan-gaza-palestine.txt"
"""The article that ships with the project, word for word."""

_KNOWN_SUFFIX = re.compile(r"\.(?:txt|md|markdown|x?html?|pdf|docx|epub|php|aspx?|jsp)\Z", re.IGNORECASE)
_EXTRACTOR = str(Path(__file__).with_name("extract.py"))
_EXTRACTED = TypeAdapter(Extracted)


def _web_address(address: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]+", address):
        raise ValueError("should be a web address that starts with http:// or https://")
    return address


class Sidecar(BaseModel):
    """What a ``.toml`` beside the file may say of it. A key that is absent is as the file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_min_length=1)

    title: str | None = None
    title_is_label: bool = False
    author: str | None = None
    site: str | None = None
    language: str | None = None
    source: Annotated[str, AfterValidator(_web_address)] | None = None
    published: date | None = None
    questions: tuple[str, ...] = ()


def read_file(path: Path, limits: Limits = DEFAULT_LIMITS) -> Source:
    """Gets an article from a file, with what lies beside it: ``<name>.toml`` and ``<name>.questions.jsonl``.

    Raises:
        ArticleError: one of them cannot be read, or is larger than ``limits.max_bytes``.
    """
    path = path.expanduser().absolute()
    content = _bytes_of(path, "The article {source} cannot be read: {reason}.", limits)
    beside = {suffix: path.with_suffix(suffix) for suffix in (".toml", ".questions.jsonl")}
    sidecar, questions = (
        _bytes_of(file, "{source} cannot be read: {reason}.", limits)
        if file.exists() and file != path
        else None
        for file in beside.values()
    )
    shipped = path == SHIPPED_ARTICLE
    origin = Origin(SourceKind.SHIPPED, path.name) if shipped else Origin(SourceKind.FILE, str(path))
    return Source(origin, content, sidecar, questions)


def upload(
    name: str, content: bytes, *, questions: bytes | None = None, limits: Limits = DEFAULT_LIMITS
) -> Source:
    """Takes an article that somebody attached. ``name`` is only a label, and its ending tells the format.

    Raises:
        ArticleError: it is larger than ``limits.max_bytes``.
    """
    label = clean(re.split(r"[/\\]", name)[-1])[-100:].strip() or "attachment"
    for part in (content, questions or b""):
        if len(part) > limits.max_bytes:
            raise _too_large(label, limits)
    return Source(Origin(SourceKind.UPLOAD, label), content, questions=questions)


def reread(origin: Origin, limits: Limits = DEFAULT_LIMITS) -> Source | None:
    """Gets an article again from where it came; None for an attachment, which is nowhere but in the library.

    Raises:
        ArticleError: as ``read_file`` and ``fetch``.
    """
    match origin.kind:
        case SourceKind.SHIPPED:
            return read_file(SHIPPED_ARTICLE, limits)
        case SourceKind.FILE:
            return read_file(Path(origin.place), limits)
        case SourceKind.WEB:
            return fetch(origin.place, limits)
        case SourceKind.UPLOAD:
            return None


def read(source: Source, id: str, limits: Limits = DEFAULT_LIMITS) -> Article:  # noqa: A002 (as in Article)
    """Reads the article that a source holds. Plain text is taken as it is, but for a byte order mark.

    What the sidecar says of the article goes before what the file says of itself. Without a title in either,
    the source's name is the title, marked as a label.

    Raises:
        ArticleError: it is not an article, too large, or hostile; or the sidecar is not valid. The message
            names the source and says what to do.
    """
    place = source.origin.place
    sidecar = _sidecar(source)
    try:
        found = _extracted(source, limits)
    except Refused as refusal:
        raise ArticleError(refusal.message, source=place, **refusal.values) from refusal
    title = sidecar.title or clean(found.title or "")[:300]
    return Article(
        id=id,
        title=title or _label(source.origin),
        text=found.text,
        title_is_label=sidecar.title_is_label or not title,
        language=sidecar.language or _language(found.language) or "en",
        source=sidecar.source or _address(found.address),
        published=sidecar.published or _day(found.published),
        questions=sidecar.questions,
        author=sidecar.author or clean(found.author or "")[:200] or None,
        site=sidecar.site or clean(found.site or "")[:200] or None,
        headings=tuple(Heading(*heading) for heading in found.headings),
    )


def load_article(path: Path) -> Article:
    """Reads the article in a file; see ``read_file`` and ``read``."""
    return read(read_file(path), article_id(path.name))


def article_id(name: str | Path) -> str:
    """A file's name, a web address or a title as an id: at most MAX_ID_CHARS of a-z, 0-9 and hyphens."""
    name = str(name)
    on_web = re.match(r"https?://", name, re.IGNORECASE)
    name = _last_part(name) if on_web else re.split(r"[/\\]", name)[-1]
    plain = (
        unicodedata.normalize("NFKD", _KNOWN_SUFFIX.sub("", name).lower()).encode("ascii", "ignore").decode()
    )
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_ID_CHARS].strip("-") or "article"


def _last_part(address: str) -> str:
    """What of a web address tells the page best: the last part of its path, or the host."""
    parts = urlsplit(address)
    names = [
        name
        for part in unquote(parts.path).split("/")
        if (name := _KNOWN_SUFFIX.sub("", part)) and name not in ("index", "default")
    ]
    return names[-1] if names else (parts.hostname or "").removeprefix("www.")


def _label(origin: Origin) -> str:
    if origin.kind is SourceKind.WEB:
        return _last_part(origin.place) or origin.place
    return Path(origin.place).stem or origin.place


def _bytes_of(path: Path, message: str, limits: Limits) -> bytes:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ArticleError("{source} is not a file. Give the path of a file.", source=path)
        with path.open("rb") as file:
            content = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise ArticleError(message, source=path, reason=error.strerror or error) from error
    if len(content) > limits.max_bytes:
        raise _too_large(str(path), limits)
    return content


def _too_large(source: str, limits: Limits) -> ArticleError:
    return ArticleError(
        "{source} is larger than {limit} MB, the most that is read. Make it smaller and try again.",
        source=source,
        limit=f"{limits.max_bytes / 1e6:.3g}",
    )


def _sidecar(source: Source) -> Sidecar:
    if source.sidecar is None:
        return Sidecar()
    name = str(PurePosixPath(source.origin.place).with_suffix(".toml"))
    if source.origin.kind is SourceKind.FILE:
        name = str(Path(source.origin.place).with_suffix(".toml"))
    try:
        return Sidecar.model_validate(tomllib.loads(source.sidecar.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArticleError("{source} is not valid TOML: {reason}.", source=name, reason=error) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ArticleError(
            "{source} says something of the article that cannot be used: {wrong}.", source=name, wrong=wrong
        ) from error


def _extracted(source: Source, limits: Limits) -> Extracted:
    name = PurePosixPath(
        urlsplit(source.origin.place).path if source.origin.kind is SourceKind.WEB else source.origin.place
    )
    form = sniff(source.content, name.name, source.origin.media_type)
    if len(source.content) > limits.max_bytes:
        raise _too_large(source.origin.place, limits)
    if form is Format.TEXT and _is_utf8(source.content):
        return extract(source.content, form, limits)  # cannot be made to cost more than its length
    charset = re.search(r"charset=[\"']?([\w.:-]+)", source.origin.media_type or "", re.IGNORECASE)
    request = {
        "form": form,
        "limits": asdict(limits),
        "charset": charset and charset[1],
        "address": source.origin.place if source.origin.kind is SourceKind.WEB else None,
    }
    return _answer_to(_ask_apart(json.dumps(request), source.content, limits), form, limits)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _ask_apart(request: str, content: bytes, limits: Limits) -> str:
    """Has ``index.extract`` respond in a process of its own, bounded in time and memory; "" if that died."""
    try:
        done = subprocess.run(  # noqa: S603 (this very interpreter, and a file of this package)
            [sys.executable, "-P", _EXTRACTOR, request],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.max_extract_seconds,
            env={} if os.name == "posix" else None,  # no secret of ours is near a stranger's file
            check=False,
        )
    except subprocess.TimeoutExpired:
        return json.dumps({"exceeded": "time"})
    except OSError as error:
        raise ArticleError(
            "No process could be started to read {source}: {reason}.", source="the article", reason=error
        ) from error
    if done.returncode:
        log.info("The process that read an article ended with %d.", done.returncode)
        return ""
    return done.stdout.decode()


def _answer_to(response: str, form: Format, limits: Limits) -> Extracted:
    said: Mapping[str, Any] = json.loads(response) if response else {}
    match said:
        case {"article": article}:
            return _EXTRACTED.validate_python(article)
        case {"refused": str(message), "values": values}:
            raise Refused(message, **values)
        case {"exceeded": "time"}:
            raise Refused(
                "{source} takes longer than {limit} seconds to read. Make it smaller and try again.",
                limit=f"{limits.max_extract_seconds:g}",
            )
        case {"exceeded": "memory"}:
            raise Refused(
                "{source} takes more than {limit} MB of memory to read. Make it smaller and try again.",
                limit=limits.max_extract_bytes // 1_000_000,
            )
        case _:
            log.info("An article could not be read: %s", said.get("failed", "no answer"))
            raise Refused(DAMAGED, format=form)


def _language(tag: str | None) -> str | None:
    """The language of a tag such as en-GB."""
    found = re.match(r"([A-Za-z]{2,3})(?:[-_]|\Z)", (tag or "").strip())
    return found[1].lower() if found else None


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat((written or "")[:10])
    except ValueError:
        return None


def _address(address: str | None) -> str | None:
    try:
        return _web_address(address) if address and len(address) <= 2_000 else None
    except ValueError:
        return None
