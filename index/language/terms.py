"""The terms that words are counted by: lower-cased, stemmed, without the small words."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import Stemmer

from index.language.tables import STOP_WORDS
from index.language.word_keys import WORD, word_key
from index.model.article import Span

_DENSE_SCRIPTS = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""The characters of Chinese and Japanese, which put no space between words."""

_RUNS = re.compile(rf"[{_DENSE_SCRIPTS}]+|[^{_DENSE_SCRIPTS}]+")
_DIGITS = re.compile(r"\d+")
_IS_UNSPACED = re.compile(rf"[{_DENSE_SCRIPTS}]")

_STEMMERS = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french",
    "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip


class LocatedTerms(NamedTuple):
    """The terms of a text in order, and where each starts, in code points: ``starts`` ascends."""

    starts: Sequence[int]
    terms: list[str]

    def within(self, spans: Iterable[Span]) -> Iterator[list[str]]:
        """The terms of each span of the text."""
        for span in spans:
            yield self.terms[bisect_left(self.starts, span.start) : bisect_left(self.starts, span.end)]


class Analyzer:
    """Text -> the terms that BM25 counts: lower-cased, English stop words left out, stemmed (Snowball).

    Args:
        language: ISO 639-1 code of the article's language; where Snowball has no stemmer for it, words
            are counted as they stand.

    Attributes:
        name: The stemmer's; "" where there is none. Terms compare where it is the same.
    """

    def __init__(self, language: str = "en") -> None:
        name = _STEMMERS.get(language.partition("-")[0].lower())
        self.name = name or ""
        self._stemmer = Stemmer.Stemmer(name) if name else None
        self._stop_words = STOP_WORDS if name in (None, "english") else frozenset[str]()

    def terms(self, text: str) -> list[str]:
        """The terms of a text in order, repeats included."""
        shouts = text.isupper()
        return self._stems(
            [key for _, key in _keys(text, self._stop_words) if self._counts(key, shouts=shouts)]
        )

    def located_terms(self, text: str) -> LocatedTerms:
        """The terms of a text with the places where they start.

        What may be one number or several ("120 350") has the terms of both.
        """
        starts, places = array("i"), array("i")
        vocabulary: dict[str, int] = {}  # a term recurs: there is one string for it, and it is stemmed once
        for start, key in _keys(text, self._stop_words, parts=True):
            if self._counts(key):
                starts.append(start)
                places.append(vocabulary.setdefault(key, len(vocabulary)))
        stems = self._stems(list(vocabulary))
        return LocatedTerms(starts, [stems[place] for place in places])

    def _counts(self, key: str, *, shouts: bool = False) -> bool:
        return (key.lower() if shouts else key) not in self._stop_words

    def _stems(self, words: list[str]) -> list[str]:
        return self._stemmer.stemWords(words) if self._stemmer else words


def _keys(text: str, small: frozenset[str], *, parts: bool = False) -> Iterator[tuple[int, str]]:
    """The keys of a text's words, and where each starts.

    A small word that is written as an acronym (the WHO) is none. Chinese and Japanese have a key for each two
    characters, as Lucene's analyzer for them has.
    """
    for match in WORD.finditer(text):
        word, start = match[0], match.start()
        if word.isascii() or not _IS_UNSPACED.search(word):
            key = word_key(word)
            yield start, (key.upper() if len(word) > 1 and key in small and word.isupper() else key)
            if parts and " " in word:
                yield from ((start + one.start(), one[0]) for one in _DIGITS.finditer(word))
            continue
        for run in _RUNS.finditer(word):
            if not _IS_UNSPACED.match(run[0]) or len(run[0]) == 1:
                yield start + run.start(), word_key(run[0])
                continue
            for at in range(len(run[0]) - 1):
                yield start + run.start() + at, run[0][at : at + 2]


def count_words(text: str) -> int:
    """How many words a text has; of Chinese and Japanese, each character counts as one."""
    count = 0
    for match in WORD.finditer(text):
        characters = 0 if match[0].isascii() else len(_IS_UNSPACED.findall(match[0]))
        count += characters or 1
    return count
