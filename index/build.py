"""Article -> everything that answering needs, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.chunk import chunk
from index.embed import Embedder, Embedding
from index.models import Article, Passage, Progress, Stage
from index.store import FaissStore, VectorStore

Ints = npt.NDArray[np.int32]
OnProgress = Callable[[Progress], None]


class TokenTable(NamedTuple):
    """The token embeddings of all passages, in the order of the article.

    Attributes:
        vectors: Shape (tokens, dimension), half precision, each of length 1; may be memory-mapped.
        sentences: Shape (tokens,), the number of the sentence each token belongs to, ascending.
        starts: Shape (tokens,), where each token starts in the article's text, ascending.
        ids: Shape (tokens,), each token's id in the model's vocabulary.
    """

    vectors: npt.NDArray[np.float16]
    sentences: Ints
    starts: Ints
    ids: Ints


class Index(NamedTuple):
    """An article cut into passages, with their vectors and token embeddings."""

    article: Article
    passages: tuple[Passage, ...]
    store: VectorStore
    tokens: TokenTable


def build(article: Article, embedder: Embedder, on_progress: OnProgress = lambda _: None) -> Index:
    """Cuts an article into passages and embeds them."""
    on_progress(Progress(Stage.CHUNK, 0, 1))
    passages = chunk(article, embedder.token_spans, embedder.window)
    texts = [passage.of(article.text) for passage in passages]
    on_progress(Progress(Stage.EMBED, 0, len(texts)))
    embeddings = embedder.embed_passages(
        texts, lambda done: on_progress(Progress(Stage.EMBED, done, len(texts)))
    )
    vectors = np.stack([embedding.vector for embedding in embeddings])
    return Index(article, passages, FaissStore.from_vectors(vectors), deal_tokens(passages, embeddings))


def deal_tokens(passages: Sequence[Passage], embeddings: Sequence[Embedding]) -> TokenTable:
    """Deals the token embeddings of whole passages to the sentences that the tokens stand in.

    Each passage was encoded once with its sentences in view of each other ("late chunking", Günther et
    al. 2024, https://arxiv.org/abs/2409.04701).
    """
    sentences: list[Ints] = []
    first = 0
    for passage, embedding in zip(passages, embeddings, strict=True):
        starts = [sentence.start - passage.start for sentence in passage.sentences]
        place = np.searchsorted(starts, embedding.spans[:, 0], side="right") - 1
        sentences.append((np.maximum(place, 0) + first).astype(np.int32))
        first += len(starts)
    return TokenTable(
        vectors=np.concatenate([embedding.tokens for embedding in embeddings]).astype(np.float16),
        sentences=np.concatenate(sentences),
        starts=np.concatenate(
            [
                (embedding.spans[:, 0] + passage.start).astype(np.int32)
                for passage, embedding in zip(passages, embeddings, strict=True)
            ]
        ),
        ids=np.concatenate([embedding.ids for embedding in embeddings]),
    )
