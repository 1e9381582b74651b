"""A question in the article's words: how it is searched, and what that may have changed of its sense."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from index.language.follow_ups import telling_words
from index.language.question_kinds import names_and_numbers
from index.language.spelling import Relation, Speller, are_forms_of_one
from index.language.word_keys import WORD
from index.search.embedding import Embedder

MAX_SLIPS = 32
"""How many of a question's words are held against the article's for a slip: a question of more unknown words
is in another language, and each takes milliseconds against a book's vocabulary."""

_HYPHENS = frozenset("-\u2010\u2011")


class Query(NamedTuple):
    """A question as it is read.

    Attributes:
        text: Its words as the article writes them, slips set right.
        read_as: The slips: each as it was written, and the article's word.
        names_another: Whether it has a word that is near one of the article's, and means another thing.
        rest: It without its slips, where that is still a question; None where it has none.
    """

    text: str
    read_as: tuple[tuple[str, str], ...] = ()
    names_another: bool = False
    rest: str | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether what is read may not be what was asked."""
        return self.names_another or bool(self.read_as and self.rest != self.text)


class _Word(NamedTuple):
    """A word of a question: where it stands, what it is read as, and whether that is a guess."""

    start: int
    end: int
    text: str
    is_guess: bool = False


class Queries:
    """Puts questions in an article's words.

    Args:
        speller: Knows the article's spelling.
        embedder: Whose tokenizer knows words.
        knows: Whether the article has a word in any of its forms.
    """

    def __init__(self, speller: Speller, *, embedder: Embedder, knows: Callable[[str], bool]) -> None:
        self._speller = speller
        self._embedder = embedder
        self._knows = knows

    def read(self, question: str, is_known: Callable[[str], bool] = lambda _: False) -> Query:
        """A question in the article's words; a word that ``is_known`` elsewhere is no slip, either.

        Words that only compare equal are written as the article writes them, for the models to see one word
        in both. A word that the model's tokenizer has whole, or that a dictionary has, is no slip: it is
        another word.
        """
        question = self._with_closed_compounds(question)
        starts = {int(start) for start, _ in self._embedder.token_spans([question])[0]}
        read_as: list[tuple[str, str]] = []
        words: list[_Word] = []
        names_another = False
        tries = 0
        for match in WORD.finditer(question):
            word, (start, end) = match[0], match.span()
            spelling = self._speller.spelling(word)
            if spelling is not None:
                words.append(_Word(start, end, spelling))
                continue
            whole = not starts.intersection(range(start + 1, end))
            if whole or tries >= MAX_SLIPS or self._knows(word) or is_known(word):
                continue
            tries += 1
            nearest = self._speller.correct(word)
            if nearest is None:
                continue
            relation = self._speller.relation(word, nearest)
            if relation is Relation.ANOTHER_WORD:
                names_another |= not are_forms_of_one(word, nearest)
                continue
            read_as.append((word, nearest))
            words.append(_Word(start, end, nearest, is_guess=relation is Relation.SLIP))
        text = _replaced(question, words)
        rest = _replaced(question, [one._replace(text="") if one.is_guess else one for one in words])
        return Query(text, tuple(read_as), names_another, self._rest(rest, words) if read_as else None)

    def _rest(self, rest: str, words: list[_Word]) -> str | None:
        """What is left of a question without its slips; None where that does not say what it is about.

        A name may be somebody else's, so that without it another one has to be left.
        """
        names = any(one.is_guess and self._speller.is_name(one.text) for one in words)
        if names:
            subjects = [name for name in names_and_numbers(rest) if self._knows(name)]
        else:
            subjects = [span.of(rest) for span in telling_words(rest)]
        return rest if subjects else None

    def _with_closed_compounds(self, question: str) -> str:
        """The question with "e-mail" and "web site" as the article writes them, where it closes them."""
        matches = list(WORD.finditer(question))
        words: list[_Word] = []
        for first, second in pairwise(matches):
            between = question[first.end() : second.start()]
            if words and words[-1].end > first.start():
                continue
            hyphened = between in _HYPHENS and not self._speller.has_compound(first[0], second[0])
            parted = between == " " and not (self._knows(first[0]) and self._knows(second[0]))
            compound = self._speller.closed(first[0], second[0]) if hyphened or parted else None
            if compound is not None:
                words.append(_Word(first.start(), second.end(), compound))
        return _replaced(question, words)


def _replaced(question: str, words: list[_Word]) -> str:
    parts: list[str] = []
    end = 0
    for word in words:
        parts += question[end : word.start], word.text
        end = word.end
    return "".join([*parts, question[end:]])
