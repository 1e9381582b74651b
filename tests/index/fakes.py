"""An embedding model that needs no weights: two texts are as alike as the words that they share."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from index.answering.confidence import Thresholds
from index.language.word_keys import UNSEEN_CHARS
from index.search.embedding import Embedding, Floats
from index.search.passages import TokenSpans

THRESHOLDS = Thresholds(uncertain=0.2, answered=0.4)
"""The fake embedder's, as if they had been fitted."""

_TOKEN = re.compile(rf"\w+|[^\w\s{UNSEEN_CHARS}]")
_SEEN = re.compile(rf"[^\s{UNSEEN_CHARS}]")
"""The bundled model's tokenizer, too, leaves out what is not seen."""


def word_spans(texts: Sequence[str]) -> list[TokenSpans]:
    """Words and marks as tokens."""
    return [
        np.array([match.span() for match in _TOKEN.finditer(text)], dtype=np.int32).reshape(-1, 2)
        for text in texts
    ]


def char_spans(texts: Sequence[str]) -> list[TokenSpans]:
    """Every character that is seen as a token."""
    return [
        np.array([match.span() for match in _SEEN.finditer(text)], dtype=np.int32).reshape(-1, 2)
        for text in texts
    ]


class FakeEmbedder:
    """A bag of words: each word is an axis (by its CRC), a text's vector counts its words."""

    name = "bag of words"
    dimension = 256

    def __init__(self, *, window: int = 60, sha256: str = "0" * 64) -> None:
        self.window = window
        self.sha256 = sha256

    def token_spans(self, texts: Sequence[str]) -> list[TokenSpans]:
        return word_spans(texts)

    def embed_passages(
        self, texts: Iterable[str], on_progress: Callable[[int], None] | None = None
    ) -> Iterator[Embedding]:
        embeddings = [self._embed(text) for text in texts]
        if on_progress is not None:
            on_progress(len(embeddings))
        return iter(embeddings)

    def embed_question(self, text: str) -> Embedding:
        return self._embed(text)

    def encode(self, texts: Sequence[str]) -> Floats:
        return np.stack([self._embed(text).vector for text in texts])

    def _embed(self, text: str) -> Embedding:
        spans = word_spans([text])[0][: self.window]
        ids = np.array([self.token_id(text[start:end]) for start, end in spans], dtype=np.int32)
        tokens: Floats = np.eye(self.dimension, dtype=np.float32)[ids]
        counts: Floats = tokens.sum(axis=0)
        vector: Floats = counts / max(float(np.linalg.norm(counts)), 1e-6)
        return Embedding(vector, tokens, spans, ids)

    def token_id(self, word: str) -> int:
        return zlib.crc32(word.lower().encode()) % self.dimension


class CountingEmbedder(FakeEmbedder):
    """Remembers the passages that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_passages(
        self, texts: Iterable[str], on_progress: Callable[[int], None] | None = None
    ) -> Iterator[Embedding]:
        texts = list(texts)
        self.texts += texts
        return super().embed_passages(texts, on_progress)


class BlockingEmbedder(FakeEmbedder):
    """Holds passages back until ``let_through`` is set; ``started`` tells that some are held."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.let_through = threading.Event(), threading.Event()

    def embed_passages(
        self, texts: Iterable[str], on_progress: Callable[[int], None] | None = None
    ) -> Iterator[Embedding]:
        self.started.set()
        if not self.let_through.wait(timeout=30):
            raise TimeoutError
        return super().embed_passages(texts, on_progress)


class StreamingEmbedder(CountingEmbedder):
    """Embeds passages as they are asked for, and tells of each 64, as the real one does."""

    def embed_passages(
        self, texts: Iterable[str], on_progress: Callable[[int], None] | None = None
    ) -> Iterator[Embedding]:
        for number, text in enumerate(texts):
            if on_progress is not None and number and number % 64 == 0:
                on_progress(number)
            self.texts.append(text)
            yield self._embed(text)
