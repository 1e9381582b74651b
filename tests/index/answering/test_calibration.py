"""Thresholds: known for the bundled model, fitted for any other, and fitted from the project's own "
"material."""

import json

import pytest

from index.answering.calibration import CalibrationText, _read, everyday_questions, reading_texts, thresholds
from index.answering.confidence import Thresholds
from index.evaluation.tier_fitting import _EVERYDAY_EACH
from index.language.sentences import split_sentences
from index.model.article import Article
from index.search.bundled_model import BUNDLED_MODEL_SHA256
from index.search.embedding import SentenceTransformerEmbedder
from tests.index.fakes import FakeEmbedder

TEXTS = reading_texts()


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


@pytest.mark.parametrize("material", TEXTS, ids=lambda material: material.id)
def test_the_evidence_of_every_question_and_claim_stands_once_in_one_sentence_of_its_article(
    material: CalibrationText,
) -> None:
    article = Article(id=material.id, title=material.id, text=material.text)
    sentences = [
        sentence.of(paragraph.of(material.text))
        for paragraph in article.paragraphs
        for sentence in split_sentences(paragraph.of(material.text))
    ]
    spans = [span for question in material.questions for span in question.evidence]
    spans += [span for claim in material.claims for span in claim.evidence]
    assert [span for span in spans if material.text.count(span) != 1] == []
    assert [span for span in spans if not any(span in sentence for sentence in sentences)] == []


@pytest.mark.parametrize("material", TEXTS, ids=lambda material: material.id)
def test_a_text_is_asked_what_it_answers_and_what_it_does_not(material: CalibrationText) -> None:
    assert {bool(question.evidence) for question in material.questions} == {True, False}
    assert {claim.label for claim in material.claims} == {"yes", "no", "unknown"}
    assert [claim.claim for claim in material.claims if claim.label == "unknown" and claim.evidence] == []


def test_each_text_has_questions_of_its_own_and_its_share_of_everyday_ones() -> None:
    asked = [question.question for text in TEXTS for question in text.questions]
    assert len({text.id for text in TEXTS}) == len(TEXTS)
    assert len(everyday_questions()) == len({*everyday_questions()}) == _EVERYDAY_EACH * len(TEXTS)
    assert set(asked).isdisjoint(everyday_questions())
