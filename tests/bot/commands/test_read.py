"""/read, /quotes and /summary: what they show, to whom, and their buttons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import simcord

from bot import Settings, create_bot
from bot.commands.read import NoSuchPlaceError
from bot.components.persistent import SourceGoneError
from bot.service.service import Service
from index import UnknownArticleError
from tests.bot.commands.test_context import labels, press
from tests.bot.conftest import World, components, says
from tests.fakes import ARTICLE, BRIDGE, INDEXED_AT, HeldLibrary

TITLE = "**The harbour of \\*Elms\\***"
FOOTER = f"-# Article: The harbour of \\*Elms\\* · indexed <t:{INDEXED_AT.timestamp():.0f}:R>"
QUOTE = "“We never turn a ship away,”"
ADA = "“We never turn a ship away,” said Ada Berg, the harbour master."
MANY = replace(
    ARTICLE,
    text="\n".join(
        f"“Number {n} is mine,” said {'Ada Berg' if n % 2 else 'Carl Dorn'}." for n in range(1, 11)
    ),
)


async def run(world: World, command: str, **options: Any) -> simcord.ResponseMessage:
    result = await world.admin.slash(world.channel, command, **options)
    assert result.response
    return result.response


def own(world: World) -> HeldLibrary:
    return world.library.branch(str(world.guild.id))


async def test_read_begins_at_the_start_or_at_any_paragraph_privately(world: World) -> None:
    first, third = ARTICLE.text.split("\n")[0], ARTICLE.text.split("\n")[2]
    shown = await run(world, "read")
    assert shown.ephemeral
    assert says(shown).startswith(f"{TITLE}\n-# Paragraphs 1 to 3 of 3\n\n-# 1\n{first}\n\n-# 2\n")
    assert labels(shown) == {}  # it is all there
    shown = await run(world, "read", paragraph=3)
    assert says(shown) == f"{TITLE}\n-# Paragraph 3 of 3\n\n-# 3\n{third}"
    assert labels(shown) == {"First": True, "Previous": True, "Next": False, "Last": False}


async def test_read_goes_through_the_whole_article_and_back(world: World) -> None:
    lines = [f"Paragraph {n} {'is long ' * 60}" for n in range(1, 31)]
    world.library.give(replace(ARTICLE, text="\n".join(lines)))
    shown = await run(world, "read")
    seen = [says(shown)]
    while labels(shown)["Next"]:
        shown = await press(world, shown, "Next")
        seen.append(says(shown))
    assert [f"\n-# {n}\nParagraph {n} is" in "".join(seen) for n in range(1, 31)] == [True] * 30
    assert "".join(seen).count("\nParagraph ") == 30
    assert len(seen) == 5
    back = [says(shown)]
    while labels(shown)["Previous"]:
        shown = await press(world, shown, "Previous")
        back.append(says(shown))
    assert back == seen[::-1]
    last = await press(world, shown, "Last")
    assert "to 30 of 30\n" in says(last)
    assert labels(last)["Next"] is False
    assert says(await press(world, last, "First")) == seen[0]


async def test_read_refuses_a_paragraph_that_is_not_there(world: World) -> None:
    assert says(await run(world, "read", paragraph=4)) == (
        "The article has 3 paragraphs. Choose a number up to that."
    )
    assert world.errors() == [NoSuchPlaceError]


async def test_read_works_in_a_dm_where_there_is_no_server(world: World) -> None:
    result = await world.reader.user.slash("read", paragraph=3)
    assert result.response
    assert says(result.response).startswith(f"{TITLE}\n-# Paragraph 3 of 3")


async def test_an_article_is_chosen_by_its_title_and_only_this_servers_are_offered(world: World) -> None:
    own(world).give(BRIDGE)
    world.library.branch("1").give(replace(BRIDGE, id="secret", title="Secret"))
    for command in ("read", "quotes", "summary"):
        offered = await world.reader.autocomplete(world.channel, command, "article", "")
        assert {choice["name"]: choice["value"] for choice in offered} == {
            "The bridge of Oaks": "bridge",
            "The harbour of *Elms*": "harbour",
        }
        offered = await world.reader.autocomplete(world.channel, command, "article", "brid")
        assert [choice["value"] for choice in offered] == ["bridge"]
    own(world).give(replace(BRIDGE, id="oaks"))
    offered = await world.reader.autocomplete(world.channel, "read", "article", "brid")
    assert {choice["name"]: choice["value"] for choice in offered} == {
        "The bridge of Oaks": "bridge",
        "The bridge of Oaks (oaks)": "oaks",
    }
    assert says(await run(world, "read", article="bridge")).startswith("**The bridge of Oaks**\n")
    assert says(await run(world, "read", article="secret")) == (
        "No article “secret” is here. The list of articles says which ones are."
    )
    assert world.errors() == [UnknownArticleError]


async def test_quotes_lists_who_says_what(world: World) -> None:
    shown = await run(world, "quotes")
    assert shown.ephemeral
    assert says(shown) == f"**Who says what**\n**\\[1\\]** **Ada Berg** · paragraph 2\n> {QUOTE}\n{FOOTER}"
    context = await press(world, shown)
    assert f"**{QUOTE}** said Ada Berg" in says(context)


async def test_quotes_of_one_speaker_page_by_page(world: World) -> None:
    world.library.give(MANY)
    shown = await run(world, "quotes", speaker="dorn")
    assert says(shown).count("**Carl Dorn**") == 5
    assert "Ada" not in says(shown)
    everybody = await run(world, "quotes")
    assert says(everybody).splitlines()[-1].endswith("page 1 of 2")
    assert labels(everybody) == {"Show in context": True, "Previous": False, "Next": True}
    second = await press(world, everybody, "Next")
    assert second.id == everybody.id
    assert says(second).count("\n> ") == 3
    assert "Number 10 is mine" in says(second)
    assert labels(second) == {"Show in context": True, "Previous": True, "Next": False}
    assert says(await press(world, second, "Previous")) == says(everybody)


async def test_the_pages_of_quotes_work_in_a_new_process_and_after_a_reindex(
    world: World, settings: Settings
) -> None:
    world.library.give(MANY)
    shown = await run(world, "quotes")
    await world.bot.service.close(patience=1)
    await world.env.restart_bot(create_bot(settings, service=Service(world.library)))
    shown = await press(world, shown, "Next")
    assert says(shown).splitlines()[-1].endswith("page 2 of 2")
    world.library.give(ARTICLE)
    shown = await press(world, shown, "Previous")
    assert says(shown).splitlines()[1] == (
        "-# The article has changed since this list was made: this is as it is now."
    )
    assert QUOTE in says(shown)


@pytest.mark.parametrize(
    ("article", "speaker", "said"),
    [
        (
            MANY,
            "Nobody",
            "The article quotes nobody who can only be “Nobody”. It quotes Carl Dorn, Ada Berg.",
        ),
        (MANY, "a", "The article quotes nobody who can only be “a”. It quotes Carl Dorn, Ada Berg."),
        (replace(ARTICLE, text="No one speaks."), "Ada", "The article quotes nobody by name."),
        (replace(ARTICLE, text="No one speaks."), None, "The article quotes nobody by name."),
    ],
)
async def test_quotes_of_nobody(world: World, article: Any, speaker: str | None, said: str) -> None:
    world.library.give(article)
    shown = await run(world, "quotes", **({"speaker": speaker} if speaker else {}))
    assert shown.ephemeral
    assert says(shown) == said
    assert world.errors() == [NoSuchPlaceError if speaker else SourceGoneError]


async def test_speakers_are_offered_of_the_article_that_is_chosen(world: World) -> None:
    own(world).give(BRIDGE)

    async def offered(typed: str = "", **options: Any) -> list[str]:
        found = await world.reader.autocomplete(world.channel, "quotes", "speaker", typed, **options)
        return [choice["value"] for choice in found]

    assert await offered() == ["Ada Berg"]
    assert await offered("berg") == ["Ada Berg"]
    assert await offered(article="bridge") == ["Carl Dorn"]
    assert await offered(article="no such article") == []


async def test_summary_gives_sentences_in_the_articles_order_each_with_its_place(world: World) -> None:
    shown = await run(world, "summary")
    assert shown.ephemeral
    assert says(shown) == (
        "**In short: The harbour of \\*Elms\\***\n"
        "**\\[1\\]** paragraph 1\n> The harbour of Elms was built in 1901.\n"
        f"**\\[2\\]** **Ada Berg** · paragraph 2\n> {ADA}\n"
        "**\\[3\\]** paragraph 3\n> The lighthouse is closed to visitors.\n"
        f"{FOOTER}"
    )
    context = await press(world, shown, position=2)
    assert "source 3 of 3" in says(context)


async def test_what_is_shared_is_seen_by_all_and_each_pages_for_themselves(world: World) -> None:
    world.library.give(MANY)
    for command in ("summary", "quotes"):
        shared = await run(world, command, share=True)
        assert not shared.ephemeral
    before = says(shared)
    result = await world.reader.click(
        shared, custom_id=next(c["custom_id"] for c in components(shared) if c.get("label") == "Next")
    )
    assert result.response
    assert result.response.ephemeral
    assert says(result.response).splitlines()[-1].endswith("page 2 of 2")
    assert world.texts()[-1] == before
