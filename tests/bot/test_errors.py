"""Every failure becomes a reply that a person understands and a line in the log."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import aiohttp
import discord
import pytest
from discord import app_commands
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.ask import NoQuestionError
from bot.render import MAX_CONTENT, clip, error_text
from bot.words import ENGLISH, words_for
from index import (
    ArticleError,
    EmbeddingModelError,
    FootnoteError,
    LibraryError,
    QuestionError,
    SnapshotError,
)
from tests.bot.conftest import World, says

QUESTION = "When was the harbour of Elms built?"
APOLOGY = re.compile(
    "Sorry, something went wrong on my side. Please try again; if it happens again, "
    "tell an admin of this bot the reference ([0-9a-f]{8})."
)


async def test_a_known_error_is_its_own_message(world: World) -> None:
    world.library.error = QuestionError("The question *mini* is too short. Use `more words`.")
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert says(result.response) == "The question \\*mini\\* is too short. Use \\`more words\\`."
    assert world.errors() == [QuestionError]


@pytest.mark.parametrize(
    "error",
    [
        EmbeddingModelError("The model '/srv/models/mini' cannot be loaded."),
        SnapshotError("{folder} cannot be written to: {reason}.", folder=Path("/srv/models"), reason="full"),
        ArticleError("{source} cannot be read.", source=Path("/srv/models/harbour.txt")),
        ArticleError("{source} is in an unknown encoding.", source="/srv/models/harbour.txt"),
    ],
)
async def test_what_only_those_who_run_the_bot_can_mend_and_their_paths_stand_in_the_log_alone(
    world: World, caplog: pytest.LogCaptureFixture, error: FootnoteError
) -> None:
    world.library.error = error
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    apology = APOLOGY.fullmatch(says(result.response))
    assert apology
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage().startswith(f"Reference {apology[1]}, in server {world.guild.id}, ")
    assert "/srv/models" in record.getMessage()
    assert record.exc_info is None
    world.library.error = error
    result = await world.admin.slash(world.channel, "reindex")
    assert APOLOGY.fullmatch(says(result.response))
    assert world.errors() == [type(error)] * 2


async def test_where_discord_cannot_be_reached_it_is_only_logged(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*_: object, **__: object) -> None:
        raise aiohttp.ServerDisconnectedError

    monkeypatch.setattr(discord.Interaction, "edit_original_response", unreachable)
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    world.library.error = QuestionError("No.")
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    logged = [r.getMessage().partition(" in server")[0] for r in caplog.records if r.name == "bot.errors"]
    assert logged == ["Could not answer", "Could not report an error"]
    assert world.errors() == [aiohttp.ServerDisconnectedError, QuestionError]


async def test_what_is_not_the_bots_own_in_a_message_is_text_and_nothing_else(world: World) -> None:
    world.library.error = LibraryError("**No** article “{id}” of {count}.", id="*x* @everyone", count=1_234)
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert says(result.response) == "**No** article “\\*x\\* \\@everyone” of 1,234."
    assert world.errors() == [LibraryError]


@given(st.text(max_size=5_000), st.text(max_size=5_000))
def test_whatever_an_error_names_its_message_fits(one: str, other: str) -> None:
    message = error_text(LibraryError("The id “{one}” and {other}.", one=one, other=other), ENGLISH)
    assert len(message) <= MAX_CONTENT
    assert message == f"The id “{clip(one, 300)}” and {clip(other, 300)}."
    assert len(error_text(LibraryError(one), ENGLISH)) <= MAX_CONTENT


async def test_an_error_is_told_in_the_servers_language(world: World) -> None:
    german = world.env.create_guild("Ulmen", preferred_locale="de")
    channel = german.create_text_channel("allgemein")
    reader = german.add_member(world.env.create_user("leser"))
    await reader.send(channel, world.mention)
    expected = error_text(NoQuestionError(), words_for("de"))
    assert says(channel.last_message) == expected
    assert expected != error_text(NoQuestionError(), ENGLISH)
    assert world.errors() == [NoQuestionError]


async def test_an_unknown_error_is_an_apology_whose_reference_stands_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.library.error = ZeroDivisionError("secret detail")
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    world.library.error = ZeroDivisionError("secret detail")
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    told = [APOLOGY.fullmatch(text) for text in world.texts() if text.startswith("Sorry")]
    records = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [match and match[1] for match in told] == [
        re.findall("Reference ([0-9a-f]{8}), in server", record.getMessage())[0] for record in records
    ]
    assert len(records) == 2
    assert all(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in records)
    assert world.errors() == [ZeroDivisionError] * 2


async def test_an_expired_interaction_is_only_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.env.inject_error("POST", "/interactions/*", status=404, code=10062, message="Unknown interaction")
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert world.texts() == []
    assert "Could not answer in server" in caplog.text
    assert "Unknown interaction" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert world.errors() == [discord.NotFound]


async def test_a_reply_that_fails_too_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.library.error = QuestionError("No.")
    world.env.inject_error("*", "/webhooks/*", status=500, times=None)
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert "Could not report an error in server" in caplog.text
    assert world.errors() == [QuestionError]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            app_commands.CommandOnCooldown(app_commands.Cooldown(1, 5), 2.6),
            "One moment, please: try again in 3 s.",
        ),
        (app_commands.MissingPermissions(["manage_guild"]), "You may not use this command here."),
        (app_commands.NoPrivateMessage(), "This works only in a server."),
        (app_commands.CommandNotFound("ask", []), "This command has changed. Reload Discord and try again."),
    ],
)
async def test_errors_of_discord_py_are_polite(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: str
) -> None:
    async def refuse(_: object) -> bool:
        raise error

    monkeypatch.setattr(world.bot.tree, "interaction_check", refuse)
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == expected
    assert world.errors() == [type(error)]
