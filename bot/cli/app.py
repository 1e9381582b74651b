"""The command line, and the one place where the parts are put together.

Standard output carries the result and nothing else; progress and notices go to standard error.
Exit codes: 0 done; 1 it could not be done, or `doctor` found a problem; 2 the command line or a setting
is wrong; 130 interrupted.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Annotated

import aiohttp
import discord
import typer
from rich.text import Text

from bot.cli import backup, doctor, insights, library, measure, show, tables
from bot.cli.demo import serve
from bot.cli.errors import FAILURE, Commands, MisuseError
from bot.cli.options import (
    DEBUG_HELP,
    ArticleOption,
    JsonOption,
    OneArticleOption,
    OptionalIdArgument,
    ServerOption,
    ShardsOption,
)
from bot.cli.process import (
    article_meant,
    library_of,
    read_settings,
    ready_library,
    set_up_logging,
    shards_of,
    until_stopped,
)
from bot.cli.talk import talk_json, talk_text
from bot.cli.terminal import never_fail_on_encoding, print_json, printable, progress, terminal
from bot.client import create_bot, create_service, work
from bot.service.questions import bare_question
from bot.service.service import Service
from bot.service.small_talk import small_talk
from index import ALL, Answer, FootnoteError, Span, Turn

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
UNREACHABLE = """\
Discord cannot be reached: {reason}.
Check this machine's connection to the internet, and whether a firewall or a proxy keeps it from discord.com.
Whether Discord itself is down stands at https://discordstatus.com. Then start `footnote run` again."""
TURNS_KEPT = 4  # more than a follow-up leans on

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
    never_fail_on_encoding()
    app(prog_name="footnote")


@app.callback()
def footnote(debug: Annotated[bool, typer.Option("--debug", help=DEBUG_HELP)] = False) -> None:
    """Answers questions about an article, every answer with its footnote: the exact sentence it rests on.

    To begin: footnote demo
    """
    if debug:
        set_up_logging(logging.DEBUG)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where the page is served.")] = 8765,
    page: Annotated[bool, typer.Option(help="Serve the page after the sample question.")] = True,
) -> None:
    """Try the bot in a simulated Discord, in your browser. No token needed."""
    settings = read_settings()
    articles = ready_library(settings)
    article = articles.article()
    question = next(iter(article.questions), "What is this article about?")
    out = terminal()
    out.print(Text(printable(question), style="bold"))
    out.print(show.answer_text(articles.ask(question).answer))
    if page:
        bot = create_bot(settings, service=Service(articles))
        announce = partial(out.print, soft_wrap=True)
        asyncio.run(until_stopped(serve(bot, articles, article, port=port, announce=announce)))


@app.command()
def run(shards: ShardsOption = "all") -> None:
    """Run the bot in Discord, with the token in DISCORD_TOKEN."""
    own_shards = shards_of(shards)
    settings = read_settings()
    token = settings.discord_token.get_secret_value().strip() if settings.discord_token else ""
    if not token:
        raise MisuseError(HOW_TO_RUN)
    if not token.isascii() or not token.isprintable():
        raise discord.LoginFailure  # it could not even be sent
    set_up_logging(logging.getLevelNamesMapping()[settings.log_level], as_json=settings.log_format == "json")
    try:
        asyncio.run(until_stopped(create_bot(settings, shards=own_shards).serve(token)))
    except (aiohttp.ClientError, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:  # a file, not the network
            raise
        reason = "it did not answer in time" if isinstance(error, TimeoutError) else str(error)
        raise FootnoteError(UNREACHABLE, reason=reason or type(error).__name__) from error


@app.command()
def worker() -> None:
    """Make the changes that admins ask for in Discord, beside other processes of the bot. No token needed."""
    settings = read_settings()
    set_up_logging(logging.getLevelNamesMapping()[settings.log_level], as_json=settings.log_format == "json")
    asyncio.run(until_stopped(work(create_service(settings), settings)))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, in quotes.", show_default=False)],
    article: ArticleOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask one question. Builds the index first where there is none."""
    question = question.encode(errors="replace").decode()  # an argument need not be text
    articles = ready_library(read_settings(), article, server)
    bare = bare_question(question)
    talk = small_talk(bare)
    if talk is not None:
        of = articles.article(_one_of(article_meant(article)))
        if as_json:
            print_json(talk_json(question, talk, of))
        else:
            terminal().print(talk_text(talk, of))
        return
    answer = replace(articles.ask(bare, article=article_meant(article)).answer, question=question)
    _print_answer(answer, as_json=as_json, with_title=article_meant(article) == ALL)


@app.command()
def check(
    claim: Annotated[str, typer.Argument(help="What is claimed, in quotes.", show_default=False)],
    article: OneArticleOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a claim: whether the article says so, says otherwise, or does not say."""
    claim = claim.encode(errors="replace").decode()
    articles = ready_library(read_settings(), article, server)
    _print_answer(articles.check(claim, article=article).answer, as_json=as_json, is_claim=True)


def _print_answer(answer: Answer, *, as_json: bool, with_title: bool = False, is_claim: bool = False) -> None:
    if as_json:
        print_json(show.answer_json(answer, is_claim=is_claim))
    else:
        terminal().print(show.answer_text(answer, with_title=with_title, is_claim=is_claim))


@app.command()
def chat(article: ArticleOption = None, server: ServerOption = None) -> None:
    """Ask one question after another; a question may lean on those before it. Ctrl-D or `exit` ends."""
    articles = ready_library(read_settings(), article, server)
    article_id = article_meant(article)
    out, aside = terminal(), terminal(stderr=True)
    prompt = "> " if sys.stdin.isatty() and sys.stdout.isatty() else ""
    if prompt:
        about = "all articles" if article_id == ALL else f"“{printable(articles.article(article_id).title)}”"
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
        talk = small_talk(bare_question(question))
        if talk is not None:
            out.print(talk_text(talk, articles.article(_one_of(article_id))), Text())
        elif question:
            question = bare_question(question)
            try:
                answer = articles.ask(question, article=article_id, turns=turns).answer
            except FootnoteError as error:
                aside.print(Text(printable(str(error)), style="yellow"))
                continue
            out.print(show.answer_text(answer, with_title=article_id == ALL), Text())
            if answer.article_id != answered_from:  # what was cited before counts in another article
                turns, answered_from = (), answer.article_id
            spans = tuple(Span(citation.start, citation.end) for citation in answer.citations)
            turns = (*turns, Turn(question, spans))[-TURNS_KEPT:]


def _one_of(article: str | None) -> str | None:
    """The article that is spoken of where all are asked: the one in use."""
    return None if article == ALL else article


app.command()(library.reindex)


@app.command(name="show")
def show_article(
    article: OptionalIdArgument = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an article as it is indexed."""
    info = ready_library(read_settings(), article, server).info(article)
    if as_json:
        print_json(show.article_json(info))
    else:
        terminal().print(show.article_text(info))


app.command(name="eval")(measure.evaluate)
app.command()(measure.calibrate)


@app.command(name="doctor")
def examine(as_json: JsonOption = False) -> None:
    """Check settings, model, index and token: ok, or what to do."""
    settings = read_settings()
    with progress("Loading the model") as on_progress:
        findings = doctor.examine(settings, library_of(settings), on_progress)
    if as_json:
        print_json(tables.findings_json(findings))
    else:
        terminal().print(tables.findings_text(findings))
    if any(finding.verdict is doctor.Verdict.PROBLEM for finding in findings):
        raise typer.Exit(FAILURE)


app.command(name="insights")(insights.show_insights)
app.command(name="backup")(backup.save)
app.command(name="restore")(backup.bring_back)
app.add_typer(library.library_app, name="library")


if __name__ == "__main__":
    main()
