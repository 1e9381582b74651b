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

from index.search.bfloat16_encoder import multiplies_bfloat16
from index.search.embedding import Runtime, SentenceTransformerEmbedder
from index.search.onnx_encoder import usable_cores
from index.search.token_batches import WINDOW
from index.storage.durable import make_folder, replace_file

log = logging.getLogger(__name__)

_FILE = "encoder.json"
_PASSAGE = "The lamp on the pier was lit again in March, after the harbour had been closed for a year. " * 5
_PASSAGES = 3 * WINDOW
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
    """What runs the bundled model fastest, as it was measured here before, or is now.

    Nothing is measured where ONNX Runtime has no rival: torch as a whole is one where it may use a graphics
    card, and bfloat16 where the processor multiplies in it.

    Args:
        data_dir: Where the measurement is kept.
    """
    torch = version("torch")
    runtimes: list[Runtime] = ["onnx"]
    if multiplies_bfloat16():
        runtimes.append("bfloat16")
    if not torch.endswith("+cpu"):
        runtimes.append("torch")
    if runtimes == ["onnx"]:
        return "onnx"
    machine = (
        f"{platform.machine()}, {usable_cores()} cores, torch {torch}, {version('onnxruntime')}; "
        + ", ".join(runtimes)
    )
    file = data_dir / _FILE
    with contextlib.suppress(OSError, ValueError):
        measurement = Measurement.model_validate_json(file.read_bytes())
        if measurement.machine == machine:
            return measurement.fastest
    try:
        speeds = {runtime: _measured(runtime) for runtime in runtimes}
    except Exception as error:  # whatever is wrong with torch here, the other one runs
        log.warning("What runs the embedding model faster could not be measured: %s.", error)
        return "onnx"
    measurement = Measurement(machine=machine, passages_per_second=speeds)
    log.info("The embedding model was measured: %s.", speeds)
    with contextlib.suppress(OSError):  # then it is measured again
        make_folder(data_dir)
        replace_file(file, measurement.model_dump_json().encode())
    return measurement.fastest


def _measured(runtime: Runtime) -> float:
    if runtime != "torch":
        return passages_per_second(runtime)
    # A process of its own: one that has imported torch keeps a gigabyte of it.
    with get_context("spawn").Pool(1) as pool:
        return pool.apply_async(passages_per_second, (runtime,)).get(_LONGEST)


def passages_per_second(runtime: Runtime) -> float:
    """How many of many passages of some hundred tokens it embeds in a second, all cores used."""
    embedder = SentenceTransformerEmbedder(runtime=runtime, many=0)
    times: list[float] = []
    # The first of anything is slow, and is not counted.
    for _ in embedder.embed_passages([_PASSAGE] * _PASSAGES, lambda _: times.append(time.perf_counter())):
        pass
    return WINDOW * (len(times) - 1) / (times[-1] - times[0])
