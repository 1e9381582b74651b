"""How an error ends a command: with one message on standard error, and an exit code."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from contextlib import suppress
from typing import Any

import discord
import typer
from pydantic import ValidationError
from rich.text import Text
from typer.core import TyperGroup

from bot.cli.terminal import printable, terminal
from bot.settings import explain
from index import (
    CancelledError,
    DataFolderError,
    EvidenceError,
    FootnoteError,
    OwnQuestionsError,
    SelfCheckError,
    UnloadableModelError,
    UnloadableReaderError,
    UnloadableRerankerError,
)

FAILURE, MISUSE, INTERRUPTION = 1, 2, 130  # as shells and sysexits have it: 130 is what Ctrl+C ends with

LOGIN_REFUSED = """\
Discord does not accept DISCORD_TOKEN. A token is shown once and ends when a new one is made.
Make a new one at https://discord.com/developers/applications: your application, Bot, Reset Token."""
INTENT_REFUSED = """\
FOOTNOTE_MESSAGE_CONTENT asks for the text of all messages, which Discord does not allow to this application.
Switch it on at https://discord.com/developers/applications: your application, Bot, Message Content Intent.
Or take FOOTNOTE_MESSAGE_CONTENT out of the settings: then only what is sent to the bot is read."""
SETTINGS: dict[type[FootnoteError], str] = {
    UnloadableModelError: "FOOTNOTE_EMBEDDING_MODEL",
    UnloadableRerankerError: "FOOTNOTE_RERANKER",
    UnloadableReaderError: "FOOTNOTE_READER",
    DataFolderError: "FOOTNOTE_DATA_DIR",
    EvidenceError: "FOOTNOTE_ARTICLE",
}
"""The settings that what these errors advise is done with."""

TO_FORCE = "To put it in place all the same: --force"


class MisuseError(FootnoteError):
    """What the command line or a setting asks for is wrong."""


class Commands(TyperGroup):
    """The one place where an error becomes a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; what it raises on purpose is said in one message on standard error."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # so that a reader who has gone away is noticed here, and not at exit
        except BrokenPipeError as error:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(INTERRUPTION) from error
        except (
            ValidationError,
            MisuseError,
            discord.LoginFailure,
            discord.PrivilegedIntentsRequired,
        ) as error:
            raise _exit_of(error, MISUSE) from error
        except CancelledError as error:
            raise _exit_of(error, INTERRUPTION) from error
        except (FootnoteError, OSError, discord.DiscordException) as error:
            raise _exit_of(error, FAILURE) from error
        return result


def advice(error: Exception) -> str:
    """What an error says, and the setting that what it advises is done with."""
    setting = next((name for kind, name in SETTINGS.items() if isinstance(error, kind)), None)
    return f"{error} The setting is {setting}." if setting else str(error)


def _exit_of(error: Exception, code: int) -> typer.Exit:
    match error:
        case ValidationError():
            message = f"A setting is wrong.\n{explain(error)}"
        case discord.LoginFailure():
            message = LOGIN_REFUSED
        case discord.PrivilegedIntentsRequired():
            message = INTENT_REFUSED
        case discord.DiscordException():
            message = f"Discord: {error}"
        case OSError() if error.filename is not None:
            message = f"{error.filename}: {error.strerror}"
        case SelfCheckError() | OwnQuestionsError():
            message = f"{error}\n{TO_FORCE}"
        case _:
            message = advice(error)
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        traceback.print_exception(error)
    text = Text("Error: ", style="bold red").append(printable(message), style="not bold default")
    terminal(stderr=True).print(text, soft_wrap=True)
    return typer.Exit(code)
