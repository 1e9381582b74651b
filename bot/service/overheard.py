"""Questions that were not put to the bot: what of all that people write in a channel is one."""

from __future__ import annotations

import re

from bot.service.questions import INTERROGATIVES, bare_question
from bot.service.small_talk import small_talk
from index import MAX_QUESTION_CHARS

FEWEST_WORDS = 3
"""What is shorter ("Really?", "Why not?") asks about what was said before."""

_COMMAND = re.compile(r"\s*+[!/.$%&+;>~=-]{1,2}[^\W\d_]")  # of another bot: !rank
_INTERROGATIVE = re.compile(rf"\W*+(?:{INTERROGATIVES})\b", re.IGNORECASE)
_WORD = re.compile(r"\w++")
_QUESTION_MARKS = "?？"


def overheard_question(text: str, *, title: str = "") -> str | None:
    """The question in a message; None where it asks nothing that an article could answer.

    Args:
        text: The message, as it was written.
        title: That of the post which it begins: where that is a question, it alone is asked.
    """
    heading = bare_question(title)
    if _asks(heading):
        question = heading
    elif _COMMAND.match(text):
        return None
    else:
        question = bare_question(text)
        if not _asks(question):
            return None
        question = f"{heading}\n{question}".strip()
    if len(question) > MAX_QUESTION_CHARS or small_talk(question) is not None:
        return None
    return question


def _asks(text: str) -> bool:
    """Whether a text is a question: it ends as one, or begins as one and is no exclamation."""
    letters = next((place for place in range(len(text), 0, -1) if text[place - 1].isalnum()), 0)
    end = text[letters:]
    if sum(1 for _ in _WORD.finditer(text)) < FEWEST_WORDS:
        return False
    return any(mark in end for mark in _QUESTION_MARKS) or (
        "!" not in end and _INTERROGATIVE.match(text) is not None
    )
