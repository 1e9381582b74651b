"""What the terminal shows of a library: its articles, its history, what a change did; and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.doctor import Finding, Verdict
from bot.cli.terminal import printable, row
from index import (
    Change,
    Entry,
    IndexInfo,
    MovedAnswer,
    PassageCounts,
    ReindexReport,
    Restoration,
    SelfCheck,
)

_VERDICTS = {Verdict.OK: "green", Verdict.NOTE: "yellow", Verdict.PROBLEM: "bold red"}


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
        notice = f"Its own questions were not asked. {report.unread_questions}"
        lines.append(Text(printable(notice), style="yellow"))
    return Group(*lines)


def _moved(answer: MovedAnswer) -> RenderableType:
    return Group(
        Text(f"  {printable(answer.question)}", style="bold"),
        *(
            row(Text(f"    {when}", style="dim"), quote, indent=10)
            for when, quote in (
                ("before", answer.before or "the article did not say"),
                ("now", answer.after or "the article does not say"),
            )
        ),
    )


def _check(check: SelfCheck) -> RenderableType:
    heading = Text(f"Its own questions: {check.right:,} of {check.asked:,} answered rightly.")
    return Group(
        heading, *(Text(f"  wrong: {printable(question)}", style="yellow") for question in check.failed)
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


def _detail(detail: PassageCounts | Restoration | str) -> str:
    match detail:
        case PassageCounts(kept=kept, added=added, removed=removed):
            return f"{kept} passages kept, {added} new, {removed} removed"
        case Restoration(snapshot=name):
            return f"back to {name}" if name else "brought back"
        case text:  # an earlier version's
            return text


def findings_json(findings: Iterable[Finding]) -> dict[str, object]:
    """The doctor's report for programs; ``ok`` is false where there is a problem."""
    rows = [asdict(finding) for finding in findings]
    return {"ok": all(row["verdict"] is not Verdict.PROBLEM for row in rows), "findings": rows}


def findings_text(findings: Iterable[Finding]) -> RenderableType:
    """The doctor's report."""
    return Group(
        *(
            row(Text(f"{f.verdict:<9}", style=_VERDICTS[f.verdict]).append(f.about), f.text, indent=17)
            for f in findings
        )
    )
