"""Fits the tiers of a reader: what its signs weigh, and from which probability on an answer is one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.answering.calibration import everyday_questions, reading_texts
from index.answering.reading import RankingReader
from index.answering.tiers import Signs, Tiers, VerdictTiers
from index.answering.verdicts import JudgedVerdict, verdict_of
from index.language.attribution import Speech
from index.language.question_kinds import names_and_numbers
from index.library.self_check import covers
from index.model.answer import Verdict
from index.model.article import Article, Span
from index.reader.model import Reader
from index.search.build import build
from index.search.embedding import Embedder
from index.search.ranking import Retriever

PRECISION = 0.9
"""How often an answer without reserve has to be right."""

FALSE_REFUSALS = 0.005
"""The share of answerable questions that may be refused.

What is uncertain is shown as such, while an answer that is refused is lost; and other articles are harder.
"""

LOOKALIKES, FOREIGN = 0.15, 0.05
"""Which part of all questions look as if the article answered them, and which are about something else.

What people ask an article is mostly answered by it. The tiers hold for this mixture, whatever the material's.
"""

LEAST_VERDICTS = 30
"""How many verdicts have to be there to tell that PRECISION of them are right: two of two tell nothing."""

_VERDICTS = {"yes": Verdict.SAYS_SO, "no": Verdict.SAYS_OTHERWISE, "unknown": Verdict.DOES_NOT_SAY}
_FOLDS = 8  # each fit sees seven eighths of the articles
_EVERYDAY_EACH, _OF_NEXT, _WITH_STRANGERS = 5, 5, 3
"""Questions an article: as many foreign ones as its look-alikes."""


class CalibrationArticle(NamedTuple):
    """An article with what it is asked.

    Attributes:
        article: The article.
        questions: Questions, each with the spans that answer it (none: it does not say).
        foreign: Questions on something else.
        claims: Claims and questions for yes or no, each with what the article says to it.
    """

    article: Article
    questions: Sequence[tuple[str, tuple[Span, ...]]]
    foreign: Sequence[str] = ()
    claims: Sequence[tuple[str, Verdict]] = ()


class VerdictObservation(NamedTuple):
    """A claim that was judged, and what the article says to it in truth."""

    judgement: JudgedVerdict
    verdict: Verdict


class Observation(NamedTuple):
    """A question that was asked: its signs, whether the first sentence answers, and whether any does.

    Attributes:
        signs: What speaks for the first sentence.
        right: Whether it answers.
        is_answerable: Whether the article does.
        is_foreign: Whether the question is about something else.
        article: Which article was asked.
    """

    signs: Signs
    right: bool
    is_answerable: bool
    is_foreign: bool
    article: str


class Precision(NamedTuple):
    """How the fitted tiers do on articles that each fit did not see.

    Attributes:
        precision: How many of the questions that are answered are answered rightly, in the stated mixture.
        answered: Which part of the answerable questions is answered.
        refused: Which part of the answerable ones is refused.
        lookalikes: Which part of the look-alikes is not answered.
        foreign: Which part of the questions on something else is not answered.
    """

    precision: float
    answered: float
    refused: float
    lookalikes: float
    foreign: float


def own_articles() -> Iterable[CalibrationArticle]:
    """The project's calibration articles."""
    everyday, texts = everyday_questions(), reading_texts()
    for place, material in enumerate(texts):
        article = Article(id=material.id, title=material.id, text=material.text)
        questions = [
            (one.question, tuple(_place(part, material.text) for part in one.evidence))
            for one in material.questions
        ]
        foreign = everyday[place * _EVERYDAY_EACH : (place + 1) * _EVERYDAY_EACH]
        foreign += [one.question for one in texts[(place + 1) % len(texts)].questions[:_OF_NEXT]]
        for claim in material.claims:
            if claim.is_question and (claim.evidence or claim.label == "unknown"):
                gold = tuple(_place(part, material.text) for part in claim.evidence)
                questions.append((claim.claim, gold))
        claims = [(one.claim, _VERDICTS[one.label]) for one in material.claims]
        yield CalibrationArticle(article, questions, foreign, claims)


def with_strangers(articles: Sequence[CalibrationArticle]) -> Iterable[CalibrationArticle]:
    """The same articles, asked also after names and numbers that they do not have.

    Some answerable questions are put a second time with a name or number of another article. Whoever writes
    look-alikes uses what the text has; people ask after somebody whom it does not mention.
    """
    names = [
        word for one in articles for question, _ in one.questions for word in names_and_numbers(question)
    ]
    rng = random.Random(0)  # noqa: S311 (reproducible, and no secret)
    for one in articles:
        text = one.article.text.lower()
        strange = [name for name in dict.fromkeys(names) if name.lower() not in text]
        questions = [
            (question, [word for word in names_and_numbers(question) if word.lower() in text])
            for question, gold in one.questions
            if gold
        ]
        strangers: list[tuple[str, tuple[Span, ...]]] = []
        for question, own in questions:
            alike = [name for name in strange if own and name[0].isdigit() == own[-1][0].isdigit()]
            if alike:
                strangers.append((question.replace(own[-1], rng.choice(alike)), ()))
        some = rng.sample(strangers, min(len(strangers), _WITH_STRANGERS))
        yield one._replace(questions=[*one.questions, *some])


def observe(
    articles: Iterable[CalibrationArticle],
    embedder: Embedder,
    reader: Reader,
    on_article: Callable[[str], None] = lambda _: None,
) -> tuple[list[Observation], list[VerdictObservation]]:
    """Asks the questions of each article, has its claims judged, and notes what the reader made of them.

    Args:
        articles: With their questions.
        embedder: Builds the indexes.
        reader: Reads.
        on_article: Told of each article that is about to be asked.
    """
    observations: list[Observation] = []
    verdicts: list[VerdictObservation] = []
    for one in articles:
        on_article(one.article.id)
        speech = Speech(one.article)
        retriever = Retriever(build(one.article, embedder), embedder, mentions=speech.mentions)
        reading = RankingReader(one.article, speech=speech, retriever=retriever, reader=reader)
        questions = [(question, gold, False) for question, gold in one.questions]
        for question, gold, is_foreign in (*questions, *((question, (), True) for question in one.foreign)):
            read_ranking = reading.read(question, retriever.rank(question))
            right = bool(gold) and covers(read_ranking.ranking.sentences[0].sentence, gold)
            observations.append(
                Observation(read_ranking.signs, right, bool(gold), is_foreign, one.article.id)
            )
        for claim, verdict in one.claims:
            judged_verdict = verdict_of(reading.read(claim, retriever.rank(claim), is_claim=True))
            verdicts.append(VerdictObservation(judged_verdict, verdict))
    return observations, verdicts


def fit_verdicts(observations: Sequence[VerdictObservation]) -> tuple[VerdictTiers, float]:
    """The tiers of verdicts, and the share of verdicts that are right with them, on what they were fitted on.

    The lower threshold is the one with which most verdicts are right, each kind counting the same. From the
    upper one on, PRECISION of those that say anything are right; where they never are, or are fewer than
    LEAST_VERDICTS, none is certain.
    """
    counts = Counter(one.verdict for one in observations)

    def accuracy(says: float) -> float:
        right = Counter(one.verdict for one in observations if _verdict(one.judgement, says) is one.verdict)
        return sum(right[verdict] / counts[verdict] for verdict in counts) / max(len(counts), 1)

    says = max((round(0.02 * step, 2) for step in range(5, 48)), key=accuracy, default=0.5)
    saying = [one for one in observations if one.judgement.says >= says]
    certain = 1.0
    for threshold in sorted({one.judgement.certain for one in saying}, reverse=True):
        right = [one.judgement.verdict is one.verdict for one in saying if one.judgement.certain >= threshold]
        if len(right) >= LEAST_VERDICTS and sum(right) >= PRECISION * len(right):
            certain = threshold
    return VerdictTiers(says=says, certain=round(certain, 4)), accuracy(says)


def _verdict(judged_verdict: JudgedVerdict, says: float) -> Verdict:
    return judged_verdict.verdict if judged_verdict.says >= says else Verdict.DOES_NOT_SAY


def fit(observations: Sequence[Observation], verdicts: VerdictTiers) -> tuple[Tiers, Precision]:
    """The tiers, and how they do on articles that were left out in turn.

    A logistic model with a little regularisation, each kind of question weighted to its share in the mixture.
    The thresholds are chosen on the probabilities that models give to articles they were not fitted on.
    """
    signs = np.array([one.signs for one in observations], dtype=np.float64)
    right = np.array([one.right for one in observations])
    weights = _weights(observations)
    probabilities = _left_out(signs, right, weights, [one.article for one in observations])
    answer_threshold = _threshold(probabilities, right, weights)
    answerable = np.array([one.is_answerable for one in observations])
    refusal_threshold = float(np.quantile(probabilities[answerable], FALSE_REFUSALS))
    coefficients, intercept = _logistic(signs, right, weights)
    tiers = Tiers(
        weights=dict(zip(Signs._fields, coefficients, strict=True)),
        intercept=intercept,
        uncertain=round(min(refusal_threshold, answer_threshold), 4),
        answered=round(answer_threshold, 4),
        verdicts=verdicts,
    )
    return tiers, _precision(observations, probabilities, weights, tiers)


Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def _weights(observations: Sequence[Observation]) -> Floats:
    """What each observation counts, so that the kinds have their shares; 1 on average."""
    kinds = np.array([0 if one.is_answerable else 2 if one.is_foreign else 1 for one in observations])
    shares = np.array([1 - LOOKALIKES - FOREIGN, LOOKALIKES, FOREIGN])
    counts = np.bincount(kinds, minlength=3)
    return np.asarray((shares / np.maximum(counts, 1) * len(observations))[kinds])


def _logistic(signs: Floats, right: Flags, weights: Floats) -> tuple[list[float], float]:
    from sklearn.linear_model import LogisticRegression

    middle, spread = signs.mean(axis=0), signs.std(axis=0)
    spread[spread < 1e-9] = 1.0
    model = LogisticRegression(C=0.5, max_iter=1000)
    model.fit((signs - middle) / spread, right, sample_weight=weights)
    coefficients = model.coef_[0] / spread
    intercept = float(model.intercept_[0] - coefficients @ middle)
    return [round(float(one), 6) for one in coefficients], round(intercept, 6)


def _left_out(signs: Floats, right: Flags, weights: Floats, articles: Sequence[str]) -> Floats:
    """The probability of each observation by a model that was fitted without its article."""
    names = sorted(set(articles))
    random.Random(0).shuffle(names)  # noqa: S311 (reproducible, and no secret)
    fold_of = {name: place % _FOLDS for place, name in enumerate(names)}
    folds = np.array([fold_of[name] for name in articles])
    probabilities = np.zeros(len(signs))
    for fold in set(fold_of.values()):
        inside = folds == fold
        coefficients, intercept = _logistic(signs[~inside], right[~inside], weights[~inside])
        probabilities[inside] = 1 / (1 + np.exp(-(signs[inside] @ np.array(coefficients) + intercept)))
    return probabilities


def _threshold(probabilities: Floats, right: Flags, weights: Floats) -> float:
    """The lowest probability from which on PRECISION of what is answered is right."""
    order = np.argsort(-probabilities, kind="stable")
    precision = np.cumsum((right * weights)[order]) / np.cumsum(weights[order])
    enough = np.flatnonzero(precision >= PRECISION)
    return float(probabilities[order[enough[-1]]]) if len(enough) else 1.0


def _precision(
    observations: Sequence[Observation], probabilities: Floats, weights: Floats, tiers: Tiers
) -> Precision:
    right = np.array([one.right for one in observations])
    answerable = np.array([one.is_answerable for one in observations])
    foreign = np.array([one.is_foreign for one in observations])
    answered = probabilities >= tiers.answered
    refused = probabilities < tiers.uncertain
    return Precision(
        float((right * weights)[answered].sum() / max(weights[answered].sum(), 1e-9)),
        float(answered[answerable].mean()),
        float(refused[answerable].mean()),
        float(1 - answered[~answerable & ~foreign].mean()),
        float(1 - answered[foreign].mean()) if foreign.any() else 1.0,
    )


def _place(evidence: str, text: str) -> Span:
    start = text.index(evidence)
    return Span(start, start + len(evidence))
