"""A question -> an Answer with its citations, or that the article does not say."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from index.build import Index
from index.confidence import Thresholds, status
from index.embed import Embedder
from index.errors import QuestionError
from index.lexical import WORD, Analyzer, Speller
from index.models import MAX_QUESTION_CHARS, Answer, Citation, Span, Status
from index.retrieve import Ranking, Reranker, Retriever, ScoredSentence
from index.speech import Speech

NOT_IN_ARTICLE = "The article does not say."
MAY_NOT_ANSWER = "The article may not answer this. The closest it says:"

MAX_QUOTE_CHARS = 600
"""What an answer quotes at most: a longer sentence is cited by the clauses that answer, not whole."""

SECOND_WITHIN = 1.0
"""How much less the runner-up may score to be quoted too: a standard deviation of the sentences' scores."""

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
        self._article = index.article
        self._passages = index.passages
        self._embedder = embedder
        self._thresholds = thresholds
        self._snapshot = snapshot
        self._speech = Speech(index.article)
        self._speller = Speller(index.article.text)
        self._analyzer = Analyzer(index.article.language)
        self._terms = frozenset(self._analyzer.terms(index.article.text))
        self._retriever = Retriever(index, embedder, mentions=self._speech.mentions, reranker=reranker)

    def answer(self, question: str) -> Answer:
        """Answers one question.

        Raises:
            QuestionError: the question is empty or longer than MAX_QUESTION_CHARS.
        """
        began = time.perf_counter()
        asked = _checked(question)
        read, read_as = self._spell(asked)
        ranking = self._retriever.rank(read)
        ranked = time.perf_counter()
        best = ranking.sentences[0]
        before, after = self._speech.frame(best.sentence)
        quote = f"{before}{best.sentence.of(self._article.text)}{after}"
        tier = status(read, quote, best.support, self._thresholds, self._knows)
        refused = tier is Status.NOT_IN_ARTICLE
        spans = [best.sentence] if refused else self._spans(ranking)
        cited = [self._cite(n, span, ranking, read) for n, span in enumerate(spans, 1)]
        said = " ".join(citation.text for citation in sorted(cited, key=lambda one: one.start))
        if tier is Status.UNCERTAIN:
            said = f"{MAY_NOT_ANSWER} {said}"
        answered = time.perf_counter()
        return Answer(
            question=question,
            status=tier,
            text=NOT_IN_ARTICLE if refused else said,
            citations=() if refused else tuple(cited),
            closest=tuple(cited) if refused else (),
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

    def rank(self, question: str) -> Ranking:
        """What the question finds, best first: the answer before it is put into words."""
        return self._retriever.rank(self._spell(_checked(question))[0])

    def _spell(self, question: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The question with the slips in the article's own words set right, and which they were.

        A word that the model's tokenizer has whole is no slip: it is another word.
        """
        starts = {int(start) for start, _ in self._embedder.token_spans([question])[0]}
        read_as: list[tuple[str, str]] = []
        parts: list[str] = []
        end = 0
        for word in WORD.finditer(question):
            whole = not starts.intersection(range(word.start() + 1, word.end()))
            known = whole or self._knows(word[0])
            correct = None if known else self._speller.correct(word[0])
            if correct is not None:
                read_as.append((word[0], correct))
            parts += question[end : word.start()], correct or word[0]
            end = word.end()
        return "".join([*parts, question[end:]]), tuple(read_as)

    def _knows(self, word: str) -> bool:
        return self._terms.issuperset(self._analyzer.terms(word))

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
        passage = self._passage_at(sentence.start)
        before = [s for s in self._passages[passage].sentences if s.start < sentence.start]
        return before[-1] if before else None

    def _passage_at(self, offset: int) -> int:
        return next(p.number for p in reversed(self._passages) if p.start <= offset)

    def _cite(self, number: int, span: Span, ranking: Ranking, question: str) -> Citation:
        span = self._shortened(span, question)
        before, after = self._speech.frame(span)
        passage = self._passages[self._passage_at(span.start)]
        scores = [
            s.score for s in ranking.sentences if s.sentence.start < span.end and span.start < s.sentence.end
        ]
        return Citation(
            number=number,
            quote=span.of(self._article.text),
            start=span.start,
            end=span.end,
            paragraph=passage.paragraph,
            passage_id=passage.id,
            speaker=self._speech.speaker(span),
            score=round(max(scores, default=ranking.sentences[-1].score), 4),
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
            Span(start, max((end for end in ends if start < end <= start + MAX_QUOTE_CHARS), default=end))
            for start, end in zip(starts, ends, strict=True)
            if end > start
        ]
        best = max(runs, key=lambda run: len(asked.intersection(self._analyzer.terms(run.of(text)))))
        return Span(best.start, best.start + len(best.of(text).rstrip()))


def _checked(question: str) -> str:
    asked = question.encode("utf-8", "replace").decode().strip()
    if not asked:
        raise QuestionError("There is no question. Ask something about the article.")
    if len(asked) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"The question has {len(asked):,} characters; at most {MAX_QUESTION_CHARS:,} can be read. "
            "Shorten it."
        )
    return asked
