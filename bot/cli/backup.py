"""`footnote backup` and `footnote restore`: the data folder saved in a file, and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot.cli.process import read_settings
from bot.cli.terminal import printable, terminal
from bot.cli.upkeep import size
from index import BackupReport, back_up, restore

FILE_HELP = "The backup."
REPLACE_FILE_HELP = "Replace the file where it is there already."
REPLACE_FOLDER_HELP = "Take the place of what is in the data folder already, which is kept beside it."

FileArgument = Annotated[Path, typer.Argument(help=FILE_HELP, show_default=False)]


def save(
    file: FileArgument, force: Annotated[bool, typer.Option("--force", help=REPLACE_FILE_HELP)] = False
) -> None:
    """Save the data folder in one file, also while the bot runs, and check it."""
    settings = read_settings()
    report = back_up(
        settings.data_dir, file, database_url=settings.postgresql, storage=settings.storage, replace=force
    )
    terminal().print(Text(printable(f"Saved and checked: {_extent(report)}, in {file}.")))


def bring_back(
    file: FileArgument, force: Annotated[bool, typer.Option("--force", help=REPLACE_FOLDER_HELP)] = False
) -> None:
    """Bring the data folder back from a backup, all or nothing."""
    settings = read_settings()
    folder = settings.data_dir
    report = restore(file, folder, database_url=settings.postgresql, storage=settings.storage, replace=force)
    lines = [f"Restored: {_extent(report)}, of {report.begun_at:%Y-%m-%d %H:%M} UTC, in {folder}."]
    if report.before is not None:
        lines.append(f"What was there before is in {report.before}. Delete that once all is well.")
    terminal().print(Text(printable("\n".join(lines))), soft_wrap=True)


def _extent(report: BackupReport) -> str:
    files = "1 file" if report.files == 1 else f"{report.files:,} files"
    return f"{files}, {size(report.nbytes)}"
