"""The loop that reads by schedule what is to be kept up, and tells those who wanted it what has changed."""

from __future__ import annotations

import logging

import discord
from discord.ext import commands, tasks

from bot.channels import channel_text
from bot.components.watching import TakeBackButton, news_card
from bot.host import Host
from bot.replies import SENDING_ERRORS
from bot.service.threads import ClosingError
from bot.service.watch_news import ChannelText, News, WatchEndError
from bot.words import words_for
from index import FootnoteError

MINUTES_BETWEEN = 1  # what is due waits no longer

log = logging.getLogger(__name__)


class WatchLoop(commands.Cog):
    """Reads what is due for the servers that this process is in: only it can tell them.

    What goes wrong with one thing leaves the others; what nobody has foreseen is in the log.
    """

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Registers the buttons, so that they work after a restart."""
        self.bot.add_dynamic_items(TakeBackButton)

    async def cog_unload(self) -> None:
        """Ends reading."""
        self.look.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Begins when it is known which servers the bot is in."""
        if not self.look.is_running():
            self.look.start()

    @tasks.loop(minutes=MINUTES_BETWEEN)
    async def look(self) -> None:
        """Reads what is due, and tells what came of it."""
        try:
            async for news in self.bot.service.watching.news(self._is_here, self._channel):
                await self._tell(news)
        except ClosingError:
            return
        except FootnoteError as error:
            log.warning("What is due could not be read: %s", error)
        except Exception:
            log.exception("Reading by schedule failed; it goes on in a minute.")

    def _is_here(self, server: int) -> bool:
        return self.bot.serves(server) and self._guild(server) is not None

    def _guild(self, server: int) -> discord.Guild | None:
        guilds = (guild for guild in self.bot.guilds if guild.id == server and not guild.unavailable)
        return next(guilds, None)

    async def _channel(self, server: int, channel: int) -> ChannelText:
        guild = self._guild(server)
        if guild is None:
            raise WatchEndError("I am not in this server any more.")
        words = words_for(guild.preferred_locale)
        return await channel_text(guild, channel, words, sees_messages=self.bot.sees_messages)

    async def _tell(self, news: News) -> None:
        server = int(news.watch.server)
        guild = self._guild(server)
        words = words_for(guild.preferred_locale if guild is not None else None)
        # Not from what is in memory, where threads are not that sleep.
        channel = self.bot.get_partial_messageable(int(news.watch.channel), guild_id=server)
        try:
            await channel.send(view=news_card(news, words))
        except SENDING_ERRORS as refusal:
            log.warning("Could not tell channel %s what has changed: %s", news.watch.channel, refusal)
