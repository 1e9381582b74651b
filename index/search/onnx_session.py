"""ONNX Runtime on this processor, for the embedding model and for the reader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime

Session: TypeAlias = onnxruntime.InferenceSession
SharedWeights: TypeAlias = Mapping[str, onnxruntime.OrtValue]


def shared_weights(weights: Mapping[str, npt.NDArray[np.generic]]) -> SharedWeights:
    """Weights as several sessions of one graph can hold them without a copy each."""
    return {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in weights.items()}


def onnx_session(path: Path, *, threads: int, weights: SharedWeights | None = None) -> Session:
    """A session that runs a graph.

    Args:
        path: The graph.
        threads: How many it may use.
        weights: Those that the graph names and does not hold.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Spinning threads would take the cores from the other model's, and from whoever indexes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False  # of each shape that it meets one is kept, and texts have all lengths
    if weights:
        options.add_external_initializers(list(weights), list(weights.values()))
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
