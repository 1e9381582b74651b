"""Token embeddings in few bytes: what comes back is near to what was put in, and nothing is misread."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from index.errors import EmbeddingModelError
from index.search import codebook, token_vectors
from index.search.bundled_model import BUNDLED_MODEL_SHA256
from index.search.embedding import SentenceTransformerEmbedder
from index.search.token_vectors import (
    CODEBOOK,
    Floats,
    HalfPrecision,
    ProductCodec,
    TokenVectors,
    codec_for,
    codec_named,
)
from index.sources.files import SHIPPED_ARTICLE, load_article

pytestmark = pytest.mark.slow

CENTROIDS = np.random.default_rng(1).normal(size=(3, 256, 2)).astype(np.float32)


def nearest(vectors: Floats) -> Floats:
    """The centroids nearest to the parts of vectors, looked for one by one."""
    parts = vectors.reshape(-1, 3, 1, 2)
    best = np.sum((parts - CENTROIDS) ** 2, axis=-1).argmin(axis=-1)
    return np.stack([CENTROIDS[n, best[:, n]] for n in range(3)], axis=1).reshape(-1, 6)


@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_a_code_names_the_nearest_centroids(seed: int, count: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)
    codec = ProductCodec(CENTROIDS)
    codes = codec.encode(vectors)
    assert codes.shape == (count, 3)
    assert codes.dtype == np.uint8
    expected = nearest(vectors)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(codec.decode(codes), expected, atol=1e-5)


def test_codes_are_those_of_faiss() -> None:
    codec = codec_for(BUNDLED_MODEL_SHA256)
    assert isinstance(codec, ProductCodec)
    vectors = np.random.default_rng(3).normal(size=(50, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.array_equal(codec.encode(vectors), codec._quantizer.compute_codes(vectors))


def test_rows_are_decoded_alone() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    for codec in (ProductCodec(CENTROIDS), HalfPrecision()):
        table = TokenVectors.of(vectors, codec)
        whole = table[:]
        assert len(table) == 50
        assert np.array_equal(table[3:7], whole[3:7])
        assert np.array_equal(table[np.array([40, 2, 2])], whole[[40, 2, 2]])
        assert table[5:5].shape == (0, 6) if codec.name != "float16" else table[5:5].size == 0
    assert TokenVectors.of(vectors, ProductCodec(CENTROIDS)).nbytes == 150


def test_codes_of_a_bundled_models_tokens_are_near(real_embedder: SentenceTransformerEmbedder) -> None:
    codec = codec_for(real_embedder.sha256)
    assert isinstance(codec, ProductCodec)
    text = "The ferry Aurora left Quent at nine, and nobody saw the €40 lamp on its deck again."
    tokens = next(real_embedder.embed_passages([text])).tokens
    codes = codec.encode(tokens)
    cosines = np.sum(codec.decode(codes) * tokens, axis=1)
    assert np.linalg.norm(codec.decode(codes), axis=1) == pytest.approx(np.ones(len(tokens)), abs=1e-5)
    assert codes.shape == (len(tokens), 128)
    assert cosines.mean() > 0.95
    assert cosines.min() > 0.9


def test_another_model_keeps_half_precision() -> None:
    assert codec_for("0" * 64).name == "float16"
    vectors = np.array([[0.1, 1.0]], dtype=np.float32)
    assert HalfPrecision().decode(HalfPrecision().encode(vectors)) == pytest.approx(vectors, abs=1e-3)


def test_a_codec_is_known_by_its_name() -> None:
    assert {
        codec.name
        for name in ("float16", codec_for(BUNDLED_MODEL_SHA256).name)
        if (codec := codec_named(name))
    } == {
        "float16",
        codec_for(BUNDLED_MODEL_SHA256).name,
    }
    assert codec_named("product-0123456789abcdef") is None


def test_other_centroids_have_another_name() -> None:
    codec = ProductCodec(CENTROIDS)
    assert codec.name != ProductCodec(CENTROIDS + 1).name
    with pytest.raises(ValueError, match="256"):
        ProductCodec(CENTROIDS[:, :16])


def test_fitting_is_repeatable() -> None:
    vectors = np.random.default_rng(0).normal(size=(12_000, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one, other = (ProductCodec.fit(vectors, parts=4) for _ in range(2))
    assert one.name == other.name
    error = np.mean((one.decode(one.encode(vectors)) - vectors) ** 2)
    assert error < 0.01


def test_a_damaged_codebook_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = bytearray(CODEBOOK.read_bytes())
    damaged[-1] ^= 1
    (tmp_path / CODEBOOK.name).write_bytes(damaged)
    monkeypatch.setattr(token_vectors, "CODEBOOK", tmp_path / CODEBOOK.name)
    with pytest.raises(EmbeddingModelError, match="not as it was shipped"):
        token_vectors._shipped.__wrapped__()


def test_the_command_fits_centroids_to_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    article = load_article(SHIPPED_ARTICLE)
    texts = tmp_path / "texts.jsonl"
    texts.write_text("\n".join(json.dumps(p.of(article.text)) for p in article.paragraphs), encoding="utf-8")
    out = tmp_path / "codebook.safetensors"
    codebook.main([str(texts), str(out)])
    assert f"{out}: product-" in capsys.readouterr().out
    with safe_open(out, framework="numpy") as file:
        assert file.metadata() == {"model_sha256": BUNDLED_MODEL_SHA256}
        assert file.get_tensor("centroids").shape == (128, 256, 3)
