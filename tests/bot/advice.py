"""What a message recommends, held against what there is to be done."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import typer
from discord import app_commands

from bot.cli import app as cli
from bot.client import FootnoteBot
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
_SETTING = re.compile(r"\b(?:FOOTNOTE|DISCORD)_[A-Z_]+\b")
_COMMAND = re.compile(r"(?:`|(?<!Usage): )(footnote [^`\n]+)")
_EXTRA = re.compile(r"pip install (?:-e )?'(?:footnote|\.)\[(\w+)\]'")
_FLAG = re.compile(r"(?<![\w-])--[a-z-]+")
_SLASH = re.compile(r"(?<![\w/])/[a-z]+(?: [a-z]+)?(?=`)|(?<![\w/])/[a-z]+\b(?!/)")


def settings() -> set[str]:
    """The environment variables that are settings."""
    return {
        str(field.validation_alias or f"FOOTNOTE_{name.upper()}")
        for name, field in Settings.model_fields.items()
    }


def advice_of_cli(message: str, of: str = "") -> set[str]:
    """The settings, commands, options and extras that a message of the command line names; each exists.

    Args:
        message: What was said.
        of: The command whose options it may name, as ``library add``.
    """
    names, extras = set(_SETTING.findall(message)), set(_EXTRA.findall(message))
    commands = {line.rstrip() for line in _COMMAND.findall(message)}
    flags = set(_FLAG.findall(_COMMAND.sub("", message)))
    assert names <= settings()
    for line in commands:
        command, words = _command(line)
        if words:
            command.make_context(line, words)  # which parses them and runs nothing
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extras <= project["optional-dependencies"].keys()
    if flags:
        command, _ = _command(f"footnote {of}")
        assert flags <= {flag for parameter in command.params for flag in parameter.opts}
    return names | commands | extras | flags


def _command(line: str) -> tuple[Any, list[str]]:
    """The command that a line begins with, and the words that are left for it."""
    command: Any = typer.main.get_command(cli.app)
    _, *words = shlex.split(line)
    while hasattr(command, "commands") and words:
        command = command.commands[words.pop(0)]
    return command, words


def advice_of_bot(message: str, bot: FootnoteBot) -> set[str]:
    """The slash commands that a message in Discord names; each exists."""
    names = set(_SLASH.findall(message))
    for name in names:
        group, _, command = name.removeprefix("/").partition(" ")
        found = bot.tree.get_command(group)
        if command:
            assert isinstance(found, app_commands.Group)
            found = found.get_command(command)
        assert isinstance(found, app_commands.Command), name
    return names
