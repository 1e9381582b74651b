"""A cross-encoder that re-ranks the best sentences, where one is configured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from index.errors import UnloadableRerankerError
from index.search.encoders import Floats
from index.search.torch_encoder import load_failure

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class CrossEncoderReranker:
    """A sentence-transformers CrossEncoder: reads question and sentence together, slower and finer.

    Args:
        model: A model by hub name or folder.

    Raises:
        EmbeddingModelError: the model cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        from sentence_transformers import CrossEncoder

        try:
            self._model: CrossEncoder = CrossEncoder(model)
        except Exception as error:  # torch, transformers, safetensors and the hub's client share no root
            raise load_failure(error, "cross-encoder", model, UnloadableRerankerError) from error

    def scores(self, question: str, texts: Sequence[str]) -> Floats:
        """One score a text, higher is better, shape (texts,)."""
        scores = self._model.predict([(question, text) for text in texts], show_progress_bar=False)
        return np.asarray(scores, dtype=np.float32).reshape(len(texts), -1)[:, -1]
