"""The Discord client: what it is made of, how it starts and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import AsyncIterator, Callable

import discord
from discord.ext import commands

from bot.changes import Changes
from bot.commands.about import About
from bot.commands.admin import Admin
from bot.commands.ask import Ask
from bot.commands.digest import WeeklyDigest
from bot.commands.gaps import Gaps
from bot.commands.insights import InsightCommands
from bot.commands.library import LibraryCommands
from bot.commands.membership import Membership
from bot.commands.privacy import Privacy
from bot.commands.read import Read
from bot.commands.watching import WatchLoop
from bot.errors import Reporter
from bot.guard import PathGuard
from bot.operations.metrics import Readiness
from bot.operations.pages import serving
from bot.registration import Registration
from bot.service.allowance import ChangeAllowance
from bot.service.opening import open_library
from bot.service.rates import Rate, Rates
from bot.service.service import Service
from bot.settings import Settings
from bot.shards import ONE_SHARD, Shards
from bot.tree import FootnoteTree
from bot.words import CommandTranslator
from index import import_model_libraries

log = logging.getLogger(__name__)

COGS = (
    Ask,
    About,
    Read,
    Privacy,
    Admin,
    LibraryCommands,
    InsightCommands,
    WeeklyDigest,
    Gaps,
    WatchLoop,
    Membership,
)
PATIENCE_SECONDS = 20.0  # systemd and Docker kill what takes much longer to stop


def create_bot(
    settings: Settings, *, service: Service | None = None, shards: Shards = ONE_SHARD
) -> FootnoteBot:
    """Builds the client with its services; nothing is loaded and nothing connects before it starts.

    Args:
        settings: Where the index lies, which article and which models.
        service: What answers; None for the library that the settings describe.
        shards: Those that it serves.
    """
    return FootnoteBot(settings, service=service or create_service(settings), shards=shards)


def create_service(settings: Settings) -> Service:
    """What answers from the library that the settings describe, and changes it."""
    import_model_libraries(  # now: it would hold up an event loop for seconds
        settings.data_dir,
        embedding_model=settings.embedding_model,
        encoder=settings.encoder,
        reranker=settings.reranker,
    )
    gc.collect()
    gc.freeze()  # and so would, for a third of one, each full collection of all that they have made
    changes = ChangeAllowance(
        server=settings.server_changes_per_hour,
        everyone=settings.changes_per_hour,
        pending=settings.pending_changes,
        now=_now,
    )
    return Service(
        open_library(settings),
        rates=_rates(settings),
        line=settings.queue,
        changes=changes,
        limits=settings.limits,
    )


@contextlib.asynccontextmanager
async def pages(
    settings: Settings, service: Service, readiness: Callable[[], Readiness]
) -> AsyncIterator[None]:
    """Serves the pages for those who watch the bot, where the settings ask for them."""
    if settings.status_port is None:
        yield
        return
    address, port = str(settings.status_address), settings.status_port
    async with serving(service.metrics, readiness, address=address, port=port):
        yield


def readiness_of(service: Service, *, gateway: bool) -> Readiness:
    """Whether a process has what it needs."""
    return Readiness(models=service.has_models, database=service.has_database, gateway=gateway)


async def work(service: Service, settings: Settings) -> None:
    """Makes the changes that the bot's processes post, without Discord, until it is cancelled.

    It clears up daily, as they do, but for the libraries of servers that the bot has left.

    Raises:
        PageError: the pages for those who watch it cannot be served where the settings say.
    """
    async with pages(settings, service, lambda: readiness_of(service, gateway=True)):
        service.start()
        service.upkeep.begin(lambda _: False)  # which servers the bot is in, Discord tells only its processes
        try:
            await asyncio.Event().wait()
        finally:
            await service.close(patience=PATIENCE_SECONDS)


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


class FootnoteBot(commands.AutoShardedBot):
    """Footnote in Discord. It can ping nobody, and needs no privileged intent unless it is set to."""

    def __init__(self, settings: Settings, *, service: Service, shards: Shards) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=FootnoteTree,
            intents=discord.Intents(guilds=True, messages=True, message_content=settings.message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            shard_count=shards.count,
            shard_ids=None if shards.ids is None else [*shards.ids],  # type: ignore[arg-type]  # None is all
        )
        self.settings = settings
        self.service = service
        self.changes = Changes(service)
        self.reporter = Reporter(PathGuard.of(settings), metrics=service.metrics)
        self.registration = Registration(self, data_dir=settings.data_dir, guild=settings.sync_guild)
        self._own_shards = shards
        self._is_connected = False
        self._shards_away: set[int] = set()
        service.metrics.watch_disk(settings.data_dir.absolute())
        service.metrics.watch_gateway(latency=lambda: self.latency, is_connected=lambda: self._hears)

    async def serve(self, token: str) -> None:
        """Runs until it is cancelled, then finishes the answers in flight.

        Raises:
            discord.LoginFailure: Discord does not know the token.
            discord.PrivilegedIntentsRequired: the portal does not allow the text of messages, which the
                settings ask for.
            PageError: the pages for those who watch the bot cannot be served where the settings say.
        """
        async with pages(self.settings, self.service, lambda: self.readiness), self:
            await self.start(token)

    def serves(self, server: int) -> bool:
        """See ``Host``."""
        return self._own_shards.serves(server)

    @property
    def sees_messages(self) -> bool:
        """See ``Host``."""
        # What HTTP shows follows from the portal, whatever intents the gateway is asked for
        # (https://discord.com/developers/docs/events/gateway#privileged-intents).
        flags = self.application_flags or discord.ApplicationFlags()
        return flags.gateway_message_content or flags.gateway_message_content_limited

    @property
    def readiness(self) -> Readiness:
        """Whether it can answer, and hears questions."""
        return readiness_of(self.service, gateway=self._hears)

    async def setup_hook(self) -> None:
        """Starts loading the article, adds commands and buttons, and begins to register them."""
        self.service.start()
        await self.tree.set_translator(CommandTranslator())
        for cog in COGS:
            await self.add_cog(cog(self))
        if self._own_shards.has_first:  # once for all processes
            self.registration.start()

    async def close(self) -> None:
        """Finishes the answers in flight, for a while, then disconnects."""
        self._is_connected = False
        self.registration.stop()
        await self.service.close(patience=PATIENCE_SECONDS)
        await super().close()

    async def on_ready(self) -> None:
        """Notes that all shards are connected to the gateway."""
        self._is_connected = True

    async def on_shard_ready(self, shard_id: int) -> None:
        """Notes that a shard is connected."""
        self._shards_away.discard(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Notes that a shard is connected again."""
        self._shards_away.discard(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Notes that a shard is not."""
        self._shards_away.add(shard_id)

    @property
    def _hears(self) -> bool:
        """Whether each of its shards is connected to the gateway."""
        return self._is_connected and not self._shards_away

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
            if error is not None:
                self.service.metrics.count_error(error)
            await super().on_error(event_method, *args, **kwargs)
