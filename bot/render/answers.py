"""Answers, their sources, and lists of citations."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.facts import fact_line
from bot.render.links import MAX_URL, text_fragment
from bot.render.message import BLUE, COLOURS, SIGNS, Rendered, footer, indexed, tier, title
from bot.render.text import MARGIN, MAX_NAME, MAX_SOURCES, MAX_TEXT, clip, cost, emphasise, shares, size
from bot.words import Words
from index import Answer, Citation, IndexInfo, Result, Span, Status, Verdict

ROOM_FOR_LINKS = MAX_TEXT // 4
ROOM_FOR_HEADINGS = 200
MAX_SHORT = 300


def answer(result: Result, words: Words, *, with_question: bool = False) -> Rendered:
    """The answer with its footnote marks, its sources, and the article that it is from.

    Args:
        result: The answer, and the index that gave it.
        words: The language of the one who asked.
        with_question: Whether to repeat the question, where the message does not stand under it.
    """
    answer, info = result.answer, result.info
    says = answer.status is not Status.NOT_IN_ARTICLE
    citations = (answer.in_article_order if says else answer.closest)[:MAX_SOURCES]
    lead, heading = _lead(answer, words), _heading(answer.status, words)
    top = [f"{SIGNS[answer.status]} **{lead or heading}**", *([heading] if lead and citations else [])]
    if with_question:
        top.insert(0, "-# " + words("Question: {question}", question=clip(answer.question, 300)))
    if citations and not says:
        top.append(words("The closest passage, which does not answer it:"))
    slips = _slips(answer, words)
    below = footer(info.article, words, tier(answer.status, words), indexed(info.indexed_at, words))
    left = MAX_TEXT - sum(map(size, (*top, slips, below))) - MARGIN * (len(citations) + 1)
    costs = [cost(citation.text[:MAX_TEXT]) for citation in citations] if says else []
    labels = _labels(citations, info, words, numbered=says, left=left - sum(costs))
    left -= sum(map(size, labels))
    if says:
        room = shares(costs, left // 2)
        marked = [
            f"{clip(citation.text, share)} **\\[{citation.number}\\]**"
            for citation, share in zip(citations, room, strict=True)
        ]
        top += [" ".join(marked)] if marked else []
        left -= left // 2
    if slips:
        top.append(slips)
    sources = _sources(citations, labels, left, with_bold=says)
    return Rendered(COLOURS[answer.status], "\n".join(top), sources, below)


def quotes(
    citations: Sequence[Citation],
    info: IndexInfo,
    words: Words,
    *,
    page: int,
    pages: int,
    changed: bool = False,
) -> Rendered:
    """Who says what: a page of citations.

    Args:
        citations: Those of this page.
        info: The index that they are from.
        words: The language of the one who asked.
        page: Which page it is, from 1.
        pages: How many there are.
        changed: Whether the article has changed since the page before.
    """
    top = f"**{words('Who says what')}**"
    if changed:
        top += "\n-# " + words("The article has changed since this list was made: this is as it is now.")
    count = words("page {page} of {pages}", page=words.number(page), pages=words.number(pages))
    return _listed(top, citations, info, words, *([count] if pages > 1 else []))


def summary(citations: Sequence[Citation], info: IndexInfo, words: Words) -> Rendered:
    """The sentences that carry an article, in its own words and order."""
    top = f"**{words('In short: {title}', title=title(info.article, words))}**"
    return _listed(top, citations, info, words)


def _listed(top: str, citations: Sequence[Citation], info: IndexInfo, words: Words, *facts: str) -> Rendered:
    citations = tuple(citations[:MAX_SOURCES])
    below = footer(info.article, words, indexed(info.indexed_at, words), *facts)
    left = MAX_TEXT - size(top) - size(below) - MARGIN * (len(citations) + 1)
    labels = _labels(citations, info, words, numbered=True, left=left)
    return Rendered(BLUE, top, _sources(citations, labels, left - sum(map(size, labels))), below)


def _lead(answer: Answer, words: Words) -> str | None:
    """The answer in a few words, where it can be relied on: yes, no, or the words that answer."""
    if answer.status is not Status.ANSWERED:
        return None
    if answer.fact is not None:
        return fact_line(answer.fact, words)
    match answer.verdict:
        case Verdict.SAYS_SO:
            return words("Yes.")
        case Verdict.SAYS_OTHERWISE:
            return words("No.")
    return clip(answer.short_text, MAX_SHORT) if answer.short_text else None


def _heading(status: Status, words: Words) -> str:
    match status:
        case Status.ANSWERED:
            return words("The article says:")
        case Status.UNCERTAIN:
            return words("The article may not answer this. The closest it says:")
        case Status.NOT_IN_ARTICLE:
            return words("The article does not say.")


def _labels(
    citations: Sequence[Citation], info: IndexInfo, words: Words, *, numbered: bool, left: int
) -> list[str]:
    """What stands above each quote: its number, who says it, the headings and the paragraph it stands in.

    Of what is ``left`` for them and the quotes, links take what the quotes leave, and ROOM_FOR_LINKS anyway.
    """
    paths = {passage.id: passage.path for passage in info.passages}
    labels = []
    for citation in citations:
        path = " › ".join(clip(heading, MAX_NAME) for heading in paths.get(citation.passage_id, ()))
        parts = (
            f"**{clip(citation.speaker, MAX_NAME)}**"
            if citation.speaker and citation.speaker.strip()
            else "",
            path if size(path) <= ROOM_FOR_HEADINGS else "",
        )
        number = f"**\\[{citation.number}\\]** " if numbered else ""
        labels.append(number + "".join(f"{part} · " for part in parts if part))
    places = [words("paragraph {number}", number=words.number(c.paragraph)) for c in citations]
    left -= sum(map(size, (*labels, *places))) + sum(cost(c.quote[:MAX_TEXT]) for c in citations)
    limit = min(MAX_URL, max(left, ROOM_FOR_LINKS) // max(len(citations), 1))
    links = [text_fragment(info.article, c.start, c.end, limit=limit) for c in citations]
    linked = [f"[{place}](<{link}>)" if link else place for place, link in zip(places, links, strict=True)]
    return [label + place for label, place in zip(labels, linked, strict=True)]


def _sources(
    citations: Sequence[Citation], labels: Sequence[str], left: int, *, with_bold: bool = True
) -> tuple[tuple[Citation, str], ...]:
    """Each citation with its label and its quote, the words that decided in bold."""
    bold = [_deciding(citation) if with_bold else [] for citation in citations]
    wanted = [cost(c.quote[:MAX_TEXT]) + 4 * len(spans) for c, spans in zip(citations, bold, strict=True)]
    return tuple(
        (citation, f"{label}\n> {emphasise(citation.quote, spans, share)}")
        for citation, label, spans, share in zip(citations, labels, bold, shares(wanted, left), strict=True)
    )


def _deciding(citation: Citation) -> list[Span]:
    return [Span(span.start - citation.start, span.end - citation.start) for span in citation.deciding]


def _slips(answer: Answer, words: Words) -> str:
    slips = [
        words("“{typed}” as “{word}”", typed=clip(typed, 40), word=clip(word, 40))
        for typed, word in answer.read_as[:3]
    ]
    return "-# " + words("Read {slips}.", slips=", ".join(slips)) if slips else ""
