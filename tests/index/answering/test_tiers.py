"""The probability of an answer, and its tiers."""

from __future__ import annotations

import math

import pytest

from index.answering.tiers import FittedTiers, Signs, Tiers, VerdictTiers
from index.model.answer import Status

NOTHING = Signs(*[0.0] * len(Signs._fields))
TIERS = Tiers(
    weights=NOTHING._replace(margin=0.5, unknown=-1.0)._asdict(),
    intercept=1.0,
    uncertain=0.2,
    answered=0.7,
    verdicts=VerdictTiers(says=0.5, certain=0.8),
)


@pytest.mark.parametrize(
    ("signs", "logit"),
    [
        (NOTHING, 1.0),
        (NOTHING._replace(margin=4.0), 3.0),
        (NOTHING._replace(margin=4.0, unknown=2.0), 1.0),
        (NOTHING._replace(margin=-6.0), -2.0),
        (NOTHING._replace(support=1.0, reason=True), 1.0),  # signs without a weight count nothing
    ],
)
def test_the_probability_is_a_logistic_function_of_the_weighted_signs(signs: Signs, logit: float) -> None:
    assert TIERS.probability(signs) == pytest.approx(1 / (1 + math.exp(-logit)))


def test_a_logit_that_floats_cannot_raise_e_to_is_no_error() -> None:
    assert TIERS.probability(NOTHING._replace(margin=-1e4)) == 0
    assert TIERS.probability(NOTHING._replace(margin=1e4)) == 1


@pytest.mark.parametrize(
    ("probability", "status"),
    [
        (0.0, Status.NOT_IN_ARTICLE),
        (0.1999, Status.NOT_IN_ARTICLE),
        (0.2, Status.UNCERTAIN),
        (0.6999, Status.UNCERTAIN),
        (0.7, Status.ANSWERED),
        (1.0, Status.ANSWERED),
    ],
)
def test_each_tier_begins_at_its_probability(probability: float, status: Status) -> None:
    assert TIERS.status(probability) is status


def test_what_was_fitted_is_read_as_it_was_written() -> None:
    fitted = FittedTiers(reader="ab", by_embedder={"cd": TIERS})
    assert FittedTiers.model_validate_json(fitted.model_dump_json()) == fitted


@pytest.mark.parametrize("weights", [{}, {**NOTHING._asdict(), "mood": 1.0}])
def test_weights_of_other_signs_are_not_read(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a weight for each sign"):
        Tiers.model_validate({**TIERS.model_dump(), "weights": weights})
