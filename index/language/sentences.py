"""Where a paragraph's sentences end. The only module that imports sentencex."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import sentencex

from index.language.abbreviations import goes_on
from index.language.marks import unmarked
from index.language.word_keys import UNSEEN_CHARS
from index.model.article import Span

QUOTATION_MARKS = '“”„‟«»"'  # double marks only: ’ is an apostrophe far more often than a mark
_AT_ONCE = 3_000
"""How many characters sentencex is shown at once: an encyclopaedia's longest of 227 paragraphs has 2,078.

It pairs quotation marks and brackets in time that grows with the square of the text: 1.1 s for 12,000
characters of “‚《”, the worst pair found.
"""

_ENDING = re.compile(r"[。！？｡]++[」』）》〉】”’\"]*+|[؟۔।॥](?=\s)")
"""What ends a sentence whatever follows; sentencex wants a letter after it."""

_ENGLISH_WORD = re.compile(
    r"(?<![\w.'’-])(?:(?:me|no|ok|art|ill|fed|ore|miss)\.|OK\.|May\.|No\.(?=\s++(?:[A-Z][a-z]|I\b)))\s++(?=[A-Z])"
)
"""Words that sentencex takes for abbreviations before a capital: "Pay me. I wait", but Maine is "Me."."""

_WHITE_BEFORE = re.compile(rf"[\s{UNSEEN_CHARS}]++")

_WIDE_SPACE_BEFORE_STOP = re.compile(r"[^\S\x00-\x7f](?=\.)")  # sentencex panics on “B” and such a space
_BLANKS = str.maketrans(dict.fromkeys(QUOTATION_MARKS, " "))


def split_sentences(text: str, language: str = "en") -> tuple[Span, ...]:
    """Cuts a paragraph into sentences, also inside quoted speech; white space around them is left out.

    sentencex (Wikimedia's segmenter) finds the ends. It keeps a quotation in one piece however many
    sentences it holds, so it is shown the text with its quotation marks blanked out; a closing mark
    then stays with the sentence that it closes, an opening one goes with the sentence it opens.

    Args:
        text: The paragraph.
        language: ISO 639-1 code of its language.

    Returns:
        The sentences in order, in code points of the text; none of a text of nothing but white space.
    """
    plain = _WIDE_SPACE_BEFORE_STOP.sub(" ", unmarked(text).translate(_BLANKS))
    starts = [0]
    words_end = last_end = 0  # where the words end of what is seen, white space and marks left out
    for end in _ends(text, plain, language):
        if words := plain[last_end:end].rstrip():
            words_end = last_end + len(words)
        last_end = end
        if words_end <= starts[-1]:
            continue  # nothing but space and marks: they open the next sentence
        if goes_on(plain, starts[-1], words_end, language):
            continue
        cut = words_end
        while cut < end and text[cut] in QUOTATION_MARKS:
            cut += 1
        if cut > words_end and text[end : end + 1].islower():
            continue  # “Who?” she said.
        starts.append(cut)
    pieces = zip(starts, [*starts[1:], len(text)], strict=True)
    spans = [span for start, end in pieces if (span := _seen(text, start, end)) is not None]
    if not spans:  # nothing that is seen, of which more than white space is one sentence all the same
        spans = [span for span in (trimmed(text, 0, len(text)),) if span is not None]
    return tuple(_with_stray_marks(text, spans))


def _ends(text: str, plain: str, language: str) -> list[int]:
    """Where a sentence may end, the text's end included: by sentencex, or by what ends every one."""
    ends = {*_ends_by_sentencex(plain, language), *(mark.end() for mark in _ENDING.finditer(text))}
    if language.lower().startswith("en"):
        ends.update(word.end() for word in _ENGLISH_WORD.finditer(plain))
    return sorted(ends)


def _ends_by_sentencex(text: str, language: str) -> Iterator[int]:
    start = 0
    while start < len(text):
        part = text[start : start + _AT_ONCE]
        ends = [boundary["end_index"] for boundary in sentencex.get_sentence_boundaries(language, part)]
        last = start + len(part)
        if last < len(text):
            ends = [end for end in ends if end < len(part)]  # the part's end is no sentence's
        yield from (start + end for end in ends)
        start = start + ends[-1] if ends and last < len(text) else last


def trimmed(text: str, start: int, end: int) -> Span | None:
    """The span without the white space around it; None where it holds nothing else."""
    words = text[start:end].lstrip()
    first = end - len(words)
    return Span(first, first + len(words.rstrip())) if words else None


def _seen(text: str, start: int, end: int) -> Span | None:
    """The span without what is white around it, seen or not; None where it holds nothing else."""
    words = text[start:end]
    opening, closing = _WHITE_BEFORE.match(words), _WHITE_BEFORE.match(words[::-1])
    first = start + (opening.end() if opening else 0)
    return Span(first, end - (closing.end() if closing else 0)) if first < end else None


def _with_stray_marks(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Joins a piece without a letter or digit to the sentence before it (or, if first, after it)."""
    start: int | None = None  # of the sentence at hand
    worded = False
    end = 0
    for span in spans:
        has_words = any(map(str.isalnum, span.of(text)))
        if start is not None and has_words and worded:
            yield Span(start, end)
            start, worded = span.start, False
        elif start is None:
            start = span.start
        end = span.end
        worded = worded or has_words
    if start is not None:
        yield Span(start, end)
