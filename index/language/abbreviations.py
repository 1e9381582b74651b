"""Stops that end no sentence: of abbreviations and ordinals, and marks within names.

sentencex knows abbreviations that stand before capitals. What it does not know is looked at here: a stop
before a lower-case word, a digit or a bracket, where its word is written short, and an ordinal before a noun.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from index.language.tables import (
    AUXILIARIES,
    BEFORE_CAPITALS,
    BEFORE_NUMBERS,
    BEFORE_ORDINALS,
    MONTHS,
    OPENERS_OF_GERMAN,
    ORDINAL_NOUNS,
    SAYS,
    SHORT_UNITS,
    SHORT_WORDS,
    TIME_ZONES,
    UTTERS,
    WEEKDAYS,
)

_AROUND = 80
"""How many characters on each side of a stop are looked at: no word that decides is longer."""

_OPENING = "([{<–—-/“”„‟«»\"'‘’"
_CLOSING = ".,;:!?)]}…"
_DOTTED_LETTERS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")  # p.m, e.g, U.S
_ELISION = re.compile(r"^(?:[dlsn]|qu)['’](?=\w)", re.IGNORECASE)  # l'art. 5
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{2,5}")  # tbsp, pkg, and what nobody has listed
_ORDINAL = re.compile(r"\d{1,3}")
_HYPHEN = re.compile(r"[-‐‑][^\W\d_]\.")
_CHAINING = frozenset("und oder bis sowie , – - /".split())
_GERMAN = frozenset("de lb gsw nds".split())
_WITH_ORDINALS = _GERMAN | frozenset("da nb nn no fi cs sk sl hr hu et lv is".split())
"""Languages that write an ordinal as a number and a stop."""

_LONGEST_SHORT_NAME = 5
"""The longest beginning of a name that is taken for all of it: "Wash. state", "Calif. law"."""


class _Stop(NamedTuple):
    """A stop, and the words around it without what stands beside them.

    ``word`` is the one before it, ``lead`` those before that, ``following`` those after it. ``next_char`` is
    the first character after it that is no space, and ``capitals`` tells whether its sentence began with one,
    as far as it began with a letter.
    """

    word: str
    lead: list[str]
    following: list[str]
    next_char: str
    capitals: bool

    @property
    def last(self) -> str:
        """The last word before ``word``."""
        return self.lead[-1].strip(_OPENING).lower() if self.lead else ""

    @property
    def first(self) -> str:
        """The first word after the stop."""
        return self.following[0].rstrip(_CLOSING)


def goes_on(text: str, start: int, end: int, language: str) -> bool:
    """Whether a sentence goes on at ``end``, where a cutter has ended it.

    Args:
        text: The paragraph.
        start: Where the sentence begins.
        end: After its last word's stop or mark.
        language: ISO 639-1 code of the text's language.
    """
    lead, following = text[max(start, end - _AROUND) : end].split(), text[end : end + _AROUND].split()
    if not lead or not following or text[end - 1] not in ".!?)]":
        return False
    word = _ELISION.sub("", lead.pop().lstrip(_OPENING))[:-1]
    capitals = not text[start : start + _AROUND].lstrip(_OPENING + " ")[:1].islower()
    stop = _Stop(word, lead, following, following[0][0], capitals)
    if text[end - 1] in ")]":  # et al. [2004] in
        return capitals and stop.next_char.islower()
    if not word:
        return False
    if text[end - 1] != ".":
        return _is_within_a_name(stop, asks=text[end - 1] == "?")
    if not text[end].isspace():
        joined = stop.next_char.isupper() and len(word) > 1  # ASP.NET
        return word.isupper() and (joined or _HYPHEN.match(following[0]) is not None)  # av. J.-C.
    tongue = language.partition("-")[0].lower()
    if _ORDINAL.fullmatch(word) and tongue != "en" and stop.first.lower() in ORDINAL_NOUNS:
        return True  # le 3. Mai
    if _ORDINAL.fullmatch(word) and tongue in _WITH_ORDINALS:
        return stop.next_char.islower() or (tongue in _GERMAN and _is_german_ordinal(stop))
    if stop.next_char.isupper():
        return _leads_to_a_capital(stop, tongue)
    if stop.next_char.isdigit() or stop.next_char in "([":
        return _leads_to_a_number(stop)
    return stop.next_char.islower() and _is_short(stop)


def _is_within_a_name(stop: _Stop, *, asks: bool) -> bool:
    """Whether a mark is of a name ("Jeopardy! were shown") or of what somebody says ("Who? she asked").

    Who writes without capitals begins sentences without them, too.
    """
    if not stop.next_char.islower() or not stop.capitals:
        return False
    said = any(one.rstrip(_CLOSING) in SAYS | UTTERS for one in stop.following[:2])
    return said or (not asks and stop.word[0].isupper())


def _leads_to_a_capital(stop: _Stop, tongue: str) -> bool:
    short = stop.word.lower()
    if stop.word[0].isupper() and short in BEFORE_CAPITALS.get(tongue, ()):
        return True
    if short in {"a.m", "p.m"}:  # at 6 p.m. Friday; but: it closes at 6 p.m. Friday is busy
        named = stop.first.lower() in WEEKDAYS | MONTHS or stop.first in TIME_ZONES
        return named and not AUXILIARIES.intersection(stop.following[1:2])
    return False


def _leads_to_a_number(stop: _Stop) -> bool:
    short = stop.word.lower()
    if short in SHORT_UNITS:
        return stop.last[-1:].isdigit()
    return short in BEFORE_NUMBERS or short in SHORT_WORDS or _DOTTED_LETTERS.fullmatch(short) is not None


def _is_short(stop: _Stop) -> bool:
    """Whether a word before a lower-case one is written short."""
    short = stop.word.lower()
    if short in SHORT_UNITS:
        return stop.last[-1:].isdigit()
    if len(short) == 1 or _DOTTED_LETTERS.fullmatch(short) or _CONSONANTS.fullmatch(short):
        return not short.isdigit()
    if not stop.capitals:
        return False
    # In Wash. state: a name's beginning, where sentences begin with capitals.
    return short in SHORT_WORDS or bool(
        stop.lead and stop.word.istitle() and len(short) <= _LONGEST_SHORT_NAME
    )


def _is_german_ordinal(stop: _Stop) -> bool:
    """Im 19. Jahrhundert, am 1. und 3. Freitag; but: Es waren 12. Danach kamen mehr."""
    first = stop.first.lower()
    if not stop.next_char.isupper() or first in OPENERS_OF_GERMAN:
        return False
    chained = stop.last in _CHAINING and len(stop.lead) > 1 and stop.lead[-2][-1:] in ".,"
    return chained or stop.last in BEFORE_ORDINALS
