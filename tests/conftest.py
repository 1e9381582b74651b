"""How the whole suite runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine can pause for longer than an example takes: a slow example is no failure.
settings.register_profile("footnote", deadline=None)
settings.load_profile("footnote")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--eval-dir",
        type=Path,
        default=os.environ.get("FOOTNOTE_EVAL_DIR") or None,
        help="Folder of the question files that quality is tested with. Default: $FOOTNOTE_EVAL_DIR.",
    )
