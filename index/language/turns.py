"""Who speaks in a transcript or a chat: the label that a paragraph begins with.

OSKAR: I am against meters.        <Mara> The pump is broken.        [10:04] mara: He comes on Friday.

A line of anything may begin with a word and a colon. So labels are speakers only where they come again, as
people in a conversation do; those that a time stands before, or angle brackets around, say it by themselves.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from index.model.article import BETWEEN_CELLS, Article, Span

_STAMP = (
    r"(?P<stamp>(?:\[[^\[\]\n]{0,20}\d{1,2}[:.]\d{2}[^\[\]\n]{0,10}\]|\(?\d{1,2}:\d{2}(?::\d{2})?\)?"
    r"|[\d./-]{6,10},?\s\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp][Mm])?)\s*+(?:[-–]\s*+)?)"
)
_LABEL = re.compile(
    rf"[\u200e\u202a]?{_STAMP}?(?:~\s?)?(?:<[@+%]?(?P<nick>[^<>\n]{{1,40}})>:?"
    r"|(?>(?:\*\*)?)\u202a?(?P<name>\+?[^\W_][^*:<>\[\]()\n]{0,39}+)"
    r"(?:\*\*)?(?:\s?\([^()\n]{1,30}\)|\s?\[[^\[\]\n]{1,30}\])?:(?:\*\*)?)(?=\s)"
)
_WORDS = 5  # of a name
_ALL_LABELLED = (
    3  # paragraphs that are all labelled, of which one label that comes again tells a conversation
)
_NOT_NAMES = frozenset(
    "q a question answer note notes warning caution tip important todo example update summary abstract source"
    " sources keywords chapter section part figure table step date time place price address phone email"
    " subject from to cc re ps p.s. edit http https".split()
)
_PARTICLES = frozenset("de da di du van von der den la le el al bin of the and".split())
_start = attrgetter("start")


class Turn(NamedTuple):
    """A paragraph that one person speaks: ``label`` is the name in its label, ``words`` where they start."""

    name: str
    start: int
    words: int
    end: int
    label: Span


class _Label(NamedTuple):
    turn: Turn
    is_told: bool  # by a time before it or angle brackets around it
    is_loud: bool  # in capitals
    is_small: bool  # without any, as nobody writes a name outside of chats


class Turns:
    """The turns of an article that is a transcript or a chat; of another, there are none."""

    def __init__(self, article: Article) -> None:
        self._article = article

    def at(self, span: Span) -> Turn | None:
        """The turn that holds all of ``span``."""
        number = bisect_right(self.all, span.start, key=_start) - 1
        if number < 0 or self.all[number].end < span.end:
            return None
        return self.all[number]

    @cached_property
    def all(self) -> tuple[Turn, ...]:
        """The turns in order."""
        every_label = list(self._labels())
        labels = [label for label in every_label if not label.is_small]
        stamped_labels = [label for label in labels if label.is_told]
        loud = [label for label in labels if label.is_loud or label.is_told]
        paragraph_count = len(self._article.paragraphs) - len(self._article.headings)
        all_but_title = labels if len(labels) >= max(paragraph_count - 1, _ALL_LABELLED) else []
        small = every_label if len(every_label) == paragraph_count else []
        for some, returning in ((stamped_labels, 0), (loud, 1), (all_but_title, 1), (labels, 2), (small, 2)):
            if self._is_conversation(some, returning):
                return tuple(label.turn for label in some)
        return ()

    def _is_conversation(self, labels: list[_Label], returning: int) -> bool:
        """Whether labels are those of people who talk: two or more, of whom so many speak again."""
        counts = Counter(label.turn.name for label in labels)
        if len(labels) < 2 or (returning and len(counts) < 2):  # one label alone may be any word
            return False
        if sum(count > 1 for count in counts.values()) < returning:
            return False
        headings = len(self._article.headings)
        return returning < 2 or 2 * len(labels) >= len(self._article.paragraphs) - headings

    def _labels(self) -> list[_Label]:
        text = self._article.text
        headings = self._article.heading_starts
        in_order: list[_Label] = []
        for paragraph in self._article.paragraphs:
            label = _LABEL.match(text, paragraph.start, paragraph.end)
            if label is None or paragraph.start in headings:
                continue
            group = "nick" if label["nick"] is not None else "name"
            name = " ".join(label[group].split())
            is_told = label["nick"] is not None or label["stamp"] is not None
            if not _is_name(name, is_told=is_told) or (not is_told and BETWEEN_CELLS in paragraph.of(text)):
                continue
            words = (
                label.end()
                + len(text[label.end() : paragraph.end])
                - len(text[label.end() : paragraph.end].lstrip())
            )
            in_order.append(
                _Label(
                    Turn(name, paragraph.start, words, paragraph.end, Span(*label.span(group))),
                    is_told,
                    name.isupper() and len(name) > 1,
                    not is_told and name.islower(),
                )
            )
        return in_order


def _is_name(name: str, *, is_told: bool) -> bool:
    words = name.split()
    if len(words) > _WORDS or words[0].lower().rstrip(".") in _NOT_NAMES:
        return False
    if is_told:
        return any(map(str.isalnum, name))
    if name.islower():
        return len(words) == 1 and name[0].isalpha()
    return words[0][0].isalpha() and all(
        word[0].isupper() or word[0].isdigit() or not word[0].isalnum() or word in _PARTICLES
        for word in words
    )
