"""Words as they compare: the ways to write one word have one key.

Accents, how they are composed, characters without width, soft hyphens, the separators of a number, the stops
of an acronym and the ß count for nothing.
"""

from __future__ import annotations

import re
import unicodedata

_WITHIN = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
)
"""Marks that stand over and under letters: accents, and the points and vowels of Hebrew and Arabic."""

UNSEEN_CHARS = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
"""Characters without width: soft hyphens, joiners, marks of direction."""

_GAP = " \u00a0\u2009\u202f'’"
"""What stands between the thousands of a number, besides a comma and a stop."""

_ACRONYM = r"(?<![\w.])[^\W\d_](?:\.[^\W\d_])+(?!\w|\.\w)\.?"
_NUMBER = rf"(?<![\w.,])(?<!\d[{_GAP}])\d{{1,3}}(?:[{_GAP}]\d{{3}}){{1,4}}(?!\w|[{_GAP}]\d)(?:[.,]\d+)?"

WORD = re.compile(
    rf"(?=\w)(?:(?=[^\W\d_]\.){_ACRONYM}|(?=\d){_NUMBER}|\w[\w{_WITHIN}{UNSEEN_CHARS}]*(?:[.,]\d+)*)"
)
"""A word, an acronym with its stops, or a number with its decimals and thousands."""

_ACCENTS = re.compile(
    rf"(?<=[a-z\u0370-\u03ff])[{_WITHIN}]+|[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]+"
)
INVISIBLES = re.compile(rf"[{UNSEEN_CHARS}]+")
_GAPS = re.compile(rf"(?<=\d)[{_GAP}](?=\d)")
_POINTS = re.compile(r"[.,]")
_MEANING_KINDS = ("<super>", "<sub>", "<fraction>")
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ё": "е"}
)
_THOUSANDS = 3  # digits between two separators


def word_key(word: str) -> str:
    """What is the same for all the ways to write a word.

    Args:
        word: A match of WORD.
    """
    key = word.lower()
    if not key.isascii():
        key = _without_accents(key)
    if key[0].isdigit():
        return _number_key(key) if len(key) > 1 else key
    return key.replace(".", "") if "." in key and not any(map(str.isdigit, key)) else key


def _without_accents(word: str) -> str:
    plain = "".join(map(_compatible, INVISIBLES.sub("", word).casefold()))
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", plain))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS) or word


def _compatible(char: str) -> str:
    """A letter in its plain form; an exponent stays one, and digits are read in all scripts."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return (
        char
        if unicodedata.decomposition(char).startswith(_MEANING_KINDS)
        else unicodedata.normalize("NFKD", char)
    )


def _number_key(number: str) -> str:
    """A number without the separators of its thousands, its decimals after a stop."""
    digits = _GAPS.sub("", number)
    parts = _POINTS.split(digits)
    if len(parts) == 1:
        return digits
    first, *others = parts
    if first.lstrip("0") and len(first) <= _THOUSANDS and all(len(one) == _THOUSANDS for one in others):
        return "".join(parts)
    points = _POINTS.findall(digits)
    if points.count(points[-1]) == 1 and points[0] != points[-1]:  # 1,234.50
        return f"{''.join(parts[:-1])}.{parts[-1]}"
    return ".".join(parts)
