"""What an embedder needs of a model, whatever the model runs on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from index.search.passages import TokenSpans

Floats = npt.NDArray[np.float32]


class TokenizedText(NamedTuple):
    """A text as a model is given it.

    Attributes:
        text: Without its prompt.
        ids: The tokens of prompt and text that the model sees, special tokens left out.
        spans: Shape (tokens, 2), where each stands in the text, in code points; the prompt's before 0.
    """

    text: str
    ids: Sequence[int]
    spans: TokenSpans


class EncodedText(NamedTuple):
    """What a model makes of a text.

    Attributes:
        vector: Shape (dimension,), the text's embedding, of length 1.
        tokens: Shape (tokens, dimension), those of the tokens that it was given, each of length 1.
    """

    vector: Floats
    tokens: Floats


class PassageEncoder(Protocol):
    """One forward pass over passages. Thread-safe.

    Attributes:
        workers: How many batches it encodes best at the same time.
        batch_tokens: How many tokens a batch has at the most, padding included.
    """

    workers: int
    batch_tokens: int

    def encode_passages(self, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        """A batch of passages."""


class Encoder(PassageEncoder, Protocol):
    """One forward pass over texts. Thread-safe."""

    def for_many(self) -> AbstractContextManager[PassageEncoder]:
        """What encodes many passages, ready to; what it takes is let go of at the end."""

    def encode_questions(self, texts: Sequence[TokenizedText]) -> list[EncodedText]:
        """A batch of questions."""


class TextModel(NamedTuple):
    """A model of text as an embedder uses it.

    Attributes:
        sha256: Identifies its weights, whatever they run on.
        dimension: The length of a vector.
        longest: How many tokens it sees, special tokens left out.
        tokenizer: Its own, which neither truncates nor pads.
        unknown: The id of the token for what it does not know; None where it has none.
        question_prompt: What it wants before a question.
        passage_prompt: What it wants before a passage.
        encoder: What runs it.
    """

    sha256: str
    dimension: int
    longest: int
    tokenizer: Tokenizer
    unknown: int | None
    question_prompt: str
    passage_prompt: str
    encoder: Encoder


def without_truncation(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer, changed to neither truncate nor pad."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
