"""The measuring set in ``texts/``: well formed, balanced, and its evidence word for word in its texts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from index.sources.files import load_article
from index.sources.question_files import load_questions

TEXTS = sorted(
    path
    for path in (Path(__file__).parent / "texts").iterdir()
    if path.suffix in (".txt", ".md") and path.name != "README.md"
)
KINDS = {"how", "list", "number", "said", "what", "when", "where", "who", "why"}

each_text = pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)


def lines(path: Path, suffix: str) -> list[dict[str, Any]]:
    file = path.with_suffix(suffix)
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def questions(path: Path) -> list[dict[str, Any]]:
    return lines(path, ".questions.jsonl")


def claims(path: Path) -> list[dict[str, Any]]:
    return lines(path, ".claims.jsonl")


def answerable_share(asked: list[dict[str, Any]]) -> float:
    return sum(bool(one["evidence"]) for one in asked) / len(asked)


@each_text
def test_questions_have_their_form(path: Path) -> None:
    for one in questions(path):
        unanswerable = not one["evidence"]
        assert set(one) == {"id", "question", "evidence", "short", "kind"} | ({"note"} & set(one)), one
        assert one["question"].strip() == one["question"] != "", one
        assert one["kind"] in KINDS, one
        if unanswerable:
            assert one["short"] is None, one
            assert one["note"].strip(), one
        elif one["short"] is not None:
            assert any(one["short"] in evidence for evidence in one["evidence"]), one


@each_text
def test_claims_have_their_form(path: Path) -> None:
    for one in claims(path):
        assert set(one) in ({"id", form, "label", "evidence"} for form in ("claim", "question")), one
        statement = one["claim"] if "claim" in one else one["question"]
        assert statement.endswith("?") == ("question" in one), one
        assert one["label"] in {"yes", "no", "unknown"}, one
        assert (one["label"] == "unknown") == (not one["evidence"]), one


@each_text
def test_evidence_stands_once_in_the_file_and_in_the_article(path: Path) -> None:
    file = path.read_bytes().decode("utf-8")
    article = load_article(path)
    for one in [*questions(path), *claims(path)]:
        for evidence in one["evidence"]:
            assert file.count(evidence) == 1, one
            assert article.text.count(evidence) == 1, one


@each_text
def test_questions_are_read_as_any_question_file(path: Path) -> None:
    (gold,) = load_questions(path.with_suffix(".questions.jsonl"), load_article(path))
    assert [one.id for one in gold.questions] == [one["id"] for one in questions(path)]


@each_text
def test_each_text_is_balanced(path: Path) -> None:
    assert 350 <= len(path.read_text(encoding="utf-8").split()) <= 900
    asked, stated = questions(path), claims(path)
    assert len(asked) >= 24
    assert 0.4 <= answerable_share(asked) <= 0.6
    assert len(stated) >= 15
    labels = Counter(one["label"] for one in stated)
    assert all(0.25 <= labels[label] / len(stated) <= 0.45 for label in ("yes", "no", "unknown"))
    assert 0.4 <= sum("question" in one for one in stated) / len(stated) <= 0.6


def test_the_whole_set_is_large_and_repeats_nothing() -> None:
    asked = [one for path in TEXTS for one in questions(path)]
    stated = [one for path in TEXTS for one in claims(path)]
    assert len(TEXTS) >= 8
    assert len(asked) >= 200
    assert 0.4 <= answerable_share(asked) <= 0.6
    ids = Counter(one["id"] for one in [*asked, *stated])
    words = Counter(
        (one.get("question") or one["claim"]).casefold().rstrip("?. ") for one in [*asked, *stated]
    )
    assert [one for one, times in (ids + words).items() if times > 1] == []
