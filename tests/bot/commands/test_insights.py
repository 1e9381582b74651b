"""/insights: what was asked, as an admin, a reader, a stranger and another server see it or do not."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
import simcord
from PIL import Image

from bot import Settings
from bot.components.insights import EntryButton, ListButton
from bot.permissions import NotAllowedError
from bot.render.insights import InsightList
from index import Complaint, KeptQuestion, Span, Status, Vote
from tests.bot.commands.test_admin import show_to_readers
from tests.bot.commands.test_ask import QUESTION
from tests.bot.components.test_follow_up import restart
from tests.bot.components.test_vote import ask, vote
from tests.bot.conftest import World, buttons, components, says
from tests.fakes import ARTICLE

pytestmark = pytest.mark.slow

NOT_ALLOWED = "Sorry, this is for people who may manage this server, and works only in a server."
RENTS = ("What is the rent of a berth?", "What is the rent of the berth?")
GALLERY = 12


def keep(world: World, key: int, question: str = QUESTION, **values: Any) -> None:
    """Keeps a question as if it had been asked."""
    given: dict[str, Any] = {
        "server": str(world.guild.id),
        "channel": "1",
        "person": str(world.reader.id),
        "asked_at": datetime.now(UTC) - timedelta(hours=key),
        "is_private": False,
        "is_claim": False,
        "article": ARTICLE.id,
        "version": ARTICLE.sha256[:8],
        "status": Status.ANSWERED,
        "span": Span(0, 38),
        "milliseconds": 300 + key,
    }
    world.library.ledger.keep(KeptQuestion(key, question=question, **given | values))


def fill(world: World) -> None:
    refused: dict[str, Any] = {"status": Status.NOT_IN_ARTICLE, "span": None}
    keep(world, 1)
    for key, text in enumerate(RENTS, 2):
        keep(world, key, text, **refused)
    keep(world, 4, "Where is the captain?", **refused)
    keep(world, 5, status=Status.UNCERTAIN, span=Span(40, 60))
    keep(world, 6, "A private matter?", is_private=True, **refused)
    keep(world, 7, "A matter of Oaks?", server="99", **refused)
    keep(world, 8, "A matter of last month?", asked_at=datetime.now(UTC) - timedelta(days=20), **refused)


async def insights(
    world: World, who: simcord.MemberActor | None = None, **options: Any
) -> simcord.ResponseMessage:
    result = await (who or world.admin).slash(world.channel, "insights", **options)
    assert result.response
    assert result.response.ephemeral
    return result.response


async def test_an_admin_sees_what_was_asked_here_in_the_open(world: World) -> None:
    fill(world)
    message = await insights(world)
    assert says(message) == (
        "**The last 7 days**\n"
        "5 questions: ✅ answered 1 · ⚠️ uncertain 1 · ❌ not in the article 3\n"
        "👍 0 · 👎 0\n"
        "Half of the answers came within 0.3 s, 95 of 100 within 0.3 s.\n"
        "-# What was asked in private is not among it, nor is who asked."
    )
    labels = [c["label"] for c in components(message) if c.get("label")]
    assert labels == ["Not answered (2)", "Voted down (0)", "Cited most (2)"]
    galleries = [c["items"] for c in components(message) if c["type"] == GALLERY]
    first, second = (item["description"] for (item,) in galleries)  # of one each, which Discord shows whole
    assert first.startswith("Questions by day: 1 answered, 1 uncertain, 3 not in the article; most on ")
    assert second == "Seconds until the answer: half of them within 0.3, 95 of 100 within 0.3."
    assert says(await insights(world, days=30)).startswith("**The last 30 days**\n6 questions: ")


@pytest.mark.parametrize(("look", "is_dark"), [("dark", True), ("light", False)])
async def test_the_charts_are_for_a_dark_or_a_light_page(world: World, look: str, is_dark: bool) -> None:
    fill(world)
    message = await insights(world, look=look)
    assert [one.filename for one in message.attachments] == ["questions.png", "seconds.png"]
    for attachment in message.attachments:
        picture = Image.open(io.BytesIO(await attachment.read())).convert("L")
        assert picture.width >= 900
        assert (picture.getpixel((2, 2)) < 60) is is_dark  # type: ignore[operator]


async def test_where_nothing_was_asked_it_says_so(world: World) -> None:
    message = await insights(world, days=1)
    assert says(message) == "**The last day**\nNobody has asked anything here for others to see."
    assert buttons(message) == []
    assert message.attachments == []


async def test_a_reader_a_stranger_and_another_server_see_nothing(world: World) -> None:
    fill(world)
    await show_to_readers(world, "insights")
    assert says(await insights(world, world.reader)) == NOT_ALLOWED
    elsewhere = world.env.create_guild("Oaks")
    channel = elsewhere.create_text_channel("general")
    role = elsewhere.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    owner = elsewhere.add_member(world.env.create_user("carl"), roles=[role])
    result = await owner.slash(channel, "insights")
    assert says(result.response) == "**The last 7 days**\nNobody has asked anything here for others to see."
    with pytest.raises(simcord.SetupError):
        await world.reader.user.slash("insights")
    assert set(world.errors()) == {NotAllowedError}


async def test_what_was_not_answered_is_a_list_whose_entries_open(world: World, settings: Settings) -> None:
    fill(world)
    message = await insights(world)
    await restart(world, settings)
    listed = await world.admin.click(message, label="Not answered (2)")
    assert listed.response
    lines = says(listed.response).splitlines()
    assert lines[0] == "**What the articles did not answer, most asked first**"
    assert [line for line in lines[1:] if not line.startswith("-#")] == [RENTS[0], "Where is the captain?"]
    assert lines[2].startswith("-# asked 2 times · <t:")
    assert listed.response.attachments == []
    opened = await world.admin.click(listed.response, custom_id="insight:u:7:1:2")
    text = says(opened.response)
    assert text.startswith(f"**{RENTS[0]}**\n❌ not in the article · harbour · <t:")
    assert f"\n\nAsked as well:\n- {RENTS[1]} (<t:" in text
    assert opened.response
    back = await world.admin.click(opened.response, label="Back")
    assert says(back.response) == says(listed.response)


async def test_what_was_cited_most_is_shown_in_the_articles_words(world: World) -> None:
    fill(world)
    keep(world, 9)
    listed = await world.admin.click(await insights(world), label="Cited most (2)")
    lines = says(listed.response).splitlines()
    assert lines[1:3] == [ARTICLE.text[:38], "-# cited 2 times · harbour"]
    assert listed.response
    opened = await world.admin.click(listed.response, custom_id="insight:p:7:1:1")
    assert f"\n\nCited:\n> {ARTICLE.text[:38]}" in says(opened.response)
    keep(world, 10, version="00000000", span=Span(0, 3))
    listed = await world.admin.click(await insights(world), label="Cited most (3)")
    assert "That version of the article is kept no more.\n-# cited once · harbour" in says(listed.response)


async def test_who_said_what_is_wrong_is_told_once_that_it_was_seen(world: World) -> None:
    message = await ask(world)
    shown = await vote(world, message, "d")
    await world.reader.submit_modal(shown, {"complaint": ["wrong"], "comment": "It is *older*."})
    listed = await world.admin.click(await insights(world), label="Voted down (1)")
    assert world.reader.user.dm_channel.history() == []
    assert listed.response
    (custom_id,) = [one for one in buttons(listed.response) if one.startswith("insight:")]
    opened = await world.admin.click(listed.response, custom_id=custom_id)
    assert "\n\n👍 0 · 👎 1\n- It is wrong: It is \\*older\\*." in says(opened.response)
    assert "reader" not in says(opened.response)
    assert str(world.reader.id) not in repr(components(opened.response))
    assert says(world.reader.user.dm_channel.last_message).startswith(
        f"An admin of Elms has seen what you said of the answer to “{QUESTION}”. Thank you.\n-# `/my-data"
    )
    assert opened.response
    await world.admin.click(opened.response, label="Back")
    await world.admin.click(listed.response, custom_id=custom_id)
    assert len(world.reader.user.dm_channel.history()) == 1
    (seen,) = world.library.ledger.person(str(world.reader.id)).votes
    assert seen.vote.seen_at is not None


async def test_who_said_nothing_or_takes_no_messages_is_not_written_to(world: World) -> None:
    keep(world, 1)
    world.library.ledger.vote(1, Vote(str(world.reader.id), is_good=False, voted_at=datetime.now(UTC)))
    why = Vote(str(world.admin.id), False, datetime.now(UTC), Complaint.OTHER)
    world.library.ledger.vote(1, why)
    listed = await world.admin.click(await insights(world), label="Voted down (1)")
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50007)
    assert listed.response
    opened = await world.admin.click(listed.response, custom_id="insight:d:7:1:1")
    assert "- Something else" in says(opened.response)
    for who in (world.reader, world.admin):
        assert who.user.dm_channel.history() == []


async def test_a_long_list_has_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.library.insights.LIKE", 2.0)
    for key in range(12):
        keep(world, key, f"{'abcdefghijkl'[key] * 9}?", status=Status.NOT_IN_ARTICLE, span=None)
    listed = await world.admin.click(await insights(world), label="Not answered (12)")
    assert says(listed.response).endswith("-# page 1 of 3")
    assert listed.response
    last = listed
    for page in (2, 3):
        assert last.response
        last = await world.admin.click(last.response, label="Next")
        assert says(last.response).endswith(f"-# page {page} of 3")
    assert len([one for one in buttons(last.response or listed.response) if one.startswith("insight:")]) == 2


async def test_a_button_whose_question_is_gone_says_so(world: World) -> None:
    fill(world)
    listed = await world.admin.click(await insights(world), label="Not answered (2)")
    assert listed.response
    world.library.ledger.delete_person(str(world.reader.id))
    opened = await world.admin.click(listed.response, custom_id="insight:u:7:1:2")
    (refusal,) = opened.followups
    assert says(refusal) == "This question is not kept any more, or is none of this server's."


def test_the_ids_of_buttons_are_short_enough() -> None:
    keys = (2**63 - 1,)
    for key in keys:
        EntryButton(f"insight:p:365:9999:{key:x}")
        ListButton.to(InsightList.PASSAGES, 365, 9999, mark="p")
    with pytest.raises(ValueError, match="nothing"):
        ListButton("nothing")
