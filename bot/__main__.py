"""The command line, and the one place where the parts are put together.

Standard output carries the result and nothing else; progress and notices go to standard error.
Exit codes: 0 done; 1 it could not be done, or `doctor` found a problem; 2 the command line or a setting
is wrong; 130 interrupted.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import traceback
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import discord
import typer
from pydantic import ValidationError
from rich.text import Text
from typer.core import TyperGroup

from bot import console, doctor
from bot.client import create_bot
from bot.demo import serve
from bot.service import Service, open_library
from bot.settings import Settings, explain
from index import FootnoteError, Library, Mode

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

EPILOG = (
    "Exit codes: 0 done; 1 it could not be done, or the doctor found a problem; "
    "2 the command line or a setting is wrong; 130 interrupted."
)
HOW_TO_RUN = """\
DISCORD_TOKEN is not set, so there is no bot to log in as.
  1. Open https://discord.com/developers/applications and create a New Application.
  2. Bot: press Reset Token and copy the token. No privileged intent is needed.
  3. OAuth2, URL Generator: tick the scopes bot and applications.commands, then the permissions
     View Channels, Send Messages, Send Messages in Threads and Read Message History.
     Open the link below them to invite the bot.
  4. Write DISCORD_TOKEN=<the token> in a file .env in this folder.
  5. Start `footnote run` again.
To try Footnote without Discord: footnote demo"""
LOGIN_REFUSED = """\
Discord does not accept DISCORD_TOKEN. A token is shown once and ends when a new one is made.
Make a new one at https://discord.com/developers/applications: your application, Bot, Reset Token."""
DEBUG_HELP = "Show what happens inside, and the traceback of an error."
JSON_HELP = "Print one JSON object, in UTF-8."
QUESTIONS_HELP = (
    "JSON lines with `question` and `evidence` (parts of the article word for word; none where it does not "
    "say), or SQuAD 1.1 or 2.0 JSON, which brings its own articles."
)
POOLED_HELP = "Ask each question of all the file's articles as one."
FOREIGN_HELP = "Ask each question of another article as well, which should not answer."
COMPARE_HELP = "Measure a plain dense search beside it: one vector a passage, one a sentence."
POOLED_AND_FOREIGN = (
    "--pooled makes all articles one, and --foreign needs another one to ask. Give one of the two."
)


class MisuseError(FootnoteError):
    """What the command line or a setting asks for is wrong."""


class Commands(TyperGroup):
    """The one place where an error becomes a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; what it raises on purpose is said in one message on standard error."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # so that a reader who has gone away is noticed here, and not at exit
        except BrokenPipeError as gone:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(INTERRUPTED) from gone
        except (ValidationError, MisuseError, discord.LoginFailure) as error:
            raise _failed(error, MISUSED) from error
        except (FootnoteError, OSError, discord.DiscordException) as error:
            raise _failed(error, FAILED) from error
        return result


def _failed(error: Exception, code: int) -> typer.Exit:
    match error:
        case ValidationError():
            message = f"A setting is wrong.\n{explain(error)}"
        case discord.LoginFailure():
            message = LOGIN_REFUSED
        case discord.DiscordException():
            message = f"Discord: {error}"
        case OSError() if error.filename is not None:
            message = f"{error.filename}: {error.strerror}"
        case _:
            message = str(error)
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        traceback.print_exception(error)
    text = Text("Error: ", style="bold red").append(console.printable(message), style="not bold default")
    console.terminal(stderr=True).print(text, soft_wrap=True)
    return typer.Exit(code)


app = typer.Typer(
    cls=Commands,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Runs the command line."""
    console.never_fail_on_encoding()
    app(prog_name="footnote")


@app.callback()
def footnote(debug: Annotated[bool, typer.Option("--debug", help=DEBUG_HELP)] = False) -> None:
    """Answers questions about an article, every answer with its footnote: the exact sentence it rests on.

    To begin: footnote demo
    """
    if debug:
        _log(logging.DEBUG)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where the page is served.")] = 8765,
    page: Annotated[bool, typer.Option(help="Serve the page after the sample question.")] = True,
) -> None:
    """Try the bot in a simulated Discord, in your browser. No token needed."""
    settings = _settings()
    library = _load(settings)
    question = next(iter(library.article.questions), "What is this article about?")
    out = console.terminal()
    out.print(Text(console.printable(question), style="bold"))
    out.print(console.answer_text(library.ask(question)))
    if page:
        bot = create_bot(settings, service=Service(library))
        announce = partial(out.print, soft_wrap=True)
        asyncio.run(_until_stopped(serve(bot, library.article, port=port, announce=announce)))


@app.command()
def run() -> None:
    """Run the bot in Discord, with the token in DISCORD_TOKEN."""
    settings = _settings()
    token = settings.discord_token.get_secret_value().strip() if settings.discord_token else ""
    if not token:
        raise MisuseError(HOW_TO_RUN)
    if not token.isascii() or not token.isprintable():
        raise discord.LoginFailure  # it could not even be sent
    _log(logging.getLevelNamesMapping()[settings.log_level])
    asyncio.run(_until_stopped(create_bot(settings).serve(token)))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, in quotes.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Ask one question. Builds the index first where there is none."""
    question = question.encode(errors="replace").decode()  # an argument need not be text
    answer = _load(_settings()).ask(question)
    if as_json:
        console.print_json(console.answer_json(answer))
    else:
        console.terminal().print(console.answer_text(answer))


@app.command()
def chat() -> None:
    """Ask one question after another. Ctrl-D or `exit` ends."""
    library = _load(_settings())
    out, aside = console.terminal(), console.terminal(stderr=True)
    prompt = "> " if sys.stdin.isatty() and sys.stdout.isatty() else ""
    if prompt:
        title = console.printable(library.article.title)
        aside.print(Text(f"Ask about “{title}”. Ctrl-D or `exit` ends.", style="dim"))
        with suppress(ImportError):  # where it exists, it gives `input` a history and editing
            import readline  # noqa: F401
    while True:
        try:
            question = input(prompt).strip()
        except EOFError:
            return
        if question in {"exit", "quit"}:
            return
        if question:
            try:
                out.print(console.answer_text(library.ask(question)), Text())
            except FootnoteError as error:
                aside.print(Text(console.printable(str(error)), style="yellow"))


@app.command()
def reindex() -> None:
    """Read the article afresh and rebuild its index."""
    library = open_library(_settings())
    with console.progress("Loading the model") as on_progress:
        report = library.reindex(on_progress)
    console.terminal().print(console.report_text(report))


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False) -> None:
    """Show the article as it is indexed."""
    info = _load(_settings()).info()
    if as_json:
        console.print_json(console.article_json(info))
    else:
        console.terminal().print(console.article_text(info))


@app.command(name="eval")
def evaluate(
    file: Annotated[Path, typer.Argument(help=QUESTIONS_HELP, show_default=False)],
    pooled: Annotated[bool, typer.Option("--pooled", help=POOLED_HELP)] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help=FOREIGN_HELP)] = False,
    compare: Annotated[Literal["plain"] | None, typer.Option(help=COMPARE_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Measure the answers to a file of questions."""
    if pooled and foreign:
        raise FootnoteError(POOLED_AND_FOREIGN)
    mode = Mode.POOLED if pooled else Mode.FOREIGN if foreign else Mode.ARTICLE
    library = open_library(_settings())
    with console.asking("Footnote") as on_question:
        metrics = library.evaluate(file, mode=mode, on_question=on_question)
    plain = None
    if compare == "plain":
        with console.asking("the plain baseline") as on_question:
            plain = library.evaluate(file, mode=mode, plain=True, on_question=on_question)
    if as_json:
        console.print_json(console.metrics_json(metrics, plain))
    else:
        console.terminal().print(console.metrics_text(metrics, plain))


@app.command()
def calibrate() -> None:
    """Fit the confidence thresholds of the embedding model and print them as JSON."""
    library = open_library(_settings())
    with console.progress("Loading the model") as on_progress:
        fitted = library.calibrate(on_progress)
    console.print_json(fitted)


@app.command(name="doctor")
def examine() -> None:
    """Check settings, model, index and token: ok, or what to do."""
    settings = _settings()
    with console.progress("Loading the model") as on_progress:
        findings = doctor.examine(settings, open_library(settings), on_progress)
    console.terminal().print(console.findings_text(findings))
    if any(finding.verdict is doctor.Verdict.PROBLEM for finding in findings):
        raise typer.Exit(FAILED)


def _settings() -> Settings:
    try:
        settings = Settings()
    except UnicodeDecodeError as error:
        raise MisuseError("The file .env is not UTF-8 text. Save it as UTF-8.") from error
    if settings.log_level == "DEBUG":
        _log(logging.DEBUG)
    return settings


def _log(level: int) -> None:
    if not logging.getLogger().handlers:
        discord.utils.setup_logging(level=level)


def _load(settings: Settings) -> Library:
    library = open_library(settings)
    with console.progress("Loading the model") as on_progress:
        notices = library.load(on_progress)
    for notice in notices:
        console.terminal(stderr=True).print(Text(console.printable(notice), style="yellow"), soft_wrap=True)
    return library


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
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


if __name__ == "__main__":
    main()
