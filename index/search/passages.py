"""Article -> passages: whole sentences, true offsets, within the embedding model's window."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.language.sentences import split_sentences, trimmed
from index.model.article import Article, Paragraph, Passage, Sentence, Span, Spans
from index.model.passages import Passages, passage_id

TokenSpans = npt.NDArray[np.int32]
"""Shape (tokens, 2): where each token starts and ends, in code points of its text."""

Tokenize = Callable[[Sequence[str]], list[TokenSpans]]
"""The embedding model's own tokenizer: the token spans of each text, special tokens left out."""

_CLAUSE_END = re.compile(r"[;:,–—)\]](?=\s)|\s(?=[–—(\[])")
_WORD_END = re.compile(r"\S(?=\s)")

_RUNS_AT_ONCE = 256  # whose tokens are in memory at a time: the tokenizer says of each some 200 bytes
_RUNS_KEPT = 4_096  # in case that they recur


class Piece(NamedTuple):
    """A passage in its run; all places are counted from where the run starts.

    ``paragraph`` counts the run's paragraphs from 0.
    """

    paragraph: int
    start: int
    sentences: tuple[Span, ...]


Key = bytes
"""What tells a run from others: a hash of its text and of how many headings it has.

A run is what is cut by itself: headings and the paragraph after them.
"""

Cuts = dict[Key, tuple[Piece, ...]]
"""How runs were cut."""


def chunk(
    article: Article,
    tokenize: Tokenize,
    window: int,
    known_cuts: Cuts | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Passages:
    """Cuts an article into passages of whole sentences.

    A paragraph that fits is one passage; a longer one is cut between sentences into passages of
    about equal length; a sentence that is longer than the window is cut at the ends of clauses (then of
    words, then anywhere) and its pieces count as sentences.

    A heading stands at the front of the passage after it, where the model sees it, and is none of its
    sentences. One that would take too much of the window from what it heads, or heads nothing, is a paragraph
    like others.

    Args:
        article: What to cut.
        tokenize: The embedding model's tokenizer.
        window: How many tokens of a text the model sees, special tokens left out; at least 1.
        known_cuts: How an article in the same language was cut for the same model: see ``cuts``.
        on_progress: Told how many paragraphs are done, of how many; may raise to call it off.

    Returns:
        Passages that partition the text, in order.
    """
    return Passages(
        _adjoining(
            _passages(article, _cut_runs(article, tokenize, window, known_cuts or {}, on_progress)),
            len(article.text),
        )
    )


def _cut_runs(
    article: Article,
    tokenize: Tokenize,
    window: int,
    known_cuts: Cuts,
    on_progress: Callable[[int, int], None],
) -> Iterator[tuple[list[Paragraph], tuple[Piece, ...]]]:
    """Each run of an article in order, with its pieces."""
    text, headings = article.text, article.heading_starts
    sentences = _sentences(article)
    runs, done = _runs(article), 0
    recent_cuts: Cuts = {}
    while some := list(islice(runs, _RUNS_AT_ONCE)):
        on_progress(done, len(article.paragraphs))
        keys = [_key(text, run, headings) for run in some]
        fresh = {
            key: run
            for key, run in zip(keys, some, strict=True)
            if key not in known_cuts and key not in recent_cuts
        }
        texts = [paragraph.of(text) for run in fresh.values() for paragraph in run]
        token_spans = iter(tokenize(texts) if texts else ())
        for key, run in fresh.items():
            paragraphs = [
                _RunParagraph(p.start - run[0].start, p.of(text), Tokens(next(token_spans)), sentences(p))
                for p in run
            ]
            words = text[run[0].start : run[-1].end]
            recent_cuts[key] = _cut(words, _heading_count(run, headings), paragraphs, tokenize, window)
        for key, run in zip(keys, some, strict=True):
            yield run, known_cuts[key] if key in known_cuts else recent_cuts[key]
            done += len(run)
        if len(recent_cuts) > _RUNS_KEPT:
            recent_cuts.clear()


def _passages(
    article: Article, cut_runs: Iterable[tuple[list[Paragraph], tuple[Piece, ...]]]
) -> Iterator[Passage]:
    """The pieces of runs as passages, each up to the end of its run: where it ends is for ``_adjoining``."""
    paths = _paths(article)
    number = 0
    for run, pieces in cut_runs:
        path_of = list(islice(paths, len(run)))
        counts = Counter(piece.paragraph for piece in pieces)
        places: Counter[int] = Counter()
        for piece in pieces:
            paragraph, first = run[piece.paragraph].number, run[0].start
            sentences = tuple(
                Sentence(first + s.start, first + s.end, paragraph, number) for s in piece.sentences
            )
            yield Passage(
                start=first + piece.start,
                end=run[-1].end,
                id=passage_id(paragraph, places[piece.paragraph], counts[piece.paragraph]),
                number=number,
                paragraph=paragraph,
                sentences=sentences,
                path=path_of[piece.paragraph],
            )
            places[piece.paragraph] += 1
            number += 1


def _adjoining(passages: Iterable[Passage], end: int) -> Iterator[Passage]:
    """The same passages without gaps: each runs on to where the next one starts, and the last to ``end``."""
    start = 0
    for passage, following in pairwise(chain(passages, [None])):
        stop = following.start if following else end
        if passage:
            yield replace(passage, start=start, end=stop)
        start = stop


def _sentences(article: Article) -> Callable[[Paragraph], tuple[Span, ...]]:
    """Gives a paragraph's sentences, counted from its start: as they were cut when it was read, else now."""
    if article.sentences is None:
        return lambda paragraph: split_sentences(paragraph.of(article.text), article.language)
    sentences = Spans(article.sentences)

    def within(paragraph: Paragraph) -> tuple[Span, ...]:
        first, end = (bisect_left(sentences.starts, at) for at in (paragraph.start, paragraph.end))
        return tuple(Span(s.start - paragraph.start, s.end - paragraph.start) for s in sentences[first:end])

    return within


def cuts(article: Article, passages: Sequence[Passage]) -> Cuts:
    """How an article was cut, for ``chunk`` to cut the same text the same way without looking at it again."""
    pieces_of: Cuts = {}
    headings = article.heading_starts
    waiting = list(reversed(passages))
    for run in _runs(article):
        start = run[0].start
        pieces: list[Piece] = []
        while waiting and waiting[-1].paragraph <= run[-1].number:
            passage = waiting.pop()
            sentences = tuple(Span(s.start - start, s.end - start) for s in passage.sentences)
            pieces.append(Piece(passage.paragraph - run[0].number, max(passage.start - start, 0), sentences))
        pieces_of[_key(article.text, run, headings)] = tuple(pieces)
    return pieces_of


def _runs(article: Article) -> Iterator[list[Paragraph]]:
    """The paragraphs of each run: headings, and what they stand right over (nothing, at the end)."""
    headings = article.heading_starts
    run: list[Paragraph] = []
    for paragraph in article.paragraphs:
        run.append(paragraph)
        if paragraph.start not in headings:
            yield run
            run = []
    if run:
        yield run


def _key(text: str, run: Sequence[Paragraph], headings: Container[int]) -> Key:
    words = text[run[0].start : run[-1].end]
    return hashlib.sha256(f"{_heading_count(run, headings)} {words}".encode()).digest()


def _heading_count(run: Sequence[Paragraph], headings: Container[int]) -> int:
    return sum(paragraph.start in headings for paragraph in run)


def _paths(article: Article) -> Iterator[tuple[str, ...]]:
    """The headings that each paragraph stands under, in order."""
    headings = {heading.start: heading for heading in article.headings}
    under: list[tuple[int, str]] = []
    path: tuple[str, ...] = ()
    for paragraph in article.paragraphs:
        heading = headings.get(paragraph.start)
        if heading:
            under = [above for above in under if above[0] < heading.level]
            path = tuple(words for _, words in under)
        yield path
        if heading:
            under.append((heading.level, heading.of(article.text)))
            path = tuple(words for _, words in under)


class _RunParagraph(NamedTuple):
    """A paragraph whose start counts from its run's; its tokens and sentences count from its own."""

    start: int
    text: str
    tokens: Tokens
    sentences: Sequence[Span]


def _cut(
    text: str, headings: int, paragraphs: Sequence[_RunParagraph], tokenize: Tokenize, window: int
) -> tuple[Piece, ...]:
    """Cuts a run of so many headings and what they stand over."""
    counts = [len(paragraph.tokens) for paragraph in paragraphs]
    alone = headings  # so many of the headings are paragraphs like others
    if headings < len(paragraphs):
        first = paragraphs[-1].sentences[0]
        room = min(window // 2, window - paragraphs[-1].tokens.count(first.start, first.end))
        load = 0
        while alone and load + counts[alone - 1] <= room:
            alone -= 1
            load += counts[alone]
    pieces: list[Piece] = []
    for number in [*range(alone), *range(headings, len(paragraphs))]:
        start = paragraphs[number].start
        lead = text[paragraphs[alone].start : start] if number == headings else ""
        load = sum(counts[alone:headings]) if lead else 0
        groups = _fitting(paragraphs[number], lead, load, tokenize, window)
        for part, group in enumerate(groups):
            pieces.append(
                Piece(
                    number,
                    start + group[0].start if part else start - len(lead),
                    tuple(Span(start + s.start, start + s.end) for s in group),
                )
            )
    return tuple(pieces)


def _fitting(
    paragraph: _RunParagraph, lead: str, lead_tokens: int, tokenize: Tokenize, window: int
) -> list[list[Span]]:
    """The sentences of a paragraph, grouped into passages that fit the window also by themselves.

    ``lead`` are the headings at the front of the first, of ``lead_tokens``. A word that is cut can have more
    tokens than it had whole: the cuts are then made closer together.
    """
    text, tokens = paragraph.text, paragraph.tokens
    groups: list[list[Span]] = []
    limit = window
    while True:
        pieces = [
            piece for sentence in paragraph.sentences for piece in _pieces(text, sentence, tokens, limit)
        ]
        groups = list(_pack(pieces, tokens, limit, lead_tokens))
        alone = [text[group[0].start : group[-1].end] for group in groups]
        alone[:1] = [lead + first for first in alone[:1]]
        fits = (len(groups) == 1 and not lead) or all(len(spans) <= window for spans in tokenize(alone))
        if fits or limit == 1:
            break
        limit = limit * 7 // 8
    return groups


class Tokens:
    """The tokens of a paragraph, ``spans`` of shape (tokens, 2), to be looked up by place."""

    def __init__(self, spans: TokenSpans) -> None:
        self._starts = np.ascontiguousarray(np.maximum.accumulate(spans[:, 0]))
        self._ends = np.ascontiguousarray(np.maximum.accumulate(spans[:, 1]))

    def __len__(self) -> int:
        return len(self._starts)

    def count(self, start: int, end: int) -> int:
        """How many tokens stand, in part at least, in a span."""
        return max(self._before(end) - self._after(start), 0)

    def beyond(self, start: int, count: int) -> int:
        """Where the token starts that follows ``count`` tokens from ``start`` on."""
        return int(self._starts[self._after(start) + count])

    def _before(self, end: int) -> int:
        return int(np.searchsorted(self._starts, end, side="left"))

    def _after(self, start: int) -> int:
        return int(np.searchsorted(self._ends, start, side="right"))


def _pieces(text: str, sentence: Span, tokens: Tokens, window: int) -> Iterator[Span]:
    """The sentence itself, or where it is too long, pieces of it that fit."""
    start = sentence.start
    while tokens.count(start, sentence.end) > window:
        limit = tokens.beyond(start, window)
        cut = _last_end(_CLAUSE_END, text, start, limit) or _last_end(_WORD_END, text, start, limit) or limit
        cut = max(cut, start + 1)
        piece = trimmed(text, start, cut)
        if piece is not None:
            yield piece
        start = cut
    rest = trimmed(text, start, sentence.end)
    if rest is not None:
        yield rest


def _last_end(pattern: re.Pattern[str], text: str, start: int, limit: int) -> int | None:
    ends = [match.end() for match in pattern.finditer(text, start, limit)]
    return ends[-1] if ends and trimmed(text, start, ends[-1]) else None


def _pack(sentences: Sequence[Span], tokens: Tokens, window: int, lead: int) -> Iterator[list[Span]]:
    """Groups consecutive sentences into as few passages as fit, of about equal length.

    ``lead`` tokens stand before the first.
    """
    counts = [tokens.count(sentence.start, sentence.end) for sentence in sentences]
    total = lead + sum(counts)
    target = total / -(-total // window) if total else window
    group: list[Span] = []
    load = lead
    for sentence, count in zip(sentences, counts, strict=True):
        too_long = load + count > window
        far_enough = load + count / 2 > target
        if group and (too_long or far_enough):
            yield group
            group, load = [], 0
        group.append(sentence)
        load += count
    if group:
        yield group
