"""Answers, their sources, and lists of citations."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.facts import fact_line
from bot.render.links import MAX_URL, text_fragment
from bot.render.message import BLUE, COLOURS, OTHERWISE, SIGNS, MessageContent, footer, indexed, tier, title
from bot.render.quote import quote_lines
from bot.render.text import BOLD, MARGIN, MAX_NAME, MAX_SOURCES, MAX_TEXT, clip, cost, shares, size
from bot.words import Words
from index import Answer, Citation, IndexInfo, Result, Span, Status, Verdict

ROOM_FOR_LINKS = MAX_TEXT // 4  # chosen: links work, and long quotes keep three quarters
ROOM_FOR_HEADINGS = 200  # two lines on a phone; a longer path is left out
MAX_ASKED = 300  # enough to know one's own question again
MAX_SHORT = 300  # a reader's span is a few words; one that is not is cut
MAX_NOTE = 120  # a name and a few words


def answer(
    result: Result, words: Words, *, with_question: bool = False, is_claim: bool = False
) -> MessageContent:
    """The answer in short, the sentences it rests on, and the article that it is from.

    Args:
        result: The answer, and the index that gave it.
        words: The language of the one who asked.
        with_question: Whether to repeat the question, where the message does not stand under it.
        is_claim: Whether it was no question but a claim.
    """
    answer, info = result.answer, result.info
    says = answer.status is not Status.NOT_IN_ARTICLE
    citations = (answer.in_article_order if says else answer.closest)[:MAX_SOURCES]
    numbered = says and len(citations) > 1
    top = [_claim_lead(answer, words) if is_claim else _lead(answer, words, numbered=numbered)]
    if with_question:
        top.insert(0, _asked(answer.question, words, is_claim=is_claim))
    if citations and not says:
        closest = (
            words("The closest passage, which does not say it:")
            if is_claim
            else words("The closest passage, which does not answer it:")
        )
        top.append(f"-# {closest}")
    if slips := _slips(answer, words):
        top.append(slips)
    facts = [] if is_claim else [tier(answer.status, words)]
    below = footer(info.article, words, *facts, indexed(info.indexed_at, words))
    room = MAX_TEXT - sum(map(size, (*top, below))) - MARGIN * (len(citations) + 1)
    labels = _labels(citations, info, words, numbered=numbered, with_note=True, room=room)
    room -= sum(map(size, labels))
    lines = _quotes(citations, room, small=not says)
    sources = tuple(
        (citation, f"{line}\n-# {label}")
        for citation, line, label in zip(citations, lines, labels, strict=True)
    )
    return MessageContent(COLOURS[answer.status], "\n".join(top), sources, below)


def quotes(
    citations: Sequence[Citation],
    info: IndexInfo,
    words: Words,
    *,
    page: int,
    pages: int,
    changed: bool = False,
) -> MessageContent:
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


def summary(citations: Sequence[Citation], info: IndexInfo, words: Words) -> MessageContent:
    """The sentences that carry an article, in its own words and order."""
    top = f"**{words('In short: {title}', title=title(info.article, words))}**"
    return _listed(top, citations, info, words)


def _listed(
    top: str, citations: Sequence[Citation], info: IndexInfo, words: Words, *facts: str
) -> MessageContent:
    citations = tuple(citations[:MAX_SOURCES])
    below = footer(info.article, words, indexed(info.indexed_at, words), *facts)
    room = MAX_TEXT - size(top) - size(below) - MARGIN * (len(citations) + 1)
    labels = _labels(citations, info, words, numbered=True, room=room)
    lines = _quotes(citations, room - sum(map(size, labels)))
    sources = tuple(
        (citation, f"{label}\n{line}") for citation, line, label in zip(citations, lines, labels, strict=True)
    )
    return MessageContent(BLUE, top, sources, below)


def _asked(text: str, words: Words, *, is_claim: bool) -> str:
    text = clip(text, MAX_ASKED)
    return "-# " + (
        words("Claim: {claim}", claim=text) if is_claim else words("Question: {question}", question=text)
    )


def _lead(answer: Answer, words: Words, *, numbered: bool) -> str:
    """What the article says in a few words, in bold only where that can be relied on."""
    sign = SIGNS[answer.status]
    match answer.status, answer.verdict:
        case Status.NOT_IN_ARTICLE, _:
            return f"{sign} **{words('The article does not say.')}**"
        case Status.UNCERTAIN, _:
            return f"{sign} {words('The article may not answer this. The closest it says:')}"
        case _, Verdict.SAYS_SO:
            return f"{sign} **{words('Yes.')}**"
        case _, Verdict.SAYS_OTHERWISE:
            return f"{sign} **{words('No.')}**"
    if answer.fact is not None:
        return f"{sign} **{fact_line(answer.fact, words)}**"
    short = (answer.short_text or "").strip()
    if not short:
        return f"{sign} **{words('The article says:')}**"
    mark = f" \\[{answer.citations[0].number}\\]" if numbered else ""
    return f"{sign} **{clip(short, MAX_SHORT)}**{mark}"


def _claim_lead(answer: Answer, words: Words) -> str:
    """What the article says to a claim."""
    sign = SIGNS[answer.status]
    match answer.status, answer.verdict:
        case Status.ANSWERED, Verdict.SAYS_SO:
            return f"{sign} **{words('The article says so.')}**"
        case Status.ANSWERED, Verdict.SAYS_OTHERWISE:
            return f"{OTHERWISE} **{words('The article says otherwise.')}**"
        case Status.UNCERTAIN, _:
            # Which of both, a verdict that is not certain gets wrong about as often as right.
            return f"{sign} {words('The article may say so, or otherwise. The closest it says:')}"
    return f"{sign} **{words('The article does not say.')}**"


def _labels(
    citations: Sequence[Citation],
    info: IndexInfo,
    words: Words,
    *,
    numbered: bool,
    room: int,
    with_note: bool = False,
) -> list[str]:
    """What stands beside each quote: its number, who says it, the headings and the paragraph it stands in.

    Of what is ``room`` for them and the quotes, links take what the quotes leave, and ROOM_FOR_LINKS anyway.
    ``with_note`` adds who a pronoun of the quote is.
    """
    labels = []
    for citation in citations:
        path = " › ".join(clip(heading, MAX_NAME) for heading in info.path_at(citation.start))
        parts = (
            f"**{clip(citation.speaker, MAX_NAME)}**"
            if citation.speaker and citation.speaker.strip()
            else "",
            path if size(path) <= ROOM_FOR_HEADINGS else "",
        )
        number = f"**\\[{citation.number}\\]** " if numbered else ""
        labels.append(number + "".join(f"{part} · " for part in parts if part))
    places = [words("paragraph {number}", number=words.number(c.paragraph)) for c in citations]
    notes = [_note(citation) if with_note else "" for citation in citations]
    room -= sum(map(size, (*labels, *places, *notes)))
    room -= sum(_size_of_quote(citation) + size(_unnamed_speaker(citation)) for citation in citations)
    limit = min(MAX_URL, max(room, ROOM_FOR_LINKS) // max(len(citations), 1) - len("[](<>)"))
    links = [text_fragment(info.article, c.start, c.end, limit=limit) for c in citations]
    place_links = [
        f"[{place}](<{link}>)" if link else place for place, link in zip(places, links, strict=True)
    ]
    return ["".join(parts) for parts in zip(labels, place_links, notes, strict=True)]


def _quotes(citations: Sequence[Citation], room: int, *, small: bool = False) -> list[str]:
    """Each quote, the words that decided in bold; in small type where it is no answer."""
    names = [_unnamed_speaker(citation) for citation in citations]
    room -= sum(map(size, names))
    sizes = [_size_of_quote(citation) for citation in citations]
    return [
        quote_lines(citation.quote, [] if small else _deciding(citation), share, name=name, small=small)
        for citation, share, name in zip(citations, shares(sizes, room), names, strict=True)
    ]


def _size_of_quote(citation: Citation) -> int:
    """The most that a quote takes up, escaped and with its marks of bold."""
    return cost(citation.quote[:MAX_TEXT]) + 2 * len(BOLD) * len(citation.deciding)


def _unnamed_speaker(citation: Citation) -> str:
    """Whose words a quote begins with, where it is not by one speaker whom its label names."""
    if citation.speaker and citation.speaker.strip():
        return ""
    return clip(citation.before.rpartition(": ")[0], MAX_NAME).strip()


def _note(citation: Citation) -> str:
    """Who "he" is, where the quote does not say."""
    note = citation.after.partition(" [")[2].removesuffix("]").strip()
    return f" · {clip(note, MAX_NOTE)}" if note else ""


def _deciding(citation: Citation) -> list[Span]:
    return [Span(span.start - citation.start, span.end - citation.start) for span in citation.deciding]


def _slips(answer: Answer, words: Words) -> str:
    slips = [
        words("“{typed}” as “{word}”", typed=clip(slip, 40), word=clip(word, 40))
        for slip, word in answer.read_as[:3]
    ]
    return "-# " + words("Read {slips}.", slips=", ".join(slips)) if slips else ""
