"""Questions as pictures: by day and tier, and how long answers took. Needs matplotlib, the extra ``plot``."""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from bot.render.message import SIGNS, tier
from bot.words import Words
from index import Insights, Status

WIDTH, HEIGHT = 4.5, 3.1  # inches: on a phone the picture is as wide as the screen, and its type as large
DPI = 220
TYPE = 10  # points
MOST_BARS = 60  # more would be hair-thin, and some thousands take a minute to draw
BINS = 20
MOST_DAYS_NAMED = 7

# Okabe and Ito's, which colour-blind readers can tell apart; the hatches say the same.
_COLOURS = {Status.ANSWERED: "#009E73", Status.UNCERTAIN: "#E69F00", Status.NOT_IN_ARTICLE: "#999999"}
_HATCHES = {Status.ANSWERED: "", Status.UNCERTAIN: "//", Status.NOT_IN_ARTICLE: ".."}


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a picture's ground, ink and grid."""

    ground: str
    ink: str
    grid: str


LIGHT = Look("#FFFFFF", "#222222", "#D9D9D9")
DARK = Look("#1E1F22", "#E6E6E6", "#4A4B50")


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture (PNG), the name of its file, and what it says in words."""

    name: str
    content: bytes
    alt: str


def can_draw() -> bool:
    """Whether what draws is installed."""
    return find_spec("matplotlib") is not None


def charts(insights: Insights, words: Words, look: Look) -> tuple[Chart, ...]:
    """The charts of a period; none where nothing was asked, or nothing can draw.

    Args:
        insights: What was asked.
        words: The language of who reads them.
        look: For a dark or a light page.
    """
    if not insights.questions or not can_draw():
        return ()
    return (
        Chart("questions.png", _by_day(insights, words, look), _days_in_words(insights, words)),
        Chart("seconds.png", _seconds(insights, words, look), _seconds_in_words(insights, words)),
    )


def _by_day(insights: Insights, words: Words, look: Look) -> bytes:
    days = list(insights.days)
    span = -(-len(days) // MOST_BARS)  # of the days of a bar; the last bar ends today
    starts = [max(start, 0) for start in range(len(days) % -span, len(days), span)]
    title = words("Questions by day") if span == 1 else words("Questions by {days} days", days=span)
    figure, axes = _axes(title, look)
    below = [0] * len(starts)
    for status in Status:
        by_day = [insights.days[day][status] for day in days]
        ends = [*starts[1:], len(days)]
        counts = [sum(by_day[start:end]) for start, end in zip(starts, ends, strict=True)]
        name = tier(status, words).removeprefix(SIGNS[status]).strip()
        axes.bar(
            range(len(starts)),
            counts,
            bottom=below,
            width=0.8,
            color=_COLOURS[status],
            hatch=_HATCHES[status],
            edgecolor=look.ground,
            linewidth=0.4,
            label=name,
        )
        below = [before + count for before, count in zip(below, counts, strict=True)]
    step = -(-len(starts) // MOST_DAYS_NAMED)
    places = range(len(starts) - 1, -1, -step)
    axes.set_xticks(list(places), [words.short_date(days[starts[place]]) for place in places])
    axes.yaxis.get_major_locator().set_params(integer=True)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, labelcolor=look.ink, fontsize=TYPE - 1)
    return _png(figure, look)


def _seconds(insights: Insights, words: Words, look: Look) -> bytes:
    figure, axes = _axes(words("Seconds until the answer"), look)
    times = [question.milliseconds / 1_000 for question in insights.questions]
    axes.hist(times, bins=BINS, color="#0072B2" if look is LIGHT else "#56B4E9", edgecolor=look.ground)
    axes.set_xlim(left=0)
    axes.yaxis.get_major_locator().set_params(integer=True)
    for share, style in ((0.5, "solid"), (0.95, "dashed")):
        seconds = insights.seconds_within(share) or 0.0
        label = words(
            "{share} within {seconds} s",
            share=words.percent(share),
            seconds=words.number(seconds, decimals=1),
        )
        axes.axvline(seconds, color=look.ink, linestyle=style, linewidth=1.2, label=label)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, labelcolor=look.ink, fontsize=TYPE - 1)
    return _png(figure, look)


def _days_in_words(insights: Insights, words: Words) -> str:
    counts = insights.counts()
    most = max(insights.days, key=lambda day: sum(insights.days[day].values()))
    return words(
        "Questions by day: {answered} answered, {uncertain} uncertain, {refused} not in the article; most on "
        "{day}, {count}.",
        answered=words.number(counts[Status.ANSWERED]),
        uncertain=words.number(counts[Status.UNCERTAIN]),
        refused=words.number(counts[Status.NOT_IN_ARTICLE]),
        day=words.date(most),
        count=words.number(sum(insights.days[most].values())),
    )


def _seconds_in_words(insights: Insights, words: Words) -> str:
    half, most = (insights.seconds_within(share) or 0.0 for share in (0.5, 0.95))
    return words(
        "Seconds until the answer: half of them within {half}, 95 of 100 within {most}.",
        half=words.number(half, decimals=1),
        most=words.number(most, decimals=1),
    )


def _axes(title: str, look: Look) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained", facecolor=look.ground)
    axes = figure.add_subplot(facecolor=look.ground)
    axes.set_title(title, color=look.ink, fontsize=TYPE + 1, loc="left", parse_math=False)
    axes.tick_params(colors=look.ink, labelsize=TYPE - 1, length=0, pad=6)
    axes.grid(axis="y", color=look.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(look.grid)
    return figure, axes


def _png(figure: Any, look: Look) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, facecolor=look.ground, metadata={"Software": None})
    return stream.getvalue()
