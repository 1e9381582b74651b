"""What is switched on in channels, and what stands where an answer was put away."""

from __future__ import annotations

from collections.abc import Collection

from bot.render.message import BLUE, GREEN, GREY, MessageContent, command
from bot.words import Words

MOST_NAMED = 10  # channels, in a line of a list
MAX_THREAD_NAME = 100  # Discord's limit


def thread_name(question: str) -> str:
    """A question as the name of a thread: on one line, in which nothing is markup, at most so long."""
    line = " ".join("".join(c for c in question if c.isprintable() or c.isspace()).split())
    shown = line.encode("utf-16-le", "ignore")
    if len(shown) <= 2 * MAX_THREAD_NAME:
        return shown.decode("utf-16-le")
    return shown[: 2 * MAX_THREAD_NAME - 2].decode("utf-16-le", "ignore") + "…"


def put_away(words: Words) -> MessageContent:
    """What stands in the place of an answer that did not help."""
    return MessageContent(
        GREY, "-# " + words("The answer that stood here did not help. To ask me yourself, mention me.")
    )


def auto_on(channel: str, words: Words, *, in_threads: bool) -> MessageContent:
    """Questions in a channel are answered from now on.

    Args:
        channel: The channel, as Discord mentions it.
        words: The language of who switched it on.
        in_threads: Whether the bot may answer in a thread there.
    """
    how = (
        words("I answer in a thread of the question; in a forum, in the post itself.")
        if in_threads
        else words("I may not open threads there, so I reply to the question.")
    )
    rest = words(
        "Only where I am sure; else I am silent. “{button}” under such an answer puts it away.",
        button=words("This did not help"),
    )
    heading = words("Questions in {channel} are answered without a mention", channel=channel)
    return MessageContent(GREEN, f"**{heading}**\n{how}\n{rest}")


def auto_off(channel: str, words: Words) -> MessageContent:
    """They are not any more."""
    text = words("Questions in {channel} are answered only where I am mentioned.", channel=channel)
    return MessageContent(BLUE, text)


def digest_on(channel: str, words: Words, *, when: int) -> MessageContent:
    """A digest goes to a channel every week, from a time (in seconds) on."""
    heading = words("{channel} gets a digest every Monday", channel=channel)
    first = words("What was asked in the week before, the first time {when}.", when=f"<t:{when}:F>")
    rest = words(
        "It has only what everybody who reads that channel could see asked, without names. A week without "
        "questions has none."
    )
    return MessageContent(GREEN, f"**{heading}**\n{first}\n{rest}")


def digest_off(words: Words) -> MessageContent:
    """No digest is posted any more."""
    return MessageContent(BLUE, words("No channel of this server gets a digest."))


def switched_on(auto: Collection[str], digest: str | None, words: Words, *, hears: bool) -> str:
    """Lines that say what is switched on; "" for nothing.

    Args:
        auto: The ids of the channels in which questions are answered without a mention.
        digest: The id of the channel that gets a digest, if any.
        words: The language of who reads it.
        hears: Whether Discord gives the bot the text of messages.
    """
    lines = []
    if auto:
        mentions = [f"<#{channel}>" for channel in sorted(auto)]
        if others := mentions[MOST_NAMED:]:
            mentions[MOST_NAMED:] = [words.plural("and {number} more", "and {number} more", len(others))]
        where = words("Answered without a mention: {channels}", channels=", ".join(mentions))
        lines.append(where if hears else f"{where} ({words('I am not given the text of messages')})")
    if digest is not None:
        name = command(words, "insights")
        lines.append(words("Digest of {insights}: {channel}", insights=name, channel=f"<#{digest}>"))
    return "\n".join(f"-# {line}" for line in lines)
