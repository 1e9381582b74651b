"""Questions that yes or no answers: "Did Khan call for a ceasefire?"."""

from __future__ import annotations

import re
from itertools import dropwhile

_LEADING = frozenset(  # Hi, and is it true that …
    "ok okay oh ah hm hmm well so and but or also then thanks thank hi hey hello please sorry".split()
)
_OPENING = re.compile(
    r"\W*(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|must|may|might)"
    r"(?:n[’']?t)?\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(  # Can you tell me who …? Could somebody explain …?
    r"\W*(?:can|could|would|will|do|may|might) (?:you|u|ya|someone|somebody|anyone|anybody|i|we)\b"
    r"(?: please)? (?:tell|say|explain|list|give|show|name|describe|summari[sz]e|find|quote|remind|know|help"
    r"|get|ask)\b",
    re.IGNORECASE,
)
_ASKS_WITHIN = re.compile(  # Does it say how many …? Did they announce who …? Is there a reason why …?
    r"\b(?:(?-i:[Ww]ho)|whom|whose|what|which|when|where|why|how)\b", re.IGNORECASE
)
_SAYING = re.compile(  # what a question within a question hangs on
    r"\b(?:say|says|said|mention\w*|tell|tells|told|explain\w*|state[sd]?|announce\w*|reveal\w*|specif\w+|clear|known|"
    r"know|reason|clarif\w+|disclose\w*|indicate\w*|report\w*|give[ns]?)\b",
    re.IGNORECASE,
)
_ALTERNATIVES = re.compile(r"\bor\b(?!\W+(?:not|no|what)\b)", re.IGNORECASE)  # Is it red or blue?


def asks_yes_or_no(question: str) -> bool:
    """Whether yes or no answers a question: it opens with its verb, and asks nothing else within."""
    rest = " ".join(dropwhile(_leads, question.split()))
    opening = _OPENING.match(rest)
    if opening is None or _REQUEST.match(rest) or _ALTERNATIVES.search(rest):
        return False
    within = _ASKS_WITHIN.search(rest)
    return within is None or _SAYING.search(rest[: within.start()]) is None


def _leads(word: str) -> bool:
    """Whether a word only leads to the question; a mark alone does too."""
    bare = word.strip(".,;:!-–— ").lower()
    return not bare or bare in _LEADING
