"""Asking on: what a question leans on, for whom, for how long, and after a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord

from bot import Settings, create_bot
from bot.components.follow_up import FollowUpButton
from bot.service.conversations import MOST_CONVERSATIONS, MOST_TURNS, Conversation, Conversations
from bot.service.service import Service
from bot.words import ENGLISH
from index import Article, Span, Turn
from tests.bot.commands.test_ask import QUESTION, answer_to
from tests.bot.conftest import World, buttons, says
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary

pytestmark = pytest.mark.slow

NEXT = "Who is the harbour master?"
AND_THEN = "Since when?"
CITED = tuple(Span(c.start, c.end) for c in HeldLibrary().ask(QUESTION).answer.citations)
IN_ORDER = tuple(sorted(CITED, key=lambda span: span.start))
TURN = Turn(QUESTION, CITED)
TOLD = Turn("", IN_ORDER)


def turns(world: World) -> tuple[Turn, ...]:
    """What the last question leant on."""
    return world.library.calls[-1].turns


async def press(
    world: World,
    message: discord.Message | simcord.ResponseMessage | None,
    question: str = NEXT,
    *,
    who: simcord.MemberActor | None = None,
) -> simcord.InteractionResult:
    assert message
    who = who or world.reader
    shown = await who.click(message, label="Follow up")
    return await who.submit_modal(shown, {"question": question})


async def restart(world: World, settings: Settings) -> None:
    await world.bot.service.close(patience=1)
    await world.env.restart_bot(create_bot(settings, service=Service(world.library)))


async def test_the_button_opens_a_modal_and_its_question_leans_on_the_answer(world: World) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION)
    result = await press(world, asked.response)
    assert result.response
    assert not result.response.ephemeral
    assert says(result.response) == answer_to(NEXT, with_question=True)
    assert turns(world) == (TURN,)
    await press(world, result.response, AND_THEN)
    assert [turn.question for turn in turns(world)] == [QUESTION, NEXT]


async def test_the_modal_asks_for_one_question(world: World) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert asked.response
    shown = await world.reader.click(asked.response, label="Follow up")
    assert shown.modal
    assert shown.modal["title"] == "Follow up"
    (label,) = shown.modal["components"]
    assert label["label"] == "What do you want to know?"
    assert label["component"]["max_length"] == 4_000


async def test_a_private_answer_is_followed_up_in_private(world: World) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION, private=True)
    result = await press(world, asked.response)
    assert result.response
    assert result.response.ephemeral
    assert turns(world) == (TURN,)
    assert world.texts() == []


async def test_where_discord_does_not_say_what_is_followed_up_only_the_one_who_asks_sees_it(
    world: World,
) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION, private=True)
    assert asked.response
    shown = await world.reader.click(asked.response, label="Follow up")
    handle = world.bot.cogs["Ask"].on_interaction  # type: ignore[attr-defined]

    async def without_message(interaction: discord.Interaction) -> None:
        interaction.message = None
        await handle(interaction)

    world.bot.remove_listener(handle)
    world.bot.add_listener(without_message, "on_interaction")
    result = await world.reader.submit_modal(shown, {"question": NEXT})
    assert result.response
    assert result.response.ephemeral


async def test_a_reply_leans_on_the_answer_that_it_replies_to(world: World) -> None:
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    first = world.channel.last_message
    await world.reader.send(world.channel, f"{world.mention} {NEXT}", reply_to=first)
    assert turns(world) == (TURN,)
    await world.reader.send(world.channel, AND_THEN, reply_to=world.channel.last_message)
    assert [turn.question for turn in turns(world)] == [QUESTION, NEXT]
    await world.reader.send(world.channel, AND_THEN, reply_to=first)  # the conversation as it was then
    assert turns(world) == (TURN,)


async def test_a_mention_by_itself_leans_on_nothing(world: World) -> None:
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    await world.reader.send(world.channel, f"{world.mention} {NEXT}")
    assert turns(world) == ()


async def test_a_dm_leans_on_what_was_asked_in_it_lately(world: World) -> None:
    await world.reader.send_dm(QUESTION)
    await world.admin.send_dm(NEXT)
    assert turns(world) == ()
    await world.reader.send_dm(NEXT)
    assert turns(world) == (TURN,)
    await world.env.advance_time(9 * 60)
    await world.reader.send_dm(AND_THEN)
    assert len(turns(world)) == 2
    await world.env.advance_time(10 * 60)
    await world.reader.send_dm(AND_THEN)
    assert turns(world) == ()


async def test_a_slash_command_starts_anew_and_a_dm_goes_on_from_it(world: World) -> None:
    await world.reader.send_dm(QUESTION)
    await world.reader.user.slash("ask", question=NEXT)
    assert turns(world) == ()
    await world.reader.send_dm(AND_THEN)
    assert [turn.question for turn in turns(world)] == [NEXT]


async def test_so_many_turns_are_carried(world: World) -> None:
    for _ in range(MOST_TURNS + 2):
        await world.reader.send_dm(QUESTION)
    assert turns(world) == (TURN,) * MOST_TURNS


async def test_somebody_else_goes_on_from_what_the_message_shows(world: World) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION)
    await press(world, asked.response, who=world.admin)
    assert turns(world) == (TOLD,)
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    await world.admin.send(world.channel, NEXT, reply_to=world.channel.last_message)
    assert turns(world) == (TOLD,)


async def test_what_was_asked_in_private_serves_nobody_else(world: World) -> None:
    secret = await world.reader.slash(world.channel, "ask", question=QUESTION, private=True)
    shown = await press(world, secret.response)
    assert shown.response
    await world.reader.send(world.channel, f"{world.mention} {NEXT}")
    await world.admin.send(world.channel, AND_THEN, reply_to=world.channel.last_message)
    assert all(turn.question == "" for turn in turns(world))
    with pytest.raises(simcord.SetupError, match="not visible"):
        await press(world, secret.response, who=world.admin)


async def test_after_a_restart_the_message_itself_tells(world: World, settings: Settings) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION)
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    answer = world.channel.last_message
    await restart(world, settings)
    await press(world, asked.response)
    assert turns(world) == (TOLD,)
    await world.reader.send(world.channel, NEXT, reply_to=answer)
    assert turns(world) == (TOLD,)


async def test_a_modal_opened_before_a_restart_is_answered_after_it(world: World, settings: Settings) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert asked.response
    shown = await world.reader.click(asked.response, label="Follow up")
    await restart(world, settings)
    result = await world.reader.submit_modal(shown, {"question": NEXT})
    assert says(result.response) == answer_to(NEXT, with_question=True)
    assert turns(world) == (TOLD,)


async def test_a_follow_up_asks_the_article_of_the_answer(world: World) -> None:
    branch = world.library.branch(str(world.guild.id))
    branch.give(BRIDGE)
    arches = "How many arches has the bridge?"
    asked = await world.reader.slash(world.channel, "ask", question=arches, article="bridge")
    await press(world, asked.response, AND_THEN)
    assert world.library.calls[-1].article == "bridge"
    assert [turn.question for turn in turns(world)] == [arches]
    result = await press(world, asked.response, "xyzzy")
    await press(world, result.response, AND_THEN)  # also where it did not say
    assert world.library.calls[-1].article == "bridge"
    branch.remove("bridge", who="ada")
    await press(world, asked.response, QUESTION)  # it is gone: the one in use, and nothing carried
    assert (world.library.calls[-1].article, turns(world)) == ("harbour", ())


@pytest.mark.parametrize("way", ["modal", "reply"])
async def test_nothing_is_carried_into_another_version_of_the_article(world: World, way: str) -> None:
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    answer = world.channel.last_message
    world.library.give(replace(ARTICLE, text="Once. " + ARTICLE.text), alone=False)
    if way == "modal":
        await press(world, answer)
    else:
        await world.reader.send(world.channel, NEXT, reply_to=answer)
    assert (world.library.calls[-1].article, turns(world)) == ("harbour", ())


async def test_follow_ups_can_be_turned_off(settings: Settings, library: HeldLibrary) -> None:
    off = settings.model_copy(update={"follow_up_minutes": 0})
    bot = create_bot(off, service=Service(library))
    async with simcord.run(bot) as env:
        reader = env.create_user("reader")
        await reader.send_dm(QUESTION)
        await reader.send_dm(NEXT)
        assert library.calls[-1].turns == ()
        shown = await reader.click(reader.dm_channel.last_message, label="Follow up")
        await reader.submit_modal(shown, {"question": NEXT})
        assert library.calls[-1].turns == ()
        await bot.close()


async def test_an_error_behind_the_button_goes_through_the_one_handler(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    asked = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert asked.response
    world.env.inject_error("POST", "/interactions/*", status=404, code=10062, message="Unknown interaction")
    await world.reader.click(asked.response, label="Follow up")
    assert "Could not answer in server" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_button_is_its_id() -> None:
    button = FollowUpButton.to(Article("a" * 40, "t", "text"), ENGLISH)
    assert len(button.custom_id) <= 100
    assert button.item.label == "Follow up"


def found(text: str = ARTICLE.text) -> Any:
    return HeldLibrary(replace(ARTICLE, text=text)).ask(QUESTION)


def test_memory_is_bounded_and_what_is_oldest_goes_first() -> None:
    memory = Conversations(minutes=10, now=lambda: 1_000.0)
    thread = Conversation.of(QUESTION, found())
    for conversation in range(MOST_CONVERSATIONS + 1):
        memory.remember(1, conversation, thread)
    assert memory.recall(1, 0) is None
    assert memory.recall(1, 1) is thread
    assert memory.recall(1, MOST_CONVERSATIONS) is thread
    assert memory.recall(2, 1) is None


def test_memory_ends_after_its_minutes_and_each_turn_begins_them_anew() -> None:
    seconds = 1_000.0
    now: Callable[[], float] = lambda: seconds  # noqa: E731
    memory = Conversations(minutes=1, now=now)
    thread = Conversation.of(QUESTION, found())
    memory.remember(1, 1, thread)
    memory.remember(1, 2, thread)
    seconds += 59
    memory.remember(1, 1, thread)
    seconds += 1
    assert (memory.recall(1, 1), memory.recall(1, 2)) == (thread, None)
    seconds += 59
    assert memory.recall(1, 1) is None


def test_a_conversation_leaves_behind_what_was_cited_from_another_text() -> None:
    thread = Conversation.of(QUESTION, found())
    assert thread == Conversation("harbour", ARTICLE.sha256[:8], (TURN,))
    assert [turn.question for turn in thread.then(NEXT, found()).turns] == [QUESTION, NEXT]
    assert [turn.question for turn in thread.then(NEXT, found("It is closed.")).turns] == [NEXT]


async def test_every_answer_has_the_button_also_one_that_does_not_say(world: World) -> None:
    for question in (QUESTION, "xyzzy"):
        result = await world.reader.slash(world.channel, "ask", question=question)
        assert result.response
        assert buttons(result.response)[-3] == f"follow-up:{ARTICLE.sha256[:8]}:harbour"
