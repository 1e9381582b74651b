"""What the bot tells about itself; what these messages say in full is in tests of render."""

from __future__ import annotations

import pytest

from bot import render
from bot.words import ENGLISH, words_for
from tests.bot.conftest import World, says
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary


async def test_article_describes_the_one_in_use(world: World) -> None:
    result = await world.reader.slash(world.channel, "article")
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == render.about(HeldLibrary().info(), ENGLISH).top
    own = world.library.branch(str(world.guild.id))
    own.give(BRIDGE)
    own.use("bridge", who="ada", place=str(world.channel.id))
    result = await world.reader.slash(world.channel, "article")
    assert says(result.response).startswith("**The bridge of Oaks**\n")


async def test_help_has_the_articles_example_questions(world: World) -> None:
    result = await world.reader.slash(world.channel, "help")
    assert result.response
    assert result.response.ephemeral
    expected = render.help_text(ARTICLE, ENGLISH)
    assert says(result.response) == f"{expected.top}\n{expected.footer}"
    assert "> When was the harbour built?" in expected.top


async def test_help_shows_an_admin_their_half(world: World) -> None:
    result = await world.admin.slash(world.channel, "help")
    expected = render.help_text(ARTICLE, ENGLISH, for_admin=True)
    assert says(result.response) == f"{expected.top}\n{expected.footer}"
    assert "**For you as an admin:**\n- `/library add` adds an article" in expected.top
    result = await world.reader.slash(world.channel, "help")
    assert "admin" not in says(result.response)
    result = await world.admin.user.slash("help")
    assert "admin" not in says(result.response)


async def test_both_speak_the_language_of_the_one_who_asks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.words.words_for", lambda _: words_for("de"))
    result = await world.reader.slash(world.channel, "article")
    assert "\nLänge: 3 Absätze, 216 Zeichen\n" in says(result.response)
    result = await world.reader.slash(world.channel, "help")
    assert says(result.response).startswith("**Frag mich etwas über den Artikel.**")
