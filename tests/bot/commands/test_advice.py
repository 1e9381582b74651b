"""Each message in Discord that recommends something: provoked, and what it names is there and helps."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot import render
from bot.words import LANGUAGES, CommandTranslator, words_for
from index import EveryonesArticleError
from tests.bot.advice import advice_of_bot
from tests.bot.conftest import World, buttons, components, says
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary

OAKS = ("oaks.txt", BRIDGE.text.encode())
CANAL = ("canal.txt", b"The canal is dry.")
FORCE = re.compile(r"To put it in place all the same, use the option `(\w+)`\.$")


async def told(world: World, command: str, **options: Any) -> str:
    """What an admin is told of a command."""
    result = await world.admin.slash(world.channel, command, **options)
    return render.unescape(says(result.response))


def own(world: World) -> HeldLibrary:
    return world.library.branch(str(world.guild.id))


async def test_who_may_not_change_everyones_article_can_add_one_and_put_it_in_use(world: World) -> None:
    message = await told(world, "reindex", article="harbour")
    assert advice_of_bot(message, world.bot) == {"/library add", "/library use"}
    assert world.errors() == [EveryonesArticleError]
    await told(world, "library add", file=OAKS)
    await told(world, "library add", file=CANAL)
    await told(world, "library use", article="canal")
    assert own(world).in_use() == "canal"


async def test_an_article_that_is_added_is_put_in_use_with_the_command_that_is_named(world: World) -> None:
    assert advice_of_bot(await told(world, "library add", file=OAKS), world.bot) == set()  # it is in use
    message = await told(world, "library add", file=CANAL)
    assert "To have it asked where no article is named: `/library use`" in message.splitlines()
    assert advice_of_bot(message, world.bot) == {"/library use"}
    await told(world, "library use", article="canal")
    assert own(world).in_use() == "canal"


@pytest.mark.parametrize("command", ["library add", "reindex"])
@pytest.mark.parametrize(
    "questions",
    [
        b'{"question": "Who crosses on Mondays?", "evidence": ["The bridge of Oaks has seven arches."]}',
        b'{"question": 7}',
    ],
)
async def test_what_fails_its_questions_is_put_in_place_with_the_option_that_is_named(
    world: World, command: str, questions: bytes
) -> None:
    if command == "reindex":
        await told(world, "library add", file=OAKS)
    options: dict[str, Any] = {"file": OAKS, "questions": ("own.jsonl", questions)}
    refusal = FORCE.search(await told(world, command, **options))
    assert refusal is not None
    message = await told(world, command, **options, **{refusal[1]: True})
    assert message.startswith(("Added oaks", "Reindexed oaks", "Added bridge", "Reindexed bridge"))


async def test_an_article_that_is_removed_comes_back_with_the_command_that_is_named(world: World) -> None:
    await told(world, "library add", file=OAKS)
    result = await world.admin.slash(world.channel, "library remove", article="oaks")
    assert "`/library undo` brings it back" in says(result.response)
    assert advice_of_bot(says(result.response), world.bot) == {"/library undo"}
    assert result.response
    await world.admin.click(result.response, label="Remove")
    message = world.texts(world.admin)[-1]
    assert message == "Removed `oaks`. `/library undo` brings it back."
    assert advice_of_bot(message, world.bot) == {"/library undo"}
    assert [entry.id for entry in own(world).entries()] == ["harbour"]
    result = await world.admin.slash(world.channel, "library undo", article="oaks")
    assert result.response
    await world.admin.click(result.response, label=label_of(result.response))
    assert [entry.id for entry in own(world).entries()] == ["harbour", "oaks"]


def label_of(message: Any) -> str:
    """The label of a message's first button."""
    return next(
        str(part["label"]) for part in components(message) if part.get("custom_id") in buttons(message)
    )


async def test_all_that_help_names_is_there(world: World) -> None:
    result = await world.reader.slash(world.channel, "help")
    message = says(result.response)
    assert advice_of_bot(message, world.bot) == {
        "/ask",
        "/check",
        "/read",
        "/quotes",
        "/summary",
        "/privacy",
        "/article",
    }
    labels = set(re.findall(r"\*\*([A-Z][a-z ]+)\*\*", message))
    assert labels == {"Follow up", "Show in context", "Ask the article"}
    for question in ARTICLE.questions:
        assert question in message
    await world.reader.slash(world.channel, "ask", question=ARTICLE.questions[0])
    shown = {part.get("label") for part in components(world.channel.last_message)}
    assert {"Follow up", "Show in context"} <= shown
    said = await world.reader.send(world.channel, ARTICLE.questions[0])
    answer = await world.reader.context_menu(world.channel, "Ask the article", said)
    assert "1901" in says(answer.response)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_help_names_commands_and_buttons_as_each_language_shows_them(
    world: World, language: str
) -> None:
    words = words_for(language)
    names = set[str]()
    for command in world.bot.tree.get_commands():
        payload = await command.get_translated_payload(world.bot.tree, CommandTranslator())
        others = {locale.partition("-")[0]: name for locale, name in payload["name_localizations"].items()}
        names.add("/" + others.get(language, payload["name"]))
    message = render.help_text(ARTICLE, words).top
    commands = set(re.findall(r"`(/[^`]+)`", message))
    assert len(commands) == 7
    assert commands <= names
    for label in ("Follow up", "Show in context"):
        assert f"**{words(label)}**" in message


@pytest.mark.parametrize("word", ["hello", "thanks"])
async def test_a_friendly_word_comes_with_questions_that_are_answered(world: World, word: str) -> None:
    await world.reader.slash(world.channel, "ask", question=word)
    message = says(world.channel.last_message)
    assert re.search("Ask me about|ask on", message)
    questions = re.findall(r"^> (.*)$", message, re.MULTILINE)
    assert questions == list(ARTICLE.questions[:5])
    await world.reader.slash(world.channel, "ask", question=questions[0])
    assert "1901" in says(world.channel.last_message)
