"""The network as an ONNX graph, its matrices in 8 bits; and back, to go on training from what ships.

The word embeddings are an input: they are the bundled embedding model's, and are not repeated.

A matrix has a scale per output channel, and its input, which ONNX Runtime quantises as it comes, has one for
all. A few channels of the input are far larger than the others and would leave these few steps: they are
divided by how large they get, and the matrix multiplied by it (SmoothQuant, Xiao et al. 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.float32]

_HEADS = 12
_EPSILON = 1e-12
_LEAST = 1e-4
_SMOOTHING = 0.7  # how much of the input's spread goes to the matrix; of 0.3, 0.5, 0.7, 0.9 the best


def to_graph(weights: Mapping[str, Array], largest: Mapping[str, Array] | None) -> onnx.ModelProto:
    """Writes a network's own weights as a graph.

    Args:
        weights: By name, as the network names them.
        largest: How large each channel of each matrix's input gets, by the matrix's name without ".weight";
            None: the matrices stay in floats.

    The graph's inputs: ``embedded``, shape (windows, tokens, dimension), the tokens' word embeddings;
    ``seen``, shape (windows, tokens), 1 for a token and 0 for padding; ``kinds``, same shape, 1 for the
    passage. Its outputs: ``starts`` and ``ends``, shape (windows, tokens), and ``verdicts``, shape
    (windows, 3), all logits.
    """
    return _Writer(weights, largest).model()


def from_graph(path: Path) -> dict[str, Array]:
    """The own weights that a file of a graph holds, as near as it holds them."""
    held = {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    weights: dict[str, Array] = {}
    for name, value in held.items():
        if name.endswith((".scale", ".smooth", ".index")):
            continue
        array = value.astype(np.float32)
        if array.ndim == 2 and not name.startswith("bert.embeddings"):
            array = (array * held.get(f"{name}.scale", np.float32(1))).T
        if f"{name}.smooth" in held:
            array = array * held[f"{name}.smooth"]
        if ".self.all." in name:
            for part, piece in zip(("query", "key", "value"), np.split(array, 3), strict=True):
                weights[name.replace(".all.", f".{part}.")] = piece
        else:
            weights[name] = array
    return weights


class _Writer:
    def __init__(self, weights: Mapping[str, Array], largest: Mapping[str, Array] | None) -> None:
        self._weights, self._largest = weights, largest
        self._nodes: list[onnx.NodeProto] = []
        self._held: list[onnx.TensorProto] = []

    def model(self) -> onnx.ModelProto:
        dimension = self._weights["bert.embeddings.LayerNorm.weight"].size
        hidden = self._embedded()
        layers = 1 + max(int(name.split(".")[3]) for name in self._weights if ".layer." in name)
        for layer in range(layers):
            hidden = self._layer(hidden, layer)
        self._heads(hidden)
        tokens = ["windows", "tokens"]
        inputs = [
            helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [*tokens, dimension]),
            helper.make_tensor_value_info("seen", TensorProto.INT32, tokens),
            helper.make_tensor_value_info("kinds", TensorProto.INT32, tokens),
        ]
        outputs = [
            helper.make_tensor_value_info("starts", TensorProto.FLOAT, tokens),
            helper.make_tensor_value_info("ends", TensorProto.FLOAT, tokens),
            helper.make_tensor_value_info("verdicts", TensorProto.FLOAT, ["windows", 3]),
        ]
        graph = helper.make_graph(self._nodes, "reader", inputs, outputs, self._held)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="footnote")

    def _embedded(self) -> str:
        self._hold("from.index", np.array([0], dtype=np.int64))
        self._hold("to.index", np.array([1], dtype=np.int64))
        positions = self._given("bert.embeddings.position_embeddings.weight")
        kinds = self._given("bert.embeddings.token_type_embeddings.weight")
        self._node("Shape", ["seen"], "both")
        self._hold("two.index", np.array([2], dtype=np.int64))
        self._node("Slice", ["both", "to.index", "two.index"], "length")
        self._node("Slice", [positions, "from.index", "length", "from.index"], "positions")
        self._node("Gather", [kinds, "kinds"], "kind", axis=0)
        self._node("Add", ["embedded", "positions"], "placed")
        self._node("Add", ["placed", "kind"], "summed")
        norm = [self._given(f"bert.embeddings.LayerNorm.{part}") for part in ("weight", "bias")]
        return self._node("LayerNormalization", ["summed", *norm], "hidden", axis=-1, epsilon=_EPSILON)

    def _layer(self, hidden: str, layer: int) -> str:
        name = f"bert.encoder.layer.{layer}"
        selves = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        matrix = np.concatenate([self._weights[f"{one}.weight"] for one in selves])
        bias = np.concatenate([self._weights[f"{one}.bias"] for one in selves])
        attended = self._linear(hidden, f"{name}.attention.self.all", matrix, bias)
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        self._nodes.append(helper.make_node("Split", [attended], parts, axis=-1, name=f"{name}.split"))
        self._node(
            "MultiHeadAttention", [*parts, "", "seen"], f"{name}.attended", "com.microsoft", num_heads=_HEADS
        )
        mixed = self._known(f"{name}.attended", f"{name}.attention.output.dense")
        hidden = self._normed(hidden, mixed, f"{name}.attention.output.LayerNorm")
        wide = self._known(hidden, f"{name}.intermediate.dense")
        self._node("Gelu", [wide], f"{name}.active", "com.microsoft")
        narrow = self._known(f"{name}.active", f"{name}.output.dense")
        return self._normed(hidden, narrow, f"{name}.output.LayerNorm")

    def _heads(self, hidden: str) -> None:
        for part in ("spans.weight", "verdict.0.weight", "verdict.2.weight"):
            self._hold(part, self._weights[part].T.copy())
        self._node("MatMul", [hidden, "spans.weight"], "spans.product")
        self._node("Add", ["spans.product", self._given("spans.bias")], "spans.logits")
        self._hold("last.index", np.array(1, dtype=np.int64))
        self._hold("first.index", np.array(0, dtype=np.int64))
        self._node("Gather", ["spans.logits", "first.index"], "starts", axis=2)
        self._node("Gather", ["spans.logits", "last.index"], "ends", axis=2)
        self._node("Gather", [hidden, "first.index"], "whole", axis=1)
        self._node("MatMul", ["whole", "verdict.0.weight"], "verdict.product")
        self._node("Add", ["verdict.product", self._given("verdict.0.bias")], "verdict.sum")
        self._node("Tanh", ["verdict.sum"], "verdict.active")
        self._node("MatMul", ["verdict.active", "verdict.2.weight"], "verdict.last")
        self._node("Add", ["verdict.last", self._given("verdict.2.bias")], "verdicts")

    def _normed(self, hidden: str, change: str, name: str) -> str:
        norm = [self._given(f"{name}.{part}") for part in ("weight", "bias")]
        self._node("Add", [change, hidden], f"{name}.sum")
        return self._node(
            "LayerNormalization", [f"{name}.sum", *norm], f"{name}.out", axis=-1, epsilon=_EPSILON
        )

    def _known(self, value: str, name: str) -> str:
        return self._linear(value, name, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _linear(self, value: str, name: str, matrix: Array, bias: Array) -> str:
        """A product with a matrix of shape (out, in), and a bias."""
        self._hold(f"{name}.bias", bias)
        if self._largest is None:
            self._hold(f"{name}.weight", matrix.T.copy())
            self._node("MatMul", [value, f"{name}.weight"], f"{name}.product")
            return self._node("Add", [f"{name}.product", f"{name}.bias"], f"{name}.out")
        large = np.maximum(self._largest[name.replace(".all", ".query")], _LEAST)
        smooth = large**_SMOOTHING / np.maximum(np.abs(matrix).max(axis=0), _LEAST) ** (1 - _SMOOTHING)
        smooth = (smooth / np.exp(np.log(smooth).mean())).astype(np.float32)
        self._hold(f"{name}.weight.smooth", 1 / smooth)
        self._node("Mul", [value, f"{name}.weight.smooth"], f"{name}.smoothed")
        return self._by_channel(f"{name}.smoothed", name, (matrix * smooth).astype(np.float32))

    def _by_channel(self, value: str, name: str, matrix: Array) -> str:
        scale = np.maximum(np.abs(matrix).max(axis=1), _LEAST) / 127
        self._hold(f"{name}.weight", np.round(matrix / scale[:, None]).astype(np.int8).T.copy())
        self._hold(f"{name}.weight.scale", scale.astype(np.float32))
        inputs = [value, f"{name}.weight", f"{name}.weight.scale", "", f"{name}.bias"]
        return self._node("DynamicQuantizeMatMul", inputs, f"{name}.out", "com.microsoft")

    def _given(self, name: str) -> str:
        return self._hold(name, self._weights[name])

    def _hold(self, name: str, value: npt.NDArray[np.generic]) -> str:
        self._held.append(numpy_helper.from_array(np.ascontiguousarray(value) if value.ndim else value, name))
        return name

    def _node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        node = helper.make_node(
            kind, inputs, [output], name=f"{kind} of {output}", domain=domain, **attributes
        )
        self._nodes.append(node)
        return output
