"""The demo: the very same bot in a simulated Discord, on a page for a browser of this machine."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import tasks

from bot import render
from bot.cli.demo_week import make_up
from bot.client import FootnoteBot
from bot.components.card import Card
from bot.words import ENGLISH
from index import Article, FootnoteError, Library

if TYPE_CHECKING:
    import simcord
    from simcord.preview import Preview

SETTLE_SECONDS = 600.0  # the longest that one command may take: a reindex of a long article
NOT_INSTALLED = """\
The demo's page needs the extra `demo`. Install it: pip install 'footnote[demo]'
(in a checkout: pip install -e '.[demo]')"""


class DemoError(FootnoteError):
    """The page of the demo cannot be served."""


async def serve(
    bot: FootnoteBot, library: Library, article: Article, *, port: int, announce: Callable[[str], object]
) -> None:
    """Serves a channel with the bot, a reader and an admin in it, until cancelled or ended on the page.

    A week of questions is made up for it; they go when it ends.

    Args:
        bot: The bot, not started yet; it is closed at the end.
        library: What it answers from.
        article: What the bot's first message in the channel is about.
        port: Where to serve on this machine; where it is in use, a free port is taken instead.
        announce: Called with the page's address and how to use it.

    Raises:
        DemoError: the extra that the page needs is not installed.
    """
    try:
        import simcord
    except ImportError as error:
        raise DemoError(NOT_INSTALLED) from error
    world = simcord.run(bot, check_errors=False, settle_timeout=SETTLE_SECONDS)
    async with world as env, AsyncExitStack() as stack:
        stack.push_async_callback(bot.close)
        preview, server, channel = await _furnish(env, bot, article)
        stack.callback(library.ledger.delete_server, server)
        await bot.service.ledger.note(lambda ledger: make_up(ledger, library, article, server, channel))
        try:
            page = await stack.enter_async_context(preview(port=port))
        except simcord.SetupError:
            try:
                page = await stack.enter_async_context(preview(port=0))
            except simcord.SetupError as error:
                raise DemoError(NOT_INSTALLED) from error
            announce(f"Port {port} is not free, so another one is taken.")
        announce(f"Footnote is at {page.url}")
        announce("Type /ask or /check there, and /insights as the admin.")
        announce("“Viewing as” makes you the reader or the admin. Ctrl-C ends it.")
        await page.wait_closed()


async def _furnish(
    env: simcord.Env, bot: FootnoteBot, article: Article
) -> tuple[Callable[..., Preview], str, str]:
    """Sets up the server of the demo; returns what makes its page, and the ids of server and channel."""
    loops = [loop for loop in _loops(bot) if loop.is_running()]
    for loop in loops:  # the simulated clock has months to go, which is many a turn
        loop.cancel()
    await env.advance_time((datetime.now(UTC) - env.now()).total_seconds())
    for loop in loops:
        loop.start()
    if bot.user is not None:
        await bot.user.edit(username="Footnote")
    server = env.create_guild("Footnote demo")
    may_manage = discord.Permissions(manage_guild=True)
    admins = server.create_role("Admin", permissions=may_manage, color=render.ORANGE)
    reader = server.add_member(env.create_user("robin", global_name="Robin (reader)"))
    admin = server.add_member(env.create_user("ada", global_name="Ada (admin)"), roles=[admins])
    channel = server.create_text_channel(
        "ask-the-article", topic="Type /ask and a question, or /check and a claim"
    )
    welcome = Card(render.help_text(article, ENGLISH))
    await bot.get_partial_messageable(channel.id).send(view=welcome)
    await env.settle()
    make_page = partial(env.preview, channel, viewers=[reader, admin], layout="channel")
    return make_page, str(server.id), str(channel.id)


def _loops(bot: FootnoteBot) -> list[tasks.Loop[Any]]:
    """What the bot does again and again."""
    members = (
        inspect.getmembers(cog, lambda member: isinstance(member, tasks.Loop)) for cog in bot.cogs.values()
    )
    return [loop for pairs in members for _, loop in pairs]
