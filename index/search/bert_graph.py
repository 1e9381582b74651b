"""A BERT as an ONNX graph: what the embedding model's graph and the reader's have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from index.search.bert_weights import QUERY_KEY_VALUE, Weights

HEADS = 12  # as all-MiniLM-L6-v2 has them, and the reader that began as it
_EPSILON = 1e-12  # BERT's own


class BertGraph:
    """Writes a graph, node by node.

    The names of its values are those of the weights that make them.

    Args:
        weights: Of ``graph_weights``, the matrices in 8 bits or in floats.
        outside: Whether only their names and shapes are written, for whoever loads the graph to give their
            values.
    """

    def __init__(self, weights: Weights, *, outside: bool = False) -> None:
        self._weights, self._outside = weights, outside
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: list[onnx.TensorProto] = []

    def model(
        self, name: str, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """What was written."""
        graph = helper.make_graph(self._nodes, name, inputs, outputs, self._tensors)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="footnote")

    def positions(self, weight: str, mask: str) -> str:
        """The embeddings of as many positions as the mask, of shape (texts, tokens), has."""
        for value in range(3):
            self.constant(f"{value}.index", np.array([value], dtype=np.int64))
        self.node("Shape", [mask], "shape")
        self.node("Slice", ["shape", "1.index", "2.index"], "length")
        return self.node("Slice", [self.weight(weight), "0.index", "length", "0.index"], "positions")

    def layer(self, states: str, layer: str, mask: str) -> str:
        """One layer; ``mask`` is 1 for a token and 0 for padding."""
        attention = self._dense(states, f"{layer}.attention.self.all")
        parts = [f"{layer}.{part}" for part in QUERY_KEY_VALUE]
        self._nodes.append(helper.make_node("Split", [attention], parts, axis=-1, name=f"{layer}.split"))
        self.node(
            "MultiHeadAttention", [*parts, "", mask], f"{layer}.attended", "com.microsoft", num_heads=HEADS
        )
        mixture = self._dense(f"{layer}.attended", f"{layer}.attention.output.dense")
        states = self._norm(states, mixture, f"{layer}.attention.output.LayerNorm")
        wide = self._dense(states, f"{layer}.intermediate.dense")
        self.node("Gelu", [wide], f"{layer}.active", "com.microsoft")
        narrow = self._dense(f"{layer}.active", f"{layer}.output.dense")
        return self._norm(states, narrow, f"{layer}.output.LayerNorm")

    def layer_norm(self, value: str, name: str, output: str) -> str:
        """A normalisation by the weight and the bias of a name."""
        norm = [self.weight(f"{name}.{part}") for part in ("weight", "bias")]
        return self.node("LayerNormalization", [value, *norm], output, axis=-1, epsilon=_EPSILON)

    def _norm(self, states: str, change: str, name: str) -> str:
        self.node("Add", [change, states], f"{name}.sum")
        return self.layer_norm(f"{name}.sum", name, f"{name}.out")

    def _dense(self, value: str, name: str) -> str:
        bias = self.weight(f"{name}.bias")
        if f"{name}.weight.scale" not in self._weights:
            self.node("MatMul", [value, self.weight(f"{name}.weight")], f"{name}.product")
            return self.node("Add", [f"{name}.product", bias], f"{name}.out")
        matrix, scale, smooth = (self.weight(f"{name}.weight{part}") for part in ("", ".scale", ".smooth"))
        self.node("Mul", [value, smooth], f"{name}.smoothed")
        inputs = [f"{name}.smoothed", matrix, scale, "", bias]
        return self.node("DynamicQuantizeMatMul", inputs, f"{name}.out", "com.microsoft")

    def weight(self, name: str) -> str:
        """One of the weights."""
        value = self._weights[name]
        if not self._outside:
            return self.constant(name, value)
        tensor = TensorProto(
            name=name,
            data_type=helper.np_dtype_to_tensor_dtype(value.dtype),
            dims=value.shape,
            data_location=TensorProto.EXTERNAL,
        )
        tensor.external_data.add(key="location", value="weights")
        self._tensors.append(tensor)
        return name

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        """A value that is written into the graph."""
        array = np.ascontiguousarray(value) if value.ndim else value
        self._tensors.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output, whose name it returns."""
        node = helper.make_node(
            kind, inputs, [output], name=f"{kind} of {output}", domain=domain, **attributes
        )
        self._nodes.append(node)
        return output
