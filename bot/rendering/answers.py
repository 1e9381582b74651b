"""Answers and their sources."""

from __future__ import annotations

from bot.rendering.message import BLUE, GREEN, GREY, ORANGE, Rendered, footer
from bot.rendering.text import MARGIN, MAX_NAME, MAX_SOURCES, MAX_TEXT, clip, cost, shares, size
from index import Answer, Article, Citation, Status

HEADINGS = {
    Status.ANSWERED: (GREEN, "**The article says:**"),
    Status.UNCERTAIN: (ORANGE, "**The article may not answer this. The closest it says:**"),
    Status.NOT_IN_ARTICLE: (GREY, "**The article does not say.**"),
}


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
    below = footer(article)
    if with_question:
        below = f"-# Question: {clip(found.question, 300)}\n{below}"
    left = MAX_TEXT - sum(map(size, (heading, slips, below, *labels))) - MARGIN * (len(shown) + 1)

    top = [heading]
    if says:
        cited = sorted(shown, key=lambda citation: citation.start)
        room = shares([cost(citation.text[:MAX_TEXT]) for citation in cited], left // 2)
        marked = [f"{clip(c.text, share)} **\\[{c.number}\\]**" for c, share in zip(cited, room, strict=True)]
        top.append(" ".join(marked))
        left -= left // 2
    if slips:
        top.append(slips)
    room = shares([cost(citation.quote[:MAX_TEXT]) for citation in shown], left)
    sources = tuple(
        (citation, f"{label}\n> {clip(citation.quote, share)}")
        for citation, label, share in zip(shown, labels, room, strict=True)
    )
    return Rendered(colour, "\n".join(top), sources, below)


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
    below = footer(article)
    left = MAX_TEXT - sum(map(size, (heading, note, below))) - MARGIN
    sentence = clip(article.text[start:end], left * 3 // 4)
    room = shares([cost(before[-MAX_TEXT:]), cost(after[:MAX_TEXT])], left - size(sentence))
    # Bold that touches a letter is not bold everywhere: where there is no space, the sentence takes a line.
    parts = (
        clip(before, room[0], keep_end=True) + _gap(before[-1:]) if before.strip() else "",
        f"**{sentence}**",
        _gap(after[:1]) + clip(after, room[1]) if after.strip() else "",
    )
    return Rendered(BLUE, f"{heading}\n{note}{''.join(parts)}", footer=below)


def _label(citation: Citation, *, numbered: bool) -> str:
    speaker = f"{clip(citation.speaker, MAX_NAME)} · " if citation.speaker else ""
    number = f"**\\[{citation.number}\\]** " if numbered else ""
    return f"{number}{speaker}paragraph {citation.paragraph}"


def _slips(found: Answer) -> str:
    read = [f"“{clip(typed, 40)}” as “{clip(word, 40)}”" for typed, word in found.read_as[:3]]
    return f"-# Read {', '.join(read)}." if read else ""


def _gap(neighbour: str) -> str:
    return " " if neighbour.isspace() else "\n"
