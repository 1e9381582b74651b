"""The article itself: a sentence in its context, and page by page."""

from __future__ import annotations

from bot.render.message import BLUE, MessageContent, footer, title
from bot.render.text import MARGIN, MAX_TEXT, clip, cost, fitting, shares, size
from bot.words import Words
from index import Article, Span

MAX_NEIGHBOUR = 700  # of the paragraph before and of the one after
PAGE = MAX_TEXT - 600  # for the paragraphs of a page: the rest is for headings and the footer
MOST_WALKED = 20 * PAGE  # back in a long paragraph: a book in one line would take seconds for each page
AROUND_PARAGRAPH = 20  # its number, and the blank line after it
MOST_PARAGRAPHS = PAGE // AROUND_PARAGRAPH + 1  # that are looked at for a page


def context(
    article: Article, span: Span, words: Words, *, number: int = 1, count: int = 1, note: str = ""
) -> MessageContent:
    """The paragraph of a sentence, the sentence in bold, between the paragraphs before and after it.

    Args:
        article: The article.
        span: The sentence.
        words: The language of the one who reads.
        number: Which source of an answer it is, from 1.
        count: How many sources the answer has.
        note: What is to be said first, in the reader's language.
    """
    paragraph = article.paragraph_at(span.start)
    text = article.text
    top = [f"**{_where(paragraph.number, paragraph.number, article, words)}**"]
    if count > 1:
        which = words("source {number} of {count}", number=words.number(number), count=words.number(count))
        top[0] += f" · {which}"
    if note:
        top.append(f"-# {note}")
    before, after = (
        clip(article.paragraphs[i].of(text), MAX_NEIGHBOUR, keep_end=i < paragraph.number)
        if 0 <= i < len(article.paragraphs)
        else ""
        for i in (paragraph.number - 2, paragraph.number)
    )
    below = footer(article, words)
    room = MAX_TEXT - sum(map(size, (*top, before, after, below))) - 2 * MARGIN
    body = _set_off(text[paragraph.start : span.start], span.of(text), text[span.end : paragraph.end], room)
    blocks = (f"-# {before}" if before else "", body, f"-# {after}" if after else "")
    return MessageContent(BLUE, "\n".join([*top, "", "\n\n".join(filter(None, blocks))]), footer=below)


def page_from(article: Article, start: int) -> Span:
    """The page that begins at an offset: as many whole paragraphs as fit, or what fits of a long one."""
    text = article.text
    room, end = PAGE, start
    for paragraph in article.paragraphs_from(start, MOST_PARAGRAPHS):
        piece = text[max(paragraph.start, start) : paragraph.end]
        room -= _cost(piece[:PAGE])
        if room >= 0:
            end = paragraph.end
        else:
            return Span(start, end) if end > start else Span(start, _part_end(text, start, paragraph.end))
    return Span(start, end)


def page_before(article: Article, end: int) -> Span:
    """The page that ends at an offset; see ``page_from``.

    In a paragraph of more than some pages, where they begin is counted from near the offset and not from its
    start: reading on from this page may then show a few words twice, and leaves none out.
    """
    text = article.text
    room, start = PAGE, end
    for paragraph in reversed(article.paragraphs_before(end, MOST_PARAGRAPHS)):
        room -= _cost(text[paragraph.start : min(paragraph.end, end)][:PAGE])
        if room >= 0:
            start = paragraph.start
        elif start < end:
            break
        else:
            start = max(paragraph.start, end - MOST_WALKED)
            while (part := _part_end(text, start, paragraph.end)) < min(paragraph.end, end):
                start = part
            break
    return Span(start, end)


def reading(article: Article, page: Span, words: Words, *, note: str = "") -> MessageContent:
    """A page of an article, its paragraphs numbered and its headings in bold.

    Args:
        article: The article.
        page: Which part of it; see ``page_from``.
        words: The language of the one who reads.
        note: What is to be said first, in the reader's language.
    """
    headings = article.heading_starts
    on_page = [p for p in article.paragraphs_from(page.start, MOST_PARAGRAPHS) if p.start < page.end]
    blocks = []
    for paragraph in on_page:
        start, end = max(paragraph.start, page.start), min(paragraph.end, page.end)
        piece = clip(article.text[start:end], MAX_TEXT)
        piece = f"{'…' if start > paragraph.start else ''}{piece}{'…' if end < paragraph.end else ''}"
        heads = paragraph.start in headings
        blocks.append(f"**{piece}**" if heads else f"-# {words.number(paragraph.number)}\n{piece}")
    where = _where(on_page[0].number, on_page[-1].number, article, words) if on_page else ""
    top = [f"**{title(article, words)}**", f"-# {where}", *([f"-# {note}"] if note else [])]
    return MessageContent(BLUE, "\n\n".join(["\n".join(top), *blocks]))


def _where(first: int, last: int, article: Article, words: Words) -> str:
    count = words.number(len(article.paragraphs))
    if first == last:
        return words("Paragraph {number} of {count}", number=words.number(first), count=count)
    return words(
        "Paragraphs {first} to {last} of {count}",
        first=words.number(first),
        last=words.number(last),
        count=count,
    )


def _set_off(before: str, sentence: str, after: str, limit: int) -> str:
    """A sentence in bold between what stands around it in its paragraph."""
    bold = clip(sentence, limit * 3 // 4)
    room = shares([cost(before[-MAX_TEXT:]), cost(after[:MAX_TEXT])], limit - size(bold))
    # Bold that touches a letter is not bold everywhere: where there is no space, the sentence takes a line.
    parts = (
        clip(before, room[0], keep_end=True) + _gap(before[-1:]) if before.strip() else "",
        f"**{bold}**",
        _gap(after[:1]) + clip(after, room[1]) if after.strip() else "",
    )
    return "".join(parts)


def _gap(neighbour: str) -> str:
    return " " if neighbour.isspace() else "\n"


def _cost(piece: str) -> int:
    return cost(piece) + AROUND_PARAGRAPH


def _part_end(text: str, start: int, end: int) -> int:
    """Where the part of a long paragraph ends that begins at ``start``."""
    return start + fitting(text[start : min(end, start + PAGE)], PAGE - AROUND_PARAGRAPH)
