"""Thresholds: known for the bundled model, fitted for any other, and fitted from the project's own "
"material."""

import json

import pytest

from index.answering.calibration import CalibrationText, _read, thresholds
from index.answering.confidence import Thresholds
from index.search.embedding import BUNDLED_MODEL_SHA256, SentenceTransformerEmbedder
from tests.index.fakes import FakeEmbedder

MATERIALS = [CalibrationText.model_validate_json(line) for line in _read("articles.jsonl").splitlines()]


def test_the_bundled_models_thresholds_are_kept(
    real_embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("index.answering.calibration.fit")
    kept = json.loads(_read("thresholds.json"))
    assert list(kept) == [BUNDLED_MODEL_SHA256]
    found = thresholds(real_embedder)
    assert found == Thresholds(**kept[BUNDLED_MODEL_SHA256])
    assert 0 < found.uncertain < found.answered < 1


def test_another_models_thresholds_are_fitted_between_the_answerable_and_the_foreign(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def material(name: str, text: str, *questions: tuple[str, list[str]]) -> str:
        asked = [{"question": question, "evidence": evidence} for question, evidence in questions]
        return json.dumps({"id": name, "text": text, "questions": asked})

    lines = [
        material("a", "Ships anchor.\nLamps burn.", ("ships anchor", ["Ships anchor"]), ("whales", [])),
        material("b", "Visitors pay.\nNobody waits.", ("visitors pay", ["Visitors pay"])),
    ]
    files = {"thresholds.json": "{}", "articles.jsonl": "\n".join(lines), "foreign.txt": "eggs\nmilk"}
    monkeypatch.setattr("index.answering.calibration._read", files.__getitem__)
    assert thresholds(FakeEmbedder()) == Thresholds(uncertain=0, answered=1)


@pytest.mark.parametrize("material", MATERIALS, ids=lambda material: material.id)
def test_the_evidence_of_every_question_stands_in_its_article(material: CalibrationText) -> None:
    assert [e for question in material.questions for e in question.evidence if e not in material.text] == []
    assert {bool(question.evidence) for question in material.questions} == {True, False}
