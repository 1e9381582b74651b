"""One handler for every failure: it becomes a reply that a person understands, and a line in the log."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.rendering import plain
from index import FootnoteError

if TYPE_CHECKING:
    from bot.client import FootnoteBot

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062
UNKNOWN_WEBHOOK = 10015  # what an interaction's token becomes after its fifteen minutes


class FootnoteTree(app_commands.CommandTree["FootnoteBot"]):
    """The slash commands, with the one error handler."""

    async def on_error(
        self, interaction: discord.Interaction[FootnoteBot], error: app_commands.AppCommandError, /
    ) -> None:
        """Gives a command's error to ``report``."""
        await report(interaction, error)


async def report(origin: discord.Interaction[FootnoteBot] | discord.Message, error: Exception) -> None:
    """Tells the one who asked what went wrong, privately where that is possible, and logs it.

    A known error is its own message. An unknown one is an apology with a reference, which stands in the
    log beside the traceback. Where Discord does not let the bot answer, there is only the line in the log.
    """
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if _cannot_answer(error):
        log.warning("Could not answer %s: %s", _place(origin), error)
        return
    text = _known(error)
    if text is None:
        reference = secrets.token_hex(4)
        log.error("Unexpected error, reference %s, %s", reference, _place(origin), exc_info=error)
        text = (
            "Sorry, something went wrong on my side. Please try again; if it happens again, "
            f"tell an admin of this bot the reference {reference}."
        )
    try:
        await _reply(origin, plain(text))
    except discord.HTTPException as refusal:
        log.warning("Could not report an error %s: %s", _place(origin), refusal)


def _known(error: Exception) -> str | None:
    match error:
        case FootnoteError():
            return str(error)
        case app_commands.CommandOnCooldown():
            return f"One moment, please: try again in {error.retry_after:.0f} s."
        case app_commands.NoPrivateMessage():
            return "This works only in a server."
        case app_commands.CheckFailure():
            return "You may not use this command here."
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return "This command has changed. Reload Discord and try again."
        case _:
            return None


def _cannot_answer(error: Exception) -> bool:
    return isinstance(error, discord.Forbidden) or (
        isinstance(error, discord.NotFound) and error.code in (UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK)
    )


def _place(origin: discord.Interaction[FootnoteBot] | discord.Message) -> str:
    guild = f"server {origin.guild.id}" if origin.guild else "a DM"
    return f"in {guild}, channel {origin.channel.id if origin.channel else 'unknown'}"


async def _reply(origin: discord.Interaction[FootnoteBot] | discord.Message, text: str) -> None:
    if isinstance(origin, discord.Message):
        await origin.reply(text)
    elif origin.response.type is discord.InteractionResponseType.deferred_channel_message:
        await origin.edit_original_response(content=text)  # in place of "thinking" or of progress
    elif origin.response.is_done():
        await origin.followup.send(text, ephemeral=True)
    else:
        await origin.response.send_message(text, ephemeral=True)
