"""What the terminal shows of a measurement, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.terminal import printable
from index import ClaimMetrics, ConversationMetrics, Metrics, Mode

_MODES = {
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
    "short_given": "A short answer is given, where the file has one",
    "short_exact_match": "… and is the file's, word for word",
    "short_f1": "Words that it shares with the file's, on average (F1)",
    "answered": "Answered without reserve, where the article answers",
    "false_refusals": "Refused, though the article answers",
    "not_answered_when_impossible": "Refused or marked uncertain, where the article does not answer",
    "answered_precision": "Right, of all that was answered without reserve",
    "uncertain_precision": "Right, of all that was marked uncertain",
    "answerability_auc": "Surer of a question that the article answers than of another",
    "refused_at_2": "Could be refused rightly, with 2 in 100 refused wrongly",
    "refused_at_5": "… with 5 in 100",
    "refused_at_10": "… with 10 in 100",
    "byte_exact": "Quotes that are the article's text, byte for byte",
}
_COUNTS = {
    "short_given": "short_count",
    "answered_precision": "answered_count",
    "uncertain_precision": "uncertain_count",
    "certain_precision": "certain_count",
}
"""What a share is of, where it is not of all questions of a kind."""
_CLAIM_KINDS = {
    "statements": "… of the claims",
    "questions": "… of the questions for yes or no",
    "yes": "… where the article says so",
    "no": "… where it says otherwise",
    "unknown": "… where it does not say",
}
_CLAIM_MEASURES = {
    "certain_precision": "Right, of all that was judged so or otherwise without reserve",
    "rightly_cited": "The first citation is the evidence, of those rightly judged so or otherwise",
    "byte_exact": _MEASURES["byte_exact"],
}
COMPARISONS = {"plain": "plain", "rules": "rules only"}
"""What may be measured beside Footnote, and what its column is called."""
_TURNS = {
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


def metrics_text(metrics: Metrics, others: Mapping[str, Metrics]) -> RenderableType:
    """What ``eval`` found, a line for each measure; beside it what else was measured, by its name."""
    columns = [metrics, *others.values()]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=bool(others))
    table.add_column()
    for name in ("Footnote", *(COMPARISONS[other] for other in others)):
        table.add_column(name, justify="right")
    for name, label in _MEASURES.items():
        table.add_row(label, *(_figure_of(name, column) for column in columns))
    for name, label in _LATENCIES.items():
        table.add_row(label, *(f"{column.latency_ms[name]:.1f} ms" for column in columns))
    title = Text(f"{printable(metrics.file)}: {metrics.questions:,} questions", style="bold")
    return Group(title, Text(f"{_MODES[metrics.mode]}\n", style="dim"), table)


def conversations_text(metrics: ConversationMetrics) -> RenderableType:
    """What ``eval --conversations`` found: each kind of second turn with the first one known, and without."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("The first citation holds the answer")
    for name in ("questions", "after the first turn", "alone"):
        table.add_column(name, justify="right")
    for name, label in _TURNS.items():
        turns = getattr(metrics, name)
        shares = (_figure(name, share) for share in (turns.citation_at_1, turns.alone))
        table.add_row(label, f"{turns.questions:,}", *shares)
    others = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    for name in ("not_answered_when_impossible", "byte_exact"):
        others.add_row(_MEASURES[name], _figure(name, getattr(metrics, name)))
    title = f"{printable(metrics.file)}: {metrics.conversations:,} conversations"
    how = "each second turn asked after the first, and by itself\n"
    return Group(Text(title, style="bold"), Text(how, style="dim"), table, Text(), others)


def claims_text(metrics: ClaimMetrics) -> RenderableType:
    """What ``eval --claims`` found: how many are judged as labelled, and how many with their evidence."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("Judged rightly", _figure("accuracy", metrics.accuracy))
    for name, label in _CLAIM_KINDS.items():
        one = getattr(metrics, name)
        table.add_row(label, _of(_figure(name, one.accuracy), one.claims))
    for name, label in _CLAIM_MEASURES.items():
        table.add_row(label, _figure_of(name, metrics))
    table.add_row("Questions answered with neither yes nor no", f"{metrics.without_verdict:,}")
    counts = f"{metrics.claims:,} claims, {metrics.questions.claims:,} of them questions"
    title = f"{printable(metrics.file)}: {counts}"
    how = "each claim checked, each question asked\n"
    return Group(Text(title, style="bold"), Text(how, style="dim"), table)


def _figure_of(name: str, metrics: Metrics | ClaimMetrics) -> str:
    figure = _figure(name, getattr(metrics, name))
    return _of(figure, getattr(metrics, _COUNTS[name])) if name in _COUNTS else figure


def _of(figure: str, count: int) -> str:
    return f"{figure} of {count:,}" if count else figure


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    match name:
        case "mean_quoted_chars":
            return f"{value:,.0f}"
        case "passage_mrr" | "short_f1" | "answerability_auc":
            return f"{value:.3f}"
        case _:
            return f"{value:.1%}"


def conversations_json(metrics: ConversationMetrics) -> dict[str, object]:
    """What ``eval --conversations --json`` prints."""
    return asdict(metrics)


def claims_json(metrics: ClaimMetrics) -> dict[str, object]:
    """What ``eval --claims --json`` prints."""
    return asdict(metrics)


def metrics_json(metrics: Metrics, others: Mapping[str, Metrics]) -> dict[str, object]:
    """What ``eval --json`` prints; what else was measured is the same again under its name."""
    return {**_measures(metrics), **{name: _measures(other) for name, other in others.items()}}


def _measures(metrics: Metrics) -> dict[str, object]:
    return {name: value for name, value in asdict(metrics).items() if name != "outcomes"}
