"""A BERT's weights as its graph has them: matrices of shape (in, out), query, key and value as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Weights = dict[str, npt.NDArray[np.generic]]

QUERY_KEY_VALUE = ("query", "key", "value")
MATRICES = ("attention.self.all", "attention.output.dense", "intermediate.dense", "output.dense")
"""The matrices of a layer; ``all`` is those of query, key and value."""

_LAYER = re.compile(r"^(.*encoder\.layer\.)\d+\.")


def layers(weights: Mapping[str, object]) -> list[str]:
    """The names of the layers, in order: what all names of a layer's weights begin with, less the dot."""
    stem = next(match[1] for match in map(_LAYER.match, weights) if match)
    count = len({name.removeprefix(stem).partition(".")[0] for name in weights if name.startswith(stem)})
    return [f"{stem}{number}" for number in range(count)]


def graph_weights(weights: Mapping[str, Array]) -> Weights:
    """The weights that a graph holds, by the names that it knows them by: not those that pool, nor of words.

    A token's word embedding is what a graph is given.

    Args:
        weights: By name, as transformers' ``BertModel`` names them, matrices of shape (out, in).
    """
    by_name: Weights = {
        name: array
        for name, array in weights.items()
        if "pooler." not in name and "word_embeddings." not in name
    }
    for layer in layers(weights):
        for part in ("weight", "bias"):
            three = [by_name.pop(f"{layer}.attention.self.{one}.{part}") for one in QUERY_KEY_VALUE]
            by_name[f"{layer}.attention.self.all.{part}"] = np.concatenate(three)
    for name in matrices(weights):
        by_name[f"{name}.weight"] = np.ascontiguousarray(by_name[f"{name}.weight"].T)
    return by_name


def matrices(weights: Mapping[str, object]) -> Iterator[str]:
    """The names of the matrices of all layers, without ".weight"."""
    return (f"{layer}.{matrix}" for layer in layers(weights) for matrix in MATRICES)
