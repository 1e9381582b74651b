"""A reader's folder: what has to lie in it, and what is said where it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from index.answering.fitted_reader import TIERS, load_reader
from index.errors import UnloadableReaderError
from index.reader.model import VERDICTS, WEIGHTS
from index.reader.windows import Excerpt
from index.search.bundled_model import BUNDLED_MODEL_SHA256

FILES = (WEIGHTS.name, f"{WEIGHTS.name}.sha256", VERDICTS, f"{VERDICTS}.sha256", TIERS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(WEIGHTS.with_name(name), tmp_path)
    return tmp_path


def test_the_reader_that_ships_reads() -> None:
    fitted = load_reader(None, BUNDLED_MODEL_SHA256)
    assert fitted is not None
    assert 0 < fitted.tiers.uncertain < fitted.tiers.answered < 1
    text = "The ferry leaves at nine from the north pier."
    (reading,) = fitted.reader.read("When does the ferry leave?", [Excerpt(text)])
    assert reading.best is not None
    assert "nine" in text[reading.best.start : reading.best.end]
    assert reading.best.score > reading.no_answer


def test_one_in_a_folder_is_the_same(folder: Path) -> None:
    fitted, shipped = load_reader(folder, BUNDLED_MODEL_SHA256), load_reader(None, BUNDLED_MODEL_SHA256)
    assert fitted is not None
    assert shipped is not None
    assert fitted.tiers == shipped.tiers


def test_nothing_reads_with_an_embedding_model_that_it_was_not_fitted_with() -> None:
    assert load_reader(None, "0" * 64) is None


@pytest.mark.parametrize("name", [name for name in FILES if name != VERDICTS])
def test_what_is_missing_is_said(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UnloadableReaderError, match="cannot be loaded") as error:
        load_reader(folder, BUNDLED_MODEL_SHA256)
    assert name in str(error.value)
    assert str(folder) in str(error.value)


def test_the_graph_that_judges_claims_is_missed_too(folder: Path) -> None:
    (folder / VERDICTS).unlink()
    with pytest.raises(UnloadableReaderError, match="not the one that its checksum"):
        load_reader(folder, BUNDLED_MODEL_SHA256)


@pytest.mark.parametrize("name", FILES)
def test_what_is_empty_is_no_reader(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(UnloadableReaderError, match="cannot be loaded"):
        load_reader(folder, BUNDLED_MODEL_SHA256)


@pytest.mark.parametrize("name", [WEIGHTS.name, VERDICTS])
def test_a_changed_reader_is_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1000] ^= 1  # within the weights: it still loads
    (folder / name).write_bytes(content)
    with pytest.raises(UnloadableReaderError, match="not the one that its checksum"):
        load_reader(folder, BUNDLED_MODEL_SHA256)


def test_tiers_of_another_reader_are_refused(folder: Path) -> None:
    tiers = folder / TIERS
    text = tiers.read_text(encoding="utf-8")
    sha256 = (folder / f"{WEIGHTS.name}.sha256").read_text(encoding="ascii").split()[0]
    tiers.write_text(text.replace(sha256, "0" * 64), encoding="utf-8")
    with pytest.raises(UnloadableReaderError, match="Export and calibrate it again"):
        load_reader(folder, BUNDLED_MODEL_SHA256)
