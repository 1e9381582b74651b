"""The training data as it lies on disk: contexts with questions, and claims with evidence."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

SPAN_SOURCES = (
    "squad2-train", "squadshifts-new_wiki", "squadshifts-reddit", "squadshifts-amazon_reviews", "nq-qed",
    "qamr", "quoref-contrast", "quoref-superni", "fairytaleqa-explicit", "friendsqa", "molweni", "policyqa",
)  # fmt: skip
SAYS_SO, SAYS_OTHERWISE, DOES_NOT_SAY = range(3)
_VERDICT_OF = {
    "yes": SAYS_SO,
    "no": SAYS_OTHERWISE,
    "unknown": DOES_NOT_SAY,
    "not_entailed": DOES_NOT_SAY,
    "partial": DOES_NOT_SAY,  # evidence for a part of a claim does not say the claim
}
_HELD_OUT_IN = 40  # one article in so many is never trained on


class SpanExample(NamedTuple):
    """A question put to a context.

    Attributes:
        question: As asked.
        context: What is read.
        start: Where the answer starts in the context, in code points; None: the context does not answer.
        end: Where it ends.
        source: The data set, or the way the example was made.
        group: The article that the context is from.
    """

    question: str
    context: str
    start: int | None
    end: int | None
    source: str
    group: str

    @property
    def answer(self) -> str:
        """The answer's text; empty where there is none."""
        return "" if self.start is None else self.context[self.start : self.end]


class VerdictExample(NamedTuple):
    """A claim, or a question that yes or no answers, put to a context.

    Attributes:
        claim: The claim or question.
        context: The evidence.
        verdict: SAYS_SO, SAYS_OTHERWISE or DOES_NOT_SAY.
        source: The data set.
    """

    claim: str
    context: str
    verdict: int
    source: str


def span_examples(folder: Path, source: str) -> list[SpanExample]:
    """The questions of a data set. Contexts without an article are each an article of their own."""
    examples = []
    for row in _rows(folder / f"{source}.jsonl.gz"):
        context = row["context"]
        group = row["group"] or f"context {digest(context)}"
        for question in row["questions"]:
            start = question["start"]
            end = None if start is None else start + len(question["answer"])
            examples.append(SpanExample(question["question"], context, start, end, source, group))
    return examples


def claim_examples(folder: Path) -> list[VerdictExample]:
    """The claims with their evidence."""
    return [
        VerdictExample(row["claim"], row["evidence"], _VERDICT_OF[row["label"]], row["ds"])
        for row in _rows(folder / "claims.jsonl.gz")
    ]


def yes_no_examples(folder: Path) -> list[VerdictExample]:
    """The questions that yes or no answers; the title before each context is left out."""
    return [
        VerdictExample(
            row["question"],
            row["context"].partition(" -- ")[2] or row["context"],
            SAYS_SO if row["answer"] == "True" else SAYS_OTHERWISE,
            "yes-no",
        )
        for row in _rows(folder / "yes-no.jsonl.gz")
    ]


def is_held_out(example: SpanExample | VerdictExample) -> bool:
    """Whether an example is for choosing, not for training: decided by its article, or by its context."""
    # The posts and the reviews are one group each: they are divided by context.
    grouped = isinstance(example, SpanExample) and not example.source.endswith(("reddit", "amazon_reviews"))
    return is_kept(example.group if grouped and isinstance(example, SpanExample) else example.context)


def is_kept(text: str) -> bool:
    """Whether an article or a context, by its name or its words, is for choosing, not for training."""
    return int(digest(text), 16) % _HELD_OUT_IN == 0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def digest(text: str) -> str:
    """Names a text in a few characters."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
