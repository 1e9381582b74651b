"""Words: BM25 over texts, and the article's own vocabulary. The only module that imports bm25s."""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain, islice
from typing import NamedTuple

import bm25s
import numpy as np
import numpy.typing as npt
import Stemmer
from bm25s.stopwords import STOPWORDS_EN
from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.model.article import Span

logging.getLogger("bm25s").setLevel(logging.NOTSET)  # its import sets DEBUG, whatever the root logger's is

Floats = npt.NDArray[np.float32]

WORD = re.compile(r"\w+(?:[.,]\d+)*")
QUESTION_WORDS = frozenset(
    "am are can could did do does had has have how if is many may might much must shall should "
    "was were what when where which who whom whose why will would".split()
)
"""Words that ask, and say nothing of the thing asked."""

STOP_WORDS = QUESTION_WORDS | frozenset(STOPWORDS_EN) | {"s", "t"}
_STEMMERS = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french",
    "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip


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
        for found in WORD.finditer(text):
            word = found[0].lower()
            if word not in self._stop_words:
                starts.append(found.start())
                words.append(word)
        return LocatedTerms(starts, self._stems(words))

    def _stems(self, words: list[str]) -> list[str]:
        return self._stemmer.stemWords(words) if self._stemmer else words


class LocatedTerms(NamedTuple):
    """The terms of a text in order, and where each starts."""

    starts: list[int]
    terms: list[str]

    def within(self, spans: Sequence[Span]) -> list[list[str]]:
        """The terms of each span of the text."""
        return [
            self.terms[bisect_left(self.starts, span.start) : bisect_left(self.starts, span.end)]
            for span in spans
        ]


class BM25:
    """Okapi BM25 (Robertson & Zaragoza 2009; Lucene's variant, k1 1.2, b 0.75).

    Args:
        texts: The terms of each text.
        analyzer: What they were found with.
    """

    def __init__(self, texts: Sequence[Sequence[str]], analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._size = len(texts)
        self._vocabulary: dict[str, int] = {}
        ids = [
            [self._vocabulary.setdefault(term, len(self._vocabulary)) for term in terms] for terms in texts
        ]
        self._bm25 = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        if self._vocabulary:
            tokenized = bm25s.tokenization.Tokenized(ids=ids, vocab=self._vocabulary)
            self._bm25.index(tokenized, show_progress=False)

    def __contains__(self, term: str) -> bool:
        return term in self._vocabulary

    def scores(self, question: str) -> Floats:
        """Each text's score for a question, shape (texts,); 0 where they share no term."""
        known = [term for term in self._analyzer.terms(question) if term in self._vocabulary]
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(known), dtype=np.float32)


class Speller:
    """Finds the article's word that a question's misspelt word stands for.

    Args:
        text: The article.
    """

    _SHORTEST = 4  # below that, one edit away is another word more often than a slip
    _MOST = 100_000  # distinct words that are looked through: a book has a fifth of them

    def __init__(self, text: str) -> None:
        written = dict.fromkeys(re.findall(r"[^\W\d_]+", text))
        self._words: dict[str, str] = {}
        for word in written:
            if len(word) >= self._SHORTEST:
                self._words.setdefault(word.lower(), word)
        self._numbers: dict[tuple[str, int], list[int]] = {}  # of the words, by first letter and length
        self._known = list(islice(self._words, self._MOST))
        for number, word in enumerate(self._known):
            self._numbers.setdefault((word[0], len(word)), []).append(number)
        self._names = {word.lower() for word in written if word[0].isupper()} - written.keys()

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
        if len(slip) < self._SHORTEST or not slip.isalpha() or slip in self._words:
            return None
        lengths = range(len(slip) - 2, len(slip) + 3)
        numbers = chain.from_iterable(self._numbers.get((slip[0], length), ()) for length in lengths)
        near = [self._known[number] for number in sorted(numbers)]
        allowed = 1 if len(slip) <= 7 else 2
        found = process.extractOne(slip, near, scorer=OSA.distance, score_cutoff=allowed)
        return self._words[found[0]] if found else None
