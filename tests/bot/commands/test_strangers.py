"""A stranger's server, where they are an admin: what they change is theirs, bounded, and goes with them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import simcord
from simcord.backend import serializers
from sqlalchemy import select

from bot import Settings, create_bot, render
from bot.client import FootnoteBot
from bot.commands.membership import Membership
from bot.service.allowance import ChangeAllowance, TooManyChangesError
from bot.service.service import Service
from index import EveryonesArticleError, Library, QuotaError, Quotas, upload
from index.storage.library_folder import LibraryFolder
from index.storage.tables import JobRow
from index.storage.upkeep import Retention, Upkeep
from tests.bot.conftest import World, says
from tests.index.fakes import THRESHOLDS, FakeEmbedder

pytestmark = pytest.mark.slow

HARBOUR = "The harbour of Elms was built in 1901. Forty ships anchor there every summer.\n"
SHIPS = "How many ships anchor there?"
MINE = ("mine.txt", b"The bridge of Oaks has seven arches.\n")
YOURS = (
    "“harbour” is everyone's article, so it cannot be changed from here. To have it otherwise, add an "
    "article of your own and put that in use.\n`/library add` adds one, `/library use` puts it in use."
)


class Clock:
    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Library:
    """A library on disk."""
    monkeypatch.setattr("index.library.models.thresholds", lambda *_: THRESHOLDS)
    article = tmp_path / "harbour.txt"
    article.write_text(HARBOUR)
    quotas = Quotas(articles=3, nbytes=1_000_000, questions=2)
    library = Library(tmp_path / "data", article_path=article, embedder=FakeEmbedder(), quotas=quotas)
    folder = LibraryFolder(tmp_path / "data", snapshots_kept=3)
    library.upkeep = Upkeep(folder, retention=Retention(), now=clock)
    library.load()
    return library


@pytest.fixture
def simcord_bot(settings: Settings, real: Library) -> FootnoteBot:
    service = Service(real, changes=ChangeAllowance(server=5, everyone=50, pending=5))
    return create_bot(settings, service=service)


def told(result: simcord.InteractionResult) -> str:
    """What the answer to a command says; it has to be private."""
    assert result.response
    assert result.response.ephemeral
    return render.unescape(says(result.response))


def on_disk(folder: Path) -> dict[Path, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


async def add(world: World, name: str, text: bytes = MINE[1], **more: Any) -> str:
    return told(await world.admin.slash(world.channel, "library add", file=(f"{name}.txt", text), **more))


async def test_an_admin_of_one_server_changes_nothing_of_everyones(
    world: World, real: Library, tmp_path: Path
) -> None:
    (tmp_path / "harbour.txt").write_text(HARBOUR.replace("Forty", "Fifty"))
    before = on_disk(tmp_path / "data" / "articles")
    for command, options in (
        ("reindex", {}),
        ("reindex", {"article": "harbour"}),
        ("reindex", {"article": "harbour", "file": MINE}),
    ):
        result = await world.admin.slash(world.channel, command, **options)
        assert told(result) == YOURS
    for command in ("library remove", "library undo"):
        result = await world.admin.slash(world.channel, command, article="harbour")
        assert told(result) == YOURS
    assert world.errors() == [EveryonesArticleError] * 5
    assert on_disk(tmp_path / "data" / "articles") == before
    assert [change.who for change in real.history()] == ["Footnote"]
    # What the refusal says works, and touches this server alone.
    assert (await add(world, "mine")).startswith("Added mine (a label)\n")
    elsewhere = world.env.create_guild("Oaks")
    channel = elsewhere.create_text_channel("general")
    reader = elsewhere.add_member(world.env.create_user("carl"))
    await world.reader.slash(world.channel, "ask", question="How many arches has the bridge?")
    assert "The bridge of Oaks has seven arches." in render.unescape(says(world.channel.last_message))
    await reader.slash(channel, "ask", question=SHIPS)
    assert "Forty ships anchor there every summer." in render.unescape(says(channel.last_message))
    assert [change.who for change in real.history()] == ["Footnote"]
    assert str(tmp_path) not in told(await world.admin.slash(world.channel, "library list"))


async def test_quotas_are_told_before_they_bite_and_then_refuse(
    world: World, real: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "servers" / str(world.guild.id)
    assert "of 3 articles" not in await add(world, "a")
    assert "of 3 articles" not in await add(world, "b")
    assert "This server has 3 of 3 articles." in (await add(world, "c")).splitlines()
    before = on_disk(folder)
    assert await add(world, "d") == (
        "This server has 3 of 3 articles. Remove one that is not needed any more, then add this one."
    )
    assert on_disk(folder) == before
    questions = ("q.jsonl", b'{"question": "Who?", "evidence": []}\n' * 3)
    result = await world.admin.slash(
        world.channel, "reindex", article="a", file=("a.txt", MINE[1]), questions=questions
    )
    assert told(result) == "The file of questions has 3 questions. It may have 2."
    refused = told(await world.admin.slash(world.channel, "reindex", article="a"))
    assert refused.startswith(
        "This server has made 5 changes within an hour, as many as it may. Try again in "
    )
    assert world.errors() == [QuotaError, QuotaError, TooManyChangesError]
    elsewhere = real.branch("77")  # another server's quota is its own
    assert elsewhere.entries()[0].own is False
    await world.reader.slash(world.channel, "ask", question=SHIPS, article="harbour")
    assert "Forty ships anchor there every summer." in render.unescape(says(world.channel.last_message))


async def test_the_last_changes_of_an_hour_are_told(world: World) -> None:
    await add(world, "a")
    reports = [told(await world.admin.slash(world.channel, "reindex", article="a")) for _ in range(3)]
    assert ["This was change" in report for report in reports] == [False, False, True]
    assert "This was change 4 of 5 in this hour." in reports[2].splitlines()


async def test_an_attachment_waits_for_its_turn_in_the_database_and_goes_with_its_job(
    world: World, real: Library
) -> None:
    def contents() -> list[bytes | None]:
        with real.jobs._database.reading() as connection:
            return list(connection.scalars(select(JobRow.content)))

    busy, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        let_go.wait(timeout=30)

    world.bot.service._threads.index(hold)
    assert busy.wait(timeout=30)
    await world.begin(world.admin.slash(world.channel, "library add", file=MINE))
    assert contents() == [MINE[1]]
    let_go.set()
    await world.env.settle()
    assert contents() == []


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what a thread brings about."""
    for _ in range(500):
        if condition():
            return
        await asyncio.to_thread(time.sleep, 0.01)
    raise TimeoutError


def leaves(world: World, **more: Any) -> None:
    """Discord says that the bot is not in the server any more, or that the server is out of reach."""
    world.env.backend.emit("GUILD_DELETE", {"id": str(world.guild.id), **more})


def comes_back(world: World) -> None:
    backend = world.env.backend
    backend.emit("GUILD_CREATE", serializers.guild_create_payload(backend, backend.guilds[world.guild.id]))


async def test_a_server_that_removes_the_bot_has_a_grace(
    world: World, real: Library, clock: Clock, tmp_path: Path
) -> None:
    await add(world, "mine")
    server = str(world.guild.id)
    folder = tmp_path / "data" / "servers" / server
    leaves(world, unavailable=True)  # an outage is no leaving
    await world.env.settle()
    assert real.upkeep.left_since(server) is None
    comes_back(world)
    await world.env.settle()
    leaves(world)
    await until(lambda: real.upkeep.left_since(server) is not None)
    clock.ahead = timedelta(days=13)
    await world.bot.service.upkeep.tidy(world.bot.serves)
    assert folder.exists()
    comes_back(world)
    await until(lambda: real.upkeep.left_since(server) is None)
    clock.ahead = timedelta(days=100)
    await world.bot.service.upkeep.tidy(world.bot.serves)
    await world.reader.slash(world.channel, "ask", question="How many arches has the bridge?")
    assert "The bridge of Oaks has seven arches." in render.unescape(says(world.channel.last_message))
    leaves(world)
    await until(lambda: real.upkeep.left_since(server) is not None)
    clock.ahead += timedelta(days=15)
    await world.bot.service.upkeep.tidy(world.bot.serves)
    assert not folder.exists()
    comes_back(world)
    await world.env.settle()
    await world.reader.slash(world.channel, "ask", question=SHIPS)
    assert "Forty ships anchor there every summer." in render.unescape(says(world.channel.last_message))
    assert world.errors() == []


async def test_servers_that_left_while_the_bot_did_not_run_are_noticed_when_it_is_ready(
    world: World, real: Library
) -> None:
    await add(world, "mine")
    real.branch("77").add(upload(*MINE), who="carl")
    real.upkeep.leave(str(world.guild.id))
    world.bot.dispatch("ready")
    await until(lambda: real.upkeep.left_since("77") is not None)
    assert real.upkeep.left_since(str(world.guild.id)) is None


async def test_nothing_goes_before_it_is_known_which_servers_the_bot_is_in(
    world: World, real: Library, clock: Clock, tmp_path: Path
) -> None:
    """It was removed, and asked back while it did not run: longer than the grace ago."""
    await add(world, "mine")
    server = str(world.guild.id)
    await world.bot.remove_cog("Membership")
    real.upkeep.leave(server)
    clock.ahead = timedelta(days=15)
    await world.bot.add_cog(Membership(world.bot))
    await world.env.settle()
    assert real.upkeep.left_since(server) is not None  # nothing was done yet
    world.bot.dispatch("ready")
    await until(lambda: real.upkeep.left_since(server) is None)
    await world.env.settle()
    assert (tmp_path / "data" / "servers" / server / "articles" / "mine").is_dir()
