"""Questions on their way: what a library is asked, the answer to come, and how long it still takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.service.line import Ticket
from index import Library, Result, Turn, UnknownArticleError


@dataclass(frozen=True, slots=True)
class Wait:
    """How a question waits: ``position`` 1 for the next one, ``loading`` while the model is still loading."""

    position: int
    loading: bool


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as a library is asked it. Two that compare equal have the same answer.

    ``scope`` is the channel that it is asked in; ``assumed`` tells that nobody named the article just now.
    """

    text: str
    server: int | None
    article: str
    turns: tuple[Turn, ...]
    version: str | None
    scope: str | None = field(compare=False)
    assumed: bool = field(compare=False)

    def asked_of(self, library: Library) -> Result:
        """The answer; from the article in use, where the one that was assumed has been removed meanwhile."""
        try:
            return library.ask(
                self.text,
                article=self.article,
                place=self.scope,
                turns=self.turns,
                version=self.version,
            )
        except UnknownArticleError:
            if not self.assumed:
                raise
            return library.ask(self.text, article=library.in_use(self.scope), place=self.scope)


@dataclass(frozen=True)
class PendingAnswer:
    """The answer to a question: the place in the line that it waits for, and the task that gives it."""

    ticket: Ticket
    answer: asyncio.Task[Result]
