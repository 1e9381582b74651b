"""A question or a claim becomes a message: the wait, the answer, and what the next question may lean on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import discord

from bot import render
from bot.components.card import Card
from bot.components.context import cited_card
from bot.components.follow_up import FollowUpButton, conversation_in
from bot.components.persistent import PersistentButton
from bot.components.unhelpful import UnhelpfulButton
from bot.components.vote import vote_buttons
from bot.host import Host
from bot.operations.metrics import AnswerStage
from bot.render.waiting import waiting
from bot.replies import SENDING_ERRORS, Note, Reply
from bot.service.conversations import Conversation, Conversations, version_of
from bot.service.ledger import new_key
from bot.service.place import Place
from bot.service.questions import Wait
from bot.service.small_talk import SmallTalk, small_talk
from bot.service.suggestions import Suggestions
from bot.words import Words
from index import KeptQuestion, Result, Span, Status, Turn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question as somebody asks it.

    Attributes:
        question: The question.
        place: Where it is asked,
        asker: and by whom.
        words: The language of the answer.
        channel: The id of the channel that shows it.
        article: Which article was named, if any.
        conversation: What it may lean on, if anything.
        repeats_question: Whether the answer has to repeat it, since it does not stand under it.
        is_direct: Whether it is asked in a direct message, which is one conversation.
        is_public: Whether everybody in the channel sees it asked and answered.
        is_claim: Whether it is no question but a claim to be checked.
        is_overheard: Whether it was not put to the bot, which then answers only where it is sure.
    """

    question: str
    place: Place
    asker: int
    words: Words
    channel: int | None
    article: str | None = None
    conversation: Conversation | None = None
    repeats_question: bool = False
    is_direct: bool = False
    is_public: bool = True
    is_claim: bool = False
    is_overheard: bool = False


class Answering:
    """Answers questions, and remembers what was asked.

    Args:
        host: The bot; its service answers.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self.conversations = Conversations(
            minutes=host.settings.follow_up_minutes, now=lambda: discord.utils.utcnow().timestamp()
        )
        self.suggestions = Suggestions()

    async def answer(self, reply: Reply, inquiry: Inquiry) -> None:
        """Answers a question in its turn, and shows until then how long that is.

        Of one that was overheard, nothing is shown but an answer that can be relied on.
        """
        words, conversation = inquiry.words, inquiry.conversation
        talk = None if inquiry.is_claim else small_talk(inquiry.question)
        if talk is not None:
            await self._talk(reply, inquiry, talk)
            return
        metrics, start, key = self._host.service.metrics, time.perf_counter(), new_key()
        permission = self._permission(inquiry)

        async def on_wait(wait: Wait) -> None:
            try:
                await reply.show(Note(waiting(wait.position, words, loading=wait.loading)))
            except SENDING_ERRORS as refusal:  # the answer is what matters
                log.info("Could not show how long the wait is: %s", refusal)

        article, version, turns = inquiry.article, None, tuple[Turn, ...]()
        if conversation is not None:
            article, version = conversation.article, conversation.version
            turns = conversation.turns if self.conversations.minutes else ()
        with metrics.question():
            result = await self._host.service.ask(
                inquiry.question,
                place=inquiry.place,
                asker=inquiry.asker,
                article=article,
                turns=turns,
                version=version,
                is_claim=inquiry.is_claim,
                on_wait=None if inquiry.is_overheard else on_wait,
            )
            if inquiry.is_overheard and not _can_be_told_unasked(result):
                return
            with metrics.stage(AnswerStage.RENDER):
                card_message = await self._host.service.compose(
                    lambda: render.answer(
                        result, words, with_question=inquiry.repeats_question, is_claim=inquiry.is_claim
                    )
                )
            of = result.info.article
            with metrics.stage(AnswerStage.SEND):
                keeps = permission is not None and await self._host.service.ledger.in_time(permission)
                buttons = _buttons(inquiry, result, key if keeps else None)
                message = await reply.show(cited_card(card_message, of, words, *buttons))
        self._remember(inquiry, result, message)
        if keeps:
            self._host.service.ledger.keep(_kept(key, inquiry, result, time.perf_counter() - start))

    def _permission(self, inquiry: Inquiry) -> asyncio.Task[bool] | None:
        """Looks whether a question may be kept, as it is being answered; None where none is."""
        if not self._host.settings.question_days:
            return None
        return self._host.service.ledger.permission(inquiry.asker)

    async def _talk(self, reply: Reply, inquiry: Inquiry, talk: SmallTalk) -> None:
        """Answers what asks nothing about the article: with a friendly word, and what can be asked."""
        place = inquiry.place
        article = await self._host.service.read(place, lambda library: library.article(place=place.scope))
        await reply.show(Card(render.small_talk(talk, article, inquiry.words)))

    def conversation(self, asker: int, answer: discord.Message) -> Conversation | None:
        """What a question may lean on that goes on from an answer."""
        return self.conversations.recall(asker, answer.id) or conversation_in(answer)

    def direct_conversation(self, asker: int, channel: int) -> Conversation | None:
        """What a question may lean on that is asked in a direct message."""
        return self.conversations.recall(asker, channel)

    def most_asked(self, channels: Sequence[int], article: str) -> tuple[str, ...]:
        """What is most asked of an article in any of some channels, for all to see."""
        return self.suggestions.most_asked(channels=set(channels), article=article)

    def forget(self, person: int, questions: Sequence[str]) -> None:
        """Forgets what somebody asked; it is not suggested to others any more."""
        self.conversations.forget(person)
        self.suggestions.forget(questions)

    def _remember(self, inquiry: Inquiry, result: Result, message: discord.Message) -> None:
        """Keeps what a next question may lean on, and counts what everybody could see asked and answered."""
        before, question = inquiry.conversation, inquiry.question
        now = before.then(question, result) if before else Conversation.of(question, result)
        self.conversations.remember(inquiry.asker, message.id, now)
        if inquiry.channel is None:
            return
        if inquiry.is_direct:
            self.conversations.remember(inquiry.asker, inquiry.channel, now)
        elif inquiry.is_public and not inquiry.is_claim and result.answer.status is Status.ANSWERED:
            self.suggestions.count(question, channel=inquiry.channel, article=result.info.article.id)


def _can_be_told_unasked(result: Result) -> bool:
    """Whether an answer can be given to who has not asked the bot.

    "What is this?" asks the bot about the article; among people it asks about anything.
    """
    return result.answer.status is Status.ANSWERED and result.answer.about is None


def _buttons(inquiry: Inquiry, result: Result, key: int | None) -> tuple[PersistentButton, ...]:
    """What stands under an answer; ``key`` is None where the question is not kept."""
    follow_up = FollowUpButton.to(result.info.article, inquiry.words)
    votes = () if key is None else vote_buttons(key)
    if inquiry.is_overheard:  # the last one says 👎 in words, and does more
        return (follow_up, *votes[:1], UnhelpfulButton.under(inquiry.asker, key, inquiry.words))
    return (follow_up, *votes)


def _kept(key: int, inquiry: Inquiry, result: Result, seconds: float) -> KeptQuestion:
    answer, server = result.answer, inquiry.place.server
    first = next(iter(answer.in_article_order), None)
    return KeptQuestion(
        key=key,
        server=None if server is None else str(server),
        channel=None if inquiry.channel is None else str(inquiry.channel),
        person=str(inquiry.asker),
        asked_at=datetime.now(UTC),
        is_private=server is None or not inquiry.is_public,
        is_claim=inquiry.is_claim,
        question=inquiry.question,
        article=result.info.article.id,
        version=version_of(result.info.article),
        status=answer.status,
        span=None if first is None else Span(first.start, first.end),
        milliseconds=round(1_000 * seconds),
    )
