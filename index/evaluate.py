"""Question files in, metrics out. See ``footnote eval``."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from statistics import fmean
from typing import Annotated, Protocol, TypeVar

import numpy as np
from pydantic import BaseModel, Field, NonNegativeInt, StringConstraints, ValidationError

from index.answer import Answerer
from index.build import Index, build
from index.calibrate import thresholds
from index.embed import Embedder
from index.errors import QuestionFileError
from index.models import MAX_QUESTION_CHARS, Answer, Article, Span, Status
from index.retrieve import Ranking, Reranker


class Mode(StrEnum):
    """What each question is asked of."""

    ARTICLE = "article"
    POOLED = "pooled"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Metrics:
    """Shares from 0 to 1, None where the file or the mode cannot tell.

    Attributes:
        file: The question file's name.
        mode: ``article``: each question is asked of its own article. ``pooled``: of all articles as one.
            ``foreign``: of its own, and of the next article, which should not answer.
        questions: How many questions were read.
        citation_at_1: Answerable questions whose best-ranked sentence, cited alone, covers a gold answer.
        citation_at_3: ... one of the three best.
        answer_recall: ... any quote of the answer that is given (0 quotes when refused) covers it.
        mean_quoted_chars: Mean length of all quotes of an answer, answers without quotes left out.
        passage_recall_at_1: ... the best-ranked passage lies in the gold paragraph.
        passage_mrr: Mean reciprocal rank of the first passage of the gold paragraph.
        not_answered_when_impossible: Questions that the asked article does not answer whose status is not
            ``answered``.
        false_refusals: Answerable questions whose status is ``not_in_article``.
        answered: Answerable questions whose status is ``answered``.
        byte_exact: Citations that are the article's text at their offsets.
        latency_ms: ``p50`` and ``p95`` of a warm question, and ``bare_encode_p50``: the median of encoding
            the same question with the model alone, turn by turn in the same run.
    """

    file: str
    mode: Mode
    questions: int
    citation_at_1: float | None
    citation_at_3: float | None
    answer_recall: float | None
    mean_quoted_chars: float | None
    passage_recall_at_1: float | None
    passage_mrr: float | None
    not_answered_when_impossible: float | None
    false_refusals: float | None
    answered: float | None
    byte_exact: float | None
    latency_ms: dict[str, float]


@dataclass(frozen=True)
class GoldQuestion:
    """A question, the spans of its article that answer it (none: the article does not say), its id."""

    text: str
    gold: tuple[Span, ...]
    id: str = ""


@dataclass(frozen=True)
class GoldArticle:
    """An article and the questions asked of it."""

    article: Article
    questions: tuple[GoldQuestion, ...]


_Question = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS)
]
_Words = Annotated[str, Field(min_length=1)]


class _JsonlQuestion(BaseModel):
    id: str = ""
    question: _Question
    evidence: tuple[_Words, ...]


class _SquadAnswer(BaseModel):
    text: _Words
    answer_start: NonNegativeInt


class _SquadQuestion(BaseModel):
    id: str = ""
    question: _Question
    answers: tuple[_SquadAnswer, ...] = ()
    is_impossible: bool = False


class _SquadParagraph(BaseModel):
    context: str
    qas: tuple[_SquadQuestion, ...]


class _SquadArticle(BaseModel):
    title: str = ""
    paragraphs: tuple[_SquadParagraph, ...]


class _Squad(BaseModel):
    data: tuple[_SquadArticle, ...] = Field(min_length=1)


_Form = TypeVar("_Form", bound=BaseModel)
_MEANS = [one.name for one in fields(Metrics) if one.name not in ("file", "mode", "questions", "latency_ms")]

OnQuestion = Callable[[int, int], None]
"""Told how many questions of how many are done."""


def load_questions(path: Path, article: Article) -> tuple[GoldArticle, ...]:
    """Reads questions with their gold answers.

    Two forms are read: JSON lines with ``question`` and ``evidence`` (exact parts of ``article``; an empty
    list where it does not say), and SQuAD 1.1 or 2.0 JSON (Rajpurkar et al. 2016, 2018), which brings its
    own articles.

    Args:
        path: The file.
        article: What the questions of a JSON-lines file are about.

    Raises:
        QuestionFileError: the file cannot be read, is of neither form, or its answers are not in the text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise QuestionFileError(f"The question file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise QuestionFileError(f"The question file {path} is not UTF-8 text.") from error
    lines = {number: line for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    if not lines:
        raise QuestionFileError(f"The question file {path} is empty.")
    if _is_question(next(iter(lines.values()))):
        read = [_parsed(_JsonlQuestion, line, path, f"line {number}") for number, line in lines.items()]
        return (GoldArticle(article, tuple(_gold(question, article) for question in read)),)
    squad = _parsed(_Squad, text, path)
    found = tuple(_from_squad(path, n, one.paragraphs) for n, one in enumerate(squad.data, 1))
    if not any(one.questions for one in found):
        raise QuestionFileError(f"The question file {path} has no questions.")
    return found


def _is_question(line: str) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False  # SQuAD spread over lines
    return isinstance(value, dict) and "question" in value


def _parsed(form: type[_Form], text: str, path: Path, where: str = "") -> _Form:
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ", ".join(filter(None, [where, ".".join(map(str, first["loc"]))]))
        raise QuestionFileError(
            f"The question file {path} is neither JSON lines with 'question' and 'evidence' nor SQuAD JSON: "
            f"{f'{place}: ' if place else ''}{first['msg']}."
        ) from error


def _gold(question: _JsonlQuestion, article: Article) -> GoldQuestion:
    gold: list[Span] = []
    for evidence in question.evidence:
        found = [Span(m.start(), m.end()) for m in re.finditer(re.escape(evidence), article.text)]
        if not found:
            raise QuestionFileError(
                f"Question {question.id or question.question!r}: its evidence {evidence!r} is not in the "
                f"article {article.id!r}. Set FOOTNOTE_ARTICLE to the article that the questions are about."
            )
        gold += found
    return GoldQuestion(question.question, tuple(gold), question.id)


def _from_squad(path: Path, number: int, paragraphs: Sequence[_SquadParagraph]) -> GoldArticle:
    text = ""
    questions: list[GoldQuestion] = []
    for paragraph in paragraphs:
        for asked in paragraph.qas:
            gold: list[Span] = []
            for answer in () if asked.is_impossible else asked.answers:
                span = Span(answer.answer_start, answer.answer_start + len(answer.text))
                if span.of(paragraph.context) != answer.text:
                    raise QuestionFileError(
                        f"Question {asked.id or asked.question!r}: its answer {answer.text!r} is not at "
                        f"{answer.answer_start} of its paragraph."
                    )
                gold.append(Span(len(text) + span.start, len(text) + span.end))
            questions.append(GoldQuestion(asked.question, tuple(gold), asked.id))
        text += paragraph.context + "\n"
    article = Article(id=f"article-{number}", title=f"{path.stem} {number}", text=text)
    if not article.paragraphs:
        raise QuestionFileError(f"The question file {path} has no text in its article {number}.")
    return GoldArticle(article, tuple(questions))


def pooled(articles: Sequence[GoldArticle]) -> GoldArticle:
    """All articles as one."""
    text = ""
    questions: list[GoldQuestion] = []
    for one in articles:
        for question in one.questions:
            gold = tuple(Span(span.start + len(text), span.end + len(text)) for span in question.gold)
            questions.append(replace(question, gold=gold))
        text += one.article.text.rstrip("\n") + "\n"
    return GoldArticle(Article(id="pooled", title="pooled", text=text), tuple(questions))


class Asked(Protocol):
    """What is evaluated: it ranks, and answers if it can."""

    def rank(self, question: str) -> Ranking:
        """What a question finds, best first."""

    def answer(self, question: str) -> Answer | None:
        """The answer, or None from what only ranks."""


def evaluate(
    articles: Sequence[GoldArticle],
    embedder: Embedder,
    *,
    file: str,
    mode: Mode = Mode.ARTICLE,
    system: Callable[[Index], Asked],
    on_question: OnQuestion = lambda *_: None,
) -> Metrics:
    """Asks every question and counts.

    Args:
        articles: With their questions.
        embedder: Builds the indexes; its bare encoding of a question is the measure of latency.
        file: The question file's name, for the report.
        mode: What each question is asked of.
        system: Makes what is evaluated of an index.
        on_question: Told of each question that is done.

    Raises:
        QuestionFileError: the foreign mode was asked for, and there is only one article.
    """
    if mode is Mode.FOREIGN and len(articles) < 2:
        raise QuestionFileError(f"{file} is about one article: there is no other to ask its questions of.")
    if mode is Mode.POOLED:
        articles = [pooled(articles)]
    systems = [system(build(one.article, embedder)) for one in articles]
    tally = _Tally()
    total = sum(len(one.questions) for one in articles)
    done = 0
    for place, one in enumerate(articles):
        for question in one.questions:
            tally.ask(systems[place], one.article, question, embedder)
            if mode is Mode.FOREIGN:
                other = (place + 1) % len(articles)
                tally.ask_foreign(systems[other], articles[other].article, question)
            done += 1
            on_question(done, total)
    return tally.metrics(file, mode, total)


def footnote_system(embedder: Embedder, reranker: Reranker | None = None) -> Callable[[Index], Asked]:
    """The whole of Footnote, as it answers people."""
    limits = thresholds(embedder)
    return lambda index: Answerer(index, embedder, thresholds=limits, reranker=reranker)


class _Tally:
    """The figures of single questions, under the names of the metrics that they are the means of."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)

    def ask(self, system: Asked, article: Article, question: GoldQuestion, embedder: Embedder) -> None:
        """Asks a question of its own article."""
        began = time.perf_counter()
        embedder.encode([question.text])
        encoded = time.perf_counter()
        answer = system.answer(question.text)
        answered = time.perf_counter()
        self._add("bare_encode", (encoded - began) * 1000)
        self._add("latency", (answered - encoded) * 1000)
        if answer is not None:
            self._count_citations(answer, article)
        if question.gold:
            self._count_ranks(system.rank(question.text), article, question.gold)
            if answer is not None:
                self._count_answer(answer, question.gold)
        elif answer is not None:
            self._add("not_answered_when_impossible", answer.status is not Status.ANSWERED)

    def ask_foreign(self, system: Asked, article: Article, question: GoldQuestion) -> None:
        """Asks a question of an article that does not answer it."""
        answer = system.answer(question.text)
        if answer is not None:
            self._count_citations(answer, article)
            self._add("not_answered_when_impossible", answer.status is not Status.ANSWERED)

    def metrics(self, file: str, mode: Mode, questions: int) -> Metrics:
        """The means of what was counted."""
        p50, p95 = np.percentile(self._values["latency"], [50, 95])
        bare = np.percentile(self._values["bare_encode"], 50)
        return Metrics(
            file=file,
            mode=mode,
            questions=questions,
            latency_ms={
                "p50": round(float(p50), 2),
                "p95": round(float(p95), 2),
                "bare_encode_p50": round(float(bare), 2),
            },
            **{name: self._mean(name) for name in _MEANS},
        )

    def _count_citations(self, answer: Answer, article: Article) -> None:
        for citation in (*answer.citations, *answer.closest):
            self._add("byte_exact", article.text[citation.start : citation.end] == citation.quote)

    def _count_ranks(self, ranking: Ranking, article: Article, gold: Sequence[Span]) -> None:
        covers = [_covers(scored.sentence, gold) for scored in ranking.sentences[:3]]
        self._add("citation_at_1", covers[0])
        self._add("citation_at_3", any(covers))
        paragraphs = {article.paragraph_at(span.start).number for span in gold}
        ranks = [n for n, p in enumerate(ranking.passages, 1) if p.passage.paragraph in paragraphs]
        self._add("passage_recall_at_1", ranks[:1] == [1])
        self._add("passage_mrr", 1 / ranks[0] if ranks else 0)

    def _count_answer(self, answer: Answer, gold: Sequence[Span]) -> None:
        self._add("false_refusals", answer.status is Status.NOT_IN_ARTICLE)
        self._add("answered", answer.status is Status.ANSWERED)
        self._add("answer_recall", any(_covers(Span(c.start, c.end), gold) for c in answer.citations))
        if answer.citations:
            self._add("mean_quoted_chars", sum(len(citation.quote) for citation in answer.citations))

    def _add(self, name: str, value: float) -> None:
        self._values[name].append(value)

    def _mean(self, name: str) -> float | None:
        values = self._values[name]
        return round(fmean(values), 4) if values else None


def _covers(span: Span, gold: Sequence[Span]) -> bool:
    return any(span.start <= one.start and one.end <= span.end for one in gold)
