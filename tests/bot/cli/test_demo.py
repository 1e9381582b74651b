"""The demo's page without a browser: where it is served, and that it ends well."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot import Settings, create_bot
from bot.cli.demo import DemoError, serve
from bot.client import FootnoteBot
from bot.service.service import Service
from index import Status
from tests.bot.cli.test_app import process
from tests.fakes import ARTICLE, HeldLibrary

pytestmark = pytest.mark.slow

WEEK = (datetime.now(UTC) - timedelta(days=8), datetime.now(UTC) + timedelta(days=1))

HOW_TO = "“Viewing as” makes you the reader or the admin. Ctrl-C ends it."


@pytest.fixture
def bot(settings: Settings, library: HeldLibrary) -> FootnoteBot:
    return create_bot(settings, service=Service(library))


@asynccontextmanager
async def served(bot: FootnoteBot, library: HeldLibrary, port: int) -> AsyncIterator[list[str]]:
    """The demo, running; gives what it announces."""
    said: list[str] = []
    ready = asyncio.Event()

    def announce(text: str) -> None:
        said.append(text)
        if text == HOW_TO:
            ready.set()

    serving = asyncio.create_task(serve(bot, library, ARTICLE, port=port, announce=announce))
    await asyncio.wait_for(ready.wait(), 30)
    yield said
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_the_page_is_served_until_cancelled(bot: FootnoteBot, library: HeldLibrary) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with served(bot, library, port) as said:
        assert said[1:] == ["Type /ask or /check there, and /insights as the admin.", HOW_TO]
        (server,) = library.ledger.servers()
        week = library.ledger.questions(server, *WEEK)
        assert {one.status for one in week} >= {Status.NOT_IN_ARTICLE}
        assert any(vote.complaint for one in week for vote in one.votes)
        assert re.fullmatch(rf"Footnote is at http://127\.0\.0\.1:{port}/#[\w-]{{43}}", said[0])
        async with aiohttp.ClientSession() as browser, browser.get(f"http://127.0.0.1:{port}/") as page:
            assert page.status == 200
        assert not bot.is_closed()
    assert bot.is_closed()
    assert library.ledger.servers() == ()  # what was made up is gone
    with socket.create_server(("127.0.0.1", port)):  # the port is free again
        pass


async def test_another_port_is_taken_where_the_first_is_in_use(
    bot: FootnoteBot, library: HeldLibrary
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        async with served(bot, library, port) as said:
            assert said[0] == f"Port {port} is not free, so another one is taken."
            assert said[1].startswith("Footnote is at http://127.0.0.1:")
            assert f":{port}/" not in said[1]


async def test_without_the_extra_it_says_what_to_install(
    bot: FootnoteBot, library: HeldLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "simcord", None)
    with pytest.raises(DemoError, match=re.escape("Install it: pip install 'footnote[demo]'")):
        await serve(bot, library, ARTICLE, port=0, announce=print)


@pytest.mark.skipif(os.name == "nt", reason="Windows delivers these signals to a console, not to a process")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_well_when_it_is_told_to(stop: signal.Signals) -> None:
    with process("demo", "--port", "0") as running:
        assert running.stdout
        while HOW_TO not in (line := running.stdout.readline().decode()):
            assert line
        running.send_signal(stop)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (0, b"", b"")
