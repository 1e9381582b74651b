"""Markdown, as it is written for GitHub, Pandoc, Obsidian, MkDocs, Docusaurus and others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from index.model.article import Article
from index.sources.extract.front_matter import front_matter
from index.sources.extract.markup import from_markup
from index.sources.extract.metadata import day
from index.sources.limits import Limits

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_CONTENTS = frozenset({"[toc]", "[[toc]]", "[[_toc_]]", "{:toc}", "${toc}", "\\newpage", "\\pagebreak"})
_WIKI_LINK = re.compile(r"!?\[\[([^\[\]|#^\n]*+)(?:[#^][^\[\]|\n]*+)?(?:\|([^\[\]\n]*+))?\]\]")
_HIGHLIGHT = re.compile(r"==(?=\S)([^=\n]++)==")
_TEMPLATE = re.compile(r"\{:[^{}\n]*+\}|\{%[^{%\n]*+%\}|\{\{[<%][^{}\n]*+\}\}|%%[^%\n]*+%%")
_ATTRIBUTES = re.compile(r"(?<!\s)[ \t]*+\{[#.:][^{}\n]*+\}[ \t]*+\Z")
_ALERT = re.compile(r"\[!\w{1,30}\][-+]?[ \t]*+")
_TASK = re.compile(r"\[([ xX])\][ \t]++")
_CONTAINER_TITLE = re.compile(r"[ \t]*+\w[\w-]*+[ \t]*+(?:\[([^\]\n]*+)\]|([^{\n]*+))")
_CONTAINER_NAME = re.compile(r"[ \t]*+(?:\w|\{)")


def markdown(text: str, limits: Limits) -> Article:
    """Rendered as HTML by markdown-it, whose blocks are the article's.

    Raises:
        Refusal: it has no text, or too much.
    """
    metadata, body = front_matter(text.replace("\r\n", "\n").replace("\r", "\n"))
    parser = _parser()
    tokens = parser.parse(body)
    _tidy(tokens)
    article = from_markup(parser.renderer.render(tokens, parser.options, {}), limits)
    return replace(
        article,
        title=metadata.get("title") or article.title,
        author=metadata.get("author") or metadata.get("authors"),
        language=metadata.get("lang") or metadata.get("language") or "",
        published=day(metadata.get("date")),
        source=metadata.get("canonical") or metadata.get("source"),
    )


def _parser() -> MarkdownIt:
    """What the dialects share: what each writes differently is brought together in ``_tidy``."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.admon import admon_plugin
    from mdit_py_plugins.container import container_plugin
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.subscript import sub_plugin
    from mdit_py_plugins.superscript import superscript_plugin

    parser = MarkdownIt("commonmark", {"breaks": True}).enable(["table", "strikethrough"])
    for plugin in (admon_plugin, deflist_plugin, footnote_plugin, sub_plugin, superscript_plugin):
        parser.use(plugin)
    return parser.use(
        container_plugin, "box", validate=lambda name, *_: _CONTAINER_NAME.match(name) is not None
    )


def _tidy(tokens: Sequence[Token]) -> None:
    """Puts what is a dialect's own mark into text, in place."""
    for number, token in enumerate(tokens):
        if token.type == "container_box_open":
            _open_box(token)
        if token.type != "inline" or not token.children:
            continue
        around, opener = (tokens[number - 2], tokens[number - 1].type) if number > 1 else (token, "")
        unnamed = opener == "admonition_title_open" and '"' not in around.info
        if unnamed or token.content.strip().lower() in _CONTENTS:
            token.children = []
        elif around.type == "blockquote_open":
            _without_alert(token.children)
        elif around.type == "list_item_open":
            _with_box(token.children)
        _tidy_line(token.children, is_heading=opener == "heading_open")


def _open_box(token: Token) -> None:
    """The title of a box (::: warning Take care) becomes its first paragraph."""
    title = _CONTAINER_TITLE.match(token.info)
    words = (title[1] or title[2] or "").strip() if title else ""
    token.type, token.content = "html_block", f"<div><p>{escape(words)}</p>\n"


def _without_alert(children: list[Token]) -> None:
    """Takes [!NOTE] off; a title that stands beside it becomes a paragraph of its own."""
    first = children[0]
    alert = _ALERT.match(first.content) if first.type == "text" else None
    if alert is None:
        return
    first.content = first.content[alert.end() :]
    if first.content and len(children) > 1 and children[1].type == "softbreak":
        children[1].type, children[1].content = "html_inline", "<br><br>"


def _with_box(children: list[Token]) -> None:
    """Writes a task's box as a character."""
    first = children[0]
    task = _TASK.match(first.content) if first.type == "text" else None
    if task is not None:
        first.content = f"{'☐' if task[1] == ' ' else '☑'} {first.content[task.end() :]}"


def _tidy_line(children: list[Token], *, is_heading: bool) -> None:
    alone = all(child.type == "image" or not child.content.strip() for child in children)
    for child in children:
        if child.type == "text":
            words = _TEMPLATE.sub("", child.content)
            words = _WIKI_LINK.sub(lambda link: "" if link[0][0] == "!" else link[2] or link[1], words)
            child.content = _HIGHLIGHT.sub(r"\1", words)
        elif child.type == "image" and not alone:  # its words stand in the sentence
            child.type, child.children = "text", None
    if is_heading and children and children[-1].type == "text":
        children[-1].content = _ATTRIBUTES.sub("", children[-1].content)
