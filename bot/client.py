"""The Discord client: what it is made of, how it starts and how it stops."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from pathlib import Path

import discord
from discord.ext import commands

from bot.cogs.about import About
from bot.cogs.admin import Admin
from bot.cogs.ask import Ask
from bot.service import Service, open_library
from bot.settings import Settings
from bot.tree import FootnoteTree, report
from bot.views import ContextButton

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0


def create_bot(settings: Settings, *, service: Service | None = None) -> FootnoteBot:
    """Builds the client with its services; nothing is loaded and nothing connects before it starts.

    Args:
        settings: Where the index lies, which article and which models.
        service: What answers; None for the library that the settings describe.
    """
    return FootnoteBot(settings, service=service or Service(open_library(settings)))


class FootnoteBot(commands.Bot):
    """Footnote in Discord. It needs no privileged intent and can ping nobody."""

    def __init__(self, settings: Settings, *, service: Service) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=FootnoteTree,
            intents=discord.Intents(guilds=True, messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.settings = settings
        self.service = service

    async def serve(self, token: str) -> None:
        """Runs until it is cancelled, then finishes the answers in flight.

        Raises:
            discord.LoginFailure: Discord does not know the token.
        """
        async with self:
            await self.start(token)

    async def setup_hook(self) -> None:
        """Starts loading the article, then registers commands and buttons."""
        self.service.start()
        for cog in (Ask(self), About(self), Admin(self)):
            await self.add_cog(cog)
        self.add_dynamic_items(ContextButton)
        await self._sync_commands()

    async def close(self) -> None:
        """Finishes the answers in flight, for a while, then disconnects."""
        await self.service.close(patience=PATIENCE_SECONDS)
        await super().close()

    async def on_message(self, message: discord.Message, /) -> None:
        """Does nothing: there are no text commands. The cog ``Ask`` listens to messages."""

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Gives an error in an event to the one handler, with the message to reply to where there is one."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and args and isinstance(args[0], discord.Message):
            await report(args[0], error)
        else:
            await super().on_error(event_method, *args, **kwargs)

    async def _sync_commands(self) -> None:
        """Registers the commands with Discord unless what it has is what it would be given."""
        guild = discord.Object(self.settings.sync_guild) if self.settings.sync_guild else None
        if guild:
            self.tree.copy_global_to(guild=guild)
        registered = self.tree.get_commands(guild=guild)
        payload = json.dumps([command.to_dict(self.tree) for command in registered], sort_keys=True)
        digest = hashlib.sha256(payload.encode()).hexdigest()
        note = self.settings.data_dir / "discord" / f"{self.application_id}-{guild.id if guild else 'global'}"
        # The names are compared as well, so that commands which were removed elsewhere come back.
        there = {command.name for command in await self.tree.fetch_commands(guild=guild)}
        if _read(note) == digest and there >= {command.name for command in registered}:
            log.info("The %d commands are in place.", len(registered))
            return
        await self.tree.sync(guild=guild)
        _write(note, digest)
        log.info("Registered %d commands.", len(registered))


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
