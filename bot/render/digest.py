"""What was asked in a week, for a channel that more than the admins may read."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.insights import InsightList, figures, group_line, labels, passage_line
from bot.render.message import BLUE, MessageContent, command
from bot.words import Words
from index import Insights

MOST_LISTED = 3
"""Entries of a list: three lists of such lines, of some 230 characters each, are within a message."""


def digest(insights: Insights, quotes: Sequence[str | None], words: Words) -> MessageContent:
    """A week in short, and what was asked, voted down and cited most.

    Args:
        insights: The week.
        quotes: What the passages that were cited most say, as far as it is kept; as many as are listed.
        words: The language of the server.
    """
    begin, end = insights.days_shown()
    heading = words("What was asked from {begin} to {end}", begin=words.date(begin), end=words.date(end))
    lines = [f"**{heading}**", *figures(insights, words)]
    lists = {
        InsightList.UNANSWERED: [group_line(one, words) for one in insights.gaps[:MOST_LISTED]],
        InsightList.DISLIKED: [group_line(one, words) for one in insights.dislikes[:MOST_LISTED]],
        InsightList.PASSAGES: [
            passage_line(passage, quote, words)
            for passage, quote in zip(insights.passages[:MOST_LISTED], quotes, strict=True)
        ],
    }
    for kind, label in labels(insights, words).items():
        if entries := lists[kind]:
            lines += ["", f"**{label}**", *entries]
    note = words("For admins, {insights} opens all of it.", insights=command(words, "insights"))
    private = words("What was asked in private is not among it, nor is who asked.")
    return MessageContent(BLUE, "\n".join(lines), footer=f"-# {private} {note}")
