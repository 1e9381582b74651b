"""The bundled embedding model in ONNX Runtime: its graph, which ships, and the weights of its package."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from index.search.bert_weights import Array, graph_weights
from index.search.bundled_model import (
    BUNDLED_MODEL_SHA256,
    WORD_EMBEDDINGS,
    bundled_folder,
    bundled_weights,
)
from index.search.encoders import EncodedText, PassageEncoder, TextModel, TokenizedText, without_truncation
from index.search.onnx_session import Session, onnx_session, shared_weights

GRAPH = Path(__file__).parent / "encoder.onnx"
"""Written by ``python -m index.search.encoder_graph``."""


class OnnxEncoder:
    """A BERT that pools by the mean, in ONNX Runtime.

    Passages are encoded in as many threads as there are cores, each on its own: threads that share a product
    wait for each other, and those that ONNX Runtime starts would not stand back for questions.

    Args:
        weights: The model's, by name, as transformers' ``BertModel`` names them.
        opening: The special tokens before a text.
        closing: Those after it.

    Attributes:
        opening, closing: The same.
    """

    batch_tokens = 512  # what a layer makes of them fits into a core's cache

    def __init__(self, weights: Mapping[str, Array], opening: Sequence[int], closing: Sequence[int]) -> None:
        self.workers = usable_cores()
        self.opening, self.closing = list(opening), list(closing)
        self._word_embeddings = weights[WORD_EMBEDDINGS]
        values = shared_weights(graph_weights(weights))
        self._passages = onnx_session(GRAPH, threads=1, weights=values)
        self._questions = onnx_session(GRAPH, threads=min(self.workers, 2), weights=values)

    def encode_passages(self, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        """See ``Encoder``."""
        return self._encode(self._passages, texts)

    def for_many(self) -> AbstractContextManager[PassageEncoder]:
        """See ``Encoder``."""
        return nullcontext(self)

    def encode_questions(self, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        """See ``Encoder``."""
        return self._encode(self._questions, texts)

    def _encode(self, session: Session, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        rows = [[*self.opening, *one.ids, *self.closing] for one in texts]
        ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int32)
        mask = np.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, : len(row)], mask[number, : len(row)] = row, 1
        tokens, vectors = session.run(
            ["tokens", "vectors"], {"embedded": self._word_embeddings[ids], "mask": mask}
        )
        first = len(self.opening)
        return [
            EncodedText(vector, own[first : first + len(one.ids)])
            for one, own, vector in zip(texts, tokens, vectors, strict=True)
        ]


def load_onnx_model(encoder: type[OnnxEncoder] = OnnxEncoder) -> TextModel:
    """The bundled model, without torch.

    Args:
        encoder: What runs it.

    Raises:
        EmbeddingModelError: its file is not the one it should be.
    """
    folder = bundled_folder()
    weights = bundled_weights(folder)
    tokenizer = without_truncation(Tokenizer.from_file(str(folder / "tokenizer.json")))
    opening, closing = ([token] for token in tokenizer.encode("").ids)
    window = json.loads((folder / "sentence_bert_config.json").read_bytes())["max_seq_length"]
    return TextModel(
        sha256=BUNDLED_MODEL_SHA256,
        dimension=weights[WORD_EMBEDDINGS].shape[1],
        longest=window - len(opening) - len(closing),
        tokenizer=tokenizer,
        unknown=tokenizer.token_to_id("[UNK]"),
        question_prompt="",
        passage_prompt="",
        encoder=encoder(weights, opening, closing),
    )


def usable_cores() -> int:
    """On how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
