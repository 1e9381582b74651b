"""One handler for every failure: it becomes a reply that a person understands, and a line in the log."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot import render
from bot.guard import PathGuard
from bot.operations.logs import begin_request, request_id
from bot.operations.metrics import Metrics
from bot.replies import SENDING_ERRORS, UNANSWERABLE, InteractionReply, MessageReply, Note
from bot.service.rates import TooFastError
from bot.words import Words, words_of
from index import FootnoteError

log = logging.getLogger(__name__)


class Reporter:
    """Tells people what went wrong.

    Args:
        guard: Knows what they must not be told.
        metrics: Where errors are counted; None for nowhere.
    """

    def __init__(self, guard: PathGuard, *, metrics: Metrics | None = None) -> None:
        self._guard = guard
        self._metrics = metrics

    async def report(self, origin: discord.Interaction[Any] | discord.Message, error: Exception) -> None:
        """Tells the one who asked what went wrong, privately where that is possible, and logs it.

        A known error is its own message, in their language. An unknown one, and one that only those who run
        the bot can mend, is an apology with a reference, which stands in the log beside what happened. Where
        Discord does not let the bot answer, there is only the line in the log.
        """
        if isinstance(error, app_commands.CommandInvokeError):
            error = error.original
        if self._metrics is not None:
            self._metrics.count_error(error)
        if _cannot_answer(error):
            log.warning("Could not answer %s: %s", _place(origin), error)
            return
        if isinstance(error, TooFastError) and isinstance(origin, discord.Message) and error.repeated:
            return  # one refusal a minute that everybody sees is enough
        try:
            await _reply(origin, Note(self.message(origin, error, words_of(origin))))
        except SENDING_ERRORS as refusal:
            log.warning("Could not report an error %s: %s", _place(origin), refusal)

    def message(
        self, origin: discord.Interaction[Any] | discord.Message, error: Exception, words: Words
    ) -> str:
        """What an error says or, where that is not for those who ask, where it is logged."""
        hidden = (isinstance(error, FootnoteError) and error.for_operator) or self._guard.tells_a_path(error)
        text = None if hidden else _known(error, words)
        if text is not None:
            return text
        reference = request_id() or begin_request()
        traceback = None if isinstance(error, FootnoteError) else error
        log.error("Reference %s, %s: %r", reference, _place(origin), error, exc_info=traceback)
        return words(
            "Sorry, something went wrong on my side. Please try again; if it happens again, tell an admin of "
            "this bot the reference {reference}.",
            reference=reference,
        )


def _known(error: Exception, words: Words) -> str | None:
    match error:
        case FootnoteError():
            return render.error_text(error, words)
        case app_commands.CommandOnCooldown():
            return words("One moment, please: try again in {seconds} s.", seconds=round(error.retry_after))
        case app_commands.NoPrivateMessage():
            return words("This works only in a server.")
        case app_commands.CheckFailure():
            return words("You may not use this command here.")
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return words("This command has changed. Reload Discord and try again.")
        case _:
            return None


def _cannot_answer(error: Exception) -> bool:
    return isinstance(error, discord.Forbidden | aiohttp.ClientError) or (
        isinstance(error, discord.HTTPException) and error.code in UNANSWERABLE
    )


def _place(origin: discord.Interaction[Any] | discord.Message) -> str:
    if origin.guild is None:  # the channel would name the person
        return "in a DM"
    return f"in server {origin.guild.id}, channel {origin.channel.id if origin.channel else 'unknown'}"


async def _reply(origin: discord.Interaction[Any] | discord.Message, note: Note) -> None:
    if isinstance(origin, discord.Message):
        await MessageReply(origin).show(note)
    elif origin.response.type is discord.InteractionResponseType.deferred_channel_message:
        # In place of "thinking" or of progress. What is private stays so, whatever becomes of the message.
        await InteractionReply(origin, private=True).show(note)
    elif origin.response.is_done():
        await origin.followup.send(view=note, ephemeral=True)
    else:
        await origin.response.send_message(view=note, ephemeral=True)
