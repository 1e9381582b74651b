"""What those see first who invite the bot: once, in their own messages or where the server greets people."""

from __future__ import annotations

import discord
import pytest
import simcord

from bot import Settings
from bot.commands.membership import Membership
from bot.render import welcome
from bot.words import ENGLISH, words_for
from tests.bot.advice import advice_of_bot
from tests.bot.conftest import World, says


async def join(world: World, guild: simcord.GuildHandle) -> None:
    """What Discord says when the bot has joined a server."""
    there = world.bot.get_guild(guild.id)
    assert there is not None
    membership = world.bot.get_cog("Membership")
    assert isinstance(membership, Membership)
    await membership.on_guild_join(there)
    await world.env.settle()


def greet_in(world: World, guild: simcord.GuildHandle) -> simcord.ChannelHandle:
    """Gives a server a channel in which it greets people."""
    channel = guild.create_text_channel("welcome")
    world.env.backend.get_guild(guild.id).system_channel_id = channel.id
    there = world.bot.get_guild(guild.id)
    assert there is not None
    there._system_channel_id = channel.id
    return channel


def invite(world: World, guild: simcord.GuildHandle, who: simcord.MemberActor) -> None:
    """Enters in the audit log who has invited the bot, after another bot."""
    assert world.bot.user
    for target, user in ((who.id, world.reader.id), (world.bot.user.id, who.id)):
        world.env.backend.record_audit_log(
            guild.id, discord.AuditLogAction.bot_add.value, target_id=target, user_id=user
        )


async def test_who_invited_the_bot_is_told_what_to_do_first(world: World) -> None:
    channel = greet_in(world, world.guild)
    invite(world, world.guild, world.admin)
    await join(world, world.guild)
    message = world.admin.user.dm_channel.last_message
    assert says(message) == welcome(ENGLISH).top
    assert says(message).endswith("Admins are those who may manage the server.")
    assert advice_of_bot(says(message), world.bot) == {"/library add", "/ask", "/help", "/privacy"}
    assert channel.history() == []
    assert world.reader.user.dm_channel.history() == []


async def test_else_the_channel_that_greets_people_is_told(world: World) -> None:
    channel = greet_in(world, world.guild)
    await join(world, world.guild)
    assert [says(message) for message in channel.history()] == [welcome(ENGLISH).top]
    invite(world, world.guild, world.admin)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50007)
    await join(world, world.guild)
    assert len(channel.history()) == 2
    world.env.inject_error("GET", "/guilds/*/audit-logs", status=403, code=50013)
    await join(world, world.guild)
    assert len(channel.history()) == 3


async def test_where_nobody_can_be_told_nothing_is_said(world: World) -> None:
    await join(world, world.guild)
    assert world.channel.history() == []
    assert world.env.errors == []


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    return settings.model_copy(update=getattr(request, "param", {}))


@pytest.mark.parametrize("settings", [{"admin_role": "Admins"}], indirect=True)
async def test_the_role_of_admins_is_named_in_the_servers_language(world: World) -> None:
    guild = world.env.create_guild("Elben", preferred_locale="de")
    guild.create_role("Admins")
    channel = greet_in(world, guild)
    await join(world, guild)
    assert says(channel.last_message) == welcome(words_for("de"), admin_role="Admins").top
    elsewhere = world.env.create_guild("Oaks")
    channel = greet_in(world, elsewhere)
    await join(world, elsewhere)
    assert says(channel.last_message) == welcome(ENGLISH).top
