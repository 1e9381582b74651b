"""Show in context: the right place, privately, after a restart, over versions, and never a wrong place."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord

from bot import Settings, create_bot
from bot.service.service import Service
from bot.words import words_for
from index import Article
from tests.bot.conftest import World, components, says
from tests.fakes import ARTICLE, BRIDGE, TWO_SOURCES, HeldLibrary

QUESTION = TWO_SOURCES
SAID = "“We never turn a ship away,” said Ada Berg, the harbour master."
BODY = (
    "-# The harbour of Elms was built in 1901. Forty ships anchor there every summer.\n\n"
    f"**{SAID}** She has held the post for ten years.\n\n"
    "-# The lighthouse is closed to visitors."
)
FOOTER = "-# Article: The harbour of \\*Elms\\*"
SECOND = f"**Paragraph 2 of 3** · source 2 of 2\n\n{BODY}\n{FOOTER}"
FIRST = (
    "**Paragraph 1 of 3** · source 1 of 2\n\n"
    "**The harbour of Elms was built in 1901.** Forty ships anchor there every summer.\n\n"
    f"-# {SAID} She has held the post for ten years.\n{FOOTER}"
)
THEN = "-# The article has changed since this answer. This is how it read then."
STILL = "-# The article has changed since this answer. This sentence still stands in it."
NEAREST = "-# The article has changed since this answer. This is the nearest passage now."
STALE = "The article has changed since this was opened. Press the button under the answer once more."
GONE = (
    "The article has changed since this answer, and the sentence is not in it any more. "
    "Ask again to see what the article says now."
)


async def ask(world: World) -> simcord.ResponseMessage:
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert result.response
    return result.response


async def press(
    world: World, message: simcord.ResponseMessage, label: str = "Show in context", position: int = 0
) -> simcord.ResponseMessage:
    ids = [c["custom_id"] for c in components(message) if c.get("label") == label]
    result = await world.admin.click(message, custom_id=ids[position])
    assert result.response
    return result.response


def labels(message: simcord.ResponseMessage) -> dict[str, bool]:
    """The buttons of a message, and which of them can be pressed."""
    return {c["label"]: not c.get("disabled", False) for c in components(message) if "label" in c}


def reindexed(world: World, article: Article, *, keep: bool = False) -> None:
    """The article is another one now; of the versions before, none is left unless they are to be kept."""
    world.library.give(article, alone=not keep)


async def test_each_source_has_a_button_that_shows_its_paragraph_privately(world: World) -> None:
    answer = await ask(world)
    first = await press(world, answer)
    assert first.ephemeral
    assert says(first) == FIRST
    second = await press(world, answer, position=1)
    assert second.ephemeral
    assert says(second) == SECOND


async def test_from_a_source_to_the_one_before_and_the_next(world: World) -> None:
    shown = await press(world, await ask(world))
    assert labels(shown) == {"Previous source": False, "Next source": True, "Read from here": True}
    after = await press(world, shown, "Next source")
    assert says(after) == SECOND
    assert labels(after) == {"Previous source": True, "Next source": False, "Read from here": True}
    assert after.id == shown.id  # it takes the place of what was shown
    before = await press(world, after, "Previous source")
    assert says(before) == FIRST


async def test_from_a_source_to_the_whole_article(world: World) -> None:
    shown = await press(world, await ask(world), position=1)
    page = await press(world, shown, "Read from here")
    assert page.ephemeral
    assert page.id != shown.id
    assert says(page).startswith(
        "**The harbour of \\*Elms\\***\n-# Paragraphs 2 to 3 of 3\n\n-# 2\n“We never"
    )
    assert labels(page) == {"First": True, "Previous": True, "Next": False, "Last": False}
    first = await press(world, page, "First")
    assert first.id == page.id
    assert "-# Paragraphs 1 to 3 of 3\n" in says(first)


async def test_one_source_alone_has_no_way_to_others(world: World) -> None:
    result = await world.reader.slash(world.channel, "ask", question="Bake sourdough bread?")
    assert result.response
    shown = await press(world, result.response)
    assert says(shown).startswith("**Paragraph 1 of 3**\n\n**The harbour of Elms was built in 1901.**")
    assert labels(shown) == {"Read from here": True}


async def test_where_the_article_has_an_address_the_page_can_be_opened_at_the_sentence(world: World) -> None:
    reindexed(world, replace(BRIDGE, id=ARTICLE.id))
    result = await world.reader.slash(world.channel, "ask", question="How many arches has the bridge?")
    assert result.response
    link = "https://example.org/bridge#:~:text=The%20bridge%20of%20Oaks%20has%20seven%20arches."
    assert f"[paragraph 1](<{link}>)" in says(result.response)
    shown = await press(world, result.response)
    assert [c["url"] for c in components(shown) if "url" in c] == [link]


async def test_the_buttons_work_in_a_new_process(world: World, settings: Settings) -> None:
    answer = await ask(world)
    shown = await press(world, answer)
    await world.bot.service.close(patience=1)
    await world.env.restart_bot(create_bot(settings, service=Service(HeldLibrary())))
    assert says(await press(world, answer, position=1)) == SECOND
    assert says(await press(world, shown, "Next source")) == SECOND
    assert says(await press(world, shown, "Read from here")).startswith("**The harbour of")


async def test_after_a_reindex_they_act_on_the_version_that_they_were_made_for(world: World) -> None:
    answer = await ask(world)
    reindexed(world, replace(ARTICLE, text="Something else. " * 20), keep=True)
    shown = await press(world, answer, position=1)
    assert says(shown) == SECOND.replace("2 of 2\n", f"2 of 2\n{THEN}\n")
    assert says(await press(world, shown, "Previous source")) == FIRST.replace("of 2\n", f"of 2\n{THEN}\n")
    page = await press(world, shown, "Read from here")
    assert "-# The article has changed meanwhile: this is how it was.\n" in says(page)
    assert "She has held the post" in says(page)


@pytest.mark.parametrize(
    ("text", "note", "sentence"),
    [
        (f"A new start. {ARTICLE.text}", STILL, SAID),
        (ARTICLE.text.replace("never turn", "often turn"), NEAREST, SAID.replace("never", "often")),
    ],
)
async def test_when_that_version_is_gone_they_show_the_nearest_passage_and_say_so(
    world: World, text: str, note: str, sentence: str
) -> None:
    answer = await ask(world)
    reindexed(world, replace(ARTICLE, text=text))
    shown = await press(world, answer, position=1)
    assert says(shown).splitlines()[:2] == ["**Paragraph 2 of 3** · source 2 of 2", note]
    assert f"**{sentence}**" in says(shown)
    before = await press(world, shown, "Previous source")  # now it is the new version's
    assert "**The harbour of Elms was built in 1901.**" in says(before)
    page = await press(world, shown, "Read from here")
    assert "changed" not in says(page)


async def test_what_is_closed_for_showing_is_no_part_of_the_quote_that_is_sought(world: World) -> None:
    text = ARTICLE.text.replace("The harbour", "\u202eThe \u2067harbour")
    reindexed(world, replace(ARTICLE, text=text))
    answer = await ask(world)
    assert "in 1901.\u2069\u202c" in says(answer)
    reindexed(world, replace(ARTICLE, text=f"{text} A new end."))
    assert says(await press(world, answer)).splitlines()[1] == STILL


async def test_where_nothing_is_near_any_more_they_say_that(world: World) -> None:
    answer = await ask(world)
    shown = await press(world, answer)
    reindexed(world, replace(ARTICLE, text="Nothing here."))
    assert says(await press(world, answer)) == GONE
    await press(world, shown, "Next source")
    assert world.texts(world.admin)[-1] == STALE  # no quote stands there that could be sought
    assert not {GONE, STALE} & set(world.texts())


async def test_a_button_of_the_first_release_says_that_it_is_one(world: World) -> None:
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    view = discord.ui.LayoutView(timeout=None)
    former = "context:1:0:38:0123456789ab:0123456789ab:harbour"
    button: discord.ui.Button[Any] = discord.ui.Button(label="Show in context", custom_id=former)
    view.add_item(discord.ui.Section("A quote.", accessory=button))
    await channel.send(view=view)
    shown = world.channel.last_message
    assert shown
    result = await world.admin.click(shown, custom_id=former)
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == "This answer is from before I was updated. Ask again to see its sources."


async def test_the_pager_goes_on_in_the_article_of_today_when_its_own_is_gone(world: World) -> None:
    reindexed(world, replace(ARTICLE, text="One.\n" * 900 + "The end."))
    result = await world.admin.slash(world.channel, "read")
    assert result.response
    shown = await press(world, result.response, "Last")
    assert "to 901 of 901\n" in says(shown)
    reindexed(world, replace(ARTICLE, text="Short."))
    again = await press(world, shown, "Previous")
    assert again.id == shown.id
    assert says(again) == (
        "**The harbour of \\*Elms\\***\n-# Paragraph 1 of 1\n"
        "-# The article has changed meanwhile: this is as it is now.\n\n-# 1\nShort."
    )


async def test_of_an_article_that_was_removed_they_say_that(world: World) -> None:
    world.library.branch(str(world.guild.id)).give(BRIDGE)
    result = await world.reader.slash(world.channel, "ask", question="How many arches?", article="bridge")
    assert result.response
    shown = await press(world, result.response)
    world.library.branch(str(world.guild.id)).remove("bridge", who="ada")
    for message, label in ((result.response, "Show in context"), (shown, "Read from here")):
        reply = await press(world, message, label)
        assert reply.ephemeral
        assert says(reply) == "The article that this is from has been removed."


async def test_the_one_who_presses_reads_it_in_their_language(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await ask(world)
    monkeypatch.setattr("bot.words.words_for", lambda _: words_for("de"))
    shown = await press(world, answer, position=1)
    assert says(shown) == (
        f"**Absatz 2 von 3** · Quelle 2 von 2\n\n{BODY}\n-# Artikel: The harbour of \\*Elms\\*"
    )
    assert list(labels(shown)) == ["Vorige Quelle", "Nächste Quelle", "Ab hier lesen"]


async def test_an_error_behind_a_button_goes_through_the_one_handler(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await ask(world)

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(HeldLibrary, "article", fail)
    shown = await press(world, answer)
    assert shown.ephemeral
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    reference = record.getMessage().split("Reference ")[1][:8]
    assert says(shown).endswith(f"tell an admin of this bot the reference {reference}.")
    assert record.exc_info
    assert record.exc_info[0] is ZeroDivisionError
