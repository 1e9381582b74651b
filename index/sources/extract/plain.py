"""Plain text: taken as it is, but where its lines are not its author's paragraphs."""

from __future__ import annotations

from index.model.article import Article
from index.sources.extract.blocks import INVISIBLE
from index.sources.extract.lines import flowed
from index.sources.extract.refusals import NO_TEXT, Refusal, too_long
from index.sources.extract.transcripts import captions, chat
from index.sources.limits import Limits


def plain(text: str, limits: Limits) -> Article:
    """The article that a text is.

    Captions and chats become paragraphs, lines that are wrapped are joined; what cannot be seen is left out.

    Raises:
        Refusal: it has no words, or too many.
    """
    if len(text) > limits.max_chars:
        raise too_long(limits)
    visible = text.translate(INVISIBLE) if not text.isascii() else text
    lines = visible.replace("\r\n", "\n").replace("\r", "\n")
    words = captions(lines) or chat(lines) or flowed(text).translate(INVISIBLE)
    if not words.strip():
        raise Refusal(NO_TEXT)
    return Article(id="", title="", text=words, language="")
