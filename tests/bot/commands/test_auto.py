"""/library auto: questions answered without a mention, and silence where nothing is sure."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot import Settings
from bot.commands.channels import UnfitChannelError, UnreadableTextError
from bot.components.unhelpful import UnhelpfulButton
from bot.permissions import NotAllowedError
from bot.render import unescape
from bot.service.rates import Rate, Rates, TooFastError
from bot.service.service import Service
from bot.words import ENGLISH
from index import Complaint
from tests.bot import advice
from tests.bot.commands.test_admin import show_to_readers
from tests.bot.commands.test_ask import QUESTION, answer_to
from tests.bot.commands.test_insights import insights
from tests.bot.components.test_follow_up import restart
from tests.bot.components.test_vote import emoji, kept
from tests.bot.conftest import World, buttons, components, says
from tests.fakes import BRIDGE

pytestmark = pytest.mark.slow

NOT_ALLOWED = "Sorry, this is for people who may manage this server, and works only in a server."
UNANSWERED = "What does the captain of the ferry earn?"
PUT_AWAY = "-# The answer that stood here did not help. To ask me yourself, mention me."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, message_content=True)


async def auto(world: World, who: simcord.MemberActor | None = None, **options: Any) -> str:
    options = {"switch": "on"} | options
    result = await (who or world.admin).slash(world.channel, "library auto", **options)
    assert result.response
    assert result.response.ephemeral
    return says(result.response)


@pytest.fixture
async def heard(world: World) -> AsyncIterator[World]:
    """The world, in whose channel questions are answered without a mention."""
    await auto(world)
    world.env.http_requests.clear()
    yield world
    assert world.errors() == []


def made(world: World) -> list[str]:
    """What the bot has done in Discord since it was switched on."""
    return [f"{one.method} {one.path}" for one in world.env.http_requests if one.method != "GET"]


def answers(world: World, channel: simcord.ChannelHandle | None = None) -> list[discord.Message]:
    """What the bot has said in the threads of a channel."""
    return [
        message
        for thread in (channel or world.channel).threads
        for message in thread.history()
        if message.author.bot and message.components
    ]


async def post(
    world: World, forum: simcord.ChannelHandle, title: str, text: str, who: simcord.MemberActor | None = None
) -> simcord.ChannelHandle:
    """A new post in a forum, whose first message has the thread's number, as in Discord."""
    backend, author = world.env.backend, who or world.reader
    thread = backend.create_thread(forum.id, title, author.id, broadcast=False)
    backend.announce_thread_create(thread)
    message = backend.prepare_message(thread.id, author.id, text)
    message.id = thread.id
    backend.commit_message(message)
    world.env._mark_mutation()
    await world.env.settle()
    return next(one for one in forum.threads if one.id == thread.id)


async def test_a_question_is_answered_in_a_thread_of_its_own(world: World) -> None:
    assert await auto(world) == (
        f"**Questions in {world.channel.mention} are answered without a mention**\n"
        "I answer in a thread of the question; in a forum, in the post itself.\n"
        "Only where I am sure; else I am silent. “This did not help” under such an answer puts it away."
    )
    world.env.http_requests.clear()
    asked = await world.reader.send(world.channel, f"Hi all! {QUESTION}")
    (thread,) = world.channel.threads
    assert (thread.id, thread.name) == (asked.id, QUESTION)
    (answer,) = answers(world)
    assert says(answer) == answer_to(QUESTION)
    assert [c["label"] for c in components(answer) if c.get("label")][-2:] == [
        "Follow up",
        "This did not help",
    ]
    assert emoji(answer) == ["👍"]
    assert made(world) == [
        f"POST /channels/{world.channel.id}/messages/{asked.id}/threads",
        f"POST /channels/{thread.id}/messages",
    ]
    (question,) = kept(world)
    assert (question.question, question.channel) == (QUESTION, str(world.channel.id))
    assert not question.is_private
    follow_up = f"{world.mention} And who is the harbour master?"
    await world.reader.send(thread, follow_up, reply_to=answer)
    assert world.library.calls[-1].turns[0].question == QUESTION
    assert world.errors() == []


@pytest.mark.parametrize(
    "text",
    [
        UNANSWERED,
        "The harbour of Elms was built in 1901.",
        "!rank When was the harbour of Elms built?",
        "What is this?",
        "How are you?",
        "Built when?",
        "😀?",
        "What a harbour, built in 1901!",
    ],
)
async def test_what_it_is_not_sure_of_or_nobody_asks_is_met_with_silence(heard: World, text: str) -> None:
    await heard.reader.send(heard.channel, text)
    assert made(heard) == []
    assert kept(heard) == []


async def test_what_is_asked_of_somebody_or_elsewhere_is_met_with_silence(heard: World) -> None:
    other = heard.guild.create_text_channel("other")
    await heard.reader.send(other, QUESTION)
    await heard.reader.send(heard.channel, f"{heard.admin.mention} {QUESTION}")
    said = await heard.admin.send(heard.channel, "I rowed there.")
    await heard.reader.send(heard.channel, QUESTION, reply_to=said)
    await heard.guild.create_webhook(heard.channel).send(QUESTION)
    machine = heard.guild.add_member(heard.env.create_user("machine", bot=True))
    await machine.send(heard.channel, QUESTION)
    elsewhere = heard.env.create_guild("Oaks")
    stranger = elsewhere.add_member(heard.env.create_user("stranger"))
    await stranger.send(elsewhere.create_text_channel("general"), QUESTION)
    assert made(heard) == []
    assert heard.library.calls == []


async def test_in_threads_only_the_question_that_began_it_is_answered(heard: World) -> None:
    await heard.reader.send(heard.channel, QUESTION)
    (thread,) = heard.channel.threads
    await heard.reader.send(thread, "When was the harbour built?")
    assert len(answers(heard)) == 1
    assert len(heard.library.calls) == 1


async def test_a_mention_is_answered_once_as_ever(heard: World) -> None:
    await heard.reader.send(heard.channel, f"{heard.mention} {QUESTION}")
    assert heard.channel.threads == []
    assert [call.question for call in heard.library.calls] == [QUESTION]


@pytest.mark.parametrize(
    ("title", "text", "asked"),
    [
        (QUESTION, "I have looked everywhere.", QUESTION),
        ("The harbour", "When was it built?", "The harbour\nWhen was it built?"),
        ("The harbour", "It was built in 1901.", None),
        ("The ferry", UNANSWERED, f"The ferry\n{UNANSWERED}"),
    ],
)
async def test_a_post_of_a_forum_is_answered_in_the_post(
    world: World, title: str, text: str, asked: str | None
) -> None:
    forum = world.guild.create_forum_channel("help")
    said = await auto(world, channel=forum)
    assert said.startswith(f"**Questions in {forum.mention} are answered without a mention**\nI answer in")
    world.env.http_requests.clear()
    thread = await post(world, forum, title, text)
    assert [call.question for call in world.library.calls] == ([asked] if asked else [])
    is_answered = asked is not None and UNANSWERED not in text
    assert made(world) == ([f"POST /channels/{thread.id}/messages"] if is_answered else [])
    await world.admin.send(thread, QUESTION)
    assert len(answers(world, forum)) == is_answered
    assert [question.channel for question in kept(world)] == [str(forum.id)] * is_answered
    assert world.errors() == []


async def test_a_forum_has_the_article_that_is_in_use_there(world: World) -> None:
    own = world.library.branch(str(world.guild.id))
    own.give(BRIDGE)
    forum = world.guild.create_forum_channel("help")
    await world.admin.slash(world.channel, "library use", article="bridge", channel=forum)
    await auto(world, channel=forum)
    await post(world, forum, "How many arches has the bridge of Oaks?", "I forgot.")
    (answer,) = answers(world, forum)
    assert unescape(says(answer)).splitlines()[1] == "> The bridge of Oaks has seven arches."


def restricted(world: World, **permissions: bool) -> simcord.ChannelHandle:
    """A channel in which the bot may not do everything."""
    assert world.bot.user
    overwrite = discord.PermissionOverwrite(**permissions)
    return world.guild.create_text_channel("quiet", overwrites={world.bot.user: overwrite})


async def test_where_it_may_open_no_threads_it_replies(world: World) -> None:
    quiet = restricted(world, create_public_threads=False)
    assert "\nI may not open threads there, so I reply to the question.\n" in await auto(world, channel=quiet)
    asked = await world.reader.send(quiet, QUESTION)
    answer = quiet.history()[-1]
    assert answer.reference
    assert answer.reference.message_id == asked.id
    assert says(answer) == answer_to(QUESTION)
    assert quiet.threads == []
    assert world.errors() == []


async def test_where_it_may_not_answer_it_cannot_be_switched_on_and_is_silent(world: World) -> None:
    quiet = restricted(world, send_messages=False, send_messages_in_threads=False)
    assert unescape(await auto(world, channel=quiet)) == (
        "I may not answer in #quiet. Allow me to see that channel and to send messages there, in threads as "
        "well."
    )
    assert world.errors() == [UnfitChannelError]
    world.library.channels.auto.switch(str(world.guild.id), str(quiet.id), is_on=True)  # as it was before
    world.env.http_requests.clear()
    await world.reader.send(quiet, QUESTION)
    assert made(world) == []
    assert world.library.calls == []


async def test_a_thread_that_is_there_already_is_left_alone(heard: World) -> None:
    path = f"/channels/{heard.channel.id}/messages/*/threads"
    heard.env.inject_error("POST", path, status=400, code=160004)
    await heard.reader.send(heard.channel, QUESTION)
    assert answers(heard) == []
    assert len(heard.channel.history()) == 1


async def test_it_can_be_switched_off_and_the_list_says_where_it_is_on(
    world: World, settings: Settings
) -> None:
    await auto(world)
    listed = await world.admin.slash(world.channel, "library list")
    assert says(listed.response).endswith(f"\n-# Answered without a mention: {world.channel.mention}")
    await restart(world, settings.model_copy(update={"message_content": False}))
    listed = await world.admin.slash(world.channel, "library list")
    assert says(listed.response).endswith(f"{world.channel.mention} (I am not given the text of messages)")
    await restart(world, settings)
    assert await auto(world, switch="off") == (
        f"Questions in {world.channel.mention} are answered only where I am mentioned."
    )
    listed = await world.admin.slash(world.channel, "library list")
    assert "mention" not in says(listed.response)
    await world.reader.send(world.channel, QUESTION)
    assert world.channel.threads == []


async def test_without_the_text_of_messages_it_says_what_the_operator_has_to_do(
    world: World, settings: Settings
) -> None:
    await restart(world, settings.model_copy(update={"message_content": False}))
    said = unescape(await auto(world))
    assert set(re.findall(r"FOOTNOTE_\w+", said)) <= advice.settings()
    assert said == (
        "Discord does not give me the text of messages that do not mention me, so I could not see the "
        "questions. Whoever runs me has to switch on Message Content Intent in the developer portal (the "
        "application, Bot), to set FOOTNOTE_MESSAGE_CONTENT=true, and to start me again."
    )
    assert world.errors() == [UnreadableTextError]
    await world.reader.send(world.channel, QUESTION)
    assert world.library.calls == []


async def test_readers_strangers_and_other_servers_cannot_switch_it(world: World) -> None:
    await show_to_readers(world, "library")
    assert await auto(world, world.reader) == NOT_ALLOWED
    elsewhere = world.env.create_guild("Oaks")
    channel = elsewhere.create_text_channel("general")
    role = elsewhere.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    owner = elsewhere.add_member(world.env.create_user("carl"), roles=[role])
    await owner.slash(channel, "library auto", switch="on")
    listed = await world.admin.slash(world.channel, "library list")
    assert "mention" not in says(listed.response)
    await world.reader.send(world.channel, QUESTION)
    assert world.channel.threads == []
    await owner.send(channel, QUESTION)
    assert len(answers(world, channel)) == 1
    with pytest.raises(simcord.SetupError):
        await world.reader.user.slash("library auto", switch="on")
    assert set(world.errors()) == {NotAllowedError}


async def test_this_did_not_help_puts_the_answer_away_and_counts(world: World, settings: Settings) -> None:
    await auto(world)
    await world.reader.send(world.channel, QUESTION)
    (answer,) = answers(world)
    await restart(world, settings)
    stranger = world.guild.add_member(world.env.create_user("stranger"))
    refusal = await stranger.click(answer, label="This did not help")
    assert says(refusal.response) == (
        "Only the one who asked, and the admins of this server, can put this answer away."
    )
    assert says(answers(world)[0]) == answer_to(QUESTION)
    await world.reader.click(answer, label="This did not help")
    (folded,) = answers(world)
    assert (says(folded), buttons(folded)) == (PUT_AWAY, [])
    ((vote,),) = [question.votes for question in kept(world)]
    assert (vote.person, vote.is_good) == (str(world.reader.id), False)
    assert vote.complaint is Complaint.UNHELPFUL
    listed = await world.admin.click(await insights(world), label="Voted down (1)")
    assert listed.response
    (custom_id,) = [one for one in buttons(listed.response) if one.startswith("insight:")]
    opened = await world.admin.click(listed.response, custom_id=custom_id)
    assert says(opened.response).endswith("👍 0 · 👎 1\n- It did not help")
    assert world.reader.user.dm_channel.history() == []  # nobody was promised word of it


async def test_an_admin_can_put_an_answer_away_too(heard: World) -> None:
    await heard.reader.send(heard.channel, QUESTION)
    (answer,) = answers(heard)
    await heard.admin.click(answer, label="This did not help")
    assert [says(one) for one in answers(heard)] == [PUT_AWAY]
    ((vote,),) = [question.votes for question in kept(heard)]
    assert vote.person == str(heard.admin.id)


async def test_who_wants_nothing_kept_is_answered_and_can_put_it_away(heard: World) -> None:
    await heard.reader.slash(heard.channel, "my-data keep", allowed=False)
    await heard.reader.send(heard.channel, QUESTION)
    (answer,) = answers(heard)
    assert says(answer) == answer_to(QUESTION)
    assert emoji(answer) == []
    await heard.reader.click(answer, label="This did not help")
    assert [says(one) for one in answers(heard)] == [PUT_AWAY]
    assert kept(heard) == []


async def test_who_deletes_what_is_kept_can_still_put_it_away(heard: World) -> None:
    await heard.reader.send(heard.channel, QUESTION)
    heard.library.ledger.delete_person(str(heard.reader.id))
    (answer,) = answers(heard)
    await heard.reader.click(answer, label="This did not help")
    assert [says(one) for one in answers(heard)] == [PUT_AWAY]


async def test_who_asks_too_much_is_passed_over_in_silence(world: World) -> None:
    await auto(world)
    rates = Rates(questions=Rate(person=1))
    world.bot.service = Service(world.library, rates=rates)
    await world.reader.send(world.channel, QUESTION)
    world.env.http_requests.clear()
    await world.reader.send(world.channel, "When was the harbour built?")
    assert made(world) == []
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    assert says(world.channel.history()[-1]).startswith("One moment, please: you can ask again in ")
    assert world.errors() == [TooFastError]  # and she had not been told so before


async def test_an_error_is_logged_and_nobody_notices(heard: World, caplog: pytest.LogCaptureFixture) -> None:
    for error in (RuntimeError("broken"), OSError("away")):
        heard.library.error = error
        await heard.reader.send(heard.channel, QUESTION)
    assert made(heard) == []
    assert "A question that was not put to me could not be answered." in caplog.text


async def test_another_place_than_a_channel_is_refused(world: World) -> None:
    voice = world.guild.create_voice_channel("talk")
    result = await world.admin.slash(voice, "library auto", switch="on")
    assert says(result.response) == "That works in a text channel or a forum. Name one as “channel”."
    assert world.errors() == [UnfitChannelError]


async def test_an_announcement_and_the_channel_of_a_thread_can_be_switched_on(world: World) -> None:
    news = world.guild.create_news_channel("news")
    assert news.mention in await auto(world, channel=news)
    message = await world.admin.send(world.channel, "Look here.")
    thread = world.env.backend.create_thread(world.channel.id, "Talk", world.admin.id, message_id=message.id)
    (handle,) = [one for one in world.channel.threads if one.id == thread.id]
    result = await world.admin.slash(handle, "library auto", switch="on")
    assert world.channel.mention in says(result.response)


def test_the_buttons_id_is_short_enough() -> None:
    for key in (None, 2**63 - 1):
        assert len(UnhelpfulButton.under(10**20 - 1, key, ENGLISH).custom_id) <= 100
