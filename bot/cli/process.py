"""What every command needs of the process: settings, logging, the library, and how it is stopped."""

from __future__ import annotations

import asyncio
import getpass
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
from rich.text import Text

from bot.cli.errors import MisuseError
from bot.cli.terminal import printable, progress, terminal
from bot.operations.logs import JsonLines, TextLines
from bot.service.opening import open_library
from bot.settings import Settings
from bot.shards import Shards
from index import ALL, CancelledError, Library, Progress, ReindexReport, Source, fetch, read_file

NO_SHARDS = (
    "{shards} names no shards. Give the first, the last and how many there are in all, as in "
    "--shards 0-3/16: they count from 0, so that the last of 16 is 15."
)
CALLED_OFF = "Called off: nothing was changed."

OnProgress = Callable[[Progress], None]


def read_settings() -> Settings:
    """The settings, and logging where they ask for all of it.

    Raises:
        MisuseError: the file of settings is no text.
    """
    try:
        settings = Settings()
    except UnicodeDecodeError as error:
        raise MisuseError("The file .env is not UTF-8 text. Save it as UTF-8.") from error
    if settings.log_level == "DEBUG":
        set_up_logging(logging.DEBUG, as_json=settings.log_format == "json")
    return settings


def set_up_logging(level: int, *, as_json: bool = False) -> None:
    """Shows what is logged from a level on, on standard error, as text or as JSON."""
    root = logging.getLogger()
    if not root.handlers:
        discord.utils.setup_logging(level=level, formatter=JsonLines() if as_json else TextLines())
        for handler in root.handlers:  # a library may have set its own logger to more
            handler.setLevel(level)


def shards_of(text: str) -> Shards:
    """The shards that an option names.

    Raises:
        MisuseError: it names none.
    """
    try:
        return Shards.parse(text)
    except ValueError as error:
        raise MisuseError(NO_SHARDS, shards=text) from error


def library_of(settings: Settings, server: int | None = None) -> Library:
    """The common library, or the one of a server; nothing of it is loaded yet."""
    library = open_library(settings)
    return library if server is None else library.branch(str(server))


def ready_library(settings: Settings, article: str | None = None, server: int | None = None) -> Library:
    """The library, ready to be asked; what is named is opened when it is asked."""
    library = library_of(settings, server)
    if article is not None:
        return library
    with progress("Loading the model") as on_progress:
        notices = library.load(on_progress)
    for notice in notices:
        terminal(stderr=True).print(Text(printable(notice), style="yellow"), soft_wrap=True)
    return library


def article_meant(article: str | None) -> str | None:
    """The article that an option names."""
    return ALL if article == "all" else article


def source_from(place: str, questions: Path | None, settings: Settings) -> Source:
    """What a file or a web address holds, with the questions that accompany it."""
    source = fetch(place, settings.limits) if "://" in place else read_file(Path(place), settings.limits)
    return source if questions is None else replace(source, questions=questions.read_bytes())


def user_name() -> str:
    """Who the history says did it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container need not have a name for its user
        return "command line"


def make_change(work: Callable[[OnProgress], ReindexReport]) -> ReindexReport:
    """Does what changes the library, with its progress shown.

    Ctrl-C calls it off at its next step, so that what is said then is true: nothing was changed. A second
    one ends it at once.
    """
    called_off = False

    def call_off(*_: object) -> None:
        nonlocal called_off
        if called_off:
            raise KeyboardInterrupt
        called_off = True

    with progress("Reading the source") as show:

        def on_progress(step: Progress) -> None:
            if called_off:
                raise CancelledError(CALLED_OFF)
            show(step)

        with _on_ctrl_c(call_off):
            return work(on_progress)


@contextmanager
def _on_ctrl_c(handler: Callable[..., None]) -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # what a shell starts in the background ignores Ctrl-C
        yield
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Runs ``work`` until it is done, or cancels it on SIGTERM as asyncio does on Ctrl-C: both end well."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - told to the type checker: a coroutine runs in a task
    stop = task.cancel
    before = signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        await work
    except asyncio.CancelledError:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
