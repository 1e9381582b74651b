"""Words: BM25 over texts. The only module that imports bm25s."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import bm25s
import numpy as np
import numpy.typing as npt

from index.language.terms import Analyzer

Floats = npt.NDArray[np.float32]

logging.getLogger("bm25s").setLevel(logging.NOTSET)  # its import sets DEBUG, whatever the root logger's is


class BM25:
    """Okapi BM25 (Robertson & Zaragoza 2009; Lucene's variant, k1 1.2, b 0.75).

    Args:
        texts: The terms of each text.
        analyzer: What they were found with.
    """

    def __init__(self, texts: Iterable[Sequence[str]], analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._vocabulary: dict[str, int] = {}
        ids = [
            [self._vocabulary.setdefault(term, len(self._vocabulary)) for term in terms] for terms in texts
        ]
        self._size = len(ids)
        self._bm25 = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        if self._vocabulary:
            tokens = bm25s.tokenization.Tokenized(ids=ids, vocab=self._vocabulary)
            self._bm25.index(tokens, show_progress=False)

    def __contains__(self, term: str) -> bool:
        return term in self._vocabulary

    def scores(self, question: str) -> Floats:
        """Each text's score for a question, shape (texts,); 0 where they share no term."""
        terms = [term for term in self._analyzer.terms(question) if term in self._vocabulary]
        if not terms:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._bm25.get_scores(terms), dtype=np.float32)

    def shares(self, question: str) -> Floats:
        """Which share of a question's terms each text has, shape (texts,), from 0 to 1."""
        terms = dict.fromkeys(self._analyzer.terms(question))
        shares = np.zeros(self._size, dtype=np.float32)
        for term in terms:
            if term in self._vocabulary:
                shares += np.asarray(self._bm25.get_scores([term])) > 0
        return np.asarray(shares / max(len(terms), 1), dtype=np.float32)
