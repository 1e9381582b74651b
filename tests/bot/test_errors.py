"""Every failure becomes a reply that a person understands and a line in the log."""

from __future__ import annotations

import ast
import importlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from hypothesis import given
from hypothesis import strategies as st

from bot import Settings
from bot.commands.ask import NoQuestionError
from bot.errors import Reporter
from bot.guard import PathGuard
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
from tests.fakes import ARTICLE
from tests.trees import trees

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
    world.library.branch(str(world.guild.id)).give(ARTICLE)
    world.library.error = error
    result = await world.admin.slash(world.channel, "reindex")
    assert APOLOGY.fullmatch(says(result.response))
    assert world.errors() == [type(error)] * 2


def kinds(kind: type[FootnoteError] = FootnoteError) -> Iterator[type[FootnoteError]]:
    """Every kind of error that there is."""
    for name, tree in trees().items():
        if any(isinstance(node, ast.ClassDef) and node.name.endswith("Error") for node in tree.body):
            importlib.import_module(name.removesuffix(".py").replace("/", "."))
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


KINDS = sorted(set(kinds()), key=lambda kind: kind.__name__)
NAMES = st.from_regex(r"[A-Za-z0-9 _.-]{1,12}", fullmatch=True).filter(lambda name: name.strip(" ."))


def with_value(kind: type[FootnoteError], value: object) -> FootnoteError:
    """An error of any kind that names something."""
    error = kind.__new__(kind)
    FootnoteError.__init__(error, "{place} cannot be read: {reason}.", place=value, reason="No such file")
    return error


@given(
    st.sampled_from(KINDS), st.lists(NAMES, min_size=1, max_size=4), st.sampled_from(("", "/", ".footnote/"))
)
@pytest.mark.slow
def test_no_path_is_told_whatever_the_kind_of_the_error(
    kind: type[FootnoteError], parts: list[str], root: str
) -> None:
    settings = Settings(data_dir=Path(".footnote"), article=Path("texts/harbour.txt"))
    reporter = Reporter(PathGuard.of(settings))
    path = Path(root, *parts)
    paths: list[object] = [path]  # as a path: any, a relative one too
    for folder in (Path.cwd(), Path.home(), Path.cwd() / settings.data_dir, settings.data_dir):
        paths += [folder / path, str(folder / Path(*parts))]  # as a text: what lies in the machine's folders
    paths += [str(settings.article), str(Path.cwd() / "texts")]
    origin: Any = SimpleNamespace(guild=None, channel=None)
    for value in paths:
        assert APOLOGY.fullmatch(reporter.message(origin, with_value(kind, value), ENGLISH)), value


def test_what_no_machine_has_is_told() -> None:
    reporter = Reporter(PathGuard.of(Settings(data_dir=Path(".footnote"))))
    origin: Any = SimpleNamespace(guild=None, channel=None)
    for kind, value in (
        (ArticleError, "harbour.txt"),
        (ArticleError, f"https://example.org{Path.cwd()}/page"),
        (LibraryError, "/etc/passwd"),
        (ArticleError, "text/html"),
    ):
        message = reporter.message(origin, with_value(kind, value), ENGLISH)
        assert message == f"{clip(value, 300)} cannot be read: No such file."


def test_the_path_of_what_an_error_came_of_is_not_told() -> None:
    reporter = Reporter(PathGuard([]))
    origin: Any = SimpleNamespace(guild=None, channel=None)
    cause = OSError(2, "No such file or directory", "there/harbour.txt")
    error = LibraryError(f"It is not to be had: {cause}.")
    error.__cause__ = cause
    assert APOLOGY.fullmatch(reporter.message(origin, error, ENGLISH))


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
