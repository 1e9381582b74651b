"""What admins switch on in channels: answers to questions that are not put to the bot, and weekly digests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import discord

from bot.host import Interaction, host_of
from bot.permissions import may_open_threads
from bot.place import place_of
from bot.render import MessageContent
from bot.render import channels as render_channels
from bot.words import words_of
from index import FootnoteError, next_due

Switch = Literal["on", "off"]
AutoChannel = discord.TextChannel | discord.ForumChannel


class UnreadableTextError(FootnoteError):
    """The bot is to read what is asked in a channel, and Discord does not give it the text."""

    def __init__(self) -> None:
        super().__init__(
            "Discord does not give me the text of messages that do not mention me, so I could not see the "
            "questions. Whoever runs me has to switch on Message Content Intent in the developer portal (the "
            "application, Bot), to set FOOTNOTE_MESSAGE_CONTENT=true, and to start me again."
        )


class UnfitChannelError(FootnoteError):
    """A channel is named, or the command is used in one, where this cannot be."""


async def switch_auto(
    interaction: Interaction, channel: AutoChannel | None, *, is_on: bool
) -> MessageContent:
    """Has questions answered in a channel, or not; says so.

    Raises:
        UnreadableTextError: the bot does not get their text.
        UnfitChannelError: there can be none, or the bot may not answer there.
    """
    host, words = host_of(interaction), words_of(interaction)
    where = channel or _here(interaction)
    if not isinstance(where, AutoChannel):
        raise UnfitChannelError("That works in a text channel or a forum. Name one as “channel”.")
    in_threads = is_forum = isinstance(where, discord.ForumChannel)
    if is_on:
        if not host.settings.message_content:
            raise UnreadableTextError
        may = where.permissions_for(where.guild.me)
        in_threads = may.send_messages_in_threads if is_forum else may_open_threads(may)
        if not may.view_channel or not (in_threads or (may.send_messages and not is_forum)):
            raise _unwritable(where)
    server, target = str(where.guild.id), str(where.id)
    await host.service.channels.note(lambda all_: all_.auto.switch(server, target, is_on=is_on))
    if not is_on:
        return render_channels.auto_off(where.mention, words)
    return render_channels.auto_on(where.mention, words, in_threads=in_threads)


async def switch_digest(
    interaction: Interaction, channel: discord.TextChannel | None, *, is_on: bool
) -> MessageContent:
    """Has a digest of the server posted to a channel every week, or to none; says so.

    Raises:
        UnfitChannelError: there can be none, or the bot may not write there.
    """
    host, words, now = host_of(interaction), words_of(interaction), datetime.now(UTC)
    server = str(place_of(interaction).server)
    if not is_on:
        await host.service.channels.note(lambda all_: all_.digests.switch_off(server))
        return render_channels.digest_off(words)
    where = channel or _here(interaction)
    if not isinstance(where, discord.TextChannel):
        raise UnfitChannelError("A digest goes to a text channel. Name one as “channel”.")
    may, target = where.permissions_for(where.guild.me), str(where.id)
    if not (may.view_channel and may.send_messages):
        raise _unwritable(where)
    await host.service.channels.note(lambda all_: all_.digests.switch_on(server, target, now))
    return render_channels.digest_on(where.mention, words, when=int(next_due(now).timestamp()))


async def switched_on(interaction: Interaction) -> str:
    """What is switched on in the server of an admin, to stand below another text; "" for nothing."""
    host, server = host_of(interaction), str(place_of(interaction).server)
    auto, digest = await host.service.channels.look(
        lambda all_: (all_.auto.of(server), all_.digests.channel(server))
    )
    guild, hears = interaction.guild, host.settings.message_content
    auto_there = [one for one in auto if guild is not None and guild.get_channel(int(one)) is not None]
    lines = render_channels.switched_on(auto_there, digest, words_of(interaction), hears=hears)
    return f"\n{lines}" if lines else ""


def _here(interaction: Interaction) -> object:
    """The channel that a command is used in; of a thread, the one that it belongs to."""
    place = place_of(interaction)
    return interaction.guild.get_channel(place.channel or 0) if interaction.guild else None


def _unwritable(channel: AutoChannel) -> UnfitChannelError:
    return UnfitChannelError(
        "I may not answer in {channel}. Allow me to see that channel and to send messages there, in threads "
        "as well.",
        channel=f"#{channel.name}",
    )
