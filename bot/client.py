"""The Discord client: what it is made of, how it starts and how it stops."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import sys
from pathlib import Path

import discord
from discord.ext import commands

from bot.commands.about import About
from bot.commands.admin import Admin
from bot.commands.ask import Ask
from bot.commands.library import LibraryCommands
from bot.commands.membership import Membership
from bot.commands.read import Read
from bot.components.changes import Changes
from bot.errors import FootnoteTree, report
from bot.service.allowance import ChangeAllowance
from bot.service.line import Rates
from bot.service.service import Service, open_library
from bot.settings import Settings
from bot.words import CommandTranslator
from index import import_model_libraries

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
GLOBAL = "global"


def create_bot(settings: Settings, *, service: Service | None = None) -> FootnoteBot:
    """Builds the client with its services; nothing is loaded and nothing connects before it starts.

    Args:
        settings: Where the index lies, which article and which models.
        service: What answers; None for the library that the settings describe.
    """
    if service is None:
        import_model_libraries()  # now: it would hold up an event loop for seconds
        gc.collect()
        gc.freeze()  # and so would, for a third of one, each full collection of all that they have made
        rates = Rates(person=settings.questions_per_minute, server=settings.server_questions_per_minute)
        changes = ChangeAllowance(
            server=settings.server_changes_per_hour,
            everyone=settings.changes_per_hour,
            pending=settings.pending_changes,
        )
        service = Service(open_library(settings), rates=rates, line=settings.queue, changes=changes)
    return FootnoteBot(settings, service=service)


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
        self.changes = Changes(service)

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
        await self.tree.set_translator(CommandTranslator())
        for cog in (Ask(self), About(self), Read(self), Admin(self), LibraryCommands(self), Membership(self)):
            await self.add_cog(cog)
        await self._sync_commands()

    async def close(self) -> None:
        """Finishes the answers in flight, for a while, then disconnects."""
        await self.service.close(patience=PATIENCE_SECONDS)
        await super().close()

    async def on_message(self, message: discord.Message, /) -> None:
        """Does nothing: there are no text commands. The cog ``Ask`` listens to messages."""

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Gives an error in an event to the one handler, with what to reply to where there is something."""
        error = sys.exc_info()[1]
        if (
            isinstance(error, Exception)
            and args
            and isinstance(args[0], discord.Message | discord.Interaction)
        ):
            await report(args[0], error)
        else:
            await super().on_error(event_method, *args, **kwargs)

    async def _sync_commands(self) -> None:
        """Registers the commands with Discord unless what it has is what it would be given."""
        guild = discord.Object(self.settings.sync_guild) if self.settings.sync_guild else None
        if guild:
            self.tree.copy_global_to(guild=guild)
        registered = self.tree.get_commands(guild=guild)
        translator = self.tree.translator
        payload = [
            await command.get_translated_payload(self.tree, translator)
            if translator
            else command.to_dict(self.tree)
            for command in registered
        ]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        note = self._note(str(guild.id) if guild else GLOBAL)
        await self._unregister_elsewhere(note)
        # The names are compared as well, so that commands which were removed elsewhere come back.
        there = {command.name for command in await self.tree.fetch_commands(guild=guild)}
        if _read(note) == digest and there >= {command.name for command in registered}:
            log.info("The %d commands are in place.", len(registered))
            return
        await self.tree.sync(guild=guild)
        try:
            _write(note, digest)
        except OSError as error:  # then they are registered at the next start, too
            log.warning("Could not note that the commands are registered: %s", error)
        log.info("Registered %d commands.", len(registered))

    async def _unregister_elsewhere(self, note: Path) -> None:
        """Takes back the commands that were registered in another scope, or people would see them twice."""
        for other in sorted(note.parent.glob(f"{self.application_id}-*")):
            scope = other.name.partition("-")[2]
            if other == note or not (scope == GLOBAL or scope.isdecimal()):
                continue
            try:
                if scope == GLOBAL:
                    await self.http.bulk_upsert_global_commands(self.application_id or 0, [])
                else:
                    await self.http.bulk_upsert_guild_commands(self.application_id or 0, int(scope), [])
            except (discord.Forbidden, discord.NotFound) as gone:  # the bot is not in that server any more
                log.info("Could not take back the commands of %s: %s", scope, gone)
            try:
                other.unlink()
            except OSError as error:  # then they are taken back at the next start, too
                log.warning("Could not note that the commands of %s are taken back: %s", scope, error)

    def _note(self, scope: str) -> Path:
        """The file that says what was registered: everywhere, or in one server."""
        return self.settings.data_dir / "discord" / f"{self.application_id}-{scope}"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
