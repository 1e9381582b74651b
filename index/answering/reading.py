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
from index.language.yes_no import asks_yes_or_no
from index.model.article import Article, Sentence, Span
from index.reader.model import Reader, Reading
from index.reader.windows import Excerpt
from index.search.ranking import Ranking, Retriever, ScoredSentence

READ_PASSAGES = 3
"""How many passages are read: of held-out articles, six find no more than three do."""

READ_CHARS = 480
"""How many characters of a long passage are read: the time that it takes grows with it.

Chosen with the near-misses about the article that ships in view, of which 640 let two more through.
"""

READER_WEIGHT = 0.3
"""What a logit of the reader's margin counts against a standard deviation of the retriever's scores.

Chosen on articles that the reader was not trained on and on the calibration articles, which do not tell
values from 0.2 to 0.5 apart.
"""

MARGIN = 12.0
"""How far from 0 a margin counts. What was not read, or has no words, counts as this far below."""


_LONG_SPAN = 80  # characters


class ReadRanking(NamedTuple):
    """A ranking that was read.

    Attributes:
        ranking: Its sentences in the order of both, retriever and reader.
        span: The words of the first sentence that answer best, if it has any.
        signs: What speaks for it, and against it.
        windows: What was read: passages, each with what leads it,
        readings: and what the reader makes of each.
    """

    ranking: Ranking
    span: Span | None
    signs: Signs
    windows: tuple[Span, ...]
    readings: tuple[Reading, ...]


class _ReadSentence(NamedTuple):
    """A sentence as it was read: its best span in the article, and that span's margin."""

    span: Span | None
    margin: float


_UNREAD = _ReadSentence(None, -MARGIN)


class _Window(NamedTuple):
    """What is read at once.

    Attributes:
        span: All of it.
        parts: Its sentences that may answer, each without the label of who speaks, and those labels.
        sentences: Whose answer each part is: for a label the sentence that is said to be meant.
    """

    span: Span
    parts: tuple[Span, ...]
    sentences: tuple[Sentence, ...]


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
        windows = self._proposed(ranking)
        excerpts = [
            Excerpt(
                span.of(self._text),
                [(part.start - span.start, part.end - span.start) for part in parts],
            )
            for span, parts, _ in windows
        ]
        whole = f"{follow_up.context} {question}" if follow_up else question
        readings = self._reader.read(whole, excerpts)
        sentences: dict[Span, _ReadSentence] = {}
        for sentence, one in _sentences(windows, readings):
            sentences[sentence] = max(one, sentences.get(sentence, _UNREAD), key=_by_margin)
        ranked = _reordered(ranking, sentences)
        best = ranked.sentences[0]
        return ReadRanking(
            ranked,
            sentences.get(best.sentence, _UNREAD).span,
            self._signs(question, ranked, ranking.sentences[0], sentences, readings),
            tuple(window.span for window in windows),
            tuple(readings),
        )

    def _proposed(self, ranking: Ranking) -> list[_Window]:
        """What is read: the passages that rank best, and the best sentence's."""
        leads = self._retriever.leads
        spans = {leads.context(self._retriever.passage_at(ranking.sentences[0].sentence.start)): None}
        for scored in ranking.passages:
            if len(spans) == READ_PASSAGES:
                break
            spans.setdefault(leads.context(scored.passage))
        supports = {scored.sentence: scored.support for scored in ranking.sentences}
        return [self._window(span, supports) for span in spans]

    def _window(self, span: Span, supports: Mapping[Sentence, float]) -> _Window:
        """What is read of a span.

        Who says something stands in the label of a turn, while what is said stands in any of its sentences:
        the label answers for the one that has most to do with the question.
        """
        span, sentences = self._cropped(span, supports)
        parts: list[Span] = []
        answering: list[Sentence] = []
        for sentence in sentences:
            label = self._speech.label(sentence)
            start = sentence.start if label is None else min(label.end, sentence.end)
            parts.append(Span(start, sentence.end))
            answering.append(sentence)
            if label is not None:
                of_turn = [one for one in sentences if one.paragraph == sentence.paragraph]
                parts.append(label)
                answering.append(max(of_turn, key=lambda one: supports.get(one, -1.0)))
        return _Window(span, tuple(parts), tuple(answering))

    def _cropped(self, span: Span, supports: Mapping[Sentence, float]) -> tuple[Span, tuple[Sentence, ...]]:
        """What is read of a span and its sentences: of a long one, what stands around its best sentence."""
        sentences = self._retriever.citable_in(span)
        if span.end - span.start <= READ_CHARS:
            return span, sentences
        best = max(range(len(sentences)), key=lambda place: supports.get(sentences[place], -1.0))
        first = last = best
        led = self._retriever.leads.led(sentences[best])
        if led is not None and sentences[best].end - led.lead.start > READ_CHARS:
            led = None
        while True:
            start = sentences[first].start if led is None else min(led.lead.start, sentences[first].start)
            wider = [(max(first - 1, 0), last), (first, min(last + 1, len(sentences) - 1))]
            fitting = [
                (one, other)
                for one, other in wider
                if (one, other) != (first, last)
                and sentences[other].end - min(start, sentences[one].start) <= READ_CHARS
            ]
            if not fitting:
                return Span(start, sentences[last].end), sentences[first : last + 1]
            # By turns, so that the best sentence stays in the middle.
            first, last = min(fitting, key=lambda ends: abs(ends[0] + ends[1] - 2 * best))

    def _signs(
        self,
        question: str,
        ranked: Ranking,
        first: ScoredSentence,
        sentences: Mapping[Span, _ReadSentence],
        readings: Sequence[Reading],
    ) -> Signs:
        best = ranked.sentences[0]
        read = sentences.get(best.sentence, _UNREAD)
        quote = self._retriever.leads.led_words(best.sentence) + self._speech.framed(best.sentence)
        passage = self._retriever.leads.context(self._retriever.passage_at(best.sentence.start))
        kinds = asked_kinds(question)
        unknown = sum(not self._retriever.knows(name) for name in names_and_numbers(question))
        span = read.span.of(self._text) if read.span else ""
        margins = sorted((one.margin for one in sentences.values()), reverse=True)
        asks_whether = asks_yes_or_no(question)
        second = ranked.sentences[1].score if len(ranked.sentences) > 1 else best.score - MARGIN
        return Signs(
            margin=read.margin,
            agrees=read.margin >= max(margins, default=-MARGIN),
            rival=margins[1] if len(margins) > 1 else -MARGIN,
            words=min(len(span), _LONG_SPAN) / _LONG_SPAN,
            support=best.support,
            best_support=first.support,
            lead=min(best.score - second, MARGIN),
            first=best.sentence == first.sentence,
            in_passage=self._share(question, passage.of(self._text)),
            in_sentence=self._share(question, quote),
            unknown=min(unknown, 2),
            lacks=lacks_what_is_asked(question, quote),
            short_lacks=not span or lacks_what_is_asked(question, span),
            number=kinds.number,
            time=kinds.time,
            name=kinds.name,
            reason=kinds.reason,
            yes_no=asks_whether,
            says=max(reading.verdicts.says_anything for reading in readings) if asks_whether else 0.0,
        )

    def _share(self, question: str, text: str) -> float:
        """Which share of a question's terms a text has; 1 where the question has none."""
        terms = set(self._analyzer.terms(question))
        return len(terms.intersection(self._analyzer.terms(text))) / len(terms) if terms else 1.0


def _sentences(
    windows: Sequence[_Window], readings: Sequence[Reading]
) -> Iterator[tuple[Span, _ReadSentence]]:
    """Each sentence that was read, and how."""
    for window, reading in zip(windows, readings, strict=True):
        for sentence, span in zip(window.sentences, reading.spans, strict=True):
            if span is None:
                yield sentence, _UNREAD
                continue
            margin = max(-MARGIN, min(span.score - reading.no_answer, MARGIN))
            start, end = window.span.start + span.start, window.span.start + span.end
            within = sentence.start <= start and end <= sentence.end
            yield sentence, _ReadSentence(Span(start, end) if within else None, margin)


def _reordered(ranking: Ranking, sentences: Mapping[Span, _ReadSentence]) -> Ranking:
    """The ranking in the order of both scores; what was not read keeps its order behind what is as good."""
    scored = [
        replace(one, score=one.score + READER_WEIGHT * sentences.get(one.sentence, _UNREAD).margin)
        for one in ranking.sentences
    ]
    return replace(ranking, sentences=tuple(sorted(scored, key=_by_score)))


def _by_margin(read: _ReadSentence) -> float:
    return read.margin


def _by_score(scored: ScoredSentence) -> float:
    return -scored.score
