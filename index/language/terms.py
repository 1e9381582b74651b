"""The terms that words are counted by: lower-cased, stemmed, without the small words."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import Stemmer

from index.language.tables import STOP_WORDS
from index.model.article import Span

WORD = re.compile(r"\w+(?:[.,]\d+)*")
"""A word, or a number with its decimals or thousands."""

_STEMMERS = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french",
    "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip


class LocatedTerms(NamedTuple):
    """The terms of a text in order, and where each starts, in code points: ``starts`` ascends."""

    starts: list[int]
    terms: list[str]

    def within(self, spans: Sequence[Span]) -> list[list[str]]:
        """The terms of each span of the text."""
        return [
            self.terms[bisect_left(self.starts, span.start) : bisect_left(self.starts, span.end)]
            for span in spans
        ]


class Analyzer:
    """Text -> the terms that BM25 counts: lower-cased, English stop words left out, stemmed (Snowball).

    Args:
        language: ISO 639-1 code of the article's language; where Snowball has no stemmer for it, words
            are counted as they stand.
    """

    def __init__(self, language: str = "en") -> None:
        name = _STEMMERS.get(language.partition("-")[0].lower())
        self._stemmer = Stemmer.Stemmer(name) if name else None
        self._stop_words = STOP_WORDS if name in (None, "english") else frozenset[str]()

    def terms(self, text: str) -> list[str]:
        """The terms of a text in order, repeats included."""
        return self._stems([word for word in WORD.findall(text.lower()) if word not in self._stop_words])

    def located_terms(self, text: str) -> LocatedTerms:
        """The terms of a text with the places where they start."""
        starts: list[int] = []
        words: list[str] = []
        for match in WORD.finditer(text):
            word = match[0].lower()
            if word not in self._stop_words:
                starts.append(match.start())
                words.append(word)
        return LocatedTerms(starts, self._stems(words))

    def _stems(self, words: list[str]) -> list[str]:
        return self._stemmer.stemWords(words) if self._stemmer else words
