"""Article -> everything that answering needs."""

from __future__ import annotations

import errno
import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from index.model.article import Article, Passage
from index.model.library import Progress, Stage
from index.model.passages import Passages
from index.search.embedded_blocks import (
    BLOCK,
    BlocksInMemory,
    EmbeddedBlock,
    EmbeddedBlocks,
    EmbeddedPassage,
    block_name,
)
from index.search.embedded_blocks import Ints as Ints
from index.search.embedding import Embedder, Floats
from index.search.passages import chunk, cuts
from index.search.token_vectors import Codes, TokenCodec, TokenVectors, codec_for
from index.search.vectors import FaissStore, VectorStore

OnProgress = Callable[[Progress], None]

_BLOCKS_AT_HAND = 8  # that are put together: where passages recur, what stands together may lie apart


class TokenTable(NamedTuple):
    """The token embeddings of all passages, in the order of the article.

    Attributes:
        vectors: The embeddings, coded.
        ends: Shape (sentences,), of each sentence the row after its last, ascending.
        starts: Shape (tokens,), where each token starts in the article's text, ascending.
        ids: Shape (tokens,), each token's id in the model's vocabulary.
    """

    vectors: TokenVectors
    ends: Ints
    starts: Ints
    ids: Ints


class Index(NamedTuple):
    """An article cut into passages, with their vectors and token embeddings."""

    article: Article
    passages: Passages
    store: VectorStore
    tokens: TokenTable


def build(
    article: Article,
    embedder: Embedder,
    on_progress: OnProgress = lambda _: None,
    *,
    before: Index | None = None,
    blocks: EmbeddedBlocks | None = None,
) -> Index:
    """Cuts an article into passages and embeds those that are new, block by block.

    Args:
        article: What to index.
        embedder: The model.
        on_progress: Told how far it is; may raise to call it off.
        before: An index made with the same model by the same version: a paragraph that it has is cut as it
            is there, and a passage whose text it has keeps its embeddings.
        blocks: Where blocks are put that are embedded, so that a build that is cut off goes on from there. A
            single block of new passages is not: embedding it again costs no more.
    """
    alike = before is not None and before.article.language == article.language
    known_cuts = cuts(before.article, before.passages) if before is not None and alike else None
    passages = chunk(
        article,
        embedder.token_spans,
        embedder.window,
        known_cuts,
        lambda done, total: on_progress(Progress(Stage.CHUNK, done, total)),
    )
    codec = codec_for(embedder.sha256)
    if before is not None and before.tokens.vectors.codec.name != codec.name:
        before = None
    fresh, places = _dealt(article.text, passages, before)
    if blocks is None:
        blocks = BlocksInMemory()
    put_aside = blocks if len(fresh) > BLOCK else BlocksInMemory()
    texts = _Texts(article.text, passages, fresh)
    names = _embed(texts, embedder, codec, put_aside, on_progress)
    embeddings = _Embeddings(before, put_aside, names)
    tokens = 0

    def vectors() -> Iterator[Floats]:
        nonlocal tokens
        for one in map(embeddings.passage, places):
            tokens += len(one.ids)
            yield one.vector

    store = FaissStore.from_vectors(vectors(), len(passages), embedder.dimension)
    return Index(
        article,
        passages,
        store,
        token_table(passages, map(embeddings.passage, places), tokens, codec, blocks),
    )


def _dealt(text: str, passages: Sequence[Passage], before: Index | None) -> tuple[array[int], array[int]]:
    """Which passages are new, each text once, and for every passage the place of its embeddings.

    It counts the new ones; where an index from before has them, its passages, from -1 on downwards.
    """
    place_of: dict[bytes, int] = {}
    if before is not None:
        place_of = {_key(one.of(before.article.text)): ~one.number for one in before.passages}
    fresh, places = array("i"), array("i")
    for passage in passages:
        key = _key(passage.of(text))
        if key not in place_of:
            place_of[key] = len(fresh)
            fresh.append(passage.number)
        places.append(place_of[key])
    return fresh, places


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _embed(
    texts: _Texts, embedder: Embedder, codec: TokenCodec, blocks: EmbeddedBlocks, on_progress: OnProgress
) -> list[str]:
    """Embeds those of which no block is there yet; returns the blocks' names."""
    total = len(texts)
    groups = [range(first, min(first + BLOCK, total)) for first in range(0, total, BLOCK)]
    names = [block_name(embedder.sha256, codec, map(texts.text, group)) for group in groups]
    missing = [number for number, name in enumerate(names) if blocks.get(name) is None]
    there = total - sum(len(groups[number]) for number in missing)
    on_progress(Progress(Stage.EMBED, there, total))
    # One stream for all: the model goes on while a block is put aside.
    stream = embedder.embed_passages(
        (texts.text(one) for number in missing for one in groups[number]),
        lambda done: on_progress(Progress(Stage.EMBED, there + done, total)),
    )
    for number in missing:
        some = islice(stream, len(groups[number]))
        blocks.put(names[number], EmbeddedBlock.of([EmbeddedPassage.of(one, codec) for one in some]))
    return names


class _Texts:
    """The texts of some passages: what is to be embedded.

    Args:
        text: The article's.
        passages: All of its passages.
        numbers: Those meant.
    """

    def __init__(self, text: str, passages: Passages, numbers: Sequence[int]) -> None:
        self._text, self._passages, self._numbers = text, passages, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def text(self, place: int) -> str:
        """The text of the one at a place."""
        return self._passages[self._numbers[place]].of(self._text)


class _Embeddings:
    """Where the embeddings of passages are: in an index from before, or in blocks, a few in memory."""

    def __init__(self, before: Index | None, blocks: EmbeddedBlocks, names: Sequence[str]) -> None:
        self._before = before
        self._blocks = blocks
        self._names = names
        self._block = lru_cache(_BLOCKS_AT_HAND)(self._read)
        if before is not None:
            self._vectors = before.store.vectors()
            starts = [*before.passages.starts, len(before.article.text)]
            self._bounds = np.searchsorted(before.tokens.starts, np.array(starts, dtype=np.int32))

    def passage(self, place: int) -> EmbeddedPassage:
        """Those of a passage, by the place that ``_dealt`` gave."""
        if place >= 0 or self._before is None:
            return self._block(place // BLOCK).passage(place % BLOCK)
        number, tokens = ~place, self._before.tokens
        first, end = self._bounds[number : number + 2]
        return EmbeddedPassage(
            self._vectors[number],
            tokens.vectors.codes[first:end],
            tokens.starts[first:end] - np.int32(self._before.passages.starts[number]),
            tokens.ids[first:end],
        )

    def _read(self, number: int) -> EmbeddedBlock:
        block = self._blocks.get(self._names[number])
        if block is None:  # it was there a moment ago
            raise OSError(errno.EIO, "what was put aside while indexing is gone")
        return block


def token_table(
    passages: Sequence[Passage],
    embeddings: Iterable[EmbeddedPassage],
    count: int,
    codec: TokenCodec,
    blocks: EmbeddedBlocks,
) -> TokenTable:
    """Deals the token embeddings of whole passages to the sentences that the tokens stand in.

    Each passage was encoded once with its sentences in view of each other ("late chunking", Günther et
    al. 2024, https://arxiv.org/abs/2409.04701).

    Args:
        passages: The passages, in order.
        embeddings: Those of each.
        count: How many tokens they have.
        codec: How these are coded.
        blocks: What puts their codes together.
    """
    starts, ids = (np.empty(count, dtype=np.int32) for _ in range(2))
    ends = array("i")

    def pieces() -> Iterator[Codes]:
        token = 0
        for passage, one in zip(passages, embeddings, strict=True):
            rows = slice(token, token + len(one.starts))
            later = [part.start - passage.start for part in passage.sentences[1:]]
            ends.extend((token + np.searchsorted(one.starts, later)).tolist())
            ends.append(rows.stop)
            starts[rows] = one.starts + np.int32(passage.start)
            ids[rows] = one.ids
            token = rows.stop
            yield one.codes

    codes = blocks.joined(pieces(), count)
    return TokenTable(TokenVectors(codes, codec), np.array(ends, dtype=np.int32), starts, ids)
