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
    """A question or a claim as a library is asked it. Two that compare equal have the same answer.

    ``is_claim`` tells which it is; a claim leans on no turns. ``scope`` is the channel that it is asked in;
    ``assumed`` tells that nobody named the article just now.
    """

    text: str
    server: int | None
    article: str
    turns: tuple[Turn, ...]
    version: str | None
    is_claim: bool
    scope: str | None = field(compare=False)
    assumed: bool = field(compare=False)

    def asked_of(self, library: Library) -> Result:
        """The answer; from the article in use, where the one that was assumed has been removed meanwhile."""
        try:
            return self._asked_of(library, self.article, self.turns, self.version)
        except UnknownArticleError:
            if not self.assumed:
                raise
            return self._asked_of(library, library.in_use(self.scope))

    def _asked_of(
        self, library: Library, article: str, turns: tuple[Turn, ...] = (), version: str | None = None
    ) -> Result:
        if self.is_claim:
            return library.check(self.text, article=article, place=self.scope)
        return library.ask(self.text, article=article, place=self.scope, turns=turns, version=version)


@dataclass(frozen=True)
class PendingAnswer:
    """The answer to a question: the place in the line that it waits for, and the task that gives it."""

    ticket: Ticket
    answer: asyncio.Task[Result]
