"""Questions on their way: what a library is asked, the answer to come, and how long it still takes."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field

from bot.service.line import Ticket
from bot.service.small_talk import GREETINGS, THANKS
from index import (
    FootnoteError,
    Library,
    Result,
    Status,
    Turn,
    UnknownArticleError,
)

log = logging.getLogger(__name__)

_OF_DISCORD = re.compile(  # emoji, mentions of people, roles and channels, commands, time stamps, links
    r"<a?:\w{1,64}:\d{1,20}>|<@[!&]?\d{1,20}>|<#\d{1,20}>|</[^<>\n]{1,100}:\d{1,20}>|<id:\w{1,20}>"
    r"|<t:-?\d{1,20}(?::[A-Za-z])?>|@(?:everyone|here)\b|<?https?://[^\s<>]++>?"
)
INTERROGATIVES = (
    r"who|whom|whose|what|when|where|why|which|how"
    r"|wer|wen|wem|was|wann|wo|woher|wohin|warum|wieso|weshalb|wie|wieviel|welche[rsnm]?"
    r"|qui|que|quoi|quand|où|pourquoi|comment|combien|quels?|quelles?"
    r"|quién|quiénes|qué|cuándo|dónde|adónde|cuánt[oa]s?|cuál|cuáles|cómo|por qué"
)
"""What a question begins with in the four languages, as alternatives of a pattern."""

_ASKS_WORD = (
    rf"(?:{INTERROGATIVES}|is|are|were|do|does|did|can|could|will|would|has|have|had|should|may"
    r"|tell|name|list|explain|please)\b"
)
_GREETING = re.compile(
    rf"\W*+(?:{GREETINGS})\b(?:(?: @?[^\W\d_][\w'’-]{{0,30}}){{0,3}}\s?[,!.:;\n–—-]++\s*+"
    r"|(?: (?:there|all|everyone|everybody|folks|guys|bot|footnote|zusammen|à tous|a todos))?"
    rf"\s++(?={_ASKS_WORD}))",
    re.IGNORECASE,
)
_LEAD = re.compile(  # wants to know: …
    r"\W*+(?:(?:[^\W\d_][\w'’-]{0,30} )?(?:wants? to know|would like to know|is asking|asks|wonders)"
    r"|(?:(?:quick|short|another|my) )?question(?: here)?|frage|question rapide|pregunta)\s?[:,–—-]++\s*+",
    re.IGNORECASE,
)
_REQUEST = re.compile(  # could you please tell me who …
    r"\W*+(?:please |pls )?"
    r"(?:(?:can|could|would|will) (?:you|u|somebody|someone|anybody|anyone) (?:please |pls |kindly )?"
    r"(?:tell|let) (?:me|us)(?: know)?|tell (?:me|us)|do you (?:happen to )?know"
    r"|does (?:any|some)(?:body|one) know|(?:i|we)(?:['’]d| would) (?:like|love) to know|i want to know"
    r"|i(?: was|['’]m| am) (?:just )?wondering)(?: please)?,?\s++"
    r"(?=(?:who|whom|whose|what|when|where|why|which|how)\b)",
    re.IGNORECASE,
)
_CLOSING = re.compile(  # Thanks, Anna
    rf"(?:{THANKS}|(?:kind |best |warm )?regards|best wishes|best|yours|sincerely|please|pls|bitte|lg|vg|mfg"
    r"|(?:liebe|viele|beste) grüße|cordialement|saludos)\b(?: (?:so|very) much| a lot)?[\s,.!–—~-]*+"
    r"(?:[^\W\d_][\w'’-]{0,30}+[.!]?\s*+){0,3}",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"[–—~-]{1,2}\s?[^\W\d_][\w'’-]{0,30}")
_SPACES = re.compile(r"[^\S\n]++")
_ENDS = frozenset("?.!\n")
_LONGEST_CLOSING = 120  # a signature is a line; a longer one is part of the question


def bare_question(message: str) -> str:
    """The question in a message as people write it in Discord.

    Emoji of a server, mentions, channels, time stamps and links are no part of it, nor are a greeting, what
    leads to the question, thanks and a signature. What is nothing but these is given back, for they are talk.
    """
    text = _SPACES.sub(" ", _OF_DISCORD.sub(" ", message)).strip()
    question = _after(_GREETING.match(text), text)
    question = _after(_LEAD.match(question), question)
    question = _after(_REQUEST.match(question), question)
    for place in range(max(len(question) - _LONGEST_CLOSING, 1), len(question)):
        end = question[place:].strip()
        if question[place - 1] in _ENDS and (
            _CLOSING.fullmatch(end.lstrip(",–—~- ")) or _SIGNATURE.fullmatch(end)
        ):
            question = question[:place].strip()
            break
    return question if any(map(str.isalnum, question)) else text


def _after(opening: re.Match[str] | None, text: str) -> str:
    return text[opening.end() :] if opening else text


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
        """The answer; from the article in use, where the one that was assumed has been removed meanwhile.

        What the article in use does not answer, the admins of the server may have answered themselves. An
        answer of theirs to this very question goes before what the article says to it.
        """
        answers = self._answers(library)
        if answers is None:
            return self._plainly(library)
        if self.article == answers:
            result, other = self._plainly(library), library.in_use(self.scope)
        elif library.admin_answers.has(self.text):
            return self._elsewhere(library, answers) or self._plainly(library)
        else:
            result, other = self._plainly(library), answers
        return (
            result if result.answer.status is Status.ANSWERED else self._elsewhere(library, other) or result
        )

    def _answers(self, library: Library) -> str | None:
        """The article of what the admins have answered, where that may be asked besides the one in use.

        Not where an article was named, nor for a claim.
        """
        if not self.assumed or self.is_claim or self.server is None:
            return None
        answers, in_use = library.admin_answers.article, library.in_use(self.scope)
        return answers if answers != in_use and self.article in (answers, in_use) else None

    def _plainly(self, library: Library) -> Result:
        """What the article itself answers."""
        try:
            return self._asked_of(library, self.article, self.turns, self.version)
        except UnknownArticleError:
            if not self.assumed:
                raise
            return self._asked_of(library, library.in_use(self.scope))

    def _elsewhere(self, library: Library, article: str) -> Result | None:
        """What another article answers; None where it does not, or cannot be asked just now."""
        turns = tuple(Turn(turn.question, ()) for turn in self.turns if turn.question)
        try:
            result = self._asked_of(library, article, turns)
        except FootnoteError as error:
            log.info("“%s” could not be asked besides: %s", article, error)
            return None
        return result if result.answer.status is Status.ANSWERED else None

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
