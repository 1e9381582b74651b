"""Which servers the bot is in, and what becomes of the libraries of those it has left."""

from __future__ import annotations

import discord
from discord.ext import commands, tasks

from bot.host import Host

HOURS_BETWEEN = 24


class Membership(commands.Cog):
    """Tells the service when the bot joins and leaves servers, and has it clear up daily.

    A server that is only out of reach for a while is none that the bot has left: Discord says which is which,
    and so do these events.
    """

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Begins to clear up: at once, and then daily."""
        self.tidy.start()

    async def cog_unload(self) -> None:
        """Ends that."""
        self.tidy.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Notes which servers the bot has left, and which it came back to, while it did not run."""
        await self.bot.service.upkeep.meet([guild.id for guild in self.bot.guilds])

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Keeps the library of a server that the bot came back to."""
        await self.bot.service.upkeep.come_back(guild.id)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Does the same: what Discord sends of a server that comes back need not say that it was away."""
        await self.bot.service.upkeep.come_back(guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Notes that the library of a server is to go."""
        await self.bot.service.upkeep.leave(guild.id)

    @tasks.loop(hours=HOURS_BETWEEN)
    async def tidy(self) -> None:
        """Has deleted what has been kept long enough."""
        await self.bot.service.upkeep.tidy()
