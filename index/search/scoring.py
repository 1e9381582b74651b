"""A question against the sentences of candidate passages, wherever they are from -> their scores.

The constants were chosen by citation@1 on the question files of the README's "Quality", so that its figures
for those files are not held out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.language.follow_ups import FollowUp, telling_words
from index.search.embedding import Embedder, Embedding, Floats
from index.search.scores import Ints, best_matches, inherited_matches, max_sim, z_scores

LESS = 0.5
"""What a word counts in a follow-up that tells less than its own: one of the questions before, or a "he"."""

FIGURES = 0.5
"""What a passage gains by the numbers of the question: to an embedding, version 2.2 and 2.3 are alike.

Chosen, not fitted: enough to part passages that match alike, and less than a better match is ahead by.
"""

_IDF_POWER = 0.75  # the plain idf lets one rare word decide alone, its root lets common words outvote it
_BM25_WEIGHT = 0.05  # only parts sentences that match about as well: MaxSim knows the words' senses, BM25 not
_LOOKED_AT = 200  # characters that any model's window holds


class SoughtQuestion(NamedTuple):
    """A question as it is searched, with what it leans on.

    A follow-up goes through the model as one text with what it leans on, so that its "he" is embedded in view
    of the name.

    Attributes:
        text: All that is read.
        question: The question itself.
        embedding: Of the text.
        telling: Which tokens stand in a word that says something of the thing asked, shape (tokens,).
        own: Which tokens are the question's own, shape (tokens,); None where it leans on nothing.
    """

    text: str
    question: str
    embedding: Embedding
    telling: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_] | None

    @classmethod
    def of(cls, question: str, follow_up: FollowUp | None, embedder: Embedder) -> SoughtQuestion:
        """Embeds a question."""
        text = f"{follow_up.context} {question}" if follow_up else question
        embedding = embedder.embed_question(text)
        starts = embedding.spans[:, 0]
        own = starts > len(follow_up.context) if follow_up else None
        return cls(text, question, embedding, _telling_chars(text)[starts], own)

    @property
    def is_unreadable(self) -> bool:
        """Whether most letters of the text are in no token: the model has not learned its script."""
        opening = self.text[:_LOOKED_AT]
        outside = np.fromiter(map(str.isalnum, opening), dtype=np.bool_, count=len(opening))
        letters = int(outside.sum())
        for start, end in self.embedding.spans:
            outside[start:end] = False
        return int(outside.sum()) * 2 > letters


class TokenWeights(NamedTuple):
    """What each token of a question counts, shape (tokens,): among all that is read, and of its own telling.

    The telling words of a follow-up count whole, its others and the telling ones of the questions before for
    LESS.
    """

    all: Floats
    own: Floats

    @classmethod
    def of(cls, query: SoughtQuestion, idf: Floats) -> TokenWeights:
        """The weights of tokens of an idf."""
        if query.own is None:
            return cls(idf, np.zeros_like(idf))
        whole = query.own & query.telling
        some = query.own | query.telling
        return cls(idf * np.where(whole, 1, LESS * some).astype(np.float32), idf * whole)


class Matches(NamedTuple):
    """What candidate passages have of a question.

    Attributes:
        best: Its tokens' best matches in each sentence, shape (question tokens, sentences).
        first: Where each passage's sentences start, ascending, shape (passages,).
        words: Each sentence's BM25 score, shape (sentences,).
        shares: Which share of its terms each sentence has, shape (sentences,).
        figures: Which share of its numbers each passage has, shape (passages,).
    """

    best: Floats
    first: Ints
    words: Floats
    shares: Floats
    figures: Floats


class SentenceScores(NamedTuple):
    """Scores of sentences, shape (sentences,), their supports, and how passages match as a whole."""

    score: Floats
    support: Floats
    whole: Floats

    def of_passages(self, first: Ints) -> Floats:
        """Scores of passages, shape (passages,): of the best sentence and of the whole."""
        return np.asarray(np.maximum.reduceat(self.score, first) + z_scores(self.whole), dtype=np.float32)


def score(query: SoughtQuestion, weights: TokenWeights, matches: Matches) -> SentenceScores:
    """Scores the sentences of candidate passages."""
    best, first, words, shares, figures = matches
    count = best.shape[1]
    lengths = np.diff([*first, count])
    carried_matches = inherited_matches(best, (np.arange(count) - np.repeat(first, lengths)).astype(np.int32))
    support = max_sim(carried_matches, weights.all)
    word_scores = z_scores(words)
    scores = z_scores(support) + _BM25_WEIGHT * word_scores + FIGURES * np.repeat(figures, lengths)
    if query.is_unreadable:
        support = shares
        scores = z_scores(support) + word_scores
    whole = max_sim(np.maximum.reduceat(best, first, axis=1), weights.all)
    if weights.own.any():
        support = np.asarray((support + max_sim(carried_matches, weights.own)) / 2, dtype=np.float32)
    return SentenceScores(scores, support, whole)


def sentence_matches(question: Floats, tokens: Floats, lengths: Ints) -> Floats:
    """For every question token its best match in each sentence; -1 in one without a token.

    Args:
        question: Shape (question tokens, dimension).
        tokens: The tokens that count for each sentence, sentence by sentence, shape (tokens, dimension).
        lengths: How many each sentence has, shape (sentences,).

    Returns:
        Cosine similarities, shape (question tokens, sentences).
    """
    best = np.full((len(question), len(lengths)), -1, dtype=np.float32)
    places = np.flatnonzero(lengths)
    if len(places):
        starts = np.cumsum(lengths) - lengths
        best[:, places] = best_matches(question, tokens, starts[places].astype(np.int32))
    return best


def idf_weights(counts: npt.NDArray[np.int64], sentences: int) -> Floats:
    """What tokens count by their rarity: a power of the idf, a sentence being a document.

    Args:
        counts: In how many sentences each of some tokens stands.
        sentences: How many there are.
    """
    idf = np.log1p((sentences - counts + 0.5) / (counts + 0.5))
    return np.asarray(idf**_IDF_POWER, dtype=np.float32)


def _telling_chars(text: str) -> npt.NDArray[np.bool_]:
    """Which characters of a text stand in a word that says something of the thing asked, shape (chars,)."""
    telling = np.zeros(len(text), dtype=np.bool_)
    for word in telling_words(text):
        telling[word.start : word.end] = True
    return telling
