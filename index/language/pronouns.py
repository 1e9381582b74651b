"""Whom the narration names, and who its pronouns are, where that is certain."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from index.language.narration import QUOTATION_CHAR, Narration
from index.language.reports import Reports
from index.language.tables import (
    BEFORE_NAMES,
    CALENDAR,
    FEMALE,
    FEMALE_TITLES,
    MALE,
    MALE_TITLES,
    NOT_OF_PEOPLE,
    PERSON_OF,
    PLACING,
    PRONOUNS,
    ROLES,
    TITLES,
    UPPER,
    alternation,
)
from index.model.article import Article, Span, Table

_NEAR = 12
"""How many mentions before a pronoun are looked at: more than two paragraphs have of people as a rule."""

_BODY_CHARS = 3_000
"""How long what a body said may be, for "it" to be that body still."""

_NAME = rf"[{UPPER}]\w*+(?>(?:[’'-](?![sS]\b)\w++)*)"
_INITIALS_STOP = rf"(?:(?<=\b[{UPPER}])|(?<=\bMr)|(?<=\bMs)|(?<=\bDr)|(?<=\bMrs))\.\s++"
_PARTICLE = r"(?:of the|of|de|del|della|di|da|du|van|von|der|bin|al|ibn)\s++"
_NAMES = rf"{_NAME}(?>(?:(?:\s++|{_INITIALS_STOP})(?:{_PARTICLE})?{_NAME}){{0,8}})"
_SMALL = r"(?:in|on|at|to|with|of|by|and|for|from|as|the|an?|that|who|was|is|are|has|had|about)\b"
_MENTION = re.compile(
    rf"\b(?:[Tt]he|[Aa]n?|[Oo]ne|\w++[’']s|[Hh]is|[Hh]er|[Tt]heir)\s(?:(?!{_SMALL})[\w’'-]++\s){{0,3}}?"
    rf"(?P<role>(?:{alternation(ROLES)})\b)(?:\s(?:(?:of|for)\s(?:the\s)?)?{_NAMES})?|\b{_NAMES}"
)
_PRONOUN = re.compile(r"\b(?:[Hh]e|[Ss]he|[Ii]t|[Tt]hey|His|Her|Its|Their)\b")
_start = attrgetter("start")


class Pronoun(NamedTuple):
    """A pronoun as it is written, and where it starts."""

    word: str
    start: int


class Person(NamedTuple):
    """A mention of who may be a person. ``key`` is the surname, where only one person has it."""

    name: str
    start: int
    key: str
    gender: str | None
    is_subject: bool


class _Mention(NamedTuple):
    """Capitalised words, or a description such as "the minister", and the word before."""

    start: int
    end: int
    words: tuple[str, ...]
    key: str
    before: str
    is_role: bool
    sentence_start: int

    @property
    def opens(self) -> bool:
        """Whether it stands first in its sentence, where any word is capitalised."""
        return self.start <= self.sentence_start

    @property
    def gender(self) -> str | None:
        titles = {self.key} if self.is_role else {word.lower().rstrip(".") for word in self.words}
        male, female = titles & (MALE | MALE_TITLES), titles & (FEMALE | FEMALE_TITLES)
        return "he" if male else "she" if female else None  # Mr Smith; the spokeswoman


class _Mentions:
    """Mentions in few bytes each: a long text has a million, and most of them over and over."""

    def __init__(self, mentions: Iterable[_Mention]) -> None:
        self._numbers = array("i")
        self._kinds: dict[tuple[tuple[str, ...], str, str, bool], int] = {}
        for start, end, words, key, before, is_role, sentence_start in mentions:
            number = self._kinds.setdefault((words, key, before, is_role), len(self._kinds))
            self._numbers.extend((start, end, number, sentence_start))

    def __iter__(self) -> Iterator[_Mention]:
        kinds, rest = list(self._kinds), iter(self._numbers)
        for start, end, number, sentence_start in zip(rest, rest, rest, rest, strict=True):
            yield _Mention(start, end, *kinds[number], sentence_start)


class _Persons(Table[Person]):
    """People in few bytes each, likewise."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.starts, numbers = array("i"), array("i")
        kinds: dict[tuple[str, str, str | None, bool], int] = {}
        for name, start, key, gender, is_subject in people:
            self.starts.append(start)
            numbers.append(kinds.setdefault((name, key, gender, is_subject), len(kinds)))
        self._kinds = tuple(kinds)
        super().__init__(self._person, self.starts, numbers)

    def _person(self, start: int, kind: int) -> Person:
        name, key, gender, is_subject = self._kinds[kind]
        return Person(name, start, key, gender, is_subject)


class People:
    """Whom a narration names. Not all of them need be people."""

    def __init__(self, narration: Narration, reports: Reports) -> None:
        self._narration = narration
        self._reports = reports

    @cached_property
    def all(self) -> _Persons:
        """Every mention, in order."""
        return _Persons(self._all())

    def _all(self) -> Iterator[Person]:
        mentions = _Mentions(
            one for sentence in self._narration.sentences for one in self._mentions(sentence)
        )
        places = {one.key for one in mentions if one.before in PLACING and len(one.words) == 1}
        named_later = {one.key for one in mentions if not one.opens}
        speaking = {report.subject.start for report in self._reports.all if report.subject}
        first_names: dict[str, set[str]] = {}  # by surname
        for one in mentions:
            forenames = {word for word in one.words[-2:-1] if word.lower() not in TITLES}
            first_names.setdefault(one.key, set()).update(forenames)
        for one in mentions:
            single = len(one.words) == 1
            placed = one.before in NOT_OF_PEOPLE and not one.is_role  # in Rafah; the Guardian; as Minister
            if placed or (single and one.key in places and not first_names[one.key]):
                continue
            owns = self._narration.within(one.end, one.end + 2) in ("’s", "'s")  # Khan’s remarks
            speaks = one.start in speaking
            introduced = self._is_introduced(one)
            # A single word at the start of a sentence has to show that it is a name.
            shown = not (single and one.opens) or owns or one.key in named_later
            shown = shown or self._narration.has(", who", one.end)
            shown = shown or (speaks and not one.key.endswith("s"))  # not: Residents said
            if not shown or (owns and not introduced):
                continue
            key = " ".join(one.words) if len(first_names[one.key]) > 1 else one.key  # Anna Jones, Tom Jones
            name = self._narration.words_of(one.start, one.end)
            yield Person(name, one.start, key, one.gender, introduced or speaks)

    def is_named_elsewhere(self, name: str, start: int) -> bool:
        """Whether a name stands in the narration, and not only at ``start``."""
        first, last = self._places.get(name, (start, start))
        return not first == last == start

    def full_name(self, name: str, start: int) -> str:
        """The longest name of the person named at ``start``; what else stands there keeps its own."""
        last = bisect_left(self.all.starts, start + len(name)) - 1
        if last < 0 or self.all.starts[last] < start:
            return name
        return max(self._longest[self.all[last].key], name, key=len)

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """Where each name first stands, and where last."""
        places: dict[str, tuple[int, int]] = {}
        for person in self.all:
            first, _ = places.get(person.name, (person.start, person.start))
            places[person.name] = first, person.start
        return places

    @cached_property
    def _longest(self) -> dict[str, str]:
        """The longest name of each person by their key; the first of those that are as long."""
        names: dict[str, str] = {}
        for person in self.all:
            names[person.key] = max(names.get(person.key, ""), person.name, key=len)
        return names

    def _is_introduced(self, mention: _Mention) -> bool:
        """Whether its sentence begins with it, or with a phrase; with a quotation, it can be who speaks."""
        before = self._narration.within(mention.start - 3, mention.start).rstrip(", ")
        if before.endswith(QUOTATION_CHAR):
            return False
        return self._narration.is_introduced(mention.sentence_start, mention.start)

    def _mentions(self, sentence: Span) -> Iterator[_Mention]:
        for at, match in self._narration.finditer(_MENTION, sentence.start, sentence.end):
            offset, words, role = 0, match[0].split(), match["role"]
            before = _last_word(self._narration.within(max(sentence.start, at - 15), at)).lower()
            while words and not role and words[0].lower() in BEFORE_NAMES:  # In June Khan
                before = words.pop(0).lower()
                offset = match[0].find(words[0], offset + 1) if words else offset
            start, end = at + offset, at + len(match[0])
            key = role or (words[-1] if words else "")
            acronym = not role and (key.isupper() or key[:-1].isupper())  # NATO, MPs
            if key and not acronym and key.lower() not in CALENDAR:
                yield _Mention(start, end, tuple(words), key, before, bool(role), sentence.start)


class Antecedents:
    """Who the pronouns of a narration are."""

    def __init__(self, article: Article, narration: Narration, people: People, reports: Reports) -> None:
        self._english = article.language.lower().startswith("en")
        self._paragraphs = article.paragraphs
        self._narration = narration
        self._people = people
        self._reports = reports

    def pronouns(self, span: Span) -> Iterator[Pronoun]:
        """The narration's pronouns in a span, in order."""
        for at, match in self._narration.finditer(_PRONOUN, span.start, span.end):
            yield Pronoun(match[0], at)

    def leading_pronoun(self, span: Span) -> int | None:
        """Where the pronoun stands that a span begins with, if it does: In June, he broke ranks."""
        first = next(self.pronouns(span), None)
        return first.start if first and self._narration.is_introduced(span.start, first.start) else None

    def at(self, offset: int) -> Person | None:
        """Who the pronoun at ``offset`` is, where that is certain."""
        return self._persons.get(offset)

    @cached_property
    def _persons(self) -> dict[int, Person]:
        persons: dict[int, Person] = {}
        genders: dict[str, str] = {}
        paragraphs = self._paragraphs if self._english else ()
        for word, at in (pronoun for paragraph in paragraphs for pronoun in self.pronouns(paragraph)):
            pronoun = PERSON_OF[word.lower()]
            sentence = self._narration.sentence_at(at)
            leads = self._narration.is_introduced(sentence.start, at)
            person = None
            if pronoun in ("he", "she") and (leads or word.lower() == pronoun):  # not: … by Khan. His …
                person = self._person(pronoun, at, sentence, genders)
            elif leads:
                person = self._body(pronoun, sentence, persons, genders)
            if person:
                persons[at] = person
        return persons

    def _person(self, pronoun: str, at: int, sentence: Span, genders: dict[str, str]) -> Person | None:
        """The last person named as a subject, in this paragraph or the one before, if it can be nobody else.

        Khan's remarks were read aloud. He said: “a”. Not: Khan met Starmer on Monday. He said: “no”.
        ``genders`` holds the pronouns that are known by the key of the person, and is added to.
        """
        people = self._people.all
        floor = self._paragraphs.starts[max(0, self._narration.paragraph_number_at(at) - 1)]
        index = bisect_left(people.starts, at)
        near = [one for one in people[max(0, index - _NEAR) : index] if one.start >= floor]
        gender_of = {one: one.gender or genders.get(one.key) for one in near}
        fitting = [one for one in near if gender_of[one] in (None, pronoun)]
        subjects = [one for one in fitting if one.is_subject]
        person = subjects[-1] if subjects else None
        if person is None or any(one.key != person.key for one in fitting if one.start > person.start):
            return None  # Ministers pushed Prime Minister Starmer. He …
        others = {gender_of[one] for one in subjects if one.key != person.key}
        if gender_of[person] is None and others and (person.start < sentence.start or pronoun in others):
            return None  # The minister met the mayor. He said: “a”.
        genders.setdefault(person.key, pronoun)
        return person

    def _body(
        self, pronoun: str, sentence: Span, persons: dict[int, Person], genders: dict[str, str]
    ) -> Person | None:
        """What "it" or "they" is: who spoke in the sentence before, if that is one body or several people.

        The Ministry of Health said “a”. It added: “b”. Residents of Rafah said “a”. They added: “b”.
        """
        reports = self._reports.all
        number = bisect_left(reports, sentence.start, key=_start) - 1
        report = reports[number] if number >= 0 else None
        if report is None or report.subject is None or sentence.start - report.start > _BODY_CHARS:
            return None
        between = self._narration.within(self._narration.sentence_at(report.start).end, sentence.start)
        if between.strip(f"{QUOTATION_CHAR} .\r\n"):
            return None
        name, start = report.subject[:2]
        if name.lower() in PRONOUNS:  # It added: “b”. It closed: “c”.
            return persons.get(start) if name.lower() == pronoun else None
        words = name.split()
        words[0] = words[0].lower()
        several = any(word in ("and", "people", "police") or _is_plural(word) for word in words)
        if several != (pronoun == "they") or words[-1] in genders or words[-1] in ROLES:
            return None  # Khan said “a”. They added: “b”.
        return Person(name, start, name, None, is_subject=True)


def _last_word(text: str) -> str:
    """The word that ends ``text``, if white space follows it."""
    words = text.rstrip()
    if words == text:
        return ""
    start = len(words)
    while start and (words[start - 1].isalnum() or words[start - 1] == "_"):
        start -= 1
    return words[start:]


def _is_plural(word: str) -> bool:
    return len(word) > 1 and word[-1] == "s" and word.isascii() and word.isalpha() and word.islower()
