"""What is kept of people, in plain words, and all of it for one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.render.message import BLUE, GREEN, GREY, ORANGE, MessageContent, command
from bot.words import Words
from index import KeptQuestion, PersonalData, Vote, WrittenAnswer

GROUP = "my-data"


def privacy(words: Words, *, days: float, minutes: float) -> MessageContent:
    """What is kept, for how long, and who sees it.

    Args:
        words: The language of the one who asks.
        days: For how long questions are kept; 0 for not at all.
        minutes: How long a question may lean on the one before it.
    """
    kept = (
        [
            words(
                "Your question, when and where you asked it, your Discord number, what I cited, and how long "
                "it took: for {days} days, then it is deleted.",
                days=_number(days, words),
            ),
            words("👍 and 👎 with what you wrote to it: as long as the question."),
        ]
        if days
        else [words("No questions.")]
    )
    lines = [
        f"**{words('What I keep of you')}**",
        *(f"- {line}" for line in kept),
        "- "
        + words(
            "Where an admin has switched on answers without a mention, I read what is written in that "
            "channel. Of it I keep the questions that I answer, as those above, and nothing else."
        ),
        "- "
        + words("What you change as an admin stands in the server's history with your name, for its admins."),
        "- "
        + words(
            "What you answer as an admin, or let an admin take over, is quoted in that server with your name "
            "and the date, until you delete it: then your words stay, by “an admin”."
        ),
        "- "
        + words(
            "What you have read by schedule as an admin, a page, a feed or a channel, stands there with your "
            "name until you end it."
        ),
        "- "
        + words(
            "If an admin has a channel followed that everybody may read, what you wrote there is in an "
            "article, with your name; what you delete there goes at the next reading."
        ),
        "- "
        + words(
            "For follow-ups I remember your last questions for {minutes} minutes, in memory alone.",
            minutes=_number(minutes, words),
        ),
        "",
        f"**{words('Who sees it')}**",
        "- "
        + words(
            "The admins of a server see what was asked there in the open, and what is wrong with the "
            "answers, without names. A channel that they choose may get the questions as a weekly digest."
        ),
        "- "
        + words(
            "What you ask in a DM, or for your eyes only, no admin of a server sees; whoever runs me could."
        ),
        "- " + words("Nobody else: it is neither sold nor passed on, and no model is trained on it."),
        "",
        f"**{words('What you can do')}**",
        "- " + words("{export} sends you all of it as a file", export=command(words, GROUP, "export")),
        "- " + words("{delete} deletes all of it", delete=command(words, GROUP, "delete")),
        "- " + words("{keep} has me keep nothing of you from then on", keep=command(words, GROUP, "keep")),
    ]
    return MessageContent(BLUE, "\n".join(lines))


def personal_file(data: PersonalData) -> bytes:
    """All that is kept of a person, as JSON (UTF-8)."""
    content = {
        "questions": [_question(one) for one in data.questions],
        "votes": [{"question": str(one.question), **_vote(one.vote)} for one in data.votes],
        "changes": [
            {
                "server": server or None,
                "when": change.when.isoformat(),
                "name": change.who,
                "action": change.action.value,
                "article": change.article,
            }
            for server, change in data.changes
        ],
        "answers": [_answer(one) for one in data.answers],
        "schedules": [
            {
                "server": one.server,
                "kind": one.kind.value,
                "what": one.subject,
                "every": one.every.value,
                "name": one.who,
                "channel": one.channel,
            }
            for one in data.watches
        ],
        "keep_nothing": data.opted_out,
    }
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def sent(words: Words) -> MessageContent:
    """The file went to the person's DMs."""
    return MessageContent(GREEN, words("I have sent you all of it as a file in a DM."))


def unsent(words: Words) -> MessageContent:
    """The person takes no DMs."""
    return MessageContent(
        ORANGE,
        words(
            "Discord does not let me write to you. Allow DMs from this server for a moment, and try again."
        ),
    )


def may_delete(data: PersonalData, words: Words) -> MessageContent:
    """Asks whether all that is kept of a person shall go."""
    counts = [
        words.plural("{number} question", "{number} questions", len(data.questions)),
        words.plural("{number} vote", "{number} votes", len(data.votes)),
        words.plural("{number} line of a history", "{number} lines of histories", len(data.changes)),
    ]
    if data.answers:
        counts.append(words.plural("{number} answer", "{number} answers", len(data.answers)))
    if data.watches:
        counts.append(words.plural("{number} schedule", "{number} schedules", len(data.watches)))
    top = words("Of you I keep: {what}.", what=words.list(counts))
    after = words(
        "Deleted is deleted. In the histories, someone will have made your changes. What you wrote in "
        "Discord itself stays there."
    )
    if data.answers:
        after += " " + words("What you answered stays, by “an admin”.")
    return MessageContent(ORANGE, f"{top}\n{after}")


def deleted(words: Words) -> MessageContent:
    """All that was kept of a person is gone."""
    return MessageContent(GREEN, words("It is deleted. I keep nothing of what you asked or did before."))


def keeping(words: Words, *, allowed: bool) -> MessageContent:
    """Whether something of a person is kept from now on."""
    if allowed:
        return MessageContent(GREEN, words("From now on your questions are kept as /privacy says."))
    return MessageContent(
        GREY,
        words(
            "I have deleted what I kept of you, and keep nothing from now on, but that you want it so. Your "
            "questions are answered as before."
        ),
    )


def _number(amount: float, words: Words) -> str:
    return words.number(amount, decimals=0 if float(amount).is_integer() else 1)


def _question(one: KeptQuestion) -> Mapping[str, Any]:
    return {
        "number": str(one.key),
        "server": one.server,
        "channel": one.channel,
        "asked_at": one.asked_at.isoformat(),
        "private": one.is_private,
        "claim": one.is_claim,
        "question": one.question,
        "article": one.article,
        "article_version": one.version,
        "status": one.status.value,
        "cited": None if one.span is None else [one.span.start, one.span.end],
        "milliseconds": one.milliseconds,
    }


def _answer(one: WrittenAnswer) -> Mapping[str, Any]:
    return {
        "number": str(one.key),
        "server": one.server,
        "answered_at": one.answered_at.isoformat(),
        "name": one.name,
        "question": one.question,
        "answer": one.answer,
        "passage_of": one.source or None,
    }


def _vote(vote: Vote) -> Mapping[str, Any]:
    return {
        "good": vote.is_good,
        "voted_at": vote.voted_at.isoformat(),
        "complaint": vote.complaint and vote.complaint.value,
        "comment": vote.comment,
        "seen_at": vote.seen_at and vote.seen_at.isoformat(),
    }
