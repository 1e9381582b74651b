"""What runs the bundled embedding model on this machine: measured where that is not known beforehand."""

from __future__ import annotations

import contextlib
import logging
import platform
import time
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from pydantic import BaseModel

from index.search.embedding import Runtime, SentenceTransformerEmbedder
from index.search.onnx_encoder import usable_cores
from index.storage.durable import make_folder, replace_file

log = logging.getLogger(__name__)

_FILE = "encoder.json"
_PASSAGE = "The lamp on the pier was lit again in March, after the harbour had been closed for a year. " * 5
_PASSAGES = 32
_RIVALS: tuple[Runtime, ...] = ("onnx", "torch")  # bfloat16 rounds: who wants it has to ask for it
_LONGEST = 180.0  # seconds, most of which is what torch takes to be imported


class Measurement(BaseModel):
    """How fast each is.

    Attributes:
        machine: Where, and with which versions.
        passages_per_second: Of each.
    """

    machine: str
    passages_per_second: dict[Runtime, float]

    @property
    def fastest(self) -> Runtime:
        """What is the fastest."""
        return max(self.passages_per_second, key=self.passages_per_second.__getitem__)


def fastest_runtime(data_dir: Path) -> Runtime:
    """What runs the bundled model faster, as it was measured here before, or is now.

    With a torch built for processors alone nothing is measured: ONNX Runtime is faster there.

    Args:
        data_dir: Where the measurement is kept.
    """
    torch = version("torch")
    if torch.endswith("+cpu"):
        return "onnx"
    machine = f"{platform.machine()}, {usable_cores()} cores, torch {torch}, {version('onnxruntime')}"
    file = data_dir / _FILE
    with contextlib.suppress(OSError, ValueError):
        measurement = Measurement.model_validate_json(file.read_bytes())
        if measurement.machine == machine:
            return measurement.fastest
    try:
        # A process of its own: one that has imported torch keeps a gigabyte of it.
        with get_context("spawn").Pool(1) as pool:
            speeds = pool.apply_async(passages_per_second).get(_LONGEST)
        measurement = Measurement(machine=machine, passages_per_second=speeds)
    except Exception as error:  # whatever is wrong with torch here, the other one runs
        log.warning("What runs the embedding model faster could not be measured: %s.", error)
        return "onnx"
    log.info("The embedding model was measured: %s.", speeds)
    with contextlib.suppress(OSError):  # then it is measured again
        make_folder(data_dir)
        replace_file(file, measurement.model_dump_json().encode())
    return measurement.fastest


def passages_per_second() -> dict[Runtime, float]:
    """How many passages of some hundred tokens each embeds in a second, all cores used."""
    texts = [_PASSAGE] * _PASSAGES
    speeds: dict[Runtime, float] = {}
    for runtime in _RIVALS:
        embedder = SentenceTransformerEmbedder(runtime=runtime)
        embedder.encode(texts)  # the first of anything is slow
        began = time.perf_counter()
        embedder.encode(texts)
        speeds[runtime] = _PASSAGES / (time.perf_counter() - began)
    return speeds
