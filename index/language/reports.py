"""The verbs that report speech, and who their subjects are: Khan, the mayor of London, has since said “a”."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from index.language.narration import QUOTATION_CHAR, Narration
from index.language.tables import (
    ARTICLES,
    BESIDE_THE_VERB,
    CALENDAR,
    CALLS,
    CLAUSE_OPENERS,
    INVERTING_VERBS,
    LY_NOUNS,
    NOBODY,
    NOT_NAMES,
    NOT_NAMING,
    OCCASIONS,
    OPENERS,
    PARTICIPLES,
    PLATFORMS,
    PREPOSITIONS,
    PRONOUNS,
    REPORTS_AS,
    ROLES,
    SAYS,
    SPEAKING,
    SUBORDINATORS,
    UNSAYING,
    UPPER,
    VERBS,
    alternation,
)
from index.model.article import Span

SUBJECT_CHARS = 300
"""How far apart a subject and what it says may stand."""

_REACH = 40
"""Tokens around a verb in which its subject is looked for: more than a sentence has as a rule."""

_NAME_WORDS = 10
"""The longest name or description: the chairman of the Committee on the Judiciary of the Senate."""

_OCCASION_WORDS, _OCCASION_CHARS = 16, 120
"""Of an occasion, as "at a press conference in Oslo on Monday evening"; what is longer is a clause."""


TURN = re.compile(
    r";|, and\b|\b(?:but|while|whereas|although|though|who|which|whose|whom|because|unless|until)\b"
)
_PREDICATE = re.compile(r"(?<!\s)\s*+(?:was|were|is|are|had|has|to)\b")
_AS_OPEN = re.compile(r"\bas(?>(?:\s++\w++){0,2})\s*+\Z")
_ANOTHER = re.compile(
    rf"\b(?:he|she|they|who|we|(?:{alternation(ROLES)})\b)"
    rf"|\b[{UPPER}](?>(?:\w++|[’'-](?![{UPPER}]))*)\s++(?!and\b)[a-z]"
)
_PLAIN = re.compile(r"[\w\s’'.,&-]+")
_WORD = re.compile(r"\w+")


class Subject(NamedTuple):
    """Who says it: a name, a description or a pronoun as written. ``end`` is where the verb and it end."""

    name: str
    start: int
    end: int
    occasion: str | None = None
    preceded: bool = False  # the sentence has words before it
    conjunction: str = ""  # the word that joins its clause to what is before


class Report(NamedTuple):
    """A verb that may report speech, and its subject if that is clear."""

    start: int
    verb: str
    subject: Subject | None

    def governs(self, gap: str) -> bool:
        """Whether a quotation that ``gap`` divides from the verb and its subject is what the verb reports."""
        verb, subject, words = self.verb, self.subject, gap.split()
        if subject is None or TURN.search(gap):  # Khan said he was tired, but the “silly” plan went on.
            return False
        if subject.conjunction in SUBORDINATORS and "," in gap and words != [","]:
            return False  # After Khan said no, the “bold” plan failed.
        if verb in SAYS:
            introduces = not (verb in PARTICIPLES and "," in gap.rstrip(", "))
            return introduces and not _PREDICATE.match(gap)  # What Khan said was “awful”.
        if not verb:
            return gap.startswith((",", ":"))  # According to Khan, “a b”.
        unnamed = subject.name.lower().startswith(("a ", "an "))
        if unnamed and verb in REPORTS_AS | CALLS | {"posted", "tweeted"}:
            return False  # A letter posted on X: “a”. A group called “Friends” met.
        if verb in REPORTS_AS:
            return _is_object_as(gap)  # Khan described it as “bad”.
        if verb in CALLS:  # Khan called the plan “silly”; not: the group called, “A.”
            has_object = len(words) > 1 or words[:1] in (["it"], ["him"], ["her"])
            return has_object and not gap.rstrip().endswith((",", ":"))
        # He added, “b”. On Tuesday Khan tweeted in reply: “A.” Khan replied that “a”.
        return words in ([], [","]) or gap.rstrip().endswith(":") or words[0] == "that"


class Reports:
    """The verbs of a narration that may report speech."""

    def __init__(self, narration: Narration) -> None:
        self._narration = narration

    @cached_property
    def all(self) -> list[Report]:
        """Every one of them with its subject, in order."""
        reports: list[Report] = []
        tokens = self._narration.tokens
        for number, (start, end) in enumerate(zip(tokens.starts, tokens.ends, strict=True)):
            if (verb := self._narration.within(start, end)) in VERBS:
                subject = self._subject(number, reports[-1] if reports else None)
                reports.append(Report(start, verb, subject))
        return reports

    def subject_after(self, start: int, limit: int) -> Subject | None:
        """The name or description that starts at ``start``, if nothing but a pause follows it.

        “…,” said former mayor Boris Johnson, who lost. “…,” according to Dr. Smith.
        """
        tokens = [token for token in self._narration.tokens_from(start, _REACH) if token.end <= limit]
        words = [self._narration.within(token.start, token.end) for token in tokens]
        stop, named = 0, False
        for word, following in zip(words, [*words, ""][1:], strict=True):
            low = word.lower()
            if not word[0].isalnum() or low in CLAUSE_OPENERS | PREPOSITIONS or (low in CALENDAR and stop):
                break  # said the minister | on Tuesday
            runs_on = _is_capitalised(following) and not low.endswith(("ing", "ed", "ly"))
            if named and word.islower() and word != "of" and not runs_on:
                break  # said Khan | angrily
            named = (named or _is_capitalised(word)) and not word.endswith(("’s", "'s"))
            stop += 1
        if not stop:
            return None
        start, end = tokens[0].start, tokens[stop - 1].end
        name = self._narration.words_of(start, end)
        paused = end >= limit or self._narration.pauses(end, limit)
        return Subject(name, start, end) if paused and _can_speak(name.split(), anywhere=True) else None

    def _subject(self, number: int, earlier: Report | None) -> Subject | None:
        """The subject of the verb that is the token ``number``."""
        narration = self._narration
        token = narration.tokens[number]
        verb, start, end = narration.within(token.start, token.end), token.start, token.end
        sentence = narration.sentence_at(start)
        lead = narration.within(max(sentence.start, start - 4), start).rstrip(", \xa0")
        if (
            lead.endswith(QUOTATION_CHAR)
            and verb in INVERTING_VERBS
            and (after := self.subject_after(end, sentence.end))
        ):
            return after  # “A b,” said Khan.
        tokens = narration.tokens_before(number, _REACH)
        words = [narration.within(token.start, token.end) for token in tokens]
        stop = len(words)
        while stop and (words[stop - 1].lower() in BESIDE_THE_VERB or _is_adverb(words[stop - 1])):
            stop -= 1  # Anna Jones later told
        joint = words[stop - 1] if stop else ""
        if joint == "and" or (joint == "," and verb in PARTICIPLES):  # “…,” he wrote, and said; …, adding
            return self._shared_subject(earlier, sentence, start, end)
        aside = ""
        if joint == ",":  # Khan, the mayor of London, said
            comma = next((n for n in range(stop - 2, -1, -1) if words[n] == ","), 0)
            aside = narration.within(tokens[comma].end, tokens[stop - 1].start)
            stop = comma
        clause = _clause_start(words, stop)
        opener = words[clause - 1].lower() if clause else ""
        first = _subject_start(words, clause, stop)
        whole = len(tokens) < _REACH
        if first is None or first >= stop or (first == 0 and not whole):
            return None
        name = narration.words_of(tokens[first].start, tokens[stop - 1].end)
        inside = opener in CLAUSE_OPENERS - {"and"}
        if opener in UNSAYING or not _can_speak(name.split(), anywhere=not inside):
            return None  # The man who said; if Khan said
        at = tokens[first].start
        occasion = occasion_of(aside) or (
            occasion_of(narration.within(sentence.start, at)) if whole else None
        )
        preceded = any(word[0].isalnum() for word in words[:first])
        return Subject(name, at, end, occasion, preceded, opener)

    def _shared_subject(self, earlier: Report | None, sentence: Span, start: int, end: int) -> Subject | None:
        """The subject of the verb before, if nobody else can be meant: he voiced concern …, and said."""
        subject = earlier.subject if earlier and earlier.start >= sentence.start else None
        if not subject or start - subject.end > SUBJECT_CHARS:
            return None
        if any(self._narration.finditer(_ANOTHER, subject.end, start)):  # Khan said Starmer came and said
            return None
        return subject._replace(end=end)


def occasion_of(phrase: str) -> str | None:
    """Where something was said, as a clause after the name, if that is what ``phrase`` says."""
    if len(phrase) > _OCCASION_CHARS or not _PLAIN.fullmatch(phrase):
        return None
    words = phrase.strip(" ,").split()
    if not 1 < len(words) <= _OCCASION_WORDS:
        return None
    low = [word.lower().strip(",.") for word in words]
    is_occasion = low[0] in SPEAKING  # speaking in Parliament on Tuesday
    is_occasion = is_occasion or (
        low[0] in ("in", "at", "during", "on") and not OCCASIONS.isdisjoint(low[1:])
    )  # in a letter
    is_occasion = is_occasion or (low[0] == "on" and low[1] in PLATFORMS)  # on X
    return " ".join([low[0], *words[1:]]) if is_occasion and PRONOUNS.isdisjoint(low) else None


def _subject_start(words: Sequence[str], clause: int, stop: int) -> int | None:
    """Where the subject begins that ends before ``stop`` in the clause from ``clause`` on, if it is clear."""
    first = clause
    if first and words[first - 1].lower() == "and":
        before = _clause_start(words, first - 1)
        pair = words[before : first - 1]
        if pair and (all(map(_is_capitalised, pair)) or (len(pair) == 2 and pair[0].lower() == "the")):
            first = before  # Israel and Egypt said
        elif words[first - 2][0].isalnum():
            return None  # He rose and Khan said: "and" may join names or clauses
    return first + _opening_words(words[first:stop])


def _clause_start(words: Sequence[str], stop: int) -> int:
    """Where the clause begins that ends before ``stop``: Khan said | Starmer had told him."""
    while stop and words[stop - 1][0].isalnum() and words[stop - 1].lower() not in CLAUSE_OPENERS:
        stop -= 1
    return stop


def _opening_words(words: Sequence[str]) -> int:
    """How many words before the subject say when, or join the sentence to the last one."""
    count = 0
    while count < len(words):
        low = words[count].lower()
        follows = words[count + 1].lower() if count + 1 < len(words) else ""
        if low in OPENERS | CALENDAR:  # But last week Khan said
            count += 1
        elif low in ("on", "in", "by", "since", "at") and (follows in CALENDAR or follows.isdigit()):
            count += 2  # On Tuesday Khan tweeted; In 2024 the UN said
        else:
            break
    return count


def _can_speak(words: Sequence[str], *, anywhere: bool) -> bool:
    """Whether these are the words of a name or a description, and of nothing more.

    ``anywhere`` is False inside of a clause, where they have to start like one.
    """
    first, last = words[0].lower(), words[-1]
    if len(words) == 1 and (first in PRONOUNS or words[0].islower()):  # he; people; residents
        return (
            first in PRONOUNS or first == "people" or (anywhere and first[-1] == "s" and first not in NOBODY)
        )
    starts = anywhere or not words[0].islower() or first in ARTICLES
    unnamed = first in NOT_NAMES or "I" in words or not NOT_NAMING.isdisjoint(words)  # the first time
    verbal = any(  # the man who killed Khan; but: the united front
        word.islower() and word.endswith("ed") and words[n] not in ARTICLES
        for n, word in enumerate(words[1:])
    )
    cut = last.endswith(("’s", "'s")) or last.lower() in PREPOSITIONS | ARTICLES | {"of", "for"}  # Khan’s
    sized = len(words) <= _NAME_WORDS
    return sized and starts and not unnamed and not verbal and not cut and not last.isdigit()


def _is_object_as(gap: str) -> bool:
    """Whether ``gap`` is an object and "as", with two words more at most: described the plan as a very."""
    first = len(gap) - len(gap.lstrip())
    if not (0 < first < len(gap) and _WORD.match(gap, first)):
        return False
    return _AS_OPEN.search(gap, first + 1) is not None


def _is_capitalised(word: str) -> bool:
    return word[:1].isupper()


def _is_adverb(word: str) -> bool:
    return word.islower() and word.endswith("ly") and word not in LY_NOUNS
