"""What stands in a channel of a server, as a file of which an article can be read."""

from __future__ import annotations

import re

import discord

from bot.render import clip
from bot.service.watch_news import ChannelText, WatchEndError
from bot.words import Words
from index import FootnoteError

MOST_MESSAGES = 500
"""How many messages of a channel are read, the newest."""

_NAME_CHARS = 80
_EMOJI = re.compile(r"<a?:(\w{1,40}):[0-9]{1,20}>")


class UnreadableChannelError(FootnoteError):
    """A channel cannot be read, until somebody changes that."""


def demand_readable(channel: discord.TextChannel, *, sees_messages: bool) -> None:
    """Whether a channel may become an article: the bot may read it, and so may everybody who may ask.

    Args:
        channel: The channel.
        sees_messages: Whether Discord shows the bot what messages say.

    Raises:
        WatchEndError: not everybody may read it: its article must not be asked.
        UnreadableChannelError: the bot may not read it.
    """
    everyone, mine = (
        channel.permissions_for(channel.guild.default_role),
        channel.permissions_for(channel.guild.me),
    )
    if not (everyone.view_channel and everyone.read_message_history):
        raise WatchEndError(
            "Not everybody in this server may read {channel}, and everybody could ask its article. Only "
            "channels that @everyone may view, with their message history, are followed.",
            must_go=True,
            channel=f"#{channel.name}",
        )
    if not (mine.view_channel and mine.read_message_history):
        raise UnreadableChannelError(
            "I may not read {channel}. Give me the permissions View Channel and Read Message History there.",
            channel=f"#{channel.name}",
        )
    if not sees_messages:
        raise UnreadableChannelError(
            "Discord does not show me what messages say. Whoever runs me has to switch on the Message "
            "Content Intent, in Discord's developer portal under Bot; then try again."
        )


async def channel_text(
    guild: discord.Guild, channel_id: int, words: Words, *, sees_messages: bool
) -> ChannelText:
    """The messages of a channel, each headed by its day and its author, as Markdown.

    Args:
        guild: The server.
        channel_id: The channel.
        words: The language of the server, in which days are written.
        sees_messages: Whether Discord shows the bot what messages say.

    Raises:
        WatchEndError: it is not there any more, or not everybody may read it.
        UnreadableChannelError: the bot may not read it, or nobody has written anything there.
    """
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel):
        raise WatchEndError("The channel that I followed is not there any more.", must_go=True)
    demand_readable(channel, sees_messages=sees_messages)
    try:
        messages = [message async for message in channel.history(limit=MOST_MESSAGES)]
    except discord.HTTPException as error:
        raise UnreadableChannelError(
            "Discord does not let me read {channel} just now.", channel=f"#{channel.name}"
        ) from error
    sections = [
        f"## {_heading(message, words)}\n\n{text}\n"
        for message in reversed(messages)
        if not message.is_system() and (text := _text(message))
    ]
    if not sections:
        raise UnreadableChannelError(
            "{channel} has no message with a text that I could read.", channel=f"#{channel.name}"
        )
    content = "\n".join([f"# {clip(channel.name, _NAME_CHARS)}\n", *sections])
    return ChannelText(f"{channel.name} ({channel.id}).md", content.encode())


def _heading(message: discord.Message, words: Words) -> str:
    return f"{words.date(message.created_at.date())}, {clip(message.author.display_name, _NAME_CHARS)}"


def _text(message: discord.Message) -> str:
    """What a message says, with people's and channels' names in place of their numbers."""
    return _EMOJI.sub(r":\1:", message.clean_content).strip()
