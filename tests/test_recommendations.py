"""What a message tells people to type is there: each command of the terminal, and each setting."""

import ast
import re
from collections.abc import Iterator

import pytest
import typer

from bot.cli.app import app
from bot.settings import Settings
from tests.trees import ROOT, trees

_COMMAND = re.compile(r"`footnote ((?:[a-z]+ ?)+)((?:--[a-z-]+ ?)*)")
_SETTING = re.compile(r"\b(?:FOOTNOTE_[A-Z_]+|DISCORD_TOKEN)\b")


def texts() -> Iterator[tuple[str, str]]:
    """The texts of the program that are no docstrings, each with the file that it stands in."""
    for name, tree in trees().items():
        docstrings = {
            node.body[0].value
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
                yield name, node.value


TEXTS = tuple(texts())
NAMED_COMMANDS = sorted(
    {(file, match[1].strip(), match[2].strip()) for file, text in TEXTS for match in _COMMAND.finditer(text)}
)
NAMED_SETTINGS = sorted({(file, name) for file, text in TEXTS for name in _SETTING.findall(text)})
SETTINGS = {"DISCORD_TOKEN"} | {
    f"FOOTNOTE_{name.upper()}" for name in Settings.model_fields if name != "discord_token"
}


def test_something_is_recommended() -> None:
    assert len(NAMED_COMMANDS) >= 5
    assert NAMED_SETTINGS


@pytest.mark.parametrize(("file", "words", "options"), NAMED_COMMANDS)
def test_a_command_that_is_named_is_there(file: str, words: str, options: str) -> None:
    command = typer.main.get_command(app)
    for word in words.split():
        commands = getattr(command, "commands", None)
        if commands is None:
            break  # an argument of the command
        assert word in commands, f"{file}: `footnote {words}`"
        command = commands[word]
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(options.split()) <= known, f"{file}: `footnote {words} {options}`"


@pytest.mark.parametrize(("file", "name"), NAMED_SETTINGS)
def test_a_setting_that_is_named_is_there(file: str, name: str) -> None:
    assert name in SETTINGS, file


def test_the_example_names_every_setting() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) == SETTINGS
