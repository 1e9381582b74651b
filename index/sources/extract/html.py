"""Web pages: the main text, and why a page has none.

The module has a name of the standard library's, which it cannot hide: this folder is on nobody's path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from index.model.article import Article
from index.sources.extract.blocks import Block, assembled, blocks
from index.sources.extract.encoding import declared_charset, decode
from index.sources.extract.markup import resolve
from index.sources.extract.metadata import day
from index.sources.extract.pages import is_glued, keep_captions, lead_times, short_article
from index.sources.extract.refusals import NO_PROSE, Refusal
from index.sources.limits import Limits

if TYPE_CHECKING:
    from lxml.etree import _Element

_SENTENCE_CHARS = 20  # a page of which no paragraph is as long is no article
_PROSE_CHARS = 500  # a page with less text is looked at for a reason why it has no more
_LOGIN = NO_PROSE + " It asks for a login. Give a page that opens without one, or the article as a file."
_SUBSCRIBERS = NO_PROSE + " The site gives it only to subscribers. Give the article as a file."
_SCRIPTS = NO_PROSE + " It is put together by scripts in the browser. Give the article as a file."
_LISTING = NO_PROSE + " It is a list of links. Give the address of one article."
_PAYWALL = re.compile(r'"isAccessibleForFree"\s*+:\s*+"?false', re.IGNORECASE)
_NO_SCRIPTS = re.compile("javascript", re.IGNORECASE)
_ANYTHING = re.compile("")


def html(content: bytes, limits: Limits, charset: str | None, address: str | None) -> Article:
    """The main text of a page: its menus, side columns, comments and the like left out by trafilatura.

    ``source`` and ``site`` are what the page says they are.

    Args:
        content: The page's bytes.
        limits: How much it may hold.
        charset: The encoding that it was sent with.
        address: The web address that it was read from, which relative ones are completed with.

    Raises:
        Refusal: it is no article, and why.
    """
    import trafilatura
    from lxml import etree
    from lxml import html as lxml_html

    text = decode(content, charset or declared_charset(content))
    if not text.strip():
        raise Refusal(NO_PROSE)
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml_html.document_fromstring(text.encode(), parser, ensure_head_body=True)
    except etree.ParserError as error:  # nothing but comments
        raise Refusal(NO_PROSE) from error
    resolve(tree)
    _enclose(tree)
    language = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    obstacle = _obstacle(tree)
    lead_times(tree)
    keep_captions(tree)
    whole = deepcopy(tree)
    page = list(blocks(whole))
    extraction = trafilatura.bare_extraction(
        tree,
        url=address,
        with_metadata=True,
        include_comments=False,
        include_links=True,
        include_formatting=True,
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    if not isinstance(extraction, trafilatura.settings.Document):
        raise Refusal(obstacle[0] if obstacle else NO_PROSE)
    body = extraction.body
    for heading in body.iter("head"):
        heading.tag = heading.get("rend") or "h2"
    article = list(_with_headings(_in_order(list(blocks(body)), page), page))
    if is_glued(article, page) and any(map(_is_sentence, short := short_article(whole))):
        article = short
    prose = " ".join(block.text for block in article)
    if obstacle and (not prose or (len(prose) < _PROSE_CHARS and obstacle[1].search(prose))):
        raise Refusal(obstacle[0])
    if _is_listing(article):
        raise Refusal(_LISTING)
    if not any(map(_is_sentence, article)):
        raise Refusal(NO_PROSE)
    return replace(
        assembled(article, limits),
        title=extraction.title or "",
        author=extraction.author,
        site=extraction.sitename,
        language=language or "",
        published=day(extraction.date),
        source=extraction.url,
    )


def _is_sentence(block: Block) -> bool:
    return len(block.text) >= _SENTENCE_CHARS and not block.level


def _enclose(tree: _Element) -> None:
    """Marks all of a page as the article where its paragraphs stand in no box, as in an exported text."""
    body = tree.find("body")
    if body is not None and len(body.findall("p")) > len(body.findall(".//p")) / 2:
        body.tag = "article"
        outer = body.makeelement("body")
        tree.replace(body, outer)
        outer.append(body)


def _in_order(article: list[Block], page: Sequence[Block]) -> list[Block]:
    """The main text with its headings over what they head: trafilatura may put one after its paragraph."""
    heads = {(one.text, two.text) for one, two in pairwise(page) if one.level and not two.level}
    for place, heading in enumerate(article[1:], 1):
        before = article[place - 1]
        if heading.level and not before.level and (heading.text, before.text) in heads:
            article[place - 1 : place + 1] = heading, before
    return article


def _with_headings(blocks: Sequence[Block], page: Sequence[Block]) -> Iterator[Block]:
    """The main text with the headings that stand over its paragraphs in the page: trafilatura drops some."""
    over: dict[str, list[Block]] = {}
    waiting: list[Block] = []
    for block in page:
        if block.level:
            waiting.append(block)
        else:
            over.setdefault(block.text, waiting)
            waiting = []
    have = {block.text for block in blocks if block.level}
    for block in blocks:
        yield from (heading for heading in over.pop(block.text, ()) if heading.text not in have)
        yield block


def _obstacle(tree: _Element) -> tuple[str, re.Pattern[str]] | None:
    """Why a page may show no article, and what its little text then looks like."""
    if tree.xpath("//input[@type='password']"):
        return _LOGIN, _ANYTHING
    if any(_PAYWALL.search(script.text or "") for script in tree.iter("script")):
        return _SUBSCRIBERS, _ANYTHING
    if tree.find(".//script") is not None:
        return _SCRIPTS, _NO_SCRIPTS
    return None


def _is_listing(blocks: Sequence[Block]) -> bool:
    size = sum(len(block.text) for block in blocks)
    headings = [block for block in blocks if block.level]
    link_headings = [block for block in headings if block.link_chars > len(block.text) / 2]
    return (sum(block.link_chars for block in blocks) > size / 2 and len(blocks) >= 5) or len(
        link_headings
    ) >= max(5, len(headings) / 2)
