"""The buttons: the right place, privately, after a restart, and never a wrong place."""

from __future__ import annotations

import logging
from dataclasses import replace

import discord
import pytest
import simcord
from hypothesis import given
from hypothesis import strategies as st

from bot import Settings, create_bot
from bot.service import Service
from bot.views import ContextButton
from index import Article, Citation
from tests.bot.conftest import World, buttons, says
from tests.fakes import ARTICLE, FakeLibrary

PARAGRAPH = (
    "**Paragraph 2 of 3**\n"
    "**“We never turn a ship away,” said Ada Berg, the harbour master.** "
    "She has held the post for ten years.\n"
    "-# Article: The harbour of \\*Elms\\*"
)
CHANGED = "-# The article has changed since this answer. This sentence still stands in it.\n"
GONE = (
    "The article has changed since this answer, and the sentence is not in its place any more. "
    "Ask again to see what the article says now."
)


async def ask(world: World) -> simcord.ResponseMessage:
    result = await world.reader.slash(world.channel, "ask", question="Who is the harbour master?")
    assert result.response
    return result.response


async def press(world: World, message: simcord.ResponseMessage, position: int = 0) -> simcord.ResponseMessage:
    result = await world.admin.click(message, custom_id=buttons(message)[position])
    assert result.response
    return result.response


async def test_each_source_has_a_button_that_shows_its_paragraph_privately(world: World) -> None:
    answer = await ask(world)
    assert len(buttons(answer)) == 2
    shown = await press(world, answer)
    assert shown.ephemeral
    assert says(shown) == PARAGRAPH
    assert says(await press(world, answer, 1)).startswith(
        "**Paragraph 1 of 3**\n**The harbour of Elms was built in 1901.** Forty ships"
    )


async def test_the_button_works_in_a_new_process(world: World, settings: Settings) -> None:
    answer = await ask(world)
    await world.bot.service.close(patience=1)
    await world.env.restart_bot(create_bot(settings, service=Service(FakeLibrary())))
    assert says(await press(world, answer)) == PARAGRAPH


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        (
            replace(ARTICLE, text=ARTICLE.text + "\nA new end."),
            PARAGRAPH.replace("of 3**\n", f"of 4**\n{CHANGED}"),
        ),
        (replace(ARTICLE, text="A new start. " + ARTICLE.text), GONE),
        (replace(ARTICLE, text=ARTICLE.text.replace("never", "often")), GONE),
        (replace(ARTICLE, text="Short."), GONE),
        (replace(ARTICLE, id="bridge"), "This answer is from another article than the one I have now."),
    ],
)
async def test_after_the_article_changed_no_wrong_place_is_shown(
    world: World, article: Article, expected: str
) -> None:
    answer = await ask(world)
    world.library.next_article = article
    await world.admin.slash(world.channel, "reindex")
    shown = await press(world, answer)
    assert shown.ephemeral
    assert says(shown) == expected


async def test_an_error_behind_a_button_goes_through_the_one_handler(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await ask(world)
    monkeypatch.setattr(FakeLibrary, "article", property(lambda _: 1 / 0))
    shown = await press(world, answer)
    assert shown.ephemeral
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    reference = record.getMessage().split("reference ")[1][:8]
    assert says(shown).endswith(f"tell an admin of this bot the reference {reference}.")
    assert record.exc_info
    assert record.exc_info[0] is ZeroDivisionError


@given(st.text(max_size=200), st.integers(0, 10**9), st.integers(1, 10**4), st.text(min_size=1, max_size=50))
def test_any_button_can_be_read_again_from_its_id(id_: str, start: int, length: int, quote: str) -> None:
    citation = Citation(7, quote, start, start + length, 1, "p", None, 1.0)
    button = ContextButton.to(citation, Article(id_, "t", "text"))
    assert 1 <= len(button.custom_id) <= 100
    match = ContextButton.__discord_ui_compiled_template__.fullmatch(button.custom_id)
    assert match
    again = ContextButton(button.custom_id, match)
    assert (again.start, again.end, again.quote_digest) == (start, start + length, button.quote_digest)
    assert id_.startswith(again.article_id)
    assert isinstance(again.item, discord.ui.Button)
