"""The bundled embedding model in torch, in bfloat16. Importing this imports torch."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, normalize, scaled_dot_product_attention

from index.search.bert_weights import graph_weights, layers
from index.search.bundled_model import WORD_EMBEDDINGS, bundled_folder, bundled_weights

HalfFloats = npt.NDArray[np.float16]

_FAR_OFF = -1e4  # what padding adds to the logits of its attention


class Bfloat16Bert:
    """A BERT that pools by the mean. It gives what ``OnnxEncoder`` gives, but for the rounding. Thread-safe.

    Args:
        opening: The special tokens before a text.
        closing: Those after it.

    Raises:
        EmbeddingModelError: the model's file is not the one it should be.
    """

    def __init__(self, opening: Sequence[int], closing: Sequence[int]) -> None:
        torch.set_num_threads(1)  # each thread that encodes has its own batch, and waits for no other
        folder = bundled_folder()
        config = json.loads((folder / "config.json").read_bytes())
        self._heads, self._epsilon = config["num_attention_heads"], config["layer_norm_eps"]
        self._opening, self._closing = list(opening), list(closing)
        weights = bundled_weights(folder)
        self._words = torch.from_numpy(weights[WORD_EMBEDDINGS].copy())
        self._layers = layers(weights)
        self._weights = {
            # What is added up and normalised stays in floats: so less is lost from layer to layer.
            name: torch.from_numpy(array.copy()).to(
                torch.float32 if name.startswith("embeddings.") or "LayerNorm" in name else torch.bfloat16
            )
            for name, array in graph_weights(weights).items()
        }

    @torch.inference_mode()
    def encode(self, texts: Sequence[Sequence[int]]) -> list[tuple[HalfFloats, HalfFloats]]:
        """A batch of texts as token ids, special ones left out.

        Returns:
            Of each what ``EncodedText`` has, in half precision, which is finer than bfloat16 and soon sent.
        """
        rows = [[*self._opening, *ids, *self._closing] for ids in texts]
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
        content = torch.arange(ids.shape[1]) < lengths[:, None]
        states = self._embedded(ids)
        padding = torch.zeros(content.shape, dtype=torch.bfloat16).masked_fill(~content, _FAR_OFF)
        for layer in self._layers:
            states = self._layer(states, layer, padding[:, None, None])
        vectors = normalize((states * content[..., None]).sum(dim=1), dim=-1).half().numpy()
        tokens = normalize(states, dim=-1).half().numpy()
        first = len(self._opening)
        return [
            (vectors[number], tokens[number, first : first + len(text)]) for number, text in enumerate(texts)
        ]

    def _embedded(self, ids: Tensor) -> Tensor:
        positions = self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm(self._words[ids] + positions + kind, "embeddings.LayerNorm")

    def _layer(self, states: Tensor, layer: str, padding: Tensor) -> Tensor:
        rows, length, width = states.shape
        parts = self._dense(states, f"{layer}.attention.self.all").view(rows, length, 3, self._heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind()
        mixture = scaled_dot_product_attention(query, key, value, attn_mask=padding)
        mixture = mixture.transpose(1, 2).reshape(rows, length, width)
        mixture = self._dense(mixture, f"{layer}.attention.output.dense")
        states = self._norm(states + mixture, f"{layer}.attention.output.LayerNorm")
        wide = gelu(self._dense(states, f"{layer}.intermediate.dense"))
        return self._norm(states + self._dense(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")

    def _dense(self, states: Tensor, name: str) -> Tensor:
        return linear(states.bfloat16(), self._weights[f"{name}.weight"].T, self._weights[f"{name}.bias"])

    def _norm(self, states: Tensor, name: str) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return layer_norm(states, weight.shape, weight, bias, self._epsilon)
