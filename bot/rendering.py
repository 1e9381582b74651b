"""What a message says, as text. Every limit of Discord's and every escape lives here; nothing here sends.

Text that is not the bot's own goes through ``clip``: it renders as exactly the characters it has, on one
line, as nothing but text, and no longer than it may be.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate

from index import Answer, Article, Citation, IndexInfo, Progress, ReindexReport, Status

MAX_CONTENT = 2_000
MAX_TEXT = 4_000  # over all texts of a message with components
MAX_SOURCES = 10  # at three components each, under the forty a message may have
MARGIN = 32  # for the marks, spaces and line breaks around a text
MAX_NAME = 80  # of a title, a speaker, a model, a word: what should be short but need not be

# Okabe and Ito's palette, which colour-blind readers can tell apart. The headings say the same in words.
GREEN, ORANGE, GREY, BLUE = 0x009E73, 0xE69F00, 0x999999, 0x0072B2

HEADINGS = {
    Status.ANSWERED: (GREEN, "**The article says:**"),
    Status.UNCERTAIN: (ORANGE, "**The article may not answer this. The closest it says:**"),
    Status.NOT_IN_ARTICLE: (GREY, "**The article does not say.**"),
}

_MARKUP = frozenset("\\`*_~|<>@#[]():&")
_BLOCK_MARKER = 1  # the backslash before what would start a list
_BLOCK_START = re.compile(r"[-+=]|\d+(?=[.)])")
_LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_EMBEDDINGS = frozenset("\u202a\u202b\u202d\u202e")
_ISOLATES = frozenset("\u2066\u2067\u2068")
_END_OF_EMBEDDING, _END_OF_ISOLATE = "\u202c", "\u2069"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: a colour, the text on top, sources with a button each, and a footer."""

    colour: int
    top: str
    sources: tuple[tuple[Citation, str], ...] = ()
    footer: str = ""


def clip(text: str, limit: int, *, keep_end: bool = False) -> str:
    """Escapes ``text`` so that it renders as itself, cut at a word end with "…" where it is too long.

    Line breaks become spaces; control characters, which cannot be shown, become U+FFFD; directions that
    the text opens and does not close are closed.

    Args:
        text: Anything.
        limit: Most characters of the result, counted as UTF-16 does; at least 1.
        keep_end: Cut from the front instead.
    """
    words = text.strip()
    characters = words[-limit:] if keep_end else words[:limit]  # no character takes up less than one
    line = "".join("\ufffd" if _unshowable(c) else " " if c in _LINE_BREAKS else c for c in characters)
    if len(words) <= limit and _cost(line) <= limit:
        return _escape(line)
    costs = map(_cost_of, reversed(line) if keep_end else line)
    fits = sum(total <= limit - _BLOCK_MARKER - len("…") for total in accumulate(costs))
    if keep_end:
        start = len(line) - fits
        word = line.find(" ", max(start - 1, 0))
        return "…" + _escape(line[word if 0 <= word < start + fits // 2 else start :].strip())
    word = line.rfind(" ", 0, fits + 1)
    return _escape(line[: word if word > fits // 2 else fits].strip()) + "…"


def plain(text: str) -> str:
    """A message's whole content, as text and nothing else."""
    return clip(text, MAX_CONTENT)


def answer(found: Answer, article: Article, *, with_question: bool = False) -> Rendered:
    """The answer with its footnote marks, its sources and the article it is from.

    Args:
        found: The answer.
        article: The article that it is from.
        with_question: Whether to repeat the question, where the message does not stand under it.
    """
    colour, heading = HEADINGS[found.status]
    says = found.status is not Status.NOT_IN_ARTICLE
    shown = (found.citations if says else found.closest)[:MAX_SOURCES]
    if shown and not says:
        heading += "\nThe closest passage, which does not answer it:"
    labels = [_label(citation, numbered=says) for citation in shown]
    slips = _slips(found)
    footer = _footer(article)
    if with_question:
        footer = f"-# Question: {clip(found.question, 300)}\n{footer}"
    left = MAX_TEXT - sum(map(_size, (heading, slips, footer, *labels))) - MARGIN * (len(shown) + 1)

    top = [heading]
    if says:
        cited = sorted(shown, key=lambda citation: citation.start)
        room = _shares([_cost(citation.text[:MAX_TEXT]) for citation in cited], left // 2)
        marked = [f"{clip(c.text, share)} **\\[{c.number}\\]**" for c, share in zip(cited, room, strict=True)]
        top.append(" ".join(marked))
        left -= left // 2
    if slips:
        top.append(slips)
    room = _shares([_cost(citation.quote[:MAX_TEXT]) for citation in shown], left)
    sources = tuple(
        (citation, f"{label}\n> {clip(citation.quote, share)}")
        for citation, label, share in zip(shown, labels, room, strict=True)
    )
    return Rendered(colour, "\n".join(top), sources, footer)


def context(article: Article, start: int, end: int, *, changed: bool) -> Rendered:
    """The paragraph around a sentence of the article, the sentence in bold.

    Args:
        article: The article.
        start: Where the sentence starts.
        end: Where it ends.
        changed: Whether other places of the article have changed since it was cited.
    """
    paragraph = article.paragraph_at(start)
    before, after = article.text[paragraph.start : start], article.text[end : paragraph.end]
    heading = f"**Paragraph {paragraph.number} of {len(article.paragraphs)}**"
    note = (
        "-# The article has changed since this answer. This sentence still stands in it.\n" if changed else ""
    )
    footer = _footer(article)
    left = MAX_TEXT - sum(map(_size, (heading, note, footer))) - MARGIN
    sentence = clip(article.text[start:end], left * 3 // 4)
    room = _shares([_cost(before[-MAX_TEXT:]), _cost(after[:MAX_TEXT])], left - _size(sentence))
    # Bold that touches a letter is not bold everywhere: where there is no space, the sentence takes a line.
    parts = (
        clip(before, room[0], keep_end=True) + _gap(before[-1:]) if before.strip() else "",
        f"**{sentence}**",
        _gap(after[:1]) + clip(after, room[1]) if after.strip() else "",
    )
    return Rendered(BLUE, f"{heading}\n{note}{''.join(parts)}", footer=footer)


def about(info: IndexInfo) -> Rendered:
    """What the bot knows of its article."""
    article = info.article
    published = article.published.isoformat() if article.published else "unknown"
    source = clip(article.source, 300) if article.source else "unknown"
    indexed = int(info.indexed_at.timestamp())
    lines = (
        f"**{clip(article.title, 2 * MAX_NAME)}**",
        *(["-# A label: the article has no title of its own."] if article.title_is_label else []),
        f"Source: {source}",
        f"Published: {published}",
        f"Length: {len(article.paragraphs):,} paragraphs, {len(article.text):,} characters",
        f"Passages: {len(info.passages):,}",
        f"Model: {clip(info.model, MAX_NAME)}",
        f"Indexed: <t:{indexed}:f> (<t:{indexed}:R>)",
    )
    return Rendered(BLUE, "\n".join(lines))


def help_text(article: Article) -> Rendered:
    """How to use the bot, with questions that its article answers."""
    lines = [
        "**Ask me about the article.** Every answer is in the article's own words, and each footnote is the "
        "exact sentence that it rests on. What the article does not say, I do not say.",
        "",
        "- `/ask` with your question, or mention me, or write to me in a DM",
        "- reply to an answer with the @ left on, to ask the next one",
        "- **Show in context** under a source shows its paragraph",
        "- `/article` tells what the article is",
    ]
    if article.questions:
        lines += ["", "For example:", *(f"> {clip(question, 150)}" for question in article.questions[:5])]
    return Rendered(BLUE, "\n".join(lines), footer=_footer(article))


def progress(step: Progress) -> str:
    """How far a reindex is, in one line."""
    share = step.done / step.total if step.total else 0.0
    filled = round(share * 20)
    return f"Reindexing: {step.stage} `{'█' * filled}{'░' * (20 - filled)}` {share:.0%}"


def report(done: ReindexReport) -> str:
    """What a reindex changed and how long it took."""
    changes = f"{done.added:,} new, {done.removed:,} removed, {done.kept:,} unchanged"
    if not done.added and not done.removed:
        changes = f"nothing changed, {done.kept:,} unchanged"
    return (
        f"Reindexed {_title(done.info.article)} in {done.seconds:.1f} s.\n"
        f"Passages: {len(done.info.passages):,} ({changes})"
    )


def _label(citation: Citation, *, numbered: bool) -> str:
    speaker = f"{clip(citation.speaker, MAX_NAME)} · " if citation.speaker else ""
    number = f"**\\[{citation.number}\\]** " if numbered else ""
    return f"{number}{speaker}paragraph {citation.paragraph}"


def _slips(found: Answer) -> str:
    read = [f"“{clip(typed, 40)}” as “{clip(word, 40)}”" for typed, word in found.read_as[:3]]
    return f"-# Read {', '.join(read)}." if read else ""


def _footer(article: Article) -> str:
    return f"-# Article: {_title(article)}"


def _title(article: Article) -> str:
    return clip(article.title, 2 * MAX_NAME) + (" (a label)" if article.title_is_label else "")


def _gap(neighbour: str) -> str:
    return " " if neighbour.isspace() else "\n"


def _shares(wanted: list[int], total: int) -> list[int]:
    """Deals ``total`` out: who wants little gets it whole, the others the same of what is left."""
    shares = [0] * len(wanted)
    by_size = sorted(range(len(wanted)), key=wanted.__getitem__)
    for position, index in enumerate(by_size):
        shares[index] = min(wanted[index], total // (len(wanted) - position))
        total -= shares[index]
    return shares


def _escape(line: str) -> str:
    opening = _BLOCK_START.match(line)
    marker = -1 if opening is None else opening.end() if opening[0].isdecimal() else 0
    escaped = (f"\\{c}" if c in _MARKUP or i == marker else c for i, c in enumerate(line))
    return "".join(escaped) + _closing(line)


def _closing(line: str) -> str:
    """The marks that end the directions ``line`` leaves open, so that they do not run on behind it."""
    open_: list[str] = []
    for c in line:
        if c in _EMBEDDINGS:
            open_.append(_END_OF_EMBEDDING)
        elif c in _ISOLATES:
            open_.append(_END_OF_ISOLATE)
        elif c == _END_OF_EMBEDDING and open_[-1:] == [c]:
            open_.pop()
        elif c == _END_OF_ISOLATE and c in open_:
            while open_.pop() != c:
                pass
    return "".join(reversed(open_))


def _unshowable(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cs") and c != "\t" and c not in _LINE_BREAKS


def _cost(text: str) -> int:
    """The most that ``text`` takes up once it is escaped."""
    return _BLOCK_MARKER + sum(map(_cost_of, text))


def _cost_of(c: str) -> int:
    return _size(c) + (c in _MARKUP) + (c in _EMBEDDINGS) + (c in _ISOLATES)


def _size(text: str) -> int:
    return len(text) + sum(c > "\uffff" for c in text)
