"""`footnote insights`: what was asked in a server, in the terminal, as a page, or as a table."""

from __future__ import annotations

import base64
import csv
import html
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot.cli.errors import MisuseError
from bot.cli.options import ServerOption
from bot.cli.process import library_of, read_settings
from bot.cli.terminal import printable, terminal
from bot.render.charts import DARK, LIGHT, Chart, charts
from bot.render.message import tier
from bot.service.insights import quote_at
from bot.words import ENGLISH
from index import Insights, KeptQuestion, Library, QuestionGroup, Status, insights

MOST_LISTED = 20
COLUMNS = (
    "asked_at",
    "tier",
    "kind",
    "article",
    "question",
    "seconds",
    "cited",
    "votes_for",
    "votes_against",
    "complaints",
    "comments",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
WHICH_SERVER = "Which server? Give its id with --server: {servers}."
NO_SERVER = "Nothing that was asked in a server is kept."

STYLE = """
:root{color-scheme:light dark;--ground:#fff;--ink:#222;--quiet:#666;--line:#d9d9d9}
@media(prefers-color-scheme:dark){:root{--ground:#1e1f22;--ink:#e6e6e6;--quiet:#a5a6ab;--line:#4a4b50}}
body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--ground);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:1rem}
img{width:100%;height:auto;display:block}
summary{cursor:pointer;padding:.5rem 0}
details{border-bottom:1px solid var(--line)}
small,.quiet{color:var(--quiet)}
blockquote{margin:.5rem 0;padding-left:.75rem;border-left:3px solid var(--line)}
"""


def show_insights(
    server: ServerOption = None,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="The last how many days.")] = 7,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write a page with charts and lists.", show_default=False)
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write a table, a question a line.", show_default=False)
    ] = None,
) -> None:
    """Show what was asked in a server: by tier, not answered, voted down, cited most. Names nobody."""
    settings = read_settings()
    common = library_of(settings)
    name = str(server) if server is not None else _only(common.ledger.servers())
    until = datetime.now(UTC)
    since = until - timedelta(days=days)
    library = common.branch(name)
    period = insights(common.ledger.questions(name, since, until), since, until, library.models().embedder)
    if html_file is not None:
        html_file.write_text(page(period, library, f"Server {name}"), encoding="utf-8")
    if csv_file is not None:
        csv_file.write_text(table(period), encoding="utf-8", newline="")
    if html_file is None and csv_file is None:
        terminal().print(Text(printable(text(period))))


def _only(servers: tuple[str, ...]) -> str:
    if not servers:
        raise MisuseError(NO_SERVER)
    if len(servers) > 1:
        raise MisuseError(WHICH_SERVER, servers=", ".join(sorted(servers)))
    return servers[0]


def text(period: Insights) -> str:
    """A period in short, and its lists."""
    counts, (good, bad) = period.counts(), period.votes()
    lines = [
        f"{len(period.questions)} questions from {period.since:%Y-%m-%d} to {period.until:%Y-%m-%d}",
        *(f"  {tier(status, ENGLISH)}: {counts[status]}" for status in Status),
        f"  votes: {good} for, {bad} against",
    ]
    if period.questions:
        half, most = period.seconds_within(0.5), period.seconds_within(0.95)
        lines.append(f"  half within {half:.1f} s, 95 of 100 within {most:.1f} s")
    for title, groups in (("Not answered", period.gaps), ("Voted down", period.dislikes)):
        if groups:
            lines += ["", f"{title}:"]
            lines += [f"  {len(one.questions)} × {one.questions[0].question}" for one in groups[:MOST_LISTED]]
    return "\n".join(lines)


def table(period: Insights) -> str:
    """CSV, a question a line, oldest first. No cell is a formula to a spreadsheet."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for one in period.questions:
        good = sum(vote.is_good for vote in one.votes)
        row = (
            one.asked_at.isoformat(timespec="seconds"),
            one.status.value,
            "claim" if one.is_claim else "question",
            one.article,
            one.question,
            f"{one.milliseconds / 1_000:.3f}",
            f"{one.span.start}:{one.span.end}" if one.span else "",
            str(good),
            str(len(one.votes) - good),
            "; ".join(vote.complaint for vote in one.votes if vote.complaint),
            "; ".join(vote.comment for vote in one.votes if vote.comment),
        )
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return stream.getvalue()


def page(period: Insights, library: Library, title: str) -> str:
    """A page that stands alone: charts for light and dark, and lists whose entries open."""
    counts, (good, bad) = period.counts(), period.votes()
    tiers = " · ".join(f"{tier(status, ENGLISH)} {counts[status]}" for status in Status)
    pairs = zip(charts(period, ENGLISH, LIGHT), charts(period, ENGLISH, DARK), strict=True)
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>{len(period.questions)} questions from {period.since:%Y-%m-%d} to {period.until:%Y-%m-%d}<br>"
        f"{tiers}<br>👍 {good} · 👎 {bad}</p>",
        "<p class=quiet>What was asked in private is not among it, nor is who asked.</p>",
        f"<div class=charts>{''.join(_picture(light, dark) for light, dark in pairs)}</div>",
        _list("Not answered", [_group(one) for one in period.gaps[:MOST_LISTED]]),
        _list("Voted down", [_group(one) for one in period.dislikes[:MOST_LISTED]]),
        _list(
            "Cited most",
            [
                _details(
                    quote_at(library, one) or "That version of the article is kept no more.",
                    f"cited {len(one.questions)} ×, {one.article}",
                    one.questions,
                )
                for one in period.passages[:MOST_LISTED]
            ],
        ),
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><main>{''.join(parts)}</main></html>\n"
    )


def _picture(light: Chart, dark: Chart) -> str:
    sources = [f"data:image/png;base64,{base64.b64encode(one.content).decode()}" for one in (dark, light)]
    return (
        f'<picture><source media="(prefers-color-scheme:dark)" srcset="{sources[0]}">'
        f'<img src="{sources[1]}" alt="{html.escape(light.alt)}"></picture>'
    )


def _list(title: str, entries: list[str]) -> str:
    return f"<h2>{title}</h2>{''.join(entries) or '<p>Nothing.</p>'}"


def _group(group: QuestionGroup) -> str:
    first = group.questions[0]
    return _details(first.question, f"asked {len(group.questions)} ×, {first.article}", group.questions)


def _details(heading: str, note: str, questions: tuple[KeptQuestion, ...]) -> str:
    lines = "".join(
        f"<li>{html.escape(one.question)} <small>{one.asked_at:%Y-%m-%d %H:%M} UTC</small>"
        + "".join(
            f"<blockquote>👎 {vote.complaint}: {html.escape(vote.comment)}</blockquote>"
            for vote in one.votes
            if vote.complaint
        )
        + "</li>"
        for one in questions
    )
    return (
        f"<details><summary>{html.escape(heading)} <small>{html.escape(note)}</small></summary>"
        f"<ul>{lines}</ul></details>"
    )
