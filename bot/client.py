"""The Discord client: what it is made of, how it starts and how it stops."""

from __future__ import annotations

import gc
import logging
import sys

import discord
from discord.ext import commands

from bot.changes import Changes
from bot.commands.about import About
from bot.commands.admin import Admin
from bot.commands.ask import Ask
from bot.commands.library import LibraryCommands
from bot.commands.membership import Membership
from bot.commands.read import Read
from bot.errors import Reporter
from bot.guard import PathGuard
from bot.registration import Registration
from bot.service.allowance import ChangeAllowance
from bot.service.rates import Rate, Rates
from bot.service.service import Service, open_library
from bot.settings import Settings
from bot.tree import FootnoteTree
from bot.words import CommandTranslator
from index import import_model_libraries

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0


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
        changes = ChangeAllowance(
            server=settings.server_changes_per_hour,
            everyone=settings.changes_per_hour,
            pending=settings.pending_changes,
            now=_now,
        )
        service = Service(
            open_library(settings), rates=_rates(settings), line=settings.queue, changes=changes
        )
    return FootnoteBot(settings, service=service)


def _now() -> float:
    return discord.utils.utcnow().timestamp()


def _rates(settings: Settings) -> Rates:
    person, server = settings.lookups_per_minute, settings.server_lookups_per_minute
    return Rates(
        questions=Rate(person=settings.questions_per_minute, server=settings.server_questions_per_minute),
        lookups=Rate(person=person, server=server),
        offers=Rate(person=person, server=server),
        now=_now,
    )


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
        self.reporter = Reporter(PathGuard.of(settings))
        self.registration = Registration(self, data_dir=settings.data_dir, guild=settings.sync_guild)

    async def serve(self, token: str) -> None:
        """Runs until it is cancelled, then finishes the answers in flight.

        Raises:
            discord.LoginFailure: Discord does not know the token.
        """
        async with self:
            await self.start(token)

    async def setup_hook(self) -> None:
        """Starts loading the article, adds commands and buttons, and begins to register them."""
        self.service.start()
        await self.tree.set_translator(CommandTranslator())
        for cog in (Ask(self), About(self), Read(self), Admin(self), LibraryCommands(self), Membership(self)):
            await self.add_cog(cog)
        self.registration.start()

    async def close(self) -> None:
        """Finishes the answers in flight, for a while, then disconnects."""
        self.registration.stop()
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
            await self.reporter.report(args[0], error)
        else:
            await super().on_error(event_method, *args, **kwargs)
