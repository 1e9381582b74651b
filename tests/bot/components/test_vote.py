"""What people say of an answer: one vote a person, changeable, and none of who wants nothing kept."""

from __future__ import annotations

import dataclasses
import logging

import discord
import pytest
import simcord

from bot import Settings, create_bot
from bot.service.service import Service
from index import Complaint, KeptQuestion, QuestionLedger, SnapshotError, Span, Status
from tests.bot.commands.test_ask import QUESTION
from tests.bot.components.test_follow_up import press, restart
from tests.bot.conftest import World, buttons, components, says
from tests.fakes import ARTICLE, HeldLibrary

pytestmark = pytest.mark.slow

THANKS = (
    "Thank you, that is counted. Press the other one to change it.\n"
    "-# The admins of this server see it, without your name."
)


def kept(world: World, who: simcord.MemberActor | None = None) -> list[KeptQuestion]:
    """What is kept of somebody's questions."""
    return list(world.library.ledger.person(str((who or world.reader).id)).questions)


async def ask(
    world: World, who: simcord.MemberActor | None = None, *, private: bool = False
) -> simcord.ResponseMessage:
    result = await (who or world.reader).slash(world.channel, "ask", question=QUESTION, private=private)
    assert result.response
    return result.response


def emoji(message: discord.Message | simcord.ResponseMessage) -> list[str]:
    """The emoji of the buttons."""
    return [c["emoji"]["name"] for c in components(message) if c.get("emoji")]


async def vote(
    world: World, message: simcord.ResponseMessage, mark: str, who: simcord.MemberActor | None = None
) -> simcord.InteractionResult:
    (custom_id,) = [one for one in buttons(message) if one.startswith(f"vote:{mark}")]
    return await (who or world.reader).click(message, custom_id=custom_id)


async def test_a_question_is_kept_as_it_was_asked(world: World) -> None:
    message = await ask(world)
    assert emoji(message) == ["👍", "👎"]
    (question,) = kept(world)
    citation = world.library.ask(QUESTION).answer.in_article_order[0]
    assert dataclasses.replace(question, key=0, milliseconds=0, asked_at=discord.utils.utcnow()) == (
        KeptQuestion(
            key=0,
            server=str(world.guild.id),
            channel=str(world.channel.id),
            person=str(world.reader.id),
            asked_at=discord.utils.utcnow(),
            is_private=False,
            is_claim=False,
            question=QUESTION,
            article=ARTICLE.id,
            version=ARTICLE.sha256[:8],
            status=Status.ANSWERED,
            span=Span(citation.start, citation.end),
            milliseconds=0,
        )
    )
    assert question.milliseconds > 0


async def test_what_nobody_else_saw_is_private(world: World) -> None:
    await ask(world, private=True)
    await world.reader.send_dm(QUESTION)
    assert {(one.server is None, one.is_private) for one in kept(world)} == {(False, True), (True, True)}


async def test_a_vote_counts_once_and_can_be_changed(world: World, settings: Settings) -> None:
    message = await ask(world)
    result = await vote(world, message, "u")
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == THANKS
    assert [one.is_good for one in kept(world)[0].votes] == [True]
    await restart(world, settings)
    shown = await vote(world, message, "d")
    assert shown.modal
    assert shown.modal["title"] == "What is wrong with it?"
    assert [(one.is_good, one.complaint) for one in kept(world)[0].votes] == [(False, None)]
    sent = await world.reader.submit_modal(shown, {"complaint": ["missing"], "comment": "  Which year?  "})
    assert says(sent.response) == THANKS
    (voted,) = kept(world)[0].votes
    assert (voted.is_good, voted.complaint, voted.comment) == (False, Complaint.MISSING, "Which year?")
    await vote(world, message, "u", world.admin)
    assert [one.is_good for one in kept(world)[0].votes] == [False, True]


async def test_of_who_opted_out_nothing_is_kept_and_no_vote_counted(world: World) -> None:
    message = await ask(world, world.admin)
    world.library.ledger.opt_out(str(world.reader.id))
    assert emoji(await ask(world)) == []
    result = await vote(world, message, "u")
    assert says(result.response) == (
        "You chose that nothing of you is kept, so this cannot be counted. Use /my-data keep to change that."
    )
    assert kept(world) == []
    assert kept(world, world.admin)[0].votes == ()


async def test_a_vote_on_what_is_gone_says_so(world: World) -> None:
    message = await ask(world)
    world.library.ledger.delete_person(str(world.reader.id))
    result = await vote(world, message, "u")
    assert says(result.response) == "This question is not kept any more, or is none of this server's."


async def test_a_ledger_that_fails_costs_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bool:
        raise SnapshotError("It is away.")

    caplog.set_level(logging.WARNING, "bot.service.ledger")
    monkeypatch.setattr(QuestionLedger, "keep", fail)
    answer = says(await ask(world))
    monkeypatch.setattr(QuestionLedger, "has_opted_out", fail)
    message = await ask(world)
    assert says(message) == answer
    assert emoji(message) == []
    assert [record.getMessage() for record in caplog.records] == [
        "A question could not be kept: It is away.",
        "Whether a question may be kept could not be looked up: It is away.",
    ]


async def test_nothing_is_kept_where_the_settings_say_so(
    world: World, settings: Settings, library: HeldLibrary
) -> None:
    await world.bot.service.close(patience=1)
    without = settings.model_copy(update={"question_days": 0.0})
    await world.env.restart_bot(create_bot(without, service=Service(library)))
    assert emoji(await ask(world)) == []
    assert kept(world) == []


async def test_what_follows_up_a_private_answer_is_private(world: World) -> None:
    await press(world, await ask(world, private=True))
    assert [one.is_private for one in kept(world)] == [True, True]
