"""The terms that words are counted by: lower-cased, stemmed, without the small words."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import NamedTuple

import Stemmer

from index.language.tables import STOP_WORDS
from index.language.word_keys import WORD, word_key

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


_AT_ONCE = 100_000  # terms whose numbers are put in other numbers' place at once
_NONE, _SEVERAL = -1, -2  # for the number of a key: a small word has none, another may have several


class LocatedTerms(NamedTuple):
    """The terms of a text in order, as numbers: a long text has millions.

    Attributes:
        vocabulary: The distinct terms, ascending.
        starts: Where each term of the text starts, in code points, ascending.
        places: The place of each in the vocabulary.
        words: The distinct words of the text, as they stand there, in order.
    """

    vocabulary: tuple[str, ...]
    starts: array[int]
    places: array[int]
    words: tuple[str, ...]


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
        keys = (key for match in WORD.finditer(text) for _, key in _keys(match[0], self._stop_words))
        return self._stems([key for key in keys if self._counts(key, shouts=shouts)])

    def located_terms(self, text: str) -> LocatedTerms:
        """The terms of a text with the places where they start.

        What may be one number or several ("120 350") has the terms of both.
        """
        starts, numbers = array("i"), array("i")
        keys: dict[str, int] = {}
        numbers_of: dict[str, int] = {}  # of each word's key: words recur, and each is looked at once
        for match in WORD.finditer(text):
            word = match[0]
            number = numbers_of.get(word, _SEVERAL)
            if number == _SEVERAL:
                own_keys = [
                    (offset, keys.setdefault(key, len(keys)) if self._counts(key) else _NONE)
                    for offset, key in _keys(word, self._stop_words, parts=True)
                ]
                numbers_of[word] = own_keys[0][1] if len(own_keys) == 1 else _SEVERAL
                for offset, one in own_keys:
                    if one != _NONE:
                        starts.append(match.start() + offset)
                        numbers.append(one)
            elif number != _NONE:
                starts.append(match.start())
                numbers.append(number)
        stems = self._stems(list(keys))
        vocabulary = tuple(sorted(set(stems)))
        place_of = {term: place for place, term in enumerate(vocabulary)}
        places = [place_of[stem] for stem in stems]
        for at in range(0, len(numbers), _AT_ONCE):  # in place: of a long text they are tens of megabytes
            numbers[at : at + _AT_ONCE] = array("i", (places[one] for one in numbers[at : at + _AT_ONCE]))
        return LocatedTerms(vocabulary, starts, numbers, tuple(numbers_of))

    def _counts(self, key: str, *, shouts: bool = False) -> bool:
        return (key.lower() if shouts else key) not in self._stop_words

    def _stems(self, words: list[str]) -> list[str]:
        return self._stemmer.stemWords(words) if self._stemmer else words


def _keys(word: str, small: frozenset[str], *, parts: bool = False) -> Iterator[tuple[int, str]]:
    """The keys of a word, and where each starts in it.

    A small word that is written as an acronym (the WHO) is none. Chinese and Japanese have a key for each two
    characters, as Lucene's analyzer for them has.
    """
    if word.isascii() or not _IS_UNSPACED.search(word):
        key = word_key(word)
        yield 0, (key.upper() if len(word) > 1 and key in small and word.isupper() else key)
        if parts and " " in word:
            yield from ((one.start(), one[0]) for one in _DIGITS.finditer(word))
        return
    for run in _RUNS.finditer(word):
        if not _IS_UNSPACED.match(run[0]) or len(run[0]) == 1:
            yield run.start(), word_key(run[0])
            continue
        for at in range(len(run[0]) - 1):
            yield run.start() + at, run[0][at : at + 2]


def count_words(text: str) -> int:
    """How many words a text has; of Chinese and Japanese, each character counts as one."""
    count = 0
    for match in WORD.finditer(text):
        characters = 0 if match[0].isascii() else len(_IS_UNSPACED.findall(match[0]))
        count += characters or 1
    return count
