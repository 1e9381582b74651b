"""/library: as an admin, as a reader, with the role of the setting, in a DM, and from another server."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import simcord

from bot import Settings, create_bot, render
from bot.client import FootnoteBot
from bot.components.custom_ids import MAX_CUSTOM_ID
from bot.components.decision import Decision, DecisionButton, NotYoursError
from bot.permissions import NotAllowedError
from bot.render import library as render_library
from bot.service.service import Service
from bot.sources import SourceError
from bot.words import ENGLISH
from index import Article, Entry, EveryonesArticleError, IndexInfo, LibraryError, UnknownArticleError
from tests.bot.commands.test_admin import EVERYONES
from tests.bot.conftest import World, buttons, says
from tests.fakes import ARTICLE, BRIDGE, INDEXED_AT, HeldLibrary

REFUSAL = "Sorry, this is for people who may manage this server, and works only in a server."
FILE = ("bridge.txt", BRIDGE.text.encode())
LISTED = " The list of articles says which ones are."
WHEN = int(INDEXED_AT.timestamp())
COMMANDS = ["list", "add", "use", "remove", "undo", "history"]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "library list": {},
    "library add": {"file": FILE},
    "library use": {"article": "harbour"},
    "library remove": {"article": "harbour"},
    "library undo": {},
    "library history": {},
    "reindex": {},
}
COMPLETED = ["library use", "library remove", "library undo", "library history", "reindex"]


@dataclass
class Elsewhere:
    """Another server with the same bot."""

    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    admin: simcord.MemberActor


@pytest.fixture
def elsewhere(world: World) -> Elsewhere:
    guild = world.env.create_guild("Oaks")
    admins = guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    admin = guild.add_member(world.env.create_user("carl"), roles=[admins])
    return Elsewhere(guild, guild.create_text_channel("general"), admin)


def server_library(world: World) -> HeldLibrary:
    return world.library.branch(str(world.guild.id))


def told(result: simcord.InteractionResult) -> str:
    """What the answer to a command says, as people see it; it has to be private."""
    assert result.response
    assert result.response.ephemeral
    return render.unescape(says(result.response))


async def add_bridge(world: World) -> None:
    await world.admin.slash(world.channel, "library add", file=FILE)


@pytest.mark.parametrize("command", ARGUMENTS)
async def test_a_reader_is_not_shown_a_command_and_refused_where_the_server_shows_it(
    world: World, command: str
) -> None:
    assert command not in world.reader.available_commands(world.channel)
    root = command.partition(" ")[0]
    (registered,) = [c for c in await world.bot.tree.fetch_commands() if c.name == root]
    world.guild.set_command_permissions(registered, {world.reader: True})
    result = await world.reader.slash(world.channel, command, **ARGUMENTS[command])
    assert told(result) == REFUSAL
    assert world.errors() == [NotAllowedError]
    if command in COMPLETED:
        assert await world.reader.autocomplete(world.channel, command, "article", "") == []
    assert server_library(world).history() == world.library.history() == ()


async def test_no_command_is_offered_in_a_direct_message(world: World) -> None:
    offered = world.admin.user.available_commands()
    assert "ask" in offered
    assert set(ARGUMENTS).isdisjoint(offered)


async def test_no_command_can_be_used_where_only_the_person_has_installed_the_bot(world: World) -> None:
    (registered,) = world.requests("PUT", "/applications/*/commands")
    mine = [c for c in registered if c["name"] in ("library", "reindex")]
    assert [(c["integration_types"], c["contexts"]) for c in mine] == [([0], [0])] * 2


@pytest.fixture
def simcord_bot(request: pytest.FixtureRequest, settings: Settings, library: HeldLibrary) -> FootnoteBot:
    """The bot, with FOOTNOTE_ADMIN_ROLE as the test's parameter where it has one."""
    role = getattr(request, "param", None)
    return create_bot(settings.model_copy(update={"admin_role": role}), service=Service(library))


@pytest.mark.parametrize("simcord_bot", ["Editors"], indirect=True)
@pytest.mark.parametrize("command", ARGUMENTS)
async def test_the_role_of_the_setting_admits_besides(world: World, command: str) -> None:
    editor = world.guild.add_member(
        world.env.create_user("editor"), roles=[world.guild.create_role("Editors")]
    )
    result = await editor.slash(world.channel, command, **ARGUMENTS[command])
    assert told(result) != REFUSAL
    result = await world.reader.slash(world.channel, command, **ARGUMENTS[command])
    assert told(result) == REFUSAL
    result = await world.admin.slash(world.channel, "library list")
    assert told(result) != REFUSAL
    assert NotAllowedError in world.errors()


@pytest.mark.parametrize("simcord_bot", ["77"], indirect=True)
async def test_a_role_that_is_set_by_its_id_is_not_one_that_has_it_as_its_name(world: World) -> None:
    impostor = world.guild.add_member(world.env.create_user("x"), roles=[world.guild.create_role("77")])
    assert told(await impostor.slash(world.channel, "library list")) == REFUSAL
    assert world.errors() == [NotAllowedError]


async def test_a_role_is_set_by_its_id(world: World) -> None:
    role = world.guild.create_role("Editors")
    editor = world.guild.add_member(world.env.create_user("editor"), roles=[role])
    (registered,) = [c for c in await world.bot.tree.fetch_commands() if c.name == "library"]
    world.guild.set_command_permissions(registered, {editor: True})
    world.bot.settings = world.bot.settings.model_copy(update={"admin_role": str(role.id)})
    assert told(await editor.slash(world.channel, "library list")) != REFUSAL


async def test_the_list_shows_what_is_in_use_and_where_it_is_from(world: World) -> None:
    await add_bridge(world)
    assert told(await world.admin.slash(world.channel, "library list")) == (
        f"bridge · in use here\n-# `bridge` · 2 passages · indexed <t:{WHEN}:R> · from bridge.txt\n"
        f"The harbour of *Elms*\n-# `harbour` · 3 passages · indexed <t:{WHEN}:R> · from harbour.txt · "
        "everyone's"
    )


async def test_a_long_list_has_pages(world: World) -> None:
    library = server_library(world)
    for number in range(20):
        library.give(replace(BRIDGE, id=f"a{number:02}", title="*" * 500))
    for page, last in ((1, "Page 1 of 3"), (3, "Page 3 of 3"), (99, "Page 3 of 3")):
        result = await world.admin.slash(world.channel, "library list", page=page)
        assert says(result.response).endswith(f"\n-# {last}")


async def test_an_article_is_added_and_answers(world: World) -> None:
    result = await world.admin.slash(world.channel, "library add", file=FILE, article="crossing")
    assert told(result) == (
        "Added bridge (a label)\nPassages: 0 kept, 2 new, 0 removed. It took 2.5 s.\n"
        "It is the article in use here.\n-# `crossing`"
    )
    await world.reader.slash(world.channel, "ask", question="How many arches has the bridge of Oaks?")
    assert "The bridge of Oaks has seven arches." in render.unescape(says(world.channel.last_message))


async def test_a_second_article_is_not_in_use_by_itself(world: World) -> None:
    await add_bridge(world)
    result = await world.admin.slash(world.channel, "library add", file=("canal.txt", b"The canal is dry."))
    assert told(result).splitlines()[2:] == [
        "To have it asked where no article is named: `/library use`",
        "-# `canal`",
    ]
    assert server_library(world).in_use() == "bridge"


async def test_an_id_that_is_taken_is_refused(world: World) -> None:
    await add_bridge(world)
    result = await world.admin.slash(world.channel, "library add", file=FILE)
    assert told(result) == "“bridge” is here already. Reindex it, or give the new article another id."
    assert world.errors() == [LibraryError]


async def test_what_is_said_of_a_taken_id_works(world: World) -> None:
    await add_bridge(world)
    newer = ("bridge.txt", BRIDGE.text.replace("seven", "eight").encode())
    assert "Reindex it, or give" in told(await world.admin.slash(world.channel, "library add", file=newer))
    await world.admin.slash(world.channel, "reindex", article="bridge", file=newer)
    assert "eight" in server_library(world).article("bridge").text
    await world.admin.slash(world.channel, "library add", file=newer, article="other")
    assert [entry.id for entry in server_library(world).entries() if entry.own] == ["bridge", "other"]
    assert world.errors() == [LibraryError]


@pytest.mark.parametrize(
    ("questions", "reason"),
    [
        (
            b'{"question": "Who crosses on Mondays?", "evidence": ["The bridge of Oaks has seven arches."]}',
            "Self-check: 0 of 1 of its own questions are answered rightly. That is too few.",
        ),
        (b'{"question": 7}', "Line 1 of the questions: “question” is not as it has to be."),
    ],
)
async def test_an_article_that_fails_its_own_questions_is_put_in_place_with_the_option_that_is_named(
    world: World, questions: bytes, reason: str
) -> None:
    source: dict[str, Any] = {"file": FILE, "questions": ("own.jsonl", questions)}
    refused = told(await world.admin.slash(world.channel, "library add", **source))
    assert refused.startswith("Nothing was changed.\n")
    assert reason in refused
    assert refused.endswith("To put it in place all the same, use the option `force`.")
    assert [entry.id for entry in server_library(world).entries()] == ["harbour"]
    forced = told(await world.admin.slash(world.channel, "library add", **source, force=True))
    assert forced.startswith("Added bridge (a label)\n")
    assert server_library(world).in_use() == "bridge"


async def test_an_id_that_no_button_could_carry_cannot_be_given(world: World) -> None:
    with pytest.raises(simcord.OptionError, match="40"):
        await world.admin.slash(world.channel, "library add", file=FILE, article="a" * 41)
    await world.admin.slash(world.channel, "library add", file=FILE, article="a" * 40)
    await world.reader.slash(world.channel, "ask", question="How many arches has the bridge of Oaks?")
    assert "The bridge of Oaks has seven arches." in render.unescape(says(world.channel.last_message))


async def test_adding_needs_a_source(world: World) -> None:
    result = await world.admin.slash(world.channel, "library add")
    assert told(result) == "Name what to add: a web address as “url”, or an attachment as “file”."
    assert world.errors() == [SourceError]


async def test_an_article_is_put_in_use_in_the_server_or_in_a_channel(world: World) -> None:
    await add_bridge(world)
    result = await world.admin.slash(world.channel, "library use", article="harbour", channel=world.channel)
    assert told(result) == f"The harbour of *Elms* is now the article in use in {world.channel.mention}."
    other = world.guild.create_text_channel("other")
    library = server_library(world)
    assert (library.in_use(str(world.channel.id)), library.in_use(str(other.id))) == ("harbour", "bridge")
    result = await world.admin.slash(other, "library use", article="harbour")
    assert told(result) == "The harbour of *Elms* is now the article in use in this server."
    assert library.in_use(str(other.id)) == "harbour"


async def test_what_is_not_here_cannot_be_used_removed_or_undone(world: World) -> None:
    for command, way_out in (("use", LISTED), ("remove", ""), ("undo", "")):
        result = await world.admin.slash(world.channel, f"library {command}", article="canal")
        assert told(result) == f"No article “canal” is here.{way_out}"
    assert world.errors() == [UnknownArticleError] * 3


async def test_everyones_article_can_be_neither_removed_nor_undone(world: World) -> None:
    for command in ("remove", "undo"):
        result = await world.admin.slash(world.channel, f"library {command}", article="harbour")
        assert told(result) == EVERYONES
    assert world.errors() == [EveryonesArticleError] * 2


async def test_removing_is_confirmed_and_undone(world: World) -> None:
    await add_bridge(world)
    asked = await world.admin.slash(world.channel, "library remove", article="bridge")
    assert told(asked) == (
        "Remove bridge? It is not asked any more; `/library undo` brings it back.\n-# `bridge`"
    )
    assert asked.response
    assert len(server_library(world).entries()) == 2
    await world.admin.click(asked.response, label="Remove")
    assert world.texts(world.admin)[-1] == "Removed `bridge`. `/library undo` brings it back."
    assert [entry.id for entry in server_library(world).entries()] == ["harbour"]

    asked = await world.admin.slash(world.channel, "library undo", article="bridge")
    assert told(asked) == "Bring the removed article `bridge` back?"
    assert asked.response
    await world.admin.click(asked.response, label="Undo")
    assert render.unescape(world.texts(world.admin)[-1]) == (
        f"bridge is back, as it was indexed <t:{WHEN}:f>."
    )
    assert [entry.id for entry in server_library(world).entries()] == ["bridge", "harbour"]


async def test_undo_goes_back_to_the_index_before(world: World) -> None:
    await add_bridge(world)
    newer = ("new.txt", BRIDGE.text.replace("seven", "eight").encode())
    await world.admin.slash(world.channel, "reindex", article="bridge", file=newer)
    asked = await world.admin.slash(world.channel, "library undo")
    assert told(asked) == f"Take new back to the index before the one of <t:{WHEN}:f>?\n-# `bridge`"
    assert asked.response
    await world.admin.click(asked.response, label="Undo")
    assert server_library(world).article("bridge").text == BRIDGE.text


@pytest.mark.parametrize("command", ["remove", "undo"])
async def test_leaving_it_changes_nothing(world: World, command: str) -> None:
    await add_bridge(world)
    asked = await world.admin.slash(world.channel, f"library {command}", article="bridge")
    assert asked.response
    await world.admin.click(asked.response, label="Leave it")
    assert world.texts(world.admin)[-1] == "Nothing was changed."
    assert buttons(world.channel.history(viewer=world.admin)[-1]) == []
    assert len(server_library(world).entries()) == 2


async def test_a_confirmation_expires(world: World) -> None:
    await add_bridge(world)
    asked = await world.admin.slash(world.channel, "library remove", article="bridge")
    assert asked.response
    await world.env.advance_time(timedelta(minutes=2, seconds=1).total_seconds())
    await world.admin.click(asked.response, label="Remove")
    assert render.unescape(world.texts(world.admin)[-1]) == (
        "You were asked a while ago. Nothing was changed; use the command again."
    )
    assert len(server_library(world).entries()) == 2


async def test_what_was_changed_after_the_question_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_bridge(world)
    asked = await world.admin.slash(world.channel, "library remove", article="bridge")
    assert asked.response
    monkeypatch.setattr("tests.fakes.INDEXED_AT", INDEXED_AT + timedelta(seconds=1))
    await world.admin.click(asked.response, label="Remove")
    assert render.unescape(world.texts(world.admin)[-1]) == (
        "It was changed after you were asked. Nothing was done; use the command again."
    )
    assert len(server_library(world).entries()) == 2


async def test_a_confirmation_outlives_a_restart(world: World, settings: Settings) -> None:
    await add_bridge(world)
    asked = await world.admin.slash(world.channel, "library remove", article="bridge")
    assert asked.response
    await world.bot.service.close(patience=1)
    await world.env.restart_bot(create_bot(settings, service=Service(world.library)))
    await world.admin.click(asked.response, label="Remove")
    assert [entry.id for entry in server_library(world).entries()] == ["harbour"]


async def test_only_the_one_who_was_asked_decides_and_only_while_an_admin(world: World) -> None:
    await add_bridge(world)
    decision = Decision("remove", world.admin.id, 2**40, WHEN, "bridge")

    press: Any = SimpleNamespace(user=discord.Object(world.reader.id))
    with pytest.raises(NotYoursError, match=r"^Only the one who was asked can press this\.$"):
        await DecisionButton(decision, ENGLISH).press(press)
    asked = await world.admin.slash(world.channel, "library remove", article="bridge")
    assert asked.response
    admins = next(role for role in world.guild.roles.values() if role.name == "Admins")
    world.env.backend.remove_member_role(world.guild.id, world.admin.id, admins.id)
    result = await world.admin.click(asked.response, label="Remove")
    assert told(result) == REFUSAL
    assert len(server_library(world).entries()) == 2


def test_what_a_button_carries_fits_whoever_asks_about_whatever() -> None:
    decision = Decision("remove", 2**64 - 1, 9_999_999_999, 9_999_999_999, "a" * 40)
    assert decision.custom_id.endswith("a" * 40)
    assert len(decision.custom_id) <= MAX_CUSTOM_ID


async def test_the_history_shows_who_did_what_and_when(world: World) -> None:
    assert told(await world.admin.slash(world.channel, "library history")) == "Nothing has been changed yet."
    await add_bridge(world)
    await world.admin.slash(world.channel, "library use", article="harbour")
    who = f"admin ({world.admin.id})"
    assert told(await world.admin.slash(world.channel, "library history")) == (
        f"<t:{WHEN}:f> · {who} put `harbour` in use\n"
        f"<t:{WHEN}:f> · {who} added `bridge` · passages: 0 kept, 2 new, 0 removed"
    )
    assert told(await world.admin.slash(world.channel, "library history", article="bridge")) == (
        f"<t:{WHEN}:f> · {who} added `bridge` · passages: 0 kept, 2 new, 0 removed"
    )


async def test_what_was_removed_long_ago_comes_back_and_is_in_the_history(world: World) -> None:
    await add_bridge(world)
    library = server_library(world)
    library.remove("bridge", who="ada")
    for _ in range(60):
        library.use("harbour", who="ada")
    asked = await world.admin.slash(world.channel, "library undo", article="bridge")
    assert told(asked) == "Bring the removed article `bridge` back?"
    offered = await world.admin.autocomplete(world.channel, "library undo", "article", "")
    assert [choice["value"] for choice in offered] == ["bridge"]
    last = told(await world.admin.slash(world.channel, "library history", page=99))
    assert last.endswith("added `bridge` · passages: 0 kept, 2 new, 0 removed\n-# Page 5 of 5")


async def test_no_folder_of_the_machine_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = HeldLibrary.entries

    def entries(library: HeldLibrary, **where: Any) -> tuple[Entry, ...]:
        places = iter(["/srv/secret/harbour.txt", "https://example.org/bridge"])
        return tuple(replace(entry, place=next(places)) for entry in listed(library, **where)[::-1])

    def info(library: HeldLibrary, *args: Any, **where: Any) -> IndexInfo:
        return replace(told_of(library, *args, **where), model="/srv/secret/mini")

    told_of = HeldLibrary.info
    await add_bridge(world)
    monkeypatch.setattr(HeldLibrary, "entries", entries)
    monkeypatch.setattr(HeldLibrary, "info", info)
    lines = told(await world.admin.slash(world.channel, "library list")).splitlines()
    assert lines[1].endswith(" · from harbour.txt · everyone's")
    assert lines[3].endswith(" · from https://example.org/bridge")
    shown = await world.reader.slash(world.channel, "article")
    assert "Model: mini" in says(shown.response)
    assert "secret" not in says(shown.response)


async def test_a_button_pressed_twice_goes_back_only_once(world: World) -> None:
    await add_bridge(world)
    for number in ("eight", "nine"):
        newer = ("new.txt", BRIDGE.text.replace("seven", number).encode())
        await world.admin.slash(world.channel, "reindex", article="bridge", file=newer)
    asked = await world.admin.slash(world.channel, "library undo", article="bridge")
    assert asked.response
    library, held = server_library(world), threading.Event()
    undo = library.undo

    def slowly(*args: Any, **options: Any) -> IndexInfo:
        held.wait(timeout=10)
        return undo(*args, **options)

    library.undo = slowly  # type: ignore[method-assign]
    for _ in range(2):
        await world.begin(world.admin.click(asked.response, label="Undo"))
    held.set()
    await world.env.settle()
    assert "eight" in library.article("bridge").text
    assert "A reindex is running already. Wait until it is done." in world.texts(world.admin)


async def test_autocomplete_offers_what_a_command_can_take(world: World) -> None:
    await add_bridge(world)
    await world.admin.slash(world.channel, "library add", file=("canal.txt", b"The canal is dry."))
    server_library(world).remove("canal", who="somebody")

    async def offered(command: str, typed: str = "") -> list[str]:
        found = await world.admin.autocomplete(world.channel, f"library {command}", "article", typed)
        return [choice["value"] for choice in found]

    assert await offered("use") == ["bridge", "harbour"]
    assert await offered("remove") == ["bridge"]
    assert sorted(await offered("undo")) == ["bridge", "canal"]
    assert sorted(await offered("history")) == ["bridge", "canal"]
    assert await offered("use", "nothing like it") == []


async def test_autocomplete_keeps_to_discords_limits(world: World) -> None:
    for number in range(40):
        title = f"{number} " + "x" * 300
        server_library(world).give(Article(f"a{number}", title, "The canal is dry."))
    offered = await world.admin.autocomplete(world.channel, "library use", "article", "")
    assert len(offered) == 25
    assert all(1 <= len(choice["name"]) <= 100 for choice in offered)


async def test_another_server_sees_nothing_of_it(world: World, elsewhere: Elsewhere) -> None:
    await add_bridge(world)
    await world.admin.slash(world.channel, "library use", article="bridge", channel=world.channel)
    admin, channel = elsewhere.admin, elsewhere.channel
    listed = told(await admin.slash(channel, "library list"))
    assert "harbour" in listed
    assert "bridge" not in listed
    assert told(await admin.slash(channel, "library history")) == "Nothing has been changed yet."
    for command in COMPLETED:
        offered = await admin.autocomplete(channel, command, "article", "")
        assert "bridge" not in [choice["value"] for choice in offered]
    missing = (("library use", LISTED), ("library remove", ""), ("library undo", ""), ("reindex", LISTED))
    for command, way_out in missing:
        result = await admin.slash(channel, command, article="bridge")
        assert told(result) == f"No article “bridge” is here.{way_out}"
    assert "Nothing has been changed yet." in told(
        await admin.slash(channel, "library history", article="bridge")
    )
    assert world.errors() == [UnknownArticleError] * 4
    assert len(server_library(world).history()) == 2
    assert server_library(world).article("bridge").text == BRIDGE.text


async def test_two_servers_have_an_article_of_the_same_id_each(world: World, elsewhere: Elsewhere) -> None:
    await add_bridge(world)
    other = ("bridge.txt", b"The bridge of Elms has one arch.")
    await elsewhere.admin.slash(elsewhere.channel, "library add", file=other)
    question = "How many arches has the bridge?"
    await elsewhere.admin.slash(elsewhere.channel, "ask", question=question)
    assert "The bridge of Elms has one arch." in says(elsewhere.channel.last_message)
    await world.reader.slash(world.channel, "ask", question=question)
    assert "The bridge of Oaks has seven arches." in render.unescape(says(world.channel.last_message))


async def test_a_reindex_of_one_server_does_not_keep_another_from_answering_or_listing(
    world: World, elsewhere: Elsewhere
) -> None:
    world.library.reindexing.clear()
    await world.begin(world.admin.slash(world.channel, "library add", file=FILE))
    await world.begin(elsewhere.admin.slash(elsewhere.channel, "library list"))
    assert "harbour" in says(elsewhere.channel.history(viewer=elsewhere.admin)[-1])
    world.library.reindexing.set()
    await world.env.settle()
    assert ARTICLE.id in [entry.id for entry in world.library.entries()]


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("texts/secret/harbour.txt", "harbour.txt"),
        ("/srv/secret/harbour.txt", "harbour.txt"),
        ("C:\\secret\\harbour.txt", "harbour.txt"),
        ("harbour.txt", "harbour.txt"),
        ("https://example.org/secret/harbour", "https\\://example.org/secret/harbour"),
    ],
)
def test_a_list_names_no_folder_of_the_machine(place: str, shown: str) -> None:
    (entry,) = HeldLibrary().entries()
    content = render_library.entries((replace(entry, place=place, own=False),), ENGLISH)
    assert f" · from {shown} · everyone's" in content.top
