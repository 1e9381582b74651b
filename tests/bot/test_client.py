"""Clean start and stop: commands synced only when they changed, answers in flight finished."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import discord
import pytest

from bot import Settings, create_bot, render
from bot.cli import doctor
from bot.client import FootnoteBot
from bot.registration import failures
from bot.service.service import Service
from tests.bot.conftest import World, says
from tests.fakes import HeldLibrary

pytestmark = pytest.mark.slow

QUESTION = "When was the harbour of Elms built?"


def new_bot(settings: Settings) -> FootnoteBot:
    return create_bot(settings, service=Service(HeldLibrary()))


async def restart(world: World, bot: FootnoteBot) -> None:
    await world.bot.service.close(patience=1)
    await world.env.restart_bot(bot)


def syncs(world: World) -> int:
    return len(world.requests("PUT", "/applications/*"))


def test_no_privileged_intent_and_no_ping(settings: Settings) -> None:
    bot = new_bot(settings)
    assert {name for name, on in bot.intents if on} == {"guilds", "guild_messages", "dm_messages"}
    assert bot.allowed_mentions
    assert dict(bot.allowed_mentions.to_dict()) == {"parse": []}


def test_the_text_of_all_messages_is_asked_for_where_a_setting_says_so(settings: Settings) -> None:
    bot = new_bot(settings.model_copy(update={"message_content": True}))
    names = {name for name, on in bot.intents if on}
    assert names == {"guilds", "guild_messages", "dm_messages", "message_content"}


async def test_commands_are_synced_once_and_again_only_when_they_changed(
    world: World, settings: Settings
) -> None:
    assert syncs(world) == 1
    await restart(world, new_bot(settings))
    assert syncs(world) == 1
    changed = new_bot(settings)

    @changed.tree.command(name="new")
    async def new(_: discord.Interaction[FootnoteBot]) -> None:
        """A command that was not there before."""

    await restart(world, changed)
    assert syncs(world) == 2
    await restart(world, new_bot(settings))
    assert syncs(world) == 3


async def test_commands_removed_elsewhere_come_back(world: World, settings: Settings) -> None:
    world.bot.tree.clear_commands(guild=None)
    await world.bot.tree.sync()
    assert syncs(world) == 2
    await restart(world, new_bot(settings))
    assert syncs(world) == 3
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert result.acknowledged


async def test_another_data_folder_knows_nothing_of_what_was_synced(world: World, tmp_path: Path) -> None:
    await restart(world, new_bot(Settings(data_dir=tmp_path / "other")))
    assert syncs(world) == 2


async def test_commands_can_be_synced_to_one_server(world: World, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, sync_guild=world.guild.id)
    await restart(world, new_bot(settings))
    await restart(world, new_bot(settings))
    assert len(world.requests("PUT", f"/applications/*/guilds/{world.guild.id}/commands")) == 1
    assert await commands(world, world.guild.id) >= {"article", "ask", "help", "reindex", "Ask the article"}


async def commands(world: World, guild: int | None = None) -> set[str]:
    registered = await world.bot.tree.fetch_commands(guild=discord.Object(guild) if guild else None)
    return {command.name for command in registered}


async def test_what_was_registered_elsewhere_before_is_taken_back(world: World, tmp_path: Path) -> None:
    other = world.env.create_guild("Oaks")
    everywhere = await commands(world)
    assert everywhere
    await restart(world, new_bot(Settings(data_dir=tmp_path, sync_guild=world.guild.id)))
    assert await commands(world) == set()
    assert await commands(world, world.guild.id) == everywhere
    await restart(world, new_bot(Settings(data_dir=tmp_path, sync_guild=other.id)))
    assert await commands(world, world.guild.id) == set()
    assert await commands(world, other.id) == everywhere
    await restart(world, new_bot(Settings(data_dir=tmp_path)))
    assert await commands(world, other.id) == set()
    assert await commands(world) == everywhere
    before = len(world.requests("PUT", "/applications/*"))
    await restart(world, new_bot(Settings(data_dir=tmp_path)))
    assert len(world.requests("PUT", "/applications/*")) == before


async def test_a_server_that_the_bot_has_left_does_not_keep_it_from_starting(
    world: World, tmp_path: Path
) -> None:
    await restart(world, new_bot(Settings(data_dir=tmp_path, sync_guild=world.guild.id)))
    world.env.inject_error("PUT", f"/applications/*/guilds/{world.guild.id}/commands", status=403, code=50001)
    await restart(world, new_bot(Settings(data_dir=tmp_path)))
    assert "ask" in await commands(world)
    assert [path.name for path in (tmp_path / "discord").iterdir()] == [f"{world.bot.application_id}-global"]


async def test_what_others_registered_is_left_alone(world: World, tmp_path: Path) -> None:
    """Without a note of its own there, the bot did not register what it finds."""
    world.bot.tree.copy_global_to(guild=discord.Object(world.guild.id))
    await world.bot.tree.sync(guild=discord.Object(world.guild.id))
    await restart(world, new_bot(Settings(data_dir=tmp_path)))
    assert "ask" in await commands(world, world.guild.id)


async def test_commands_are_synced_again_when_only_a_translation_changed(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def translate(*_: object) -> str:
        return "anders"

    monkeypatch.setattr("bot.words.CommandTranslator.translate", translate)
    await restart(world, new_bot(settings))
    assert syncs(world) == 2


async def test_commands_that_discord_does_not_take_are_tried_again_and_mentions_answered_meanwhile(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.registration.ExponentialBackoff.delay", lambda _: 3_600.0)
    settings = Settings(data_dir=tmp_path / "new")
    world.env.inject_error("GET", "/applications/*/commands", status=500, times=5)
    await restart(world, new_bot(settings))
    await world.reader.send(world.channel, f"{world.mention} {QUESTION}")
    assert "The harbour of Elms was built in 1901." in render.unescape(world.texts()[-1])
    await world.reader.send_dm(QUESTION)
    assert "The harbour of Elms was built in 1901." in render.unescape(
        says(world.reader.user.dm_channel.last_message)
    )
    (failure,) = failures(settings.data_dir)
    assert failure.tries == 1
    assert failure.reason.startswith("500 Error")
    (finding,) = [found for found in doctor._commands(settings) if found.verdict is doctor.Verdict.PROBLEM]
    assert "Discord has not taken the slash commands since" in finding.text
    assert "The commands could not be registered (try 1): 500" in caplog.text
    await world.env.advance_time(5 * 600)  # no wait is longer than ten minutes
    assert syncs(world) == 2
    assert caplog.text.count("The commands could not be registered") == 5
    assert list(failures(settings.data_dir)) == []
    assert [path.name for path in (settings.data_dir / "discord").iterdir()] == [
        f"{world.bot.application_id}-global"
    ]


async def test_closing_finishes_the_answers_in_flight_and_refuses_new_ones(world: World) -> None:
    world.library.asking.clear()
    await world.begin(world.reader.slash(world.channel, "ask", question=QUESTION))
    closing = asyncio.create_task(world.bot.close())
    await asyncio.sleep(0)
    await world.begin(world.admin.slash(world.channel, "ask", question=QUESTION))
    assert not closing.done()
    world.library.asking.set()
    await closing
    answer, refusal = world.texts(world.admin)
    assert "The harbour of Elms was built in 1901." in render.unescape(answer)
    assert refusal == "Footnote is just stopping. Ask again in a minute."
    assert len(world.env.errors) == 1


async def test_serving_closes_when_it_is_cancelled(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = new_bot(settings)
    started = asyncio.Event()

    async def start(_: str) -> None:
        started.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(bot, "start", start)
    serving = asyncio.create_task(bot.serve("token"))
    await started.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert bot.is_closed()


async def test_a_data_folder_that_cannot_be_written_to_does_not_keep_it_from_starting(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "full").write_text("This is no folder.")
    await restart(world, new_bot(Settings(data_dir=tmp_path / "full")))
    assert "Could not note whether the commands are registered: [Errno 20] Not a directory" in caplog.text
    result = await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert result.acknowledged


def test_full_collections_leave_out_what_the_model_libraries_have_made(settings: Settings) -> None:
    """They would hold up the event loop: there are more than half a million objects."""
    gc.unfreeze()
    try:
        create_bot(settings)
        assert gc.get_freeze_count() > 100_000
    finally:
        gc.unfreeze()
