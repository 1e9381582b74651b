"""The weekly digest: what everybody could see asked, to one channel, once a week, and never a name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
import simcord

from bot import Settings
from bot.commands.channels import UnfitChannelError
from bot.commands.digest import WeeklyDigest
from bot.permissions import NotAllowedError
from bot.render.digest import MOST_LISTED, digest
from bot.render.text import MAX_TEXT, size
from bot.words import words_for
from index import Complaint, KeptQuestion, Span, Status, Vote, insights, next_due, week_before
from tests.bot.commands.test_admin import show_to_readers
from tests.bot.commands.test_ask import QUESTION
from tests.bot.commands.test_insights import NOT_ALLOWED, keep
from tests.bot.components.test_follow_up import restart
from tests.bot.conftest import World, buttons, components, says
from tests.fakes import ARTICLE
from tests.index.fakes import FakeEmbedder

pytestmark = pytest.mark.slow

MONDAY = next_due(datetime.now(UTC))
BEGIN, END = week_before(MONDAY)
HOUR = timedelta(hours=1)
RENT = "What is the rent of a berth?"
NOTHING: dict[str, Any] = {"status": Status.NOT_IN_ARTICLE, "span": None}


async def switch(
    world: World, switch: str = "on", who: simcord.MemberActor | None = None, **options: Any
) -> str:
    result = await (who or world.admin).slash(world.channel, "insights", digest=switch, **options)
    assert result.response
    assert result.response.ephemeral
    begin(world)
    return says(result.response)


def begin(world: World, channel: str | None = None) -> None:
    """Has the digest of the server due on the tests' Monday, whenever they run."""
    digests, server = world.library.channels.digests, str(world.guild.id)
    if (target := channel or digests.channel(server)) is not None:
        digests.switch_on(server, target, MONDAY - HOUR)


async def post(world: World, when: datetime) -> None:
    """What the bot does when it looks around at a time."""
    cog = world.bot.get_cog("WeeklyDigest")
    assert isinstance(cog, WeeklyDigest)
    await cog.post_due(when)
    await world.env.settle()


def ask(world: World, key: int, question: str = QUESTION, **values: Any) -> None:
    """Keeps a question as if it had been asked in the channel in the week that the digest is about."""
    given = {"asked_at": BEGIN + key * HOUR, "channel": str(world.channel.id)}
    keep(world, key, question, **given | values)


def fill(world: World) -> None:
    ask(world, 1)
    ask(world, 2, RENT, **NOTHING)
    ask(world, 3, f"{RENT} Please?", **NOTHING)
    ask(world, 4, "Is @everyone a <@1> *captain*?", **NOTHING)
    ask(world, 5, status=Status.UNCERTAIN, span=Span(40, 60))
    world.library.ledger.vote(5, Vote("42", False, BEGIN + 6 * HOUR, Complaint.WRONG, "My own words"))


def posts(channel: simcord.ChannelHandle) -> list[discord.Message]:
    """What the bot has written in a channel by itself."""
    said = (message for message in channel.history() if message.author.bot)
    return [message for message in said if not message.interaction_metadata]


async def test_a_week_is_posted_once(world: World, settings: Settings) -> None:
    fill(world)
    said = await switch(world)
    match = re.search(r"<t:(\d+):F>", said)
    assert match
    first = datetime.fromtimestamp(int(match[1]), UTC)
    assert (first.weekday(), first.hour) == (0, 7)
    assert said == (
        f"**{world.channel.mention} gets a digest every Monday**\n"
        f"What was asked in the week before, the first time {match[0]}.\n"
        "It has only what everybody who reads that channel could see asked, without names. A week without "
        "questions has none."
    )
    await restart(world, settings)
    await post(world, MONDAY - HOUR)
    assert posts(world.channel) == []
    await post(world, MONDAY)
    await post(world, MONDAY + HOUR)
    (message,) = posts(world.channel)
    english = words_for("en-US")
    begin, end = english.date(BEGIN.date()), english.date((END - HOUR).date())
    lines = says(message).splitlines()
    assert lines[:5] == [
        f"**What was asked from {begin} to {end}**",
        "5 questions: ✅ answered 1 · ⚠️ uncertain 1 · ❌ not in the article 3",
        "👍 0 · 👎 1",
        "Half of the answers came within 0.3 s, 95 of 100 within 0.3 s.",
        "",
    ]
    assert [line for line in lines[5:] if line and not line.startswith("-#")] == [
        "**Not answered (2)**",
        f"{RENT} Please?",
        "Is \\@everyone a \\<\\@1\\> \\*captain\\*?",
        "**Voted down (1)**",
        QUESTION,
        "**Cited most (2)**",
        ARTICLE.text[:38],
        ARTICLE.text[40:60],
    ]
    assert lines[-1] == (
        "-# What was asked in private is not among it, nor is who asked. For admins, `/insights` opens all "
        "of it."
    )
    assert [one.filename for one in message.attachments] == ["questions.png", "seconds.png"]
    assert buttons(message) == []
    shown = repr(components(message))
    assert not [word for word in ("reader", str(world.reader.id), "My own words") if word in shown]
    assert world.errors() == []


async def test_the_next_one_is_next_weeks_and_after_downtime_there_is_one(world: World) -> None:
    await switch(world)
    late = MONDAY + timedelta(days=30)
    begin, _ = week_before(late)
    fill(world)
    ask(world, 8, "Who was here?", asked_at=begin + HOUR)
    for when in (late, late + HOUR):
        await post(world, when)
    (message,) = posts(world.channel)
    assert says(message).splitlines()[1].startswith("1 question: ")
    await post(world, next_due(late))
    assert len(posts(world.channel)) == 1  # nobody asked anything in that week


def closed(
    world: World, name: str, *readers: simcord.MemberActor | simcord.RoleHandle
) -> simcord.ChannelHandle:
    """A channel for some, and the bot."""
    shown = discord.PermissionOverwrite(view_channel=True)
    overwrites: dict[Any, discord.PermissionOverwrite] = dict.fromkeys((*readers, world.bot.user), shown)
    overwrites[world.guild.default_role] = discord.PermissionOverwrite(view_channel=False)
    return world.guild.create_text_channel(name, overwrites=overwrites)


async def test_what_is_asked_where_fewer_read_stays_there(world: World) -> None:
    staff, helpers = (world.guild.create_role(name) for name in ("Staff", "Helpers"))
    inner, outer = closed(world, "inner", staff), closed(world, "outer", staff, helpers)
    ask(world, 1, RENT, channel=str(inner.id), **NOTHING)
    ask(world, 2, "Where is the captain?", channel=str(outer.id), **NOTHING)
    ask(world, 3)
    for channel, count in ((world.channel, 1), (outer, 2), (inner, 3)):
        begin(world, str(channel.id))
        await post(world, MONDAY)
        (message,) = posts(channel)
        assert says(message).splitlines()[1].startswith(f"{count} question")


async def test_it_has_nothing_that_readers_of_the_channel_could_not_see(world: World) -> None:
    staff = closed(world, "staff", world.admin)
    thread = world.env.backend.create_thread(world.channel.id, "A secret", world.admin.id, type=12)
    talk = world.env.backend.create_thread(world.channel.id, "A talk", world.admin.id)
    await world.env.settle()
    ask(world, 1, "A private matter?", is_private=True)
    ask(world, 2, "A matter of the staff?", channel=str(staff.id))
    ask(world, 3, "A matter of few?", channel=str(thread.id))
    ask(world, 4, "A matter of a channel that is gone?", channel="1")
    ask(world, 5, "A matter of Oaks?", server="99")
    ask(world, 6, "A matter of last week?", asked_at=BEGIN - HOUR)
    ask(world, 7, "A matter of today?", asked_at=END)
    ask(world, 8, "A matter in a DM?", server=None, channel=None)
    await switch(world)
    await post(world, MONDAY)
    assert posts(world.channel) == []
    ask(world, 9, RENT, **NOTHING)
    ask(world, 10, "Where is the captain?", channel=str(talk.id), **NOTHING)
    await switch(world)
    await post(world, MONDAY)
    (message,) = posts(world.channel)
    text = says(message)
    assert text.splitlines()[1].startswith("2 questions: ")
    assert RENT in text
    assert "Where is the captain?" in text
    await switch(world, channel=staff)
    await post(world, MONDAY)
    (message,) = posts(staff)
    assert says(message).splitlines()[1].startswith("3 questions: ")


async def test_it_is_written_in_the_servers_language_and_without_charts_where_no_files_may_be(
    world: World,
) -> None:
    assert world.bot.user
    no_files = discord.PermissionOverwrite(attach_files=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.bot.user: no_files})
    (guild,) = world.bot.guilds
    guild.preferred_locale = discord.Locale.german
    fill(world)
    await switch(world, channel=quiet)
    await post(world, MONDAY)
    (message,) = posts(quiet)
    assert says(message).startswith("**Was vom ")
    assert message.attachments == []


async def test_only_admins_switch_it_and_the_list_says_where_it_goes(world: World) -> None:
    await show_to_readers(world, "insights")
    assert await switch(world, who=world.reader) == NOT_ALLOWED
    await switch(world)
    listed = await world.admin.slash(world.channel, "library list")
    assert says(listed.response).endswith(f"\n-# Digest of `/insights`: {world.channel.mention}")
    elsewhere = world.env.create_guild("Oaks")
    channel = elsewhere.create_text_channel("general")
    role = elsewhere.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    owner = elsewhere.add_member(world.env.create_user("carl"), roles=[role])
    result = await owner.slash(channel, "insights", digest="off")
    assert says(result.response) == "No channel of this server gets a digest."
    listed = await owner.slash(channel, "library list")
    assert "Digest" not in says(listed.response)
    fill(world)
    await post(world, MONDAY)
    assert len(posts(world.channel)) == 1
    assert posts(channel) == []
    assert await switch(world, "off") == "No channel of this server gets a digest."
    await post(world, MONDAY + timedelta(days=7))
    assert len(posts(world.channel)) == 1
    assert set(world.errors()) == {NotAllowedError}


async def test_a_channel_in_which_it_may_not_write_is_refused(world: World) -> None:
    assert world.bot.user
    silence = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.bot.user: silence})
    assert "I may not answer in" in await switch(world, channel=quiet)
    voice = world.guild.create_voice_channel("talk")
    result = await world.admin.slash(voice, "insights", digest="on")
    assert says(result.response) == "A digest goes to a text channel. Name one as “channel”."
    assert set(world.errors()) == {UnfitChannelError}


async def test_where_its_channel_is_gone_it_is_switched_off_after_some_tries(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    fill(world)
    channels, server = world.library.channels.digests, str(world.guild.id)
    begin(world, "1")
    for hours in range(3):
        assert channels.channel(server) == "1"
        await post(world, MONDAY + hours * HOUR)
    assert channels.channel(server) is None
    assert f"The digest of server {server} is switched off." in caplog.text


async def test_where_discord_refuses_it_counts_and_where_it_is_away_it_does_not(world: World) -> None:
    fill(world)
    await switch(world)
    digests, server, path = world.library.channels.digests, str(world.guild.id), "/channels/*/messages"
    for hours in range(4):
        world.env.inject_error("POST", path, status=400, code=0)
        await post(world, MONDAY + hours * HOUR)
    assert digests.channel(server) == str(world.channel.id)
    world.library.error = None
    for hours in range(4, 6):
        world.env.inject_error("POST", path, status=403, code=50013)
        await post(world, MONDAY + hours * HOUR)
    assert digests.channel(server) == str(world.channel.id)
    await post(world, MONDAY + 6 * HOUR)
    assert len(posts(world.channel)) == 1


async def test_what_nobody_foresaw_ends_neither_the_loop_nor_the_digest(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill(world)
    await switch(world)
    with monkeypatch.context() as patch:
        patch.setattr("bot.commands.digest.digest_message", None)
        await post(world, MONDAY)
    assert f"The digest of server {world.guild.id} is put off." in caplog.text
    await post(world, MONDAY + HOUR)
    assert len(posts(world.channel)) == 1


async def test_it_looks_again_on_monday_or_in_an_hour_where_something_is_left(world: World) -> None:
    digests, server = world.library.channels.digests, str(world.guild.id)
    cog = world.bot.get_cog("WeeklyDigest")
    assert isinstance(cog, WeeklyDigest)
    digests.switch_on(server, "1", datetime.now(UTC) - timedelta(days=8))  # to a channel that is gone
    await cog.look_around()
    assert cog.look_around.seconds == 3_660
    assert digests.channel(server) == "1"
    digests.switch_off(server)
    begin = datetime.now(UTC)
    await cog.look_around()
    shortest = next_due(begin) - datetime.now(UTC)
    longest = timedelta(days=7, minutes=1)
    assert shortest.total_seconds() <= (cog.look_around.seconds or 0) <= longest.total_seconds()


async def test_a_server_that_another_process_serves_is_left_to_it(world: World) -> None:
    world.library.channels.digests.switch_on("99", "1", MONDAY - HOUR)
    await post(world, MONDAY)
    (due,) = world.library.channels.digests.due(MONDAY)
    assert due.server == "99"


@pytest.mark.parametrize("locale", ["en-US", "de", "es-ES", "fr"])
def test_the_longest_digest_is_within_a_message(locale: str) -> None:
    questions = [
        KeptQuestion(
            key,
            "7",
            "70",
            "1",
            BEGIN + key * HOUR,
            False,
            False,
            f"{chr(97 + key)}**[]()" * 500,
            "x" * 64,
            "0" * 8,
            Status.NOT_IN_ARTICLE,
            Span(key, key + 4_000),
            300_000,
            (Vote("2", False, BEGIN),),
        )
        for key in range(8)
    ]
    week = insights(questions, BEGIN, END, FakeEmbedder())
    message = digest(week, ["[*]" * 2_000] * MOST_LISTED, words_for(locale))
    assert size(message.top) + size(message.footer) <= MAX_TEXT
