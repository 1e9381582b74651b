"""Questions that look as if a context answered them, and it does not: made from questions that it answers.

The kinds follow those that people wrote for SQuAD 2.0 (Rajpurkar et al. 2018, table 2): entity swap, antonym,
negation, missing information. Each function gives None where it finds nothing to change.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from index.reader.training.data import SpanExample

_NUMBER = re.compile(r"\b\d{1,3}(?:,\d{3})+\b|\b\d+(?:\.\d+)?\b")
_YEAR = re.compile(r"\b1\d{3}\b|\b20\d\d\b")
_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: (?:of |the |de |von |van )?[A-Z][\w'’-]+){0,3}\b")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]{0,2}\s+")
_ASKING = frozenset(
    "what which who whom whose when where why how is are was were do does did can could has have had "
    "will would should in on at for from to of by with during after before according the a an if "
    "besides along many name other some as between under since until about along approximately "
    "around i".split()
)

_OPPOSITES = (
    "first/last largest/smallest biggest/smallest highest/lowest oldest/youngest best/worst most/least "
    "more/fewer before/after increase/decrease increased/decreased rise/fall rose/fell "
    "northern/southern eastern/western north/south east/west left/joined began/ended begin/end "
    "start/end started/ended founded/dissolved opened/closed open/close built/demolished won/lost "
    "win/lose accepted/rejected supported/opposed support/oppose agreed/refused allowed/forbidden "
    "early/late earliest/latest new/old male/female men/women born/buried son/daughter father/mother "
    "brother/sister husband/wife king/queen public/private common/rare longest/shortest minimum/maximum "
    "above/below inside/outside import/export major/minor imports/exports attack/defend buy/sell "
    "bought/sold created/destroyed added/removed include/exclude included/excluded positive/negative "
    "strong/weak strongest/weakest hot/cold inner/outer upper/lower internal/external modern/ancient "
    "urban/rural rich/poor good/bad popular/unpopular legal/illegal success/failure "
    "successful/unsuccessful gained/lost entered/left arrived/departed praised/criticized "
    "encouraged/discouraged easy/difficult faster/slower higher/lower larger/smaller older/younger "
    "approved/vetoed day/night summer/winter domestic/foreign majority/minority present/absent"
)
_OPPOSITE_OF: dict[str, list[str]] = {}
for _one, _other in (pair.split("/") for pair in _OPPOSITES.split()):
    _OPPOSITE_OF.setdefault(_one, []).append(_other)
    _OPPOSITE_OF.setdefault(_other, []).append(_one)

_ROLES = (
    "prime minister|president|foreign minister|defence minister|finance minister|chancellor|mayor|governor|"
    "ambassador|health secretary|home secretary|foreign secretary|party leader|speaker|deputy prime minister",
    "king|queen|emperor|prince|pope|bishop|archbishop|duke|sultan|general|admiral",
    "author|director|producer|composer|editor|publisher|translator|illustrator|narrator|screenwriter|critic",
    "founder|chairman|chief executive|ceo|owner|manager|spokesman|treasurer|investor|lawyer",
    "captain|coach|goalkeeper|referee|striker|quarterback|pitcher",
    "architect|engineer|inventor|designer|builder|sculptor|painter|photographer",
    "capital|largest city|main port|second largest city|currency|official language|population|area",
    "birthplace|home town|alma mater|nationality|religion|nickname|middle name|occupation|salary|height|age",
    "mother|father|brother|sister|son|daughter|wife|husband|uncle|cousin|grandfather",
    "die|retire|marry|resign|graduate",
    "died|retired|married|resigned|graduated|born|arrested|injured|elected|promoted|divorced",
    "win|lose|draw|score|host|cancel|sponsor|boycott",
    "written|published|translated|banned|adapted|revised|reviewed",
    "founded|renamed|sold|merged|closed|moved|acquired",
)
_ROLE_OF = {
    role: [other for other in group.split("|") if other != role]
    for group in _ROLES
    for role in group.split("|")
}
_ROLE = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, _ROLE_OF), key=len, reverse=True)) + r")\b", re.IGNORECASE
)
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|can|could|will|would|should|must|may) (?=[a-z])|"
    r"\b(?:did|does|do) (?:[A-Z]\S*|the \S+|it|they|he|she|people) (?=[a-z])"
)


class Surroundings(NamedTuple):
    """What the other contexts of an article have to swap in.

    Attributes:
        names: Names that the article's contexts have.
        numbers: Numbers.
        years: Years.
    """

    names: Sequence[str]
    numbers: Sequence[str]
    years: Sequence[str]


def surroundings(contexts: Sequence[str]) -> Surroundings:
    """Gathers the names, numbers and years of an article's contexts, repeats left out."""
    text = "\n".join(contexts)
    years = dict.fromkeys(_YEAR.findall(text))
    small = set(re.findall(r"\b[a-z]+\b", text))
    names = dict.fromkeys(name.removeprefix("The ") for name in _NAME.findall(text))
    return Surroundings(
        # What also stands there in small letters is a word that began a sentence.
        names=[name for name in names if name.lower() not in small and name.lower() not in _ASKING],
        numbers=[number for number in dict.fromkeys(_NUMBER.findall(text)) if number not in years],
        years=list(years),
    )


def swapped_name(example: SpanExample, around: Surroundings, rng: random.Random) -> SpanExample | None:
    """One name of the question becomes another of the article.

    Mostly one that the context lacks, so that the question cannot be answered by it; else one that stands
    in another sentence of the context, which is harder, and is sometimes answered after all.
    """
    names = [
        name
        for name in _NAME.finditer(example.question)
        if name[0].lower() not in _ASKING and name[0].partition(" ")[0].lower() not in _ASKING
    ]
    if not names or not around.names:
        return None
    name = rng.choice(names)
    low = example.context.lower()
    inside = rng.random() < 0.35
    sentence = _sentence_of_answer(example).lower()
    words = len(name[0].split())
    for other in rng.sample(around.names, min(12, len(around.names))):
        fits = other.lower() not in example.question.lower() and abs(len(other.split()) - words) <= 1
        there = other.lower() in low
        if fits and (there and other.lower() not in sentence if inside else not there):
            return _unanswered(example, _replaced(example.question, name, other), "swapped name")
    return None


def swapped_number(example: SpanExample, around: Surroundings, rng: random.Random) -> SpanExample | None:
    """One number or year of the question becomes another, of the article or near it, not in the context."""
    numbers = list(_NUMBER.finditer(example.question))
    if not numbers:
        return None
    number = rng.choice(numbers)
    year = _YEAR.fullmatch(number[0])
    pool = list(around.years if year else around.numbers)
    others = rng.sample(pool, min(5, len(pool)))
    if year:
        others.append(str(int(number[0]) + rng.choice([-30, -10, -7, -3, -2, -1, 1, 2, 3, 6, 10, 40])))
    elif number[0].isdigit():
        others.append(str(max(1, int(number[0]) * 2 + rng.randint(-3, 7))))
    rng.shuffle(others)
    for other in others:
        if other != number[0] and not re.search(rf"\b{re.escape(other)}\b", example.context):
            return _unanswered(example, _replaced(example.question, number, other), "swapped number")
    return None


def swapped_role(example: SpanExample, _: Surroundings, rng: random.Random) -> SpanExample | None:
    """A role, a relation or an event of the question becomes another of its kind that the context lacks."""
    roles = list(_ROLE.finditer(example.question))
    rng.shuffle(roles)
    for role in roles:
        low = example.context.lower()
        others = [other for other in _ROLE_OF[role[0].lower()] if other not in low]
        if others:
            return _unanswered(example, _replaced(example.question, role, rng.choice(others)), "swapped role")
    return None


def opposite(example: SpanExample, _: Surroundings, rng: random.Random) -> SpanExample | None:
    """A word of the question becomes its opposite."""
    question = opposite_in(example.question, rng, besides=_sentence_of_answer(example).lower())
    return None if question is None else _unanswered(example, question, "opposite")


def opposite_in(text: str, rng: random.Random, besides: str = "") -> str | None:
    """A text in which one word has become an opposite of it that does not stand in ``besides``."""
    words = [word for word in re.finditer(r"[a-z]+", text) if word[0] in _OPPOSITE_OF]
    if not words:
        return None
    word = rng.choice(words)
    others = [other for other in _OPPOSITE_OF[word[0]] if other not in besides]
    return _replaced(text, word, rng.choice(others)) if others else None


def negated(example: SpanExample, _: Surroundings, rng: random.Random) -> SpanExample | None:
    """The question is put in the negative."""
    if re.search(r"\b(?:not|never|no|n't|without)\b|n't", example.question + _sentence_of_answer(example)):
        return None
    places = list(_AUXILIARY.finditer(example.question))
    if not places:
        return None
    at = rng.choice(places).end()
    word = rng.choice(["not ", "not ", "never "])
    return _unanswered(example, example.question[:at] + word + example.question[at:], "negated")


def sentence_removed(example: SpanExample, _: Surroundings, rng: random.Random) -> SpanExample | None:
    """The context loses the sentence that answers; what is left must not have the answer's words."""
    del rng
    if example.start is None or len(example.answer) < 3:
        return None
    sentences = sentence_spans(example.context)
    rest = [span for span in sentences if not span[0] <= example.start < span[1]]
    if len(sentences) < 3 or len(rest) != len(sentences) - 1:
        return None
    context = "".join(example.context[start:end] for start, end in rest)
    if example.answer.lower() in context.lower():
        return None
    return SpanExample(example.question, context, None, None, "sentence removed", example.group)


CHANGES: Mapping[Callable[[SpanExample, Surroundings, random.Random], SpanExample | None], int] = {
    # How often each is tried first. Swaps weigh most: what the first reader got wrong were names, numbers and
    # roles of the right kind. A negated question is rarely asked.
    swapped_name: 36,
    swapped_role: 18,
    swapped_number: 14,
    sentence_removed: 16,
    opposite: 12,
    negated: 4,
}


def lookalike(example: SpanExample, around: Surroundings, rng: random.Random) -> SpanExample | None:
    """A question that the context does not answer, made from one that it does; None: nothing to change."""
    ways = sorted(CHANGES, key=lambda way: rng.random() ** (1 / CHANGES[way]), reverse=True)
    # Not the last ones: every question can be negated or lose its sentence, and few should be.
    return next((change for way in ways[:3] if (change := way(example, around, rng)) is not None), None)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text stand, the space after each included, in code points."""
    bounds = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    return [(start, end) for start, end in itertools.pairwise(bounds) if end > start]


def _sentence_of_answer(example: SpanExample) -> str:
    at = example.start or 0
    spans = sentence_spans(example.context)
    return next((example.context[start:end] for start, end in spans if start <= at < end), "")


def _replaced(text: str, place: re.Match[str], other: str) -> str:
    return text[: place.start()] + other + text[place.end() :]


def _unanswered(example: SpanExample, question: str, way: str) -> SpanExample:
    return SpanExample(question, example.context, None, None, way, example.group)
