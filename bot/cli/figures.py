"""What the terminal shows of a measurement, and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.terminal import printable
from index import ConversationMetrics, Metrics, Mode

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
    how = "each second turn asked after the first, and by itself\n"
    return Group(Text(title, style="bold"), Text(how, style="dim"), table, Text(), others)


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
    measures = asdict(metrics)
    return measures if plain is None else {**measures, "plain": asdict(plain)}
