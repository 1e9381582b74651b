"""What was written for the reader: that it is about what it says it is about."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from index.answering.calibration import reading_texts
from index.evaluation.tier_fitting import own_articles
from index.reader.training import data
from index.reader.training.annotations import annotated_excerpts
from index.reader.training.data import DOES_NOT_SAY, SAYS_OTHERWISE, SAYS_SO
from tests.index.reader.conftest import write_rows

CONTEXT = "The  Rhine rises\nin the Alps. It is 1,230 km long. It ends in the sea."


def rows() -> list[dict[str, Any]]:
    file = resources.files("index.reader.training") / "annotations.jsonl.gz"
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set with one context, of which the second sentence was written about."""
    context = {"group": "Rhine", "context": CONTEXT, "questions": [{"question": "?", "start": None}]}
    write_rows(tmp_path / "nq-qed.jsonl.gz", [context])
    row = {
        "source": "nq-qed", "context": data.digest(CONTEXT), "start": 29, "end": 48,
        "yes": ["It is over 1,000 km long."], "no": ["Is it short?"], "open": ["It freezes."],
        "unanswerable": ["How wide is it?"], "answerable": [["How long is it?", "1,230 km"]],
    }  # fmt: skip
    elsewhere = {**row, "context": "0" * 12}
    write_rows(tmp_path / "annotations.jsonl.gz", [row, elsewhere])
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    return tmp_path


def test_an_excerpt_of_a_data_set_is_found_by_its_place(folder: Path) -> None:
    (one,) = annotated_excerpts(folder)
    assert (one.text, one.group) == ("It is 1,230 km long", "Rhine")
    assert [(span.question, span.answer) for span in one.spans] == [
        ("How wide is it?", ""),
        ("How long is it?", "1,230 km"),
    ]
    assert [(verdict.claim, verdict.verdict) for verdict in one.verdicts] == [
        ("It is over 1,000 km long.", SAYS_SO),
        ("Is it short?", SAYS_OTHERWISE),
        ("It freezes.", DOES_NOT_SAY),
    ]


def test_without_the_data_sets_what_is_about_own_excerpts_is_left(tmp_path: Path) -> None:
    for source in {row["source"] for row in rows() if "source" in row}:
        write_rows(tmp_path / f"{source}.jsonl.gz", [])
    some = list(annotated_excerpts(tmp_path))
    assert [one.text for one in some] == [row["text"] for row in rows() if "text" in row]
    for one in some:
        assert all(span.start is None or span.answer for span in one.spans)


def test_what_was_written_is_balanced_and_each_thing_once() -> None:
    counts: Counter[str] = Counter()
    for row in rows():
        for kind in ("yes", "no", "open", "unanswerable", "answerable"):
            counts[kind] += len(row[kind])
        claims = [*row["yes"], *row["no"], *row["open"]]
        assert len(set(claims)) == len(claims)
    assert counts["yes"] == pytest.approx(counts["no"], rel=0.05)
    assert counts["yes"] == pytest.approx(counts["open"], rel=0.05)


def test_nothing_that_tiers_are_fitted_on_was_written_about() -> None:
    claims = {claim for row in rows() for kind in ("yes", "no", "open") for claim in row[kind]}
    assert not claims & {claim for one in own_articles() for claim, _ in one.claims}
    texts = {row["text"] for row in rows() if "text" in row}
    assert not any(text in material.text for text in texts for material in reading_texts())
