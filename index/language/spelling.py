"""Slips of a question, held against the article's own words."""

from __future__ import annotations

import re
from itertools import chain, islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

_SHORTEST = 4
"""The shortest word that is set right: below, one edit away is another word more often than a slip."""

_ONE_EDIT = 7
"""The longest word of one edit; two in a word of eight letters leave it as much itself as one in four."""

_VOCABULARY = 100_000
"""Distinct words that are looked through: a book has a fifth of them, and 32 slips take half a second."""

_WORD = re.compile(r"[^\W\d_]+")


class Speller:
    """Finds the article's word that a question's misspelt word stands for.

    Args:
        text: The article.
    """

    def __init__(self, text: str) -> None:
        written = dict.fromkeys(_WORD.findall(text))
        self._words: dict[str, str] = {}
        for word in written:
            if len(word) >= _SHORTEST:
                self._words.setdefault(word.lower(), word)
        self._names = {word.lower() for word in written if word[0].isupper()} - written.keys()
        self._looked_through = list(islice(self._words, _VOCABULARY))
        self._numbers: dict[tuple[str, int], list[int]] = {}  # in that list, by first letter and length
        for number, word in enumerate(self._looked_through):
            self._numbers.setdefault((word[0], len(word)), []).append(number)

    def __contains__(self, word: str) -> bool:
        return word.lower() in self._words

    def is_name(self, word: str) -> bool:
        """Whether the text has a word with a capital only, in whatever case it is given."""
        return word.lower() in self._names

    def correct(self, word: str) -> str | None:
        """The article's word nearest to ``word``, or None where none is near enough.

        Near enough: one edit (optimal string alignment: a letter added, lost, changed or two swapped)
        in up to seven letters, two in longer words, with the first letter right.
        """
        slip = word.lower()
        if len(slip) < _SHORTEST or not slip.isalpha() or slip in self._words:
            return None
        allowed = 1 if len(slip) <= _ONE_EDIT else 2
        lengths = range(len(slip) - allowed, len(slip) + allowed + 1)
        numbers = chain.from_iterable(self._numbers.get((slip[0], length), ()) for length in lengths)
        near = [self._looked_through[number] for number in sorted(numbers)]
        nearest = process.extractOne(slip, near, scorer=OSA.distance, score_cutoff=allowed)
        return self._words[nearest[0]] if nearest else None
