"""Why a source is not read, in words that ``ArticleError`` takes over."""

from __future__ import annotations

from index.sources.limits import Limits


class Refusal(Exception):  # noqa: N818 (it is no fault of the program)
    """A file is no article, or cannot be read.

    ``message`` has ``{source}`` and the names of ``values`` in it.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


NO_TEXT = "{source} holds no text. An article needs at least one sentence."
NO_LIST = (
    "{source} is neither a feed (RSS, Atom) nor a sitemap. Add a single page with /library add, and have it "
    "read again with /library watch."
)
NO_PROSE = "{source} holds no article text."
DAMAGE = "{source} is damaged, or not the {format} file that it seems to be. Get it again and try that."
TOO_MANY_PAGES = (
    "{source} has {pages} pages, more than the {limit} that are read. Give the part that holds the article."
)
TOO_LONG = "{source} has more text than the {limit} characters that are indexed. Give the article alone."
UNPACKS = "{source} unpacks to more than {limit} MB, the most that is read. Make it smaller and try again."
BROKEN_OFF = "{source} breaks off before its end. Get the whole file and try again."
PROTECTION = (
    "{source} is protected so that only its publisher's program opens it. Get one without that and try again."
)
LOCK = "{source} is locked with a password. Save it without one and try again."
ENTITIES = "{source} declares XML entities, which no article needs and attacks use. It is not read."
UNKNOWN_ENCODING = "{source} is in an encoding that cannot be told. Save it as UTF-8 and try again."
IS_NO_TEXT = (
    "{source} is not a text: its format is {format}. Give a text, Markdown, HTML, PDF, DOCX or EPUB file."
)
BINARY = "{source} is not a text, but binary data. Give a text, Markdown, HTML, PDF, DOCX or EPUB file."
TOO_SLOW = "{source} takes longer than {limit} seconds to read. Make it smaller and try again."
TOO_GREEDY = "{source} takes more than {limit} MB of memory to read. Make it smaller and try again."


def too_long(limits: Limits) -> Refusal:
    """An article with more text than is indexed."""
    return Refusal(TOO_LONG, limit=f"{limits.max_chars:,}")
