"""What a message says, as text. Nothing here sends."""

from bot.render.answers import answer, quotes, summary
from bot.render.errors import error_text
from bot.render.feedback import complaints, thanks
from bot.render.help import help_text, small_talk, welcome
from bot.render.library import about
from bot.render.message import BLUE, GREEN, GREY, ORANGE, MessageContent
from bot.render.quote import quote_in
from bot.render.reading import context, page_before, page_from, reading
from bot.render.text import CLOSING, MAX_CONTENT, MAX_SOURCES, MAX_TEXT, clip, emphasise, plain, unescape

__all__ = [
    "BLUE",
    "CLOSING",
    "GREEN",
    "GREY",
    "MAX_CONTENT",
    "MAX_SOURCES",
    "MAX_TEXT",
    "ORANGE",
    "MessageContent",
    "about",
    "answer",
    "clip",
    "complaints",
    "context",
    "emphasise",
    "error_text",
    "help_text",
    "page_before",
    "page_from",
    "plain",
    "quote_in",
    "quotes",
    "reading",
    "small_talk",
    "summary",
    "thanks",
    "unescape",
    "welcome",
]
