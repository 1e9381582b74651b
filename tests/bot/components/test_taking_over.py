"""Replies of a trusted role: kept where the bot did not answer, if their author and an admin agree."""

from __future__ import annotations

from datetime import UTC, datetime

import discord
import pytest
import simcord

from bot import Settings
from bot.components.taking_over import ConsentButton, TakeOverButton
from bot.permissions import NotAllowedError
from index import QuestionLedger, SnapshotError
from tests.bot.commands.test_gaps import ID, text_of_article, today
from tests.bot.commands.test_insights import NOT_ALLOWED
from tests.bot.commands.test_privacy import file_sent, rests
from tests.bot.components.test_follow_up import restart
from tests.bot.conftest import World, buttons, says

pytestmark = pytest.mark.slow

QUESTION = "How much costs a berth?"
REPLY = "Every berth costs thirty *crowns* a day."
OFFER = (
    "May this reply be kept as an answer, with your name?\n-# Only you can allow it; then an admin decides. "
    "Until then, delete the reply if you change your mind; after that, `/my-data delete` takes your name "
    "out again."
)
TAKEN = f"“{QUESTION}” is answered with this reply from now on."


async def trusted(world: World, name: str = "zebrafinch", *, manages: bool = False) -> simcord.MemberActor:
    """A member of the role whose replies an admin has chosen to be offered."""
    permissions = discord.Permissions(manage_guild=manages)
    role = world.guild.create_role("Pilots", permissions=permissions)
    result = await world.admin.slash(world.channel, "library trust", role=role)
    assert says(result.response) == (
        f"Where I could not answer, a reply to me by a member of <@&{role.id}> can be taken over as the "
        "answer, if its author agrees."
    )
    return world.guild.add_member(world.env.create_user(name), roles=[role])


async def unanswered(world: World, question: str = QUESTION) -> discord.Message:
    """What the bot says to a question that it cannot answer."""
    await world.reader.send(world.channel, f"{world.mention} {question}")
    answer = world.channel.last_message
    assert answer
    return answer


async def reply(world: World, who: simcord.MemberActor, text: str = REPLY) -> discord.Message:
    """What the bot says to a reply to what it did not answer."""
    await who.send(world.channel, text, reply_to=await unanswered(world))
    offer = world.channel.last_message
    assert offer
    return offer


async def test_a_reply_is_taken_over_with_one_button_and_its_authors_consent(
    world: World, settings: Settings
) -> None:
    pilot = await trusted(world)
    offer = await reply(world, pilot)
    assert says(offer) == OFFER
    assert offer.reference
    await restart(world, settings)
    for other in (world.reader, world.admin):
        result = await other.click(offer, label="Keep it as an answer")
        assert says(result.response) == "Only the one who was asked can press this."
    await pilot.click(offer, label="Keep it as an answer")
    offer = world.channel.last_message or offer
    assert says(offer) == (
        f"zebrafinch lets their reply be kept as the answer to “{QUESTION}”. An admin can take it over."
    )
    for other in (world.reader, pilot):
        result = await other.click(offer, label="Take it over")
        assert says(result.response) == NOT_ALLOWED
    assert text_of_article(world) == ""
    await restart(world, settings)
    done = await world.admin.click(offer, label="Take it over")
    assert done.response
    assert done.response.ephemeral
    assert says(world.channel.last_message) == TAKEN
    assert buttons(world.channel.last_message or offer) == []
    assert text_of_article(world) == f"Answered by zebrafinch on {today()}:\n\n{QUESTION}\n\n{REPLY}"
    answered = await unanswered(world)
    assert REPLY.replace("*", "\\*") in says(answered).replace("**", "")


async def test_what_an_admin_of_that_role_replies_is_taken_over_at_once(world: World) -> None:
    pilot = await trusted(world, manages=True)
    offer = await reply(world, pilot)
    await pilot.click(offer, label="Keep it as an answer")
    assert says(world.channel.last_message) == TAKEN
    assert "Answered by zebrafinch on" in text_of_article(world)


async def test_who_is_not_trusted_asks_on_and_so_does_who_asks(world: World) -> None:
    pilot = await trusted(world)
    assert "✅" not in says(await reply(world, world.reader))
    assert OFFER not in world.texts()
    await reply(world, pilot, "And how much costs a boat?")
    assert OFFER not in world.texts()
    await world.reader.send(world.channel, f"{world.mention} When was the harbour of Elms built?")
    answer = world.channel.last_message
    await pilot.send(world.channel, "In 1901, I was there.", reply_to=answer)
    assert OFFER not in world.texts()  # that was answered
    await world.admin.slash(world.channel, "library trust")
    await reply(world, pilot)
    assert OFFER not in world.texts()


async def test_another_server_trusts_its_own(world: World) -> None:
    pilot = await trusted(world)
    elsewhere = world.env.create_guild("Oaks")
    channel = elsewhere.create_text_channel("general")
    role = elsewhere.create_role("Pilots")
    member = elsewhere.add_member(pilot.user, roles=[role])
    await member.send(channel, f"{world.mention} {QUESTION}")
    await member.send(channel, REPLY, reply_to=channel.last_message)
    assert says(channel.last_message) != OFFER


async def test_a_reply_that_discord_does_not_show_is_told_how_it_would(world: World) -> None:
    pilot = await trusted(world)
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    await pilot.send(world.channel, REPLY, reply_to=result.response)
    assert says(world.channel.last_message) == (
        "If this is the answer: Discord shows me a reply only where it mentions me. Reply once more, and "
        "mention me in it; then I ask you whether it may be kept."
    )
    await pilot.send(world.channel, f"{world.mention} {REPLY}", reply_to=result.response)
    offer = world.channel.last_message
    assert says(offer) == OFFER
    assert offer
    await pilot.click(offer, label="Keep it as an answer")
    await world.admin.click(world.channel.last_message or offer, label="Take it over")
    assert text_of_article(world).endswith(f"\n\n{REPLY}")


async def test_a_reply_that_is_gone_or_too_long_is_not_taken_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pilot = await trusted(world, manages=True)
    offer = await reply(world, pilot)
    world.env.inject_error("GET", "/channels/*/messages/*", status=404, code=10008)
    result = await pilot.click(offer, label="Keep it as an answer")
    assert says(result.response) == "The reply is not there any more, so it cannot be taken over."
    long = await reply(world, pilot, "word " * 39 + "and more")
    monkeypatch.setattr("bot.components.taking_over.MAX_ANSWER_CHARS", 100)
    result = await pilot.click(long, label="Keep it as an answer")
    assert says(result.response) == "The reply has 203 characters, and an answer may have 100."
    assert text_of_article(world) == ""


async def test_of_who_wants_nothing_kept_nothing_is_offered_or_taken_over(world: World) -> None:
    pilot = await trusted(world)
    offer = await reply(world, pilot)
    await pilot.click(offer, label="Keep it as an answer")
    world.library.ledger.opt_out(str(pilot.id))
    result = await world.admin.click(world.channel.last_message or offer, label="Take it over")
    assert says(result.response) == "Its author wants nothing kept by now, so it cannot be taken over."
    other = await trusted(world, "quokka")
    offer = await reply(world, other)
    world.library.ledger.opt_out(str(other.id))
    result = await other.click(offer, label="Keep it as an answer")
    (refusal,) = result.followups
    assert says(refusal).startswith("You chose that nothing of you is kept")
    assert text_of_article(world) == ""
    before = world.texts().count(OFFER)
    await reply(world, pilot)
    assert world.texts().count(OFFER) == before


async def test_a_database_that_is_away_costs_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = await unanswered(world)

    def fail(*_: object) -> str:
        raise SnapshotError("It is away.")

    monkeypatch.setattr("index.storage.answer_book.AnswerBook.trusted_role", fail)
    await world.reader.send(world.channel, "When was the harbour of Elms built?", reply_to=answer)
    assert "1901" in says(world.channel.last_message)


async def test_of_an_author_who_is_deleted_no_name_is_found(world: World) -> None:
    pilot = await trusted(world)
    offer = await reply(world, pilot)
    await pilot.click(offer, label="Keep it as an answer")
    await world.admin.click(world.channel.last_message or offer, label="Take it over")
    mine = ("zebrafinch", str(pilot.id))
    assert rests(world, *mine)
    await pilot.slash(world.channel, "my-data export")
    (given,) = (await file_sent(pilot))["answers"]
    assert (given["question"], given["answer"]) == (QUESTION, REPLY)
    asked = await pilot.slash(world.channel, "my-data delete")
    assert asked.response
    await pilot.click(asked.response, label="Delete all of it")
    assert rests(world, *mine) == []
    assert text_of_article(world) == f"Answered by an admin on {today()}:\n\n{QUESTION}\n\n{REPLY}"
    assert isinstance(world.library.ledger, QuestionLedger)
    assert world.library.ledger.answers.answers(str(world.guild.id))[0].answered_at <= datetime.now(UTC)
    assert world.library.branch(str(world.guild.id)).in_use() != ID


async def test_readers_cannot_choose_whom_to_trust(world: World) -> None:
    role = world.guild.create_role("Pilots")
    (command,) = [c for c in await world.bot.tree.fetch_commands() if c.name == "library"]
    world.guild.set_command_permissions(command, {world.reader: True})
    result = await world.reader.slash(world.channel, "library trust", role=role)
    assert says(result.response) == NOT_ALLOWED
    assert world.library.ledger.answers.trusted_role(str(world.guild.id)) is None
    assert set(world.errors()) == {NotAllowedError}


def test_the_ids_of_buttons_are_short_enough() -> None:
    for button in (ConsentButton, TakeOverButton):
        kind = "keep" if button is ConsentButton else "take"
        made = button(f"reply:{kind}:{2**64 - 1}:{2**64 - 1}:{2**63 - 1:x}")
        assert len(made.custom_id) <= 100
