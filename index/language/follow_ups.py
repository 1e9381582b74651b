"""Follow-ups: what a question leans on of the conversation before it.

"And in June?", "why?" or "what did he say then?" say little by themselves. Such a question is recognised by
rules of English and is read together with the questions before it; one that stands by itself is read by
itself, whatever went before, and gets the answer it would get without a conversation.

The rules look for a pronoun or a demonstrative without an antecedent in the question, for a fragment
("under what conditions?") and for what asks on ("what else?", "and the ministers?"). A question that is taken
to lean though it does not loses little: its own words still count for most (``index/retrieve.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from index.language.attribution import ROLES
from index.model.answer import Turn
from index.model.article import Span
from index.search.bm25 import STOP_WORDS, WORD

MAX_TURNS = 3
"""How many turns a follow-up can reach back."""

MAX_CONTEXT_CHARS = 300
"""How much is read of what was asked before: with a follow-up it has to fit the model's window."""

MAX_FOLLOW_UP_CHARS = 200
"""What is longer than this says what it is about."""

_TELLS_NOTHING = STOP_WORDS | frozenset(
    "he him his she her hers its them theirs i me my you your we us our about so like been being else more "
    "anything something someone anyone anybody somebody".split()
)
_WORD = re.compile(r"\w+(?:[’'-]\w+)*")
_PRELUDE = re.compile(
    r"\W*(?:(?:ok|okay|oh|ah|hm+|well|yes|no|right|thanks|thank you|thx|great|sorry|please)\b\W*)*",
    re.IGNORECASE,
)
_JOINING = re.compile(r"(?:(?:and|but|or|so|then|also|plus)\b\W*)+", re.IGNORECASE)
_ABOUT = re.compile(r"(?:what|how) about\b", re.IGNORECASE)
_FURTHER = re.compile(
    r"\b(?:wh\w+|how|any\w+|some\w+|no\w+|every\w+) (?:else|more|further)\b"
    r"|^(?:(?:please |can you |could you )?(?:tell|say|give|show)(?: me| us)? )?(?:some )?(?:more|further)\b"
    r"|^(?:go on|continue|carry on)\b|^(?:what|who|which) (?:are |is )?(?:the )?others?\W*$",
    re.IGNORECASE,
)
_PERSON = frozenset("he him his she her hers".split())
_THING = frozenset("it its they them their theirs".split())
_POSSESSIVES = frozenset("his her its their".split())
_DETERMINING = frozenset("which what whose".split())
_ARTICLES = frozenset("the a an".split())
_EXPLETIVE = re.compile(
    r"\b(?:is|was|isn[’']t|wasn[’']t|will|would|does|did) it (?:be )?(?:\w+ )?(?:that|to|true|rain|snow)\b"
    r"|\bit (?:is|was) (?!\w+ed\b)\w+ (?:that|to)\b",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbeen )(?<!\bbe )(?<!\bwill )(?<!\bcan )\bthere\b"
    r"(?! (?:is|are|was|were|be|been|will|would|can|could|has|have|had|any|no)\b)",
    re.IGNORECASE,
)
_DEMONSTRATIVE = re.compile(
    r"\b(?:this|these|those)\b(?! (?:article|text|page|week|month|year|morning|evening|summer|winter))"
    r"|\bthat\b(?=\W*$| \w+\W*$)(?<!\bsays that)(?<!\bsay that)(?<!\bsaying that)(?<!\bthink that)"
    r"|(?:^|\b(?:is|was|are|were|did|does|do|about|of|in|on|at|to|for|with|by|after|before|from|since|than)\s)that\b"
    r"|\b(?:the same|the latter|the former|so|then)\W*$",
    re.IGNORECASE,
)
_CLAUSE_WORDS = frozenset(
    "say says said think thinks thought believe believes believed claim claims claimed argue argues argued "
    "promise promised admit admitted warn warned and or but if that when because while before after".split()
)
_AUXILIARIES = frozenset(
    "is are was were be been am do does did has have had "
    "can could will would shall should may might must".split()
)
_FRAGMENT = re.compile(
    r"how (?:many|much)(?: \w+){0,2}|why(?: \w+){0,2}|(?:which|what|whose|where|when|how)(?: \w+)?"
    r"|(?:in|on|at|by|to|from|for|with|without|under|over|since|until|till|after|before|during|about|of)"
    r"(?: \w+){0,3}"
)
_FEW = 4
"""Words after "and" that are a fragment of a question, if no auxiliary verb is among them."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What a question leans on.

    Attributes:
        context: What was asked before, as one text that is read before the question.
        cited: What the last answer cited.
        further: Whether it asks for something that has not been cited yet.
    """

    context: str
    cited: tuple[Span, ...]
    further: bool


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
    used = recent[: len(leaning) + 1]
    asked = (turn.question or " ".join(span.of(text) for span in turn.cited) for turn in reversed(used))
    context = " ".join(" ".join(asked).split())[:MAX_CONTEXT_CHARS]
    return FollowUp(context, turns[-1].cited, asks_on(question))


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
        _TELLS_NOTHING.issuperset(low) or _is_fragment(low, joined=joined) or has_open_pronoun(rest, is_name)
    )


def _opened(question: str) -> tuple[str, bool]:
    """The question without what leads to it ("ok, and …"), and whether an "and" did."""
    prelude = _PRELUDE.match(question)
    asked = question[prelude.end() :] if prelude and prelude.end() < len(question) else question
    joining = _JOINING.match(asked)
    return (asked[joining.end() :], True) if joining and joining.end() < len(asked) else (asked, False)


def _is_fragment(low: Sequence[str], *, joined: bool) -> bool:
    """Whether a verb is missing: "under what conditions", "how many MPs", "and the ministers"."""
    if re.fullmatch(r"how (?:many|much) (?:is|are|was|were) \w+", " ".join(low)):
        return True  # how many were killed
    if not _AUXILIARIES.isdisjoint(low):
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
    who_does = low[:1] == ["who"] and not _AUXILIARIES.issuperset(low[1:2])
    named = role = article = clause = False  # of what stands before the word
    last = ""
    for at, (word, is_named) in enumerate(zip(low, names, strict=True)):
        possessive = word in _POSSESSIVES
        if not (possessive and who_does and at > 1):  # who gave their name to it
            if word in _PERSON and not named and not role:
                return True
            # "it" can mean a noun before it from another clause only: not in "What did the mayor say of it?"
            told = named and last in _CLAUSE_WORDS  # Toyota said it would
            noun = article or (possessive and named) or told
            if word in _THING and not (noun and (possessive or clause)):
                return True
        named, role = named or is_named, role or word in ROLES
        article, clause = article or word in _ARTICLES, clause or word in _CLAUSE_WORDS
        last = word
    return False


def telling_chars(text: str) -> npt.NDArray[np.bool_]:
    """Which characters of a text stand in a word that says something of the thing asked, shape (chars,)."""
    telling = np.zeros(len(text), dtype=np.bool_)
    for word in WORD.finditer(text):
        telling[word.start() : word.end()] = word[0].lower() not in _TELLS_NOTHING
    return telling
