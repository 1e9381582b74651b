"""Question files in, metrics out. See ``footnote eval``."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from statistics import fmean
from typing import Protocol

import numpy as np

from index.answering.answerer import Answerer
from index.answering.calibration import thresholds
from index.errors import QuestionFileError
from index.library.self_check import OnQuestion, covers
from index.model.answer import Answer, Status, Turn
from index.model.article import Article, Span
from index.search.build import Index, build
from index.search.embedding import Embedder
from index.search.ranking import Ranking, Reranker
from index.sources.question_files import GoldArticle, GoldConversation, GoldQuestion


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
class Carried:
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
    all: Carried
    follow_ups: Carried
    new_subjects: Carried
    held_out: Carried
    not_answered_when_impossible: float | None
    byte_exact: float | None


_MEANS = [one.name for one in fields(Metrics) if one.name not in ("file", "mode", "questions", "latency_ms")]


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


class Converses(Protocol):
    """What answers a question after others."""

    def respond(self, question: str, turns: Sequence[Turn] = ()) -> tuple[Answer, Ranking]:
        """The answer, and what the question found, best first."""


class Asked(Protocol):
    """What is evaluated: it ranks, and answers if it can."""

    def respond(self, question: str) -> tuple[Answer | None, Ranking]:
        """The answer, or None from what only ranks, and what the question found, best first."""


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


def evaluate_conversations(
    conversations: Sequence[GoldConversation],
    answerer: Converses,
    article: Article,
    *,
    file: str,
    on_question: OnQuestion = lambda *_: None,
) -> ConversationMetrics:
    """Asks the second turn of each conversation by itself, and again after the first one was answered.

    Args:
        conversations: About the article.
        answerer: Answers about it.
        article: What is asked about.
        file: The file's name, for the report.
        on_question: Told of each conversation that is done.
    """
    tally = _Tally()
    for done, one in enumerate(conversations, 1):
        before, _ = answerer.respond(one.first)
        cited = tuple(Span(c.start, c.end) for c in before.citations or before.closest)
        answer, ranking = answerer.respond(one.then.text, (Turn(one.first, cited),))
        tally.count_citations(answer, article)
        if one.then.gold:
            _, alone = answerer.respond(one.then.text)
            kinds = ["all", "new_subjects" if one.new_subject else "follow_ups"]
            for kind in [*kinds, "held_out"] if one.held_out else kinds:
                tally.add(kind, covers(ranking.sentences[0].sentence, one.then.gold))
                tally.add(f"{kind} alone", covers(alone.sentences[0].sentence, one.then.gold))
        else:
            tally.add("not_answered_when_impossible", answer.status is not Status.ANSWERED)
        on_question(done, len(conversations))
    carried = {
        kind: Carried(tally.count(kind), tally.mean(kind), tally.mean(f"{kind} alone"))
        for kind in ("all", "follow_ups", "new_subjects", "held_out")
    }
    return ConversationMetrics(
        file=file,
        conversations=len(conversations),
        not_answered_when_impossible=tally.mean("not_answered_when_impossible"),
        byte_exact=tally.mean("byte_exact"),
        **carried,
    )


class _Tally:
    """The figures of single questions, under the names of the metrics that they are the means of."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)

    def ask(self, system: Asked, article: Article, question: GoldQuestion, embedder: Embedder) -> None:
        """Asks a question of its own article."""
        began = time.perf_counter()
        embedder.encode([question.text])
        encoded = time.perf_counter()
        answer, ranking = system.respond(question.text)
        answered = time.perf_counter()
        self.add("bare_encode", (encoded - began) * 1000)
        self.add("latency", (answered - encoded) * 1000)
        if answer is not None:
            self.count_citations(answer, article)
        if question.gold:
            self._count_ranks(ranking, article, question.gold)
            if answer is not None:
                self._count_answer(answer, question.gold)
        elif answer is not None:
            self.add("not_answered_when_impossible", answer.status is not Status.ANSWERED)

    def ask_foreign(self, system: Asked, article: Article, question: GoldQuestion) -> None:
        """Asks a question of an article that does not answer it."""
        answer, _ = system.respond(question.text)
        if answer is not None:
            self.count_citations(answer, article)
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
            **{name: self.mean(name) for name in _MEANS},
        )

    def count_citations(self, answer: Answer, article: Article) -> None:
        """Notes of each citation whether it is the article's text."""
        for citation in (*answer.citations, *answer.closest):
            self.add("byte_exact", article.text[citation.start : citation.end] == citation.quote)

    def _count_ranks(self, ranking: Ranking, article: Article, gold: Sequence[Span]) -> None:
        right = [covers(scored.sentence, gold) for scored in ranking.sentences[:3]]
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
