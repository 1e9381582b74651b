"""Answers about the article as a whole, and by the numbers of its places: cited where they can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from index.answering.quoting import Quoting, standing
from index.language.clauses import Clause, opening_number
from index.language.terms import count_words
from index.model.answer import ArticleFact, ArticleTopic, Citation, Status
from index.model.article import Article, Paragraph, Span

_HEAD, _FOOT = 8, 3
"""How many paragraphs at the top and at the bottom of an article say who wrote it, and when."""

_LINE = 160
"""The longest paragraph that only says so."""

_BYLINE = re.compile(
    r"(?i:(?:(?:written |words |text |story )?by|authors?:?|autor(?:in)?:?|text:|von|par|por)\s++)"
    r"([A-ZÀ-Þ][\w.’'-]*+(?:\s[\w.’'&-]++){0,7})"
)
_NAME = re.compile(
    r"[A-ZÀ-Þ][\w.’'-]*+(?>(?:\s(?:[A-ZÀ-Þ][\w.’'-]*+|de|van|von|der|den|la|le|el|al|bin|and|und|et|y|&))*)"
)
_MONTH = r"(?:[A-ZÀ-Þa-zà-þ]{3,10}\.?)"
_DATE = re.compile(
    rf"\b(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.)? (?:de )?{_MONTH},? (?:de )?\d{{4}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})\b"
)


_DIGITS = re.compile(r"[0-9]+")


class AboutAnswer(NamedTuple):
    """What there is to say about an article: words of its own, and what else is known of it."""

    status: Status
    citations: tuple[Citation, ...] = ()
    fact: ArticleFact | None = None


class About:
    """Answers questions about one article as a whole.

    Args:
        article: The article.
        quoting: Cites it.
        summary: Gives the sentences that carry it.
    """

    def __init__(
        self, article: Article, *, quoting: Quoting, summary: Callable[[], tuple[Citation, ...]]
    ) -> None:
        self._article = article
        self._quoting = quoting
        self._summary = summary

    def answer(self, topic: ArticleTopic) -> AboutAnswer:
        """What the article says of itself, and what is known of it; NOT_IN_ARTICLE where that is nothing."""
        match topic:
            case ArticleTopic.CONTENT:
                return _answer(citations=self._summary())
            case ArticleTopic.AUTHOR:
                return self._author()
            case ArticleTopic.DATE:
                return self._date()
            case ArticleTopic.SOURCE:
                return self._source()
            case ArticleTopic.TITLE:
                return self._title()
            case ArticleTopic.LENGTH:
                return _answer(ArticleFact(topic, str(count_words(self._article.text))))

    def clause(self, clause: Clause) -> AboutAnswer | None:
        """The words of a place that is named by its number; None where there is no such place, or more."""
        places: Sequence[Paragraph] = self._clauses.get(clause.number, ())
        if not places and clause.is_paragraph and clause.number.isdecimal():
            number = int(clause.number)
            places = self._article.paragraphs[number - 1 : number] if number else ()
        if len(places) != 1:
            return None
        return _answer(citations=self._cited(self._quoting.shortened(places[0], "")))

    @cached_property
    def _clauses(self) -> dict[str, list[Paragraph]]:
        """The paragraphs that open with a number, headings left out, by that number."""
        article = self._article
        clauses: dict[str, list[Paragraph]] = {}
        for paragraph in article.paragraphs:
            number = opening_number(paragraph.of(article.text))
            if number is not None and paragraph.start not in article.heading_starts:
                clauses.setdefault(number, []).append(paragraph)
        return clauses

    def _author(self) -> AboutAnswer:
        author = self._article.author
        for paragraph in self._edges():
            line = paragraph.of(self._article.text)
            byline = _BYLINE.match(line)
            if author and author in line:
                return _answer(ArticleFact(ArticleTopic.AUTHOR, author), self._cited(paragraph))
            if not author and byline and line[-1] not in "?!:" and (name := _NAME.match(byline[1])):
                return _answer(ArticleFact(ArticleTopic.AUTHOR, name[0].rstrip(".")), self._cited(paragraph))
        return _answer(ArticleFact(ArticleTopic.AUTHOR, author) if author else None)

    def _date(self) -> AboutAnswer:
        date = self._article.published
        fact = ArticleFact(ArticleTopic.DATE, date.isoformat()) if date else None
        for paragraph in self._edges():
            line = paragraph.of(self._article.text)
            match = _DATE.search(line)
            says = match and (date is None or _is_of(match[0], date))
            if says and len(line) <= _LINE // 2 and not line.endswith(":"):
                return _answer(fact, self._cited(paragraph))
        return _answer(fact)

    def _source(self) -> AboutAnswer:
        article = self._article
        sources = [one for one in (article.site, article.source) if one]
        claims = [one for one in (article.claimed_site, article.claimed_source) if one]
        value = ", ".join(sources or claims)
        return _answer(ArticleFact(ArticleTopic.SOURCE, value, is_claim=not sources) if value else None)

    def _title(self) -> AboutAnswer:
        title = self._article.title
        if self._article.title_is_label:
            return _answer()
        place = standing(title, self._article.text)
        return _answer(ArticleFact(ArticleTopic.TITLE, title), self._cited(place) if place else ())

    def _edges(self) -> Iterator[Paragraph]:
        """The short paragraphs at the top of the article, and at its bottom."""
        paragraphs = self._article.paragraphs
        edges = (*paragraphs[:_HEAD], *paragraphs[_HEAD:][-_FOOT:])
        yield from (paragraph for paragraph in edges if paragraph.end - paragraph.start <= _LINE)

    def _cited(self, span: Span) -> tuple[Citation, ...]:
        return (self._quoting.citation(1, Span(span.start, span.end), 0.0),)


def _is_of(text: str, day: date) -> bool:
    """Whether a text date may be that of a day, which may be another one in another zone's time."""
    numbers = set(map(int, _DIGITS.findall(text)))
    return day.year in numbers and any(abs(number - day.day) <= 1 for number in numbers)


def _answer(fact: ArticleFact | None = None, citations: tuple[Citation, ...] = ()) -> AboutAnswer:
    status = Status.ANSWERED if fact or citations else Status.NOT_IN_ARTICLE
    return AboutAnswer(status, citations, fact)
