"""The program as its syntax trees, each file parsed once for all the tests that read the code."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


@cache
def trees() -> dict[str, ast.Module]:
    """The tree of each file of the program, by its path from the project's folder."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("bot", "index")
        for path in sorted((ROOT / package).rglob("*.py"))
    }
