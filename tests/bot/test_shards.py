"""Shards: how they are written, and what the bot does with those that it has."""

from __future__ import annotations

from pathlib import Path

import pytest
import simcord
from hypothesis import given
from hypothesis import strategies as st

from bot import Settings
from bot.client import FootnoteBot, create_bot
from bot.service.service import Service
from bot.shards import ONE_SHARD, Shards
from tests.bot.conftest import says
from tests.fakes import ARTICLE, HeldLibrary


@pytest.mark.parametrize(
    ("text", "shards"),
    [
        ("0-3/16", Shards(16, (0, 1, 2, 3))),
        (" 5/16 ", Shards(16, (5,))),
        ("15-15/16", Shards(16, (15,))),
        ("all", Shards()),
        ("ALL", Shards()),
    ],
)
def test_shards_are_written_as_a_range_of_a_number(text: str, shards: Shards) -> None:
    assert Shards.parse(text) == shards


@pytest.mark.parametrize(
    "text", ["", "3", "0-3", "4-3/16", "0-16/16", "16/16", "-1/2", "0/0", "0-3/²", "a-b/c"]
)
def test_what_names_no_shards_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text or "^$"):
        Shards.parse(text)


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{1,6}-[0-9]{1,6}/[0-9]{1,6}"))
def test_any_text_names_shards_of_those_that_there_are_or_none(text: str) -> None:
    try:
        shards = Shards.parse(text)
    except ValueError:
        return
    count, ids = shards.count, shards.ids
    assert (count is None) == (ids is None)
    if count is not None and ids is not None:
        assert ids == tuple(range(ids[0], ids[-1] + 1))
        assert 0 <= ids[0] <= ids[-1] < count


@pytest.mark.parametrize(
    ("shards", "has_first"),
    [(Shards(), True), (ONE_SHARD, True), (Shards(4, (0, 1)), True), (Shards(4, (2, 3)), False)],
)
def test_direct_messages_are_the_first_shards(shards: Shards, has_first: bool) -> None:
    assert shards.has_first is has_first


def bot_with(shards: Shards, tmp_path: Path) -> FootnoteBot:
    return create_bot(Settings(data_dir=tmp_path), service=Service(HeldLibrary()), shards=shards)


@pytest.mark.slow
async def test_servers_of_all_its_shards_are_answered(tmp_path: Path) -> None:
    bot = bot_with(Shards(2), tmp_path)
    async with simcord.run(bot, settle_timeout=60) as env:
        shards = set()
        for name in ("Elms", "Oaks", "Birches", "Firs"):
            await env.advance_time(0.001)  # a server's id is the millisecond that it was made in
            guild = env.create_guild(name)
            shards.add((guild.id >> 22) % 2)
            reader = guild.add_member(env.create_user(name.lower()))
            result = await reader.slash(
                guild.create_text_channel("general"), "ask", question="When was the harbour of Elms built?"
            )
            assert "The harbour of Elms was built in 1901." in says(result.response).replace("**", "")
        assert shards == {0, 1}
        assert sorted(bot.shards) == [0, 1]
        await bot.close()


@pytest.mark.slow
async def test_it_hears_questions_while_all_its_shards_are_connected(tmp_path: Path) -> None:
    bot = bot_with(Shards(4, (1, 2)), tmp_path)
    async with simcord.run(bot, settle_timeout=60):
        assert bot.readiness.gateway
        await bot.on_shard_disconnect(1)
        await bot.on_shard_disconnect(2)
        await bot.on_shard_resumed(1)
        hears = [bot.readiness.gateway]
        await bot.on_shard_ready(2)
        assert [*hears, bot.readiness.gateway] == [False, True]
        await bot.close()


@pytest.mark.slow
@pytest.mark.parametrize(("shards", "times"), [(Shards(2, (0,)), 1), (Shards(2, (1,)), 0)])
async def test_one_process_registers_the_commands(tmp_path: Path, shards: Shards, times: int) -> None:
    bot = bot_with(shards, tmp_path)
    async with simcord.run(bot, settle_timeout=60) as env:
        syncs = [request for request in env.http_requests if request.method == "PUT"]
        assert len(syncs) == times
        await bot.close()


@pytest.mark.slow
async def test_a_process_says_nothing_of_the_servers_of_another_one(tmp_path: Path) -> None:
    """Else the libraries of all servers but its own would go, after their days of grace."""
    library = HeldLibrary()
    here, elsewhere = str(1 << 22), str(2 << 22)
    for server in (here, elsewhere):
        library.branch(server).give(ARTICLE)
    bot = create_bot(Settings(data_dir=tmp_path), service=Service(library), shards=Shards(2, (1,)))
    async with simcord.run(bot, settle_timeout=60) as env:
        await env.settle()
        assert list(bot.guilds) == []
        assert library.upkeep.left_since(here) is not None
        assert library.upkeep.left_since(elsewhere) is None
        await bot.close()


@given(st.integers(1, 64), st.integers(0, 2**63))
def test_each_server_is_on_one_shard(count: int, server: int) -> None:
    assert sum(Shards(count, (number,)).serves(server) for number in range(count)) == 1
    assert Shards().serves(server)
    assert ONE_SHARD.serves(server)
