"""Article -> passages: whole sentences, true offsets, within the embedding model's window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import sentencex

from index.models import Article, Paragraph, Passage, Sentence, Span

TokenSpans = npt.NDArray[np.int32]
"""Shape (tokens, 2): where each token starts and ends, in code points of its text."""

Tokenize = Callable[[Sequence[str]], list[TokenSpans]]
"""The embedding model's own tokenizer: the token spans of each text, special tokens left out."""

QUOTATION_MARKS = '“”„‟«»"'  # double marks only: ’ is an apostrophe far more often than a mark
_MASK = str.maketrans(dict.fromkeys(QUOTATION_MARKS, " "))
_TAIL = re.compile(rf"[\s{QUOTATION_MARKS}]*\Z")
_CLOSING = re.compile(rf"[{QUOTATION_MARKS}]*")
_CLAUSE_END = re.compile(r"[;:,–—)\]](?=\s)|\s(?=[–—(\[])")
_WORD_END = re.compile(r"\S(?=\s)")


def split_sentences(text: str, language: str = "en") -> tuple[Span, ...]:
    """Cuts a paragraph into sentences, also inside quoted speech; white space around them is left out.

    sentencex (Wikimedia's segmenter) finds the ends. It keeps a quotation in one piece however many
    sentences it holds, so it is shown the text with its quotation marks blanked out; a closing mark
    then stays with the sentence that it closes, an opening one goes with the sentence it opens.
    """
    masked = text.translate(_MASK)
    starts = [0]
    for boundary in sentencex.get_sentence_boundaries(language, masked):
        end = boundary["end_index"]
        tail = _TAIL.search(text, starts[-1], end)
        if tail is None or tail.start() == starts[-1]:
            continue  # nothing but space and marks: they open the next sentence
        cut = _CLOSING.match(text, tail.start(), end)
        if cut and cut[0] and text[end : end + 1].islower():
            continue  # “Who?” she said.
        starts.append(cut.end() if cut else end)
    pieces = zip(starts, [*starts[1:], len(text)], strict=True)
    spans = [span for start, end in pieces if (span := _trimmed(text, start, end)) is not None]
    return tuple(_with_stray_marks(text, spans))


def chunk(article: Article, tokenize: Tokenize, window: int) -> tuple[Passage, ...]:
    """Cuts an article into passages of whole sentences.

    A paragraph that fits is one passage; a longer one is cut between sentences into passages of
    about equal length; a sentence that is longer than the window is cut at the ends of clauses (then of
    words, then anywhere) and its pieces count as sentences.

    Args:
        article: What to cut.
        tokenize: The embedding model's tokenizer.
        window: How many tokens of a text the model sees, special tokens left out; at least 1.

    Returns:
        Passages that partition the text, in order.
    """
    paragraphs = article.paragraphs
    token_spans = tokenize([paragraph.of(article.text) for paragraph in paragraphs])
    groups: list[tuple[Paragraph, int, list[Span]]] = []
    for paragraph, tokens in zip(paragraphs, token_spans, strict=True):
        groups += [
            (paragraph, part, group)
            for part, group in enumerate(
                _fitting(paragraph.of(article.text), article.language, tokens, tokenize, window), 1
            )
        ]
    starts = [0, *(p.start + group[0].start for p, _, group in groups[1:]), len(article.text)]
    parts = {paragraph.number: part for paragraph, part, _ in groups}
    return tuple(
        Passage(
            start=starts[number],
            end=starts[number + 1],
            id=f"p{paragraph.number}" if parts[paragraph.number] == 1 else f"p{paragraph.number}.{part}",
            number=number,
            paragraph=paragraph.number,
            sentences=tuple(
                Sentence(paragraph.start + s.start, paragraph.start + s.end, paragraph.number, number)
                for s in group
            ),
        )
        for number, (paragraph, part, group) in enumerate(groups)
    )


def _fitting(
    text: str, language: str, tokens: TokenSpans, tokenize: Tokenize, window: int
) -> list[list[Span]]:
    """The sentences of a paragraph, grouped into passages that fit the window also by themselves.

    A word that is cut can have more tokens than it had whole: the cuts are then made closer together.
    """
    sentences = split_sentences(text, language)
    groups: list[list[Span]] = []
    for limit in range(window, 0, -1):
        pieces = [piece for sentence in sentences for piece in _pieces(text, sentence, tokens, limit)]
        groups = list(_pack(pieces, [_count(tokens, p.start, p.end) for p in pieces], limit))
        if len(groups) == 1 or all(
            len(alone) <= window for alone in tokenize([text[g[0].start : g[-1].end] for g in groups])
        ):
            break
    return groups


def _trimmed(text: str, start: int, end: int) -> Span | None:
    words = text[start:end].strip()
    if not words:
        return None
    first = text.index(words, start)
    return Span(first, first + len(words))


def _with_stray_marks(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Joins a piece without a letter or digit to the sentence before it (or, if first, after it)."""
    held: Span | None = None
    for span in spans:
        if held is None:
            held = span
        elif _has_words(text, span) and _has_words(text, held):
            yield held
            held = span
        else:
            held = Span(held.start, span.end)
    if held is not None:
        yield held


def _has_words(text: str, span: Span) -> bool:
    return any(char.isalnum() for char in span.of(text))


def _count(tokens: TokenSpans, start: int, end: int) -> int:
    return int(np.count_nonzero((tokens[:, 0] < end) & (tokens[:, 1] > start)))


def _pieces(text: str, sentence: Span, tokens: TokenSpans, window: int) -> Iterator[Span]:
    """The sentence itself, or where it is too long, pieces of it that fit."""
    start = sentence.start
    while _count(tokens, start, sentence.end) > window:
        inside = tokens[(tokens[:, 0] < sentence.end) & (tokens[:, 1] > start)]
        limit = int(inside[window, 0])  # the first token that no longer fits
        cut = _last_end(_CLAUSE_END, text, start, limit) or _last_end(_WORD_END, text, start, limit) or limit
        cut = max(cut, start + 1)
        piece = _trimmed(text, start, cut)
        if piece is not None:
            yield piece
        start = cut
    rest = _trimmed(text, start, sentence.end)
    if rest is not None:
        yield rest


def _last_end(pattern: re.Pattern[str], text: str, start: int, limit: int) -> int | None:
    ends = [match.end() for match in pattern.finditer(text, start, limit)]
    return ends[-1] if ends and _trimmed(text, start, ends[-1]) else None


def _pack(sentences: Sequence[Span], counts: Sequence[int], window: int) -> Iterator[list[Span]]:
    """Groups consecutive sentences into as few passages as fit, of about equal length."""
    target = sum(counts) / -(-sum(counts) // window) if sum(counts) else window
    group: list[Span] = []
    held = 0
    for sentence, count in zip(sentences, counts, strict=True):
        too_long = held + count > window
        far_enough = held + count / 2 > target
        if group and (too_long or far_enough):
            yield group
            group, held = [], 0
        group.append(sentence)
        held += count
    if group:
        yield group
