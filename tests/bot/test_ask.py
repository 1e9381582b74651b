"""Every way of asking, in a simulated Discord."""

from __future__ import annotations

import discord
import pytest
import simcord

from bot.cogs.ask import NoQuestionError
from index import MAX_QUESTION_CHARS, QuestionError
from tests.bot.conftest import World, says

HOW_TO = (
    "Ask me something about the article\\: mention me with your question in one message, or use /ask. "
    "To ask on from an answer to /ask, mention me\\: Discord shows me no other replies to it."
)
BUILT = (
    "**The article says:**\n"
    "The harbour of Elms was built in 1901. **\\[1\\]** "
    "“We never turn a ship away,” said Ada Berg, the harbour master. **\\[2\\]**\n"
    "**\\[1\\]** paragraph 1\n"
    "> The harbour of Elms was built in 1901.\n"
    "**\\[2\\]** Ada Berg · paragraph 2\n"
    "> “We never turn a ship away,” said Ada Berg, the harbour master.\n"
    "{}-# Article: The harbour of \\*Elms\\*"
)
QUESTION = "When was the harbour of Elms built?"


async def test_slash_command_defers_and_answers_publicly(world: World) -> None:
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert world.requests("POST", "/interactions/*/callback") == [{"type": 5}]
    assert result.response
    assert not result.response.ephemeral
    assert says(result.response) == BUILT.format(f"-# Question: {QUESTION}\n")
    assert world.library.asked[0][0] == QUESTION


async def test_mention_in_a_channel_is_answered_as_a_reply(world: World) -> None:
    asked = await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    answer = world.channel.last_message
    assert says(answer) == BUILT.format("")
    assert answer
    assert answer.reference
    assert answer.reference.message_id == asked.id
    assert world.library.asked[0][0] == QUESTION
    assert len(world.requests("POST", f"/channels/{world.channel.id}/typing")) == 1


async def test_mention_in_a_thread(world: World) -> None:
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="harbour", type=discord.ChannelType.public_thread)
    (thread,) = world.channel.threads
    await world.reader.send(thread, f"{world.mention}{QUESTION}")
    assert says(thread.last_message) == BUILT.format("")


async def test_direct_message_needs_no_mention(world: World) -> None:
    await world.reader.send_dm(QUESTION)
    assert says(world.reader.user.dm_channel.last_message) == BUILT.format("")


async def test_reply_to_the_bot_is_a_question(world: World) -> None:
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    await world.reader.send(world.channel, "Is the lighthouse closed?", reply_to=world.channel.last_message)
    assert says(world.channel.last_message).startswith(
        "**The article says:**\nThe harbour of Elms was built in 1901. **\\[2\\]** "
        "The lighthouse is closed to visitors. **\\[1\\]**"
    )


async def test_reply_to_a_slash_answer_cannot_be_read_and_is_told_so(world: World) -> None:
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    await world.reader.send(world.channel, "And the lighthouse?", reply_to=result.response)
    assert says(world.channel.last_message) == HOW_TO
    assert world.errors() == [NoQuestionError]


@pytest.mark.parametrize("content", ["{}", "  {}  {} "])
async def test_mention_alone_gets_a_how_to(world: World, content: str) -> None:
    await world.reader.send(world.channel, content.format(world.mention, world.mention))
    assert says(world.channel.last_message) == HOW_TO
    assert world.library.asked == []
    assert world.errors() == [NoQuestionError]


async def test_the_bot_stays_silent_where_nobody_asked_it(world: World) -> None:
    role = world.guild.create_role("Footnote readers")
    other = world.guild.add_member(world.env.create_user("other", bot=True))
    before = await world.reader.send(world.channel, "When was it built?")
    await world.reader.send(world.channel, f"@everyone @here {role.mention} when was it built?")
    await world.reader.send(world.channel, f"{world.reader.mention} when was it built?", reply_to=before)
    last = await other.send(world.channel, f"{world.mention} {QUESTION}")
    hook = world.guild.create_webhook(world.channel)
    await hook.send(f"{world.mention} {QUESTION}")
    assert world.library.asked == []
    assert last.id in [message.id for message in world.channel.history()]
    assert all(message.author != world.bot.user for message in world.channel.history())


async def test_a_question_that_cannot_be_asked_gets_the_librarys_message(world: World) -> None:
    world.library.error = QuestionError("This question is too long.")
    await world.reader.send_dm("How long is too long?")
    assert says(world.reader.user.dm_channel.last_message) == "This question is too long."
    assert world.errors() == [QuestionError]


async def test_discord_itself_refuses_a_slash_question_over_the_limit(world: World) -> None:
    with pytest.raises(simcord.OptionError, match=str(MAX_QUESTION_CHARS)):
        await world.reader.slash(world.channel, "ask", question="x" * (MAX_QUESTION_CHARS + 1))


async def test_where_the_bot_may_not_send_it_logs_and_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert world.bot.user
    silence = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.bot.user: silence})
    await world.reader.send(quiet, f"{world.mention} {QUESTION}")
    assert world.errors() == [discord.Forbidden]
    assert f"Could not answer in server {world.guild.id}, channel {quiet.id}: 403" in caplog.text
    await world.reader.send_dm(QUESTION)
    assert says(world.reader.user.dm_channel.last_message) == BUILT.format("")


async def test_a_question_deleted_meanwhile_is_still_answered(world: World) -> None:
    world.library.asking.clear()
    await world.begin(world.reader.send(world.channel, f"{world.mention} {QUESTION}"))
    (question,) = world.channel.history()
    world.env.backend.delete_message(world.channel.id, question.id)
    world.library.asking.set()
    await world.env.settle()
    assert world.texts() == [BUILT.format("")]


async def test_nothing_pings_whatever_is_asked_or_answered(world: World) -> None:
    nasty = f"@everyone {world.reader.mention} ships harbour built"
    await world.reader.slash(world.channel, "ask", question=nasty)
    await world.reader.send_dm(nasty)
    sent = [*world.requests("POST", "/webhooks/*"), *world.requests("POST", "/channels/*/messages")]
    assert [body["allowed_mentions"] for body in sent] == [{"parse": []}] * 2
    assert all(not m.mentions and not m.mention_everyone for m in world.channel.history())
