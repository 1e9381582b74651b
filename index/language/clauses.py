"""Questions that name a place of the text by its number: "What does clause 3 say?"."""

from __future__ import annotations

import re
from typing import NamedTuple

_MOST_CHARS = 80
"""What is longer asks for more."""

_ASKING = (
    r"what(?:[’']?s| is| does| are| do)?(?: (?:said|written|stated|contained))?(?: (?:in|under|about))?"
    r"|(?:please )?(?:quote|show|read|give|tell)(?: me)?"
    r"|was (?:steht|sagt|besagt|regelt|bedeutet)(?: (?:in|unter))?(?: (?:dem|der|die|das))?"
    r"|(?:que|qu['’]est-ce que) (?:dit|prévoit|stipule)|qué (?:dice|establece)"
)
_PARAGRAPH = "paragraph|absatz|paragraphe|párrafo"
_UNIT = (
    r"clause|section"
    r"|article|point|item|rule|step|condition|provision|number|no\.?|§|klausel|abschnitt|artikel|punkt|regel"
    r"|schritt|paragraf|nummer|nr\.?|bestimmung|règle|étape|cláusula|artículo|punto|regla|paso|sección"
)
_NUMBER = r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,3})"
_SAYING = r"(?:say|state|mean|cover|require|provide|contain|deal with|regulate|about)(?: exactly)?"
_PATTERN = re.compile(
    rf"(?:(?:{_ASKING}) )?(?:the |l['’]|les? |la |el )?(?:(?P<paragraph>{_PARAGRAPH})|{_UNIT}) ?{_NUMBER}"
    rf"(?: {_SAYING})?"
)
_OPENING = re.compile(rf"(?:(?:{_PARAGRAPH}|{_UNIT})\s?|\()?{_NUMBER}[.):]?(?=\s)", re.IGNORECASE)


class Clause(NamedTuple):
    """A place of the text.

    Attributes:
        number: As it is written: "3", "2.1".
        is_paragraph: Whether it may be the article's own count of paragraphs.
    """

    number: str
    is_paragraph: bool


def asked_clause(question: str) -> Clause | None:
    """The place whose words a question asks for, and for nothing else; None of any other question."""
    if len(question) > _MOST_CHARS:
        return None
    match = _PATTERN.fullmatch(" ".join(question.lower().split()).strip(" ¿¡?.!…"))
    return Clause(match["number"], match["paragraph"] is not None) if match else None


def opening_number(paragraph: str) -> str | None:
    """The number that a paragraph opens with, as a clause or a step does; None where it opens with none."""
    opening = _OPENING.match(paragraph)
    return opening["number"] if opening else None
