"""Replies of those whom a server trusts, where the bot could not answer: kept if author and admin agree.

What was written stands in Discord alone until it is taken over; the buttons carry where, and whose it is.
"""

from __future__ import annotations

import logging
import re
from typing import Any, Self

import discord
from discord import ui

from bot.components.card import Card
from bot.components.decision import NotYoursError
from bot.components.gaps import KEY, fill, question_of, server_words, written
from bot.components.persistent import PersistentButton
from bot.host import Host, Interaction, host_of
from bot.permissions import demand_manager, may_manage
from bot.place import place_of
from bot.render import gaps as render_gaps
from bot.replies import MessageReply
from bot.service.ledger import OptedOutError
from bot.words import Words, words_of
from index import MAX_ANSWER_CHARS, FootnoteError, QuestionLedger, Status

log = logging.getLogger(__name__)

_REPLY = rf"(?P<author>\d{{1,20}}):(?P<message>\d{{1,20}}):{KEY}"
_VOTE = re.compile(rf"vote:u:{KEY}")
_MENTION = re.compile(r"<@!?(\d{1,20})>")


class ReplyGoneError(FootnoteError):
    """A reply cannot be taken over any more."""


class _ReplyButton(PersistentButton, template=r"(?!)"):
    """Is about a reply: whose it is, which message, and the number of the question that it answers."""

    def __init__(self, custom_id: str, *, label: str | None = None) -> None:
        super().__init__(custom_id, label=label, style=discord.ButtonStyle.primary)
        self.author, self.message = int(self.match["author"]), int(self.match["message"])
        self.key = int(self.match["key"], 16)

    async def take_over(self, interaction: Interaction) -> None:
        """Makes the reply the answer to its question.

        Raises:
            OptedOutError: who pressed is its author, and wants nothing kept.
            ReplyGoneError: it is not there any more, or cannot be read, or is too long, or its author wants
                nothing kept.
            QuestionGoneError: the question is not kept any more.
        """
        host, shown = host_of(interaction), interaction.message
        with host.service.in_flight():
            await interaction.response.defer(thinking=True, ephemeral=True)
            await self._admit(interaction)
            question = await question_of(interaction, self.key)
            reply = await self._reply(interaction)
            answer = written(
                interaction, self.message, question.question, text_of(reply, host.user), reply.author
            )
            outcome = await fill(interaction, answer)
            if outcome is not None and shown is not None:
                await shown.edit(
                    view=Card(render_gaps.taken_over(question.question, server_words(interaction)))
                )

    async def _admit(self, interaction: Interaction) -> None:
        ledger, author = host_of(interaction).service.ledger, str(self.author)
        if await ledger.look(lambda ledger: ledger.has_opted_out(author)):
            if interaction.user.id == self.author:
                raise OptedOutError
            raise ReplyGoneError("Its author wants nothing kept by now, so it cannot be taken over.")

    async def _reply(self, interaction: Interaction) -> discord.Message:
        channel = interaction.client.get_partial_messageable(interaction.channel_id)
        try:
            reply: discord.Message = await channel.fetch_message(self.message)
        except discord.NotFound as error:
            raise ReplyGoneError("The reply is not there any more, so it cannot be taken over.") from error
        text = text_of(reply, host_of(interaction).user)
        if reply.author.id != self.author or not text:
            raise ReplyGoneError(
                "Discord does not show me the reply: it has to mention me. It cannot be taken over."
            )
        if len(text) > MAX_ANSWER_CHARS:
            raise ReplyGoneError(
                "The reply has {count} characters, and an answer may have {most}.",
                count=len(text),
                most=MAX_ANSWER_CHARS,
            )
        return reply


class ConsentButton(_ReplyButton, template=rf"reply:keep:{_REPLY}"):
    """Lets a reply be kept, with the name of its author, who alone may press."""

    @classmethod
    def to(cls, author: int, message: int, key: int, words: Words) -> Self:
        """The button under the question whether it may."""
        return cls(f"reply:keep:{author}:{message}:{key:x}", label=words("Keep it as an answer"))

    async def press(self, interaction: Interaction) -> None:
        """Puts it before the admins; where its author is one, takes it over at once.

        Raises:
            NotYoursError: somebody else pressed.
            OptedOutError: they want nothing kept.
        """
        if interaction.user.id != self.author:
            raise NotYoursError("Only the one who was asked can press this.")
        if may_manage(interaction):
            await self.take_over(interaction)
            return
        await interaction.response.defer()
        await self._admit(interaction)
        question, words = await question_of(interaction, self.key), server_words(interaction)
        message = render_gaps.may_take_over(interaction.user.display_name, question.question, words)
        button = TakeOverButton.to(self.author, self.message, self.key, words)
        await interaction.edit_original_response(view=Card(message, button))


class TakeOverButton(_ReplyButton, template=rf"reply:take:{_REPLY}"):
    """Takes over a reply whose author has agreed."""

    @classmethod
    def to(cls, author: int, message: int, key: int, words: Words) -> Self:
        """The button under what tells admins of it."""
        return cls(f"reply:take:{author}:{message}:{key:x}", label=words("Take it over"))

    async def press(self, interaction: Interaction) -> None:
        """Takes it over.

        Raises:
            NotAllowedError: the one who pressed is no admin here.
        """
        demand_manager(interaction)
        await self.take_over(interaction)


async def offer(host: Host, message: discord.Message) -> bool:
    """Asks the author of a reply whether it may be kept, where they are trusted and no question is in it.

    Args:
        host: The bot.
        message: Any message in a server.

    Returns:
        Whether the reply is dealt with; else it may be a question.
    """
    key = _key_in(message, host.user)
    if key is None or message.guild is None or not isinstance(message.author, discord.Member):
        return False
    text = text_of(message, host.user)
    if text.endswith("?") or (not text and (message.attachments or message.stickers)):
        return False
    server, person = str(message.guild.id), str(message.author.id)
    roles = {str(one.id) for one in message.author.roles}

    def may_be_kept(ledger: QuestionLedger) -> bool:
        if ledger.answers.trusted_role(server) not in roles or ledger.has_opted_out(person):
            return False
        question = ledger.question(key, server)
        return question is not None and not question.is_claim and question.status is not Status.ANSWERED

    with host.service.in_flight():
        try:
            if not await host.service.ledger.look(may_be_kept):
                return False
        except FootnoteError as error:
            log.warning("Whether a reply may be kept could not be looked up: %s", error)
            return False
        host.service.admit_lookup(place_of(message), message.author.id)
        words = words_of(message)
        if text:
            button = ConsentButton.to(message.author.id, message.id, key, words)
            card = Card(render_gaps.may_keep(words), button)
        else:
            card = Card(render_gaps.unreadable(words))
        await MessageReply(message).show(card)
    return True


def text_of(message: discord.Message, me: discord.ClientUser | None) -> str:
    """What a message says, without the mention of the bot, and with the names of others for their numbers."""
    names = {str(one.id): f"@{one.display_name}" for one in message.mentions}
    if me is not None:
        names[str(me.id)] = ""
    return _MENTION.sub(lambda match: names.get(match[1], match[0]), message.content).strip()


def _key_in(message: discord.Message, me: discord.ClientUser | None) -> int | None:
    """The number of the question that a message replies to the answer of; None where it replies to none."""
    answer = message.reference.resolved if message.reference else None
    if me is None or not isinstance(answer, discord.Message) or answer.author.id != me.id:
        return None
    for item in ui.LayoutView.from_message(answer, timeout=None).walk_children():
        custom_id: Any = getattr(item, "custom_id", None)
        match = _VOTE.fullmatch(custom_id) if isinstance(custom_id, str) else None
        if match is not None:
            return int(match["key"], 16)
    return None
