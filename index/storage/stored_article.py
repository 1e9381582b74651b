"""An article and its passages as JSON, written some at a time: as a whole it takes more than the text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import chain, islice
from typing import Any

from pydantic import BaseModel, TypeAdapter

from index.model.article import Article, Heading, Passage
from index.model.passages import Passages
from index.model.source import Origin

_OPENING = re.compile(r"\s*\[\s*(\]?)\s*")
_SEPARATOR = re.compile(r"\s*([,\]])\s*")
_PASSAGES_AT_ONCE = 1_000
_CHARS_AT_ONCE = 1_000_000


class StoredArticle(BaseModel):
    """An article as a snapshot keeps it, and where it came from."""

    id: str
    title: str
    text: str
    title_is_label: bool
    language: str
    source: str | None
    published: date | None
    questions: tuple[str, ...]
    author: str | None = None
    site: str | None = None
    headings: tuple[Heading, ...] = ()
    claimed_source: str | None = None
    claimed_site: str | None = None
    language_is_guess: bool = False
    missing: tuple[str, ...] = ()
    origin: Origin | None = None

    def article(self) -> Article:
        """The article that was stored."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "origin"}
        return Article(**fields)


_ARTICLE = TypeAdapter(StoredArticle)
_TEXT = TypeAdapter(str)
_PASSAGES = TypeAdapter(tuple[Passage, ...])


def write_article(article: Article, origin: Origin | None, write: Callable[[Any], object]) -> None:
    """Writes it as a ``StoredArticle`` is dumped."""
    fields = {name: getattr(article, name) for name in StoredArticle.model_fields if name != "origin"}
    content = _ARTICLE.dump_json(StoredArticle(**fields | {"text": ""}, origin=origin))
    before, text, after = content.partition(b'"text":"')  # a value has no quotation mark by itself
    write(before + text)
    for first in range(0, len(article.text), _CHARS_AT_ONCE):
        write(_TEXT.dump_json(article.text[first : first + _CHARS_AT_ONCE])[1:-1])
    write(after)


def write_passages(passages: Sequence[Passage], write: Callable[[Any], object]) -> None:
    """Writes them as a tuple of them is dumped."""
    for first in range(0, len(passages), _PASSAGES_AT_ONCE):
        some = _PASSAGES.dump_json(tuple(passages[first : first + _PASSAGES_AT_ONCE]))
        write(b"," if first else b"[")
        write(some[1:-1])
    write(b"]" if passages else b"[]")


def read_passages(content: bytes) -> Passages:
    """What ``write_passages`` wrote, some at a time: as objects it takes ten times the bytes.

    Raises:
        ValueError: it is something else.
    """
    items = _items(content.decode())
    batches = iter(lambda: list(islice(items, _PASSAGES_AT_ONCE)), [])
    return Passages(chain.from_iterable(map(_PASSAGES.validate_python, batches)))


def _items(content: str) -> Iterator[Any]:
    """The items of a JSON array, one at a time."""
    decode = json.JSONDecoder().raw_decode
    mark = _OPENING.match(content)
    while mark and mark[1] != "]":
        item, end = decode(content, mark.end())
        yield item
        mark = _SEPARATOR.match(content, end)
    if mark is None or mark.end() < len(content):
        raise ValueError("no JSON array")
