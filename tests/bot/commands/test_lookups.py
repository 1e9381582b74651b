"""Looking things up: under rates for a person and a server, each on the thread that it belongs on."""

from __future__ import annotations

import threading
from typing import Any, cast

import discord
import pytest

from bot.service.rates import Rate, Rates, TooFastError
from bot.service.service import Service
from index import Article, Citation
from tests.bot.commands.test_context import ask, press, reindexed
from tests.bot.conftest import World, says
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary

pytestmark = pytest.mark.slow

WAIT = "One moment, please: you can go on in 60 s."
SERVER_WAIT = "This server looks up a lot just now. Please try again in 60 s."
QUESTION = "When was the harbour of Elms built?"
COMMANDS = ["article", "help", "read", "quotes", "summary"]
ADMIN_COMMANDS = ["library list", "library history"]


def now() -> float:
    return discord.utils.utcnow().timestamp()


def limit(world: World, *, lookups: Rate | None = None, offers: Rate | None = None) -> None:
    world.bot.service = Service(world.library, rates=Rates(lookups=lookups, offers=offers, now=now))


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_reader_who_looks_up_too_much_is_told_privately_how_long_to_wait(
    world: World, command: str
) -> None:
    limit(world, lookups=Rate(person=1))
    await world.reader.slash(world.channel, command)
    result = await world.reader.slash(world.channel, command)
    assert result.response
    assert (result.response.ephemeral, says(result.response)) == (True, WAIT)
    await world.admin.slash(world.channel, command)  # somebody else's budget
    await world.env.advance_time(61)
    await world.reader.slash(world.channel, command)
    assert world.errors() == [TooFastError]


@pytest.mark.parametrize("command", ADMIN_COMMANDS)
async def test_an_admin_stands_under_the_same_rates(world: World, command: str) -> None:
    limit(world, lookups=Rate(person=1))
    await world.admin.slash(world.channel, command)
    result = await world.admin.slash(world.channel, command)
    assert says(result.response) == WAIT
    assert world.errors() == [TooFastError]


@pytest.mark.parametrize("label", ["Show in context", "Follow up"])
async def test_buttons_and_the_modals_behind_them_count(world: World, label: str) -> None:
    limit(world, lookups=Rate(person=1))
    answer = await ask(world)
    await world.admin.slash(world.channel, "help")
    result = await world.admin.click(answer, label=label) if label == "Follow up" else None
    refused = result.response if result else await press(world, answer, label)
    assert refused
    assert (refused.ephemeral, says(refused)) == (True, WAIT)


async def test_a_strangers_server_takes_nothing_from_another_one(world: World) -> None:
    """Everybody in it together looks up as much as a server may, and the others go on."""
    stranger = world.env.create_guild("Stranger's")
    channel = stranger.create_text_channel("general")
    crowd = [stranger.add_member(world.env.create_user(f"stranger-{n}")) for n in range(4)]
    limit(world, lookups=Rate(person=10, server=3))
    told = [says((await each.slash(channel, "help")).response) for each in crowd]
    assert [text == SERVER_WAIT for text in told] == [False, False, False, True]
    result = await world.reader.slash(world.channel, "help")
    assert says(result.response).startswith("**Ask me about the article.**")
    assert world.errors() == [TooFastError]


async def test_who_types_too_fast_is_offered_nothing(world: World) -> None:
    limit(world, offers=Rate(person=2))
    offered = [await world.reader.autocomplete(world.channel, "ask", "question", "") for _ in range(3)]
    assert [len(each) for each in offered] == [1, 1, 0]
    assert world.errors() == []
    await world.reader.slash(world.channel, "help")  # a lookup is counted by itself


class Noting(HeldLibrary):
    """Notes on which thread each thing was looked up, and what was asked for only if it is at hand."""

    root: Noting

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[tuple[str, str]] = []
        self.only_at_hand = 0

    def _note(self, what: str) -> None:
        self.threads.append((what, threading.current_thread().name.rpartition("_")[0]))

    def at_hand(self) -> HeldLibrary:
        self.root.only_at_hand += 1
        return cast(HeldLibrary, super().at_hand())

    def summary(self, **where: Any) -> tuple[Citation, ...]:
        self._note("summary")
        return super().summary(**where)

    def nearest(self, text: str, **where: Any) -> Citation | None:
        self._note("nearest")
        return super().nearest(text, **where)

    def article(self, *args: Any, **where: Any) -> Article:
        self._note("article")
        return super().article(*args, **where)


@pytest.fixture
def library() -> Noting:
    return Noting()


async def test_what_takes_the_model_waits_in_the_line_of_the_questions(world: World, library: Noting) -> None:
    await world.reader.slash(world.channel, "summary")
    assert ("summary", "footnote-questions") in library.threads
    assert ("summary", "footnote-reading") not in library.threads
    answer = await ask(world)
    reindexed(world, Article(ARTICLE.id, "New", f"It is new. {ARTICLE.text}"))
    await press(world, answer)
    looked = {thread for what, thread in library.threads if what == "nearest"}
    assert looked == {"footnote-questions"}


@pytest.mark.parametrize(
    ("command", "option"),
    [("ask", "question"), ("ask", "article"), ("read", "article"), ("quotes", "speaker"),
     ("reindex", "article"), ("library use", "article"), ("library undo", "article")],
)  # fmt: skip
async def test_what_is_offered_while_typing_is_what_is_at_hand(
    world: World, library: Noting, command: str, option: str
) -> None:
    library.branch(str(world.guild.id)).give(BRIDGE)
    assert await world.admin.autocomplete(world.channel, command, option, "")
    assert library.only_at_hand == 1
