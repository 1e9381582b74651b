"""Short answers, tiers, answerability and the curve of risk, on cases that can be checked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.evaluation.metrics import Metrics, Mode
from index.evaluation.outcomes import CurvePoint, Outcome, RiskCurve, outcome, risk_curve
from index.evaluation.run import evaluate
from index.model.answer import Answer, Citation, Status, Verdict
from index.model.article import Article, Sentence, Span
from index.search.build import Index
from index.search.ranking import Ranking, ScoredSentence
from index.sources.question_files import GoldArticle, GoldQuestion
from tests.index.fakes import FakeEmbedder

TEXT = "The harbour was built in 1901. Ada Berg runs it."
ARTICLE = Article(id="elms", title="Elms", text=TEXT)
BUILT, RUNS = Span(0, 30), Span(31, 48)
YEAR, ADA, NAME = Span(25, 29), Span(31, 34), Span(31, 39)
ANSWERED, UNCERTAIN, REFUSED = Status.ANSWERED, Status.UNCERTAIN, Status.NOT_IN_ARTICLE


class Reply(NamedTuple):
    """What is answered: a tier, a sentence, how likely it answers, and in which words."""

    status: Status
    sentence: Span
    probability: float | None = None
    short: Span | None = None
    verdict: Verdict | None = None


def answer_of(question: str, reply: Reply) -> Answer:
    start, end = reply.sentence.start, reply.sentence.end
    cited = (Citation(1, TEXT[start:end], start, end, 1, "p1", None, 0.0),)
    refused = reply.status is REFUSED
    return Answer(
        question=question,
        status=reply.status,
        citations=() if refused else cited,
        closest=cited if refused else (),
        article_id="elms",
        article_title="Elms",
        snapshot="1",
        short=reply.short,
        probability=reply.probability,
        verdict=reply.verdict,
    )


def ranking_of(support: float) -> Ranking:
    sentence = Sentence(RUNS.start, RUNS.end, paragraph=1, passage=0)
    return Ranking((ScoredSentence(sentence, 0, support),), ())


class Replies:
    """Answers each question as it is told to."""

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        self.replies = replies

    def respond(self, question: str) -> tuple[Answer, Ranking]:
        return answer_of(question, self.replies[question]), ranking_of(0)


def measured(questions: Sequence[tuple[GoldQuestion, Reply]]) -> Metrics:
    gold = GoldArticle(ARTICLE, tuple(question for question, _ in questions))
    replies = {question.text: reply for question, reply in questions}
    return evaluate([gold], FakeEmbedder(), file="f", system=lambda _: Replies(replies))


def test_short_answers_tiers_and_answerability_are_what_can_be_counted_by_hand() -> None:
    assert [span.of(TEXT) for span in (YEAR, ADA, NAME)] == ["1901", "Ada", "Ada Berg"]
    assert [span.of(TEXT) for span in (BUILT, RUNS)] == [
        "The harbour was built in 1901.",
        "Ada Berg runs it.",
    ]
    year = ("in 1901", "The 1901.")
    metrics = measured(
        [
            (GoldQuestion("exact", (YEAR,), short=year), Reply(ANSWERED, BUILT, 0.9, YEAR)),
            (GoldQuestion("half", (NAME,), short=("Ada Berg",)), Reply(ANSWERED, RUNS, 0.8, ADA)),
            (GoldQuestion("wrong", (YEAR,), short=year), Reply(UNCERTAIN, RUNS, 0.4, NAME)),
            (GoldQuestion("no short form", (YEAR,), short=year), Reply(UNCERTAIN, BUILT, 0.5)),
            (GoldQuestion("refused", (YEAR,), short=year), Reply(REFUSED, BUILT, 0.1)),
            (GoldQuestion("none in the file", (NAME,)), Reply(ANSWERED, RUNS, 0.7, ADA)),
            (GoldQuestion("unanswerable, answered", ()), Reply(ANSWERED, RUNS, 0.75, ADA)),
            (GoldQuestion("unanswerable, uncertain", ()), Reply(UNCERTAIN, RUNS, 0.3)),
            (GoldQuestion("unanswerable, refused", ()), Reply(REFUSED, RUNS, 0.05)),
            (GoldQuestion("unanswerable, as sure as one that is not", ()), Reply(REFUSED, RUNS, 0.1)),
        ]
    )
    assert (metrics.short_count, metrics.short_given, metrics.short_exact_match) == (5, 3 / 5, 1 / 5)
    assert metrics.short_f1 == pytest.approx((1 + 2 / 3) / 5, abs=1e-4)  # one of two words, of the second
    assert (metrics.answered_count, metrics.answered_precision) == (4, 3 / 4)
    assert (metrics.uncertain_count, metrics.uncertain_precision) == (3, round(1 / 3, 4))
    above = 4 + 4 + 3 + 3 + 1.5 + 3  # of how many of the four each answerable one is surer, in their order
    assert metrics.answerability_auc == pytest.approx(above / 24, abs=1e-4)
    assert (metrics.refused_at_2, metrics.refused_at_5, metrics.refused_at_10) == (0.25, 0.25, 0.25)


def test_as_many_are_refused_as_cost_no_more_false_refusals_than_said() -> None:
    answerable = [(GoldQuestion(f"yes {n}", (YEAR,)), Reply(ANSWERED, BUILT, n / 100)) for n in range(1, 42)]
    others = [(GoldQuestion(f"no {n}", ()), Reply(ANSWERED, BUILT, n / 100)) for n in (0, 2, 4, 6)]
    metrics = measured([*answerable, *others])
    # Of 41 questions, 2 % are none, 5 % are two and 10 % are four: the thresholds are .01, .03 and .05.
    assert (metrics.refused_at_2, metrics.refused_at_5, metrics.refused_at_10) == (1 / 4, 2 / 4, 3 / 4)


def test_without_questions_of_both_kinds_nothing_tells_them_apart() -> None:
    metrics = measured([(GoldQuestion("year", (YEAR,)), Reply(ANSWERED, BUILT, 0.9))])
    assert metrics.answerability_auc is None
    assert (metrics.refused_at_2, metrics.refused_at_5, metrics.refused_at_10) == (None, None, None)
    assert (metrics.answered_precision, metrics.uncertain_precision, metrics.uncertain_count) == (1, None, 0)


def test_questions_asked_of_another_article_count_as_unanswerable() -> None:
    other = Article(id="oaks", title="Oaks", text="Nothing is said here.")
    articles = (
        GoldArticle(ARTICLE, (GoldQuestion("year", (YEAR,)),)),
        GoldArticle(other, (GoldQuestion("nothing", ()),)),
    )

    def system(index: Index) -> Replies:
        own = index.article.id == "elms"
        asked = Reply(ANSWERED, BUILT, 0.9) if own else Reply(UNCERTAIN, BUILT, 0.2)
        return Replies({"year": asked, "nothing": asked})

    metrics = evaluate(articles, FakeEmbedder(), file="f", mode=Mode.FOREIGN, system=system)
    assert [(one.score, one.is_right, one.is_answerable) for one in metrics.outcomes] == [
        (0.9, True, True),
        (0.2, False, False),
        (0.2, False, False),
        (0.9, False, False),
    ]
    assert (metrics.answered_count, metrics.answered_precision) == (2, 0.5)
    assert metrics.answerability_auc == pytest.approx((2 + 0.5) / 3, abs=1e-4)


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        (Reply(ANSWERED, BUILT, probability=0.9), 0.9),
        (Reply(REFUSED, BUILT, probability=0.0), 0.0),
        (Reply(ANSWERED, BUILT), 0.35),
        (Reply(UNCERTAIN, BUILT, probability=0.6, verdict=Verdict.SAYS_OTHERWISE), 0.6),
        (Reply(REFUSED, BUILT, verdict=Verdict.DOES_NOT_SAY), 0.0),
    ],
)
def test_the_score_is_the_probability_or_else_the_support(reply: Reply, score: float) -> None:
    found = outcome(answer_of("?", reply), ranking_of(0.35), (YEAR,))
    assert found == Outcome(score, is_right=True, is_answerable=True, status=reply.status)


def test_the_curve_goes_from_the_surest_question_to_the_least_sure() -> None:
    outcomes = [
        Outcome(0.2, False, True, REFUSED),
        Outcome(0.8, False, False, ANSWERED),
        Outcome(0.9, True, True, ANSWERED),
        Outcome(0.5, True, True, UNCERTAIN),
        Outcome(0.8, True, True, UNCERTAIN),
    ]
    assert risk_curve(outcomes) == RiskCurve(
        points=(
            CurvePoint(1 / 5, 0),
            CurvePoint(3 / 5, 1 / 3),  # two are as sure
            CurvePoint(4 / 5, 1 / 4),
            CurvePoint(1, 2 / 5),
        ),
        answered=CurvePoint(2 / 5, 1 / 2),
        shown=CurvePoint(4 / 5, 1 / 4),
    )


def test_a_tier_that_nothing_is_in_has_no_point() -> None:
    curve = risk_curve([Outcome(0.5, True, True, UNCERTAIN)])
    assert (curve.answered, curve.shown) == (None, CurvePoint(1, 0))
    curve = risk_curve([Outcome(0.5, True, True, REFUSED)])
    assert (curve.answered, curve.shown) == (None, None)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=20))
def test_each_point_is_the_risk_of_what_is_as_sure_or_surer(asked: list[tuple[int, bool]]) -> None:
    curve = risk_curve([Outcome(score, right, True, ANSWERED) for score, right in asked])
    expected = []
    for least in sorted({score for score, _ in asked}, reverse=True):
        wrong = [not right for score, right in asked if score >= least]
        expected.append((len(wrong) / len(asked), sum(wrong) / len(wrong)))
    assert [tuple(point) for point in curve.points] == [pytest.approx(point) for point in expected]
