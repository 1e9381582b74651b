"""Where an answer goes, whatever has become of that place in the meantime."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp
import discord
from discord import ui

log = logging.getLogger(__name__)

UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
UNKNOWN_WEBHOOK = 10015  # what an interaction's token becomes after its fifteen minutes
UNKNOWN_INTERACTION = 10062
INVALID_TOKEN = 50027  # the same, as Discord says it elsewhere
THREAD_ARCHIVED = 50083
NO_HISTORY = 160002  # a reply needs the permission Read Message History
THREAD_LOCKED = 160005
EXPIRY_CODES = (UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_TOKEN)
SENDING_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What sending raises where Discord refuses it, or cannot be reached."""
UNANSWERABLE = (*EXPIRY_CODES, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, THREAD_ARCHIVED, THREAD_LOCKED)


class Note(ui.LayoutView):
    """A message of a few words, which can later become an answer.

    Args:
        text: Markdown that is the bot's own.
    """

    def __init__(self, text: str) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.TextDisplay(text))


class Reply(Protocol):
    """One message in answer to somebody. What is shown takes the place of what was shown before."""

    async def show(self, view: ui.LayoutView) -> discord.Message:
        """Shows ``view``.

        Raises:
            discord.HTTPException: Discord does not let the bot answer there.
        """


class InteractionReply:
    """A reply to a command, a button or a modal, which has to be deferred first.

    Args:
        interaction: The interaction.
        private: Whether only the one who asked sees it.
    """

    def __init__(self, interaction: discord.Interaction[Any], *, private: bool) -> None:
        self._interaction, self.private = interaction, private

    async def defer(self) -> None:
        """Tells Discord that the answer will come, which it waits three seconds for."""
        await self._interaction.response.defer(thinking=True, ephemeral=self.private)

    async def show(
        self, view: ui.LayoutView, *, files: Sequence[discord.File] | None = None
    ) -> discord.Message:
        """Shows ``view``, with files in place of those before; anew, and without, where it was deleted.

        Where the interaction has expired, a public answer goes to the channel; a private one nowhere else.
        """
        try:
            attachments = discord.utils.MISSING if files is None else files
            return await self._interaction.edit_original_response(
                content=None, view=view, attachments=attachments
            )
        except discord.HTTPException as refusal:
            if refusal.code not in (UNKNOWN_MESSAGE, *EXPIRY_CODES):
                raise
            channel = self._interaction.channel
            if not self.private and isinstance(channel, discord.abc.Messageable):
                return await channel.send(view=view)
            if refusal.code == UNKNOWN_MESSAGE:
                return await self._interaction.followup.send(view=view, ephemeral=True, wait=True)
            raise


class ThreadReply:
    """An answer in a thread that is opened from a message; a reply to it where the bot may open none.

    Args:
        message: The message.
        name: The thread's name.
    """

    def __init__(self, message: discord.Message, name: str) -> None:
        self._message, self._name = message, name

    async def show(self, view: ui.LayoutView) -> discord.Message:
        """Shows ``view``, once.

        Raises:
            discord.HTTPException: Discord lets the bot answer in neither way, or there is a thread already.
        """
        try:
            thread = await self._message.create_thread(name=self._name)
        except discord.Forbidden:
            return await MessageReply(self._message).show(view)
        return await thread.send(view=view)


class MessageReply:
    """A reply to a message. As a context manager, it takes back what it shows when an error ends the work.

    Args:
        message: The message.
    """

    def __init__(self, message: discord.Message) -> None:
        self._message = message
        self._answer: discord.Message | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and self._answer is not None:
            try:
                await self._answer.delete()
            except SENDING_ERRORS as refusal:
                log.info("Could not take back a note: %s", refusal)

    async def typing(self) -> None:
        """Shows that the bot is typing, where it may."""
        try:
            await self._message.channel.typing()
        except SENDING_ERRORS as refusal:  # whether the answer can be sent is seen then
            log.debug("Could not show that an answer is coming: %s", refusal)

    async def show(self, view: ui.LayoutView) -> discord.Message:
        """Shows ``view``; anew, where somebody deleted it, and without reference where there can be none."""
        if self._answer is not None:
            try:
                return await self._answer.edit(view=view)
            except discord.NotFound as error:
                if error.code != UNKNOWN_MESSAGE:
                    raise
        channel, reference = self._message.channel, self._message.to_reference(fail_if_not_exists=False)
        try:
            self._answer = await channel.send(view=view, reference=reference)
        except discord.HTTPException as refusal:
            if refusal.code != NO_HISTORY:
                raise
            self._answer = await channel.send(view=view)
        return self._answer
