"""/privacy and /my-data: what is kept is told, given out, deleted without a rest, or not kept at all."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import simcord
from sqlalchemy import select

from bot import Settings
from bot.cli.insights import page, table, text
from bot.render import privacy
from bot.render.charts import LIGHT, charts
from bot.service.ledger import OptedOutError
from bot.words import ENGLISH, words_for
from index import SOMEONE, insights
from index.storage.tables import Table
from tests.bot.commands.test_ask import QUESTION
from tests.bot.components.test_follow_up import restart
from tests.bot.components.test_vote import ask, kept, vote
from tests.bot.conftest import World, says
from tests.fakes import ARTICLE, BRIDGE
from tests.index.fakes import FakeEmbedder

pytestmark = pytest.mark.slow

ODD_QUESTION = "When was the zebrafinch harbour built?"
OPINION = "quokka"


async def file_sent(user: simcord.MemberActor) -> dict[str, Any]:
    """What the bot sent somebody last, as a file."""
    message = user.user.dm_channel.last_message
    assert message
    (attachment,) = message.attachments
    assert attachment.filename == "footnote-my-data.json"
    content: dict[str, Any] = json.loads(await attachment.read())
    return content


async def command(world: World, *names: str, who: simcord.MemberActor | None = None, **options: Any) -> str:
    result = await (who or world.reader).slash(world.channel, " ".join(names), **options)
    assert result.response
    assert result.response.ephemeral
    return says(result.response)


async def test_it_is_told_in_plain_words(world: World) -> None:
    for who in (world.reader, world.admin):
        assert await command(world, "privacy", who=who) == privacy.privacy(ENGLISH, days=90, minutes=10).top
    result = await world.reader.user.slash("privacy")
    assert "for 90 days, then it is deleted" in says(result.response)
    assert "- No questions.\n" in privacy.privacy(ENGLISH, days=0, minutes=10).top
    assert "für 1,5 Tage" in privacy.privacy(words_for("de"), days=1.5, minutes=10).top


async def live(world: World) -> None:
    """What leaves something of the admin in every place that there is."""
    own = world.library.branch(str(world.guild.id))
    own.give(ARTICLE)
    own.give(BRIDGE)
    message = await ask(world)
    await vote(world, message, "u", world.admin)
    shown = await vote(world, message, "d", world.admin)
    await world.admin.submit_modal(shown, {"complaint": ["wrong"], "comment": OPINION})
    await world.admin.slash(world.channel, "ask", question=ODD_QUESTION)
    await world.admin.slash(world.channel, "ask", question=ODD_QUESTION, private=True)
    await world.admin.send_dm(ODD_QUESTION)
    await world.admin.slash(world.channel, "library use", article="bridge")


def rests(world: World, *words: str) -> list[str]:
    """Where in the tables and in the files any of some words stands."""
    places = []
    with world.library._articles.folder.records.database.reading() as connection:
        for table in Table.metadata.sorted_tables:
            content = repr(connection.execute(select(table)).all())
            places += [f"{table.name}: {word}" for word in words if word in content]
    for path in sorted(world.library._articles.folder.path.rglob("*")):
        if path.is_file():
            content = path.read_bytes().decode("latin-1")
            places += [f"{path.name}: {word}" for word in words if word in content]
    return places


def exports(world: World) -> str:
    """What the page, the table, the text and the charts of the server's questions say."""
    until = datetime.now(UTC) + timedelta(hours=1)
    since = until - timedelta(days=2)
    questions = world.library.ledger.questions(str(world.guild.id), since, until)
    period = insights(questions, since, until, FakeEmbedder())
    alts = [chart.alt for chart in charts(period, ENGLISH, LIGHT)]
    return "\n".join([page(period, world.library, "Elms"), table(period), text(period), *alts])


async def test_of_a_person_who_is_deleted_nothing_is_found(
    world: World, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await live(world)
    mine = ("zebrafinch", OPINION, str(world.admin.id), f"{world.admin.name} (")
    assert {place.partition(": ")[0] for place in rests(world, *mine)} >= {"questions", "votes", "changes"}
    assert "zebrafinch" in exports(world)
    assert OPINION in exports(world)
    asked = await world.admin.slash(world.channel, "my-data delete")
    assert asked.response
    assert says(asked.response) == (
        "Of you I keep: 3 questions, 1 vote, and 1 line of a history.\n"
        "Deleted is deleted. In the histories, someone will have made your changes. What you wrote in "
        "Discord itself stays there."
    )
    await restart(world, settings)
    result = await world.admin.click(asked.response, label="Delete all of it")
    assert says(result.response) == "It is deleted. I keep nothing of what you asked or did before."
    assert rests(world, *mine) == []
    assert not [word for word in mine if word in caplog.text + exports(world)]
    assert "1 answered, 0 uncertain, 0 not in the article" in exports(world)
    history = world.library.branch(str(world.guild.id)).history()
    assert {change.who for change in history} == {SOMEONE}
    assert [one.question for one in kept(world)] == [QUESTION]
    offers = await world.reader.autocomplete(world.channel, "ask", "question", "zebra")
    assert "zebrafinch" not in repr(offers)


async def test_everybody_gets_what_is_theirs_as_a_file(world: World) -> None:
    await live(world)
    assert await command(world, "my-data", "export", who=world.admin) == (
        "I have sent you all of it as a file in a DM."
    )
    content = await file_sent(world.admin)
    assert [one["question"] for one in content["questions"]] == [ODD_QUESTION] * 3
    assert sorted((one["private"], one["server"]) for one in content["questions"] if one["server"]) == [
        (False, str(world.guild.id)),
        (True, str(world.guild.id)),
    ]
    (voted,) = content["votes"]
    assert (voted["good"], voted["complaint"], voted["comment"]) == (False, "wrong", OPINION)
    assert {change["action"] for change in content["changes"]} == {"used"}
    assert content["keep_nothing"] is False
    await command(world, "my-data", "export")
    content = await file_sent(world.reader)
    assert [one["question"] for one in content["questions"]] == [QUESTION]
    assert OPINION not in repr(content)
    assert str(world.admin.id) not in repr(content)


async def test_who_takes_no_messages_is_told_so(world: World) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50007)
    assert await command(world, "my-data", "export") == (
        "Discord does not let me write to you. Allow DMs from this server for a moment, and try again."
    )


async def test_who_wants_nothing_kept_has_nothing_kept(world: World) -> None:
    await live(world)
    await command(world, "my-data", "keep", who=world.admin, allowed=False)
    assert set(rests(world, str(world.admin.id), "zebrafinch", OPINION)) <= {
        f"opt_outs: {world.admin.id}",
        f"footnote.sqlite3: {world.admin.id}",
    }
    await live(world)
    assert rests(world, "zebrafinch", OPINION) == []
    history = world.library.branch(str(world.guild.id)).history()
    assert {change.who for change in history} == {SOMEONE}
    await command(world, "my-data", "keep", who=world.admin, allowed=True)
    await world.admin.slash(world.channel, "ask", question=ODD_QUESTION)
    assert [one.question for one in kept(world, world.admin)] == [ODD_QUESTION]
    assert set(world.errors()) == {OptedOutError}
