"""How the whole suite runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fakes import read_here

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


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The quick tests run on two cores; of the others, many take both, and the memory of models."""
    return 2 if config.getoption("markexpr") == "not slow" else 0


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file whose tests are all slow is not even imported for the quick ones: torch alone takes seconds."""
    is_quick = config.getoption("markexpr") == "not slow"
    return True if is_quick and collection_path.suffix == ".py" and _is_slow(collection_path) else None


def _is_slow(path: Path) -> bool:
    marks = next((line for line in path.read_text("utf-8").splitlines() if line.startswith("pytestmark")), "")
    return "pytest.mark.slow" in marks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What drives a simulated Discord is slow."""
    for item in items:
        if "world" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources are read without the process that each of them starts."""
    monkeypatch.setattr("index.sources.sandbox.run", read_here)
