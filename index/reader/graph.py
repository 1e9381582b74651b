"""The reader's network as an ONNX graph, its matrices in 8 bits; and back, to go on training from what ships.

The word embeddings are an input: they are the bundled embedding model's, and are not repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from index.search.bert_graph import BertGraph
from index.search.bert_weights import QUERY_KEY_VALUE, Array, Weights, graph_weights, layers, matrices

_LEAST = 1e-4  # what is smaller counts as this, so that nothing is divided by nothing
_SMOOTHING = 0.7  # how much of the input's spread goes to the matrix; of 0.3, 0.5, 0.7, 0.9 the best


def to_graph(weights: Mapping[str, Array], largest: Mapping[str, Array] | None) -> onnx.ModelProto:
    """Writes a network's own weights as a graph.

    Args:
        weights: By name, as the network names them.
        largest: See ``in_8_bits``; None: the matrices stay in floats.

    The graph's inputs: ``embedded``, shape (windows, tokens, dimension), the tokens' word embeddings;
    ``seen``, shape (windows, tokens), 1 for a token and 0 for padding; ``kinds``, same shape, 1 for the
    passage. Its outputs: ``starts`` and ``ends``, shape (windows, tokens), and ``verdicts``, shape
    (windows, 3), all logits.
    """
    values = graph_weights(weights)
    graph = BertGraph(values if largest is None else in_8_bits(values, largest))
    states = _embeddings(graph)
    for layer in layers(weights):
        states = graph.layer(states, layer, "seen")
    _heads(graph, states, weights)
    tokens = ["windows", "tokens"]
    dimension = weights["bert.embeddings.LayerNorm.weight"].size
    return graph.model(
        "reader",
        [
            helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [*tokens, dimension]),
            helper.make_tensor_value_info("seen", TensorProto.INT32, tokens),
            helper.make_tensor_value_info("kinds", TensorProto.INT32, tokens),
        ],
        [
            helper.make_tensor_value_info("starts", TensorProto.FLOAT, tokens),
            helper.make_tensor_value_info("ends", TensorProto.FLOAT, tokens),
            helper.make_tensor_value_info("verdicts", TensorProto.FLOAT, ["windows", 3]),
        ],
    )


def in_8_bits(weights: Weights, largest: Mapping[str, Array]) -> Weights:
    """The same weights, the matrices of the layers in 8 bits.

    A matrix has a scale per output channel, and its input, which ONNX Runtime quantises as it comes, has one
    for all. A few channels of the input are far larger than the others and would leave these few steps: they
    are divided by how large they get, and the matrix multiplied by it (SmoothQuant, Xiao et al. 2023).

    Args:
        weights: Of ``graph_weights``.
        largest: How large each channel of each matrix's input gets, by the matrix's name without ".weight";
            of query, key and value by that of the query.
    """
    small = dict(weights)
    for name in matrices(weights):
        matrix = np.asarray(weights[f"{name}.weight"], dtype=np.float32)
        large = np.maximum(largest[name.replace(".all", ".query")], _LEAST)
        smooth = large**_SMOOTHING / np.maximum(np.abs(matrix).max(axis=1), _LEAST) ** (1 - _SMOOTHING)
        smooth = (smooth / np.exp(np.log(smooth).mean())).astype(np.float32)
        matrix = matrix * smooth[:, None]
        scale = np.maximum(np.abs(matrix).max(axis=0), _LEAST) / 127
        small[f"{name}.weight"] = np.round(matrix / scale).astype(np.int8)
        small[f"{name}.weight.scale"] = scale.astype(np.float32)
        small[f"{name}.weight.smooth"] = (1 / smooth).astype(np.float32)
    return small


def from_graph(path: Path) -> dict[str, Array]:
    """The own weights that a file of a graph holds, as near as it holds them."""
    tensors = {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    weights: dict[str, Array] = {}
    for name, value in tensors.items():
        if name.endswith((".scale", ".smooth", ".index")):
            continue
        array = value.astype(np.float32)
        if array.ndim == 2 and not name.startswith("bert.embeddings"):
            array = (array * tensors.get(f"{name}.scale", np.float32(1))).T
        if f"{name}.smooth" in tensors:
            array = array * tensors[f"{name}.smooth"]
        if ".self.all." in name:
            for part, piece in zip(QUERY_KEY_VALUE, np.split(array, 3), strict=True):
                weights[name.replace(".all.", f".{part}.")] = piece
        else:
            weights[name] = array
    return weights


def _embeddings(graph: BertGraph) -> str:
    positions = graph.positions("bert.embeddings.position_embeddings.weight", "seen")
    kinds = graph.weight("bert.embeddings.token_type_embeddings.weight")
    graph.node("Gather", [kinds, "kinds"], "kind", axis=0)
    graph.node("Add", ["embedded", positions], "placed")
    graph.node("Add", ["placed", "kind"], "summed")
    return graph.layer_norm("summed", "bert.embeddings.LayerNorm", "hidden")


def _heads(graph: BertGraph, states: str, weights: Mapping[str, Array]) -> None:
    for part in ("spans.weight", "verdict.0.weight", "verdict.2.weight"):
        graph.constant(part, weights[part].T)
    graph.node("MatMul", [states, "spans.weight"], "spans.product")
    graph.node("Add", ["spans.product", graph.weight("spans.bias")], "spans.logits")
    graph.constant("last.index", np.array(1, dtype=np.int64))
    graph.constant("first.index", np.array(0, dtype=np.int64))
    graph.node("Gather", ["spans.logits", "first.index"], "starts", axis=2)
    graph.node("Gather", ["spans.logits", "last.index"], "ends", axis=2)
    graph.node("Gather", [states, "first.index"], "whole", axis=1)
    graph.node("MatMul", ["whole", "verdict.0.weight"], "verdict.product")
    graph.node("Add", ["verdict.product", graph.weight("verdict.0.bias")], "verdict.sum")
    graph.node("Tanh", ["verdict.sum"], "verdict.active")
    graph.node("MatMul", ["verdict.active", "verdict.2.weight"], "verdict.last")
    graph.node("Add", ["verdict.last", graph.weight("verdict.2.bias")], "verdicts")
