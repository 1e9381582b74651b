"""Tiers fitted on observations whose probabilities are known."""

from __future__ import annotations

import random

import pytest

from index.answering.tiers import Signs, VerdictTiers
from index.answering.verdicts import JudgedVerdict
from index.evaluation.tier_fitting import (
    LEAST_VERDICTS,
    CalibrationArticle,
    Observation,
    VerdictObservation,
    fit,
    fit_verdicts,
    observe,
    own_articles,
    with_strangers,
)
from index.model.answer import Status, Verdict
from index.model.article import Article, Span
from tests.index.answering.test_reading import TEXT, WordReader
from tests.index.fakes import FakeEmbedder

VERDICT_TIERS = VerdictTiers(says=0.5, certain=0.8)
NOTHING = Signs(*[0.0] * len(Signs._fields))


def observations(rng: random.Random, number: int = 600) -> list[Observation]:
    """Answerable ones have a margin of about 4, look-alikes of about -2, foreign ones of about -8."""
    made = []
    for place in range(number):
        kind = place % 3
        margin = rng.gauss((4, -2, -8)[kind], 2)
        signs = NOTHING._replace(margin=margin, support=rng.random())
        made.append(Observation(signs, kind == 0, kind == 0, kind == 2, f"article-{place % 20}"))
    return made


@pytest.mark.slow
def test_tiers_follow_what_tells_right_from_wrong() -> None:
    tiers, precision = fit(observations(random.Random(5)), VERDICT_TIERS)
    assert tiers.weights["margin"] > 0.5
    assert abs(tiers.weights["support"]) < 1
    assert tiers.weights["reason"] == 0
    assert tiers.status(tiers.probability(NOTHING._replace(margin=5.0))) is Status.ANSWERED
    assert tiers.status(tiers.probability(NOTHING._replace(margin=-8.0))) is Status.NOT_IN_ARTICLE
    assert precision.precision >= 0.9
    assert precision.answered > 0.95
    assert precision.refused <= 0.021
    assert precision.lookalikes > 0.4
    assert precision.foreign > 0.95


def test_where_nothing_tells_right_from_wrong_nothing_is_answered_without_reserve() -> None:
    rng = random.Random(5)
    blind = [
        Observation(NOTHING._replace(margin=rng.gauss(0, 1)), rng.random() < 0.5, True, False, f"a{n % 9}")
        for n in range(300)
    ]
    tiers, precision = fit(
        [*blind, *(one._replace(is_answerable=False, right=False) for one in blind)], VERDICT_TIERS
    )
    assert tiers.answered > 0.45
    assert precision.answered < 0.1


def test_the_own_articles_have_questions_of_all_three_kinds() -> None:
    articles = list(own_articles())
    assert len(articles) == 48
    for one in articles:
        gold = [spans for _, spans in one.questions]
        assert sum(map(bool, gold)) >= 9
        assert sum(not spans for spans in gold) >= 5
        assert len(one.foreign) == 10


def test_each_question_is_asked_and_its_first_sentence_judged() -> None:
    start = TEXT.index("nine")
    article = CalibrationArticle(
        Article(id="ferry", title="The ferry", text=TEXT),
        [
            ("When does the old ferry leave?", (Span(start, start + 4),)),
            ("When does the old ferry sink?", ()),
            ("What do dogs eat on the ferry?", (Span(start, start + 4),)),
        ],
        ("How do I bake bread?", "Is bread baked on the ferry?"),
        [("Dogs may come along.", Verdict.SAYS_OTHERWISE)],
    )
    told: list[str] = []
    noted, verdicts = observe([article], FakeEmbedder(), WordReader({"nine": 5.0, "Dogs": 9.0}), told.append)
    assert told == ["ferry"]
    assert [(one.right, one.is_answerable, one.is_foreign) for one in noted] == [
        (True, True, False),
        (False, False, False),
        (False, True, False),
        (False, False, True),
        (False, False, True),
    ]
    assert [one.signs.yes_no for one in noted] == [False, False, False, False, True]
    assert noted[0].signs.margin == pytest.approx(5.0)
    assert [one.verdict for one in verdicts] == [Verdict.SAYS_OTHERWISE]
    assert verdicts[0].judgement.says == pytest.approx(0.2)


def judged(says: float, certain: float, verdict: Verdict) -> JudgedVerdict:
    return JudgedVerdict(verdict, Span(0, 0), says, certain)


def test_a_verdict_counts_from_where_most_are_right() -> None:
    so, otherwise, nothing = Verdict.SAYS_SO, Verdict.SAYS_OTHERWISE, Verdict.DOES_NOT_SAY
    noted = [
        *[VerdictObservation(judged(0.9, 0.85, so), so)] * 24,
        *[VerdictObservation(judged(0.7, 0.6, otherwise), otherwise)] * 12,
        *[VerdictObservation(judged(0.7, 0.55, so), otherwise)] * 8,
        *[VerdictObservation(judged(0.3, 0.2, so), nothing)] * 20,
    ]
    tiers, accuracy = fit_verdicts(noted)
    assert 0.3 < tiers.says <= 0.7
    assert tiers.certain == 0.6  # with the eight at .55 only 36 of 44 would be right
    assert accuracy == pytest.approx((1 + 0.6 + 1) / 3)


def test_a_few_right_verdicts_make_none_certain() -> None:
    right = VerdictObservation(judged(0.9, 0.9, Verdict.SAYS_SO), Verdict.SAYS_SO)
    assert fit_verdicts([right] * (LEAST_VERDICTS - 1))[0].certain == 1.0
    assert fit_verdicts([right] * LEAST_VERDICTS)[0].certain == 0.9


def test_where_verdicts_are_wrong_none_is_certain() -> None:
    wrong = VerdictObservation(judged(0.9, 0.9, Verdict.SAYS_SO), Verdict.DOES_NOT_SAY)
    tiers, _ = fit_verdicts([wrong] * 8 + [wrong._replace(verdict=Verdict.SAYS_OTHERWISE)] * 8)
    assert tiers.certain == 1.0


def test_strangers_are_asked_after_in_the_place_of_those_whom_the_text_has() -> None:
    gold = (Span(0, 4),)
    articles = [
        CalibrationArticle(
            Article(id="a", title="a", text="Anna met Bob in 1901."),
            [
                ("Whom did Anna meet?", gold),
                ("When did Anna meet Bob?", gold),
                ("Why 1901?", gold),
                ("Who?", gold),
            ],
        ),
        CalibrationArticle(
            Article(id="b", title="b", text="Carl left Dora in 1950."),
            [("Whom did Carl leave?", gold), ("Whom did Dora kiss?", ()), ("Why 1950?", gold)],
        ),
    ]
    first, second = with_strangers(articles)
    assert first.questions[:4] == articles[0].questions
    added = dict(first.questions[4:])
    assert set(added.values()) == {()}
    assert len(added) == 3
    for question in added:
        assert any(name in question for name in ("Carl", "Dora", "1950"))
        assert not question.endswith(("Bob?", "1901?"))
    assert all(name not in question for question, _ in second.questions[3:] for name in ("Carl", "1950"))
