"""Every regular expression of the two packages, and texts that are made to keep each of them busy.

The texts are made of the expression itself, as Python parses it: for whatever it repeats, a text that comes
as far as that and then repeats it, again and again, and fails at the end; and the same begun anew many times.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

_parser: Any = importlib.import_module("re._parser")

AnyPattern = re.Pattern[str] | re.Pattern[bytes]

ANCHORED = frozenset({"match", "fullmatch"})
ROAMING = frozenset({"search", "findall", "finditer", "split", "sub", "subn"})
CHARS = 8_000
"""How long the texts are that an expression is tried with first."""

QUICK = 0.4e-6
"""CPU seconds a character within which it is done with them, if it takes time in proportion.

An expression takes about a nanosecond a step. One that takes as many steps as the square of the length needs
ten times as long at the least.
"""

STEEP = 3.0
"""What time may grow by where a text doubles, twice in a row: between in proportion (2) and squared (4)."""

MEETS_NO_STRANGER = ("index.reader.training", "index.storage.migrations")
"""Read the data that whoever trains a reader gives them, and the database's tables, and nothing else."""

PATIENCE = 1.0
"""CPU seconds after which an expression is given up."""


@dataclass
class Use:
    """An expression, where it stands, and by which methods it is used."""

    pattern: AnyPattern
    where: str
    methods: set[str] = field(default_factory=set)

    @property
    def roams(self) -> bool:
        """Whether it is tried at every place of a text; so too where nothing tells."""
        return not self.methods or not self.methods <= ANCHORED


def uses(*packages: ModuleType) -> list[Use]:
    """Every expression of some packages: attributes of modules and classes, and what calls spell out."""
    found: dict[tuple[str | bytes, int], Use] = {}
    for module in _modules(packages):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        calls = [
            (node, node.func)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ANCHORED | ROAMING | {"compile"}
        ]
        for name, pattern in _attributes(vars(module), module.__name__):
            use = found.setdefault(_key(pattern), Use(pattern, f"{module.__name__}.{name}"))
            use.methods |= {func.attr for _, func in calls if _last_name(func.value) == name}
        for call, func in calls:
            if _last_name(func.value) == "re":
                where = f"{module.__name__}:{call.lineno}"
                pattern = _spelled_out(call, func.attr, module, where)
                use = found.setdefault(_key(pattern), Use(pattern, where))
                use.methods |= {func.attr} - {"compile"}
    return list(found.values())


def _modules(packages: Sequence[ModuleType]) -> Iterator[ModuleType]:
    for package in packages:
        yield package
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not one.name.startswith(MEETS_NO_STRANGER):
                yield importlib.import_module(one.name)


def _key(pattern: AnyPattern) -> tuple[str | bytes, int]:
    return pattern.pattern, pattern.flags


def _attributes(names: dict[str, Any], module: str) -> Iterator[tuple[str, AnyPattern]]:
    for name, value in names.items():
        if isinstance(value, re.Pattern):
            yield name, value
        elif isinstance(value, tuple | list | set | frozenset | dict):
            inner = value.values() if isinstance(value, dict) else value
            yield from ((name, one) for one in inner if isinstance(one, re.Pattern))
        elif isinstance(value, type) and value.__module__ == module:
            yield from _attributes(dict(vars(value)), module)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _spelled_out(call: ast.Call, method: str, module: ModuleType, where: str) -> AnyPattern:
    """The expression that a call of a function of ``re`` has as its first argument."""
    spelled = _spelled(call.args[0], module)
    if spelled is None:
        raise AssertionError(f"{where}: this expression cannot be read off the source, so nothing tests it")
    given = [word.value for word in call.keywords if word.arg == "flags"]
    at = {"sub": 4, "subn": 4, "split": 3, "compile": 1}.get(method, 2)
    given += call.args[at : at + 1]
    return re.compile(spelled, eval(ast.unparse(given[0]), {"re": re}) if given else 0)  # noqa: S307 (our source)


def _spelled(node: ast.expr, module: ModuleType) -> str | bytes | None:
    """The text of an expression; what a name holds there is looked up, and is an x where it is not known."""
    match node:
        case ast.Constant(value=str() | bytes() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(
                str(value.value) if isinstance(value, ast.Constant) else str(_known(value, module))
                for value in values
            )
        case ast.Name(id=name) if isinstance(vars(module).get(name), str | bytes):
            return str(vars(module)[name])
        case ast.Call():
            return str(_known(node, module))
    return None


def _known(node: ast.expr, module: ModuleType) -> object:
    expression = node.value if isinstance(node, ast.FormattedValue) else node
    try:
        return eval(ast.unparse(expression), dict(vars(module)))  # noqa: S307 (our own source)
    except NameError:
        return "x"


# Texts

_OFTEN = " aA1.\n\t-,'\"’“”é_"
_CATEGORIES = {
    "CATEGORY_DIGIT": "1",
    "CATEGORY_SPACE": " \n\t\u00a0",
    "CATEGORY_WORD": "aA1é_",
    "CATEGORY_NOT_DIGIT": "a .",
    "CATEGORY_NOT_SPACE": "a1.“",
    "CATEGORY_NOT_WORD": " .\n“-",
}
_VARIANTS = 6


@dataclass(frozen=True)
class Recipe:
    """A kind of text: something once, a unit again and again, perhaps another one as often, and an end."""

    before: str
    unit: str
    other: str = ""
    end: str = ""

    def text(self, chars: int) -> str:
        """The text of about so many characters."""
        share = chars // 2 if self.other else chars
        units = self.unit * (share // len(self.unit)) + self.other * (share // max(len(self.other), 1))
        return self.before + units + self.end


def recipes(pattern: AnyPattern) -> list[Recipe]:
    """The kinds of texts that are made to keep an expression busy."""
    nodes = list(_parser.parse(pattern.pattern, pattern.flags))
    made: dict[Recipe, None] = {}
    for variant in range(_VARIANTS):
        following = _repeats(nodes, "", variant + 1)
        for (before, body), (_, other) in zip(_repeats(nodes, "", variant), following, strict=False):
            made |= dict.fromkeys(_families(before, body))
            if body + other:
                made |= dict.fromkeys((Recipe(before, body + other), Recipe(before, body + other, end="\0")))
        whole = _sample(nodes, variant)
        for char in dict.fromkeys(whole + _OFTEN):
            made |= dict.fromkeys((Recipe("", char), Recipe(whole, char), Recipe("", whole + char)))
    for opening, closing in ("()", "[]", "“”", "<>", "‘’", "«»"):
        made |= dict.fromkeys((Recipe("", opening, closing), Recipe("", opening + closing)))
    return list(made)


def _families(before: str, body: str) -> Iterator[Recipe]:
    """A run of what is repeated, whole and broken off, with what leads to it once or again and again."""
    if not body:
        return
    for end in ("", "\0", "!", "x", "\n"):
        yield Recipe(before, body, end=end)
    for unit in (before + body, before + body + "\0", before + body * 2 + " ", body + before):
        yield Recipe("", unit)
        yield Recipe("", unit, end="\0")
    for other in dict.fromkeys((" ", "a", ".", body[0], body[-1])):
        yield Recipe("", before + body, other)
        yield Recipe("", body, other)


def _repeats(nodes: Sequence[Any], before: str, variant: int) -> Iterator[tuple[str, str]]:
    """What an expression repeats more than a few times, each with a text that leads to it."""
    for operation, value in nodes:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, inner = value
            body = _sample(list(inner), variant)
            if most > 1:
                yield before, body
            yield from _repeats(list(inner), before, variant)
        for inner in _inner(name, value):
            yield from _repeats(inner, before, variant)
        before += _sample([(operation, value)], variant)


def _inner(name: str, value: Any) -> Iterator[Sequence[Any]]:
    match name:
        case "SUBPATTERN":
            yield list(value[3])
        case "ATOMIC_GROUP":
            yield list(value)
        case "ASSERT" | "ASSERT_NOT":
            yield list(value[1])
        case "BRANCH":
            yield from map(list, value[1])


def _sample(nodes: Sequence[Any], variant: int) -> str:
    """A short text that some nodes match, or nearly; there are as many as there are variants."""
    return "".join(_sample_of(str(operation), value, variant) for operation, value in nodes)


def _sample_of(name: str, value: Any, variant: int) -> str:
    match name:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return next(char for char in _OFTEN[variant:] + "xy" if ord(char) != value)
        case "ANY":
            return _OFTEN[variant]
        case "IN":
            return _of_class(value, variant)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            return _sample(list(inner), variant) * max(int(least), min(int(most), variant % 2))
        case "SUBPATTERN":
            return _sample(list(value[3]), variant)
        case "ATOMIC_GROUP":
            return _sample(list(value), variant)
        case "BRANCH":
            branches = value[1]
            return _sample(list(branches[variant % len(branches)]), variant)
        case _:
            return ""


def _of_class(items: Sequence[Any], variant: int) -> str:
    """A character of a class: another one for each variant, as far as there are."""
    inside: list[str] = []
    negated = False
    for operation, value in sorted(
        items, key=lambda item: str(item[0]) == "CATEGORY"
    ):  # the rarer ones first
        match str(operation):
            case "NEGATE":
                negated = True
            case "LITERAL":
                inside.append(chr(value))
            case "RANGE":
                inside.append(chr(value[0]))
            case "CATEGORY":
                inside += _CATEGORIES[str(value)]
    if negated:
        inside = [char for char in _OFTEN + "xy" if char not in inside]
    return inside[variant % len(inside)]


# Time


class TooSlowError(Exception):
    """An expression was not done in PATIENCE."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Gives up after so many seconds of this process's own time: what else the machine does is left out."""

    def give_up(_: int, __: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def seconds(use: Use, text: str | bytes, tries: int = 1) -> float:
    """The CPU seconds that an expression takes over a text, the least of some tries."""
    least = float("inf")
    for _ in range(tries):
        began = time.thread_time()
        if use.roams:
            deque(use.pattern.finditer(text), maxlen=0)  # type: ignore[arg-type]
        if not use.roams and "match" in use.methods:
            use.pattern.match(text)  # type: ignore[arg-type]
        if not use.roams and "fullmatch" in use.methods:
            use.pattern.fullmatch(text)  # type: ignore[arg-type]
        least = min(least, time.thread_time() - began)
    return least


def _text(use: Use, recipe: Recipe, chars: int) -> str | bytes:
    text = recipe.text(chars)
    return text.encode("latin-1", "ignore") if isinstance(use.pattern.pattern, bytes) else text


def fault(use: Use) -> str | None:
    """On what kind of text an expression's time grows worse than in proportion to it, if on any."""
    for recipe in recipes(use.pattern):
        texts = [_text(use, recipe, chars) for chars in (CHARS, 2 * CHARS, 4 * CHARS)]
        try:
            with patience(PATIENCE):
                if any(seconds(use, texts[0]) < QUICK * CHARS for _ in range(3)):
                    continue
                short, middle, long = (seconds(use, text, 3) for text in texts)
                if long > STEEP * middle and middle > STEEP * short:
                    return f"{long * 1000:.0f} ms over {len(texts[2])} characters of {recipe}"
        except TooSlowError:
            return f"given up after {PATIENCE:g} s with {recipe}"
    return None
