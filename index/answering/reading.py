"""What a ranking proposes, read with the question: which sentence answers, in which words, if any does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from index.answering.tiers import Signs
from index.language.attribution import Speech
from index.language.follow_ups import FollowUp
from index.language.question_kinds import (
    asked_kinds,
    lacks_what_is_asked,
    names_and_numbers,
)
from index.language.terms import Analyzer
from index.model.article import Article, Passage, Span
from index.reader.model import Reader, Reading
from index.reader.windows import Excerpt
from index.search.ranking import Ranking, Retriever, ScoredSentence

READ_PASSAGES = 4
"""How many passages are read: of held-out articles, six find no more than three do."""

READER_WEIGHT = 0.3
"""What a logit of the reader's margin counts against a standard deviation of the retriever's scores.

Chosen on articles that the reader was not trained on and on the calibration articles, which do not tell
values from 0.2 to 0.5 apart.
"""

MARGIN = 12.0
"""How far from 0 a margin counts. What was not read, or has no words, counts as this far below."""


class ReadRanking(NamedTuple):
    """A ranking that was read.

    Attributes:
        ranking: Its sentences in the order of both, retriever and reader.
        span: The words of the first sentence that answer best, if it has any.
        signs: What speaks for it, and against it.
        passages: What was read,
        readings: and what the reader makes of each.
    """

    ranking: Ranking
    span: Span | None
    signs: Signs
    passages: tuple[Passage, ...]
    readings: tuple[Reading, ...]


class _ReadSentence(NamedTuple):
    """A sentence as it was read: its best span in the article, the span's margin, and the passage's place."""

    span: Span | None
    margin: float
    place: int


_UNREAD = _ReadSentence(None, -MARGIN, -1)


class RankingReader:
    """Reads the best passages of a ranking with the question.

    Args:
        article: What is read.
        speech: Whose words it holds.
        retriever: What ranks its sentences.
        reader: What reads.
    """

    def __init__(self, article: Article, *, speech: Speech, retriever: Retriever, reader: Reader) -> None:
        self._text = article.text
        self._speech = speech
        self._retriever = retriever
        self._reader = reader
        self._analyzer = Analyzer(article.language)

    def read(self, question: str, ranking: Ranking, follow_up: FollowUp | None = None) -> ReadRanking:
        """Reads the passages that rank best, and that of the best sentence, in one batch."""
        passages = self._proposed(ranking)
        excerpts = [
            Excerpt(
                passage.of(self._text),
                [(s.start - passage.start, s.end - passage.start) for s in passage.sentences],
            )
            for passage in passages
        ]
        whole = f"{follow_up.context} {question}" if follow_up else question
        readings = self._reader.read(whole, excerpts)
        sentences = dict(_sentences(passages, readings))
        ranked = _reordered(ranking, sentences)
        best = ranked.sentences[0]
        return ReadRanking(
            ranked,
            sentences.get(best.sentence, _UNREAD).span,
            self._signs(question, ranked, ranking.sentences[0].support, sentences),
            tuple(passages),
            tuple(readings),
        )

    def _proposed(self, ranking: Ranking) -> list[Passage]:
        best = self._retriever.passage_at(ranking.sentences[0].sentence.start)
        passages = [scored.passage for scored in ranking.passages[:READ_PASSAGES]]
        return passages if best in passages else [*passages[: READ_PASSAGES - 1], best]

    def _signs(
        self,
        question: str,
        ranked: Ranking,
        best_support: float,
        sentences: Mapping[Span, _ReadSentence],
    ) -> Signs:
        best = ranked.sentences[0]
        read = sentences.get(best.sentence, _UNREAD)
        quote = self._speech.framed(best.sentence)
        passage = self._retriever.passage_at(best.sentence.start)
        kinds = asked_kinds(question)
        unknown = sum(not self._retriever.knows(name) for name in names_and_numbers(question))
        second = ranked.sentences[1].score if len(ranked.sentences) > 1 else best.score - MARGIN
        return Signs(
            margin=read.margin,
            agrees=read.margin >= max((one.margin for one in sentences.values()), default=-MARGIN),
            support=best.support,
            best_support=best_support,
            lead=min(best.score - second, MARGIN),
            in_passage=self._share(question, passage.of(self._text)),
            in_sentence=self._share(question, quote),
            unknown=min(unknown, 2),
            lacks=lacks_what_is_asked(question, quote),
            number=kinds.number,
            time=kinds.time,
            name=kinds.name,
            reason=kinds.reason,
        )

    def _share(self, question: str, text: str) -> float:
        """Which share of a question's terms a text has; 1 where the question has none."""
        terms = set(self._analyzer.terms(question))
        return len(terms.intersection(self._analyzer.terms(text))) / len(terms) if terms else 1.0


def _sentences(
    passages: Sequence[Passage], readings: Sequence[Reading]
) -> Iterator[tuple[Span, _ReadSentence]]:
    """Each sentence that was read, and how."""
    for place, (passage, reading) in enumerate(zip(passages, readings, strict=True)):
        for sentence, span in zip(passage.sentences, reading.spans, strict=True):
            if span is None:
                yield sentence, _ReadSentence(None, -MARGIN, place)
                continue
            margin = max(-MARGIN, min(span.score - reading.no_answer, MARGIN))
            words = Span(passage.start + span.start, passage.start + span.end)
            yield sentence, _ReadSentence(words, margin, place)


def _reordered(ranking: Ranking, sentences: Mapping[Span, _ReadSentence]) -> Ranking:
    """The ranking in the order of both scores; what was not read keeps its order behind what is as good."""
    scored = [
        replace(one, score=one.score + READER_WEIGHT * sentences.get(one.sentence, _UNREAD).margin)
        for one in ranking.sentences
    ]
    return replace(ranking, sentences=tuple(sorted(scored, key=_by_score)))


def _by_score(scored: ScoredSentence) -> float:
    return -scored.score
