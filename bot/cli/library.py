"""`footnote library` and `footnote reindex`: what is in a library, and what is changed of it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from bot.cli import tables, upkeep
from bot.cli.errors import MisuseError
from bot.cli.options import (
    SOURCE_HELP,
    ForceOption,
    IdArgument,
    JsonOption,
    OptionalIdArgument,
    OwnQuestionsOption,
    ServerOption,
)
from bot.cli.process import OnProgress, library_of, make_change, read_settings, source_from, user_name
from bot.cli.terminal import print_json, printable, terminal
from index import CancelledError, ReindexReport

library_app = typer.Typer(no_args_is_help=True)


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
    questions: OwnQuestionsOption = None,
    force: ForceOption = False,
    server: ServerOption = None,
) -> None:
    """Add an article."""
    settings = read_settings()
    library = library_of(settings, server)
    report = make_change(
        lambda on_progress: library.add(
            source_from(source, questions, settings),
            who=user_name(),
            id=article,
            force=force,
            on_progress=on_progress,
        )
    )
    article_id = report.info.article.id
    terminal().print(
        tables.report_text(report),
        f"It is the one in use, as {article_id}."
        if library.in_use() == article_id
        else f"Its id is {article_id}. `footnote library use {article_id}` puts it in use.",
        sep="\n",
    )


@library_app.command(name="list")
def list_entries(server: ServerOption = None, as_json: JsonOption = False) -> None:
    """List the articles; a star marks the one in use."""
    entries = library_of(read_settings(), server).entries()
    if as_json:
        print_json(tables.entries_json(entries))
    else:
        terminal().print(tables.entries_text(entries))


@library_app.command()
def remove(
    article: IdArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    server: ServerOption = None,
) -> None:
    """Remove an article; `footnote library undo` brings it back."""
    library = library_of(read_settings(), server)
    title = next((entry.title for entry in library.entries() if entry.id == article), None)
    asks = title is not None and not yes  # what is not there need not be asked about
    if asks and not typer.confirm(f"Remove “{printable(title or article)}”?", err=True):
        raise CancelledError("Nothing was removed.")
    library.remove(article, who=user_name())
    terminal().print(Text(printable(f"Removed {article}. `footnote library undo {article}` brings it back.")))


@library_app.command()
def use(article: IdArgument, server: ServerOption = None) -> None:
    """Choose the article that is asked where none is named."""
    library = library_of(read_settings(), server)
    library.use(article, who=user_name())
    terminal().print(Text(printable(f"In use: {article}.")))


@library_app.command()
def undo(article: IdArgument, server: ServerOption = None) -> None:
    """Go back to the index before the last change of an article, or bring a removed one back."""
    info = library_of(read_settings(), server).undo(article, who=user_name())
    terminal().print(tables.undone_text(info))


@library_app.command()
def history(server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Show who changed what, and when; the newest first."""
    changes = library_of(read_settings(), server).history()
    if as_json:
        print_json(tables.history_json(changes))
    else:
        terminal().print(tables.history_text(changes))


@library_app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
) -> None:
    """Delete what has been kept long enough, of all servers: what was removed, undone, or left behind."""
    library = library_of(read_settings())
    out = terminal()
    items = library.upkeep.expired()
    out.print(Text(printable(upkeep.expired_text(items))))
    if not items or dry_run:
        return
    if not yes and not typer.confirm("Delete it for good?", err=True):
        raise CancelledError("Nothing was deleted.")
    out.print(Text(upkeep.freed_text(library.upkeep.prune())))


def reindex(
    article: OptionalIdArgument = None,
    origin: Annotated[str | None, typer.Option("--from", help=SOURCE_HELP, show_default=False)] = None,
    questions: OwnQuestionsOption = None,
    force: ForceOption = False,
    server: ServerOption = None,
) -> None:
    """Read an article afresh, from where it came or from elsewhere, and rebuild its index."""
    if questions and not origin:
        raise MisuseError("--questions goes with --from: a file of questions accompanies a source.")
    settings = read_settings()
    library = library_of(settings, server)

    def work(on_progress: OnProgress) -> ReindexReport:
        source = source_from(origin, questions, settings) if origin else None
        return library.reindex(article, who=user_name(), source=source, force=force, on_progress=on_progress)

    terminal().print(tables.report_text(make_change(work)))
