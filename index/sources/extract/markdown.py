"""Markdown, with the front matter that many programs put over it."""

from __future__ import annotations

import re
from dataclasses import replace

from index.model.article import Article
from index.sources.extract.markup import from_markup
from index.sources.extract.metadata import day
from index.sources.limits import Limits

_FRONT_MATTER = re.compile(r"\A---[ \t]*+\r?\n(.*?)^(?:---|\.\.\.)[ \t]*+\r?$\n?", re.S | re.M)


def markdown(text: str, limits: Limits) -> Article:
    """Rendered as HTML by markdown-it, whose blocks are the article's.

    Raises:
        Refused: it has no text, or too much.
    """
    from markdown_it import MarkdownIt

    front = _FRONT_MATTER.match(text)
    said = _said(front[1]) if front else {}
    markup = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .render(text[front.end() if front else 0 :])
    )
    article = from_markup(markup, limits)
    return replace(
        article,
        title=said.get("title") or article.title,
        author=said.get("author"),
        language=said.get("lang") or said.get("language") or "",
        published=day(said.get("date")),
        source=said.get("canonical") or said.get("source"),
    )


def _said(front: str) -> dict[str, str]:
    """The front matter's plain entries: a word, a colon and a value on one line."""
    entries = (line.partition(":") for line in front.split("\n"))
    return {
        key.lower(): value
        for key, _, rest in entries
        if key.isidentifier() and (value := rest.strip().strip("\"'"))
    }
