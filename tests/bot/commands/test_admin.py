"""/reindex: for admins only, shown as it goes, cancelled at a press, one at a time, and told at its end."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import aiohttp
import discord
import pytest
import simcord
from hypothesis import given
from hypothesis import strategies as st

from bot import Settings, create_bot, render
from bot.components.cancel import CancelButton
from bot.components.card import Card
from bot.permissions import NotAllowedError
from bot.render import library as shown
from bot.render.text import MAX_TEXT, size
from bot.service.service import Service
from bot.sources import SourceError, source_of
from bot.words import ENGLISH, words_for
from index import (
    Action,
    ArticleError,
    EveryonesArticleError,
    Limits,
    MovedAnswer,
    Origin,
    OwnQuestionsError,
    Progress,
    ReindexReport,
    ReindexRunningError,
    SelfCheck,
    SelfCheckError,
    Source,
    SourceKind,
    UnknownArticleError,
)
from tests.bot.conftest import World, buttons, says
from tests.fakes import ARTICLE, BRIDGE, HeldLibrary

pytestmark = pytest.mark.slow

QUESTION = "When was the harbour built?"
REFUSAL = "Sorry, this is for people who may manage this server, and works only in a server."
PASSAGES = "Passages: {} kept, {} new, {} removed. It took 2.5 s."
EXAMPLES = (
    f"Example questions whose answer moved: 1 of 1.\n> **{QUESTION}**\n"
    "> before: The harbour of Elms was built in 1901. Forty ships anchor there every summer.\n"
    "> now: The harbour of Elms was built in 1902. Forty ships anchor there every summer."
)
INFO = HeldLibrary().info()
IN_USE = "It is the article in use here.\n-# `harbour`"
DONE = f"**Reindexed The harbour of \\*Elms\\***\n{PASSAGES.format(2, 1, 1)}\n{EXAMPLES}\n{IN_USE}"
UNCHANGED = (
    f"**Reindexed The harbour of \\*Elms\\***\n{PASSAGES.format(3, 0, 0)}\n"
    f"Nothing had changed, so the index from before goes on serving.\n{IN_USE}"
)
EVERYONES = (
    "“harbour” is everyone's article, so it cannot be changed from here. To have it otherwise, add an "
    "article of your own and put that in use.\n`/library add` adds one, `/library use` puts it in use."
)
NOTHING = "Nothing was changed."
NEWER = replace(ARTICLE, text=ARTICLE.text.replace("1901", "1902"))
EMPTY, HALF, FULL = "`░░░░░░░░░░░░░░░░░░░░` 0%", "`██████████░░░░░░░░░░` 50%", "`████████████████████` 100%"


@pytest.fixture
async def world(world: World) -> World:
    """The server has an article of its own: what is everyone's, its admins cannot change."""
    own(world)
    return world


@pytest.fixture
def stepping(world: World) -> Stepping:
    library = Stepping()
    world.serve(library)
    library.branch(str(world.guild.id)).give(ARTICLE)
    return library


def own(world: World) -> HeldLibrary:
    """The library of the server."""
    library = world.library.branch(str(world.guild.id))
    library.give(ARTICLE)
    return library


def told(result: simcord.InteractionResult) -> str:
    """What the answer to a command says, as people see it; it has to be private."""
    assert result.response
    assert result.response.ephemeral
    return render.unescape(says(result.response))


def edits(world: World) -> list[str]:
    """What the bot has edited into its answers, in order."""
    bodies = world.requests("PATCH", "/webhooks/*")
    return [
        "\n".join(inner["content"] for inner in body["components"][0]["components"] if "content" in inner)
        for body in bodies
    ]


async def test_an_admin_rebuilds_the_index_and_reads_privately_what_changed(world: World) -> None:
    world.library.next_article = NEWER
    result = await world.admin.slash(world.channel, "reindex")
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == DONE
    assert buttons(result.response) == []
    await world.reader.slash(world.channel, "ask", question=QUESTION)
    assert "The harbour of Elms was built in 1902." in render.unescape(says(world.channel.last_message))
    (change,) = world.library.branch(str(world.guild.id)).history()
    assert (change.who, change.action) == (f"admin ({world.admin.id})", Action.REINDEXED)


async def test_a_reader_does_not_see_the_command(world: World) -> None:
    assert "reindex" not in world.reader.available_commands(world.channel)
    assert "reindex" in world.admin.available_commands(world.channel)
    with pytest.raises(simcord.SetupError, match="not visible"):
        await world.reader.slash(world.channel, "reindex")


async def show_to_readers(world: World, name: str) -> None:
    """What a server's settings can do: show a command to somebody who may not use it."""
    (command,) = [c for c in await world.bot.tree.fetch_commands() if c.name == name]
    world.guild.set_command_permissions(command, {world.reader: True})


async def test_a_reader_whom_the_server_shows_the_command_is_refused_politely(world: World) -> None:
    await show_to_readers(world, "reindex")
    result = await world.reader.slash(world.channel, "reindex", url="https://example.org/canal")
    assert result.response
    assert result.response.ephemeral
    assert says(result.response) == REFUSAL
    assert world.errors() == [NotAllowedError]
    assert await world.reader.autocomplete(world.channel, "reindex", "article", "") == []


async def test_it_is_not_offered_in_a_direct_message(world: World) -> None:
    assert "reindex" not in world.admin.user.available_commands()
    assert "ask" in world.admin.user.available_commands()


class Stepping(HeldLibrary):
    """A library whose changes take a step whenever a test lets them."""

    def __init__(self) -> None:
        super().__init__()
        self.stepped, self.next_step = threading.Semaphore(0), threading.Semaphore(0)

    def _held(self, options: dict[str, Any]) -> dict[str, Any]:
        on_progress = options["on_progress"]

        def report(step: Progress) -> None:
            self.next_step.acquire(timeout=10)
            on_progress(step)
            self.stepped.release()

        return {**options, "on_progress": report}


async def test_every_stage_is_shown_as_it_goes(
    world: World, stepping: Stepping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.changes.SECONDS_BETWEEN_EDITS", 0)
    stepping.next_article = NEWER
    await world.begin(world.admin.slash(world.channel, "reindex"))
    for _ in range(5):
        stepping.next_step.release()
        assert stepping.stepped.acquire(timeout=10)
        await world.begin(world.env.settle())
    stepping.next_step.release()
    await world.env.settle()
    assert edits(world) == [
        f"**Reindexing**\nGetting ready {EMPTY}",
        f"**Reindexing**\nReading the article {EMPTY}",
        f"**Reindexing**\nReading the article {EMPTY}",
        f"**Reindexing**\nCutting it into passages {EMPTY}",
        f"**Reindexing**\nEmbedding the passages {EMPTY}",
        f"**Reindexing**\nEmbedding the passages {FULL}",
        f"**Reindexing**\nAsking its questions {EMPTY}",
        f"**Reindexing**\nSaving the index {EMPTY}",
        DONE,
    ]


async def test_progress_is_not_edited_more_often_than_once_a_second(world: World) -> None:
    await world.admin.slash(world.channel, "reindex")
    assert edits(world) == [f"**Reindexing**\nGetting ready {EMPTY}", UNCHANGED]


async def test_progress_that_cannot_be_shown_does_not_stop_the_work(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.env.inject_error("PATCH", "/webhooks/*", status=500)
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == UNCHANGED
    assert "Could not show how far the reindex is: 500" in caplog.text


async def test_progress_that_does_not_reach_discord_does_not_stop_the_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = discord.Interaction.edit_original_response
    tried: list[object] = []

    async def once_unreachable(interaction: discord.Interaction, **options: Any) -> object:
        tried.append(options)
        if len(tried) == 1:
            raise aiohttp.ServerDisconnectedError
        return await edit(interaction, **options)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", once_unreachable)
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == UNCHANGED


async def test_questions_are_answered_from_the_old_index_meanwhile(world: World) -> None:
    world.library.next_article = NEWER
    world.library.reindexing.clear()
    await world.begin(world.admin.slash(world.channel, "reindex"))
    await world.begin(world.reader.send(world.channel, f"{world.mention} {QUESTION}"))
    assert "The harbour of Elms was built in 1901." in render.unescape(world.texts()[-1])
    world.library.reindexing.set()
    await world.env.settle()
    assert DONE in world.texts(world.admin)


async def test_the_second_of_two_at_once_is_told_that_one_is_running(world: World) -> None:
    world.library.reindexing.clear()
    await world.begin(world.admin.slash(world.channel, "reindex"))
    await world.begin(world.admin.slash(world.channel, "reindex"))
    assert world.texts(world.admin)[-1] == "A reindex is running already. Wait until it is done."
    world.library.reindexing.set()
    await world.env.settle()
    assert world.texts(world.admin)[0] == UNCHANGED
    assert world.errors() == [ReindexRunningError]


async def test_a_reindex_that_fails_says_why_and_another_may_follow(world: World) -> None:
    world.library.error = ArticleError("There is no article at {place}.", place="`harbour`.txt")
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == "There is no article at \\`harbour\\`.txt."
    assert told(result) == "There is no article at `harbour`.txt."
    assert result.followups == []
    assert world.errors() == [ArticleError]
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == UNCHANGED


async def running(world: World) -> tuple[discord.Message, str]:
    """A reindex that has begun and is held back: its message, and its button's id."""
    world.library.next_article = NEWER
    world.library.reindexing.clear()
    await world.begin(world.admin.slash(world.channel, "reindex"))
    message = world.channel.history(viewer=world.admin)[-1]
    (cancel,) = buttons(message)
    return message, cancel


async def test_cancelling_changes_nothing(world: World) -> None:
    message, cancel = await running(world)
    await world.begin(world.admin.click(message, custom_id=cancel))
    assert world.texts(world.admin)[-1] == "Cancelling: it stops at its next step."
    world.library.reindexing.set()
    await world.env.settle()
    assert world.texts(world.admin) == [NOTHING]
    assert world.library.article() == ARTICLE
    assert world.library.history() == ()
    assert world.errors() == []


def press(world: World, *, manages: bool = False, server: int | None = None) -> Any:
    """A press on a private message by somebody else, which no client of theirs can make."""
    return SimpleNamespace(
        client=world.bot,
        user=SimpleNamespace(id=1),
        guild_id=server or world.guild.id,
        guild=None,
        channel=None,
        permissions=discord.Permissions(manage_guild=manages),
        is_guild_integration=lambda: True,
        locale=discord.Locale.american_english,
        response=AsyncMock(),
    )


async def test_nobody_else_may_cancel(world: World) -> None:
    _, cancel = await running(world)
    job = cancel.removeprefix("cancel:")
    with pytest.raises(NotAllowedError):
        await world.bot.changes.cancel(press(world), job)
    with pytest.raises(NotAllowedError):  # an admin of another server
        await world.bot.changes.cancel(press(world, manages=True, server=world.guild.id + 1), job)
    world.library.reindexing.set()
    await world.env.settle()
    assert world.texts(world.admin) == [DONE]


async def test_another_admin_may_cancel(world: World) -> None:
    _, cancel = await running(world)
    pressed = press(world, manages=True)
    await world.bot.changes.cancel(pressed, cancel.removeprefix("cancel:"))
    pressed.response.edit_message.assert_awaited_once()
    world.library.reindexing.set()
    await world.env.settle()
    assert world.texts(world.admin) == [NOTHING]


@pytest.mark.parametrize("ended", [False, True])
async def test_what_is_shown_last_is_how_it_ended_however_late_somebody_cancels(
    world: World, ended: bool
) -> None:
    message, cancel = await running(world)
    (job,) = world.bot.changes._jobs.values()
    job_id = cancel.removeprefix("cancel:")
    pressed, order = press(world, manages=True), list[str]()

    async def edit(**_: object) -> None:
        order.append("stopping")
        world.library.reindexing.set()
        await asyncio.sleep(0.05)  # Discord takes its time, and the work ends meanwhile
        order.append("stopped")
        order.extend("told" for text in edits(world) if text == NOTHING)

    pressed.response.edit_message.side_effect = edit
    if ended:
        await job.editing.acquire()
        cancelling = asyncio.create_task(world.bot.changes.cancel(pressed, job_id))
        async with asyncio.timeout(5):
            while world.bot.service.jobs._jobs.is_any_free() or not job.is_called_off:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        world.library.reindexing.set()
        async with asyncio.timeout(5):
            while await world.bot.service.jobs.request(job_id):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        job.editing.release()
        await cancelling
        pressed.response.defer.assert_awaited_once()
        pressed.response.edit_message.assert_not_awaited()
    else:
        await world.bot.changes.cancel(pressed, cancel.removeprefix("cancel:"))
        assert order == ["stopping", "stopped"]
    world.library.reindexing.set()
    await world.env.settle()
    assert world.texts(world.admin) == [NOTHING]
    assert message.id


async def test_cancelling_after_a_restart_says_that_it_is_over(world: World, settings: Settings) -> None:
    panel = Card(shown.progress(None, ENGLISH), CancelButton("0" * 16, ENGLISH))
    await world.bot.get_partial_messageable(world.channel.id).send(view=panel)
    await world.bot.service.close(patience=1)
    await world.env.restart_bot(create_bot(settings, service=Service(HeldLibrary())))
    message = world.channel.last_message
    assert message
    result = await world.admin.click(message, label="Cancel")
    assert told(result) == "This is over already: nothing is running any more."


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Discord's answer to an edit after fifteen minutes, and what the library knows of that time."""
    monkeypatch.setattr(discord.Interaction, "is_expired", lambda _: True)
    world.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)


@pytest.mark.usefixtures("late")
async def test_a_long_reindex_ends_in_the_channel(world: World) -> None:
    world.library.next_article = NEWER
    await world.admin.slash(world.channel, "reindex")
    (message,) = world.channel.history()
    assert says(message) == f"{world.admin.mention}\n{DONE}"
    assert message.author == world.bot.user


@pytest.mark.usefixtures("late")
async def test_a_long_reindex_ends_in_a_dm_where_the_channel_is_closed(world: World) -> None:
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=50013)
    await world.admin.slash(world.channel, "reindex")
    assert world.texts() == []
    (told,) = world.admin.user.dm_channel.history()
    assert says(told) == UNCHANGED


@pytest.mark.usefixtures("late")
async def test_a_long_reindex_ends_in_the_log_where_nobody_can_be_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=None)
    await world.admin.slash(world.channel, "reindex")
    assert "A reindex has ended, and who asked for it could not be told: **Reindexed" in caplog.text


@pytest.mark.usefixtures("late")
async def test_a_long_reindex_that_fails_says_so_in_a_dm_only(world: World) -> None:
    world.library.error = ArticleError("There is no article.")
    await world.admin.slash(world.channel, "reindex")
    assert world.texts() == []
    (told,) = world.admin.user.dm_channel.history()
    assert says(told) == "There is no article."


async def test_before_the_fifteen_minutes_end_the_message_says_where_the_end_will_be_told(
    world: World, stepping: Stepping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.changes.SECONDS_BETWEEN_EDITS", 0)
    monkeypatch.setattr("bot.changes.BEFORE_EXPIRY", timedelta(minutes=15))
    for _ in range(4):
        stepping.next_step.release()
    await world.admin.slash(world.channel, "reindex")
    shown_last = edits(world)[-2]
    assert shown_last.endswith(
        "\n-# This takes long. It goes on, and when it is done I write to this channel."
    )


async def test_an_admin_is_told_in_their_language(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.changes.words_of", lambda _: words_for("de"))
    result = await world.admin.slash(world.channel, "reindex")
    said = says(result.response).splitlines()
    assert said[0] == "**Neu indiziert: The harbour of \\*Elms\\***"
    assert "2,5" in said[1]


async def test_an_index_that_fails_its_self_check_is_not_put_in_place(world: World) -> None:
    world.library.error = SelfCheckError(
        "Only {right} of {asked} are right: {wrong}", failed=("Who *is* it?",), right=1, asked=2, wrong="Who?"
    )
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == (
        f"**{NOTHING}**\nSelf-check: 1 of 2 of its own questions are answered rightly. That is too few.\n"
        "Not answered rightly:\n> Who \\*is\\* it?\n"
        "To put it in place all the same, use the option `force`."
    )
    assert world.errors() == []


async def test_questions_that_cannot_be_read_are_named_in_the_readers_language_with_the_way_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OwnQuestionsError("Line {line} of the questions has no “{name}”.", line=3, name="evidence")
    world.library.error = error
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == (
        f"**{NOTHING}**\nLine 3 of the questions has no “evidence”.\n"
        "To put it in place all the same, use the option `force`."
    )
    monkeypatch.setattr("bot.changes.words_of", lambda _: words_for("de"))
    world.library.error = error
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response) == (
        "**Es wurde nichts geändert.**\nIn Zeile 3 der Fragen fehlt „evidence“.\n"
        "Um ihn trotzdem einzusetzen, benutze die Option `erzwingen`."
    )


async def test_the_report_names_what_moved_and_what_the_self_check_found(world: World) -> None:
    moved = MovedAnswer(QUESTION, "It was built in *1901*.", None)
    check = SelfCheck(asked=3, right=2, failed=("Who is it?",))

    class Moving(HeldLibrary):
        def reindex(self, *args: Any, **options: Any) -> ReindexReport:
            return replace(super().reindex(*args, **options), moved=(moved,), check=check, examples=4)

    library = world.serve(Moving())
    library.branch(str(world.guild.id)).give(ARTICLE)
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response).splitlines()[2:] == [
        "Nothing had changed, so the index from before goes on serving.",
        "Self-check: 2 of 3 of its own questions are answered rightly.",
        "> Who is it?",
        "Example questions whose answer moved: 1 of 4.",
        "> **When was the harbour built?**",
        "> before: It was built in \\*1901\\*.",
        "> now: the article does not say",
        "It is the article in use here.",
        "-# `harbour`",
    ]


@given(st.text(), st.text(max_size=9_000), st.text(max_size=9_000))
def test_no_report_is_too_long_or_more_than_text(title: str, quote: str, question: str) -> None:
    info = replace(INFO, article=replace(ARTICLE, title=title))
    moved = (MovedAnswer(question, quote, None), MovedAnswer(question, None, quote)) * 20
    check = SelfCheck(99, 1, (question,) * 99)
    report = ReindexReport(info, 1, 2, 3, 4.0, examples=99, moved=moved, check=check)
    for content in (
        shown.report(report, ENGLISH, added=True, in_use=False),
        shown.unpublished(SelfCheckError("", failed=(question,) * 99, right=1, asked=100), ENGLISH),
    ):
        Card(content)
        assert size(content.top) + size(content.footer) <= MAX_TEXT


# Sources


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is fetched; every address holds the article on the bridge."""
    fetched: list[str] = []

    def fetch(address: str, limits: Limits) -> Source:
        assert limits == Limits()
        fetched.append(address)
        return Source(Origin(SourceKind.WEB, address, "text/plain"), BRIDGE.text.encode())

    monkeypatch.setattr("bot.service.change_request.fetch", fetch)
    return fetched


async def test_an_address_adds_an_article_and_the_first_one_is_in_use(world: World, web: list[str]) -> None:
    result = await world.admin.slash(world.channel, "reindex", url=" <https://example.org/bridge> ")
    assert says(result.response) == (
        f"**Added bridge (a label)**\n{PASSAGES.format(0, 2, 0)}\nIt is the article in use here.\n-# `bridge`"
    )
    assert web == ["https://example.org/bridge"]
    assert world.library.branch(str(world.guild.id)).in_use() == "bridge"
    assert world.library.in_use() == "harbour"


async def test_an_address_that_is_here_already_is_reindexed(world: World, web: list[str]) -> None:
    await world.admin.slash(world.channel, "reindex", url="https://example.org/bridge")
    result = await world.admin.slash(world.channel, "reindex", url="https://example.org/bridge")
    assert says(result.response).startswith(f"**Reindexed bridge (a label)**\n{PASSAGES.format(2, 0, 0)}\n")
    assert len(web) == 2


async def test_a_file_replaces_what_a_named_article_says(world: World) -> None:
    await world.admin.slash(world.channel, "reindex", file=("bridge.txt", BRIDGE.text.encode()))
    newer = BRIDGE.text.replace("seven", "eight").encode()
    result = await world.admin.slash(world.channel, "reindex", article="bridge", file=("new.txt", newer))
    assert says(result.response).splitlines()[1] == PASSAGES.format(1, 1, 1)
    article = world.library.branch(str(world.guild.id)).article("bridge")
    assert article.text == newer.decode()


async def test_everyones_article_is_not_changed_from_a_server_which_is_told_how_to_have_its_own(
    world: World,
) -> None:
    server = world.library.branch(str(world.guild.id))
    server.remove(ARTICLE.id, who="ada")
    result = await world.admin.slash(world.channel, "reindex")
    assert told(result) == EVERYONES
    assert world.errors() == [EveryonesArticleError]
    await world.admin.slash(world.channel, "library add", file=("own.txt", ARTICLE.text.encode()))
    await world.admin.slash(world.channel, "library use", article="own")
    result = await world.admin.slash(world.channel, "reindex")
    assert says(result.response).startswith("**Reindexed own (a label)**")
    assert [entry.id for entry in server.entries() if entry.own] == ["own"]


async def test_everyones_article_cannot_be_replaced(world: World) -> None:
    world.library.branch(str(world.guild.id)).remove(ARTICLE.id, who="ada")
    result = await world.admin.slash(world.channel, "reindex", article="harbour", file=("new.md", b"No."))
    assert told(result) == EVERYONES
    assert world.errors() == [EveryonesArticleError]
    assert world.library.article() == ARTICLE


async def test_an_article_that_is_not_here_is_not_reindexed(world: World) -> None:
    result = await world.admin.slash(world.channel, "reindex", article="canal")
    assert says(result.response) == "No article “canal” is here. The list of articles says which ones are."
    assert world.errors() == [UnknownArticleError]


@pytest.mark.parametrize(
    "path",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "..\\x",
        "..",
        "C:\\secret.txt",
        "ftp://example.org/x",
        "data:,x",
        "javascript:alert(1)",
        " ",
        "//example.org/x",
        "https:/etc/passwd",
    ],
)
async def test_no_path_of_this_machine_can_be_named(world: World, web: list[str], path: str) -> None:
    for command in ("reindex", "library add"):
        result = await world.admin.slash(world.channel, command, url=path)
        assert told(result) == (
            "An address starts with http:// or https://. A file of yours can be attached as “file”; files of "
            "the machine that I run on cannot be named."
        )
    assert web == []
    assert world.errors() == [SourceError, SourceError]
    assert world.library.history() == ()


@given(st.text(min_size=1))
def test_only_http_is_ever_fetched(url: str) -> None:
    try:
        source = source_of(url, None, None, Limits())
    except SourceError:
        return
    assert source is not None
    assert url.strip().removeprefix("<").lower().startswith(("http://", "https://"))


async def test_one_source_is_named_and_questions_go_with_one(world: World) -> None:
    file = ("bridge.txt", b"The bridge.")
    both = await world.admin.slash(world.channel, "reindex", url="https://example.org", file=file)
    assert told(both) == "Name one source: either “url” or “file”."
    alone = await world.admin.slash(world.channel, "reindex", questions=file)
    assert told(alone) == "“questions” go with a source: name it as “url” or “file”."
    assert world.errors() == [SourceError, SourceError]


async def test_questions_accompany_the_source(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Source] = []
    add = HeldLibrary.add

    def note(library: HeldLibrary, source: Source, **options: Any) -> ReindexReport:
        seen.append(source)
        return add(library, source, **options)

    monkeypatch.setattr(HeldLibrary, "add", note)
    own = b'{"question": "Why?", "evidence": []}'
    await world.admin.slash(
        world.channel, "reindex", file=("bridge.txt", BRIDGE.text.encode()), questions=("own.jsonl", own)
    )
    assert [(source.content, source.questions) for source in seen] == [(BRIDGE.text.encode(), own)]


async def test_a_file_that_is_too_large_is_not_even_downloaded(world: World) -> None:
    result = await world.admin.slash(world.channel, "reindex", file=("big.txt", b"x" * 20_100_000))
    assert told(result) == "big.txt has 20.1 MB. A source may have 20 MB."
    result = await world.admin.slash(
        world.channel, "reindex", file=("a.txt", b"A."), questions=("q.jsonl", b"x" * 1_100_000)
    )
    assert told(result) == "q.jsonl has 1.1 MB. A file of questions may have 1 MB."
    assert world.errors() == [SourceError] * 2


async def test_a_source_that_is_refused_is_told_privately(world: World) -> None:
    world.library.error = ArticleError("{place} holds no text.", place="empty.html")
    result = await world.admin.slash(world.channel, "reindex", file=("empty.html", b"<p>"))
    assert told(result) == "empty.html holds no text."
    assert world.errors() == [ArticleError]


async def test_the_articles_of_the_place_are_offered(world: World) -> None:
    await world.admin.slash(world.channel, "reindex", file=("bridge.txt", BRIDGE.text.encode()))
    offered = await world.admin.autocomplete(world.channel, "reindex", "article", "")
    assert offered == [
        {"name": "bridge (bridge)", "value": "bridge"},
        {"name": "The harbour of *Elms* (harbour)", "value": "harbour"},
    ]
    offered = await world.admin.autocomplete(world.channel, "reindex", "article", "ELMS")
    assert [choice["value"] for choice in offered] == ["harbour"]
