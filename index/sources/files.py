"""Files, attachments and web addresses in, articles out.

A source is first got, which gives its bytes (``read_file``, ``upload``, ``index.sources.web.fetch``), and
then read, which gives the article and asks for nothing but the bytes.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePath, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from index.errors import ArticleError
from index.model.article import Article
from index.model.source import Origin, Source, SourceKind
from index.model.watch import Listing
from index.sources.claims import settled
from index.sources.extract.blocks import clean
from index.sources.extract.metadata import web_address
from index.sources.extract.refusals import Refusal
from index.sources.ids import article_id, file_name, label
from index.sources.limits import DEFAULT_LIMITS, Limits
from index.sources.sandbox import extract, page_list
from index.sources.web import fetch

SHIPPED_ARTICLE = Path(__file__).parents[1] / "articles" / "khan-gaza-palestine.txt"
"""The article that ships with the project, word for word."""


def _web_address(address: str) -> str:
    if web_address(address) is None:
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


def upload(name: str, content: bytes, *, questions: bytes | None = None) -> Source:
    """Takes an article that somebody attached. ``name`` is only a label, and its ending tells the format."""
    place = clean(file_name(name))[-100:].strip() or "attachment"
    return Source(Origin(SourceKind.UPLOAD, place), content, questions=questions)


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
        case SourceKind.UPLOAD | SourceKind.ANSWERS:
            return None


def read(source: Source, id: str, limits: Limits = DEFAULT_LIMITS) -> Article:  # noqa: A002 (as in Article)
    """Reads the article that a source holds. Plain text is taken as it is, but for a byte order mark.

    What the sidecar says of the article goes before what the file says of itself. Without a title in either,
    the source's name is the title, marked as a label. What a stranger's file says of where it is from is only
    a claim: see ``claims``.

    Raises:
        ArticleError: it is not an article, too large, or hostile; or the sidecar is not valid. The message
            names the source and says what to do.
    """
    place = source.origin.place
    sidecar = _sidecar(source)
    if max(len(source.content), len(source.questions or b"")) > limits.max_bytes:
        raise _too_large(place, limits)
    try:
        article = settled(extract(source, sidecar.language, limits), source.origin)
    except Refusal as refusal:
        raise ArticleError(refusal.message, source=place, **refusal.values) from refusal
    title = sidecar.title or article.title
    return replace(
        article,
        id=id,
        title=title or label(source.origin),
        title_is_label=sidecar.title_is_label or not title,
        source=sidecar.source or article.source,
        published=sidecar.published or article.published,
        questions=sidecar.questions,
        author=sidecar.author or article.author,
        site=sidecar.site or article.site,
    )


def read_list(source: Source, limits: Limits = DEFAULT_LIMITS) -> tuple[Listing, tuple[str, ...]]:
    """What a feed or a sitemap lists, and the addresses of other lists that it leads to.

    Raises:
        ArticleError: it is neither, too large, or hostile.
    """
    try:
        return page_list(source, limits)
    except Refusal as refusal:
        raise ArticleError(refusal.message, source=source.origin.place, **refusal.values) from refusal


def load_article(path: Path) -> Article:
    """Reads the article in a file; see ``read_file`` and ``read``."""
    return read(read_file(path), article_id(path.name))


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


def _sidecar_name(place: PurePath) -> str:
    """Where the sidecar of a file is; what is uploaded may have any name, also none that takes an ending."""
    return str(place.with_suffix(".toml")) if place.name else f"{place}.toml"


def _sidecar(source: Source) -> Sidecar:
    if source.sidecar is None:
        return Sidecar()
    of_file = source.origin.kind is SourceKind.FILE
    name = _sidecar_name(Path(source.origin.place) if of_file else PurePosixPath(source.origin.place))
    try:
        return Sidecar.model_validate(tomllib.loads(source.sidecar.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArticleError("{source} is not valid TOML: {reason}.", source=name, reason=error) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ArticleError(
            "{source} says something of the article that cannot be used: {wrong}.", source=name, wrong=wrong
        ) from error
