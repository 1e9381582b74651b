"""How far the best sentence can be relied on: an Answer's three tiers.

What counts is how well the sentence matches the question (its MaxSim, ``ScoredSentence.support``), held
against two thresholds that are fitted for the embedding model (``index/calibrate.py``). A match can be good
and the answer not there; so whatever the match, a question is at most UNCERTAIN where it names what the
article does not have (a name, a year), or asks for a number, a time or somebody's name and the sentence
holds none that the question does not hold already. The rules for what is asked are English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from index.language.follow_ups import asks_on, telling_chars
from index.model.answer import Status
from index.search.bm25 import STOP_WORDS, WORD

_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand "
    "million billion dozen half third quarter twice double triple single no none once"
).replace(" ", "|")
_TIME_WORDS = (
    "january february march april may june july august september october november december monday tuesday "
    "wednesday thursday friday saturday sunday spring summer autumn winter today yesterday tomorrow tonight "
    "morning evening afternoon night noon midnight century decade era age ago week month year season day "
    "hour minute after before during until since recently centurie"
).replace(" ", "|")
_NUMBER = re.compile(rf"\d|\b(?:{_NUMBER_WORDS})s?\b", re.IGNORECASE)
_TIME = re.compile(rf"\d|\b(?:{_TIME_WORDS})s?\b", re.IGNORECASE)
_NAME = re.compile(r"\b[A-Z][\w’'-]*")

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|old|long|far|tall|high|large|big|deep|wide|fast|heavy)\b"
    r"|\b(?:what|which)(?:\s\w+){0,2} (?:number|percentage|proportion|amount|share|population|cost|price)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(
    r"^\W*when\b|\b(?:what|which) (?:year|day|date|month|decade|century)\b", re.IGNORECASE
)
_ASKS_NAME = re.compile(
    r"^\W*(?:\w+\W+){0,2}who(?:m|se)?\b|^\W*where\b|\bwhich \w+|\b(?:first|last|full|sur) ?name\b"
    r"|^\W*what (?:city|town|country|state|nation|company|party|team|person|place|organi[sz]ation)\b",
    re.IGNORECASE,
)
_ASKS_REASON = re.compile(r"\bwhy\b|\bhow come\b|\bwhat for\b", re.IGNORECASE)
_REASON = re.compile(
    r"\b(?:because|since|as|so that|in order to|to|for fear|due to|owing to|thanks to|after|following|amid|"
    r"if|which (?:has|have|had|would|led|caused|means|meant)|therefore|reason|cause[ds]?)\b",
    re.IGNORECASE,
)


class Thresholds(NamedTuple):
    """The support below which the article does not say, and from which on it answers."""

    uncertain: float
    answered: float


def status(
    question: str,
    quote: str,
    support: float,
    thresholds: Thresholds,
    knows: Callable[[str], bool],
    *,
    follows: bool = False,
) -> Status:
    """The tier of an answer.

    Args:
        question: As it was read.
        quote: The best sentence, with its speaker where it is given with one.
        support: Its MaxSim.
        thresholds: The embedding model's.
        knows: Whether the article has a word in any of its forms.
        follows: Whether the question leans on the one before it. Its support is then the whole's, so that
            one that says nothing by itself ("why?") is answered only by what it asks for.
    """
    if support < thresholds.uncertain:
        return Status.NOT_IN_ARTICLE
    if support < thresholds.answered or _asks_what_is_missing(question, quote, knows):
        return Status.UNCERTAIN
    bare = follows and not telling_chars(question).any() and not asks_on(question)
    return Status.UNCERTAIN if bare and not _gives(question, quote) else Status.ANSWERED


def _asks_what_is_missing(question: str, quote: str, knows: Callable[[str], bool]) -> bool:
    if any(not knows(name) for name in _names_and_numbers(question)):
        return True
    if _ASKS_NUMBER.search(question):
        return not _NUMBER.search(quote)
    if _ASKS_TIME.search(question):
        return not _TIME.search(quote)
    if _ASKS_NAME.search(question):
        asked = question.lower()
        names = (re.sub(r"[’']s?$", "", name.lower()) for name in _NAME.findall(quote))
        return not re.search(r"\d", quote) and all(name in asked or name in STOP_WORDS for name in names)
    return False


def _gives(question: str, quote: str) -> bool:
    """Whether a quote that lacks nothing that is asked for is known to have it: a name, a time, a reason."""
    if _ASKS_REASON.search(question):
        return _REASON.search(quote) is not None
    return any(asks.search(question) for asks in (_ASKS_NUMBER, _ASKS_TIME, _ASKS_NAME))


def _names_and_numbers(question: str) -> list[str]:
    """Words that are capitalised though they do not open the question, and numbers."""
    words = list(WORD.finditer(question))
    shouted = question.isupper()
    return [
        word[0]
        for place, word in enumerate(words)
        if word[0][0].isdigit() or (place > 0 and word[0][0].isupper() and word[0] != "I" and not shouted)
    ]
