"""What an error says, in the language of the one who reads it."""

from __future__ import annotations

from bot.render.message import command
from bot.render.text import clip, plain
from bot.words import Words
from index import EveryonesArticleError, FootnoteError

MAX_VALUE = 300  # of what an error quotes: enough to know it again


def error_text(error: FootnoteError, words: Words) -> str:
    """An error's message, and by which commands what it says can be done.

    What is not the bot's own in it is text and nothing else.
    """
    if not error.values:
        return plain(words(error.message))
    values = {
        name: words.number(value) if isinstance(value, int) else clip(str(value), MAX_VALUE)
        for name, value in error.values.items()
    }
    message = words(error.message, **values)
    if isinstance(error, EveryonesArticleError):
        add, use = command(words, "library", "add"), command(words, "library", "use")
        message += "\n" + words("{add} adds one, {use} puts it in use.", add=add, use=use)
    return message
