"""What the terminal shows of an answer and of an article, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.cli.talk import fact_text
from bot.cli.terminal import printable, row
from index import Answer, Citation, IndexInfo, Status, Verdict

NOT_IN_ARTICLE = "The article does not say."
MAY_NOT_ANSWER = "The article may not answer this. The closest it says:"
MAY_SAY = "The article may say so, or otherwise. The closest it says:"


def answer_text(answer: Answer, *, with_title: bool = False, is_claim: bool = False) -> RenderableType:
    """An answer in short, the article's sentences, each once, and their footnotes: where they stand.

    Args:
        answer: The answer.
        with_title: Whether to say first which article it is from, where several were asked.
        is_claim: Whether it was no question but a claim.
    """
    lines: list[RenderableType] = []
    if with_title:
        lines += [Text(printable(f"{answer.article_title} ({answer.article_id})"), style="dim")]
    if answer.read_as:
        readings = ", ".join(f"“{word}” as “{reading}”" for word, reading in answer.read_as)
        lines += [Text(printable(f"Read {readings}."), style="dim")]
    if answer.status is Status.NOT_IN_ARTICLE:
        lines += [Text(NOT_IN_ARTICLE, style="yellow")]
        if answer.closest:
            does_not = "does not say it" if is_claim else "does not answer it"
            lines += [Text(f"\nThe closest passage, which {does_not}:", style="dim")]
            lines += [_closest(citation) for citation in answer.closest]
        return Group(*lines)
    lead = _lead(answer, is_claim=is_claim)
    if answer.status is Status.UNCERTAIN:
        lines += [Text(f"Uncertain. {_reserve(is_claim=is_claim)}", style="yellow"), Text()]
    elif lead:
        lines += [Text(printable(lead), style="bold green"), *([Text()] if answer.citations else [])]
    leads = answer.status is Status.ANSWERED and not lead
    for citation in answer.in_article_order:
        sentence = Text(printable(citation.text), style="bold" if leads else "")
        if not leads:
            _set_off(sentence, citation)
        lines.append(sentence.append(f" [{citation.number}]", style="not bold cyan"))
    if answer.citations:
        lines += [Text(), *map(_footnote, answer.in_article_order)]
    return Group(*lines)


def _lead(answer: Answer, *, is_claim: bool = False) -> str:
    """The answer in a few words: yes, no, a fact, or the words that answer; empty where there are none."""
    if answer.fact is not None:
        return fact_text(answer.fact)
    match answer.verdict:
        case Verdict.SAYS_SO:
            return "The article says so." if is_claim else "Yes."
        case Verdict.SAYS_OTHERWISE:
            return "The article says otherwise." if is_claim else "No."
    return answer.short_text or ""


def _reserve(*, is_claim: bool) -> str:
    """What is said before sentences that may not answer."""
    return MAY_SAY if is_claim else MAY_NOT_ANSWER


def _set_off(sentence: Text, citation: Citation) -> None:
    """Sets off in a sentence, as it is shown, the words that decided for it."""
    ahead = len(citation.before) - citation.start
    for span in citation.deciding:
        sentence.stylize("bold", span.start + ahead, span.end + ahead)


def _footnote(citation: Citation) -> RenderableType:
    return Text(f"[{citation.number}]", style="cyan").append(f" {_place(citation)}", style="dim")


def _closest(citation: Citation) -> RenderableType:
    quote = Padding.indent(Text(printable(citation.quote), style="dim"), 4)
    return Group(Text(f"    {_place(citation)}", style="dim"), quote)


def _place(citation: Citation) -> str:
    speaker = f", said by {printable(citation.speaker)}" if citation.speaker else ""
    return f"paragraph {citation.paragraph}, characters {citation.start} to {citation.end}{speaker}"


def article_text(info: IndexInfo) -> RenderableType:
    """The article as it is indexed: what is known of it, then its paragraphs under their numbers."""
    article = info.article
    claims = filter(None, (article.claimed_source, article.claimed_site))
    facts = (
        ("source", article.source or "unknown"),
        *((("site", article.site),) if article.site else ()),
        *(("claims", f"says it is from {claim}, unchecked") for claim in claims),
        ("published", article.published.isoformat() if article.published else "unknown"),
        (
            "language",
            f"{article.language} (told by its words)" if article.language_is_guess else article.language,
        ),
        *(("missing", f"{part} is not in the file") for part in article.missing),
        ("indexed", f"{len(info.passages):,} passages, {info.indexed_at.isoformat(timespec='seconds')}"),
        ("model", f"{info.model}, SHA-256 {info.model_sha256}"),
    )
    title = Text(printable(article.title), style="bold")
    if article.title_is_label:
        title.append(" (a label: the article has no title of its own)", style="not bold dim")
    return Group(
        title,
        *(row(Text(name, style="dim"), value, indent=9) for name, value in facts),
        Text(),
        *(
            row(Text(str(paragraph.number), style="cyan"), paragraph.of(article.text), indent=3)
            for paragraph in article.paragraphs
        ),
    )


def answer_json(answer: Answer, *, is_claim: bool = False) -> dict[str, object]:
    """What ``ask --json`` and ``check --json`` print."""
    return {
        "claim" if is_claim else "question": answer.question,
        "status": answer.status.value,
        "answer": _in_words(answer, is_claim=is_claim),
        "short": answer.short_text,
        "verdict": answer.verdict.value if answer.verdict else None,
        "probability": answer.probability,
        "about": answer.about.value if answer.about else None,
        "citations": _citations_json(answer.citations),
        "closest": _citations_json(answer.closest),
        "read_as": [{"written": word, "read": reading} for word, reading in answer.read_as],
        "article": {"id": answer.article_id, "title": answer.article_title},
        "timings_ms": dict(answer.timings_ms),
    }


def _in_words(answer: Answer, *, is_claim: bool) -> str:
    """An answer as one text: the article's words, or that it does not say."""
    if answer.status is Status.NOT_IN_ARTICLE:
        return NOT_IN_ARTICLE
    quotes = " ".join(citation.text for citation in answer.in_article_order)
    if answer.fact is not None:
        return " ".join(filter(None, (fact_text(answer.fact), quotes)))
    return f"{_reserve(is_claim=is_claim)} {quotes}" if answer.status is Status.UNCERTAIN else quotes


def _citations_json(citations: Sequence[Citation]) -> list[dict[str, object]]:
    return [
        {
            "number": citation.number,
            "quote": citation.quote,
            "start": citation.start,
            "end": citation.end,
            "paragraph": citation.paragraph,
            "passage_id": citation.passage_id,
            "speaker": citation.speaker,
            "score": citation.score,
        }
        for citation in citations
    ]


def article_json(info: IndexInfo) -> dict[str, object]:
    """What ``show --json`` prints; every citation's ``start`` and ``end`` count in its ``text``."""
    article = info.article
    return {
        "id": article.id,
        "title": article.title,
        "source": article.source,
        "site": article.site,
        "claimed_source": article.claimed_source,
        "claimed_site": article.claimed_site,
        "language": article.language,
        "language_is_guess": article.language_is_guess,
        "missing": list(article.missing),
        "text": article.text,
        "paragraphs": [
            {"number": paragraph.number, "start": paragraph.start, "end": paragraph.end}
            for paragraph in article.paragraphs
        ],
        "passages": [
            {"id": passage.id, "paragraph": passage.paragraph, "start": passage.start, "end": passage.end}
            for passage in info.passages
        ],
        "model": info.model,
        "indexed_at": info.indexed_at.isoformat(),
    }
