"""Words of a question held against the article's: written otherwise, misspelt, or another word altogether."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum, auto
from itertools import chain, islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.language.dictionaries import is_valid
from index.language.tables import TELLING_NOTHING
from index.language.word_keys import INVISIBLES, WORD, word_key

_SHORTEST = 4
"""The shortest word that is set right: below, one edit away is another word more often than a slip."""

_ONE_EDIT = 7
"""The longest word of one edit; two in a word of eight letters leave it as much itself as one in four."""

_VOCABULARY = 100_000
"""Distinct words that are looked through: a book has a fifth of them, and 32 slips take half a second."""

_COMPOUND = re.compile(r"(?<![\w-])[^\W\d_]++(?>(?:[-\u2010\u2011][^\W\d_]++)+)")
_HYPHENS = re.compile(r"[-\u2010\u2011]")
_SPACED_LETTERS = re.compile(r"[a-z\u0370-\u07ff\u1e00-\u1fff]+")
"""A key of a script whose words have letters that a slip can miss: in Chinese another one is another word."""

_SPELT_TWO_WAYS = (  # colour and color, centre and center, organise and organize, haemoglobin and hemoglobin
    (re.compile(r"our"), "or"),
    (re.compile(r"tre(?=s?$)"), "ter"),
    (re.compile(r"([iy])s(?=e|ing|ation)"), r"\1z"),
    (re.compile(r"[ao]e"), "e"),
    (re.compile(r"ll(?=e|ing)"), "l"),
    (re.compile(r"ence(?=s?$)"), "ense"),
    (re.compile(r"ogue(?=s?$)"), "og"),
    (re.compile(r"grey"), "gray"),
)
_OPPOSITES = (
    re.compile(r"^(?:hypo|hyper)"),
    re.compile(r"^(?:inter|intra)"),
    re.compile(r"^(?:ante|anti)"),
    re.compile(r"^(?:macro|micro|meso)"),
    re.compile(r"^(?:endo|exo|ecto)"),
    re.compile(r"^(?:pre|pro|per|post)"),
    re.compile(r"(?:[aiu]tes?|ides?)$"),  # nitrate, nitrite, nitride
    re.compile(r"(?:anes?|enes?|ynes?|ines?)$"),
    re.compile(r"(?:ee|er|or)s?$"),  # lessee, lessor
)
"""Beginnings and endings that make another thing of a word: no dictionary has all the words of a science."""

_ENDING = re.compile(r"(?:ations?|ian|ist|ism|ity|ies|ion|ing|ed|es|al|ic|ia|ly|an|[aesy])$")
"""What makes another form of one word, where it is all that two words differ in."""


class Relation(Enum):
    """What a question's word is to the article's word that is nearest to it."""

    SPELT_OTHERWISE = auto()
    SLIP = auto()
    ANOTHER_WORD = auto()


class Speller:
    """Finds the article's word that a question's word stands for.

    Args:
        text: The article.
        language: ISO 639-1 code of its language.
        words: Its distinct words in order, where they are known.
    """

    def __init__(self, text: str, language: str = "en", words: Collection[str] | None = None) -> None:
        self._language = language
        if words is None:
            words = dict.fromkeys(match[0] for match in WORD.finditer(text))
        self._forms = {word.lower() for word in words}
        self._words: dict[str, str] = {}
        self._acronyms: dict[str, str] = {}
        lower: set[str] = set()
        capital: set[str] = set()
        for word in words:
            key, plain = word_key(word), INVISIBLES.sub("", word)
            if _is_acronym(plain):
                self._acronyms.setdefault(key, plain)
            if not (_is_acronym(plain) and key in TELLING_NOTHING):  # "us" is not the U.S.
                self._words.setdefault(key, plain)
            (capital if plain[:1].isupper() else lower).add(key)
        self._names = capital - lower
        self._compounds: dict[str, str] = {}
        for compound in dict.fromkeys(match[0] for match in _COMPOUND.finditer(text)):
            self._compounds.setdefault(word_key(_HYPHENS.sub("", compound)), compound)
        readable = (key for key in self._words if len(key) >= _SHORTEST and _SPACED_LETTERS.fullmatch(key))
        self._looked_through = list(islice(readable, _VOCABULARY))
        self._numbers: dict[tuple[str, int], list[int]] = {}  # in that list, by first letter and length
        for number, key in enumerate(self._looked_through):
            self._numbers.setdefault((key[0], len(key)), []).append(number)

    def __contains__(self, word: str) -> bool:
        return bool(word) and word_key(word) in self._words

    def is_name(self, word: str) -> bool:
        """Whether the text has a word with a capital only, in whatever case it is given."""
        return bool(word) and word_key(word) in self._names

    def spelling(self, word: str) -> str | None:
        """How the article writes a word; None where it has it as it is given, or has it not.

        What counts is a word's key, see ``word_key``. An acronym (US, U.S.) is one only in capitals.
        """
        key = word_key(word)
        if _is_acronym(word):
            acronym = self._acronyms.get(key)
            if acronym is not None:
                return None if acronym == word else acronym
        if word.lower() in self._forms:
            return None
        return self._words.get(key) or self._compounds.get(key)

    def closed(self, first: str, second: str) -> str | None:
        """The article's one word for two that a question parts with a hyphen or a space, if it has one."""
        key = word_key(first) + word_key(second)
        return self._words.get(key) if len(key) >= _SHORTEST and key.isalpha() else None

    def has_compound(self, first: str, second: str) -> bool:
        """Whether the article has two words with a hyphen between them."""
        compound = self._compounds.get(word_key(first) + word_key(second), "")
        return _HYPHENS.sub("-", compound).lower() == f"{first}-{second}".lower()

    def correct(self, word: str) -> str | None:
        """The article's word nearest to ``word``, or None where none is near enough.

        Near enough: one edit (optimal string alignment: a letter added, lost, changed or two swapped)
        in up to seven letters, two in longer words, with the first letter right. Accents are no letters.
        """
        slip = word_key(word) if word else ""
        if len(slip) < _SHORTEST or not _SPACED_LETTERS.fullmatch(slip) or slip in self._words:
            return None
        most_edits = 1 if len(slip) <= _ONE_EDIT else 2
        lengths = range(len(slip) - most_edits, len(slip) + most_edits + 1)
        numbers = chain.from_iterable(self._numbers.get((slip[0], length), ()) for length in lengths)
        near = [self._looked_through[number] for number in sorted(numbers)]
        nearest = process.extractOne(slip, near, scorer=OSA.distance, score_cutoff=most_edits)
        return self._words[nearest[0]] if nearest else None

    def relation(self, word: str, nearest: str) -> Relation:
        """What a word is to the one of the article that ``correct`` finds for it."""
        one, other = word_key(word), word_key(nearest)
        if _spelt_one_way(one) == _spelt_one_way(other):
            return Relation.SPELT_OTHERWISE
        another = _are_opposed(one, other) or is_valid(word, self._language)
        return Relation.ANOTHER_WORD if another else Relation.SLIP


def are_forms_of_one(word: str, other: str) -> bool:
    """Whether two words differ in an ending alone: California and Californian."""
    stems = {_ENDING.sub("", word_key(one)) for one in (word, other)}
    return len(stems) == 1


def _are_opposed(one: str, other: str) -> bool:
    """Whether two words are one but for what sets them against each other: hypo- and hyperglycemia."""
    return any(
        pattern.search(one) and pattern.search(other) and pattern.sub("", one) == pattern.sub("", other)
        for pattern in _OPPOSITES
    )


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isupper() and (word.isalpha() or "." in word)


def _spelt_one_way(key: str) -> str:
    for pattern, one_way in _SPELT_TWO_WAYS:
        key = pattern.sub(one_way, key)
    return key
