"""How likely it is that a sentence answers, from what reader and retriever say of it, and the tiers of that.

A logistic model over a few signs, fitted by ``python -m index.reader.calibrate`` on questions that neither
reader nor retriever was trained on or chosen with. What is fitted lies with the reader's weights, by the
embedding model that it was fitted with.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from pydantic import BaseModel, field_validator

from index.model.answer import Status


class Signs(NamedTuple):
    """What speaks for the sentence that is ranked first, and what against it.

    Attributes:
        margin: By how much its best span scores above "no answer", in logits, bounded.
        agrees: Whether that margin is the best of all that was read.
        rival: The second best margin of all that was read.
        words: How long its best span is, in characters, bounded.
        support: The sentence's MaxSim, from -1 to 1.
        best_support: That of the sentence that retrieval alone ranked first.
        lead: How much it scores above the next sentence.
        first: Whether retrieval alone ranked it first, too.
        in_passage: Which share of the question's terms stands in its passage. Together with the support it
            tells a passage that has the question's words from one that has its sense.
        in_sentence: Which share stands in the sentence itself.
        unknown: How many names and numbers of the question the article does not have, at most 2.
        lacks: Whether a number, a time or a name is asked for that the sentence does not hold,
        short_lacks: or that its best span does not hold.
        number: Whether a number is asked for,
        time: a time,
        name: somebody's or something's name,
        reason: or a reason.
        yes_no: Whether yes or no is asked for,
        says: and then how likely its passage says so or otherwise, as what judges sees it; 0 for another
            question.
    """

    margin: float
    agrees: float
    rival: float
    words: float
    support: float
    best_support: float
    lead: float
    first: float
    in_passage: float
    in_sentence: float
    unknown: float
    lacks: float
    short_lacks: float
    number: float
    time: float
    name: float
    reason: float
    yes_no: float
    says: float


class VerdictTiers(BaseModel, frozen=True):
    """When a passage says anything to a claim, and when that can be relied on.

    Attributes:
        says: The probability from which on it says so or says otherwise,
        certain: and from which on it is the one of both that it seems to be.
    """

    says: float
    certain: float


class Tiers(BaseModel, frozen=True):
    """A fitted model.

    Attributes:
        weights: What each sign weighs, by its name.
        intercept: What is added to their sum.
        uncertain: The probability below which the article does not say,
        answered: and from which on it answers.
        verdicts: The same for a claim, and for whether an answer is yes or no.
    """

    weights: dict[str, float]
    intercept: float
    uncertain: float
    answered: float
    verdicts: VerdictTiers

    @field_validator("weights")
    @classmethod
    def _of_every_sign(cls, weights: dict[str, float]) -> dict[str, float]:
        if weights.keys() != set(Signs._fields):
            raise ValueError("there has to be a weight for each sign, and for nothing else")
        return weights

    def probability(self, signs: Signs) -> float:
        """How likely it is that the sentence answers, from 0 to 1."""
        logit = self.intercept + sum(self.weights[name] * sign for name, sign in signs._asdict().items())
        return 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0

    def status(self, probability: float) -> Status:
        """The tier of a probability."""
        if probability < self.uncertain:
            return Status.NOT_IN_ARTICLE
        return Status.UNCERTAIN if probability < self.answered else Status.ANSWERED


class FittedTiers(BaseModel):
    """What ``tiers.json`` holds: what was fitted for one reader.

    Attributes:
        reader: The SHA-256 of the reader's graph, or of both its graphs.
        by_embedder: The tiers, by the SHA-256 of the embedding model that they were fitted with.
    """

    reader: str
    by_embedder: dict[str, Tiers]
