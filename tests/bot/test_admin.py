"""/reindex: for admins only, one at a time, while questions go on being answered."""

from __future__ import annotations

from dataclasses import replace

import pytest
import simcord

from bot.cogs.admin import NotAllowedError
from index import ArticleError, ReindexRunningError
from tests.bot.conftest import World, says
from tests.fakes import ARTICLE

REFUSAL = "Sorry, this is for people who may manage this server, and works only in a server."
DONE = "Reindexed The harbour of \\*Elms\\* in 2.5 s.\nPassages: 3 (1 new, 1 removed, 2 unchanged)"
UNCHANGED = "Reindexed The harbour of \\*Elms\\* in 2.5 s.\nPassages: 3 (nothing changed, 3 unchanged)"
NEWER = replace(ARTICLE, text=ARTICLE.text.replace("1901", "1902"))


async def test_an_admin_rebuilds_the_index_and_reads_privately_what_changed(world: World) -> None:
    world.library.next_article = NEWER
    result = await world.admin.slash(world.channel, "reindex")
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == DONE
    await world.reader.slash(world.channel, "ask", question="When was the harbour built?")
    assert "The harbour of Elms was built in 1902." in says(world.channel.last_message)


async def test_a_reader_does_not_see_the_command(world: World) -> None:
    assert world.reader.available_commands(world.channel) == ("article", "ask", "help")
    with pytest.raises(simcord.SetupError, match="not visible"):
        await world.reader.slash(world.channel, "reindex")


async def test_a_reader_whom_the_server_shows_the_command_is_refused_politely(world: World) -> None:
    (command,) = [c for c in await world.bot.tree.fetch_commands() if c.name == "reindex"]
    world.guild.set_command_permissions(command, {world.reader: True})
    result = await world.reader.slash(world.channel, "reindex")
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == REFUSAL
    assert world.errors() == [NotAllowedError]


async def test_it_is_not_offered_in_a_direct_message(world: World) -> None:
    assert world.admin.user.available_commands() == ("article", "ask", "help")


def edits(world: World) -> list[str]:
    return [body["content"] for body in world.requests("PATCH", "/webhooks/*")]


async def test_progress_is_edited_into_the_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cogs.admin.SECONDS_BETWEEN_EDITS", 0)
    world.library.reindexing.clear()
    await world.begin(world.admin.slash(world.channel, "reindex"))
    assert edits(world) == [
        "Reindexing: reading the article `██████████░░░░░░░░░░` 50%",
        "Reindexing: cutting it into passages `██████████░░░░░░░░░░` 50%",
        "Reindexing: embedding the passages `██████████░░░░░░░░░░` 50%",
        "Reindexing: fitting the confidence thresholds `██████████░░░░░░░░░░` 50%",
        "Reindexing: saving the index `██████████░░░░░░░░░░` 50%",
    ]
    world.library.reindexing.set()
    await world.env.settle()
    assert edits(world)[5:] == ["Reindexing: saving the index `████████████████████` 100%", UNCHANGED]


async def test_progress_is_not_edited_more_often_than_once_a_second(world: World) -> None:
    await world.admin.slash(world.channel, "reindex")
    assert edits(world) == ["Reindexing: reading the article `██████████░░░░░░░░░░` 50%", UNCHANGED]


async def test_progress_that_cannot_be_shown_does_not_stop_the_work(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.env.inject_error("PATCH", "/webhooks/*", status=500)
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == UNCHANGED
    assert "Could not show how far the reindex is: 500" in caplog.text


async def test_questions_are_answered_from_the_old_index_meanwhile(world: World) -> None:
    world.library.next_article = NEWER
    world.library.reindexing.clear()
    await world.begin(world.admin.slash(world.channel, "reindex"))
    await world.begin(world.reader.send(world.channel, f"{world.mention} When was the harbour built?"))
    assert "The harbour of Elms was built in 1901." in world.texts()[-1]
    world.library.reindexing.set()
    await world.env.settle()
    assert DONE in world.texts(world.admin)


async def test_the_second_of_two_at_once_is_told_that_one_is_running(world: World) -> None:
    world.library.reindexing.clear()
    await world.begin(world.admin.slash(world.channel, "reindex"))
    await world.begin(world.admin.slash(world.channel, "reindex"))
    assert world.texts(world.admin)[-1] == "A reindex is running already. Wait until it is done."
    world.library.reindexing.set()
    await world.env.settle()
    assert world.texts(world.admin)[0] == UNCHANGED
    assert world.errors() == [ReindexRunningError]


async def test_a_reindex_that_fails_says_why_and_another_may_follow(world: World) -> None:
    world.library.error = ArticleError("There is no article at harbour.txt.")
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == "There is no article at harbour.txt."
    assert result.followups == []
    assert world.errors() == [ArticleError]
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == UNCHANGED
