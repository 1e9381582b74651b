"""What is counted of answers, and the figures that come of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from statistics import fmean
from typing import Protocol

import numpy as np

from index.evaluation.outcomes import Answerability, Outcome, answerability, outcome
from index.library.self_check import covers
from index.model.answer import Answer, Status
from index.model.article import Article, Span
from index.reader.metrics import exact_match, f1
from index.search.embedding import Embedder
from index.search.ranking import Ranking
from index.sources.question_files import GoldQuestion


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
        short_count: How many answerable questions have a short answer in the file (a number, no share). The
            next three are of these, by the short answer that is shown: where none is (the question is
            refused, asks for a list or a reason, or nothing reads) they count 0.
        short_given: ... that are given a short answer.
        short_exact_match: ... whose short answer is one of those that the file accepts, as SQuAD compares.
        short_f1: The mean overlap in words with the nearest of those that the file accepts, likewise.
        answered_count: How many questions, of all that were asked, were answered without reserve (a number),
        answered_precision: and the share of them whose first citation covers a gold answer.
        uncertain_count: How many were answered as uncertain (a number),
        uncertain_precision: and the share of them likewise.
        answerability_auc: How often an answerable question scores above one that the asked article does not
            answer, ties counting half. The score is that of ``outcome``.
        refused_at_2: Questions that the asked article does not answer that score below a threshold at which
            at most 2 % of the answerable ones do,
        refused_at_5: at most 5 %,
        refused_at_10: and at most 10 %.
        byte_exact: Citations that are the article's text at their offsets.
        latency_ms: ``p50`` and ``p95`` of a warm question, and ``bare_encode_p50``: the median of encoding
            the same question with the model alone, turn by turn in the same run.
        outcomes: What came of each question that was answered or refused; no figure, but what they are of.
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
    short_count: int
    short_given: float | None
    short_exact_match: float | None
    short_f1: float | None
    answered_count: int
    answered_precision: float | None
    uncertain_count: int
    uncertain_precision: float | None
    answerability_auc: float | None
    refused_at_2: float | None
    refused_at_5: float | None
    refused_at_10: float | None
    byte_exact: float | None
    latency_ms: dict[str, float]
    outcomes: tuple[Outcome, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class SecondTurns:
    """How often the best-ranked sentence, cited alone, covers a gold answer, from 0 to 1.

    Attributes:
        questions: How many second turns were asked.
        citation_at_1: With the first turn known.
        alone: Without it: each question by itself.
    """

    questions: int
    citation_at_1: float | None
    alone: float | None


@dataclass(frozen=True)
class ConversationMetrics:
    """What came of the second turns of conversations.

    Attributes:
        file: The file's name.
        conversations: How many were held.
        all: Those whose second turn the article answers.
        follow_ups: ... and leans on the first.
        new_subjects: ... and is about something else.
        held_out: ... and were set aside while the rules were made.
        not_answered_when_impossible: Second turns that the article does not answer whose status, with the
            first turn known, is not ``answered``.
        byte_exact: Citations that are the article's text at their offsets.
    """

    file: str
    conversations: int
    all: SecondTurns
    follow_ups: SecondTurns
    new_subjects: SecondTurns
    held_out: SecondTurns
    not_answered_when_impossible: float | None
    byte_exact: float | None


@dataclass(frozen=True)
class ClaimAccuracy:
    """Claims of one kind: how many, and the share of them that is judged as labelled, from 0 to 1."""

    claims: int
    accuracy: float | None


@dataclass(frozen=True)
class ClaimMetrics:
    """What the article is found to say to claims, and to questions for yes or no. Shares from 0 to 1.

    What counts is the verdict that is given, certain or not. A question that is answered by a sentence alone,
    without yes or no, counts as wrong, and one that is refused as "does not say".

    Attributes:
        file: The file's name.
        claims: How many were asked, questions among them.
        accuracy: Those that are judged as labelled,
        statements: of those that are claims,
        questions: and of those that are questions;
        yes: of those to which the article says so,
        no: says otherwise,
        unknown: or says nothing.
        without_verdict: How many questions were answered by a sentence alone (a number).
        certain_count: How many were judged so or otherwise, and not as uncertain (a number),
        certain_precision: and the share of them that is judged as labelled.
        rightly_cited: Of those rightly judged so or otherwise: the first citation covers some evidence.
        byte_exact: Citations that are the article's text at their offsets.
    """

    file: str
    claims: int
    accuracy: float | None
    statements: ClaimAccuracy
    questions: ClaimAccuracy
    yes: ClaimAccuracy
    no: ClaimAccuracy
    unknown: ClaimAccuracy
    without_verdict: int
    certain_count: int
    certain_precision: float | None
    rightly_cited: float | None
    byte_exact: float | None


_NOT_MEANS = {
    *("file", "mode", "questions", "latency_ms", "outcomes"),
    *("short_count", "answered_count", "uncertain_count", *Answerability._fields),
}
_MEANS = [one.name for one in fields(Metrics) if one.name not in _NOT_MEANS]


class Ranker(Protocol):
    """What is evaluated: it ranks, and answers if it can."""

    def respond(self, question: str) -> tuple[Answer | None, Ranking]:
        """The answer, or None from what only ranks, and what the question found, best first."""


class Tally:
    """The figures of single questions, under the names of the metrics that they are the means of."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)
        self._outcomes: list[Outcome] = []

    def ask(self, system: Ranker, article: Article, question: GoldQuestion, embedder: Embedder) -> None:
        """Asks a question of its own article."""
        began = time.perf_counter()
        embedder.encode([question.text])
        encoded_at = time.perf_counter()
        answer, ranking = system.respond(question.text)
        answered_at = time.perf_counter()
        self.add("bare_encode", (encoded_at - began) * 1000)
        self.add("latency", (answered_at - encoded_at) * 1000)
        if answer is not None:
            self._count_outcome(answer, ranking, article, question.gold)
        if question.gold:
            self._count_ranks(ranking, article, question.gold)
            if answer is not None:
                self._count_answer(answer, question.gold)
                self._count_short(answer, question.short)
        elif answer is not None:
            self.add("not_answered_when_impossible", answer.status is not Status.ANSWERED)

    def ask_foreign(self, system: Ranker, article: Article, question: GoldQuestion) -> None:
        """Asks a question of an article that does not answer it."""
        answer, ranking = system.respond(question.text)
        if answer is not None:
            self._count_outcome(answer, ranking, article, ())
            self.add("not_answered_when_impossible", answer.status is not Status.ANSWERED)

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
            short_count=self.count("short_f1"),
            answered_count=self.count("answered_precision"),
            uncertain_count=self.count("uncertain_precision"),
            **answerability(self._outcomes)._asdict(),
            outcomes=tuple(self._outcomes),
            **{name: self.mean(name) for name in _MEANS},
        )

    def count_citations(self, answer: Answer, article: Article) -> None:
        """Notes of each citation whether it is the article's text."""
        for citation in (*answer.citations, *answer.closest):
            self.add("byte_exact", article.text[citation.start : citation.end] == citation.quote)

    def _count_outcome(
        self, answer: Answer, ranking: Ranking, article: Article, gold: Sequence[Span]
    ) -> None:
        self.count_citations(answer, article)
        one = outcome(answer, ranking, gold)
        self._outcomes.append(one)
        if answer.status is not Status.NOT_IN_ARTICLE:
            self.add(f"{answer.status}_precision", one.is_right)

    def _count_short(self, answer: Answer, right_answers: Sequence[str]) -> None:
        if right_answers:
            short = answer.short_text
            self.add("short_given", short is not None)
            self.add("short_exact_match", exact_match(short, right_answers) if short is not None else 0)
            self.add("short_f1", f1(short, right_answers) if short is not None else 0)

    def _count_ranks(self, ranking: Ranking, article: Article, gold: Sequence[Span]) -> None:
        right = [covers(one.sentence, gold) for one in ranking.sentences[:3]]
        self.add("citation_at_1", right[0])
        self.add("citation_at_3", any(right))
        paragraphs = {article.paragraph_at(span.start).number for span in gold}
        ranks = [n for n, p in enumerate(ranking.passages, 1) if p.passage.paragraph in paragraphs]
        self.add("passage_recall_at_1", ranks[:1] == [1])
        self.add("passage_mrr", 1 / ranks[0] if ranks else 0)

    def _count_answer(self, answer: Answer, gold: Sequence[Span]) -> None:
        self.add("false_refusals", answer.status is Status.NOT_IN_ARTICLE)
        self.add("answered", answer.status is Status.ANSWERED)
        self.add("answer_recall", any(covers(Span(c.start, c.end), gold) for c in answer.citations))
        if answer.citations:
            self.add("mean_quoted_chars", sum(len(citation.quote) for citation in answer.citations))

    def add(self, name: str, value: float) -> None:
        """Notes a value."""
        self._values[name].append(value)

    def count(self, name: str) -> int:
        """How many values were noted."""
        return len(self._values[name])

    def mean(self, name: str) -> float | None:
        """Their mean; None where there are none."""
        values = self._values[name]
        return round(fmean(values), 4) if values else None
