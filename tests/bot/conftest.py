from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord.components import walk_components

from bot import Settings, create_bot
from bot.changes import Changes
from bot.client import FootnoteBot
from bot.service.service import Service
from index import Result
from tests.fakes import HeldLibrary

TEXT, BUTTON = discord.ComponentType.text_display.value, discord.ComponentType.button.value


class HeldService(Service):
    """Holds answers back in a way that lets the simulation's clock run on meanwhile.

    Its notes take longer to come than the simulation waits for: only ``advance_time`` brings them.
    """

    seconds_to_first_note = 60.0
    seconds_between_notes = 60.0

    def __init__(self, library: HeldLibrary, env: simcord.Env, **options: Any) -> None:
        super().__init__(library, **options)
        self.env = env
        self.let_go = asyncio.Event()

    async def _answer(self, *args: Any) -> Result:
        await self.env.external_wait(self.let_go.wait(), reason="the test holds the line")
        return await super()._answer(*args)


@dataclass
class World:
    """A server with one channel, a reader and an admin, and the bot in it."""

    env: simcord.Env
    library: HeldLibrary
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    reader: simcord.MemberActor
    admin: simcord.MemberActor

    @property
    def bot(self) -> FootnoteBot:
        assert isinstance(self.env.bot, FootnoteBot)
        return self.env.bot

    @property
    def mention(self) -> str:
        assert self.bot.user
        return self.bot.user.mention

    def errors(self) -> list[type[object]]:
        """The kinds of errors that reached the bot's handlers; they no longer fail the test."""
        return [type(getattr(error, "original", error)) for error in self.env.errors]

    async def begin(self, action: Awaitable[Any]) -> None:
        """Starts what the library holds back, and leaves it running."""
        patience, self.env.settle_timeout = self.env.settle_timeout, 0.3
        try:
            with pytest.raises(TimeoutError, match="did not settle"):
                await action
        finally:
            self.env.settle_timeout = patience

    def hold(self, **options: Any) -> HeldService:
        """Holds all answers back from now on, until ``let_go`` is set."""
        service = self.bot.service = HeldService(self.library, self.env, **options)
        return service

    def serve(self, library: HeldLibrary) -> HeldLibrary:
        """Has another library asked and changed from now on."""
        self.bot.service._worker.close()
        self.bot.service = Service(library)
        self.bot.changes = Changes(self.bot.service)
        return library

    def requests(self, method: str, path: str) -> list[Any]:
        """The bodies of the requests that the bot has made."""
        made = self.env.http_requests
        return [r.json for r in made if r.method == method and fnmatch(r.path, path)]

    def texts(self, viewer: simcord.MemberActor | None = None) -> list[str]:
        """What each message in the channel says, with those that only ``viewer`` can see."""
        return [says(message) for message in self.channel.history(viewer=viewer)]


def components(message: discord.Message | simcord.ResponseMessage | None) -> list[dict[str, Any]]:
    """Every component of a message, from top to bottom."""
    assert message
    plain = [c if isinstance(c, dict) else dict(c.to_dict()) for c in message.components]
    return list(walk_components(plain))


def says(message: discord.Message | simcord.ResponseMessage | None) -> str:
    """What a message of the bot's says: its content, or all its texts, one a line."""
    shown = [c["content"] for c in components(message) if c["type"] == TEXT]
    assert message
    return message.content or "\n".join(shown)


def buttons(message: discord.Message | simcord.ResponseMessage) -> list[str]:
    """The custom ids of a message's buttons, from top to bottom."""
    return [c["custom_id"] for c in components(message) if c["type"] == BUTTON]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def library(_read_here: None) -> HeldLibrary:
    return HeldLibrary()


@pytest.fixture
def simcord_bot(settings: Settings, library: HeldLibrary) -> FootnoteBot:
    return create_bot(settings, service=Service(library))


@pytest.fixture
async def world(simcord_env: simcord.Env, library: HeldLibrary) -> AsyncIterator[World]:
    simcord_env.settle_timeout = 20.0  # a busy machine needs more than five; held notes come after 60
    guild = simcord_env.create_guild("Elms")
    admins = guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    yield World(
        env=simcord_env,
        library=library,
        guild=guild,
        channel=guild.create_text_channel("general"),
        reader=guild.add_member(simcord_env.create_user("reader")),
        admin=guild.add_member(simcord_env.create_user("admin"), roles=[admins]),
    )
    for event in (library.loading, library.asking, library.reindexing):
        event.set()
    await asyncio.wait_for(simcord_env.bot.close(), timeout=30)
