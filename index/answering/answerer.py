"""A question -> an Answer with its citations, or that the article does not say."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from index.answering.confidence import Thresholds, status
from index.answering.summary import central, fitness, summarise
from index.errors import QuestionError
from index.language.attribution import Speech
from index.language.follow_ups import MAX_TURNS, FollowUp, follow_up, has_open_pronoun
from index.model.answer import MAX_QUESTION_CHARS, Answer, Citation, Status, Turn
from index.model.article import Span
from index.search.bm25 import WORD, Analyzer, Speller
from index.search.build import Index
from index.search.embedding import Embedder
from index.search.ranking import Ranking, Reranker, Retriever, ScoredSentence

MAX_QUOTE_CHARS = 600
"""What an answer quotes at most: a longer sentence is cited by the clauses that answer, not whole."""

SECOND_WITHIN = 1.0
"""How much less the runner-up may score to be quoted too: a standard deviation of the sentences' scores."""

MAX_PLACES = 1_000
"""How many places some words are tried at: “a” in a text of nothing but “a” has one at each character."""

MAX_SLIPS = 32
"""How many of a question's words are held against the article's for a slip: a question of more unknown words
is in another language, and each takes milliseconds against a book's vocabulary."""

_CLAUSE = re.compile(r"[;:,–—)](?:\s+|$)|$")


class Answerer:
    """Answers questions about one index.

    Args:
        index: What to answer from.
        embedder: The model that the index was built with.
        thresholds: The model's, see ``index/confidence.py``.
        snapshot: The name that answers give the index.
        reranker: Reads the best sentences once more, if given.
    """

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        *,
        thresholds: Thresholds,
        snapshot: str = "",
        reranker: Reranker | None = None,
    ) -> None:
        self._index = index
        self._article = index.article
        self._passages = index.passages
        self._embedder = embedder
        self._thresholds = thresholds
        self._snapshot = snapshot
        self._speech = Speech(index.article)
        self._analyzer = Analyzer(index.article.language)
        self._retriever = Retriever(index, embedder, mentions=self._speech.mentions, reranker=reranker)

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
        asked = _checked(question)
        read, read_as = self._spell(asked)
        leaning = self._follow_up(read, turns)
        ranking = self._retriever.rank(read, leaning)
        ranked = time.perf_counter()
        best = ranking.sentences[0]
        before, after = self._speech.frame(best.sentence)
        quote = f"{before}{best.sentence.of(self._article.text)}{after}"
        knows = self._retriever.knows
        tier = status(read, quote, best.support, self._thresholds, knows, follows=leaning is not None)
        refused = tier is Status.NOT_IN_ARTICLE
        spans = [best.sentence] if refused else self._spans(ranking)
        numbers = {span: number for number, span in enumerate(sorted(spans, key=lambda one: one.start), 1)}
        cited = tuple(self._cite(numbers[span], span, ranking, read) for span in spans)
        answered = time.perf_counter()
        answer = Answer(
            question=question,
            status=tier,
            citations=() if refused else cited,
            closest=tuple(replace(one, deciding=()) for one in cited) if refused else (),
            article_id=self._article.id,
            article_title=self._article.title,
            snapshot=self._snapshot,
            read_as=read_as,
            timings_ms={
                "rank": round((ranked - began) * 1000, 2),
                "compose": round((answered - ranked) * 1000, 2),
                "total": round((answered - began) * 1000, 2),
            },
        )
        return answer, ranking

    def quotes(self, speaker: str | None = None) -> tuple[Citation, ...]:
        """Every quotation of the article with its speaker, in order, numbered from 1.

        Args:
            speaker: Only what they say: a name of ``speakers``, else a part of one or more; in any case.
        """
        said = self._speech.quotes()
        if speaker is not None:
            names, words = self.speakers(), _words(speaker)
            meant = {name for name in names if name.casefold() == speaker.casefold()} or {
                name for name in names if set() < words <= _words(name)
            }
            said = tuple(one for one in said if one.name in meant)
        return tuple(
            replace(self._citation(number, one.span, 0.0), speaker=one.speaker, before="", after="")
            for number, one in enumerate(said, 1)
        )

    def speakers(self) -> tuple[str, ...]:
        """Who is quoted, each by one name, in order of how much they say."""
        said: Counter[str] = Counter()
        for one in self._speech.quotes():
            if one.name is not None:
                said[one.name] += one.span.end - one.span.start
        return tuple(name for name, _ in said.most_common())

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
        chosen = summarise(vectors, fit, lambda number: self._dangles(sentences[number]))
        ranks = central(vectors)
        return tuple(
            self._citation(place, sentences[number], float(ranks[number]))
            for place, number in enumerate(chosen, 1)
        )

    def _dangles(self, sentence: Span) -> bool:
        """Whether a reader of a sentence alone is left with "this", or with a "he" that no note explains."""
        if self._speech.leans_on_previous(sentence):
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
            return self._citation(1, stands, 1.0)
        best = self._retriever.rank(words).sentences[0]
        near = best.support >= self._thresholds.uncertain
        return self._citation(1, best.sentence, best.support) if near else None

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self._article.text)

    def _spell(self, question: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The question with the slips in the article's own words set right, and which they were.

        A word that the model's tokenizer has whole is no slip: it is another word.
        """
        starts = {int(start) for start, _ in self._embedder.token_spans([question])[0]}
        read_as: list[tuple[str, str]] = []
        parts: list[str] = []
        end = tried = 0
        for word in WORD.finditer(question):
            whole = not starts.intersection(range(word.start() + 1, word.end()))
            unknown = not whole and tried < MAX_SLIPS and not self._retriever.knows(word[0])
            tried += unknown
            correct = self._speller.correct(word[0]) if unknown else None
            if correct is not None:
                read_as.append((word[0], correct))
            parts += question[end : word.start()], correct or word[0]
            end = word.end()
        return "".join([*parts, question[end:]]), tuple(read_as)

    def _follow_up(self, question: str, turns: Sequence[Turn]) -> FollowUp | None:
        if not turns or not self._article.language.lower().startswith("en"):
            return None
        recent = [replace(turn, question=self._spell(turn.question)[0]) for turn in turns[-MAX_TURNS:]]
        return follow_up(question, recent, self._article.text, self._speller.is_name)

    def _spans(self, ranking: Ranking) -> list[Span]:
        """One or two sentences, or two that follow each other as one; the best one's is the first."""
        best = ranking.sentences[0].sentence
        before = self._sentence_before(best)
        if before is not None and self._speech.leans_on_previous(best):
            return [Span(before.start, best.end)]
        second = self._second(ranking.sentences)
        if second is None:
            return [best]
        first, last = sorted((best, second), key=lambda sentence: sentence.start)
        if self._follow(first, last):
            return [Span(first.start, last.end)]
        return [best, second]

    def _second(self, ranked: Sequence[ScoredSentence]) -> Span | None:
        """The runner-up, where it is nearly as good and the two are not too much to read."""
        if len(ranked) < 2 or ranked[1].score < ranked[0].score - SECOND_WITHIN:
            return None
        best, second = ranked[0].sentence, ranked[1].sentence
        length = best.end - best.start + second.end - second.start
        return second if length <= MAX_QUOTE_CHARS else None

    def _follow(self, first: Span, last: Span) -> bool:
        """Whether two sentences can be read on as one quote: neighbours, and nobody else's words."""
        text = self._article.text
        between = text[first.end : last.start]
        alike = self._speech.speaker(first) == self._speech.speaker(last)
        return not between.strip() and "\n" not in between and (alike or not self._speech.frame(last)[0])

    def _sentence_before(self, sentence: Span) -> Span | None:
        sentences = self._retriever.passage_at(sentence.start).sentences
        before = [s for s in sentences if s.start < sentence.start]
        return before[-1] if before else None

    def _cite(self, number: int, span: Span, ranking: Ranking, question: str) -> Citation:
        span = self._shortened(span, question)
        scores = [
            s.score for s in ranking.sentences if s.sentence.start < span.end and span.start < s.sentence.end
        ]
        citation = self._citation(number, span, max(scores, default=ranking.sentences[-1].score))
        return replace(citation, deciding=self._retriever.deciding(span, ranking.asked))

    def _citation(self, number: int, span: Span, score: float) -> Citation:
        before, after = self._speech.frame(span)
        passage = self._retriever.passage_at(span.start)
        return Citation(
            number=number,
            quote=span.of(self._article.text),
            start=span.start,
            end=span.end,
            paragraph=passage.paragraph,
            passage_id=passage.id,
            speaker=self._speech.speaker(span),
            score=round(score, 4),
            before=before,
            after=after,
        )

    def _shortened(self, span: Span, question: str) -> Span:
        """The span, or where it is too long, the run of its clauses with most of the question's words."""
        if span.end - span.start <= MAX_QUOTE_CHARS:
            return span
        text = self._article.text
        ends = [match.end() for match in _CLAUSE.finditer(text, span.start, span.end)]
        starts = [span.start, *ends[:-1]]
        asked = set(self._analyzer.terms(question))
        runs = [
            Span(start, max(end, ends[bisect_right(ends, start + MAX_QUOTE_CHARS) - 1]))
            for start, end in zip(starts, ends, strict=True)
            if end > start
        ]
        best = max(runs, key=lambda run: len(asked.intersection(self._analyzer.terms(run.of(text)))))
        return Span(best.start, best.start + len(best.of(text).rstrip()))


def standing(words: str, text: str) -> Span | None:
    """Where some words first stand in a text as whole words."""
    at = -1
    for _ in range(MAX_PLACES):
        at = text.find(words, at + 1)
        if at < 0:
            return None
        end = at + len(words)
        if not (_is_of_a_word(text[at - 1 : at]) or _is_of_a_word(text[end : end + 1])):
            return Span(at, end)
    return None


def _is_of_a_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _words(name: str) -> set[str]:
    return set(WORD.findall(name.casefold()))


def _checked(question: str) -> str:
    asked = question.encode("utf-8", "replace").decode().strip()
    if not asked:
        raise QuestionError("There is no question. Ask something about the article.")
    if len(asked) > MAX_QUESTION_CHARS:
        raise QuestionError(
            "The question has {count} characters; at most {most} can be read. Shorten it.",
            count=f"{len(asked):,}",
            most=f"{MAX_QUESTION_CHARS:,}",
        )
    return asked
