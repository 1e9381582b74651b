"""A question -> an Answer with its citations, or that the article does not say."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from index.answering.about import About
from index.answering.confidence import RuleJudge, Thresholds
from index.answering.fitted_reader import FittedReader
from index.answering.judgement import Judge, Judgement
from index.answering.queries import Queries, Query
from index.answering.quoting import Quoting, standing
from index.answering.reading import RankingReader
from index.answering.reading_judge import ReadingJudge
from index.answering.summary import central, fitness, summarise
from index.errors import QuestionError
from index.language.article_questions import article_topic
from index.language.attribution import Speech
from index.language.clauses import asked_clause
from index.language.follow_ups import MAX_TURNS, FollowUp, follow_up, has_open_pronoun
from index.language.spelling import Speller
from index.language.word_keys import WORD
from index.model.answer import MAX_QUESTION_CHARS, Answer, Citation, Status, Turn
from index.model.article import Span
from index.search.build import Index
from index.search.embedding import Embedder
from index.search.ranking import Ranking, Reranker, Retriever, ScoredPassage
from index.search.segments import Segment, segment_of
from index.search.whole import Share


class Answerer:
    """Answers questions about one index.

    Attributes:
        judge: Judges what its questions are ranked to.

    Args:
        index: What to answer from.
        embedder: The model that the index was built with.
        thresholds: The model's, see ``index/answering/confidence.py``.
        snapshot: The name that answers give the index.
        reranker: Reads the best sentences once more, if given.
        reading: What reads, fitted with the embedder; None where nothing does. An article in a language that
            the reader does not know is not read.
    """

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        *,
        thresholds: Thresholds,
        snapshot: str = "",
        reranker: Reranker | None = None,
        reading: FittedReader | None = None,
    ) -> None:
        self._index = index
        self._article = index.article
        self._embedder = embedder
        self._thresholds = thresholds
        self._snapshot = snapshot
        self._speech = Speech(index.article)
        self._retriever = Retriever(index, embedder, mentions=self._speech.mentions, reranker=reranker)
        self._quoting = Quoting(index.article, speech=self._speech, retriever=self._retriever)
        self.judge = self._judge_by(reading)
        self._about = About(index.article, quoting=self._quoting, summary=self.summary)

    def _judge_by(self, reading: FittedReader | None) -> Judge:
        if reading is None or not is_english(self._article.language):
            return RuleJudge(speech=self._speech, retriever=self._retriever, thresholds=self._thresholds)
        reader = RankingReader(
            self._article, speech=self._speech, retriever=self._retriever, reader=reading.reader
        )
        return ReadingJudge(reader, reading.tiers, self._thresholds.uncertain)

    def answer(self, question: str, turns: Sequence[Turn] = ()) -> Answer:
        """Answers one question.

        Args:
            question: Anything up to MAX_QUESTION_CHARS.
            turns: What was asked before in the conversation, oldest first. A question that stands by itself
                is answered as if there were none.

        Raises:
            QuestionError: the question is empty or longer than MAX_QUESTION_CHARS.
        """
        return self.respond(question, turns)[0]

    def respond(self, question: str, turns: Sequence[Turn] = ()) -> tuple[Answer, Ranking]:
        """The answer to a question, and what it was chosen from; see ``answer``."""
        began = time.perf_counter()
        query, leaning = self.read(question, turns)
        ranking = self._retriever.rank(query.text, leaning)
        ranked_at = time.perf_counter()
        topic = article_topic(question, is_first=not turns)
        clause = asked_clause(question) if topic is None else None
        about = self._about.answer(topic) if topic else self._about.clause(clause) if clause else None
        if about is not None:
            answer = self._answer(question, about.status, about.citations, (began, ranked_at, ranked_at))
            return replace(answer, about=topic, fact=about.fact), ranking
        judgement = self.judge.judge(query.text, ranking, leaning)
        return self.compose(question, query, judgement, (began, ranked_at)), judgement.ranking

    def read(
        self, question: str, turns: Sequence[Turn] = (), is_known: Callable[[str], bool] = lambda _: False
    ) -> tuple[Query, FollowUp | None]:
        """A question in the article's words, and what it leans on.

        Args:
            question: As it was asked.
            turns: What was asked before, oldest first.
            is_known: Whether a word that the article does not have is known elsewhere, and no slip.
        """
        query = self._queries.read(check_question(question), is_known)
        return query, self._follow_up(query.text, turns)

    def compose(
        self, question: str, query: Query, judgement: Judgement, times: tuple[float, float]
    ) -> Answer:
        """The answer of a judgement; ``times`` are when the question came, and when it was ranked."""
        return self._composed(question, query, self._doubted(query, judgement), times)

    def ranking(self, share: Share[Any]) -> Ranking:
        """What a question found in this article, of all that it was ranked to."""
        passages = self._retriever.passages
        scored_passages = tuple(ScoredPassage(passages[one.number], one.score) for one in share.passages)
        return Ranking(share.sentences, scored_passages, share.question)

    def segment(self) -> Segment:
        """What a library's index keeps of the article."""
        return segment_of(self._index, self._retriever.leads, self._speech.mentions, self._retriever.terms)

    def check(self, claim: str) -> Answer:
        """What the article says to a claim: so, otherwise or nothing, see ``Answer.verdict``.

        Raises:
            QuestionError: the claim is empty or longer than MAX_QUESTION_CHARS, or nothing reads the article.
        """
        began = time.perf_counter()
        query = self._queries.read(check_question(claim))
        ranking = self._retriever.rank(query.text)
        ranked_at = time.perf_counter()
        judgement = self.judge.check(query.text, ranking)
        if query.is_doubtful and judgement.status is Status.ANSWERED:
            judgement = judgement._replace(status=Status.UNCERTAIN)
        return self._composed(claim, query, judgement, (began, ranked_at))

    def _doubted(self, query: Query, judgement: Judgement) -> Judgement:
        """The judgement, at most UNCERTAIN where what is read may not be what was asked.

        What the question asks without its slips, and is answered by the same sentence, is beyond doubt.
        """
        if judgement.status is not Status.ANSWERED or not query.is_doubtful:
            return judgement
        if query.rest is not None and not query.names_another:
            rest = self.judge.judge(query.rest, self._retriever.rank(query.rest))
            same = rest.ranking.sentences[0].sentence == judgement.ranking.sentences[0].sentence
            if rest.status is Status.ANSWERED and same:
                return judgement
        return judgement._replace(status=Status.UNCERTAIN)

    def _composed(
        self,
        question: str,
        query: Query,
        judgement: Judgement,
        times: tuple[float, float],
    ) -> Answer:
        """A judgement as an answer; ``times`` are when the question came, and when it was ranked."""
        judged_at = time.perf_counter()
        ranking, short = judgement.ranking, judgement.short
        refused = judgement.status is Status.NOT_IN_ARTICLE
        spans = [ranking.sentences[0].sentence] if refused else self._quoting.spans(ranking, query.text)
        numbers = {span: number for number, span in enumerate(sorted(spans, key=lambda one: one.start), 1)}
        citations = tuple(self._quoting.cite(numbers[span], span, ranking, query.text) for span in spans)
        if short is not None and not self._is_short_of(short, citations[0]):
            short = None
        if short is not None:
            citations = (replace(citations[0], deciding=(short,)), *citations[1:])
        answer = self._answer(question, judgement.status, () if refused else citations, (*times, judged_at))
        return replace(
            answer,
            closest=tuple(replace(one, deciding=()) for one in citations) if refused else (),
            read_as=query.read_as,
            short=short,
            probability=judgement.probability,
            verdict=judgement.verdict,
        )

    def _answer(
        self,
        question: str,
        status: Status,
        citations: tuple[Citation, ...],
        times: tuple[float, float, float],
    ) -> Answer:
        """An answer of this article; ``times`` are when the question came, was ranked and was judged."""
        began, ranked_at, judged_at = times
        answered_at = time.perf_counter()
        return Answer(
            question=question,
            status=status,
            citations=citations,
            closest=(),
            article_id=self._article.id,
            article_title=self._article.title,
            snapshot=self._snapshot,
            timings_ms={
                "rank": round((ranked_at - began) * 1000, 2),
                "read": round((judged_at - ranked_at) * 1000, 2),
                "compose": round((answered_at - judged_at) * 1000, 2),
                "total": round((answered_at - began) * 1000, 2),
            },
        )

    def _is_short_of(self, span: Span, citation: Citation) -> bool:
        """Whether a citation holds some words, and is no list, of which one item would be too little."""
        if not citation.start <= span.start < span.end <= citation.end:
            return False
        return self._article.paragraph_at(citation.start) == self._article.paragraph_at(citation.end - 1)

    def quotes(self, speaker: str | None = None) -> tuple[Citation, ...]:
        """Every quotation of the article with its speaker, in order, numbered from 1.

        Args:
            speaker: Only what they say: a name of ``speakers``, else a part of one or more; in any case.
        """
        quotations = self._speech.quotes()
        if speaker is not None:
            names, words = self.speakers(), _words(speaker)
            matches = {name for name in names if name.casefold() == speaker.casefold()} or {
                name for name in names if set() < words <= _words(name)
            }
            quotations = tuple(one for one in quotations if one.name in matches)
        return tuple(
            replace(self._quoting.citation(number, one.span, 0.0), speaker=one.speaker, before="", after="")
            for number, one in enumerate(quotations, 1)
        )

    def speakers(self) -> tuple[str, ...]:
        """Who is quoted, each by one name, in order of how much they say."""
        lengths: Counter[str] = Counter()
        for one in self._speech.quotes():
            if one.name is not None:
                lengths[one.name] += one.span.end - one.span.start
        return tuple(name for name, _ in lengths.most_common())

    def summary(self) -> tuple[Citation, ...]:
        """The three to five sentences that carry the article, in order, numbered from 1."""
        return self._summary

    @cached_property
    def _summary(self) -> tuple[Citation, ...]:
        sentences = self._retriever.sentences
        paragraphs = [sentence.paragraph for sentence in sentences]
        fit = fitness(
            [sentence.end - sentence.start for sentence in sentences],
            [number != before for number, before in zip(paragraphs, [0, *paragraphs], strict=False)],
        )
        vectors = self._retriever.sentence_vectors()
        numbers = summarise(vectors, fit, lambda number: self._dangles(sentences[number]))
        ranks = central(vectors)
        return tuple(
            self._quoting.citation(place, sentences[number], float(ranks[number]))
            for place, number in enumerate(numbers, 1)
        )

    def _dangles(self, sentence: Span) -> bool:
        """Whether a reader of a sentence alone is left with "this", or with a "he" that no note explains.

        So does a heading leave them, which says little without what it heads.
        """
        if sentence.start in self._article.heading_starts or self._speech.leans_on_previous(sentence):
            return True
        explained = any(self._speech.frame(sentence))
        return not explained and has_open_pronoun(sentence.of(self._article.text), self._speller.is_name)

    def nearest(self, text: str) -> Citation | None:
        """The place where some words stand in this article, else the sentence nearest to them.

        For what an earlier version said: its quotes are sought in this one. None where nothing is near.
        """
        words = text.encode("utf-8", "replace").decode().strip()[:MAX_QUESTION_CHARS]
        if not words:
            return None
        stands = standing(words, self._article.text)
        if stands is not None:
            return self._quoting.citation(1, stands, 1.0)
        best = self._retriever.rank(words).sentences[0]
        near = best.support >= self._thresholds.uncertain
        return self._quoting.citation(1, best.sentence, best.support) if near else None

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self._article.text, self._article.language, self._retriever.located_terms.words)

    @cached_property
    def _queries(self) -> Queries:
        self._speech.prepare()  # before the article's terms: the two take the most memory, in turn
        return Queries(self._speller, embedder=self._embedder, knows=self._retriever.knows)

    def _follow_up(self, question: str, turns: Sequence[Turn]) -> FollowUp | None:
        if not turns or not is_english(self._article.language):
            return None
        recent = [
            replace(turn, question=self._queries.read(turn.question).text) for turn in turns[-MAX_TURNS:]
        ]
        return follow_up(question, recent, self._article.text, self._speller.is_name)


def _words(name: str) -> set[str]:
    return set(WORD.findall(name.casefold()))


def is_english(language: str) -> bool:
    """Whether a language, as articles declare it, is the reader's and the rules' of follow-ups."""
    return language.lower().startswith("en")


def check_question(question: str) -> str:
    """The question without white space around it.

    Raises:
        QuestionError: it is empty or longer than MAX_QUESTION_CHARS.
    """
    text = question.encode("utf-8", "replace").decode().strip()
    if not text:
        raise QuestionError("There is no question. Ask something about the article.")
    if len(text) > MAX_QUESTION_CHARS:
        raise QuestionError(
            "The question has {count} characters; at most {most} can be read. Shorten it.",
            count=f"{len(text):,}",
            most=f"{MAX_QUESTION_CHARS:,}",
        )
    return text
