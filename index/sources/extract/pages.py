"""What trafilatura makes too little of: captions, the times of a live blog, a page of a few lines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from index.sources.extract.blocks import Block, blocks, clean
from index.sources.extract.markup import name_of, words_on

if TYPE_CHECKING:
    from lxml.etree import _Element

_ASIDE_TAGS = frozenset("nav aside footer form dialog menu".split())
_ASIDE_ROLES = frozenset(
    "navigation banner contentinfo complementary search menu menubar dialog alert".split()
)
_ASIDE_WORDS = re.compile(
    r"(?:^|[-_\s])(?:nav(?:bar|igation)?|menu|footer|sidebar|breadcrumbs?|cookies?|consent|related|share|social"
    r"|newsletter|subscribe|comments?|advert(?:isement)?|ads?|promo|skip|toolbar|most-?read)(?:$|[-_\s])",
    re.IGNORECASE,
)
_MAIN = (".//article", ".//main", ".//*[@role='main']")
_POSTS = 3  # with a time each, in one box, that make a live blog
_MOST_TIMES = 1_000  # of a page: a live blog has some hundred
_POST_CHARS = 20  # of a post's paragraph
_GLUE_SHARE = 0.5  # of a text's characters in paragraphs that the page does not have


def keep_captions(tree: _Element) -> None:
    """Makes paragraphs, in place, of the words under pictures and quotations, which would be dropped."""
    for figure in list(tree.iter("figure")):
        if figure.find(".//figcaption") is not None or figure.find(".//table") is not None:
            figure.tag = "div"
    for caption in [*tree.iter("figcaption"), *tree.iterfind(".//blockquote//footer")]:
        caption.tag = "p"


def lead_times(tree: _Element) -> None:
    """Puts the time of each post of a live blog before its first words, in place, and marks the newest."""
    times = list(tree.iter("time"))
    if not _POSTS <= len(times) <= _MOST_TIMES:
        return
    inside = Counter(around for time in times for around in time.iterancestors())
    posts: dict[_Element, list[tuple[_Element, _Element]]] = defaultdict(list)
    for time in times:
        post = time
        while (around := post.getparent()) is not None and inside[around] == 1:
            post = around
        if around is not None and post is not time and _is_post(post):
            posts[around].append((time, post))
    for several in posts.values():
        if len(several) >= _POSTS:
            stamps = [time.get("datetime") or "" for time, _ in several]
            newest = max(stamps)
            for (time, post), stamp in zip(several, stamps, strict=True):
                words = clean(" ".join(time.itertext()))
                is_newest = bool(newest) and stamp == newest and stamps.count(newest) == 1
                _lead(time, post, f"{words} (newest)" if is_newest else words)


def _is_post(post: _Element) -> bool:
    around = [post, *post.iterancestors()]
    if any("comment" in " ".join(words_on(one)).lower() for one in around):
        return False
    return any(
        not any(True for _ in paragraph.iter("a"))
        and len(clean(" ".join(paragraph.itertext()))) >= _POST_CHARS
        for paragraph in post.iter("p")
    )


def _lead(time: _Element, post: _Element, words: str) -> None:
    first = next(
        (one for one in post.iter("h1", "h2", "h3", "h4", "h5", "h6", "p") if time not in one.iter("time")),
        None,
    )
    if first is None or not words:
        return
    tail = time.tail
    time.clear()
    time.tag, time.tail = "span", tail
    mark = " – " if name_of(first) != "p" else ": "
    first.text = f"{words}{mark}{(first.text or '').lstrip()}"


def is_glued(article: Sequence[Block], page: Sequence[Block]) -> bool:
    """Whether a text runs a page's paragraphs together, as trafilatura does with a page of a few lines."""
    own = {block.text for block in page}
    size = sum(len(block.text) for block in article)
    return (
        bool(own) and sum(len(block.text) for block in article if block.text not in own) > _GLUE_SHARE * size
    )


def short_article(tree: _Element) -> list[Block]:
    """The paragraphs of a page that stand in what it marks as its article, or in no menu or side column."""
    from lxml import etree

    box = next((one for path in _MAIN for one in tree.iterfind(path) if _has_words(one)), None)
    if box is None:
        box = tree.find("body")
    if box is None:
        return []
    box_copy = deepcopy(box)
    box_copy.tail = None
    for element in list(box_copy.iter("*")):
        if element is not box_copy and element.getparent() is not None and _is_aside(element):
            tail = element.tail
            element.clear()
            element.tag, element.tail = "div", tail
    etree.strip_elements(box_copy, "script", "style", with_tail=False)
    return [block for block in blocks(box_copy) if 2 * block.link_chars <= len(block.text)]


def _has_words(box: _Element) -> bool:
    return any(len(block.text) >= _POST_CHARS for block in blocks(deepcopy(box)))


def _is_aside(element: _Element) -> bool:
    if name_of(element) in _ASIDE_TAGS or not _ASIDE_ROLES.isdisjoint(words_on(element)):
        return True
    return _ASIDE_WORDS.search(f"{element.get('class') or ''} {element.get('id') or ''}") is not None
