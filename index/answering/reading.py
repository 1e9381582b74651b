"""What a ranking proposes, read with the question: which sentence answers, in which words, if any does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
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
from index.model.article import BETWEEN_CELLS, Article, Sentence, Span
from index.reader.model import Reader, Reading, Verdicts
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


class JudgedPassage(NamedTuple):
    """A passage that was read: its span, with what leads it, and what it says to a claim or question."""

    span: Span
    verdicts: Verdicts


class ReadRanking(NamedTuple):
    """A ranking that was read.

    Attributes:
        ranking: Its sentences in the order of both, retriever and reader.
        span: The words of the first sentence that answer best, if it has any.
        signs: What speaks for it, and against it.
        passages: What was judged of its article: all that was read, for a claim or a question that yes or no
            answers; else nothing.
    """

    ranking: Ranking
    span: Span | None
    signs: Signs
    passages: tuple[JudgedPassage, ...]


class ReadSentence(NamedTuple):
    """A sentence as it was read: its best span, of the article or its label, and the margin of that span."""

    span: Span | None
    margin: float


_NO_READING = ReadSentence(None, -MARGIN)


class Window(NamedTuple):
    """What is read at once.

    Attributes:
        span: All of it.
        parts: Its sentences that may answer, each without the label of who speaks, and the names in those.
        sentences: Whose answer each part is: for a label the sentence that is said to be meant.
    """

    span: Span
    parts: tuple[Span, ...]
    sentences: tuple[Sentence, ...]


class Beside(NamedTuple):
    """What the best sentence is held against, of all that was ranked and read with it.

    Attributes:
        first: The sentence that retrieval alone ranked first.
        second: The score of the next sentence.
        margins: The two best margins.
        says: How likely the best sentence's passage says yes or no; 0 where neither answers.
    """

    first: ScoredSentence
    second: float
    margins: tuple[float, float]
    says: float


class Share(NamedTuple):
    """An article's share of a ranking, whose scores compare with those of the others' shares."""

    reader: RankingReader
    ranking: Ranking


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

    def read(
        self,
        question: str,
        ranking: Ranking,
        follow_up: FollowUp | None = None,
        *,
        is_claim: bool = False,
    ) -> ReadRanking:
        """Reads the passages that rank best, and that of the best sentence, in one batch."""
        return read_shares(question, [Share(self, ranking)], follow_up, is_claim=is_claim)[1]

    def read_excerpts(self, question: str, excerpts: Sequence[Excerpt]) -> list[Reading]:
        """What the reader makes of some excerpts, of any articles."""
        return self._reader.read(question, excerpts)

    def judge_excerpts(self, claim: str, excerpts: Sequence[Excerpt]) -> list[Verdicts]:
        """What some excerpts, of any articles, say to a claim or to a question that yes or no answers."""
        return self._reader.verdicts(claim, excerpts)

    def short(self, span: Span | None, sentence: Span) -> Span | None:
        """The words of a sentence that answer it: a span in it, without what parts the cells of a table."""
        if span is None or not sentence.start <= span.start or not span.end <= sentence.end:
            return None
        words = span.of(self._text)
        first = len(words) - len(words.lstrip(BETWEEN_CELLS))
        last = len(words.rstrip(BETWEEN_CELLS))
        return Span(span.start + first, span.start + last) if first < last else span

    def contexts(self, ranking: Ranking) -> Iterator[tuple[float, Span]]:
        """The passages of a ranking with what leads them, best first, and their scores."""
        for candidate in ranking.passages:
            yield candidate.score, self._retriever.leads.context(candidate.passage)

    def context(self, sentence: Span) -> Span:
        """The passage of a sentence with what leads it."""
        return self._retriever.leads.context(self._retriever.passage_at(sentence.start))

    def window(self, span: Span, ranking: Ranking) -> Window:
        """What is read of a span."""
        return self._window(span, {candidate.sentence: candidate.support for candidate in ranking.sentences})

    def excerpt(self, window: Window) -> Excerpt:
        """A window as it is given to the reader."""
        start = window.span.start
        parts = [(part.start - start, part.end - start) for part in window.parts]
        return Excerpt(window.span.of(self._text), parts)

    def _window(self, span: Span, supports: Mapping[Sentence, float]) -> Window:
        """What is read of a span.

        Who says something stands in the label of a turn, while what is said stands in any of its sentences:
        the name in it answers for the one that has most to do with the question. When it was said does not.
        """
        span, sentences = self._cropped(span, supports)
        parts: list[Span] = []
        answering: list[Sentence] = []
        for sentence in sentences:
            turn = self._speech.turn(sentence)
            start = sentence.start if turn is None else min(turn.words, sentence.end)
            parts.append(Span(start, sentence.end))
            answering.append(sentence)
            if turn is not None:
                of_turn = [one for one in sentences if one.paragraph == sentence.paragraph]
                parts.append(turn.label)
                answering.append(max(of_turn, key=lambda one: supports.get(one, -1.0)))
        return Window(span, tuple(parts), tuple(answering))

    def _cropped(self, span: Span, supports: Mapping[Sentence, float]) -> tuple[Span, tuple[Sentence, ...]]:
        """What is read of a span and its sentences: of a long one, what stands around its best sentence."""
        sentences = self._retriever.citable_in(span)
        if span.end - span.start <= READ_CHARS:
            return span, sentences
        best = max(range(len(sentences)), key=lambda place: supports.get(sentences[place], -1.0))
        first = last = best
        introduction = self._retriever.leads.led(sentences[best])
        if introduction is not None and sentences[best].end - introduction.lead.start > READ_CHARS:
            introduction = None
        while True:
            start = (
                sentences[first].start
                if introduction is None
                else min(introduction.lead.start, sentences[first].start)
            )
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

    def signs(self, question: str, best: ScoredSentence, result: ReadSentence, beside: Beside) -> Signs:
        """What speaks for a sentence, and against it."""
        quote = self._retriever.leads.led_words(best.sentence) + self._speech.framed(best.sentence)
        passage = self.context(best.sentence)
        kinds = asked_kinds(question)
        unknown = sum(not self._retriever.knows(name) for name in names_and_numbers(question))
        span = result.span.of(self._text) if result.span else ""
        return Signs(
            margin=result.margin,
            agrees=result.margin >= beside.margins[0],
            rival=beside.margins[1],
            words=min(len(span), _LONG_SPAN) / _LONG_SPAN,
            support=best.support,
            best_support=beside.first.support,
            lead=min(best.score - beside.second, MARGIN),
            first=best.sentence is beside.first.sentence,
            in_passage=self._share(question, passage.of(self._text)),
            in_sentence=self._share(question, quote),
            unknown=min(unknown, 2),
            lacks=lacks_what_is_asked(question, quote),
            short_lacks=not span or lacks_what_is_asked(question, span),
            number=kinds.number,
            time=kinds.time,
            name=kinds.name,
            reason=kinds.reason,
            yes_no=asks_yes_or_no(question),
            says=beside.says,
        )

    def _share(self, question: str, text: str) -> float:
        """Which share of a question's terms a text has; 1 where the question has none."""
        terms = set(self._analyzer.terms(question))
        return len(terms.intersection(self._analyzer.terms(text))) / len(terms) if terms else 1.0


def read_shares(
    question: str,
    shares: Sequence[Share],
    follow_up: FollowUp | None = None,
    *,
    is_claim: bool = False,
) -> tuple[int, ReadRanking]:
    """Reads the best passages of one or more articles in one batch, as those of one ranking.

    Args:
        question: As it is read.
        shares: What it was ranked to, of each article.
        follow_up: What it leans on.
        is_claim: Whether it is a claim, which is judged as a question for yes or no is.

    Returns:
        The place of the share whose sentence answers best, and that share as it was read.
    """
    windows = _proposed(shares)
    whole = f"{follow_up.context} {question}" if follow_up else question
    excerpts = [shares[place].reader.excerpt(window) for place, window in windows]
    reader = shares[0].reader
    sentences: list[dict[Span, ReadSentence]] = [{} for _ in shares]
    for (place, window), reading in zip(windows, reader.read_excerpts(whole, excerpts), strict=True):
        for sentence, one in _sentences(window, reading):
            earlier = sentences[place].get(sentence, _NO_READING)
            sentences[place][sentence] = max(one, earlier, key=_by_margin)
    rankings = [_reordered(share.ranking, result) for share, result in zip(shares, sentences, strict=True)]
    winner = min(range(len(rankings)), key=lambda place: _by_score(rankings[place].sentences[0]))
    best = rankings[winner].sentences[0]
    rest = [one.score for ranking in rankings for one in ranking.sentences[:2] if one is not best]
    margins = sorted([-MARGIN, -MARGIN, *(one.margin for results in sentences for one in results.values())])
    is_for_yes_or_no = asks_yes_or_no(question)
    passages: list[JudgedPassage] = []
    if is_claim or is_for_yes_or_no:
        of_winner = [number for number, (place, _) in enumerate(windows) if place == winner]
        all_verdicts = reader.judge_excerpts(whole, [excerpts[number] for number in of_winner])
        passages = [
            JudgedPassage(windows[number][1].span, verdicts)
            for number, verdicts in zip(of_winner, all_verdicts, strict=True)
        ]
    own_verdicts = [one.verdicts for one in passages if one.span.start <= best.sentence.start < one.span.end]
    beside = Beside(
        first=min((share.ranking.sentences[0] for share in shares), key=_by_score),
        second=max(rest, default=best.score - MARGIN),
        margins=(margins[-1], margins[-2]),
        says=max((one.says_anything for one in own_verdicts), default=0.0) if is_for_yes_or_no else 0.0,
    )
    result = sentences[winner].get(best.sentence, _NO_READING)
    return winner, ReadRanking(
        rankings[winner],
        shares[winner].reader.short(result.span, best.sentence),
        shares[winner].reader.signs(question, best, result, beside),
        tuple(passages),
    )


def _proposed(shares: Sequence[Share]) -> list[tuple[int, Window]]:
    """What is read, and of which share: the passages that rank best, and the best sentence's."""
    first = min(range(len(shares)), key=lambda n: _by_score(shares[n].ranking.sentences[0]))
    spans = {(first, shares[first].reader.context(shares[first].ranking.sentences[0].sentence)): None}
    contexts = [
        (-score, place, span)
        for place, share in enumerate(shares)
        for score, span in share.reader.contexts(share.ranking)
    ]
    for _, place, span in sorted(contexts, key=itemgetter(0)):
        if len(spans) == READ_PASSAGES:
            break
        spans.setdefault((place, span))
    return [(place, shares[place].reader.window(span, shares[place].ranking)) for place, span in spans]


def _sentences(window: Window, reading: Reading) -> Iterator[tuple[Span, ReadSentence]]:
    """Each sentence of a window, and how it was read."""
    for sentence, span in zip(window.sentences, reading.spans, strict=True):
        if span is None:
            yield sentence, _NO_READING
            continue
        margin = max(-MARGIN, min(span.score - reading.no_answer, MARGIN))
        start, end = window.span.start + span.start, window.span.start + span.end
        yield sentence, ReadSentence(Span(start, end), margin)


def _reordered(ranking: Ranking, sentences: Mapping[Span, ReadSentence]) -> Ranking:
    """The ranking in the order of both scores; what was not read keeps its order behind what is as good."""
    candidates = [
        replace(one, score=one.score + READER_WEIGHT * sentences.get(one.sentence, _NO_READING).margin)
        for one in ranking.sentences
    ]
    return replace(ranking, sentences=tuple(sorted(candidates, key=_by_score)))


def _by_margin(result: ReadSentence) -> float:
    return result.margin


def _by_score(candidate: ScoredSentence) -> float:
    return -candidate.score
