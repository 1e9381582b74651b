"""Fits the tiers of a reader: what its signs weigh, and from which probability on an answer is one."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.answering.calibration import calibration_texts, everyday_questions
from index.answering.reading import RankingReader
from index.answering.tiers import Signs, Tiers, VerdictTiers
from index.language.attribution import Speech
from index.language.question_kinds import names_and_numbers
from index.library.self_check import covers
from index.model.article import Article, Span
from index.reader.model import Reader
from index.reader.training.data import SpanExample, is_held_out, span_examples
from index.search.build import build
from index.search.embedding import Embedder
from index.search.ranking import Retriever

PRECISION = 0.9
"""How often an answer without reserve has to be right."""

FALSE_REFUSALS = 0.02
"""The share of answerable questions that may be refused."""

LOOKALIKES, FOREIGN = 0.25, 0.05
"""Which part of all questions look as if the article answered them, and which are about something else.

What people ask an article is mostly answered by it. The tiers hold for this mixture, whatever the material's.
"""

_FOLDS = 8
_CONTEXTS = 8
_EVERYDAY_EACH, _OF_NEXT, _WITH_STRANGERS = 5, 5, 3


class CalibrationArticle(NamedTuple):
    """An article with questions, and for each the spans that answer it (none: it does not say)."""

    article: Article
    questions: Sequence[tuple[str, tuple[Span, ...]]]
    foreign: Sequence[str] = ()


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
    everyday, texts = everyday_questions(), calibration_texts()
    for place, material in enumerate(texts):
        article = Article(id=material.id, title=material.id, text=material.text)
        questions = [
            (one.question, tuple(_place(part, material.text) for part in one.evidence))
            for one in material.questions
        ]
        foreign = everyday[place * _EVERYDAY_EACH : (place + 1) * _EVERYDAY_EACH]
        foreign += [one.question for one in texts[(place + 1) % len(texts)].questions[:_OF_NEXT]]
        yield CalibrationArticle(article, questions, foreign)


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
        asked = [
            (question, [word for word in names_and_numbers(question) if word.lower() in text])
            for question, gold in one.questions
            if gold
        ]
        changed: list[tuple[str, tuple[Span, ...]]] = []
        for question, known in asked:
            alike = [name for name in strange if known and name[0].isdigit() == known[-1][0].isdigit()]
            if alike:
                changed.append((question.replace(known[-1], rng.choice(alike)), ()))
        some = rng.sample(changed, min(len(changed), _WITH_STRANGERS))
        yield one._replace(questions=[*one.questions, *some])


def held_out_articles(folder: Path, source: str) -> Iterable[CalibrationArticle]:
    """Articles of a data set that the reader was not trained on.

    A data set's article is taken as it is; contexts that belong to none are put together, some to an article.
    """
    of_context: defaultdict[str, list[SpanExample]] = defaultdict(list)
    for example in span_examples(folder, source):
        if is_held_out(example):
            of_context[example.context].append(example)
    of_group: defaultdict[str, list[str]] = defaultdict(list)
    alone: list[str] = []
    for context, examples in of_context.items():
        of_group[examples[0].group].append(context)
    for group, contexts in list(of_group.items()):
        if len(contexts) < _CONTEXTS // 2:
            alone += contexts
            del of_group[group]
    random.Random(0).shuffle(alone)  # noqa: S311 (reproducible, and no secret)
    parts = [alone[at : at + _CONTEXTS] for at in range(0, len(alone), _CONTEXTS)]
    for number, contexts in enumerate([*of_group.values(), *parts]):
        text, questions = "", []
        for context in contexts:
            for example in of_context[context]:
                at = len(text)
                answers = example.start is not None and example.end is not None
                gold = (Span(at + (example.start or 0), at + (example.end or 0)),) if answers else ()
                questions.append((example.question, gold))
            text += context.replace("\n", " ") + "\n"
        yield CalibrationArticle(Article(id=f"{source}-{number}", title=source, text=text), questions)


def observe(
    articles: Iterable[CalibrationArticle],
    embedder: Embedder,
    reader: Reader,
    on_article: Callable[[str], None] = lambda _: None,
) -> list[Observation]:
    """Asks the questions of each article, reads, and notes the signs.

    Args:
        articles: With their questions.
        embedder: Builds the indexes.
        reader: Reads.
        on_article: Told of each article that is about to be asked.
    """
    observations = []
    for one in articles:
        on_article(one.article.id)
        speech = Speech(one.article)
        retriever = Retriever(build(one.article, embedder), embedder, mentions=speech.mentions)
        reading = RankingReader(one.article, speech=speech, retriever=retriever, reader=reader)
        asked = [(question, gold, False) for question, gold in one.questions]
        for question, gold, is_foreign in (*asked, *((question, (), True) for question in one.foreign)):
            read = reading.read(question, retriever.rank(question))
            right = bool(gold) and covers(read.ranking.sentences[0].sentence, gold)
            observations.append(Observation(read.signs, right, bool(gold), is_foreign, one.article.id))
    return observations


def fit(observations: Sequence[Observation]) -> tuple[Tiers, Precision]:
    """The tiers, and how they do on articles that were left out in turn.

    A logistic model with a little regularisation, each kind of question weighted to its share in the mixture.
    The thresholds are chosen on the probabilities that models give to articles they were not fitted on.
    """
    signs = np.array([one.signs for one in observations], dtype=np.float64)
    right = np.array([one.right for one in observations])
    weights = _weights(observations)
    probabilities = _left_out(signs, right, weights, [one.article for one in observations])
    answered = _threshold(probabilities, right, weights)
    answerable = np.array([one.is_answerable for one in observations])
    refused = float(np.quantile(probabilities[answerable], FALSE_REFUSALS))
    coefficients, intercept = _logistic(signs, right, weights)
    tiers = Tiers(
        weights=dict(zip(Signs._fields, coefficients, strict=True)),
        intercept=intercept,
        uncertain=round(min(refused, answered), 4),
        answered=round(answered, 4),
        verdicts=VerdictTiers(says=0.5, certain=0.8),
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
