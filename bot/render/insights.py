"""What was asked in a server: in short, as lists, and one question with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from bot.render.feedback import complaints
from bot.render.message import BLUE, MessageContent, command, tier
from bot.render.text import MAX_NAME, clip
from bot.words import Words
from index import CitedPassage, Complaint, Insights, KeptQuestion, QuestionGroup, Status, Vote

ENTRIES_A_PAGE = 5
MAX_LINE = 200  # of a question in a list: two lines on a phone
MAX_QUOTE = 600
MOST_SHOWN = 8  # questions of a group, and comments, of some 300 characters each


class InsightList(StrEnum):
    """The lists; their values stand in the ids of buttons."""

    UNANSWERED = "u"
    DISLIKED = "d"
    PASSAGES = "p"


def summary(insights: Insights, words: Words, *, days: int) -> MessageContent:
    """What was asked, in short."""
    heading = words.plural("The last day", "The last {number} days", days)
    if not insights.questions:
        nothing = words("Nobody has asked anything here for others to see.")
        return MessageContent(BLUE, f"**{heading}**\n{nothing}")
    note = words("What was asked in private is not among it, nor is who asked.")
    return MessageContent(BLUE, "\n".join([f"**{heading}**", *figures(insights, words)]), footer=f"-# {note}")


def figures(insights: Insights, words: Words) -> list[str]:
    """How much was asked, answered and voted on, and how long that took, a line each."""
    counts, (good, bad) = insights.counts(), insights.votes()
    return [
        words.plural("{number} question", "{number} questions", len(insights.questions))
        + ": "
        + " · ".join(f"{tier(status, words)} {words.number(counts[status])}" for status in Status),
        f"👍 {words.number(good)} · 👎 {words.number(bad)}",
        words(
            "Half of the answers came within {half} s, 95 of 100 within {most} s.",
            half=words.number(insights.seconds_within(0.5) or 0.0, decimals=1),
            most=words.number(insights.seconds_within(0.95) or 0.0, decimals=1),
        ),
    ]


def labels(insights: Insights, words: Words) -> dict[InsightList, str]:
    """What the buttons to the lists say, with how many entries each has."""
    return {
        InsightList.UNANSWERED: f"{words('Not answered')} ({words.number(len(insights.gaps))})",
        InsightList.DISLIKED: f"{words('Voted down')} ({words.number(len(insights.dislikes))})",
        InsightList.PASSAGES: f"{words('Cited most')} ({words.number(len(insights.passages))})",
    }


def heading(kind: InsightList, words: Words, *, page: int, pages: int) -> MessageContent:
    """The top of a page of a list."""
    top = {
        InsightList.UNANSWERED: words("What the articles did not answer, most asked first"),
        InsightList.DISLIKED: words("Answers that were voted down, most often first"),
        InsightList.PASSAGES: words("The passages that were cited first, most often first"),
    }[kind]
    if not pages:
        return MessageContent(BLUE, f"**{top}**\n{words('Nothing.')}")
    place = words("page {page} of {pages}", page=words.number(page), pages=words.number(pages))
    return MessageContent(BLUE, f"**{top}**", footer=f"-# {place}" if pages > 1 else "")


def group_line(group: QuestionGroup, words: Words) -> str:
    """A group in a list: its newest question, and how often it was asked."""
    first = group.questions[0]
    times = words.plural("asked once", "asked {number} times", len(group.questions))
    return f"{clip(first.question, MAX_LINE)}\n-# {times} · {_when(first.asked_at)}"


def passage_line(passage: CitedPassage, quote: str | None, words: Words) -> str:
    """A passage in a list: its words, where that version is kept, and how often it was cited."""
    times = words.plural("cited once", "cited {number} times", len(passage.questions))
    text = clip(quote, MAX_LINE) if quote else words("That version of the article is kept no more.")
    return f"{text}\n-# {times} · {clip(passage.article, MAX_NAME)}"


def question(
    group: Sequence[KeptQuestion], quote: str | None, words: Words, *, is_answered: bool = False
) -> MessageContent:
    """A question, those that ask the same, what was cited, and what people said of the answer.

    Args:
        group: The question first.
        quote: What was cited first to it, where that is kept.
        words: The language of who reads it.
        is_answered: Whether an admin has answered that very question.
    """
    first = group[0]
    lines = [
        f"**{clip(first.question, 2 * MAX_LINE)}**",
        f"{tier(first.status, words)} · {clip(first.article, MAX_NAME)} · {_when(first.asked_at)}",
    ]
    if is_answered:
        lines.append(words("An admin has answered it."))
    if others := group[1:]:
        lines += ["", words("Asked as well:")]
        lines += [f"- {clip(one.question, MAX_LINE)} ({_when(one.asked_at)})" for one in others[:MOST_SHOWN]]
    if quote:
        lines += ["", words("Cited:"), f"> {clip(quote, MAX_QUOTE)}"]
    votes = [vote for one in group for vote in one.votes]
    if votes:
        good = sum(vote.is_good for vote in votes)
        lines += ["", f"👍 {words.number(good)} · 👎 {words.number(len(votes) - good)}"]
    lines += [_comment(vote, words) for vote in votes if vote.complaint is not None][:MOST_SHOWN]
    return MessageContent(BLUE, "\n".join(lines))


def seen(question: KeptQuestion, server: str, words: Words) -> MessageContent:
    """Tells the one who said what is wrong with an answer that an admin has seen it."""
    return MessageContent(
        BLUE,
        words(
            "An admin of {server} has seen what you said of the answer to “{question}”. Thank you.",
            server=clip(server, MAX_NAME),
            question=clip(question.question, MAX_LINE),
        )
        + "\n-# "
        + words("{keep} has me keep nothing of you from then on", keep=command(words, "my-data", "keep")),
    )


def _comment(vote: Vote, words: Words) -> str:
    label = complaints(words)[vote.complaint or Complaint.OTHER]
    return f"- {label}" + (f": {clip(vote.comment, MAX_LINE)}" if vote.comment else "")


def _when(when: datetime) -> str:
    return f"<t:{int(when.timestamp())}:d>"
