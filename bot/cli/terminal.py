"""What the terminal shows: answers, the article, progress; and the same as JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from io import TextIOWrapper

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from bot.cli.doctor import Finding, Verdict
from index import (
    Answer,
    Change,
    Citation,
    ConversationMetrics,
    Entry,
    IndexInfo,
    Metrics,
    Mode,
    MovedAnswer,
    PassageCounts,
    Progress,
    ReindexReport,
    Restored,
    SelfCheck,
    Status,
)

# What could move the cursor, recolour the terminal or reverse the reading order of what stands around it.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PIPE_WIDTH = 100_000
NOT_IN_ARTICLE = "The article does not say."
MAY_NOT_ANSWER = "The article may not answer this. The closest it says:"
_VERDICTS = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.PROBLEM: "bold red"}
_ASKED = {
    Mode.ARTICLE: "each question asked of its own article",
    Mode.POOLED: "each question asked of all articles as one",
    Mode.FOREIGN: "each question asked of its own article, and of another that does not answer it",
}
_MEASURES = {
    "citation_at_1": "The first citation holds the answer",
    "citation_at_3": "One of the first three citations holds the answer",
    "passage_recall_at_1": "The first passage is the one with the answer",
    "passage_mrr": "1 / place of the passage with the answer, on average",
    "answer_recall": "The answer given quotes the answer",
    "mean_quoted_chars": "Characters quoted in an answer, on average",
    "answered": "Answered without reserve, where the article answers",
    "false_refusals": "Refused, though the article answers",
    "not_answered_when_impossible": "Refused or marked uncertain, where the article does not answer",
    "byte_exact": "Quotes that are the article's text, byte for byte",
}
_CARRIED = {
    "all": "All second turns that the article answers",
    "follow_ups": "… that ask on",
    "new_subjects": "… that change the subject",
    "held_out": "… that were held out",
}
_LATENCIES = {
    "p50": "Time for a question: half take at most",
    "p95": "Time for a question: 95 of 100 take at most",
    "bare_encode_p50": "Time for the model alone to encode a question: half take at most",
}


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        """Leaves the decision to the command line, as for what is written without rich."""
        raise  # this is called while BrokenPipeError is handled


def terminal(*, stderr: bool = False) -> Console:
    """A console that takes text as it is, and does not wrap where no terminal is."""
    console = _Terminal(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def never_fail_on_encoding() -> None:
    """Writes and reads what the encoding lacks as a replacement, where Python would raise UnicodeError."""
    for stream in (sys.stdin, sys.stdout):  # stderr never raises
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def printable(text: str) -> str:
    """Strange text without what a terminal would obey."""
    return _UNPRINTABLE.sub("\ufffd", text)


def print_json(value: object) -> None:
    """Writes one JSON value to stdout, in UTF-8 whatever the terminal's encoding."""
    if isinstance(sys.stdout, TextIOWrapper):  # a lone surrogate then becomes JSON's own escape
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


@contextmanager
def progress(first: str) -> Iterator[Callable[[Progress], None]]:
    """Shows on standard error how far an index is.

    Args:
        first: What is going on before the first stage is reported.
    """
    with _meter(first) as move:
        yield lambda step: move(f"Index: {step.stage}", step.done, step.total)


@contextmanager
def asking(whom: str) -> Iterator[Callable[[int, int], None]]:
    """Shows on standard error how many questions of how many are done."""
    with _meter("Loading the model and indexing") as move:
        yield lambda done, total: move(f"Asking {whom}: {total:,} questions", done, total)


@contextmanager
def _meter(first: str) -> Iterator[Callable[[str, int, int], None]]:
    """Takes what is being done and how far it is: a bar on a terminal, a line for each thing elsewhere."""
    console = terminal(stderr=True)
    if not console.is_terminal:
        shown: set[str] = set()

        def write_line(doing: str, done: int, total: int) -> None:
            del done, total
            if doing not in shown:
                shown.add(doing)
                console.print(doing)

        yield write_line
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(first, total=None)

        def move(doing: str, done: int, total: int) -> None:
            bar.update(task, description=doing, completed=done, total=total)

        yield move


def answer_text(answer: Answer, *, with_title: bool = False) -> RenderableType:
    """An answer with its footnotes; each footnote gives the article's words and where they stand.

    Args:
        answer: The answer.
        with_title: Whether to say first which article it is from, where several were asked.
    """
    lines: list[RenderableType] = []
    if with_title:
        lines += [Text(printable(f"{answer.article_title} ({answer.article_id})"), style="dim")]
    if answer.read_as:
        read = ", ".join(f"“{written}” as “{read}”" for written, read in answer.read_as)
        lines += [Text(printable(f"Read {read}."), style="dim")]
    if answer.status is Status.NOT_IN_ARTICLE:
        lines += [Text(NOT_IN_ARTICLE, style="yellow")]
        if answer.closest:
            lines += [Text("\nThe closest it comes:", style="dim"), *map(_footnote, answer.closest)]
        return Group(*lines)
    if answer.status is Status.UNCERTAIN:
        lines += [Text("Uncertain: this may not answer the question.", style="yellow")]
    for citation in answer.in_article_order:
        words = Text(printable(citation.text), style="bold")
        lines.append(words.append(f" [{citation.number}]", style="not bold cyan"))
    return Group(*lines, Text(), *map(_footnote, answer.in_article_order))


def _footnote(citation: Citation) -> RenderableType:
    where = f"paragraph {citation.paragraph}, characters {citation.start} to {citation.end}"
    speaker = f", said by {printable(citation.speaker)}" if citation.speaker else ""
    return Group(
        Text(f"[{citation.number}]", style="cyan").append(f" {where}{speaker}", style="dim"),
        Padding.indent(Text(printable(citation.quote)), 4),
    )


def article_text(info: IndexInfo) -> RenderableType:
    """The article as it is indexed: what is known of it, then its paragraphs under their numbers."""
    article = info.article
    claims = filter(None, (article.claimed_source, article.claimed_site))
    facts = (
        ("source", article.source or "unknown"),
        *((("site", article.site),) if article.site else ()),
        *(("claims", f"says it is from {claim}, unchecked") for claim in claims),
        ("published", article.published.isoformat() if article.published else "unknown"),
        ("language", article.language),
        ("indexed", f"{len(info.passages):,} passages, {info.indexed_at.isoformat(timespec='seconds')}"),
        ("model", f"{info.model}, SHA-256 {info.model_sha256}"),
    )
    title = Text(printable(article.title), style="bold")
    if article.title_is_label:
        title.append(" (a label: the article has no title of its own)", style="not bold dim")
    return Group(
        title,
        *(_row(Text(name, style="dim"), value, indent=9) for name, value in facts),
        Text(),
        *(
            _row(Text(str(paragraph.number), style="cyan"), paragraph.of(article.text), indent=3)
            for paragraph in article.paragraphs
        ),
    )


def report_text(report: ReindexReport) -> RenderableType:
    """What a reindex did: to the passages, to the answers to the example questions; and the self-check."""
    title = printable(report.info.article.title)
    changes = f"{report.kept:,} kept, {report.added:,} new, {report.removed:,} removed"
    passages = f"{len(report.info.passages):,} passages ({changes})"
    lines: list[RenderableType] = [Text(f"Indexed “{title}” in {report.seconds:.1f} s: {passages}.")]
    if not report.published:
        lines.append(Text("Nothing has changed, so the index from before goes on serving."))
    if report.examples:
        lines.append(
            Text(f"Example questions whose answer moved: {len(report.moved):,} of {report.examples:,}.")
        )
        lines += map(_moved, report.moved)
    if report.check is not None:
        lines.append(_check(report.check))
    if report.unread_questions is not None:
        unread = f"Its own questions were not asked. {report.unread_questions}"
        lines.append(Text(printable(unread), style="yellow"))
    return Group(*lines)


def _moved(moved: MovedAnswer) -> RenderableType:
    return Group(
        Text(f"  {printable(moved.question)}", style="bold"),
        *(
            _row(Text(f"    {when}", style="dim"), quote, indent=10)
            for when, quote in (
                ("before", moved.before or "the article did not say"),
                ("now", moved.after or "the article does not say"),
            )
        ),
    )


def _check(check: SelfCheck) -> RenderableType:
    asked = Text(f"Its own questions: {check.right:,} of {check.asked:,} answered rightly.")
    return Group(
        asked, *(Text(f"  wrong: {printable(question)}", style="yellow") for question in check.failed)
    )


def undone_text(info: IndexInfo) -> RenderableType:
    """Which index an article is back at."""
    when = info.indexed_at.isoformat(timespec="seconds")
    return Text(f"“{printable(info.article.title)}” is back as it was indexed at {when}.")


def entries_text(entries: Sequence[Entry]) -> RenderableType:
    """The articles of a library, one a line."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("", "id", "title", "passages", "indexed", "from"):
        table.add_column(name, justify="right" if name == "passages" else "left", overflow="fold")
    for entry in entries:
        source = str(entry.path or entry.place)
        place = source if entry.own else f"{source} (the default)"
        table.add_row(
            "*" if entry.in_use else "",
            Text(printable(entry.id), style="bold"),
            printable(entry.title),
            f"{entry.passages:,}",
            entry.indexed_at.isoformat(sep=" ", timespec="minutes"),
            printable(place),
        )
    return table


def entries_json(entries: Sequence[Entry]) -> list[dict[str, object]]:
    """What ``library list --json`` prints."""
    return [
        {
            **asdict(entry),
            "indexed_at": entry.indexed_at.isoformat(),
            "path": str(entry.path) if entry.path else None,
        }
        for entry in entries
    ]


def history_text(changes: Sequence[Change]) -> RenderableType:
    """What was done to a library, one change a line."""
    if not changes:
        return Text("Nothing has been changed yet.")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for change in changes:
        table.add_row(
            Text(change.when.isoformat(sep=" ", timespec="seconds"), style="dim"),
            printable(change.who),
            change.action.value,
            Text(printable(change.article), style="bold"),
            printable(_detail(change.detail)),
        )
    return table


def history_json(changes: Sequence[Change]) -> list[dict[str, object]]:
    """What ``library history --json`` prints."""
    return [
        {**asdict(change), "when": change.when.isoformat(), "detail": _detail(change.detail)}
        for change in changes
    ]


def _detail(detail: PassageCounts | Restored | str) -> str:
    match detail:
        case PassageCounts(kept=kept, added=added, removed=removed):
            return f"{kept} passages kept, {added} new, {removed} removed"
        case Restored(snapshot=name):
            return f"back to {name}" if name else "brought back"
        case text:  # an earlier version's
            return text


def findings_text(findings: Iterable[Finding]) -> RenderableType:
    """The doctor's report."""
    return Group(
        *(
            _row(Text(f"{f.verdict:<9}", style=_VERDICTS[f.verdict]).append(f.about), f.text, indent=17)
            for f in findings
        )
    )


def _row(head: Text, body: str, *, indent: int) -> RenderableType:
    """A line whose body is wrapped under itself. A table of one row: without a terminal it pads nothing."""
    row = Table.grid(padding=(0, 2))
    row.add_column(width=indent)
    row.add_row(head, Text(printable(body), overflow="fold"))
    return row


def metrics_text(metrics: Metrics, plain: Metrics | None = None) -> RenderableType:
    """What ``eval`` found, a line for each measure; beside it, if given, what the plain baseline does."""
    columns = [metrics] if plain is None else [metrics, plain]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=plain is not None)
    table.add_column()
    for name in ("Footnote", "plain")[: len(columns)]:
        table.add_column(name, justify="right")
    for name, label in _MEASURES.items():
        table.add_row(label, *(_figure(name, getattr(column, name)) for column in columns))
    for name, label in _LATENCIES.items():
        table.add_row(label, *(f"{column.latency_ms[name]:.1f} ms" for column in columns))
    title = Text(f"{printable(metrics.file)}: {metrics.questions:,} questions", style="bold")
    return Group(title, Text(f"{_ASKED[metrics.mode]}\n", style="dim"), table)


def conversations_text(metrics: ConversationMetrics) -> RenderableType:
    """What ``eval --conversations`` found: each kind of second turn with the first one known, and without."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("The first citation holds the answer")
    for name in ("questions", "after the first turn", "alone"):
        table.add_column(name, justify="right")
    for name, label in _CARRIED.items():
        carried = getattr(metrics, name)
        shares = (_figure(name, share) for share in (carried.citation_at_1, carried.alone))
        table.add_row(label, f"{carried.questions:,}", *shares)
    others = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    for name in ("not_answered_when_impossible", "byte_exact"):
        others.add_row(_MEASURES[name], _figure(name, getattr(metrics, name)))
    title = f"{printable(metrics.file)}: {metrics.conversations:,} conversations"
    asked = "each second turn asked after the first, and by itself\n"
    return Group(Text(title, style="bold"), Text(asked, style="dim"), table, Text(), others)


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    match name:
        case "mean_quoted_chars":
            return f"{value:,.0f}"
        case "passage_mrr":
            return f"{value:.3f}"
        case _:
            return f"{value:.1%}"


def conversations_json(metrics: ConversationMetrics) -> dict[str, object]:
    """What ``eval --conversations --json`` prints."""
    return asdict(metrics)


def metrics_json(metrics: Metrics, plain: Metrics | None = None) -> dict[str, object]:
    """What ``eval --json`` prints; with ``plain``, the same of the baseline under that key."""
    found = asdict(metrics)
    return found if plain is None else {**found, "plain": asdict(plain)}


def answer_json(answer: Answer) -> dict[str, object]:
    """What ``ask --json`` prints."""
    return {
        "question": answer.question,
        "status": answer.status.value,
        "answer": _in_words(answer),
        "citations": _citations_json(answer.citations),
        "closest": _citations_json(answer.closest),
        "read_as": [{"written": written, "read": read} for written, read in answer.read_as],
        "article": {"id": answer.article_id, "title": answer.article_title},
        "timings_ms": dict(answer.timings_ms),
    }


def _in_words(answer: Answer) -> str:
    """An answer as one text: the article's words, or that it does not say."""
    if answer.status is Status.NOT_IN_ARTICLE:
        return NOT_IN_ARTICLE
    quoted = " ".join(citation.text for citation in answer.in_article_order)
    return f"{MAY_NOT_ANSWER} {quoted}" if answer.status is Status.UNCERTAIN else quoted


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
