"""Passages that were embedded together: a block, which is put aside for a build that is cut off to go on.

A block is known by what it is made of: the model, how token embeddings are coded, and the passages' texts. So
one that is there is right for whatever asks for it, whichever article it was made for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from index.search.embedding import Embedding, Floats
from index.search.token_batches import WINDOW
from index.search.token_vectors import Codes, StoredCodes, TokenCodec

Ints = npt.NDArray[np.int32]

BLOCK = 8 * WINDOW
"""How many passages a block has: some 25 seconds of embedding on two cores, and 9 MB."""


class EmbeddedPassage(NamedTuple):
    """A passage's embedding and those of its tokens.

    Attributes:
        vector: Shape (dimension,), of length 1.
        codes: Of its tokens' embeddings, shape (tokens, width).
        starts: Shape (tokens,), where each token starts in the passage.
        ids: Shape (tokens,), each token's id in the model's vocabulary.
    """

    vector: Floats
    codes: Codes
    starts: Ints
    ids: Ints

    @classmethod
    def of(cls, embedding: Embedding, codec: TokenCodec) -> EmbeddedPassage:
        """Codes an embedding."""
        starts = embedding.spans[:, 0].astype(np.int32)
        return cls(embedding.vector, codec.encode(embedding.tokens), starts, embedding.ids)


class BlockArrays(NamedTuple):
    """The passages of a block, one after another.

    Attributes:
        vectors: Shape (passages, dimension).
        counts: How many tokens each passage has, shape (passages,).
        codes: Of all their tokens' embeddings, shape (tokens, width).
        starts: Shape (tokens,), where each token starts in its passage.
        ids: Shape (tokens,).
    """

    vectors: Floats
    counts: Ints
    codes: Codes
    starts: Ints
    ids: Ints


class EmbeddedBlock:
    """A block of passages.

    Args:
        arrays: What it has of them.
    """

    def __init__(self, arrays: BlockArrays) -> None:
        self.arrays = arrays

    @classmethod
    def of(cls, passages: Sequence[EmbeddedPassage]) -> EmbeddedBlock:
        """Puts passages together."""
        return cls(
            BlockArrays(
                np.stack([one.vector for one in passages]),
                np.array([len(one.starts) for one in passages], dtype=np.int32),
                np.concatenate([one.codes for one in passages]),
                np.concatenate([one.starts for one in passages]),
                np.concatenate([one.ids for one in passages]),
            )
        )

    def passage(self, place: int) -> EmbeddedPassage:
        """The passage at a place."""
        vectors, _, codes, starts, ids = self.arrays
        first, end = self._bounds[place : place + 2]
        return EmbeddedPassage(vectors[place], codes[first:end], starts[first:end], ids[first:end])

    @cached_property
    def _bounds(self) -> list[int]:
        return [0, *np.cumsum(self.arrays.counts).tolist()]


class EmbeddedBlocks(Protocol):
    """Where the blocks of an index that is being built are put aside."""

    def get(self, name: str) -> EmbeddedBlock | None:
        """A block; None where it is not there, or not as it was put there."""

    def put(self, name: str, block: EmbeddedBlock) -> None:
        """Puts a block aside."""

    def joined(self, pieces: Iterable[Codes], count: int) -> Codes | StoredCodes:
        """The codes of all ``count`` tokens of an article, shape (tokens, width), out of pieces."""


class BlocksInMemory:
    """Keeps blocks as long as it lives."""

    def __init__(self) -> None:
        self._blocks: dict[str, EmbeddedBlock] = {}

    def get(self, name: str) -> EmbeddedBlock | None:
        """See ``EmbeddedBlocks``."""
        return self._blocks.get(name)

    def put(self, name: str, block: EmbeddedBlock) -> None:
        """See ``EmbeddedBlocks``."""
        self._blocks[name] = block

    def joined(self, pieces: Iterable[Codes], count: int) -> Codes | StoredCodes:  # noqa: ARG002 (as in EmbeddedBlocks)
        """See ``EmbeddedBlocks``."""
        return np.concatenate(list(pieces))


def block_name(model_sha256: str, codec: TokenCodec, texts: Iterable[str]) -> str:
    """What a block of some passages is known by."""
    digest = hashlib.sha256(f"{model_sha256} {codec.name}".encode())
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()
