"""What a question may lean on: who asked what before, where, and what was cited to it.

Kept in memory, for minutes, for so many conversations. Where nothing is remembered (after a restart, or
because somebody else asked), the message that is replied to says itself which sentences it cites.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Self

from cachetools import TTLCache

from index import Article, Result, Span, Turn

VERSION_CHARS = 8  # of a hash, enough to see that an article is another one

MOST_CONVERSATIONS = 2_000  # a few kilobytes each
MOST_TURNS = 3  # as many as a follow-up may lean on


def version_of(article: Article) -> str:
    """What names a version of an article: the start of its text's SHA-256."""
    return article.sha256[:VERSION_CHARS]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of a conversation about one article.

    Attributes:
        article: The article's id.
        version: The start of its text's SHA-256: the spans of the turns count in that text.
        turns: The last few turns, oldest first.
    """

    article: str
    version: str
    turns: tuple[Turn, ...]

    @classmethod
    def of(cls, question: str, result: Result) -> Self:
        """A conversation of one turn."""
        article = result.info.article
        spans = tuple(Span(citation.start, citation.end) for citation in result.answer.citations)
        return cls(article.id, version_of(article), (Turn(question, spans),))

    def then(self, question: str, result: Result) -> Conversation:
        """The conversation after one more turn; what was cited from another text is left behind."""
        after = Conversation.of(question, result)
        if (after.article, after.version) != (self.article, self.version):
            return after
        return Conversation(self.article, self.version, (*self.turns, *after.turns)[-MOST_TURNS:])


class Conversations:
    """What each person asked lately, by the conversation that it was asked in.

    Args:
        minutes: How long a turn is remembered; 0 for not at all.
        now: The time in seconds.
    """

    def __init__(self, *, minutes: float, now: Callable[[], float] = time) -> None:
        self.minutes = minutes
        self._conversations: TTLCache[tuple[int, int], Conversation] = TTLCache(
            MOST_CONVERSATIONS, 60 * minutes, timer=now
        )

    def remember(self, asker: int, where: int, conversation: Conversation) -> None:
        """Keeps where a conversation stands.

        Args:
            asker: Whose it is; it serves nobody else.
            where: The id of a DM, or of the message that was answered with.
            conversation: Its turns.
        """
        self._conversations[asker, where] = conversation

    def forget(self, asker: int) -> None:
        """Forgets all that somebody asked."""
        for key in [key for key in self._conversations if key[0] == asker]:
            self._conversations.pop(key, None)

    def recall(self, asker: int, where: int) -> Conversation | None:
        """Where a conversation stood, if it was lately."""
        return self._conversations.get((asker, where))
