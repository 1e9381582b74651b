"""Text -> vectors, whatever model makes them."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits
from tokenizers import Encoding

from index.search.bfloat16_encoder import load_bfloat16_model
from index.search.bundled_model import BUNDLED_MODEL
from index.search.encoders import EncodedText, PassageEncoder, TextModel, TokenizedText
from index.search.encoders import Floats as Floats
from index.search.micro_batches import MicroBatches
from index.search.onnx_encoder import load_onnx_model
from index.search.passages import TokenSpans
from index.search.token_batches import in_windows, token_batches
from index.search.torch_encoder import load_torch_model

Runtime = Literal["onnx", "bfloat16", "torch"]
"""What runs the bundled model: ONNX Runtime, the same with bfloat16 for many passages, or all of torch."""

_SWITCH_SECONDS = 0.0005  # for which a thread may keep the interpreter's lock where another waits for it
_MANY = 256  # passages, from which on it pays to start what encodes many
_QUESTIONS = 4  # of a batch: more cost as much each, and the next batch waits for it


_LOADERS: Mapping[Runtime, Callable[[], TextModel]] = {
    "onnx": load_onnx_model,
    "bfloat16": load_bfloat16_model,
    "torch": partial(load_torch_model, None),
}


class Embedding(NamedTuple):
    """One forward pass over a text.

    Attributes:
        vector: Shape (dimension,), the text's embedding, of length 1.
        tokens: Shape (tokens, dimension), the token embeddings in context, each of length 1.
        spans: Shape (tokens, 2), where each token stands in the text, in code points.
        ids: Shape (tokens,), each token's id in the model's vocabulary.
    """

    vector: Floats
    tokens: Floats
    spans: TokenSpans
    ids: npt.NDArray[np.int32]


class Embedder(Protocol):
    """What turns text into vectors. Questions and passages go through different calls."""

    @property
    def name(self) -> str:
        """The model's name, for people."""

    @property
    def sha256(self) -> str:
        """Identifies the model's weights: vectors of different models never meet."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def window(self) -> int:
        """How many tokens of a passage the model sees, special tokens left out."""

    def token_spans(self, texts: Sequence[str]) -> list[TokenSpans]:
        """Where the tokens of each text stand, untruncated, special tokens left out."""

    def embed_passages(
        self, texts: Iterable[str], on_progress: Callable[[int], None] | None = None
    ) -> Iterator[Embedding]:
        """Embeds passages as they come, in their order; some hundred are in memory, however many there are.

        ``on_progress`` is told how many are done.
        """

    def embed_question(self, text: str) -> Embedding:
        """Embeds one question; what is beyond the model's window is not seen."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """The vectors alone, shape (texts, dimension): what any plain use of the model would compute."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model, giving a text's vector and its token embeddings in one pass.

    The bundled one runs in ONNX Runtime without torch, or as any other: as sentence-transformers runs it.
    Both give the same vectors within 1e-5, so that an index made with one is searched with the other. Many
    passages may be encoded in bfloat16, whose vectors are the same within 1e-2.
    Questions that are asked at the same time go through the model together.

    Thread-safe: questions are embedded while passages are.

    Args:
        model: A model by hub name or folder; None for the bundled all-MiniLM-L6-v2.
        runtime: What runs the bundled one.
        many: From how many passages on they are encoded as many.

    Raises:
        EmbeddingModelError: the model cannot be loaded, or the bundled one is not the file it should be.
    """

    def __init__(self, model: str | None = None, *, runtime: Runtime = "onnx", many: int = _MANY) -> None:
        # One BLAS thread for numpy: its threads and the model's would spin against each other for the same
        # cores, which doubles the time of a question on two.
        threadpool_limits(1, user_api="blas")
        self._model = load_torch_model(model) if model is not None else _LOADERS[runtime]()
        self._many = many
        self.name = model or BUNDLED_MODEL
        self.sha256, self.dimension = self._model.sha256, self._model.dimension
        self.window = self._model.longest - len(self._encodings([self._model.passage_prompt])[0].ids)
        self._encode_question = MicroBatches(self._encode_questions, most=_QUESTIONS)

    def token_spans(self, texts: Sequence[str]) -> list[TokenSpans]:
        """See ``Embedder``."""
        return [_spans(encoding.offsets) for encoding in self._encodings(texts)]

    def embed_passages(
        self, texts: Iterable[str], on_progress: Callable[[int], None] | None = None
    ) -> Iterator[Embedding]:
        """See ``Embedder``."""
        encoder: PassageEncoder = self._model.encoder
        under_way: deque[_Window] = deque()
        count = done = 0
        windows = in_windows(texts)
        with ExitStack() as many, ExitStack() as stack:
            pool = ThreadPoolExecutor(encoder.workers, thread_name_prefix="footnote-embedding")
            stack.callback(pool.shutdown, cancel_futures=True)
            while True:
                window = next(windows, None)
                if window is not None:
                    if count <= self._many < count + len(window):
                        encoder = many.enter_context(self._model.encoder.for_many())
                    under_way.append(self._start(window, encoder, pool))
                    count += len(window)
                if not under_way:
                    return
                if window is None or len(under_way) > 1:  # one is encoded while the one before is used
                    embeddings = under_way.popleft().embeddings()
                    done += len(embeddings)
                    if on_progress is not None:
                        on_progress(done)
                    yield from embeddings

    def embed_question(self, text: str) -> Embedding:
        """See ``Embedder``."""
        (tokens,) = self._tokens([text], self._model.question_prompt)
        return self._embedding(tokens, self._encode_question(tokens))

    def encode(self, texts: Sequence[str]) -> Floats:
        """See ``Embedder``."""
        vectors = [embedding.vector for embedding in self.embed_passages(texts)]
        return np.stack(vectors) if vectors else np.empty((0, self.dimension), dtype=np.float32)

    def _start(self, texts: Sequence[str], encoder: PassageEncoder, pool: Executor) -> _Window:
        tokens = self._tokens(texts, self._model.passage_prompt)
        batches = list(token_batches([len(one.ids) for one in tokens], encoder.batch_tokens))
        return _Window(
            batches,
            [pool.submit(self._embed_batch, encoder, [tokens[n] for n in batch]) for batch in batches],
        )

    def _embed_batch(self, encoder: PassageEncoder, texts: Sequence[TokenizedText]) -> list[Embedding]:
        encodings = encoder.encode_passages(texts)
        return [self._embedding(text, encoding) for text, encoding in zip(texts, encodings, strict=True)]

    def _encode_questions(self, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        encodings: dict[int, EncodedText] = {}
        for batch in token_batches([len(one.ids) for one in texts], self._model.encoder.batch_tokens):
            encodings |= zip(
                batch, self._model.encoder.encode_questions([texts[n] for n in batch]), strict=True
            )
        return [encodings[number] for number in range(len(texts))]

    def _encodings(self, texts: Sequence[str]) -> list[Encoding]:
        return self._model.tokenizer.encode_batch(list(texts), add_special_tokens=False)

    def _tokens(self, texts: Sequence[str], prompt: str) -> list[TokenizedText]:
        window = slice(self._model.longest)
        return [
            TokenizedText(text, encoding.ids[window], _spans(encoding.offsets[window]) - len(prompt))
            for text, encoding in zip(texts, self._encodings([prompt + text for text in texts]), strict=True)
        ]

    def _embedding(self, text: TokenizedText, encoding: EncodedText) -> Embedding:
        """What a text is embedded as.

        Special, prompt and padding tokens are left out, and unknown ones: a word that the model does not
        know (an emoji, another script) would be like any other that it does not know.
        """
        ids = np.asarray(text.ids, dtype=np.int32)
        content = (text.spans[:, 0] >= 0) & (ids != self._model.unknown)
        return Embedding(encoding.vector, encoding.tokens[content], text.spans[content], ids[content])


class _Window(NamedTuple):
    """Texts that are being embedded: the numbers of those of each batch, and what comes of it."""

    batches: Sequence[Sequence[int]]
    outcomes: Sequence[Future[list[Embedding]]]

    def embeddings(self) -> list[Embedding]:
        """Those of all its texts, in their order, when they are there."""
        by_number = {
            number: embedding
            for batch, outcome in zip(self.batches, self.outcomes, strict=True)
            for number, embedding in zip(batch, outcome.result(), strict=True)
        }
        return [by_number[number] for number in range(len(by_number))]


def _spans(offsets: Sequence[tuple[int, int]]) -> TokenSpans:
    return np.asarray(offsets, dtype=np.int32).reshape(-1, 2)


def stand_back() -> None:
    """Makes this thread, and those that it starts from now on, give way to others: for one that indexes.

    Torch computes in threads of its own that each calling thread starts, so they stand back as well. Only
    Linux gives each thread a priority of its own. Everywhere the interpreter's lock changes hands sooner than
    after the usual 5 ms: a question takes it some ten times, and what indexes hardly ever lets go by itself.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
