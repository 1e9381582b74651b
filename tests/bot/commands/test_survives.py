"""What happens in Discord while an answer is on its way, and that there is one, or a line in the log."""

from __future__ import annotations

import logging

import discord
import pytest
import simcord

from bot.replies import NO_HISTORY, THREAD_ARCHIVED, THREAD_LOCKED, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from tests.bot.commands.test_ask import QUESTION, answer_to
from tests.bot.conftest import HeldService, World, says

MINUTES_15 = 15 * 60 + 1


async def answered(world: World, held: HeldService) -> list[str]:
    """What the channel says once the held answers are let go."""
    held.let_go.set()
    await world.env.settle()
    return world.texts()


def only_a_line_in_the_log(world: World, caplog: pytest.LogCaptureFixture, channel: object = None) -> None:
    place = channel or world.channel
    assert isinstance(place, simcord.ChannelHandle)
    assert f"Could not answer in server {world.guild.id}, channel {place.id}: " in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def mention(world: World, channel: simcord.ChannelHandle | None = None) -> discord.Message:
    return await world.reader.send(channel or world.channel, f"{world.mention} {QUESTION}")


async def thread_in(world: World) -> simcord.ChannelHandle:
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="harbour", type=discord.ChannelType.public_thread)
    (thread,) = world.channel.threads
    return thread


async def test_the_question_is_deleted_meanwhile(world: World) -> None:
    held = world.hold()
    question = await mention(world)
    await world.reader.delete(question)
    assert await answered(world, held) == [answer_to()]


async def test_the_note_is_deleted_meanwhile(world: World) -> None:
    held = world.hold()
    held._line.close()
    await mention(world)
    await world.env.advance_time(HeldService.seconds_to_first_note)
    note = world.channel.last_message
    assert note
    assert "in line" in says(note)
    world.env.backend.delete_message(world.channel.id, note.id)
    held._line.open()
    assert (await answered(world, held))[1:] == [answer_to()]


async def test_the_deferred_answer_is_deleted_meanwhile(world: World) -> None:
    held = world.hold()
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    (thinking,) = world.channel.history()
    world.env.backend.delete_message(world.channel.id, thinking.id)
    assert await answered(world, held) == [answer_to(with_question=True)]


async def test_the_answer_under_a_follow_up_is_deleted_meanwhile(world: World) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert asked.response
    shown = await world.reader.click(asked.response, label="Follow up")
    held = world.hold()
    await world.reader.submit_modal(shown, {"question": QUESTION})
    world.env.backend.delete_message(world.channel.id, asked.response.id)
    assert await answered(world, held) == [answer_to(with_question=True)]


async def test_the_permission_to_send_is_missing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert world.bot.user
    silence = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.bot.user: silence})
    await mention(world, quiet)
    assert world.errors() == [discord.Forbidden]
    only_a_line_in_the_log(world, caplog, quiet)
    result = await world.reader.slash(quiet, "ask", question=QUESTION)
    assert result.response
    assert result.response.ephemeral  # the one who asked is answered, the channel is left alone
    assert says(result.response) == answer_to(with_question=True)


async def test_the_permission_is_taken_away_meanwhile(world: World, caplog: pytest.LogCaptureFixture) -> None:
    held = world.hold()
    await mention(world)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    assert len(await answered(world, held)) == 1
    assert world.errors() == [discord.Forbidden]
    only_a_line_in_the_log(world, caplog)


async def test_the_permission_to_read_the_history_is_missing(world: World) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=400, code=NO_HISTORY)
    await mention(world)
    answer = world.channel.last_message
    assert says(answer) == answer_to()
    assert answer
    assert answer.reference is None


async def test_typing_is_refused(world: World) -> None:
    world.env.inject_error("POST", "/channels/*/typing", status=403, code=THREAD_ARCHIVED)
    await mention(world)
    assert world.texts()[-1] == answer_to()


async def test_the_thread_is_archived_meanwhile(world: World) -> None:
    """Discord opens it again for a message, unless it is locked."""
    thread = await thread_in(world)
    held = world.hold()
    await mention(world, thread)
    opened = world.bot.get_channel(thread.id)
    assert isinstance(opened, discord.Thread)
    await opened.edit(archived=True)
    held.let_go.set()
    await world.env.settle()
    assert says(thread.last_message) == answer_to()


@pytest.mark.parametrize(
    ("status", "code"), [(400, THREAD_ARCHIVED), (400, THREAD_LOCKED), (404, UNKNOWN_CHANNEL)]
)
async def test_the_thread_is_locked_or_gone(
    world: World, caplog: pytest.LogCaptureFixture, status: int, code: int
) -> None:
    thread = await thread_in(world)
    held = world.hold()
    await mention(world, thread)
    world.env.inject_error("POST", "/channels/*/messages", status=status, code=code, times=None)
    held.let_go.set()
    await world.env.settle()
    assert len(world.errors()) == 1
    only_a_line_in_the_log(world, caplog, thread)


async def test_the_channel_is_deleted_meanwhile(world: World, caplog: pytest.LogCaptureFixture) -> None:
    held = world.hold()
    await mention(world)
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete()
    held.let_go.set()
    await world.env.settle()
    assert len(world.errors()) == 1
    only_a_line_in_the_log(world, caplog)


async def test_the_interaction_expires_before_it_is_acknowledged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.env.inject_error("POST", "/interactions/*", status=404, code=10062, message="Unknown interaction")
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert world.texts() == []
    assert world.errors() == [discord.NotFound]
    only_a_line_in_the_log(world, caplog)


@pytest.mark.parametrize("code", [10015, 10062, 50027])
async def test_the_token_expires_meanwhile_and_a_public_answer_goes_to_the_channel(
    world: World, code: int
) -> None:
    held = world.hold()
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    status = 401 if code == 50027 else 404
    world.env.inject_error("*", "/webhooks/*", status=status, code=code, times=None)
    assert await answered(world, held) == ["", answer_to(with_question=True)]


async def test_the_token_expires_meanwhile_and_a_private_answer_goes_nowhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    held = world.hold()
    await world.reader.slash(world.channel, "ask", question=QUESTION, private=True)
    world.env.inject_error("*", "/webhooks/*", status=404, code=10015, times=None)
    assert await answered(world, held) == []
    assert world.errors() == [discord.NotFound]
    only_a_line_in_the_log(world, caplog)


async def test_an_answer_that_takes_longer_than_a_token_lives(world: World) -> None:
    held = world.hold()
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    await world.env.advance_time(MINUTES_15)
    assert (await answered(world, held))[-1] == answer_to(with_question=True)


async def test_the_gateway_drops_and_resumes(world: World) -> None:
    held = world.hold()
    await mention(world)
    shard = world.bot.shards[0]
    await shard.disconnect()
    await world.reader.send(world.channel, f"{world.mention} Who is the harbour master?")  # is lost
    await shard.reconnect()
    assert (await answered(world, held))[-1] == answer_to()
    await mention(world)
    assert world.texts()[-1] == answer_to()
    assert len(world.library.calls) == 2


async def test_the_gateway_identifies_anew(world: World) -> None:
    """Ready comes again: nothing is registered or loaded twice."""
    puts = len(world.requests("PUT", "/applications/*"))
    world.bot.dispatch("ready")
    await world.env.settle()
    await mention(world)
    assert [text for text in world.texts() if "<@" not in text] == [answer_to()]
    assert len(world.requests("PUT", "/applications/*")) == puts


async def test_a_message_that_is_unknown_when_its_note_is_taken_back(world: World) -> None:
    held = world.hold()
    held._line.close()
    await mention(world)
    await world.env.advance_time(HeldService.seconds_to_first_note)
    world.library.error = ZeroDivisionError()
    world.env.inject_error("DELETE", "/channels/*", status=404, code=UNKNOWN_MESSAGE)
    held._line.open()
    assert "something went wrong" in (await answered(world, held))[-1]
    assert world.errors() == [ZeroDivisionError]
