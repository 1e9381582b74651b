"""Who speaks each quotation, by the words around it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from index.language.narration import PHRASE_CHARS, QUOTATION_CHAR, Narration
from index.language.pronouns import Antecedents, People
from index.language.quotations import Quotation
from index.language.reports import SUBJECT_CHARS, TURN, Report, Reports, Subject, occasion_of
from index.language.tables import AFTER_QUOTE, ASKING, CONTINUING, PRONOUNS, TO_SOMEBODY
from index.model.article import Article, Span

_LABEL_CHARS = 60
"""The longest name before a colon that is a turn of a dialogue: Anna Jones: “Hello.”"""

_ACCORDING = "ccording to "
_SETTING = re.compile(
    rf"(?<![\s,])[\s,]*+((?:in|at|during|on|speaking|writing)\s[^.,:;(){QUOTATION_CHAR}]{{1,100}}?)"
    r"(?=[.,:;]|\s(?:that|which|who|where|after|as|when|while|before)\b)"
)
_start = attrgetter("start")


class Attribution(NamedTuple):
    """Who speaks a quotation, and what says so.

    ``leads`` where that stands before the quotation, ``goes_on`` where it gives no occasion of its own: the
    last one may still hold.
    """

    name: str
    named_at: int
    occasion: str | None
    report: Report
    leads: bool
    goes_on: bool

    @property
    def speaker(self) -> str:
        """The name with the occasion, where there is one."""
        return f"{self.name}, {self.occasion}" if self.occasion else self.name


class Speakers:
    """Who speaks each of an article's outermost quotations."""

    def __init__(
        self,
        article: Article,
        quotations: Sequence[Quotation],
        narration: Narration,
        reports: Reports,
        people: People,
        antecedents: Antecedents,
    ) -> None:
        self._text = article.text
        self._english = article.language.lower().startswith("en")
        self._quotations = quotations
        self._narration = narration
        self._reports = reports
        self._people = people
        self._antecedents = antecedents

    @cached_property
    def all(self) -> list[Attribution | None]:
        """By quotation, in order, as one may go on from the one before it."""
        attributions: list[Attribution | None] = []
        for number in range(len(self._quotations)):
            last = attributions[-1] if attributions else None
            attributions.append(self._attribution_of(number, last) if self._english else None)
        return attributions

    def _attribution_of(self, number: int, last: Attribution | None) -> Attribution | None:
        quotation = self._quotations[number]
        sentence = self._narration.sentence_at(quotation.start)
        before = self._quotations[number - 1] if number else None
        beside = before if before and before.start >= sentence.start else None
        limit = min(
            [sentence.end, *(following.start for following in self._quotations[number + 1 : number + 2])]
        )
        from_after = self._from_after(quotation, limit)
        from_before = self._from_before(quotation, sentence, beside, last)
        if from_after and from_before and from_after.name != from_before.name:
            return None
        attribution = from_before or from_after
        if not before or not last:
            return attribution
        if attribution is None:
            return last if self._continues(number, sentence, last) else None
        paragraphs = {self._narration.paragraph_number_at(one.start) for one in (before, quotation)}
        near = len(paragraphs) == 1 or attribution.report.verb in CONTINUING
        if (
            attribution.goes_on and attribution.name == last.name and near
        ):  # In a statement, Khan said “a”. He added: “b”.
            return attribution._replace(occasion=attribution.occasion or last.occasion)
        return attribution

    def _continues(self, number: int, sentence: Span, last: Attribution) -> bool:
        """Whether a quotation that nothing introduces goes on from the one before it."""
        before, quotation = self._quotations[number - 1 : number + 1]
        narration = self._narration
        if narration.paragraph_number_at(before.start) != narration.paragraph_number_at(quotation.start):
            # A long quotation: each of its paragraphs opens it anew, the last one closes it.
            return not before.closed and not self._text[before.end : quotation.start].strip()
        # “Stop!” Tom shouted. “Now!” But not: “Are you there?” Tom asked. “Yes.”
        alone = sentence.start == quotation.start and sentence.end <= quotation.end + 1
        reporting = narration.sentence_at(last.report.start)
        tagged = (
            not last.leads
            and reporting.start <= before.start
            and reporting == narration.sentence_at(sentence.start - 1)
        )
        return alone and tagged and last.report.verb not in ASKING

    def _from_after(self, quotation: Span, limit: int) -> Attribution | None:
        """The speaker from what follows: “…,” he wrote; “…,” said Khan; “…,” according to Khan."""
        at = quotation.end
        following = self._narration.within(at, min(at + 5, limit))
        if self._text[at - 2] not in ",.?!…–—-" and not following.startswith(","):
            return None  # walking past the “old” house Khan said
        at += len(following) - len(following.lstrip(", \xa0"))
        if self._narration.has(f"a{_ACCORDING}", at):
            subject = self._reports.subject_after(at + len(f"a{_ACCORDING}"), limit)
            return self._attribution(Report(at, "", subject), leads=False)
        number = bisect_left(self._reports.all, at, key=_start)
        report = self._reports.all[number] if number < len(self._reports.all) else None
        if report is None or report.start >= limit or report.verb not in AFTER_QUOTE or not report.subject:
            return None
        end = report.subject.end
        paused = report.verb in TO_SOMEBODY or end >= limit or self._narration.pauses(end, limit)
        beside = at in (report.start, report.subject.start)
        return self._attribution(report, leads=False) if paused and beside else None

    def _from_before(
        self, quotation: Span, sentence: Span, beside: Span | None, last: Attribution | None
    ) -> Attribution | None:
        """The speaker from what leads to it: Khan said the plan was “…”; According to Khan, …; Khan: “…”."""
        number = bisect_left(self._reports.all, quotation.start, key=_start) - 1
        report = self._reports.all[number] if number >= 0 else None
        if beside and (report is None or report.start < beside.start):  # described it as “…” and “…”
            gap = self._narration.within(beside.end, quotation.start)
            return last if last and last.leads and len(gap) < PHRASE_CHARS and not TURN.search(gap) else None
        if report is None or report.start < sentence.start:
            report = self._source(sentence, quotation.start)
        if report.subject is None or quotation.start - report.subject.end > SUBJECT_CHARS:
            return None
        gap = self._narration.within(report.subject.end, quotation.start)
        tagged = beside and last and not last.leads and last.report == report  # “…,” he said, “…”
        if (tagged and gap.rstrip()[-1:] not in tuple(",:—–")) or not report.governs(gap):
            return None
        return self._attribution(report, leads=True)

    def _source(self, sentence: Span, end: int) -> Report:
        """Who a sentence without such a verb gives as the source of what it quotes."""
        opening = f"A{_ACCORDING}"
        if self._narration.has(opening, sentence.start):
            subject = self._reports.subject_after(sentence.start + len(opening), end)
            return Report(sentence.start, "", subject)
        label = self._narration.words_of(sentence.start, min(end, sentence.start + _LABEL_CHARS))
        name = label[:-1]
        known = label.endswith(":") and self._people.is_named_elsewhere(name, sentence.start)
        subject = Subject(name, sentence.start, sentence.start + len(name)) if known else None
        return Report(sentence.start, "", subject)  # Tom Smith: “Hi.” But not: Best Picture: “Titanic”

    def _attribution(self, report: Report, *, leads: bool) -> Attribution | None:
        subject = report.subject
        if subject is None:
            return None
        is_pronoun = subject.name.lower() in PRONOUNS
        person = self._antecedents.at(subject.start) if is_pronoun else subject
        if person is None:
            return None  # His spokesman left. He said: “a”.
        setting = self._narration.match(_SETTING, subject.end)  # “A,” Khan said in an interview
        occasion = (occasion_of(setting[1]) if setting else None) or subject.occasion
        goes_on = (is_pronoun or report.verb in CONTINUING) and not subject.preceded
        goes_on = goes_on and report.verb not in TO_SOMEBODY
        return Attribution(person.name, person.start, occasion, report, leads, goes_on)
