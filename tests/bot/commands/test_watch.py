"""/library watch and /library follow: pages, feeds, sitemaps and channels, as admin, reader, stranger, "
"elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
import simcord

from bot import Settings, create_bot, render
from bot.channels import UnreadableChannelError
from bot.client import FootnoteBot
from bot.commands.library import QuietChannelError
from bot.commands.watching import WatchLoop
from bot.permissions import NotAllowedError
from bot.service.place import Place
from bot.service.service import Service
from bot.service.threads import ClosingError
from bot.service.watch_changes import WHO
from bot.service.watch_news import ChannelText, WatchEndError
from bot.service.watching import NotWebError
from bot.sources import SourceError
from index import (
    SOMEONE,
    Entry,
    EveryonesArticleError,
    LibraryError,
    Limits,
    Origin,
    PageVisit,
    ReindexRunningError,
    Source,
    SourceKind,
    UnknownArticleError,
    Visits,
    Watch,
)
from tests.bot.commands.test_library import (
    FILE,
    REFUSAL,
    Elsewhere,
    elsewhere,
    server_library,
    told,
)
from tests.bot.conftest import World, buttons, says
from tests.fakes import INDEXED_AT, HeldLibrary
from tests.index.hostile import Server, response

__all__ = ["elsewhere"]

OPEN, CLOSED = "The museum of Elms is open on Mondays.", "The museum of Elms is closed on Mondays."
ENTRY = "Entry to the museum costs four crowns for everybody."


def page(title: str, *paragraphs: str) -> bytes:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    head = f"<html lang=en><head><title>{title}</title></head>"
    return f"{head}<body><article><h1>{title}</h1>{body}</article></body></html>".encode()


def rss(*entries: tuple[str, str]) -> bytes:
    items = "".join(f"<item><link>{link}</link><pubDate>{date}</pubDate></item>" for link, date in entries)
    return f'<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def sitemap(*entries: tuple[str, str]) -> bytes:
    rows = "".join(f"<url><loc>{link}</loc><lastmod>{date}</lastmod></url>" for link, date in entries)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def day(number: int) -> str:
    return f"Mon, {number:02} Jun 2026 12:00:00 GMT"


@dataclass
class Site:
    """A web site, with a clock that tests turn."""

    server: Server
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    pauses: list[float] = field(default_factory=list)

    def put(self, path: str, title: str, *paragraphs: str) -> str:
        return self.server.at(path, response(page(title, *paragraphs), "text/html; charset=utf-8"))

    def gone(self, path: str) -> str:
        return self.server.at(path, response(b"Gone.", "text/plain", status="404 Not Found"))

    def feed(self, *entries: tuple[str, str]) -> str:
        return self.server.at("/feed", response(rss(*entries), "application/rss+xml"))

    def sitemap(self, *entries: tuple[str, str]) -> str:
        return self.server.at("/sitemap.xml", response(sitemap(*entries), "application/xml"))

    def serves(self, service: Service) -> None:
        patient = Limits(max_seconds=60.0, max_extract_seconds=60.0)  # that a busy machine keeps to
        visits = Visits(patient, guard=self.server.guard, sleep=self.pauses.append)
        service.watching._visits = service.watching._lists._visits = visits
        service.watching._now = lambda: self.now


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    world.env.settle_timeout = 60.0  # sites and workers are waited for, on a busy machine as well
    site = Site(Server())
    site.server.at("/robots.txt", response(b"", "text/plain", status="404 Not Found"))
    site.serves(world.bot.service)
    yield site
    site.server.close()


def watches(world: World) -> tuple[Watch, ...]:
    return world.library.upkeep.watches.of(str(world.guild.id))


def own(world: World) -> list[str]:
    return [entry.id for entry in server_library(world).entries() if entry.own]


def add_page(world: World, address: str, *, title: str = "Museum", texts: tuple[str, ...] = (OPEN,)) -> None:
    source = Source(Origin(SourceKind.WEB, address, "text/html"), page(title, *texts))
    server_library(world).add(source, who="ada")


async def wait(world: World, site: Site, time: timedelta = timedelta()) -> list[str]:
    """Lets time pass and has what is due read; what the channel has been told."""
    before = len(world.channel.history())
    site.now += time
    loop = world.bot.get_cog("WatchLoop")
    assert isinstance(loop, WatchLoop)
    await loop.look()
    await world.env.settle()
    return [render.unescape(says(message)) for message in world.channel.history()[before:]]


async def command(world: World, name: str, **options: Any) -> str:
    return told(await world.admin.slash(world.channel, f"library {name}", **options))


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


# A page


async def watch_museum(world: World, site: Site, every: str = "day") -> str:
    address = site.put("/museum", "Museum", OPEN)
    add_page(world, address)
    assert await command(world, "watch", article="museum", every=every) == (
        f"Museum is read again every {every}. Where its text has changed it is reindexed, and I tell this "
        "channel what changed.\n-# `museum`"
    )
    return address


async def test_a_page_that_has_changed_is_reindexed_told_and_answers(world: World, site: Site) -> None:
    address = await watch_museum(world, site)
    assert await wait(world, site) == []
    assert site.server.asked == []  # its time has not come
    site.put("/museum", "Museum", CLOSED, ENTRY)
    (news,) = await wait(world, site, DAY)
    assert news.splitlines() == [
        "Reindexed Museum",
        "Passages: 0 kept, 2 new, 1 removed. It took 2.5 s.",
        "It is the article in use here.",
        "New paragraphs: 2",
        f"> {CLOSED}",
        f"> {ENTRY}",
        "Paragraphs gone: 1",
        f"> {OPEN}",
        "-# `museum`",
    ]
    await world.reader.slash(world.channel, "ask", question="When is the museum of Elms closed?")
    assert CLOSED in render.unescape(says(world.channel.last_message))
    (change, *_) = server_library(world).history()
    assert (change.who, change.article) == (WHO, "museum")
    assert server_library(world).entries()[1].place == address
    assert await wait(world, site, DAY) == []
    assert len(server_library(world).history()) == 2


async def test_bytes_that_change_without_the_text_change_nothing(world: World, site: Site) -> None:
    await watch_museum(world, site)
    content = page("Museum", OPEN).replace(b"</body>", b"<!-- served in 12 ms --></body>")
    site.server.at("/museum", response(content, "text/html"))
    assert await wait(world, site, DAY) == []
    assert site.server.asked == ["/museum"]
    assert len(server_library(world).history()) == 1


async def test_a_change_is_undone_at_a_press_also_after_a_restart_and_stays_undone(
    world: World, site: Site, settings: Settings
) -> None:
    await watch_museum(world, site)
    site.put("/museum", "Museum", CLOSED)
    await wait(world, site, DAY)
    message = world.channel.last_message
    assert message
    await world.bot.service.close(patience=1)
    await world.env.restart_bot(create_bot(settings, service=Service(world.library)))
    site.serves(world.bot.service)
    result = await world.reader.click(message, label="Undo")
    assert told(result) == REFUSAL
    asked = await world.admin.click(message, label="Undo")
    assert told(asked).startswith("Take Museum back to the index before the one of ")
    assert asked.response
    await world.admin.click(asked.response, label="Undo")
    assert server_library(world).article("museum").text.strip().endswith(OPEN)
    assert await wait(world, site, DAY) == []
    assert server_library(world).article("museum").text.strip().endswith(OPEN)


async def test_a_button_does_not_undo_a_later_change(
    world: World, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watch_museum(world, site)
    site.put("/museum", "Museum", CLOSED)
    await wait(world, site, DAY)
    message = world.channel.last_message
    assert message
    monkeypatch.setattr("tests.fakes.INDEXED_AT", INDEXED_AT + timedelta(seconds=1))
    assert told(await world.admin.click(message, label="Undo")) == (
        "This article has changed since, so nothing was done. `/library history` says how, `/library "
        "undo` takes "
        "the last change back."
    )


async def test_that_a_page_fails_is_told_once_and_that_it_is_well_again(world: World, site: Site) -> None:
    address = await watch_museum(world, site, "hour")
    site.gone("/museum")
    (news,) = await wait(world, site, HOUR)
    assert news == (
        f"`museum` cannot be kept up. {address} answers 404 (Not Found). Open it in a browser to see whether "
        f"it is "
        "there for everybody. I go on trying, less and less often, and tell you when it works again."
    )
    times = len(site.server.asked)
    assert await wait(world, site, HOUR) == []
    assert len(site.server.asked) == times  # twice as long
    assert await wait(world, site, HOUR) == []
    assert len(site.server.asked) == times + 1
    assert await wait(world, site, 3 * HOUR) == []
    assert len(site.server.asked) == times + 1
    site.put("/museum", "Museum", OPEN)
    assert await wait(world, site, HOUR) == ["`museum` is kept up again."]
    assert await wait(world, site, HOUR) == []
    assert own(world) == ["museum"]


async def test_a_site_that_asks_for_more_time_gets_it(world: World, site: Site) -> None:
    await watch_museum(world, site, "hour")
    busy = response(b"", "text/plain", "Retry-After: 86400", status="503 Service Unavailable")
    site.server.at("/museum", busy)
    assert len(await wait(world, site, HOUR)) == 1
    (watch,) = watches(world)
    assert (watch.next_at, watch.failures) == (site.now + DAY, 1)
    site.now += timedelta(days=30)
    for _ in range(12):
        await wait(world, site, timedelta(days=8))
    (watch,) = watches(world)
    assert watch.next_at == site.now + timedelta(weeks=1)


async def test_it_ends_when_it_is_switched_off_or_the_article_is_removed(world: World, site: Site) -> None:
    await watch_museum(world, site)
    listed = await command(world, "list")
    assert " · from http\\://pages.example" not in listed
    assert " · read again every day" in listed
    assert await command(world, "watch", article="museum", every="off") == (
        "`museum` is not read by schedule any more. The articles stay as they are."
    )
    assert await command(world, "watch", article="museum", every="off") == (
        "`museum` was not read by schedule. Nothing was changed."
    )
    assert " · read again" not in await command(world, "list")
    await command(world, "watch", article="museum", every="week")
    asked = await world.admin.slash(world.channel, "library remove", article="museum")
    assert asked.response
    await world.admin.click(asked.response, label="Remove")
    assert watches(world) == ()
    assert await wait(world, site, timedelta(days=9)) == []
    assert site.server.asked == []


async def test_what_is_not_from_the_web_or_not_here_is_not_watched(world: World) -> None:
    await world.admin.slash(world.channel, "library add", file=FILE)
    assert await command(world, "watch", article="bridge", every="day") == (
        "“bridge” was not read from the web, so there is nowhere to read it again. Reindex it with a new "
        "file, or "
        "add its page by the address."
    )
    assert (await command(world, "watch", article="harbour", every="day")).startswith(
        "“harbour” is everyone's"
    )
    assert await command(world, "watch", article="canal", every="day") == "No article “canal” is here."
    assert world.errors() == [NotWebError, EveryonesArticleError, UnknownArticleError]
    assert watches(world) == ()


async def test_a_page_that_becomes_a_file_is_read_no_more_and_that_is_told(world: World, site: Site) -> None:
    await watch_museum(world, site)
    await world.admin.slash(world.channel, "reindex", article="museum", file=FILE)
    assert await wait(world, site, DAY) == [
        "“museum” is not from the web any more, so it is not read again by itself."
    ]
    assert watches(world) == ()
    assert own(world) == ["museum"]


async def test_a_change_that_its_own_questions_refuse_is_told_once(world: World, site: Site) -> None:
    address = site.put("/museum", "Museum", OPEN)
    questions = b'{"question": "When is the museum open?", "evidence": ["%b"]}' % OPEN.encode()
    source = Source(Origin(SourceKind.WEB, address, "text/html"), page("Museum", OPEN), questions=questions)
    server_library(world).add(source, who="ada")
    await command(world, "watch", article="museum", every="day")
    site.put("/museum", "Museum", CLOSED)
    (news,) = await wait(world, site, DAY)
    assert news.startswith(
        "`museum` has changed, and the change was not put in place.\nNothing was changed.\n"
    )
    assert OPEN in server_library(world).article("museum").text
    assert await wait(world, site, DAY) == []
    site.put("/museum", "Museum", OPEN, ENTRY)
    (news,) = await wait(world, site, DAY)
    assert "Self-check: 1 of 1 of its own questions are answered rightly." in news


async def test_which_of_its_own_questions_answers_moved_is_told(world: World, site: Site) -> None:
    address = site.put("/museum", "Museum", OPEN)
    evidence = b"The museum of Elms is"
    questions = b'{"question": "When is the museum of Elms open?", "evidence": ["%b"]}' % evidence
    source = Source(Origin(SourceKind.WEB, address, "text/html"), page("Museum", OPEN), questions=questions)
    server_library(world).add(source, who="ada")
    await command(world, "watch", article="museum", every="day")
    site.put("/museum", "Museum", CLOSED)
    (news,) = await wait(world, site, DAY)
    assert "Example questions whose answer moved: 1 of 1." in news
    assert f"> before: {OPEN}\n> now: {CLOSED}" in news


# Who may


@pytest.mark.parametrize("name", ["watch", "follow"])
async def test_a_reader_and_a_stranger_are_refused(world: World, site: Site, name: str) -> None:
    address = await watch_museum(world, site)
    stranger = world.guild.add_member(world.env.create_user("stranger"))
    options = {"article": "museum"} if name == "watch" else {"url": address}
    (registered,) = [c for c in await world.bot.tree.fetch_commands() if c.name == "library"]
    for who in (world.reader, stranger):
        assert f"library {name}" not in who.available_commands(world.channel)
    world.guild.set_command_permissions(registered, {world.reader: True, stranger: True})
    for who in (world.reader, stranger):
        result = await who.slash(world.channel, f"library {name}", every="off", **options)
        assert told(result) == REFUSAL
    assert world.errors() == [NotAllowedError] * 2
    assert [watch.subject for watch in watches(world)] == ["museum"]
    assert await world.reader.autocomplete(world.channel, "library watch", "article", "") == []


async def test_another_server_sees_and_ends_nothing_of_it(
    world: World, elsewhere: Elsewhere, site: Site
) -> None:
    await watch_museum(world, site)
    feed = site.feed((site.put("/a", "A", OPEN), day(1)))
    await command(world, "follow", url=feed, every="day")
    admin, channel = elsewhere.admin, elsewhere.channel
    shown = told(await admin.slash(channel, "library list"))
    assert "museum" not in shown
    assert "pages.example" not in shown
    result = await admin.slash(channel, "library watch", article="museum", every="day")
    assert told(result) == "No article “museum” is here."
    for options in ({"url": feed}, {"channel": channel}):
        result = await admin.slash(channel, "library follow", every="off", **options)
        assert told(result).endswith(" was not read by schedule. Nothing was changed.")
    result = await admin.slash(channel, "library watch", article="museum", every="off")
    assert told(result) == "`museum` was not read by schedule. Nothing was changed."
    offered = await admin.autocomplete(channel, "library watch", "article", "")
    assert "museum" not in [choice["value"] for choice in offered]
    site.put("/museum", "Museum", CLOSED)
    assert len(await wait(world, site, DAY)) == 2
    assert channel.history() == []
    assert [entry.id for entry in world.library.branch(str(elsewhere.guild.id)).entries()] == ["harbour"]
    assert world.errors() == [UnknownArticleError]


async def test_where_the_bot_may_not_write_nothing_is_begun(world: World, site: Site) -> None:
    await watch_museum(world, site)
    assert world.bot.user
    silence = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.bot.user: silence})
    result = await world.admin.slash(quiet, "library watch", article="museum", every="hour")
    assert told(result).startswith("I may not write in this channel, and it is the one that I would tell")
    assert [watch.every for watch in watches(world)] == ["day"]
    assert world.errors() == [QuietChannelError]


async def test_two_processes_read_it_once(world: World, site: Site) -> None:
    await watch_museum(world, site)
    other = Service(world.library)
    site.serves(other)
    site.now += DAY
    first = await world.bot.service.watching._in_thread(
        lambda: world.library.upkeep.watches.take(lambda _: True, site.now)
    )
    assert first is not None
    assert await wait(world, site) == []
    assert site.server.asked == []
    other._worker.close()


# A feed


async def test_a_feeds_pages_become_articles_and_go_when_their_pages_do(world: World, site: Site) -> None:
    one, two = (site.put(f"/{n}", f"Story {n}", f"Story {n} of Elms tells of ships.") for n in ("one", "two"))
    feed = site.feed((one, day(1)), (two, day(2)))
    assert await command(world, "follow", url=feed, every="day") == (
        f"{feed} lists 2 pages now. The newest become articles within minutes, 10 at most; it is read "
        f"every day, "
        "and I tell this channel what is added, changed and removed."
    )
    (news,) = await wait(world, site)
    assert news.splitlines() == [
        f"News of {feed}",
        "Added: Story two `story-two`",
        "Added: Story one `story-one`",
    ]
    assert own(world) == ["story-one", "story-two"]
    assert f"Followed\n-# {feed} · feed, at most 10 articles · every day" in await command(world, "list")
    three = site.put("/three", "Story three", "Story three of Elms tells of wind.")
    site.feed((three, day(3)), (two, day(2)))  # it has the newest alone
    (news,) = await wait(world, site, DAY)
    assert news.splitlines()[1:] == ["Added: Story three `story-three`"]
    assert own(world) == ["story-one", "story-three", "story-two"]
    site.gone("/one")
    (news,) = await wait(world, site, DAY + HOUR)
    assert news.splitlines()[1:] == ["Removed `story-one`. `/library undo` brings it back."]
    assert own(world) == ["story-three", "story-two"]
    message = world.channel.last_message
    assert message
    asked = await world.admin.click(message, label="Undo: story-one")
    assert told(asked) == "Bring the removed article `story-one` back?"
    assert asked.response
    await world.admin.click(asked.response, label="Undo")
    assert own(world) == ["story-one", "story-three", "story-two"]
    assert await wait(world, site, 2 * DAY) == []


async def test_of_a_feed_as_many_are_kept_as_are_wanted_and_changes_are_read(
    world: World, site: Site
) -> None:
    pages = [site.put(f"/{n}", f"Story {n}", f"Story {n} of Elms tells of ships.") for n in range(5)]
    feed = site.feed(*((address, day(n + 1)) for n, address in enumerate(pages[:3])))
    await command(world, "follow", url=feed, every="day", most=2)
    await wait(world, site)
    assert own(world) == ["story-1", "story-2"]
    site.feed(*((address, day(n + 1)) for n, address in enumerate(pages[:4])))
    (news,) = await wait(world, site, DAY)
    assert news.splitlines()[1:] == [
        "Added: Story 3 `story-3`",
        "Removed `story-1`. `/library undo` brings it back.",
    ]
    site.put("/3", "Story 3", "Story 3 of Elms tells of ice.")
    site.feed((pages[3], day(9)), (pages[2], day(3)))
    (news,) = await wait(world, site, DAY)
    assert news.splitlines()[1:] == ["Changed: Story 3 `story-3`; 1 paragraphs new, 1 gone"]
    assert await command(world, "follow", url=feed, every="off") == (
        f"{feed} is not read by schedule any more. The articles stay as they are."
    )
    assert own(world) == ["story-2", "story-3"]
    assert "Followed" not in await command(world, "list")


async def test_what_admins_remove_does_not_come_back_and_what_they_added_stays_theirs(
    world: World, site: Site
) -> None:
    one, two = (site.put(f"/{n}", f"Story {n}", f"Story {n} of Elms tells of ships.") for n in ("one", "two"))
    add_page(world, two, title="Mine", texts=("Mine alone is this story of Elms.",))
    feed = site.feed((one, day(1)), (two, day(2)))
    await command(world, "follow", url=feed, every="day")
    (news,) = await wait(world, site)
    assert news.splitlines()[1:] == ["Added: Story one `story-one`"]
    message = world.channel.last_message
    assert message
    asked = await world.admin.click(message, label="Remove: story-one")
    assert asked.response
    await world.admin.click(asked.response, label="Remove")
    site.feed((one, day(5)), (two, day(6)))
    assert await wait(world, site, DAY) == []
    assert own(world) == ["mine"]
    assert server_library(world).article("mine").text.strip().endswith("Mine alone is this story of Elms.")


async def test_pages_of_the_same_title_have_ids_of_their_own(world: World, site: Site) -> None:
    pages = [site.put(f"/{n}", "Weekly", f"In week {n} the harbour of Elms was quiet.") for n in range(2)]
    await command(world, "follow", url=site.feed(*((one, day(1)) for one in pages)), every="day")
    await wait(world, site)
    assert len(own(world)) == 2
    assert all(one.startswith("weekly") for one in own(world))


async def test_what_the_sites_robots_forbid_or_is_no_article_is_told_and_left(
    world: World, site: Site
) -> None:
    site.server.at("/robots.txt", response(b"User-agent: *\nDisallow: /private/", "text/plain"))
    secret = site.put("/private/x", "Secret", "Nobody reads this.")
    image = site.server.at("/image", response(b"\x89PNG\r\n", "image/png"))
    good = site.put("/good", "Good", "The good story of Elms tells of ships.")
    await command(
        world, "follow", url=site.feed((secret, day(3)), (image, day(2)), (good, day(1))), every="day"
    )
    (news,) = await wait(world, site)
    assert news.splitlines()[1:] == [
        "Added: Good `good`",
        f"Not taken in: {secret}. The robots.txt of the site forbids to fetch it.",
        f"Not taken in: {image}. {image} is image/png, not an article. Pages, texts, PDF, DOCX and EPUB "
        f"files are "
        "read.",
    ]
    assert "/private/x" not in site.server.asked
    assert site.pauses  # between two requests to the site
    assert await wait(world, site, DAY) == []
    assert site.server.asked.count("/image") == 1
    assert site.server.asked.count("/robots.txt") == 1


async def test_a_feed_keeps_to_the_quota_of_the_server(world: World, site: Site) -> None:
    allowance = world.library._parts.changer._allowance
    allowance._quotas = type(allowance._quotas)(articles=2)
    pages = [site.put(f"/{n}", f"Story {n}", f"Story {n} of Elms tells of ships.") for n in range(4)]
    feed = site.feed(*((one, day(n + 1)) for n, one in enumerate(pages)))
    await command(world, "follow", url=feed, every="day")
    (news,) = await wait(world, site)
    assert news.splitlines()[1:] == [
        "Added: Story 3 `story-3`",
        "Added: Story 2 `story-2`",
        f"{feed} cannot be kept up. This server has 2 of 2 articles. Remove one that is not needed any more, "
        f"then add "
        "this one. I go on trying, less and less often, and tell you when it works again.",
    ]
    assert await wait(world, site, 3 * DAY) == []  # it is told once
    assert own(world) == ["story-2", "story-3"]


def away(site: Site, path: str) -> str:
    return site.server.at(path, response(b"", "text/plain", status="503 Service Unavailable"))


def stories(site: Site, *numbers: int) -> list[str]:
    return [site.put(f"/{n}", f"Story {n}", f"Story {n} of Elms tells of ships.") for n in numbers]


async def test_pages_that_cannot_be_had_let_the_others_have_their_turn_and_are_told_once(
    world: World, site: Site
) -> None:
    pages = [*stories(site, 1, 2), *(away(site, f"/{n}") for n in range(3, 13))]
    feed = site.feed(*((address, day(n)) for n, address in enumerate(pages, start=1)))
    await command(world, "follow", url=feed, every="day", most=20)
    assert await wait(world, site) == []
    (news,) = await wait(world, site, HOUR)
    assert news.splitlines()[1:] == ["Added: Story 2 `story-2`", "Added: Story 1 `story-1`"]
    (news,) = await wait(world, site, DAY)
    assert news == (
        f"{feed} cannot be kept up. The pages that it lists cannot be had just now, {pages[3]} for one. I "
        "go on trying, less and less often, and tell you when it works again."
    )
    assert await wait(world, site, 2 * DAY) == []
    stories(site, *range(3, 13))
    (news,) = await wait(world, site, 4 * DAY)
    assert "is kept up again." in news
    assert len(own(world)) == 12


async def test_a_site_whose_robots_cannot_be_had_is_told_where_nothing_else_is_listed(
    world: World, site: Site
) -> None:
    (one,) = stories(site, 1)
    away(site, "/robots.txt")
    await command(world, "follow", url=site.feed((one, day(1))), every="day")
    (news,) = await wait(world, site)
    assert f"The pages that it lists cannot be had just now, {one} for one." in news
    assert await wait(world, site, 2 * DAY) == []
    assert own(world) == []


async def test_one_page_that_cannot_be_had_lets_its_feed_be_read_as_often(world: World, site: Site) -> None:
    (one,) = stories(site, 1)
    two = away(site, "/2")
    await command(world, "follow", url=site.feed((one, day(1)), (two, day(2))), every="day")
    (news,) = await wait(world, site)
    assert news.splitlines()[1:] == ["Added: Story 1 `story-1`"]
    assert await wait(world, site, DAY) == []
    (watch,) = watches(world)
    assert (watch.next_at, watch.failures) == (site.now + DAY, 0)
    stories(site, 2)
    (news,) = await wait(world, site, DAY)
    assert news.splitlines()[1:] == ["Added: Story 2 `story-2`"]


async def test_pages_that_take_long_are_put_off_and_others_are_read_meanwhile(
    world: World, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = stories(site, 1, 2, 3, 4, 5)
    feed = site.feed(*((address, day(n)) for n, address in enumerate(pages, start=1)))
    await command(world, "follow", url=feed, every="day")
    visits = world.bot.service.watching._visits
    page = visits.page

    def slow_page(*arguments: Any) -> PageVisit:
        site.now += timedelta(seconds=25)
        return page(*arguments)

    monkeypatch.setattr(visits, "page", slow_page)
    await wait(world, site)
    assert own(world) == ["story-3", "story-4", "story-5"]
    assert await wait(world, site) == []
    await wait(world, site, HOUR)
    assert own(world) == [f"story-{n}" for n in range(1, 6)]


async def test_a_page_is_no_feed_and_a_feed_no_article(world: World, site: Site) -> None:
    address = site.put("/museum", "Museum", OPEN)
    assert await command(world, "follow", url=address, every="day") == (
        f"{address} is neither a feed (RSS, Atom) nor a sitemap. Add a single page with /library add, and "
        f"have it "
        "read again with /library watch."
    )
    assert await command(world, "follow", url=site.feed(), every="day") == (f"{site.feed()} lists no pages.")
    assert await command(world, "follow", every="day") == (
        "Name one of both: a feed or a sitemap as “url”, or a channel as “channel”."
    )
    assert world.errors()[-1] is SourceError
    assert watches(world) == ()


async def test_a_feed_that_lists_nothing_removes_nothing(world: World, site: Site) -> None:
    one = site.put("/one", "Story", "The story of Elms tells of ships.")
    await command(world, "follow", url=site.sitemap((one, "2026-06-01")), every="day")
    await wait(world, site)
    address = site.sitemap()
    (news,) = await wait(world, site, DAY)
    assert news.startswith(f"{address} cannot be kept up. {address} lists no pages. I go on trying")
    assert own(world) == ["story"]


async def test_what_has_left_a_sitemap_is_removed(world: World, site: Site) -> None:
    one, two = (site.put(f"/{n}", f"Story {n}", f"Story {n} of Elms tells of ships.") for n in ("one", "two"))
    address = site.sitemap((one, "2026-06-01"), (two, "2026-06-02"))
    assert "lists 2 pages now" in await command(world, "follow", url=address, every="week")
    await wait(world, site)
    assert own(world) == ["story-one", "story-two"]
    site.sitemap((two, "2026-06-02"))
    (news,) = await wait(world, site, timedelta(weeks=1))
    assert news.splitlines()[1:] == ["Removed `story-one`. `/library undo` brings it back."]
    assert own(world) == ["story-two"]


async def test_a_server_follows_so_many_and_no_more(world: World, site: Site) -> None:
    one = site.put("/one", "Story", "The story of Elms tells of ships.")
    for number in range(11):
        address = site.server.at(f"/feed{number}", response(rss((one, day(1))), "text/xml"))
        last = await command(world, "follow", url=address, every="day")
    assert last == (
        "This server follows 10 feeds, sitemaps and channels, as many as it may. End one with /library "
        "follow and "
        "“off” first."
    )
    assert len(watches(world)) == 10
    assert world.errors() == [LibraryError]


# A channel


def let_see(bot: FootnoteBot) -> None:
    """What Discord tells of an application that may read what messages say."""
    bot._connection.application_flags = discord.ApplicationFlags(gateway_message_content=True)


async def rules(world: World) -> simcord.ChannelHandle:
    let_see(world.bot)
    channel = world.guild.create_text_channel("rules")
    await world.admin.send(channel, "**Be kind** to all who moor in the harbour.")
    await world.admin.send(channel, "Dogs have to be on a lead on the quay.")
    return channel


async def test_a_channels_messages_become_an_article_and_what_is_deleted_goes(
    world: World, site: Site
) -> None:
    channel = await rules(world)
    first, last = channel.history()
    assert await command(world, "follow", channel=channel, every="hour") == (
        f"The messages of {channel.mention} become the article `rules` within minutes; it is read every "
        f"hour, and "
        "I tell this channel what changed. Whoever may ask here may ask it."
    )
    (news,) = await wait(world, site)
    assert news.startswith("Added rules\n")
    text = server_library(world).article("rules").text
    assert "Be kind to all who moor in the harbour." in text
    assert text.count(", admin") == 2
    await world.reader.slash(world.channel, "ask", question="Where have dogs to be on a lead?")
    assert "Dogs have to be on a lead on the quay." in render.unescape(says(world.channel.last_message))
    assert await wait(world, site, HOUR) == []
    await world.admin.delete(last)
    (news,) = await wait(world, site, HOUR)
    assert "> Dogs have to be on a lead on the quay." in news
    assert "Dogs" not in server_library(world).article("rules").text
    assert f"{channel.mention} · channel · every hour" in await command(world, "list")
    assert first.content.startswith("**Be kind**")
    assert await command(world, "follow", channel=channel, every="off") == (
        f"{channel.mention} is not read by schedule any more. The articles stay as they are."
    )
    assert own(world) == ["rules"]


async def test_whatever_people_are_called_and_write_each_message_has_one_heading(
    world: World, site: Site
) -> None:
    channel = await rules(world)
    odd = world.guild.add_member(world.env.create_user("odd", global_name="# *Boss* <b>"))
    await odd.send(channel, "<:anchor:123456789012345678> Hoist the @everyone flag, `see` <#1>.")
    await odd.send(channel, "---\ntitle: Mine\n---\nNo article of its own.")
    await command(world, "follow", channel=channel, every="hour")
    await wait(world, site)
    article = server_library(world).article("rules")
    assert article.title == "rules"
    headings = [article.text[heading.start : heading.end] for heading in article.headings]
    assert sum(heading.endswith(", # *Boss* <b>") for heading in headings) == 2
    assert ":anchor: Hoist the @everyone flag, see " in article.text.replace("\u200b", "")


async def test_a_channel_that_not_everybody_may_read_is_never_an_article(world: World, site: Site) -> None:
    let_see(world.bot)
    for hidden in ({"view_channel": False}, {"read_message_history": False}):
        overwrites: Any = {
            world.guild.default_role: discord.PermissionOverwrite(**hidden),
            world.admin: discord.PermissionOverwrite(view_channel=True, read_message_history=True),
        }
        secret = world.guild.create_text_channel("staff", overwrites=overwrites)
        said = await command(world, "follow", channel=secret, every="hour")
        assert said.startswith(
            "Not everybody in this server may read #staff, and everybody could ask its article."
        )
    assert watches(world) == ()
    assert world.errors() == [WatchEndError] * 2
    assert await wait(world, site, HOUR) == []


async def test_a_channel_that_is_closed_later_takes_its_article_along(world: World, site: Site) -> None:
    channel = await rules(world)
    await command(world, "follow", channel=channel, every="hour")
    await wait(world, site)
    await close(world, channel)
    (news,) = await wait(world, site, HOUR)
    assert news.startswith("Not everybody in this server may read #rules")
    assert news.endswith("Removed `rules`. `/library undo` brings it back.")
    message = world.channel.last_message
    assert message
    assert buttons(message) == []
    assert own(world) == []
    assert watches(world) == ()


async def close(world: World, channel: simcord.ChannelHandle) -> None:
    there = world.bot.get_channel(channel.id)
    assert isinstance(there, discord.TextChannel)
    await there.set_permissions(there.guild.default_role, view_channel=False)


def add_rules(world: World) -> None:
    content = b"# Rules\n\nThe harbour master wrote these rules himself."
    server_library(world).add(Source(Origin(SourceKind.UPLOAD, "rules.md"), content), who="ada")


async def test_an_article_that_took_the_channels_id_is_neither_changed_nor_removed(
    world: World, site: Site
) -> None:
    channel = await rules(world)
    await command(world, "follow", channel=channel, every="hour")
    add_rules(world)
    assert await wait(world, site) == [
        "“rules” is another article by now, so the channel is not followed any more. Follow it once more, "
        "and its article gets an id of its own."
    ]
    assert watches(world) == ()
    await command(world, "follow", channel=channel, every="hour")
    (news,) = await wait(world, site)
    assert news.startswith("Added rules\n")
    assert own(world) == ["rules", f"rules-{channel.id % 10_000:04}"]
    assert "harbour master" in server_library(world).article("rules").text


async def test_a_channel_that_is_closed_leaves_an_article_that_is_not_its_own(
    world: World, site: Site
) -> None:
    channel = await rules(world)
    await command(world, "follow", channel=channel, every="hour")
    add_rules(world)
    await close(world, channel)
    (news,) = await wait(world, site)
    assert news.startswith("Not everybody in this server may read #rules")
    assert "Removed" not in news
    assert own(world) == ["rules"]
    assert watches(world) == ()


async def test_a_closed_channels_article_goes_a_minute_later_where_a_change_runs(
    world: World, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await rules(world)
    await command(world, "follow", channel=channel, every="day")
    await wait(world, site)
    await close(world, channel)

    async def is_busy(_: Place, __: object) -> None:
        raise ReindexRunningError("A change runs.")

    with monkeypatch.context() as busy:
        busy.setattr(world.bot.service, "alter", is_busy)
        assert await wait(world, site, DAY) == []
    assert own(world) == ["rules"]
    (news,) = await wait(world, site, timedelta(minutes=1))
    assert news.endswith("Removed `rules`. `/library undo` brings it back.")
    assert own(world) == []
    assert watches(world) == ()


async def test_without_the_intent_or_the_permission_it_says_so(world: World, site: Site) -> None:
    channel = world.guild.create_text_channel("rules")
    assert await command(world, "follow", channel=channel, every="day") == (
        "Discord does not show me what messages say. Whoever runs me has to switch on the Message Content "
        "Intent, "
        "in Discord's developer portal under Bot; then try again."
    )
    let_see(world.bot)
    assert world.bot.user
    blind = discord.PermissionOverwrite(read_message_history=False)
    closed = world.guild.create_text_channel("news", overwrites={world.bot.user: blind})
    assert await command(world, "follow", channel=closed, every="day") == (
        "I may not read #news. Give me the permissions View Channel and Read Message History there."
    )
    await command(world, "follow", channel=channel, every="day")
    (news,) = await wait(world, site)
    assert "#rules has no message with a text that I could read." in news
    assert world.errors() == [UnreadableChannelError] * 2


async def test_the_channel_is_told_in_the_servers_language(world: World, site: Site) -> None:
    await watch_museum(world, site)
    guild = world.bot.get_guild(world.guild.id)
    assert guild
    guild.preferred_locale = discord.Locale.german
    site.put("/museum", "Museum", CLOSED)
    (news,) = await wait(world, site, DAY)
    assert news.startswith("Neu indiziert: Museum\n")
    assert f"Neue Absätze: 1\n> {CLOSED}\nWeggefallene Absätze: 1\n> {OPEN}" in news
    assert world.channel.last_message
    await world.admin.click(world.channel.last_message, label="Rückgängig")


# What is kept of the one who wanted it


async def test_of_who_wanted_it_nothing_is_left_and_before_it_is_given_out(world: World, site: Site) -> None:
    await watch_museum(world, site)
    person = str(world.admin.id)
    (mine,) = world.library.ledger.person(person).watches
    assert (mine.subject, mine.who) == ("museum", f"admin ({person})")
    asked = await world.admin.slash(world.channel, "my-data delete")
    assert says(asked.response).startswith(
        "Of you I keep: 0 questions, 0 votes, 0 lines of histories, and 1 schedule.\n"
    )
    assert asked.response
    await world.admin.click(asked.response, label="Delete all of it")
    assert [watch.who for watch in watches(world)] == [SOMEONE]
    assert world.library.ledger.person(person).watches == ()
    await world.admin.slash(world.channel, "my-data keep", allowed=False)
    await command(world, "watch", article="museum", every="week")
    assert [(watch.who, watch.every) for watch in watches(world)] == [(SOMEONE, "week")]


async def test_a_servers_watches_go_with_its_library(world: World, site: Site) -> None:
    await watch_museum(world, site)
    upkeep = world.library.upkeep
    upkeep._now = lambda: datetime.now(UTC) - timedelta(days=30)
    assert upkeep.leave(str(world.guild.id))
    upkeep._now = lambda: datetime.now(UTC)
    upkeep.prune()
    assert watches(world) == ()


def test_a_library_without_any_is_not_made_for_it() -> None:
    library = HeldLibrary()
    assert library.upkeep.watches.servers() == ()
    assert isinstance(library.entries()[0], Entry)


async def test_a_process_that_stops_tells_what_it_has_read_and_reads_nothing_more(
    world: World, site: Site
) -> None:
    async def no_channel(_: int, __: int) -> ChannelText:
        raise AssertionError

    await watch_museum(world, site)
    add_page(world, site.put("/tower", "Tower", ENTRY), title="Tower", texts=(ENTRY,))
    await command(world, "watch", article="tower", every="day")
    site.put("/museum", "Museum", CLOSED)
    site.put("/tower", "Tower", CLOSED)
    site.now += DAY
    names, service = list[str](), world.bot.service

    async def read() -> None:
        async for news in service.watching.news(lambda _: True, no_channel):
            names.append(news.watch.subject)
            service._stopping.set()

    with pytest.raises(ClosingError):
        await read()
    assert len(names) == 1
    assert len(site.server.asked) == 1
