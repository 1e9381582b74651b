"""Question and passage -> a window of tokens; logits -> the best span."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]

LONGEST_WINDOW = 384
"""Tokens; what of a passage is beyond is not read. A passage of the index and a question have some 110."""

LONGEST_QUESTION = 48  # tokens, as in training
LONGEST_SPAN = 30  # tokens, as the reader was evaluated while it was trained
_CLS, _SEP = "[CLS]", "[SEP]"


class Window(NamedTuple):
    """A question and a passage as the network reads them.

    Attributes:
        ids: Token ids: [CLS] question [SEP] passage [SEP].
        head: Where the passage starts among them.
        offsets: Where each of the passage's tokens stands in it, (start, end) in code points.
    """

    ids: list[int]
    head: int
    offsets: list[tuple[int, int]]


class Windows(NamedTuple):
    """Windows padded to one length: each of shape (windows, tokens), see ``ReaderNetwork.forward``."""

    ids: Integers
    mask: Integers
    kinds: Integers


class Excerpt(NamedTuple):
    """What is read with a question.

    Attributes:
        text: A passage.
        parts: Where its sentences are, (start, end) in code points of the text: an answer lies within one of
            them. None where it may lie anywhere.
    """

    text: str
    parts: Sequence[tuple[int, int]] | None = None

    @property
    def sentences(self) -> Sequence[tuple[int, int]]:
        """The parts, or the whole text as one."""
        return [(0, len(self.text))] if self.parts is None else self.parts


class BestSpan(NamedTuple):
    """The best span of a part of a window.

    Attributes:
        start: In code points of the passage.
        end: Likewise.
        score: The sum of its start's and end's logits.
    """

    start: int
    end: int
    score: float


class WindowEncoder:
    """Encodes questions with passages.

    Args:
        folder: Of the bundled embedding model, whose vocabulary it is.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._cls, self._sep = (
            int(self._tokenizer.get_vocab(with_added_tokens=True)[token]) for token in (_CLS, _SEP)
        )

    def windows(self, question: str, passages: Sequence[str]) -> list[Window]:
        """The window of a question with each passage."""
        ids = self._tokenizer.encode(question, add_special_tokens=False).ids[:LONGEST_QUESTION]
        room = LONGEST_WINDOW - len(ids) - 3
        encodings = self._tokenizer.encode_batch(list(passages), add_special_tokens=False)
        return [
            Window([self._cls, *ids, self._sep, *one.ids[:room], self._sep], len(ids) + 2, one.offsets[:room])
            for one in encodings
        ]


def padded(windows: Sequence[Window]) -> Windows:
    """Pads windows to the length of the longest."""
    shape = len(windows), max(len(window.ids) for window in windows)
    ids, mask, kinds = (np.zeros(shape, dtype=np.int32) for _ in range(3))
    for row, window in enumerate(windows):
        length = len(window.ids)
        ids[row, :length], mask[row, :length], kinds[row, window.head : length] = window.ids, 1, 1
    return Windows(ids, mask, kinds)


def best_spans(
    window: Window, sentences: Sequence[tuple[int, int]], starts: Floats, ends: Floats
) -> tuple[BestSpan | None, ...]:
    """The best span of at most LONGEST_SPAN tokens within each sentence; None in one without a token.

    Args:
        window: What was read.
        sentences: Where each stands in the passage, (start, end) in code points.
        starts: Shape (tokens,), logits.
        ends: Shape (tokens,), logits.
    """
    places = np.array(window.offsets, dtype=np.int32).reshape(-1, 2)
    inside = slice(window.head, window.head + len(places))
    return tuple(
        _best_within(places, int(first), int(last), starts[inside], ends[inside])
        for first, last in (
            (np.searchsorted(places[:, 0], start), np.searchsorted(places[:, 1], end, side="right"))
            for start, end in sentences
        )
    )


def _best_within(places: Integers, first: int, last: int, starts: Floats, ends: Floats) -> BestSpan | None:
    if first >= last:
        return None
    pairs = np.where(_allowed(last - first), starts[first:last, None] + ends[None, first:last], -np.inf)
    start, end = divmod(int(pairs.argmax()), last - first)
    return BestSpan(int(places[first + start, 0]), int(places[first + end, 1]), float(pairs[start, end]))


def _allowed(tokens: int) -> npt.NDArray[np.bool_]:
    """Shape (tokens, tokens): whether a span may go from the row's token to the column's."""
    length = np.arange(tokens)[None, :] - np.arange(tokens)[:, None]
    return (length >= 0) & (length < LONGEST_SPAN)
