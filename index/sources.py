"""Bytes or a path in, Article out."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from index.errors import ArticleError
from index.models import Article

SHIPPED_ARTICLE = Path(__file__).parent / "articles" / "khan-gaza-palestine.txt"
"""The article that ships with the project, word for word."""


def _web_address(address: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]+", address):
        raise ValueError("should be a web address that starts with http:// or https://")
    return address


class Sidecar(BaseModel):
    """What a ``.toml`` beside the text may say of it. A key that is absent is unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_min_length=1)

    title: str | None = None
    title_is_label: bool = False
    language: str = "en"
    source: Annotated[str, AfterValidator(_web_address)] | None = None
    published: date | None = None
    questions: tuple[str, ...] = ()


def load_article(path: Path) -> Article:
    """Reads an article from a UTF-8 text file and the ``.toml`` of the same name beside it, if any.

    The text is taken as it is, line ends included; only a byte order mark is left out. Without a title in
    the sidecar, the file's name is the title, marked as a label.

    Raises:
        ArticleError: the file is missing, unreadable, not UTF-8 or empty, or the sidecar is not valid.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"{path} is not UTF-8 text (byte {error.start} is not valid). Save it as UTF-8 and try again."
        ) from error
    except OSError as error:
        raise ArticleError(f"The article {path} cannot be read: {error.strerror or error}.") from error
    if not text.strip():
        raise ArticleError(f"{path} holds no text. An article needs at least one sentence.")
    sidecar = _load_sidecar(path.with_suffix(".toml"))
    return Article(
        id=article_id(path),
        title=sidecar.title or path.stem,
        text=text,
        title_is_label=sidecar.title_is_label or sidecar.title is None,
        language=sidecar.language,
        source=sidecar.source,
        published=sidecar.published,
        questions=sidecar.questions,
    )


def article_id(path: Path) -> str:
    """A file's name as an id: lower-case ASCII letters, digits and hyphens, at most 40 of them."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40].strip("-") or "article"


def _load_sidecar(path: Path) -> Sidecar:
    if not path.exists():
        return Sidecar()
    try:
        return Sidecar.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ArticleError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ArticleError(f"{path} says something of the article that cannot be used: {wrong}.") from error
    except OSError as error:
        raise ArticleError(f"{path} cannot be read: {error.strerror or error}.") from error
