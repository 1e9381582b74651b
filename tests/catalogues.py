"""The words of the bot as they stand in the code, and the catalogues brought up to date with them.

    python -m tests.catalogues

writes each catalogue afresh: what is new stands in it without a translation, what is gone is gone. It prints
what is left to translate.
"""

from __future__ import annotations

import ast
import importlib
import io
import pkgutil
from collections.abc import Iterable, Iterator
from typing import Any

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from discord import app_commands
from discord.ext import commands

from bot.words import COMMAND_NAME, LANGUAGES
from index import FootnoteError
from index.sources import extract
from tests.trees import ROOT, trees

LOCALES = ROOT / "bot" / "locales"
ENGLISH_ALONE = (
    "bot/cli/",
    "bot/operations/",
    "bot/settings.py",
    "index/evaluation/",
    "index/sources/question_files.py",
    "index/storage/archive.py",
    "index/storage/backup.py",
)  # the command line speaks it
UNDESCRIBED = "…"  # what discord.py says of an option without a description

Message = tuple[str | None, str | tuple[str, str]]


def in_code() -> set[Message]:
    """Every text of the bot's, as (context, text) or, where it has a plural, (context, (one, many))."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    errors = {kind.__name__ for kind in _subclasses(FootnoteError)}
    found: set[Message] = set()
    for name, tree in trees().items():
        if not name.startswith(ENGLISH_ALONE):
            found |= set(_in_file(tree, errors))
    for module in pkgutil.iter_modules(extract.__path__, f"{extract.__name__}."):
        found |= {(None, text) for text in _refusals(vars(importlib.import_module(module.name)).values())}
    for cog in commands.Cog.__subclasses__():
        for command in cog.__cog_app_commands__:
            found |= set(_in_command(command))
    return found


def unreadable() -> list[str]:
    """Where an error's text is put together in the code, so that no catalogue can know it."""
    errors = {kind.__name__ for kind in _subclasses(FootnoteError)}
    found = []
    for name, tree in trees().items():
        if not name.startswith(ENGLISH_ALONE):
            constants = _constants(tree)
            found += [
                f"{name}:{call.lineno}"
                for call in _error_calls(tree, errors)
                if call.args and _text(call.args[0], constants) is None
            ]
    return found


def catalogue(language: str) -> Catalog:
    """A language's catalogue as it is on disk."""
    with (LOCALES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def main() -> None:
    """Brings every catalogue up to date."""
    messages = in_code()
    for language in LANGUAGES:
        old, new = catalogue(language), Catalog(locale=language)
        for context, text in sorted(messages, key=lambda message: (message[0] or "", str(message[1]))):
            known = old.get(text if isinstance(text, str) else text[0], context)
            new.add(text, known.string if known else "", context=context)
        body = io.BytesIO()
        write_po(body, new, omit_header=True, width=100)
        head = (
            'msgid ""\nmsgstr ""\n'
            f'"Language: {language}\\n"\n'
            '"Content-Type: text/plain; charset=utf-8\\n"\n'
            f'"Plural-Forms: {new.plural_forms}\\n"\n\n'
        )
        (LOCALES / f"{language}.po").write_text(head + body.getvalue().decode(), encoding="utf-8")
        missing = [message for message in new if message.id and not all(_strings(message.string))]
        print(f"{language}: {len(new)} texts, {len(missing)} to translate")
        for message in missing:
            print(f"  {message.id}")


def _strings(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    if isinstance(string, list | tuple):
        return tuple(string)
    return (string or "",)


def _subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _subclasses(below)


def _refusals(values: Iterable[object]) -> Iterator[str]:
    """The texts for a source that is no article. They are constants, each with the place for its name."""
    for value in values:
        if isinstance(value, str) and "{source}" in value and not value.startswith("\n"):
            yield value
        elif isinstance(value, tuple | list):
            yield from _refusals(value)


def _in_file(tree: ast.Module, errors: set[str]) -> Iterator[Message]:
    constants = _constants(tree)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        texts = [_text(argument, constants) for argument in call.args[:2]]
        match _name(call):
            case "words" if texts and texts[0]:
                yield None, texts[0]
            case "plural" if len(texts) == 2 and texts[0] and texts[1]:
                yield None, (texts[0], texts[1])
            case "name" if isinstance(call.func, ast.Attribute) and _is_words(call.func.value) and texts[0]:
                yield COMMAND_NAME, texts[0]
            case "Refusal" if texts and texts[0]:
                yield None, texts[0]
            case "ContextMenu":
                names = (_text(keyword.value, {}) for keyword in call.keywords if keyword.arg == "name")
                yield from ((None, name) for name in names if name)
    for call in _error_calls(tree, errors):
        if call.args and (text := _text(call.args[0], constants)):
            yield None, text


def _error_calls(tree: ast.Module, errors: set[str]) -> Iterator[ast.Call]:
    """Where an error gets its text: where it is raised, or where its class calls its parent's constructor."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in errors - {"FootnoteError"}:
            inner = (n for n in ast.walk(node) if isinstance(n, ast.Call) and _name(n) == "__init__")
            yield from (call for call in inner if not (call.args and _is_own_parameter(call.args[0])))
        elif isinstance(node, ast.Call) and _name(node) in errors:
            yield node


def _is_own_parameter(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "message"


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: text
        for node in tree.body
        if isinstance(node, ast.Assign) and (text := _text(node.value, {}))
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _text(node: ast.expr, constants: dict[str, str]) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return constants.get(node.id) if isinstance(node, ast.Name) else None


def _is_words(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "words"


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _in_command(command: app_commands.Command[Any, ..., Any] | app_commands.Group) -> Iterator[Message]:
    yield COMMAND_NAME, command.name
    yield None, command.description
    if isinstance(command, app_commands.Group):
        for below in command.commands:
            yield from _in_command(below)
        return
    for parameter in command.parameters:
        yield COMMAND_NAME, str(parameter.display_name)
        if str(parameter.description) != UNDESCRIBED:
            yield None, str(parameter.description)
        for choice in parameter.choices:
            yield None, choice.name


if __name__ == "__main__":
    main()
