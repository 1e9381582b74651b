"""Registers the commands with Discord, and goes on trying where that fails.

The bot does not wait for it: mentions and direct messages need no commands. What was registered, and what
could not be, stands in the data folder, where the next start and ``footnote doctor`` find it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord.backoff import ExponentialBackoff
from discord.ext import commands
from pydantic import AwareDatetime, BaseModel, ValidationError

log = logging.getLogger(__name__)

FOLDER = "discord"
GLOBAL = "global"
FAILURE = "failed"
FIRST_WAIT_SECONDS = 5  # about, and twice as long each time
LONGEST_WAIT_SECONDS = 600.0  # between two tries, which double


class Failure(BaseModel):
    """Why the commands are not registered.

    Attributes:
        since: When it was first tried.
        tries: How often it was tried since.
        reason: What Discord or the network said last.
    """

    since: AwareDatetime
    tries: int
    reason: str


def failures(data_dir: Path) -> Iterator[Failure]:
    """What is noted in a data folder of commands that could not be registered, one for each application."""
    for note in sorted((data_dir / FOLDER).glob(f"*-{FAILURE}")):
        try:
            yield Failure.model_validate_json(note.read_bytes())
        except (OSError, ValidationError) as error:
            log.warning("%s cannot be read: %s", note, error)


class Registration:
    """Registers a bot's commands, in the background and until Discord takes them.

    Args:
        bot: Logged in when ``start`` is called.
        data_dir: Where the notes lie.
        guild: The one server to register them in, where they appear at once; None for everywhere.
    """

    def __init__(self, bot: commands.AutoShardedBot, *, data_dir: Path, guild: int | None) -> None:
        self._bot = bot
        self._folder = data_dir / FOLDER
        self._guild = discord.Object(guild) if guild else None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins."""
        self._task = asyncio.create_task(self._register_at_last(), name="register commands")

    def stop(self) -> None:
        """Gives up, if it is not done."""
        if self._task is not None:
            self._task.cancel()

    async def _register_at_last(self) -> None:
        waits = ExponentialBackoff[Any](base=FIRST_WAIT_SECONDS)
        since, tries = datetime.now(UTC), 0
        while True:
            try:
                await self._register()
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                tries += 1
                seconds = min(max(waits.delay(), 1.0), LONGEST_WAIT_SECONDS)
                log.warning(
                    "The commands could not be registered (try %d): %s. The next try is in %.0f s; mentions "
                    "and direct messages are answered meanwhile.",
                    tries,
                    error,
                    seconds,
                )
                self._write(FAILURE, Failure(since=since, tries=tries, reason=str(error)).model_dump_json())
                await asyncio.sleep(seconds)
            else:
                self._remove(self._note(FAILURE))
                return

    async def _register(self) -> None:
        """Registers the commands unless what Discord has is what it would be given."""
        tree, guild = self._bot.tree, self._guild
        if guild:
            tree.copy_global_to(guild=guild)
        tree_commands = tree.get_commands(guild=guild)
        translator = tree.translator
        payload = [
            await command.get_translated_payload(tree, translator) if translator else command.to_dict(tree)
            for command in tree_commands
        ]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        scope = str(guild.id) if guild else GLOBAL
        await self._unregister_elsewhere(scope)
        # The names are compared as well, so that commands which were removed elsewhere come back.
        there = {command.name for command in await tree.fetch_commands(guild=guild)}
        if self._read(scope) == digest and there >= {command.name for command in tree_commands}:
            log.info("The %d commands are in place.", len(tree_commands))
            return
        await tree.sync(guild=guild)
        self._write(scope, digest)
        log.info("Registered %d commands.", len(tree_commands))

    async def _unregister_elsewhere(self, scope: str) -> None:
        """Takes back the commands that were registered in another scope, or people would see them twice."""
        application = self._bot.application_id or 0
        for note in sorted(self._folder.glob(f"{application}-*")):
            other = note.name.partition("-")[2]
            if other == scope or not (other == GLOBAL or other.isdecimal()):
                continue
            try:
                if other == GLOBAL:
                    await self._bot.http.bulk_upsert_global_commands(application, [])
                else:
                    await self._bot.http.bulk_upsert_guild_commands(application, int(other), [])
            except (discord.Forbidden, discord.NotFound) as error:  # the bot is not in that server any more
                log.info("Could not take back the commands of %s: %s", other, error)
            self._remove(note)

    def _note(self, scope: str) -> Path:
        """The file that says what was registered: everywhere, or in one server; or why it was not."""
        return self._folder / f"{self._bot.application_id}-{scope}"

    def _read(self, scope: str) -> str | None:
        note = self._note(scope)
        return note.read_text(encoding="utf-8") if note.exists() else None

    def _write(self, scope: str, text: str) -> None:
        note = self._note(scope)
        draft = note.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(note)
        except OSError as error:  # then they are registered at the next start, too
            log.warning("Could not note whether the commands are registered: %s", error)

    def _remove(self, note: Path) -> None:
        try:
            note.unlink(missing_ok=True)
        except OSError as error:  # then it is done again at the next start
            log.warning("Could not take back a note on the commands: %s", error)
