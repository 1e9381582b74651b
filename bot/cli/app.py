"""The command line, and the one place where the parts are put together.

Standard output carries the result and nothing else; progress and notices go to standard error.
Exit codes: 0 done; 1 it could not be done, or `doctor` found a problem; 2 the command line or a setting
is wrong; 130 interrupted.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import aiohttp
import discord
import typer
from pydantic import ValidationError
from rich.text import Text
from typer.core import TyperGroup

from bot.cli import doctor, terminal, upkeep
from bot.cli.demo import serve
from bot.client import create_bot
from bot.service.service import Service, open_library
from bot.settings import Settings, explain
from index import (
    ALL,
    CancelledError,
    FootnoteError,
    Library,
    Mode,
    OwnQuestionsError,
    Progress,
    ReindexReport,
    SelfCheckError,
    Source,
    Span,
    Turn,
    fetch,
    fitted_thresholds,
    measure,
    measure_conversations,
    read_file,
)

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
UNREACHABLE = """\
Discord cannot be reached: {reason}.
Check this machine's connection to the internet, and whether a firewall or a proxy keeps it from discord.com.
Whether Discord itself is down stands at https://discordstatus.com. Then start `footnote run` again."""
TO_FORCE = "To put it in place all the same: --force"
CALLED_OFF = "Called off: nothing was changed."
TURNS_KEPT = 4
DEBUG_HELP = "Show what happens inside, and the traceback of an error."
JSON_HELP = "Print one JSON object, in UTF-8."
QUESTIONS_HELP = (
    "JSON lines with `question` and `evidence` (parts of the article word for word; none where it does not "
    "say), or SQuAD 1.1 or 2.0 JSON, which brings its own articles."
)
POOLED_HELP = "Ask each question of all the file's articles as one."
FOREIGN_HELP = "Ask each question of another article as well, which should not answer."
CONVERSATIONS_HELP = (
    "The file holds conversations: JSON lines with `first`, `question` and `evidence`. Ask each question "
    "after the first one, and by itself."
)
COMPARE_HELP = "Measure a plain dense search beside it: one vector a passage, one a sentence."
ARTICLE_HELP = "Id of an article, or `all` for the best answer of all. Without: the one in use."
SOURCE_HELP = (
    "A file (text, Markdown, HTML, PDF, DOCX or EPUB) or a web address that starts with http:// or https://."
)
ID_HELP = "Id of an article, as `footnote library list` shows it."
OWN_QUESTIONS_HELP = (
    "A file of questions with their evidence, as JSON lines. The article is not put in place where too few "
    "of them are answered rightly."
)
FORCE_HELP = "Put it in place even if too few of its questions are answered rightly."
SERVER_HELP = "Work on the library of this Discord server, by the server's id."
POOLED_AND_FOREIGN = (
    "--pooled makes all articles one, and --foreign needs another one to ask. Give one of the two."
)
CONVERSATIONS_ALONE = "--conversations are about one article: leave --pooled, --foreign and --compare out."

OnProgress = Callable[[Progress], None]


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
        except CancelledError as error:
            raise _failed(error, INTERRUPTED) from error
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
        case SelfCheckError() | OwnQuestionsError():
            message = f"{error}\n{TO_FORCE}"
        case _:
            message = str(error)
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        traceback.print_exception(error)
    text = Text("Error: ", style="bold red").append(terminal.printable(message), style="not bold default")
    terminal.terminal(stderr=True).print(text, soft_wrap=True)
    return typer.Exit(code)


app = typer.Typer(
    cls=Commands,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
library_app = typer.Typer(no_args_is_help=True)

ServerOption = Annotated[int | None, typer.Option(min=1, help=SERVER_HELP, show_default=False)]
ArticleOption = Annotated[str | None, typer.Option(help=ARTICLE_HELP, show_default=False)]
ForceOption = Annotated[bool, typer.Option("--force", help=FORCE_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help=JSON_HELP)]
IdArgument = Annotated[str, typer.Argument(help=ID_HELP, show_default=False)]


def main() -> None:
    """Runs the command line."""
    terminal.never_fail_on_encoding()
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
    article = library.article()
    question = next(iter(article.questions), "What is this article about?")
    out = terminal.terminal()
    out.print(Text(terminal.printable(question), style="bold"))
    out.print(terminal.answer_text(library.ask(question).answer))
    if page:
        bot = create_bot(settings, service=Service(library))
        announce = partial(out.print, soft_wrap=True)
        asyncio.run(_until_stopped(serve(bot, article, port=port, announce=announce)))


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
    try:
        asyncio.run(_until_stopped(create_bot(settings).serve(token)))
    except (aiohttp.ClientError, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:  # a file, not the network
            raise
        reason = "it did not answer in time" if isinstance(error, TimeoutError) else str(error)
        raise FootnoteError(UNREACHABLE, reason=reason or type(error).__name__) from error


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, in quotes.", show_default=False)],
    article: ArticleOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask one question. Builds the index first where there is none."""
    question = question.encode(errors="replace").decode()  # an argument need not be text
    library = _load(_settings(), article, server)
    answer = library.ask(question, article=_asked(article)).answer
    if as_json:
        terminal.print_json(terminal.answer_json(answer))
    else:
        terminal.terminal().print(terminal.answer_text(answer, with_title=_asked(article) == ALL))


@app.command()
def chat(article: ArticleOption = None, server: ServerOption = None) -> None:
    """Ask one question after another; a question may lean on those before it. Ctrl-D or `exit` ends."""
    library = _load(_settings(), article, server)
    asked = _asked(article)
    out, aside = terminal.terminal(), terminal.terminal(stderr=True)
    prompt = "> " if sys.stdin.isatty() and sys.stdout.isatty() else ""
    if prompt:
        about = "all articles" if asked == ALL else f"“{terminal.printable(library.article(asked).title)}”"
        aside.print(Text(f"Ask about {about}. Ctrl-D or `exit` ends.", style="dim"))
        with suppress(ImportError):  # where it exists, it gives `input` a history and editing
            import readline  # noqa: F401
    turns: tuple[Turn, ...] = ()
    answered_from = None
    while True:
        try:
            question = input(prompt).strip()
        except EOFError:
            return
        if question in {"exit", "quit"}:
            return
        if question:
            try:
                answer = library.ask(question, article=asked, turns=turns).answer
            except FootnoteError as error:
                aside.print(Text(terminal.printable(str(error)), style="yellow"))
                continue
            out.print(terminal.answer_text(answer, with_title=asked == ALL), Text())
            if answer.article_id != answered_from:  # what was cited before counts in another article
                turns, answered_from = (), answer.article_id
            cited = tuple(Span(citation.start, citation.end) for citation in answer.citations)
            turns = (*turns, Turn(question, cited))[-TURNS_KEPT:]


@app.command()
def reindex(
    article: Annotated[str | None, typer.Argument(metavar="[ID]", help=ID_HELP, show_default=False)] = None,
    origin: Annotated[str | None, typer.Option("--from", help=SOURCE_HELP, show_default=False)] = None,
    questions: Annotated[Path | None, typer.Option(help=OWN_QUESTIONS_HELP, show_default=False)] = None,
    force: ForceOption = False,
    server: ServerOption = None,
) -> None:
    """Read an article afresh, from where it came or from elsewhere, and rebuild its index."""
    if questions and not origin:
        raise MisuseError("--questions goes with --from: a file of questions accompanies a source.")
    settings = _settings()
    library = _library(settings, server)

    def work(on_progress: OnProgress) -> ReindexReport:
        source = _source(origin, questions, settings) if origin else None
        return library.reindex(article, who=_user(), source=source, force=force, on_progress=on_progress)

    terminal.terminal().print(terminal.report_text(_change(work)))


@library_app.callback()
def manage() -> None:
    """Manage the library: the articles that can be asked."""


@library_app.command()
def add(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP, show_default=False)],
    article: Annotated[
        str | None,
        typer.Option("--id", help="Its id: letters, digits and hyphens. Without: from its title."),
    ] = None,
    questions: Annotated[Path | None, typer.Option(help=OWN_QUESTIONS_HELP, show_default=False)] = None,
    force: ForceOption = False,
    server: ServerOption = None,
) -> None:
    """Add an article."""
    settings = _settings()
    library = _library(settings, server)
    report = _change(
        lambda on_progress: library.add(
            _source(source, questions, settings),
            who=_user(),
            id=article,
            force=force,
            on_progress=on_progress,
        )
    )
    added = report.info.article.id
    terminal.terminal().print(
        terminal.report_text(report),
        f"It is the one in use, as {added}."
        if library.in_use() == added
        else f"Its id is {added}. `footnote library use {added}` puts it in use.",
        sep="\n",
    )


@library_app.command(name="list")
def list_entries(server: ServerOption = None, as_json: JsonOption = False) -> None:
    """List the articles; a star marks the one in use."""
    entries = _library(_settings(), server).entries()
    if as_json:
        terminal.print_json(terminal.entries_json(entries))
    else:
        terminal.terminal().print(terminal.entries_text(entries))


@library_app.command()
def remove(
    article: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    server: ServerOption = None,
) -> None:
    """Remove an article; `footnote library undo` brings it back."""
    library = _library(_settings(), server)
    title = next((entry.title for entry in library.entries() if entry.id == article), None)
    asks = title is not None and not yes  # what is not there need not be asked about
    if asks and not typer.confirm(f"Remove “{terminal.printable(title or article)}”?", err=True):
        raise CancelledError("Nothing was removed.")
    library.remove(article, who=_user())
    terminal.terminal().print(
        Text(terminal.printable(f"Removed {article}. `footnote library undo {article}` brings it back."))
    )


@library_app.command()
def use(article: IdArgument, server: ServerOption = None) -> None:
    """Choose the article that is asked where none is named."""
    library = _library(_settings(), server)
    library.use(article, who=_user())
    terminal.terminal().print(Text(terminal.printable(f"In use: {article}.")))


@library_app.command()
def undo(article: IdArgument, server: ServerOption = None) -> None:
    """Go back to the index before the last change of an article, or bring a removed one back."""
    info = _library(_settings(), server).undo(article, who=_user())
    terminal.terminal().print(terminal.undone_text(info))


@library_app.command()
def history(server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Show who changed what, and when; the newest first."""
    changes = _library(_settings(), server).history()
    if as_json:
        terminal.print_json(terminal.history_json(changes))
    else:
        terminal.terminal().print(terminal.history_text(changes))


@library_app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
) -> None:
    """Delete what has been kept long enough, of all servers: what was removed, undone, or left behind."""
    library = open_library(_settings())
    out = terminal.terminal()
    expired = library.upkeep.expired()
    out.print(Text(terminal.printable(upkeep.expired_text(expired))))
    if not expired or dry_run:
        return
    if not yes and not typer.confirm("Delete it for good?", err=True):
        raise CancelledError("Nothing was deleted.")
    out.print(Text(upkeep.freed_text(library.upkeep.prune())))


app.add_typer(library_app, name="library")


@app.command()
def show(
    article: Annotated[str | None, typer.Argument(metavar="[ID]", help=ID_HELP, show_default=False)] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an article as it is indexed."""
    info = _load(_settings(), article, server).info(article)
    if as_json:
        terminal.print_json(terminal.article_json(info))
    else:
        terminal.terminal().print(terminal.article_text(info))


@app.command(name="eval")
def evaluate(
    file: Annotated[Path, typer.Argument(help=QUESTIONS_HELP, show_default=False)],
    pooled: Annotated[bool, typer.Option("--pooled", help=POOLED_HELP)] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help=FOREIGN_HELP)] = False,
    conversations: Annotated[bool, typer.Option("--conversations", help=CONVERSATIONS_HELP)] = False,
    compare: Annotated[Literal["plain"] | None, typer.Option(help=COMPARE_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Measure the answers to a file of questions."""
    if pooled and foreign:
        raise MisuseError(POOLED_AND_FOREIGN)
    if conversations and (pooled or foreign or compare):
        raise MisuseError(CONVERSATIONS_ALONE)
    mode = Mode.POOLED if pooled else Mode.FOREIGN if foreign else Mode.ARTICLE
    library = open_library(_settings())
    if conversations:
        with terminal.asking("Footnote") as on_question:
            held = measure_conversations(
                file, library.article_in_use(), *library.models(), on_question=on_question
            )
        if as_json:
            terminal.print_json(terminal.conversations_json(held))
        else:
            terminal.terminal().print(terminal.conversations_text(held))
        return
    with terminal.asking("Footnote") as on_question:
        measured = partial(measure, file, library.article_in_use(), *library.models(), mode=mode)
        metrics = measured(on_question=on_question)
    plain = None
    if compare == "plain":
        with terminal.asking("the plain baseline") as on_question:
            plain = measured(plain=True, on_question=on_question)
    if as_json:
        terminal.print_json(terminal.metrics_json(metrics, plain))
    else:
        terminal.terminal().print(terminal.metrics_text(metrics, plain))


@app.command()
def calibrate() -> None:
    """Fit the confidence thresholds of the embedding model and print them as JSON."""
    library = open_library(_settings())
    with terminal.progress("Loading the model") as on_progress:
        fitted = fitted_thresholds(library.models()[0], on_progress)
    terminal.print_json(fitted)


@app.command(name="doctor")
def examine() -> None:
    """Check settings, model, index and token: ok, or what to do."""
    settings = _settings()
    with terminal.progress("Loading the model") as on_progress:
        findings = doctor.examine(settings, open_library(settings), on_progress)
    terminal.terminal().print(terminal.findings_text(findings))
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
    root = logging.getLogger()
    if not root.handlers:
        discord.utils.setup_logging(level=level)
        for handler in root.handlers:  # a library may have set its own logger to more, as bm25s does
            handler.setLevel(level)


def _library(settings: Settings, server: int | None) -> Library:
    library = open_library(settings)
    return library if server is None else library.branch(str(server))


def _load(settings: Settings, article: str | None = None, server: int | None = None) -> Library:
    """The library, ready to be asked; what is named is opened when it is asked."""
    library = _library(settings, server)
    if article is not None:
        return library
    with terminal.progress("Loading the model") as on_progress:
        notices = library.load(on_progress)
    for notice in notices:
        terminal.terminal(stderr=True).print(Text(terminal.printable(notice), style="yellow"), soft_wrap=True)
    return library


def _asked(article: str | None) -> str | None:
    return ALL if article == "all" else article


def _source(place: str, questions: Path | None, settings: Settings) -> Source:
    source = fetch(place, settings.limits) if "://" in place else read_file(Path(place), settings.limits)
    return source if questions is None else replace(source, questions=questions.read_bytes())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container need not have a name for its user
        return "command line"


def _change(work: Callable[[OnProgress], ReindexReport]) -> ReindexReport:
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

    with terminal.progress("Reading the source") as show:

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
