"""Any sentence-transformers model, run as sentence-transformers runs it."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from index.errors import EmbeddingModelError, UnloadableModelError
from index.search.bundled_model import BUNDLED_MODEL_SHA256, bundled_folder
from index.search.encoders import (
    EncodedText,
    Floats,
    PassageEncoder,
    TextModel,
    TokenizedText,
    without_truncation,
)

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class TorchEncoder:
    """Any model of sentence-transformers, as it runs it.

    Args:
        model: The model.
        question_prompt: What it wants before a question.
        passage_prompt: What it wants before a passage.
        special: How many special tokens it puts before a text, and how many in all.
    """

    workers = 1  # torch has threads of its own
    batch_tokens = 2048  # padding wastes more beyond, on two cores

    def __init__(
        self,
        model: SentenceTransformer,
        *,
        question_prompt: str,
        passage_prompt: str,
        special: tuple[int, int],
    ) -> None:
        self._model = model
        self._question_prompt, self._passage_prompt = question_prompt, passage_prompt
        self._lead, self._special = special

    def encode_passages(self, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        """See ``Encoder``."""
        return self._encode(texts, self._passage_prompt, "document")

    def for_many(self) -> AbstractContextManager[PassageEncoder]:
        """See ``Encoder``."""
        return nullcontext(self)

    def encode_questions(self, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        """See ``Encoder``."""
        return self._encode(texts, self._question_prompt, "query")

    def _encode(self, texts: Sequence[TokenizedText], prompt: str, task: str) -> list[EncodedText]:
        from sentence_transformers.util import batch_to_device
        from torch import inference_mode

        # What encode_query and encode_document do, less their own batching.
        with inference_mode():
            features = self._model.preprocess([one.text for one in texts], prompt=prompt, task=task)
            batch = self._model(batch_to_device(features, self._model.device), task=task)
        encodings: list[EncodedText] = []
        for mask, tokens, vector in zip(
            batch["attention_mask"], batch["token_embeddings"], batch["sentence_embedding"], strict=True
        ):
            own = tokens[mask.bool()]
            content = own[self._lead : self._lead + len(own) - self._special]
            encodings.append(EncodedText(*(_unit(one.float().cpu().numpy()) for one in (vector, content))))
        return encodings


def _unit(vectors: Floats) -> Floats:
    """The vectors (the last axis), each divided by its length; zero vectors stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, np.finfo(np.float32).tiny), dtype=np.float32)


def import_sentence_transformers() -> None:
    """Imports it and torch, which takes seconds."""
    import sentence_transformers  # noqa: F401


def load_torch_model(model: str | None) -> TextModel:
    """A sentence-transformers model on the best device there is.

    Args:
        model: By hub name or folder; None for the bundled one, which is loaded offline.

    Raises:
        EmbeddingModelError: it cannot be loaded.
    """
    transformer = _load(model).eval()
    special = transformer.tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
    prompts = _prompt(transformer, "query"), _prompt(transformer, "document", "passage", "corpus")
    return TextModel(
        sha256=BUNDLED_MODEL_SHA256 if model is None else _weights_sha256(transformer),
        dimension=int(transformer.get_embedding_dimension() or 0),
        longest=int(transformer.max_seq_length or 512) - sum(special),
        # A copy: whether it truncates is a setting of the tokenizer, and the model's own does.
        tokenizer=without_truncation(copy.deepcopy(transformer.tokenizer).backend_tokenizer),
        unknown=transformer.tokenizer.unk_token_id,
        question_prompt=prompts[0],
        passage_prompt=prompts[1],
        encoder=TorchEncoder(
            transformer,
            question_prompt=prompts[0],
            passage_prompt=prompts[1],
            special=(special.index(0), sum(special)),
        ),
    )


def _load(model: str | None) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if model is None:
        return SentenceTransformer(str(bundled_folder()), local_files_only=True)
    try:
        transformer = SentenceTransformer(model)
        fast = bool(getattr(transformer.tokenizer, "is_fast", False))
    except Exception as error:  # torch, transformers, safetensors and the hub's client share no root
        raise load_failure(error, "embedding model", model, UnloadableModelError) from error
    if not fast:
        reason = TypeError("its tokenizer does not tell where in a text its tokens stand")
        raise load_failure(reason, "embedding model", model, UnloadableModelError)
    return transformer


def load_failure(
    cause: Exception, kind: str, model: str, error: type[EmbeddingModelError]
) -> EmbeddingModelError:
    """The error for a model that cannot be loaded: its name, the reason in a line, what to do."""
    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(".")
    return error(
        f"The {kind} {model!r} cannot be loaded: {reason}. Give the name of a sentence-transformers {kind} "
        "on the model hub or the path of its folder, or none."
    )


def _prompt(model: SentenceTransformer, *names: str) -> str:
    prompts = model.prompts
    name = next((name for name in names if name in prompts), model.default_prompt_name)
    return (prompts[name] or "") if name else ""


def _weights_sha256(model: SentenceTransformer) -> str:
    """SHA-256 over names, types, shapes and values of a model's weights, wherever it was loaded from."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
        digest.update(values.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
