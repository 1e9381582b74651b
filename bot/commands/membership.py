"""Which servers the bot is in, how it begins there, and what becomes of the libraries of those it left."""

from __future__ import annotations

import logging

import discord
from discord.ext import commands

from bot import render
from bot.components.card import Card
from bot.host import Host
from bot.replies import SENDING_ERRORS
from bot.words import words_for

log = logging.getLogger(__name__)


class Membership(commands.Cog):
    """Tells the service when the bot joins and leaves servers, and has it clear up daily.

    A server that is only out of reach for a while is none that the bot has left: Discord says which is which,
    and so do these events.
    """

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Notes which servers the bot has left, and which it came back to, while it did not run.

        Only then does it begin to clear up, and does so daily: before, the library of a server that it came
        back to would go.
        """
        await self.bot.service.upkeep.meet([guild.id for guild in self.bot.guilds], self.bot.serves)
        self.bot.service.upkeep.begin(self.bot.serves)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Keeps the library of a server that the bot came back to, and says what can be done first."""
        await self.bot.service.upkeep.come_back(guild.id)
        message = render.welcome(
            words_for(guild.preferred_locale), admin_role=_role(guild, self.bot.settings.admin_role)
        )
        for target in (await _inviter(guild), guild.system_channel):
            if target is None:
                continue
            try:
                await target.send(view=Card(message))
            except SENDING_ERRORS as refusal:
                log.info("Could not say hello in server %d: %s", guild.id, refusal)
            else:
                return

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Does the same: what Discord sends of a server that comes back need not say that it was away."""
        await self.bot.service.upkeep.come_back(guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Notes that the library of a server is to go."""
        await self.bot.service.upkeep.leave(guild.id)


async def _inviter(guild: discord.Guild) -> discord.User | discord.Member | None:
    """Who has invited the bot, where it may read that in the server's audit log."""
    if not guild.me.guild_permissions.view_audit_log:
        return None
    try:
        async for entry in guild.audit_logs(action=discord.AuditLogAction.bot_add, limit=10):
            if getattr(entry.target, "id", None) == guild.me.id:
                return entry.user
    except SENDING_ERRORS as refusal:
        log.info("Could not see who invited me to server %d: %s", guild.id, refusal)
    return None


def _role(guild: discord.Guild, set_role: str | None) -> str | None:
    """The name of the role whose members are admins; None where the server has none such."""
    return next((role.name for role in guild.roles if set_role in (str(role.id), role.name)), None)
