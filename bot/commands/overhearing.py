"""Answers to questions that are not put to the bot, in the channels where an admin has switched that on."""

from __future__ import annotations

import logging

import discord

from bot.answering import Answering, Inquiry
from bot.host import Host
from bot.operations.logs import begin_request
from bot.permissions import may_open_threads
from bot.place import place_of, post_of
from bot.render.channels import thread_name
from bot.replies import SENDING_ERRORS, MessageReply, Reply, ThreadReply
from bot.service.overheard import overheard_question
from bot.words import words_of
from index import FootnoteError

log = logging.getLogger(__name__)

TEXT_CHANNELS = (discord.ChannelType.text, discord.ChannelType.news)


class Overhearing:
    """Hears what is asked in a channel, and answers where it is sure; else nobody notices.

    Args:
        host: The bot.
        answering: What answers.
    """

    def __init__(self, host: Host, answering: Answering) -> None:
        self._host = host
        self._answering = answering

    async def hear(self, message: discord.Message) -> None:
        """Answers a message, or a post of a forum, if it asks something that an article answers."""
        question = self._question(message) if self._host.settings.message_content else None
        reply = _reply(message, question) if question else None
        if question is None or reply is None:
            return
        begin_request()
        try:
            await self._answer(message, question, reply)
        except (FootnoteError, *SENDING_ERRORS) as error:
            log.info("A question that was not put to me stays without an answer: %s", error)
        except Exception as error:  # the one handler for errors would say so in the channel
            self._host.service.metrics.count_error(error)
            log.exception("A question that was not put to me could not be answered.")

    async def _answer(self, message: discord.Message, question: str, reply: Reply) -> None:
        service, place, asker = self._host.service, place_of(message), message.author.id
        with service.in_flight():
            if not await service.channels.is_auto(place) or not service.admit_overheard(place, asker):
                return
            inquiry = Inquiry(question, place, asker, words_of(message), place.channel, is_overheard=True)
            await self._answering.answer(reply, inquiry)

    def _question(self, message: discord.Message) -> str | None:
        """What a message asks everybody; None for what it asks somebody, or nobody."""
        if message.guild is None or message.author.bot or message.webhook_id is not None:
            return None
        if message.type is not discord.MessageType.default or message.mentions:
            return None
        if (post := post_of(message)) is not None:
            return overheard_question(message.content, title=post.name)
        return overheard_question(message.content) if message.channel.type in TEXT_CHANNELS else None


def _reply(message: discord.Message, question: str) -> Reply | None:
    """Where the answer goes; None where the bot may not give any."""
    channel = message.channel
    assert message.guild is not None  # noqa: S101 - told to the type checker
    may = channel.permissions_for(message.guild.me)
    if post_of(message) is not None:
        return MessageReply(message) if may.send_messages_in_threads else None
    if may_open_threads(may):
        return ThreadReply(message, thread_name(question))
    return MessageReply(message) if may.send_messages else None
