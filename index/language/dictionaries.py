"""Which words a language has. The only module that imports spellchecker (pyspellchecker).

Of it only the lists of words are used. English has 160,000; they take 0.3 s to load and 26 MB, when a
question first has a word that the article lacks and is an edit away from one that it has. Nine such pairs of
one science (nitrite and nitrate, hypo- and hyperglycemia) are all in it, and none of 21 common slips. Of
symspellpy's 83,000 words and simplemma's, three and two of those words are missing, and simplemma has a slip.
"""

from __future__ import annotations

from functools import lru_cache

_LANGUAGES = 3
"""How many languages' words are kept."""


def is_valid(word: str, language: str) -> bool:
    """Whether a word is one of its language; False where no list of that language is at hand.

    Args:
        word: In any case.
        language: ISO 639-1 code, with a region or without.
    """
    return word.lower() in _words(language.partition("-")[0].lower())


@lru_cache(maxsize=_LANGUAGES)
def _words(language: str) -> frozenset[str]:
    from spellchecker import SpellChecker

    if language not in SpellChecker.languages():
        return frozenset()
    return frozenset(SpellChecker(language).word_frequency.words())
