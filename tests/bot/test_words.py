"""The bot's words in every language: complete, rightly used, and English where there is none."""

from __future__ import annotations

import re
import string
from datetime import date
from typing import Any

import discord
import pytest
from babel.messages import Message
from discord import app_commands

from bot.words import COMMAND_NAME, ENGLISH, LANGUAGES, CommandTranslator, Words, words_for, words_of
from tests import catalogues
from tests.bot.conftest import World

LOCALES = {"de": discord.Locale.german, "es": discord.Locale.spain_spanish, "fr": discord.Locale.french}
NAME = re.compile(r"[-_'\w]{1,32}")
# What only the command line says, or the log: files of questions, and the model that is set.
IN_ENGLISH_ONLY = ("index/search/bundled_model.py", "index/evaluation/run.py")
# Texts that are put together elsewhere from parts which the catalogues have.
HANDED_ON = ("index/sources/files.py", "index/sources/question_files.py", "index/sources/sandbox.py")


@pytest.fixture(scope="module")
def in_code() -> set[catalogues.Message]:
    return catalogues.in_code()


def texts(message: Message) -> list[tuple[str, str]]:
    """The English of a message and its translation, in each of its forms."""
    ours = [message.id] if isinstance(message.id, str) else list(message.id)
    theirs = [message.string] if isinstance(message.string, str) else list(message.string or ("",))
    return [(ours[min(form, len(ours) - 1)], text) for form, text in enumerate(theirs)]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def translated(language: str) -> list[Message]:
    return [message for message in catalogues.catalogue(language) if message.id]


def test_the_texts_of_the_code_are_found(in_code: set[catalogues.Message]) -> None:
    assert {
        (None, "Show in context"),
        (None, ("{number} passage", "{number} passages")),
        (None, "No article “{id}” is here."),
        (None, "Footnote is just stopping. Ask again in a minute."),
        (None, "Ask the article"),
        (None, "{source} holds no article text."),
        (None, "Read the article, page by page, from any paragraph."),
        (None, "The number of the paragraph to begin at"),
        (COMMAND_NAME, "paragraph"),
        (COMMAND_NAME, "library"),
        (COMMAND_NAME, "undo"),
    } <= in_code
    assert len(in_code) > 200


def test_no_error_is_put_together_where_no_catalogue_can_know_it() -> None:
    found = [place for place in catalogues.unreadable() if not place.startswith(IN_ENGLISH_ONLY + HANDED_ON)]
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_and_no_other(language: str, in_code: set[catalogues.Message]) -> None:
    there = {(message.context, message.id) for message in translated(language)}
    assert there == in_code, "python -m tests.catalogues brings it up to date"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_with_the_same_names_and_marks(language: str) -> None:
    for message in translated(language):
        assert not message.fuzzy
        for ours, theirs in texts(message):
            assert theirs, message.id
            assert fields(theirs) == fields(ours)
            assert theirs.count("**") == ours.count("**")
            assert theirs.count("`") == ours.count("`")
            assert (theirs == theirs.strip()) == (ours == ours.strip())
            assert theirs.rstrip(" \u202f\xa0")[-1] in (ours[-1], ",") or ours[-1] not in ".?:!"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_on_buttons_and_in_titles_fits(language: str) -> None:
    for message in translated(language):
        for ours, theirs in texts(message):
            if len(ours) <= 30:  # a modal's title has 45 characters, a button 80
                assert len(theirs) <= 45, theirs


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_a_language_are_its_own(language: str) -> None:
    words = words_for(LOCALES[language])
    own = sum(
        words(ours) != ours for (ours,) in ([m.id] for m in translated(language)) if isinstance(ours, str)
    )
    assert own > 200
    assert words.locale.language == language


@pytest.mark.parametrize(
    "locale", [None, "tlh", *(each for each in discord.Locale if each.value[:2] not in LANGUAGES)]
)
def test_where_there_is_no_catalogue_it_is_english(locale: discord.Locale | str | None) -> None:
    words = words_for(locale)
    assert words("Show in context") == "Show in context"
    assert words.plural("{number} passage", "{number} passages", 1) == "1 passage"
    assert words.number(1_234) == "1,234"


def test_a_text_that_no_catalogue_has_is_english() -> None:
    assert words_for("de")("Something {new}.", new="else") == "Something else."
    assert words_for("de").plural("{number} x", "{number} y", 2) == "2 y"
    assert words_for("de")("") == ""


def test_values_are_inserted_as_they_are_and_braces_without_values_stand() -> None:
    assert ENGLISH("Article: {title}", title="{title} **") == "Article: {title} **"
    assert ENGLISH("No {braces}") == "No {braces}"


@pytest.mark.parametrize(
    ("locale", "number", "decimal", "percent", "third", "day", "listed", "passages"),
    [
        ("en-US", "12,345", "0.5", "50%", "3rd", "May 4, 2026", "a, b, and c", ("1 passage", "0 passages")),
        ("en-GB", "12,345", "0.5", "50%", "3rd", "4 May 2026", "a, b and c", ("1 passage", "0 passages")),
        ("de", "12.345", "0,5", "50\xa0%", "3.", "4. Mai 2026", "a, b und c",
         ("1 Abschnitt", "0 Abschnitte")),
        ("fr", "12\u202f345", "0,5", "50\xa0%", "3e", "4 mai 2026", "a, b et c", ("1 passage", "0 passage")),
        ("es-ES", "12.345", "0,5", "50\xa0%", "3.º", "4 de mayo de 2026", "a, b y c",
         ("1 pasaje", "0 pasajes")),
        ("es-419", "12,345", "0.5", "50%", "3.º", "4 de mayo de 2026", "a, b y c", ("1 pasaje", "0 pasajes")),
    ],
)  # fmt: skip
def test_numbers_days_and_lists_are_written_as_people_write_them(
    locale: str, number: str, decimal: str, percent: str, third: str, day: str, listed: str,
    passages: tuple[str, str],
) -> None:  # fmt: skip
    words = words_for(locale)
    assert words.number(12_345) == number
    assert words.number(0.52, decimals=1) == decimal
    assert words.percent(0.5) == percent
    assert words.ordinal(3) == third
    assert words.date(date(2026, 5, 4)) == day
    assert words.list(["a", "b", "c"]) == listed
    assert tuple(words.plural("{number} passage", "{number} passages", n) for n in (1, 0)) == passages


def test_ordinals_of_english_and_french() -> None:
    assert [
        ENGLISH.ordinal(n) for n in (1, 2, 3, 4, 11, 21, 112)
    ] == "1st 2nd 3rd 4th 11th 21st 112th".split()
    assert [words_for("fr").ordinal(n) for n in (1, 2, 21)] == ["1er", "2e", "21e"]


def command_names(world: World, words: Words) -> list[list[str]]:
    """The names of each scope: the commands, the commands of each group, the options of each command."""
    scopes = [
        [words.name(c.name) for c in world.bot.tree.get_commands(type=discord.AppCommandType.chat_input)]
    ]
    for command in world.bot.tree.walk_commands(type=discord.AppCommandType.chat_input):
        if isinstance(command, app_commands.Group):
            scopes.append([words.name(below.name) for below in command.commands])
        else:
            scopes.append([words.name(p.display_name) for p in command.parameters])
    return scopes


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
async def test_names_of_commands_are_discords_to_take(world: World, language: str) -> None:
    scopes = command_names(world, words_for(language))
    assert len(scopes[0]) >= 8
    for names in scopes:
        assert len(set(names)) == len(names)
        assert all(NAME.fullmatch(name) and name == name.lower() for name in names), names


async def test_discord_is_given_the_commands_in_every_language(world: World) -> None:
    (sent,) = world.requests("PUT", "/applications/*/commands")
    by_name = {command["name"]: command for command in sent}
    read = by_name["read"]
    assert read["name_localizations"]["de"] == "lesen"
    assert read["name_localizations"]["es-419"] == read["name_localizations"]["es-ES"] == "leer"
    assert read["description_localizations"]["fr"] == (
        "Lire l’article, page par page, depuis n’importe quel paragraphe."
    )
    paragraph = next(option for option in read["options"] if option["name"] == "paragraph")
    assert paragraph["name_localizations"]["de"] == "absatz"
    assert paragraph["description_localizations"]["de"] == "Die Nummer des Absatzes, bei dem es losgeht"
    assert by_name["Ask the article"]["name_localizations"]["de"] == "Den Artikel fragen"
    assert set(read["name_localizations"]) == {"de", "es-ES", "es-419", "fr"}

    def described(option: dict[str, Any]) -> None:
        for text in (option.get("description_localizations") or {}).values():
            assert 1 <= len(text) <= 100, text
        for choice in option.get("choices", ()):
            assert all(1 <= len(text) <= 100 for text in (choice.get("name_localizations") or {}).values())
        for below in option.get("options", ()):
            described(below)

    for command in sent:
        described(command)


async def test_a_name_is_translated_as_a_name_and_a_menu_as_words(world: World) -> None:
    translator = CommandTranslator()
    ask = world.bot.tree.get_command("ask")
    assert isinstance(ask, app_commands.Command)
    context: app_commands.TranslationContextTypes = app_commands.TranslationContext(
        app_commands.TranslationContextLocation.command_name, ask
    )
    german = discord.Locale.german
    assert await translator.translate(app_commands.locale_str("ask"), german, context) == "fragen"
    assert (
        await translator.translate(app_commands.locale_str("ask"), discord.Locale.japanese, context) is None
    )
    french = await translator.translate(app_commands.locale_str("article"), discord.Locale.french, context)
    assert french is None  # it is the same word


async def test_a_message_is_answered_in_the_servers_language(world: World) -> None:
    message = await world.reader.send(world.channel, "hello")
    assert words_of(message) is words_for("en-US")
    assert message.guild
    message.guild.preferred_locale = discord.Locale.german
    assert words_of(message) is words_for("de")
