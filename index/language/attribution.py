"""Whose words an article quotes, and what a reader of one sentence alone needs to know about it.

Everything is read off the article's own words by rules of English, without a model. A wrong name is worse
than none: where the rules are unsure, or the article is in another language, the answer is None. Quotation
marks are paired in any language.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from index.language.narration import Narration
from index.language.pronouns import Antecedents, People
from index.language.quotations import Quotation, quotations
from index.language.reports import Reports
from index.language.speakers import Attribution, Speakers
from index.language.tables import ARTICLES, CALENDAR, PERSON_OF, PRONOUNS
from index.language.turns import Turn, Turns
from index.model.article import Article, Span

_OPENING_MARKS = '“”"„‟«»‘('
_WORD = re.compile(r"\w+")
_EXPLETIVE = re.compile(r"\s(?:is|was|will be|has been|seems|appears)\b[^.,;:]{0,60}\b(?:that|to|who)\b")
_start = attrgetter("start")


@dataclass(frozen=True, slots=True)
class QuotedSpeech:
    """A quotation of the article, marks included, and who speaks it; None where the article does not say.

    ``speaker`` is as the article names them there, with the occasion; ``name`` is the same for all that one
    person says: the fullest name that the article has for them.
    """

    span: Span
    speaker: str | None
    name: str | None


class Speech:
    """Who says what in one article. Whatever is worked out is kept for the next question.

    All of it takes time that grows with the article's length, and each question about a span with the span's.
    """

    def __init__(self, article: Article) -> None:
        self._text = article.text
        self._paragraphs = article.paragraphs
        self._english = article.language.lower().startswith("en")
        self._quotations = quotations(article)
        self._turns = Turns(article)
        self._narration = Narration(article, self._quotations)
        reports = Reports(self._narration)
        self._people = People(self._narration, reports)
        self._antecedents = Antecedents(article, self._narration, self._people, reports)
        self._speakers = Speakers(
            article, self._quotations, self._narration, reports, self._people, self._antecedents
        )

    def prepare(self) -> None:
        """Works out now what takes much memory meanwhile, and little afterwards."""
        self._attributions  # noqa: B018 - it is kept

    @cached_property
    def _attributions(self) -> list[Attribution | None]:
        """By quotation, in order. Nothing asks for the narration's tokens after that."""
        attributions = self._speakers.all
        self._antecedents.at(0)
        self._narration.forget_tokens()
        return attributions

    def quotes(self) -> tuple[QuotedSpeech, ...]:
        """Every quotation in order, with its speaker."""
        return tuple(
            QuotedSpeech(
                Span(quotation.start, quotation.end),
                attribution.speaker if attribution else None,
                self._people.full_name(attribution.name, attribution.named_at) if attribution else None,
            )
            for quotation, attribution in zip(self._quotations, self._attributions, strict=True)
        )

    def speaker(self, span: Span) -> str | None:
        """Whose words ``span`` holds: a transcript's, or quoted ones with the occasion where it is given.

        None when it holds no such words, when the article does not say of each of them whose they are, and
        when they are of different people. Where the occasions differ, the name alone.
        """
        attributions = self._said_in(span)
        turn = self._turns.at(span)
        if turn and not any(attributions):
            return turn.name
        if len({one and one.name for one in attributions}) != 1 or attributions[0] is None:
            return None
        return (
            attributions[0].speaker
            if len({one and one.occasion for one in attributions}) == 1
            else attributions[0].name
        )

    def turn(self, span: Span) -> Turn | None:
        """The turn of a transcript that ``span`` begins, its label included; None where it begins none."""
        turn = self._turns.at(span)
        return turn if turn and turn.start == span.start else None

    def mentions(self, span: Span) -> tuple[Span, ...]:
        """The names outside of ``span`` of those who speak in it, or whom its pronouns mean, in order."""
        people = [self._antecedents.at(pronoun.start) for pronoun in self._antecedents.pronouns(span)]
        names = {(one.start, one.start + len(one.name)) for one in people if one}
        names |= {(one.named_at, one.named_at + len(one.name)) for one in self._said_in(span) if one}
        return tuple(Span(*name) for name in sorted(names) if not span.start <= name[0] < span.end)

    def frame(self, span: Span) -> tuple[str, str]:
        """What a reader of ``span`` alone needs to see before and after it, which the cut lost.

        Before: the speaker, where the span starts in a quotation and does not name them, and the opening
        mark. After: the closing mark, and who a pronoun is whose name stands outside of the span.
        """
        before = "".join(quotation.opening for quotation in self._cut_at(span.start))
        after = "".join(quotation.closing for quotation in reversed(self._cut_at(span.end)))
        at = bisect_right(self._quotations, span.start, key=_start) - 1
        attribution = self._attributions[at] if at >= 0 and span.start < self._quotations[at].end else None
        if attribution and not span.start <= attribution.named_at < span.end:
            speaker = attribution.speaker[0].upper() + attribution.speaker[1:]
            return f"{speaker}: {before}", after + self._note(span, name_given=attribution.name)
        turn = self._turns.at(span)
        if turn and span.start >= turn.words and not before:
            before = f"{turn.name}: "
        return before, after + self._note(span)

    def framed(self, span: Span) -> str:
        """The words of ``span`` in their ``frame``."""
        before, after = self.frame(span)
        return f"{before}{span.of(self._text)}{after}"

    def leans_on_previous(self, span: Span) -> bool:
        """Whether ``span`` starts in a way that only the sentence before makes clear ("This …", "Such …")."""
        first = _WORD.search(self._text, span.start, span.end)
        if not self._english or not first or span.start <= self._paragraphs[0].start:
            return False
        opening = self._text[span.start : first.start()]
        if any(char not in _OPENING_MARKS and not char.isspace() for char in opening):
            return False
        rest = self._text[first.end() : span.end]
        second = _WORD.match(rest, len(rest) - len(rest.lstrip()))
        word, following = first[0].lower(), second[0].lower() if second else ""
        if word in ("this", "these", "those", "such"):
            return following not in CALENDAR | {"who", "of", "as"}  # not: This week; Those who come wait.
        if word == "that" or (word == "the" and following == "latter"):
            return True
        pronoun = first.start() if word in PERSON_OF else self._antecedents.leading_pronoun(span)
        if pronoun is None or self._antecedents.at(pronoun):
            return False
        return word != "it" or not _EXPLETIVE.match(self._text, first.end(), span.end)  # It is clear that

    def _said_in(self, span: Span) -> list[Attribution | None]:
        first = bisect_right(self._quotations, span.start, key=_start) - 1
        if first < 0 or self._quotations[first].end <= span.start:
            first += 1
        return self._attributions[first : bisect_left(self._quotations, span.end, key=_start)]

    def _note(self, span: Span, name_given: str | None = None) -> str:
        """Who the first pronoun of ``span`` is, unless the reader was given the name, or has read it."""
        leading = self._antecedents.leading_pronoun(span)
        for word, start in self._antecedents.pronouns(span):
            pronoun = word.lower()
            if pronoun in ("he", "she") or start == leading:
                person = self._antecedents.at(start)
                if not person or person.name == name_given or person.key in self._text[span.start : start]:
                    return ""
                article, space, rest = person.name.partition(" ")
                name = article.lower() + space + rest if article.lower() in ARTICLES else person.name
                return f" [“{word}” is {name}{'' if pronoun in PRONOUNS else '’s'}]"
        return ""

    def _cut_at(self, offset: int) -> list[Quotation]:
        """The quotations that a cut at ``offset`` leaves without a mark, from outside in."""
        at = bisect_left(self._quotations, offset, key=_start) - 1
        return self._quotations[at].all_cut_at(offset) if at >= 0 else []
