"""Article -> everything that answering needs, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from index.model.article import Article, Passage
from index.model.library import Progress, Stage
from index.search.embedding import Embedder, Embedding, Floats
from index.search.passages import chunk, cuts
from index.search.vectors import FaissStore, VectorStore

Ints = npt.NDArray[np.int32]
OnProgress = Callable[[Progress], None]


class TokenTable(NamedTuple):
    """The token embeddings of all passages, in the order of the article.

    Attributes:
        vectors: Shape (tokens, dimension), half precision, each of length 1; may be read-only.
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


def build(
    article: Article,
    embedder: Embedder,
    on_progress: OnProgress = lambda _: None,
    *,
    before: Index | None = None,
) -> Index:
    """Cuts an article into passages and embeds those that are new.

    Args:
        article: What to index.
        embedder: The model.
        on_progress: Told how far it is.
        before: An index made with the same model by the same version: a paragraph that it has is cut as it
            is there, and a passage whose text it has keeps its embeddings.
    """
    on_progress(Progress(Stage.CHUNK, 0, 1))
    alike = before is not None and before.article.language == article.language
    known_cuts = cuts(before.article, before.passages) if before is not None and alike else None
    passages = chunk(article, embedder.token_spans, embedder.window, known_cuts)
    texts = [passage.of(article.text) for passage in passages]
    known = _embeddings(before) if before is not None else {}
    fresh = list(dict.fromkeys(text for text in texts if text not in known))
    on_progress(Progress(Stage.EMBED, 0, len(fresh)))
    if fresh:
        embedded = embedder.embed_passages(
            fresh, lambda done: on_progress(Progress(Stage.EMBED, done, len(fresh)))
        )
        known |= zip(fresh, embedded, strict=True)
    embeddings = [known[text] for text in texts]
    vectors = np.stack([embedding.vector for embedding in embeddings])
    return Index(article, passages, FaissStore.from_vectors(vectors), deal_tokens(passages, embeddings))


def _embeddings(index: Index) -> dict[str, Embedding]:
    """The embeddings of an index by the text of their passage, as if they had just been made."""
    vectors = index.store.vectors()
    bounds = np.searchsorted(
        index.tokens.starts, [*(p.start for p in index.passages), len(index.article.text)]
    )
    embeddings: dict[str, Embedding] = {}
    for passage, vector, first, end in zip(index.passages, vectors, bounds[:-1], bounds[1:], strict=True):
        places = index.tokens.starts[first:end] - passage.start
        embeddings[passage.of(index.article.text)] = Embedding(
            vector=vector,
            tokens=cast(Floats, index.tokens.vectors[first:end]),  # half precision, as they are kept
            spans=np.stack([places, places], axis=1),  # where a token ends is not kept, nor needed
            ids=index.tokens.ids[first:end],
        )
    return embeddings


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
        vectors=np.concatenate([embedding.tokens.astype(np.float16, copy=False) for embedding in embeddings]),
        sentences=np.concatenate(sentences),
        starts=np.concatenate(
            [
                (embedding.spans[:, 0] + passage.start).astype(np.int32)
                for passage, embedding in zip(passages, embeddings, strict=True)
            ]
        ),
        ids=np.concatenate([embedding.ids for embedding in embeddings]),
    )
