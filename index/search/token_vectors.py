"""Token embeddings in few bytes: how they are coded, kept and read again.

There are a hundred times as many token embeddings as passages, and what is kept of an article is nearly all
theirs. Those of the bundled model are coded by a product quantiser (Jégou, Douze & Schmid 2011, *Product
Quantization for Nearest Neighbor Search*), as PLAID does with ColBERTv2's (Santhanam et al. 2022,
https://arxiv.org/abs/2205.09707): a vector is cut into parts, and of each the number of the nearest of 256
centroids is kept. The centroids ship; ``python -m index.search.codebook`` fits them. Embeddings of another
model, for which nobody fitted centroids, are kept in half precision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import faiss
import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save_file

from index.errors import EmbeddingModelError

Floats = npt.NDArray[np.float32]
Codes: TypeAlias = npt.NDArray[Any]
Rows: TypeAlias = slice | npt.NDArray[np.integer[Any]]

CODEBOOK = Path(__file__).parent / "token_codebook.safetensors"
CODEBOOK_SHA256 = "066f9da20fa1acf9026448d0b4db5923913456d3b26d649418694c3081cb42de"
"""SHA-256 of the centroids that ship."""

PARTS = 128
"""Into how many parts an embedding is cut: a byte each. See CONTRIBUTING, "Why it is so"."""

_AT_ONCE = 16  # tokens, whose products with all centroids stay in a core's cache


class TokenCodec(Protocol):
    """How token embeddings are coded."""

    @property
    def name(self) -> str:
        """Identifies it: codes of one mean nothing to another."""

    def encode(self, vectors: Floats) -> Codes:
        """Embeddings, shape (tokens, dimension) -> codes, shape (tokens, width)."""

    def decode(self, codes: Codes) -> Floats:
        """Codes, shape (tokens, width) -> embeddings of length 1, shape (tokens, dimension)."""


class StoredCodes(Protocol):
    """Codes that are not in memory: rows are read where they are asked for."""

    @property
    def nbytes(self) -> int:
        """How many bytes of memory it takes."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Rows) -> Codes: ...


class HalfPrecision:
    """Keeps embeddings in half precision."""

    name = "float16"

    def encode(self, vectors: Floats) -> Codes:
        """See ``TokenCodec``."""
        return vectors.astype(np.float16)

    def decode(self, codes: Codes) -> Floats:
        """See ``TokenCodec``."""
        return codes.astype(np.float32)


class ProductCodec:
    """Keeps a byte of each part of an embedding. Thread-safe.

    Args:
        centroids: Shape (parts, 256, dimension of a part).
    """

    def __init__(self, centroids: Floats) -> None:
        parts, count, width = centroids.shape
        if count != 256:
            raise ValueError(f"a byte tells 256 centroids apart, and these are {count}")
        self._quantizer = faiss.ProductQuantizer(parts * width, parts, 8)
        flat = np.ascontiguousarray(centroids, dtype=np.float32).reshape(-1)
        faiss.copy_array_to_vector(flat, self._quantizer.centroids)
        halves = (centroids.astype(np.float32) ** 2).sum(axis=-1, keepdims=True) / 2
        # A vector with a 1 behind it, times this: the largest product is that of the nearest centroid.
        self._nearness = np.ascontiguousarray(np.concatenate([centroids, -halves], axis=-1).swapaxes(1, 2))
        self.name = f"product-{hashlib.sha256(flat.tobytes()).hexdigest()[:16]}"

    @classmethod
    def fit(cls, vectors: Floats, parts: int = PARTS, seed: int = 0) -> ProductCodec:
        """Fits centroids by k-means to embeddings of shape (tokens, dimension)."""
        quantizer = faiss.ProductQuantizer(vectors.shape[1], parts, 8)
        quantizer.cp.seed = seed
        quantizer.train(np.ascontiguousarray(vectors, dtype=np.float32))
        centroids = faiss.vector_to_array(quantizer.centroids).reshape(parts, 256, -1)
        return cls(centroids.astype(np.float16).astype(np.float32))  # as they are kept

    @property
    def centroids(self) -> Floats:
        """See the argument."""
        flat = faiss.vector_to_array(self._quantizer.centroids)
        return np.asarray(flat.reshape(self._quantizer.M, 256, -1), dtype=np.float32)

    def encode(self, vectors: Floats) -> Codes:
        """See ``TokenCodec``. FAISS's own takes nine times as long for parts as narrow as ours."""
        parts, width = self._quantizer.M, self._quantizer.dsub
        codes = np.empty((len(vectors), parts), dtype=np.uint8)
        for start in range(0, len(vectors), _AT_ONCE):
            some = vectors[start : start + _AT_ONCE]
            points = np.ones((parts, len(some), width + 1), dtype=np.float32)
            points[..., :width] = some.reshape(len(some), parts, width).swapaxes(0, 1)
            codes[start : start + _AT_ONCE] = (points @ self._nearness).argmax(axis=-1).T
        return codes

    def decode(self, codes: Codes) -> Floats:
        """See ``TokenCodec``."""
        if not len(codes):
            return np.zeros((0, self._quantizer.d), dtype=np.float32)
        vectors = np.asarray(_decode(self._quantizer, np.ascontiguousarray(codes)))
        # A centroid is a mean, and so too short: what was of length 1 is made so again.
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def save(self, path: Path, model_sha256: str) -> None:
        """Writes the centroids, with the model whose embeddings they were fitted to."""
        save_file({"centroids": self.centroids.astype(np.float16)}, path, {"model_sha256": model_sha256})


# FAISS's type stubs have the signatures of C++, and not those of its Python classes.
_decode: Callable[[faiss.ProductQuantizer, Codes], Floats] = faiss.ProductQuantizer.decode  # type: ignore[assignment]


class TokenVectors:
    """Token embeddings, coded.

    Args:
        codes: Shape (tokens, width); may be read-only, mapped from a file, or on disk.
        codec: How they are coded.
    """

    def __init__(self, codes: Codes | StoredCodes, codec: TokenCodec) -> None:
        self.codes = codes
        self.codec = codec

    @classmethod
    def of(cls, vectors: Floats, codec: TokenCodec) -> TokenVectors:
        """Codes embeddings of shape (tokens, dimension)."""
        return cls(codec.encode(vectors), codec)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Rows) -> Floats:
        """Some of the embeddings, shape (rows, dimension)."""
        return self.codec.decode(self.codes[rows])

    @property
    def nbytes(self) -> int:
        """How many bytes of memory the codes take."""
        return int(self.codes.nbytes)


@cache
def codec_for(model_sha256: str) -> TokenCodec:
    """How the embeddings of a model are coded.

    Raises:
        EmbeddingModelError: the centroids that ship are damaged.
    """
    model, codec = _shipped()
    return codec if model_sha256 == model else HalfPrecision()


def codec_named(name: str) -> TokenCodec | None:
    """The codec of a name; None where it is not known here."""
    return next((one for one in (HalfPrecision(), _shipped()[1]) if one.name == name), None)


@cache
def _shipped() -> tuple[str, TokenCodec]:
    """The codec that ships, and the SHA-256 of the model that it is for."""
    if hashlib.sha256(CODEBOOK.read_bytes()).hexdigest() != CODEBOOK_SHA256:
        raise EmbeddingModelError(
            "{file} is not as it was shipped. Install Footnote anew.", file=CODEBOOK.name
        )
    with safe_open(CODEBOOK, framework="numpy") as file:
        centroids = file.get_tensor("centroids").astype(np.float32)
        return file.metadata()["model_sha256"], ProductCodec(centroids)
