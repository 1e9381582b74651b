"""A reader that makes up its mind by a word of the claim, and what it says to claims about the harbour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from index.answering.fitted_reader import FittedReader
from index.answering.tiers import Signs, Tiers, VerdictTiers
from index.reader.model import Reading, Verdicts
from index.reader.windows import BestSpan, Excerpt

SILENT = Verdicts(says_so=0.1, says_otherwise=0.1, does_not_say=0.8)
VERDICTS = {
    "1901": Verdicts(says_so=0.9, says_otherwise=0.05, does_not_say=0.05),
    "1850": Verdicts(says_so=0.05, says_otherwise=0.9, does_not_say=0.05),
    "early": Verdicts(says_so=0.6, says_otherwise=0.3, does_not_say=0.1),
    "lately": Verdicts(says_so=0.3, says_otherwise=0.6, does_not_say=0.1),
}
BUILT_IN_1901, BUILT_IN_1850 = (
    "The harbour of Elms was built in 1901.",
    "The harbour of Elms was built in 1850.",
)
BUILT_EARLY = "The harbour of Elms was built early."
BUILT_LATELY = "The harbour of Elms was built lately."
IS_YELLOW = "The harbour of Elms is yellow."


class WordReader:
    """Reads by tables: the verdict of a word of the claim, and the words that answer."""

    sha256 = "1" * 64

    def __init__(self, verdicts: Mapping[str, Verdicts], answer: str) -> None:
        self._verdicts, self._answer = verdicts, answer

    def read(self, _: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        return [Reading(tuple(self._spans(excerpt)), 0.0) for excerpt in excerpts]

    def verdicts(self, claim: str, excerpts: Sequence[Excerpt]) -> list[Verdicts]:
        return [next((v for word, v in self._verdicts.items() if word in claim), SILENT) for _ in excerpts]

    def _spans(self, excerpt: Excerpt) -> list[BestSpan | None]:
        places = [excerpt.text.find(self._answer, start, end) for start, end in excerpt.sentences]
        return [BestSpan(at, at + len(self._answer), 9.0) if at >= 0 else None for at in places]


def reads_claims() -> FittedReader:
    """What reads claims about the harbour, and answers any question with 1901."""
    reader: Any = WordReader(VERDICTS, "1901")
    weights = {**dict.fromkeys(Signs._fields, 0.0), "margin": 1.0}
    verdicts = VerdictTiers(says=0.5, certain=0.8)
    return FittedReader(
        reader, Tiers(weights=weights, intercept=0, uncertain=0.3, answered=0.9, verdicts=verdicts)
    )
