"""Hyphens at the ends of lines: which part a word, and which belong to one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from index.language.dictionaries import is_valid

SOFT_HYPHEN = "\xad"

_COMPOUND = re.compile(r"\w++(?>(?:-\w++)*)")
_FIRST_WORD = re.compile(r"\w++(?>(?:[-’']\w++)*)")
_HYPHENS = ("-", "‐", SOFT_HYPHEN)
_LEAST_PART = 2  # letters of a part that is a word of its own: a dictionary has every single letter


class Hyphens:
    """Joins lines; what a hyphen cuts at the end of one is whole again.

    A word is what the text has elsewhere; else what a dictionary has. Where both parts are words and the
    whole is none, the hyphen is the author's: well-known.
    """

    def __init__(self, lines: Iterable[str], language: Callable[[], str]) -> None:
        """Takes the lines of a text.

        Args:
            lines: All of them.
            language: Says what they are written in; asked only where a dictionary is needed.
        """
        self._counts = Counter[str]()
        cut = False
        for line in lines:
            words = _COMPOUND.findall(line)[cut:]
            cut = line.endswith(_HYPHENS)
            if cut:
                words = words[:-1]
            self._counts.update(word.lower() for word in words)
        self._language = language
        self._code: str | None = None

    def joined(self, lines: Sequence[str]) -> str:
        """Lines as one."""
        parts = [lines[0]]  # the last of them ends with what may be the first part of a word
        for line in lines[1:]:
            cut, rest = _cut_word(parts[-1]), _FIRST_WORD.match(line)
            if cut and rest:
                hyphen = "-" if self._stays(cut, rest[0], soft=parts[-1].endswith(SOFT_HYPHEN)) else ""
                head, space, tail = f"{parts[-1][:-1]}{hyphen}{line}".rpartition(" ")
                parts[-1:] = [head + space, tail]
            elif parts[-1].endswith(SOFT_HYPHEN):
                parts[-1] = parts[-1][:-1]
                parts.append(line)
            else:
                parts += " ", line
        return "".join(parts)

    def _stays(self, cut: str, rest: str, *, soft: bool) -> bool:
        if soft:
            return False
        if not rest[0].islower() or not cut[-1].isalpha():
            return rest[0].isupper() or rest[0].isdigit() or cut[-1].isdigit()
        first, last = cut.rpartition("-")[2].lower(), rest.lower()
        whole, compound = f"{cut}{rest}".lower(), f"{cut}-{rest}".lower()
        if "-" in cut:
            whole = first + last
        if self._counts[whole] or self._counts[compound]:
            return self._counts[compound] > self._counts[whole]
        if self._is_word(whole):
            return False
        return len(first) >= _LEAST_PART < len(last) and self._is_word(first) and self._is_word(last)

    def _is_word(self, word: str) -> bool:
        if self._counts[word]:
            return True
        if self._code is None:
            self._code = self._language()
        return is_valid(word, self._code)


def _cut_word(text: str) -> str:
    """The first part of a word that a hyphen cuts at the end of a line; empty where none does."""
    if not text.endswith(_HYPHENS):
        return ""
    start = len(text) - 1
    while start and (text[start - 1].isalnum() or text[start - 1] in "_-"):
        start -= 1
    return text[start:-1].strip("-")
