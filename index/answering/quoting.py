"""What is quoted of a ranking: one or two sentences, and no more of them than answers."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from index.language.attribution import Speech
from index.language.terms import Analyzer
from index.model.answer import Citation
from index.model.article import Article, Span
from index.search.ranking import Ranking, Retriever, ScoredSentence

MAX_QUOTE_CHARS = 600
"""What an answer quotes at most: a longer sentence is cited by the clauses that answer, not whole."""

SECOND_WITHIN = 1.0
"""How much less the runner-up may score to be quoted too: a standard deviation of the sentences' scores."""

MAX_PLACES = 1_000
"""How many places some words are tried at: “a” in a text of nothing but “a” has one at each character."""

_CLAUSE = re.compile(r"[;:,–—)](?:\s+|$)|$")


class Quoting:
    """Quotes of one article.

    Args:
        article: What is quoted.
        speech: Whose words it holds.
        retriever: Ranks its sentences, and knows their passages.
    """

    def __init__(self, article: Article, *, speech: Speech, retriever: Retriever) -> None:
        self._article = article
        self._text = article.text
        self._speech = speech
        self._retriever = retriever
        self._analyzer = Analyzer(article.language)

    def spans(self, ranking: Ranking, question: str) -> list[Span]:
        """One or two sentences, or two that follow each other as one; the best one's is the first.

        Of a list that is asked for as a whole, the line that leads it with all of its items.
        """
        best = ranking.sentences[0].sentence
        whole = self._list_of(best, question)
        if whole is not None:
            return [whole]
        before = self._sentence_before(best)
        if before is not None and self._speech.leans_on_previous(best):
            return [Span(before.start, best.end)]
        second = self._runner_up(ranking.sentences)
        if second is None:
            return [best]
        first, last = sorted((best, second), key=lambda sentence: sentence.start)
        if self._read_on(first, last):
            return [Span(first.start, last.end)]
        return [best, second]

    def _list_of(self, item: Span, question: str) -> Span | None:
        """The list of an item, unless the question has words of that item, which is then what it asks for."""
        introduction = self._retriever.leads.led(item)
        if introduction is None or len(introduction.items) == 1:
            return None
        last = self._article.paragraph_at(introduction.items[-1].start)
        end = introduction.items[-1].end if last.start <= introduction.lead.start else last.end
        whole = Span(introduction.lead.start, end)
        words = set(self._analyzer.terms(question)) - set(
            self._analyzer.terms(introduction.lead.of(self._text))
        )
        is_named = words.intersection(self._analyzer.terms(item.of(self._text)))
        return None if is_named or whole.end - whole.start > MAX_QUOTE_CHARS else whole

    def _runner_up(self, ranking: Sequence[ScoredSentence]) -> Span | None:
        """The runner-up that says something else, where it is nearly as good and both are not too long."""
        best = ranking[0].sentence
        near = takewhile(lambda one: one.score >= ranking[0].score - SECOND_WITHIN, ranking[1:])
        others = (one.sentence for one in near if not self._is_same(one.sentence, best))
        second = next(others, None)
        if second is None:
            return None
        length = best.end - best.start + second.end - second.start
        return second if length <= MAX_QUOTE_CHARS else None

    def _is_same(self, one: Span, other: Span) -> bool:
        """Whether two sentences say the same in the same words."""
        return one.of(self._text).casefold().split() == other.of(self._text).casefold().split()

    def _read_on(self, first: Span, last: Span) -> bool:
        """Whether two sentences can be read on as one quote: neighbours, and nobody else's words."""
        text = self._text
        between = text[first.end : last.start]
        alike = self._speech.speaker(first) == self._speech.speaker(last)
        return not between.strip() and "\n" not in between and (alike or not self._speech.frame(last)[0])

    def _sentence_before(self, sentence: Span) -> Span | None:
        sentences = self._retriever.passage_at(sentence.start).sentences
        before = [s for s in sentences if s.start < sentence.start]
        return before[-1] if before else None

    def cite(self, number: int, span: Span, ranking: Ranking, question: str) -> Citation:
        """The citation of a span that answers a question, shortened, with the words that decided for it."""
        span = self.shortened(span, question)
        scores = [
            s.score for s in ranking.sentences if s.sentence.start < span.end and span.start < s.sentence.end
        ]
        citation = self.citation(number, span, max(scores, default=ranking.sentences[-1].score))
        return replace(citation, deciding=self._retriever.deciding(span, ranking.question))

    def citation(self, number: int, span: Span, score: float) -> Citation:
        """The citation of a span as it stands, with its speaker and what a reader of it alone needs."""
        before, after = self._speech.frame(span)
        passage = self._retriever.passage_at(span.start)
        return Citation(
            number=number,
            quote=span.of(self._text),
            start=span.start,
            end=span.end,
            paragraph=self._article.paragraph_at(span.start).number,
            passage_id=passage.id,
            speaker=self._speech.speaker(span),
            score=round(score, 4),
            before=before,
            after=after,
        )

    def shortened(self, span: Span, question: str) -> Span:
        """The span, or where it is too long, the run of its clauses with most of the question's words."""
        if span.end - span.start <= MAX_QUOTE_CHARS:
            return span
        text = self._text
        ends = [match.end() for match in _CLAUSE.finditer(text, span.start, span.end)]
        starts = [span.start, *ends[:-1]]
        words = set(self._analyzer.terms(question))
        farthest = (max(bisect_right(ends, start + MAX_QUOTE_CHARS) - 1, 0) for start in starts)
        runs = [
            Span(start, max(end, ends[last]))  # a clause by itself may be longer
            for start, end, last in zip(starts, ends, farthest, strict=True)
            if end > start
        ]
        best = max(runs, key=lambda run: len(words.intersection(self._analyzer.terms(run.of(text)))))
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
