"""Gaps are filled: an admin writes the answer or chooses the passage, which answers from then on."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
import simcord

from bot import Settings
from bot.components.gaps import EmptyAnswerError, PassageButton, PassageSelect, WriteButton
from bot.permissions import NotAllowedError
from bot.service.allowance import ChangeAllowance
from bot.service.ledger import QuestionGoneError
from index import ALL, SOMEONE, AnswerLabels, SelfCheckError, Status
from index.library.admin_answers import AdminAnswers
from index.storage.answer_book import AnswerBook
from tests.bot.commands.test_insights import NOT_ALLOWED, insights, keep
from tests.bot.commands.test_privacy import exports, file_sent, rests
from tests.bot.components.test_follow_up import restart
from tests.bot.conftest import World, buttons, components, says
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary

pytestmark = pytest.mark.slow

QUESTION = "How much costs a berth?"
LIKE = "And how much costs such a berth, please?"
ANSWER = "Every berth costs thirty crowns a day.\nPay *Ada* <@1> [here](x)."
FIRST = "Every berth costs thirty crowns a day."
TITLE = "Answered by the admins"
ID = "answered-by-the-admins"
KEY = 0xAB


def gap(world: World, key: int = KEY, question: str = QUESTION, **values: object) -> None:
    """Keeps a question that was not answered."""
    keep(world, key, question, asked_at=datetime.now(UTC), status=Status.NOT_IN_ARTICLE, span=None, **values)


async def opened(world: World, who: simcord.MemberActor | None = None) -> simcord.ResponseMessage:
    """The entry of the question that was not answered."""
    admin = who or world.admin
    listed = await admin.click(await insights(world, admin), label="Not answered (1)")
    assert listed.response
    entry = await admin.click(listed.response, custom_id=f"insight:u:7:1:{KEY:x}")
    assert entry.response
    return entry.response


async def write(
    world: World, answer: str = ANSWER, question: str = QUESTION, who: simcord.MemberActor | None = None
) -> simcord.InteractionResult:
    admin = who or world.admin
    shown = await admin.click(await opened(world, admin), label="Write the answer")
    assert shown.modal
    return await admin.submit_modal(shown, {"question": question, "answer": answer})


async def ask(world: World, question: str = QUESTION, **options: str) -> str:
    result = await world.reader.slash(world.channel, "ask", question=question, **options)
    return says(result.response)


def today() -> str:
    now = datetime.now(UTC)
    return f"{now:%B} {now.day}, {now.year}"


def stranger(world: World, name: str = "zebrafinch", *, manages: bool = True) -> simcord.MemberActor:
    """Somebody of an odd name, as an admin of the server or not."""
    role = world.guild.create_role(f"Of {name}", permissions=discord.Permissions(manage_guild=manages))
    return world.guild.add_member(world.env.create_user(name), roles=[role])


def text_of_article(world: World) -> str:
    own = world.library.branch(str(world.guild.id))
    return own.article(ID).text if own.admin_answers.article else ""


@contextlib.contextmanager
def held_publication() -> Iterator[threading.Event]:
    """Holds back whoever is about to publish what admins have answered, until the event is set."""
    let_go, add = threading.Event(), AnswerBook.add

    def held(*values: Any) -> None:
        let_go.wait(timeout=10)
        add(*values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnswerBook, "add", held)
        yield let_go


async def until(world: World, condition: Callable[[], bool]) -> None:
    """Lets the simulation's clock run until something is so."""
    for _ in range(100):
        await world.env.settle()
        if condition():
            return
        await world.env.advance_time(2)
    raise AssertionError


def own_questions_of(world: World, article: str) -> list[Any]:
    """An article's own questions, as each reindex asks them."""
    folder = world.library.branch(str(world.guild.id))._articles.folder.of(article)
    source = folder.source(folder.names()[0])
    lines = source.questions.splitlines() if source and source.questions else []
    return [json.loads(line) for line in lines]


async def test_what_an_admin_writes_answers_the_question_and_its_like_for_every_reader(
    world: World, settings: Settings
) -> None:
    gap(world)
    assert "✅" not in await ask(world)
    entry = await opened(world)
    await restart(world, settings)
    shown = await world.admin.click(entry, label="Write the answer")
    assert shown.modal
    asked, answer = (label["component"] for label in shown.modal["components"])
    assert (asked["value"], asked["max_length"], answer["max_length"]) == (QUESTION, 300, 2_000)
    done = await world.admin.submit_modal(shown, {"question": QUESTION, "answer": ANSWER})
    assert done.response
    assert done.response.ephemeral
    assert says(done.response) == f"“{QUESTION}” is answered from now on, from the article {TITLE}."
    assert "\nAn admin has answered it." in says(await opened(world))
    for question in (QUESTION, LIKE):
        answered = await ask(world, question)
        assert "✅" in answered
        assert FIRST in answered.replace("**", "")
        assert f"Answered by admin on {today()}\\: › How much costs a berth?" in answered
        assert f"Article: {TITLE}" in answered
    assert text_of_article(world).splitlines()[-1] == "Pay *Ada* <@1> [here](x)."


async def test_an_article_that_is_named_is_asked_alone_and_all_of_them_together(world: World) -> None:
    gap(world)
    await write(world)
    assert FIRST not in (await ask(world, article=ARTICLE.id)).replace("**", "")
    assert FIRST in (await ask(world, article=ALL)).replace("**", "")
    assert "1901" in await ask(world, "When was the harbour of Elms built?")


async def test_who_goes_on_from_such_an_answer_can_ask_the_other_article(world: World) -> None:
    gap(world)
    await write(world)
    answer = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert answer.response
    shown = await world.reader.click(answer.response, label="Follow up")
    result = await world.reader.submit_modal(shown, {"question": "When was the harbour of Elms built?"})
    assert "1901" in says(result.response)


async def test_an_answer_to_the_very_question_goes_before_one_that_was_voted_down(world: World) -> None:
    question = "When was the harbour of Elms built?"
    assert "1901" in await ask(world, question)
    gap(world, question=question)
    await write(world, "It was built twice, in 1901 and in 1950.", question)
    assert "It was built twice" in (await ask(world, question)).replace("**", "")


async def test_another_server_a_reader_and_a_stranger_have_none_of_it(world: World) -> None:
    gap(world)
    entry = await opened(world)
    await write(world)
    for label in ("Write the answer", "Choose the passage"):
        with pytest.raises(simcord.SetupError):  # it was shown to the admin alone
            await world.reader.click(entry, label=label)
    elsewhere = world.env.create_guild("Oaks")
    channel = elsewhere.create_text_channel("general")
    role = elsewhere.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    owner = elsewhere.add_member(world.env.create_user("carl"), roles=[role])
    result = await owner.slash(channel, "ask", question=QUESTION)
    assert FIRST not in says(result.response)
    assert TITLE not in says((await owner.slash(channel, "library list")).response)
    result = await owner.user.slash("ask", question=QUESTION)
    assert FIRST not in says(result.response)


async def test_who_is_an_admin_no_more_is_refused(world: World) -> None:
    gap(world)
    admin = stranger(world)
    entry = await opened(world, admin)
    shown = await admin.click(entry, label="Write the answer")
    listed = await admin.click(entry, label="Choose the passage")
    (select,) = [one for one in components(listed.response) if one.get("options")]
    assert listed.response
    (role,) = [one for one in world.guild.roles.values() if one.name == "Of zebrafinch"]
    role._role.permissions = 0
    sent = await admin.submit_modal(shown, {"question": QUESTION, "answer": ANSWER})
    assert says(sent.response) == NOT_ALLOWED
    for result in (
        await admin.click(entry, label="Write the answer"),
        await admin.click(entry, label="Choose the passage"),
        await admin.select(
            listed.response, [select["options"][0]["value"]], custom_id=f"gap:passage:{KEY:x}"
        ),
    ):
        assert says(result.response) == NOT_ALLOWED
    assert world.library.ledger.answers.answers(str(world.guild.id)) == ()
    assert set(world.errors()) == {NotAllowedError}


async def test_a_question_that_is_gone_or_of_another_server_cannot_be_answered(world: World) -> None:
    gap(world)
    shown = await world.admin.click(await opened(world), label="Write the answer")
    world.library.ledger.delete_person(str(world.reader.id))
    result = await world.admin.submit_modal(shown, {"question": QUESTION, "answer": ANSWER})
    assert says(result.response) == "This question is not kept any more, or is none of this server's."
    assert set(world.errors()) == {QuestionGoneError}
    assert world.library.ledger.answers.answers(str(world.guild.id)) == ()


async def test_an_answer_without_words_is_refused(world: World) -> None:
    gap(world)
    result = await write(world, "…!")
    assert says(result.response) == "A question and an answer are needed, in words."
    assert set(world.errors()) == {EmptyAnswerError}


async def test_a_passage_is_chosen_of_those_that_are_the_likeliest(world: World, settings: Settings) -> None:
    own = world.library.branch(str(world.guild.id))
    own.give(BRIDGE)
    own.use("bridge", who="")
    gap(world, article="bridge", question="On which days may cows walk over?")
    listed = await world.admin.click(await opened(world), label="Choose the passage")
    assert listed.response
    assert listed.response.ephemeral
    (select,) = [one for one in components(listed.response) if one.get("options")]
    assert {one["label"] for one in select["options"]} == {
        "The bridge of Oaks has seven arches.",
        "“Cattle cross it on Mondays,” said Carl Dorn, the toll keeper.",
    }
    (value,) = [one["value"] for one in select["options"] if "Cattle" in one["label"]]
    await restart(world, settings)
    done = await world.admin.select(listed.response, [value], custom_id=f"gap:passage:{KEY:x}")
    assert says(done.response) == (
        f"“On which days may cows walk over?” is answered from now on, from the article {TITLE}."
    )
    answered = await ask(world, "On which days may cows walk over?")
    assert "Cattle cross it on Mondays" in answered.replace("**", "")
    assert f"Answered by admin on {today()}" in answered
    assert own_questions_of(world, ID) == [
        {
            "question": "On which days may cows walk over?",
            "evidence": ["“Cattle cross it on Mondays,” said Carl Dorn, the toll keeper"],
        }
    ]


async def choose(world: World, question: str, word: str) -> HeldLibrary:
    """Has the admin choose the passage with a word for a question; returns the server's library."""
    own = world.library.branch(str(world.guild.id))
    own.give(BRIDGE)
    own.use("bridge", who="")
    gap(world, article="bridge", question=question)
    listed = await world.admin.click(await opened(world), label="Choose the passage")
    (select,) = [one for one in components(listed.response) if one.get("options")]
    (value,) = [one["value"] for one in select["options"] if word in one["label"]]
    assert listed.response
    await world.admin.select(listed.response, [value], custom_id=f"gap:passage:{KEY:x}")
    return own


async def test_a_passage_that_its_article_finds_first_is_one_of_its_own_questions(world: World) -> None:
    own = await choose(world, "Who crosses on Mondays, cattle?", "Cattle")
    assert own_questions_of(world, "bridge") == [
        {
            "question": "Who crosses on Mondays, cattle?",
            "evidence": ["“Cattle cross it on Mondays,” said Carl Dorn, the toll keeper."],
        }
    ]
    without = replace(BRIDGE, text="The bridge of Oaks has seven arches.\nNobody goes there.")
    world.library.next_article = without
    with pytest.raises(SelfCheckError, match="Only 0 of the article's own 1 questions"):
        own.reindex("bridge", who="")


async def test_a_passage_that_its_article_does_not_find_first_is_no_trap_for_it(world: World) -> None:
    await choose(world, "Which cattle cross it?", "arches")
    assert own_questions_of(world, "bridge") == []
    assert [one["question"] for one in own_questions_of(world, ID)] == ["Which cattle cross it?"]
    assert "seven arches" in (await ask(world, "Which cattle cross it?")).replace("**", "")


async def test_a_passage_of_everyones_article_is_an_answer_of_the_server_alone(world: World) -> None:
    gap(world, question="Who has the post?")
    listed = await world.admin.click(await opened(world), label="Choose the passage")
    (select,) = [one for one in components(listed.response) if one.get("options")]
    (value,) = [one["value"] for one in select["options"] if "lighthouse" in one["label"]]
    assert listed.response
    await world.admin.select(listed.response, [value], custom_id=f"gap:passage:{KEY:x}")
    assert text_of_article(world).endswith("The lighthouse is closed to visitors.")
    assert [change.action for change in world.library.history()] == []


async def test_a_passage_of_an_article_that_has_changed_is_not_taken(world: World) -> None:
    own = world.library.branch(str(world.guild.id))
    own.give(BRIDGE)
    gap(world, article="bridge", question="On which days may cows walk over?")
    listed = await world.admin.click(await opened(world), label="Choose the passage")
    (select,) = [one for one in components(listed.response) if one.get("options")]
    own.give(replace(BRIDGE, text=f"New. {BRIDGE.text}"))
    assert listed.response
    done = await world.admin.select(
        listed.response, [select["options"][0]["value"]], custom_id=f"gap:passage:{KEY:x}"
    )
    assert says(done.response) == (
        "The article has changed since these passages were listed. Choose once more."
    )


async def test_two_admins_who_write_at_once_lose_nothing(world: World) -> None:
    gap(world)
    other = stranger(world)
    mine = await world.admin.click(await opened(world), label="Write the answer")
    theirs = await other.click(await opened(world, other), label="Write the answer")
    with held_publication() as let_go:
        first = {"question": "What is first?", "answer": "The first one."}
        second = {"question": "What is second?", "answer": "The second one."}
        await world.begin(world.admin.submit_modal(mine, first))
        await world.begin(other.submit_modal(theirs, second))
        let_go.set()
        await until(world, lambda: "The second one." in text_of_article(world))
    text = text_of_article(world)
    assert "The first one." in text
    assert f"Answered by zebrafinch on {today()}:" in text


async def test_of_who_is_deleted_while_an_answer_waits_for_its_turn_no_name_is_kept(world: World) -> None:
    gap(world)
    other = stranger(world)
    mine = await world.admin.click(await opened(world), label="Write the answer")
    theirs = await other.click(await opened(world, other), label="Write the answer")
    with held_publication() as let_go:
        first = {"question": "What is first?", "answer": "The first one."}
        second = {"question": "What is second?", "answer": "The second one."}
        await world.begin(world.admin.submit_modal(mine, first))
        await world.begin(other.submit_modal(theirs, second))
        world.library.ledger.delete_person(str(other.id))
        world.bot.dispatch("person_forgotten", other.id, ())
        let_go.set()
        await until(world, lambda: "The second one." in text_of_article(world))
    assert rests(world, "zebrafinch", str(other.id)) == []
    assert f"Answered by an admin on {today()}:" in text_of_article(world)


async def test_a_newer_answer_takes_the_place_of_the_older_and_undo_brings_that_back(world: World) -> None:
    gap(world)
    await write(world, "Thirty crowns.")
    await write(world, "Forty crowns.", "how much COSTS a berth")
    assert "Forty crowns." in text_of_article(world)
    assert "Thirty crowns." not in text_of_article(world)
    undone = await world.admin.slash(world.channel, "library undo", article=ID)
    assert undone.response
    await world.admin.click(undone.response, label="Undo")
    assert "Thirty crowns." in text_of_article(world)
    await write(world, "It lies there.", "Where is the captain?")
    assert "Thirty crowns." in text_of_article(world)
    assert "Forty crowns." not in text_of_article(world)
    answers = world.library.ledger.answers.answers(str(world.guild.id))
    assert [one.answer for one in answers] == ["Thirty crowns.", "It lies there."]


async def test_the_article_can_be_removed_and_comes_back_as_it_was(world: World) -> None:
    gap(world)
    await write(world)
    asked = await world.admin.slash(world.channel, "library remove", article=ID)
    assert asked.response
    await world.admin.click(asked.response, label="Remove")
    assert FIRST not in (await ask(world)).replace("**", "")
    back = await world.admin.slash(world.channel, "library undo", article=ID)
    assert back.response
    await world.admin.click(back.response, label="Undo")
    assert FIRST in (await ask(world)).replace("**", "")


async def test_an_answer_that_cannot_be_kept_is_given_back(world: World) -> None:
    gap(world)
    world.bot.service.jobs._allowance = ChangeAllowance(server=1)
    await write(world, "Thirty crowns.")
    result = await write(world, "Forty *crowns*.", "What does a boat cost?")
    assert says(result.response) == (
        "This server has made 1 changes within an hour, as many as it may. Try again in 60 min.\n"
        "What you wrote:\n> Forty \\*crowns\\*."
    )
    answers = world.library.ledger.answers.answers(str(world.guild.id))
    assert [one.answer for one in answers] == ["Thirty crowns."]


async def test_of_an_answer_that_is_called_off_nothing_is_left(world: World) -> None:
    gap(world)
    shown = await world.admin.click(await opened(world), label="Write the answer")
    with held_publication() as let_go:
        await world.begin(world.admin.submit_modal(shown, {"question": QUESTION, "answer": ANSWER}))
        message = world.channel.history(viewer=world.admin)[-1]
        (cancel,) = buttons(message)
        await world.begin(world.admin.click(message, custom_id=cancel))
        let_go.set()
        await world.env.settle()
    assert world.library.ledger.answers.answers(str(world.guild.id)) == ()
    assert world.library.branch(str(world.guild.id)).admin_answers.article is None


async def test_of_a_person_who_is_deleted_no_name_is_found(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    admin = stranger(world)
    gap(world)
    await write(world, "Thirty crowns.", who=admin)
    await write(world, "Forty crowns.", "How much costs a boat?", who=admin)
    mine = ("zebrafinch", str(admin.id))
    places = {place.partition(": ")[0] for place in rests(world, *mine)}
    assert {"written_answers", "changes", "article.json"} <= places
    await admin.slash(world.channel, "my-data export")
    content = await file_sent(admin)
    assert [(one["question"], one["answer"], one["name"]) for one in content["answers"]] == [
        (QUESTION, "Thirty crowns.", "zebrafinch"),
        ("How much costs a boat?", "Forty crowns.", "zebrafinch"),
    ]
    await world.admin.slash(world.channel, "my-data export")
    assert (await file_sent(world.admin))["answers"] == []
    asked = await admin.slash(world.channel, "my-data delete")
    assert says(asked.response).startswith(
        "Of you I keep: 0 questions, 0 votes, 2 lines of histories, and 2 answers.\n"
    )
    assert says(asked.response).endswith("What you answered stays, by “an admin”.")
    assert asked.response
    await admin.click(asked.response, label="Delete all of it")
    assert rests(world, *mine) == []
    assert not [word for word in mine if word in caplog.text + exports(world)]
    assert f"Answered by an admin on {today()}:" in text_of_article(world)
    assert "Forty crowns." in (await ask(world, "How much costs a boat?")).replace("**", "")
    history = world.library.branch(str(world.guild.id)).history()
    assert {change.who for change in history} == {SOMEONE, "Footnote"}


async def test_a_name_that_cannot_go_at_once_goes_later(world: World) -> None:
    admin = stranger(world)
    gap(world)
    await write(world, who=admin)
    own = world.library.branch(str(world.guild.id))
    asked = await admin.slash(world.channel, "my-data delete")
    assert asked.response
    with own._articles.transactions.locked(0):
        patience = pytest.MonkeyPatch()
        patience.setattr("index.library.admin_answers.NO_PATIENCE", 0.0)
        await admin.click(asked.response, label="Delete all of it")
        patience.undo()
        assert {place.partition(": ")[0] for place in rests(world, "zebrafinch")} >= {"article.json"}
    assert world.library.ledger.answers.stale()
    await world.env.advance_time(11 * 60)
    await world.env.settle()
    assert world.library.ledger.answers.stale() == {}
    assert rests(world, "zebrafinch") == []


async def test_what_nobody_foresaw_in_one_server_keeps_no_name_in_another(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    admin = stranger(world)
    gap(world)
    await write(world, who=admin)
    elsewhere = replace(
        world.library.ledger.answers.answers(str(world.guild.id))[0], key=1, server="1", person=str(admin.id)
    )
    world.library.ledger.answers.add(elsewhere)
    renew = AdminAnswers.renew

    def fail(answers: AdminAnswers, labels: AnswerLabels) -> None:
        if answers._folder.server == "1":
            raise IndexError("unforeseen")
        renew(answers, labels)

    with monkeypatch.context() as patch:
        patch.setattr(AdminAnswers, "renew", fail)
        asked = await admin.slash(world.channel, "my-data delete")
        assert asked.response
        await admin.click(asked.response, label="Delete all of it")
        await until(world, lambda: list(world.library.ledger.answers.stale()) == ["1"])
    assert "of server 1 answered" in caplog.text
    await world.env.advance_time(11 * 60)
    await until(world, lambda: not world.library.ledger.answers.stale())


async def test_what_lies_aside_with_a_name_goes_with_it(world: World) -> None:
    admin = stranger(world)
    gap(world)
    await write(world, who=admin)
    world.library.branch(str(world.guild.id)).remove(ID, who="")
    asked = await admin.slash(world.channel, "my-data delete")
    assert asked.response
    await admin.click(asked.response, label="Delete all of it")
    assert rests(world, "zebrafinch") == []
    assert world.library.ledger.answers.answers(str(world.guild.id)) == ()


def test_the_ids_of_buttons_are_short_enough() -> None:
    key = 2**63 - 1
    for kind, button in (("write", WriteButton), ("choose", PassageButton)):
        button(f"gap:{kind}:{key:x}")
    PassageSelect(f"gap:passage:{key:x}")
    with pytest.raises(ValueError, match="nothing"):
        PassageSelect("nothing")
