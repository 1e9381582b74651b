"""Examples -> windows of tokens, and windows -> batches of about as many tokens each."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from index.reader.training.data import SpanExample, VerdictExample

WINDOW = 176
"""Tokens of a window, special ones included: a passage of the index and a question fit."""

_LONGEST_QUESTION = 48  # tokens; what people ask is shorter, and each takes room from the passage
_LONGEST_ANSWER = 60  # in tokens: the head is not asked to learn whole paragraphs
_MULTIPLE = 16  # widths that processors multiply fast
_NOTHING = -100  # what cross_entropy leaves out


class Window(NamedTuple):
    """An example as the network reads it.

    Attributes:
        ids: Token ids.
        head: Where the context starts.
        first: The answer's first token, 0 ([CLS]) where there is none, _NOTHING in a claim's window.
        last: The answer's last token, likewise.
        verdict: The verdict, _NOTHING in a question's window.
    """

    ids: list[int]
    head: int
    first: int
    last: int
    verdict: int


class Batch(NamedTuple):
    """Windows padded to one length; see ``ReaderNetwork.forward`` and ``Window``."""

    ids: Tensor
    mask: Tensor
    kinds: Tensor
    firsts: Tensor
    lasts: Tensor
    verdicts: Tensor


def windows(
    examples: Sequence[SpanExample | VerdictExample], tokenizer: Any, rng: random.Random
) -> Iterator[Window]:
    """Encodes examples. A long context is cut to a window around its answer, at a place drawn by ``rng``.

    An example whose answer cannot be kept whole is left out, and so is a claim whose evidence is too long:
    what is cut away may be what decides it.
    """
    if not examples:
        return
    questions = [e.question if isinstance(e, SpanExample) else e.claim for e in examples]
    question_ids = tokenizer([q[:400] for q in questions], add_special_tokens=False)["input_ids"]
    question_ids = [ids[:_LONGEST_QUESTION] for ids in question_ids]
    contexts = tokenizer(
        [e.context[:6000] for e in examples], add_special_tokens=False, return_offsets_mapping=True
    )
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    for example, question, ids, spans in zip(
        examples, question_ids, contexts["input_ids"], contexts["offset_mapping"], strict=True
    ):
        room = WINDOW - len(question) - 3
        head = len(question) + 2
        if isinstance(example, VerdictExample):
            if 0 < len(ids) <= room:
                yield Window([cls, *question, sep, *ids, sep], head, _NOTHING, _NOTHING, example.verdict)
            continue
        answer = _answer_tokens(example, spans)
        if answer is None:
            cut = rng.randint(0, len(ids) - room) if len(ids) > room else 0
            yield Window([cls, *question, sep, *ids[cut : cut + room], sep], head, 0, 0, _NOTHING)
            continue
        first, last = answer
        if not 0 <= last - first <= _LONGEST_ANSWER:
            continue
        cut = 0
        if len(ids) > room:
            low, high = sorted((max(0, last - room + 1), min(first, len(ids) - room)))
            cut = rng.randint(low, high)
        part = ids[cut : cut + room]
        yield Window([cls, *question, sep, *part, sep], head, head + first - cut, head + last - cut, _NOTHING)


def _answer_tokens(example: SpanExample, spans: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The first and last token of an answer; (0, -1), an empty range, where the tokens do not reach it."""
    if example.start is None or example.end is None:
        return None
    first = next((n for n, (_, end) in enumerate(spans) if end > example.start), None)
    last = next((n for n in range(len(spans) - 1, -1, -1) if spans[n][0] < example.end), None)
    return (0, -1) if first is None or last is None else (first, last)


def batches(windows: Iterable[Window], budget: int, rng: random.Random) -> list[list[Window]]:
    """Divides windows into batches of at most ``budget`` tokens, alike lengths together, in random order."""
    batches: list[list[Window]] = []
    batch: list[Window] = []
    for window in sorted(windows, key=lambda window: len(window.ids)):
        if batch and len(window.ids) * (len(batch) + 1) > budget:
            batches.append(batch)
            batch = []
        batch.append(window)
    if batch:
        batches.append(batch)
    rng.shuffle(batches)
    return batches


def tensors(windows: Sequence[Window]) -> Batch:
    """Pads windows to one length."""
    width = -(-max(len(window.ids) for window in windows) // _MULTIPLE) * _MULTIPLE
    ids, mask, kinds = (torch.zeros(len(windows), width, dtype=torch.long) for _ in range(3))
    for row, window in enumerate(windows):
        length = len(window.ids)
        ids[row, :length] = torch.tensor(window.ids)
        mask[row, :length] = 1
        kinds[row, window.head : length] = 1
    targets = (torch.tensor([window[at] for window in windows]) for at in (2, 3, 4))
    return Batch(ids, mask, kinds, *targets)
