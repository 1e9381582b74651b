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
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]")
_BREAK = re.compile(rf"[.!?…{QUOTATION_CHAR}][)\]]{{0,2}}\s+")
_TAG = re.compile(rf"(?<!\s)\s++(?>(?:[{UPPER}][\w’'.-]*+\s++){{1,4}})([a-z]++)\b")
_PAUSE = re.compile(
    rf"(?<!\s)\s*+(?:[.,;:!?—–){QUOTATION_CHAR}]"
    rf"|\b(?:{alternation(PREPOSITIONS | SUBORDINATORS | CALENDAR)}|of|\w+ly)\b)"
)
_start = attrgetter("start")


class Narration:
    """The narration of an article. ``text`` has the offsets of the article's own."""

    def __init__(self, article: Article, quotations: Sequence[Quotation]) -> None:
        self._original = article.text
        self._paragraphs = article.paragraphs
        self._quotations = quotations

    @cached_property
    def text(self) -> str:
        """The text with every quotation blanked out, offsets unchanged."""
        return self._blanked(self._quotations, 0, len(self._original))

    def within(self, start: int, end: int) -> str:
        """What ``text`` has from ``start`` to ``end``; all of it is not made for that."""
        text: str | None = self.__dict__.get("text")
        if text is not None:
            return text[start:end]
        first = max(bisect_right(self._quotations, start, key=_start) - 1, 0)
        last = bisect_left(self._quotations, end, key=_start)
        return self._blanked(self._quotations[first:last], start, end)

    def _blanked(self, quotations: Sequence[Quotation], start: int, end: int) -> str:
        parts: list[str] = []
        for quotation in quotations:
            first, last = max(quotation.start, start), min(quotation.end, end)
            if first < last:
                parts += self._original[start:first], QUOTATION_CHAR * (last - first)
                start = last
        return "".join([*parts, self._original[start:end]])

    def forget_text(self) -> None:
        """Lets go of what is as large as the text; it is made again if it is asked for."""
        self.__dict__.pop("text", None)
        self.__dict__.pop("tokens", None)

    @cached_property
    def sentences(self) -> Spans:
        """The narration's sentences: those inside a quotation are not told apart."""
        return Spans(self._sentences())

    def _sentences(self) -> Iterator[Span]:
        for paragraph in self._paragraphs:
            start = paragraph.start
            for mark in _BREAK.finditer(self.text, paragraph.start, paragraph.end):
                if self._ends_sentence(mark.start(), mark.end()):
                    yield Span(start, mark.start() + 1)
                    start = mark.end()
            yield Span(start, paragraph.end)

    @cached_property
    def tokens(self) -> Spans:
        """The tokens of the sentences that may say who speaks: of a long article, those are few."""
        return Spans(
            Span(*token.span())
            for sentence in self.sentences
            if not TELLING.isdisjoint(_WORD.findall(self.text, sentence.start, sentence.end))
            for token in _TOKEN.finditer(self.text, sentence.start, sentence.end)
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
        return _PAUSE.match(self.text, at, len(self.text) if end is None else end) is not None

    def is_introduced(self, start: int, at: int) -> bool:
        """Whether nothing but a phrase ("In June,") or a quotation stands between ``start`` and ``at``."""
        before = self.within(max(start, at - PHRASE_CHARS), at).rstrip()
        if not before or before.rstrip(",").endswith(QUOTATION_CHAR):  # “We are full,” she said.
            return True
        short = at - start < PHRASE_CHARS
        return before[-1] == "," and short and before.split()[0].lower().strip(",") in INTRODUCING

    def _ends_sentence(self, at: int, following: int) -> bool:
        """Whether a sentence ends with the mark at ``at``, if the next word is at ``following``."""
        after = self.text[following : following + 1]
        if not (after.isupper() or after.isdigit() or after in f"{QUOTATION_CHAR}(["):
            return False  # e.g. “Who?” she said.
        if self.text[at] == QUOTATION_CHAR:
            last = self._original[
                at - self._quotations[bisect_right(self._quotations, at, key=_start) - 1].closed
            ]
            tag = _TAG.match(self.text, at + 1)  # “Stop!” Khan said.
            tagged = tag and tag[1] in AFTER_QUOTE and self.pauses(tag.end())
            return last == "." or (last in "!?…" and not tagged)
        words = self.text[max(0, at - 30) : at].split()
        if self.text[at] != "." or not words:
            return True  # Stop! He …
        last_word = words[-1]
        of_name = len(words) == 1 or words[-2][0].isupper()
        initial = len(last_word) == 1 and last_word.isupper() and of_name  # George W. Bush
        return not (initial or last_word in ABBREVIATIONS or _INITIALS.fullmatch(last_word))  # Mr. Bell, U.S.
