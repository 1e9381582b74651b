"""What people say of an answer."""

from __future__ import annotations

from bot.render.message import GREEN, MessageContent
from bot.words import Words
from index import Complaint


def complaints(words: Words) -> dict[Complaint, str]:
    """What may be wrong with an answer."""
    return {
        Complaint.WRONG: words("It is wrong"),
        Complaint.OFF_TOPIC: words("It is not what I asked"),
        Complaint.MISSING: words("Something is missing"),
        Complaint.OTHER: words("Something else"),
        Complaint.UNHELPFUL: words("It did not help"),
    }


def thanks(words: Words, *, in_server: bool) -> MessageContent:
    """A vote is counted, and who sees it."""
    seen_by = (
        words("The admins of this server see it, without your name.")
        if in_server
        else words("No server's admins see it, as you asked outside of any.")
    )
    return MessageContent(
        GREEN, words("Thank you, that is counted. Press the other one to change it.") + f"\n-# {seen_by}"
    )
