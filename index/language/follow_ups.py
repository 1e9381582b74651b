"""Follow-ups: what a question leans on of the conversation before it.

"And in June?", "why?" or "what did he say then?" say little by themselves. Such a question is recognised by
rules of English and is read together with the questions before it; one that stands by itself is read by
itself, whatever went before, and gets the answer it would get without a conversation.

The rules look for a pronoun or a demonstrative without an antecedent in the question, for a fragment
("under what conditions?") and for what asks on ("what else?", "and the ministers?"). A question that is taken
to lean though it does not loses little: its own words still count for most (``index/search/ranking.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from index.language.tables import (
    ARTICLES,
    AUXILIARIES,
    CLAUSE_LINKS,
    IMPERSONAL,
    PERSONAL,
    POSSESSIVES,
    ROLES,
    TELLING_NOTHING,
)
from index.language.word_keys import WORD
from index.model.answer import Turn
from index.model.article import Span

MAX_TURNS = 3
"""How many turns a follow-up can reach back."""

MAX_CONTEXT_CHARS = 300
"""How much is read of what was asked before: with a follow-up it has to fit the model's window."""

MAX_FOLLOW_UP_CHARS = 200
"""What is longer than this says what it is about."""

_WORD = re.compile(r"\w+(?:[’'-]\w+)*")
_PRELUDE = re.compile(  # Ok, thanks. What …
    r"\W*(?:(?:ok|okay|oh|ah|hm+|well|yes|no|right|thanks|thank you|thx|great|sorry|please)\b\W*)*",
    re.IGNORECASE,
)
_JOINING = re.compile(r"(?:(?:and|but|or|so|then|also|plus)\b\W*)+", re.IGNORECASE)  # And in June?
_ABOUT = re.compile(r"(?:what|how) about\b", re.IGNORECASE)  # What about the ministers?
_FURTHER = re.compile(  # What else? Tell me more. Go on. Who are the others?
    r"\b(?:wh\w+|how|any\w+|some\w+|no\w+|every\w+) (?:else|more|further)\b"
    r"|^(?:(?:please |can you |could you )?(?:tell|say|give|show)(?: me| us)? )?(?:some )?(?:more|further)\b"
    r"|^(?:go on|continue|carry on)\b|^(?:what|who|which) (?:are |is )?(?:the )?others?\W*$",
    re.IGNORECASE,
)
_DETERMINING = frozenset("which what whose".split())  # before a noun: which Minister is no name
_EXPLETIVE = re.compile(  # Is it true that …? Why was it so hard to …? Will it rain?
    r"\b(?:is|was|isn[’']t|wasn[’']t|will|would|does|did) it (?:be )?(?:\w+ )?(?:that|to|true|rain|snow)\b"
    r"|\bit (?:is|was) (?!\w+ed\b)\w+ (?:that|to)\b",
    re.IGNORECASE,
)
_THERE = re.compile(  # Who was killed there? But not: are there more, there is
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbeen )(?<!\bbe )(?<!\bwill )(?<!\bcan )\bthere\b"
    r"(?! (?:is|are|was|were|be|been|will|would|can|could|has|have|had|any|no)\b)",
    re.IGNORECASE,
)
_DEMONSTRATIVE = re.compile(  # Who said this? Why is that? After that, who came? Is that so?
    r"\b(?:this|these|those)\b(?! (?:article|text|page|week|month|year|morning|evening|summer|winter))"
    r"|\bthat\b(?=\W*$| \w+\W*$)(?<!\bsays that)(?<!\bsay that)(?<!\bsaying that)(?<!\bthink that)"
    r"|(?:^|\b(?:is|was|are|were|did|does|do|about|of|in|on|at|to|for|with|by|after|before|from|since|than)\s)that\b"
    r"|\b(?:the same|the latter|the former|so|then)\W*$",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(  # how many MPs; why not; which ones; under what conditions
    r"how (?:many|much)(?: \w+){0,2}|why(?: \w+){0,2}|(?:which|what|whose|where|when|how)(?: \w+)?"
    r"|(?:in|on|at|by|to|from|for|with|without|under|over|since|until|till|after|before|during|about|of)"
    r"(?: \w+){0,3}"
)
_COUNT = re.compile(r"how (?:many|much) (?:is|are|was|were) \w+")  # how many were killed
_FEW = 4
"""Words after "and" that are a fragment of a question, if no auxiliary verb is among them."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a question leans on.

    Attributes:
        context: What was asked before, as one text that is read before the question.
        spans: What the last answer cited.
        asks_on: Whether it asks for something that has not been cited yet.
    """

    context: str
    spans: tuple[Span, ...]
    asks_on: bool


def follow_up(
    question: str, turns: Sequence[Turn], text: str, is_name: Callable[[str], bool] = str.istitle
) -> FollowUp | None:
    """What a question leans on, or None where it stands by itself or nothing went before.

    The last turn is what it leans on, and where that one leans as well, the one before it, and so on back
    to MAX_TURNS. A turn of which only the citations are known is read as the words that it cites.

    Args:
        question: As it was read.
        turns: What was asked before, oldest first.
        text: The article's.
        is_name: Whether a word of a question is a name.
    """
    if not turns or not leans(question, is_name):
        return None
    recent = list(turns[: -MAX_TURNS - 1 : -1])
    leaning = list(takewhile(lambda turn: turn.question and leans(turn.question, is_name), recent))
    context_turns = recent[: len(leaning) + 1]
    context_parts = (
        turn.question or " ".join(span.of(text) for span in turn.spans) for turn in reversed(context_turns)
    )
    context = " ".join(" ".join(context_parts).split())[:MAX_CONTEXT_CHARS]
    return FollowUp(context, turns[-1].spans, asks_on(question))


def asks_on(question: str) -> bool:
    """Whether a question asks for something besides what was said ("what else?", "go on")."""
    return _FURTHER.search(_opened(question)[0]) is not None


def leans(question: str, is_name: Callable[[str], bool] = str.istitle) -> bool:
    """Whether a question needs what was asked before it to be understood."""
    if len(question) > MAX_FOLLOW_UP_CHARS:
        return False
    rest, joined = _opened(question)
    words = _WORD.findall(rest)
    if not words:
        return False
    if _ABOUT.match(rest) or asks_on(question) or _DEMONSTRATIVE.search(rest) or _THERE.search(rest):
        return True
    low = [word.lower() for word in words]
    return (
        TELLING_NOTHING.issuperset(low) or _is_fragment(low, joined=joined) or has_open_pronoun(rest, is_name)
    )


def _opened(question: str) -> tuple[str, bool]:
    """The question without what leads to it ("ok, and …"), and whether an "and" did."""
    prelude = _PRELUDE.match(question)
    rest = question[prelude.end() :] if prelude and prelude.end() < len(question) else question
    joining = _JOINING.match(rest)
    return (rest[joining.end() :], True) if joining and joining.end() < len(rest) else (rest, False)


def _is_fragment(low: Sequence[str], *, joined: bool) -> bool:
    """Whether a verb is missing: "under what conditions", "how many MPs", "and the ministers"."""
    if _COUNT.fullmatch(" ".join(low)):
        return True
    if not AUXILIARIES.isdisjoint(low):
        return False
    return (joined and len(low) <= _FEW) or _FRAGMENT.fullmatch(" ".join(low)) is not None


def has_open_pronoun(text: str, is_name: Callable[[str], bool] = str.istitle) -> bool:
    """Whether a pronoun has nothing before it in a sentence that it can stand for."""
    if _EXPLETIVE.search(text):
        return False
    words = _WORD.findall(text)
    low = [word.lower() for word in words]
    names = [
        is_name(word) and not (at and low[at - 1] in _DETERMINING) and not word[:-1].isupper()  # UK, MPs
        for at, word in enumerate(words)
    ]
    who_does = low[:1] == ["who"] and not AUXILIARIES.issuperset(low[1:2])
    named = role = article = clause = False  # of what stands before the word
    last = ""
    for at, (word, is_named) in enumerate(zip(low, names, strict=True)):
        possessive = word in POSSESSIVES
        if not (possessive and who_does and at > 1):  # who gave their name to it
            if word in PERSONAL and not named and not role:
                return True
            # "it" can mean a noun before it from another clause only: not in "What did the mayor say of it?"
            clause_of_named = named and last in CLAUSE_LINKS  # Toyota said it would
            noun = article or (possessive and named) or clause_of_named
            if word in IMPERSONAL and not (noun and (possessive or clause)):
                return True
        named, role = named or is_named, role or word in ROLES
        article, clause = article or word in ARTICLES, clause or word in CLAUSE_LINKS
        last = word
    return False


def telling_words(text: str) -> list[Span]:
    """The words of a text that say something of the thing asked, in order."""
    return [Span(*word.span()) for word in WORD.finditer(text) if word[0].lower() not in TELLING_NOTHING]
