"""The weekly digests: what was asked in a server, in the channel that an admin has chosen for it."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import discord
from discord.ext import commands, tasks

from bot.components.card import Card
from bot.host import Host
from bot.permissions import may_read_as_well
from bot.render.charts import DARK, charts
from bot.render.digest import MOST_LISTED
from bot.render.digest import digest as digest_message
from bot.replies import SENDING_ERRORS
from bot.service.insights import insights_between, quote_at
from bot.service.place import Place
from bot.words import words_for
from index import DIGEST_PAUSE, Channels, Digest, FootnoteError, KeptQuestion, Library, next_due, week_before

log = logging.getLogger(__name__)

MARGIN = timedelta(minutes=1)  # a loop counts from just before its work began
NOBODY = 0  # who asks, where it is the bot itself


class NoChannelError(Exception):
    """A digest has no channel that it could be posted to; the log alone says so."""

    def __init__(self) -> None:
        super().__init__("The channel is gone, or I may not write in it.")


class WeeklyDigest(commands.Cog):
    """Posts the digests of the servers that this process serves, each once, whichever processes there are."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    async def cog_unload(self) -> None:
        """Posts no more."""
        self.look_around.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Begins to look for what is due."""
        if not self.look_around.is_running():
            self.look_around.start()

    @tasks.loop()
    async def look_around(self) -> None:
        """Posts what is due now, and looks again when something is due, or to be tried again."""
        now = datetime.now(UTC)
        is_done = await self.post_due(now)
        pause = (next_due(now) - now if is_done else DIGEST_PAUSE) + MARGIN
        self.look_around.change_interval(seconds=pause.total_seconds())

    async def post_due(self, now: datetime) -> bool:
        """Posts what is due at a time; returns whether nothing is left of it."""
        channels, servers = self.bot.service.channels, {str(guild.id): guild for guild in self.bot.guilds}
        try:
            with self.bot.service.in_flight():
                for digest in await channels.look(lambda all_: all_.digests.due(now)):
                    guild = servers.get(digest.server)
                    if guild is None or guild.unavailable:
                        continue
                    if await channels.note(partial(_take, digest=digest, now=now)):
                        await self._post(guild, digest, now)
                rest = await channels.look(lambda all_: all_.digests.due(now))
                return not any(digest.server in servers for digest in rest)
        except FootnoteError as error:
            log.warning("The weekly digests could not be looked after: %s", error)
            return False

    async def _post(self, guild: discord.Guild, digest: Digest, now: datetime) -> None:
        """Posts one that nobody else posts, and notes what came of it."""
        channels = self.bot.service.channels
        try:
            await self._send(guild, digest, now)
        except (NoChannelError, discord.Forbidden, discord.NotFound) as error:
            log.warning("The digest of server %d could not be posted: %s", guild.id, error)
            if await channels.note(lambda all_: all_.digests.refuse(digest, now)):
                log.warning("The digest of server %d is switched off.", guild.id)
        except (FootnoteError, *SENDING_ERRORS) as error:
            log.warning("The digest of server %d is put off: %s", guild.id, error)
            await channels.note(lambda all_: all_.digests.put_off(digest, now))
        except Exception as error:  # the loop would end, and with it all other digests
            self.bot.service.metrics.count_error(error)
            log.exception("The digest of server %d is put off.", guild.id)
            await channels.note(lambda all_: all_.digests.put_off(digest, now))
        else:
            await channels.note(lambda all_: all_.digests.end(digest, now))

    async def _send(self, guild: discord.Guild, digest: Digest, now: datetime) -> None:
        """Posts what was asked in the week before; nothing where nothing was.

        Raises:
            NoChannelError: the channel is gone, or the bot may not write in it.
        """
        channel = guild.get_channel(int(digest.channel))
        if not isinstance(channel, discord.TextChannel):
            raise NoChannelError
        may = channel.permissions_for(guild.me)
        if not (may.view_channel and may.send_messages):
            raise NoChannelError
        service, place, words = self.bot.service, Place(guild.id), words_for(guild.preferred_locale)
        since, until = week_before(now)
        week = await insights_between(service, place, NOBODY, since, until, _in_the_open(guild, channel))
        if not week.questions:
            return

        def quotes(library: Library) -> list[str | None]:
            return [quote_at(library, passage) for passage in week.passages[:MOST_LISTED]]

        message = digest_message(week, await service.read(place, quotes), words)
        pictures = await service.ledger.look(lambda _: charts(week, words, DARK)) if may.attach_files else ()
        files = [discord.File(io.BytesIO(one.content), one.name, description=one.alt) for one in pictures]
        card = Card(message, pictures=[(one.name, one.alt) for one in pictures])
        await channel.send(view=card, files=files)


def _take(channels: Channels, *, digest: Digest, now: datetime) -> bool:
    return channels.digests.take(digest, now)


def _in_the_open(guild: discord.Guild, channel: discord.TextChannel) -> Callable[[KeptQuestion], bool]:
    """Tells which questions all could see asked who read a channel."""
    known: dict[str | None, bool] = {None: False}

    def is_open(question: KeptQuestion) -> bool:
        if question.channel not in known:
            asked_in = guild.get_channel_or_thread(int(question.channel or 0))
            known[question.channel] = asked_in is not None and may_read_as_well(channel, asked_in)
        return known[question.channel]

    return is_open
