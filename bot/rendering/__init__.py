"""What a message says, as text. Nothing here sends."""

from bot.rendering.answers import answer, context
from bot.rendering.library import about, help_text, progress, report
from bot.rendering.message import BLUE, GREEN, GREY, ORANGE, Rendered
from bot.rendering.text import MAX_CONTENT, MAX_TEXT, clip, plain

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "MAX_CONTENT",
    "MAX_TEXT",
    "ORANGE",
    "Rendered",
    "about",
    "answer",
    "clip",
    "context",
    "help_text",
    "plain",
    "progress",
    "report",
]
