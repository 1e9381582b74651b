"""What an article says in its own voice: its text with the quotations blanked out, its sentences."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import attrgetter

from index.language.quotations import Quotation
from index.language.tables import (
    ABBREVIATIONS,
    AFTER_QUOTE,
    CALENDAR,
    INTRODUCING,
    PREPOSITIONS,
    SUBORDINATORS,
    TELLING,
    UPPER,
    alternation,
)
from index.model.article import Article, Span, Spans

QUOTATION_CHAR = "\ue000"
"""Stands in the narration for each character of a quotation, so that places in it are places in the text."""

PHRASE_CHARS = 150
"""The longest phrase that is looked for before a subject: In June 2019, after … , he …"""

_TOKEN = re.compile(
    rf"\b(?:(?:[A-Z]\.){{2,}}|(?:Mrs?|Ms|Dr|Prof|Sen|Rep|Gov|Gen|St|[A-Z])\.(?=\s))"
    rf"|\w+(?:[’'.&-]\w+)*[’']?|{QUOTATION_CHAR}+|[^\w\s]"
)
_WORD = re.compile(r"\w+")
_WINDOW = 16_384  # characters that are narrated at once: most of what is asked for next stands nearby
_BEHIND = 2_048  # of them before what is asked for
_REACH = 400  # how far a match that may run on is looked for
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]")
_BREAK = re.compile(rf"[.!?…{QUOTATION_CHAR}][)\]]{{0,2}}\s+")
_TAG = re.compile(rf"(?<!\s)\s++(?>(?:[{UPPER}][\w’'.-]*+\s++){{1,4}})([a-z]++)\b")
_PAUSE = re.compile(
    rf"(?<!\s)\s*+(?:[.,;:!?—–){QUOTATION_CHAR}]"
    rf"|\b(?:{alternation(PREPOSITIONS | SUBORDINATORS | CALENDAR)}|of|\w+ly)\b)"
)
_start = attrgetter("start")


class Narration:
    """The narration of an article: its text with every quotation blanked out, all offsets the article's own.

    Of a long article only a window is held at a time.
    """

    def __init__(self, article: Article, quotations: Sequence[Quotation]) -> None:
        self._original = article.text
        self._paragraphs = article.paragraphs
        self._quotations = quotations
        self._window = (0, "")  # where it starts, and what it has

    def within(self, start: int, end: int) -> str:
        """The narration from ``start`` to ``end``, or to where the article ends."""
        start, end = max(start, 0), min(end, len(self._original))
        first, window = self._window
        if not (first <= start and end <= first + len(window)):
            if end - start > _WINDOW - _BEHIND:
                return self._blanked(start, end)
            first = max(start - _BEHIND, 0)
            window = self._blanked(first, min(first + _WINDOW, len(self._original)))
            self._window = (first, window)
        return window[start - first : max(end, start) - first]

    def _blanked(self, start: int, end: int) -> str:
        before = max(bisect_right(self._quotations, start, key=_start) - 1, 0)
        after = bisect_left(self._quotations, end, key=_start)
        parts: list[str] = []
        for quotation in self._quotations[before:after]:
            first, last = max(quotation.start, start), min(quotation.end, end)
            if first < last:
                parts += self._original[start:first], QUOTATION_CHAR * (last - first)
                start = last
        return "".join([*parts, self._original[start:end]])

    def has(self, words: str, at: int) -> bool:
        """Whether some words stand at an offset."""
        return self.within(at, at + len(words)) == words

    def match(self, pattern: re.Pattern[str], at: int, end: int | None = None) -> re.Match[str] | None:
        """The match of a pattern at an offset, as far as it is near, and not beyond ``end``."""
        limit = at + _REACH if end is None else min(end, at + _REACH)
        first = max(at - 1, 0)  # the character before tells whether a word starts there
        return pattern.match(self.within(first, limit), at - first)

    def finditer(self, pattern: re.Pattern[str], start: int, end: int) -> Iterator[tuple[int, re.Match[str]]]:
        """The matches of a pattern between two offsets, and where each starts."""
        first = max(start - 1, 0)
        for match in pattern.finditer(self.within(first, end), start - first):
            yield first + match.start(), match

    def forget_tokens(self) -> None:
        """Lets go of what is large; it is made again if it is asked for."""
        self.__dict__.pop("tokens", None)

    @cached_property
    def sentences(self) -> Spans:
        """The narration's sentences: those inside a quotation are not told apart."""
        return Spans(self._sentences())

    def _sentences(self) -> Iterator[Span]:
        for paragraph in self._paragraphs:
            start = paragraph.start
            for at, mark in self.finditer(_BREAK, paragraph.start, paragraph.end):
                following = at + len(mark[0])
                if self._ends_sentence(at, following):
                    yield Span(start, at + 1)
                    start = following
            yield Span(start, paragraph.end)

    @cached_property
    def tokens(self) -> Spans:
        """The tokens of the sentences that may say who speaks: of a long article, those are few."""
        return Spans(
            Span(at, at + len(token[0]))
            for sentence in self.sentences
            if not TELLING.isdisjoint(_WORD.findall(self.within(sentence.start, sentence.end)))
            for at, token in self.finditer(_TOKEN, sentence.start, sentence.end)
        )

    def tokens_from(self, start: int, count: int) -> list[Span]:
        """At most ``count`` tokens from ``start`` on."""
        number = bisect_left(self.tokens.starts, start)
        return self.tokens[number : number + count]

    def tokens_before(self, number: int, count: int) -> list[Span]:
        """At most ``count`` tokens before the token ``number``, of its own sentence."""
        first = self.sentence_at(self.tokens.starts[number]).start
        return self.tokens[max(bisect_left(self.tokens.starts, first), number - count) : number]

    def sentence_at(self, offset: int) -> Span:
        """The sentence that holds ``offset``, or the last one before it."""
        return self.sentences[bisect_right(self.sentences.starts, offset) - 1]

    def paragraph_number_at(self, offset: int) -> int:
        """The number, from 0, of the paragraph that holds ``offset``."""
        return bisect_right(self._paragraphs.starts, offset) - 1

    def words_of(self, start: int, end: int) -> str:
        """The article's own words there, with single spaces between them."""
        return " ".join(self._original[start:end].split())

    def pauses(self, at: int, end: int | None = None) -> bool:
        """Whether a name that ends at ``at`` ends there: a mark, a preposition or the like follows."""
        return self.match(_PAUSE, at, end) is not None

    def is_introduced(self, start: int, at: int) -> bool:
        """Whether nothing but a phrase ("In June,") or a quotation stands between ``start`` and ``at``."""
        before = self.within(max(start, at - PHRASE_CHARS), at).rstrip()
        if not before or before.rstrip(",").endswith(QUOTATION_CHAR):  # “We are full,” she said.
            return True
        short = at - start < PHRASE_CHARS
        return before[-1] == "," and short and before.split()[0].lower().strip(",") in INTRODUCING

    def _ends_sentence(self, at: int, following: int) -> bool:
        """Whether a sentence ends with the mark at ``at``, if the next word is at ``following``."""
        after = self.within(following, following + 1)
        mark = self.within(at, at + 1)
        if not (after.isupper() or after.isdigit() or after in f"{QUOTATION_CHAR}(["):
            return False  # e.g. “Who?” she said.
        if mark == QUOTATION_CHAR:
            last = self._original[
                at - self._quotations[bisect_right(self._quotations, at, key=_start) - 1].closed
            ]
            tag = self.match(_TAG, at + 1)  # “Stop!” Khan said.
            tagged = tag and tag[1] in AFTER_QUOTE and self.pauses(at + 1 + len(tag[0]))
            return last == "." or (last in "!?…" and not tagged)
        words = self.within(at - 30, at).split()
        if mark != "." or not words:
            return True  # Stop! He …
        last_word = words[-1]
        of_name = len(words) == 1 or words[-2][0].isupper()
        initial = len(last_word) == 1 and last_word.isupper() and of_name  # George W. Bush
        return not (initial or last_word in ABBREVIATIONS or _INITIALS.fullmatch(last_word))  # Mr. Bell, U.S.
