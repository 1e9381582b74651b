"""Fits the confidence thresholds of an embedding model, see ``footnote calibrate``.

The bundled model's lie in ``calibration_data/thresholds.json``, as that command prints them. Any other
model's are fitted the same way when it first builds an index, and are kept with that index. The material is
the project's own: articles with questions that they answer, and questions that they do not.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Literal

import numpy as np
from pydantic import AliasChoices, BaseModel, Field

from index.answering.confidence import Thresholds
from index.model.article import Article
from index.model.library import Progress, Stage
from index.search.build import OnProgress, build
from index.search.embedding import Embedder
from index.search.ranking import Retriever

FALSE_REFUSALS = 0.01
"""The share of answerable questions that the lower threshold may refuse."""

FALSE_ANSWERS = 0.01
"""The share of questions on something else that the upper threshold may let through."""

_FOREIGN_PER_ARTICLE = 30  # about as many as an article has questions of its own


class CalibrationQuestion(BaseModel):
    """A question and the parts of its article that answer it; none where the article does not say."""

    question: str
    evidence: tuple[str, ...]


class CalibrationClaim(BaseModel):
    """A claim, or a question for yes or no, and what the article says to it: yes, no or unknown.

    ``evidence`` are the parts of the article that say it, where they are known.
    """

    claim: str = Field(validation_alias=AliasChoices("claim", "question"))
    label: Literal["yes", "no", "unknown"]
    evidence: tuple[str, ...] = ()

    @property
    def is_question(self) -> bool:
        """Whether it asks."""
        return self.claim.rstrip().endswith("?")


class CalibrationText(BaseModel):
    """An invented article with questions and claims."""

    id: str
    text: str = ""
    questions: tuple[CalibrationQuestion, ...]
    claims: tuple[CalibrationClaim, ...] = ()


def thresholds(embedder: Embedder, on_progress: OnProgress = lambda _: None) -> Thresholds:
    """The thresholds of a model: the known ones, or fitted now (half a minute with a small model)."""
    figures = json.loads(_read("thresholds.json")).get(embedder.sha256)
    return Thresholds(**figures) if figures else fit(embedder, on_progress)


@cache
def _read(name: str) -> str:
    return (resources.files("index") / "answering" / "calibration_data" / name).read_text(encoding="utf-8")


def calibration_texts() -> list[CalibrationText]:
    """The project's own texts to fit with."""
    return [CalibrationText.model_validate_json(line) for line in _read("articles.jsonl").splitlines()]


def reading_texts() -> list[CalibrationText]:
    """The same texts with what a reader is calibrated with besides: more look-alikes, and claims."""
    more = (CalibrationText.model_validate_json(line) for line in _read("reading.jsonl").splitlines())
    of_text = {one.id: one for one in more}
    return [
        one.model_copy(
            update={
                "questions": one.questions + of_text[one.id].questions,
                "claims": of_text[one.id].claims,
            }
        )
        for one in calibration_texts()
    ]


def everyday_questions() -> list[str]:
    """Questions that none of the texts is about."""
    return _read("foreign.txt").splitlines()


def fit(embedder: Embedder, on_progress: OnProgress = lambda _: None) -> Thresholds:
    """Fits the thresholds of a model.

    The lower one is the support that all but FALSE_REFUSALS of the answerable questions reach; the upper
    one that all but FALSE_ANSWERS of the foreign ones stay below: everyday questions, and the questions of
    the next article. Where the two kinds do not overlap, the thresholds stand at the ends of the gap.
    """
    texts, everyday = calibration_texts(), everyday_questions()
    answerable: list[float] = []
    foreign: list[float] = []
    for place, one in enumerate(texts):
        on_progress(Progress(Stage.CALIBRATE, place, len(texts)))
        index = build(Article(id=one.id, title=one.id, text=one.text), embedder)
        retriever = Retriever(index, embedder)
        questions = [q.question for q in one.questions if q.evidence]
        of_next = [q.question for q in texts[(place + 1) % len(texts)].questions]
        numbers = range(place * _FOREIGN_PER_ARTICLE, (place + 1) * _FOREIGN_PER_ARTICLE)
        some = [everyday[number % len(everyday)] for number in numbers]
        answerable += [retriever.rank(question).sentences[0].support for question in questions]
        foreign += [retriever.rank(question).sentences[0].support for question in of_next + some]
    ends = (np.quantile(answerable, FALSE_REFUSALS), np.quantile(foreign, 1 - FALSE_ANSWERS))
    return Thresholds(uncertain=round(float(min(ends)), 3), answered=round(float(max(ends)), 3))
