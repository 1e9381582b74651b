"""What a question asks for, and whether a quote has any: a number, a time, a name, a reason."""

from __future__ import annotations

import re
from typing import NamedTuple

from index.language.tables import (
    NUMBERS,
    PEOPLE,
    PLACES,
    PLACING_MORE,
    ROLES,
    STOP_WORDS,
    TIMES,
    alternation,
)
from index.language.word_keys import WORD

_NUMBER = re.compile(rf"\d|\b(?:{alternation(NUMBERS)})s?\b", re.IGNORECASE)
_TIME = re.compile(rf"\d|\b(?:{alternation(TIMES)})s?\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_NAME = re.compile(r"\b[A-Z][\w’'-]*+")
_OWNERS_S = re.compile(r"[’']s?$")

_NAME_BEARERS = (
    "city|town|country|state|nation|company|party|team|person|place|organi[sz]ation|man|woman|village|river"
)

_ASKS_NUMBER = re.compile(  # How many people died? What share of the vote?
    r"\bhow (?:many|much|old|long|far|tall|high|large|big|deep|wide|fast|heavy)\b"
    r"|\b(?:what|which)(?:\s\w+){0,2} (?:number|percentage|proportion|amount|share|population|cost|price)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(  # When did he resign? In which year …?
    r"^\W*when\b|\b(?:what|which) (?:year|day|date|month|decade|century)\b", re.IGNORECASE
)
_ASKS_NAME = re.compile(  # Who said so? And then whose idea …? Where …? Which party …? What country …?
    r"^\W*(?:\w+\W+){0,2}who(?:m|se)?\b|^\W*where\b|\b(?:first|last|full|sur) ?name\b"
    rf"|^\W*what (?:{_NAME_BEARERS})\b|\bwhich (?:\w+ )?(?:{_NAME_BEARERS})\b",
    re.IGNORECASE,
)
_WHO = re.compile(r"\bWHO\b")  # the organisation, where not all is in capitals
_ASKS_PERSON = re.compile(r"^\W*(?:\w+\W+){0,2}who(?:m|se)?\b", re.IGNORECASE)
_ASKS_PLACE = re.compile(r"^\W*where\b", re.IGNORECASE)
_PERSON = re.compile(  # a retired plumber, two volunteers, by the keeper
    rf"\b(?:{alternation(PEOPLE | ROLES)})s?\b"
    r"|\b(?:by|an?|the|two|three|four|some|several|many|all|every|each) (?:[a-z-]++ )?"
    r"[a-z]{2,}(?:er|or|ist|ian|ant|man|men|woman|women|smith|wright|eer|ee)s?\b",
    re.IGNORECASE,
)
_PLACE = re.compile(  # under the blue flowerpot, beside it, upstairs
    rf"\b(?:{alternation(PLACING_MORE)}) (?:an?|the|his|her|its|their|our|my|your|it|them|this|that|two|each"
    rf"|every|both|all|[A-Z]\w*)\b|\b(?:{alternation(PLACES)})\b",
    re.IGNORECASE,
)
_ASKS_REASON = re.compile(r"\bwhy\b|\bhow come\b|\bwhat for\b", re.IGNORECASE)
_REASON = re.compile(
    r"\b(?:because|since|as|so that|in order to|to|for fear|due to|owing to|thanks to|after|following|amid|"
    r"if|which (?:has|have|had|would|led|caused|means|meant)|therefore|reason|cause[ds]?)\b",
    re.IGNORECASE,
)

_ASKS_WAY = re.compile(r"\bhow (?:do|can|could|should|would|to)\b", re.IGNORECASE)  # How do I send it back?
_ASKS_LIST = re.compile(  # List all who came. What are the conditions? Which languages are spoken?
    r"\b(?:list|name|enumerate) (?:all|every|some|each|the \w+s)\b"
    r"|\b(?:what|who) (?:are|were) (?:all |some of )?(?:the |his |her |their |its |our )(?:\w+ ){0,2}\w+s\b"
    r"|\bwhich (?:\w+ )?\w+s (?:are|were|have|do|did|can|will)\b",
    re.IGNORECASE,
)


def lacks_what_is_asked(question: str, quote: str) -> bool:
    """Whether a question asks for a number, a time or a name and the quote has none that it does not have."""
    if _ASKS_NUMBER.search(question):
        return not _NUMBER.search(quote)
    if _ASKS_TIME.search(question):
        return not _TIME.search(quote)
    if _ASKS_NAME.search(_without_who(question)):
        if (_ASKS_PERSON.search(_without_who(question)) and _PERSON.search(quote)) or (
            _ASKS_PLACE.search(question) and _PLACE.search(quote)
        ):
            return False
        text = question.lower()
        names = (_OWNERS_S.sub("", name.lower()) for name in _NAME.findall(quote))
        return not _DIGIT.search(quote) and all(name in text or name in STOP_WORDS for name in names)
    return False


def has_what_is_asked(question: str, quote: str) -> bool:
    """Whether a quote that lacks nothing that is asked for is known to have it: a name, a time, a reason."""
    if _ASKS_REASON.search(question):
        return _REASON.search(quote) is not None
    text = _without_who(question)
    return any(asks.search(text) for asks in (_ASKS_NUMBER, _ASKS_TIME, _ASKS_NAME))


def names_and_numbers(question: str) -> list[str]:
    """Words that are capitalised though they do not open the question, and numbers."""
    in_capitals = question.isupper()
    return [
        word[0]
        for place, word in enumerate(WORD.finditer(question))
        if word[0][0].isdigit() or (place > 0 and word[0][0].isupper() and word[0] != "I" and not in_capitals)
    ]


class AskedKinds(NamedTuple):
    """Whether a question asks for a number, a time, a name, a reason."""

    number: bool
    time: bool
    name: bool
    reason: bool


def asked_kinds(question: str) -> AskedKinds:
    """What a question asks for."""
    kinds = (_ASKS_NUMBER, _ASKS_TIME, _ASKS_NAME, _ASKS_REASON)
    text = _without_who(question)
    return AskedKinds(*(asks.search(text) is not None for asks in kinds))


def _without_who(question: str) -> str:
    """The question without the World Health Organization, which asks for nobody."""
    return question if question.isupper() else _WHO.sub("W.H.O.", question)


def asks_for_sentence(question: str) -> bool:
    """Whether no few words can answer: a reason, a way of doing something, or a list is asked for."""
    return any(asks.search(question) for asks in (_ASKS_REASON, _ASKS_WAY, _ASKS_LIST))
