"""What leads to an answer and is none: a question in the text, a line that ends in a colon.

"Q: When do you open?", "The kit contains:" and a heading that asks stand before what answers. They are not
cited; what they lead inherits their match. A heading that says something itself ("Opening hours: 9 to 5")
can be cited like a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from index.model.article import BETWEEN_CELLS, Article, Passage, Sentence, Span
from index.model.passages import Sentences

MOST_ITEMS = 40
"""How many items a line leads at most: more than any list that is read at a glance."""

LONGEST_ITEM = 120
"""The longest paragraph of one sentence that is an item of a list without a mark of one."""

LONGEST_CONTEXT = 1_000
"""How many characters a lead and what it leads are read together at most: what a reader's window holds."""

_LIST_LEVEL, _LIST_ITEMS = 2, 3
"""Of a heading that names a list, and of the list, at least: under a title, short lines say who wrote it."""

_CLOSING = " \t\"'”’»)]*_"
_ASKING, _LEADING, _ENDING = tuple("?？؟"), tuple(":："), tuple(".!?…。！？؟:：")
_OPENING_QUOTE = re.compile(r"[“«„\"]")
_CLOSING_QUOTE = re.compile(r"[”“»›\"]")
_MARK = re.compile(r"(?:[-*•–·▪◦‣☐☑]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])\s")
_NUMBERING = re.compile(
    r"(?:(?:chapter|section|part|appendix|kapitel|teil|chapitre|capítulo)\s)?[\dIVX][\d.]*+[.):]?\s", re.I
)
_SAYING = re.compile(r"\w[:：]\s+\S|\w\s+[–—-]\s+\w")
_STOP = re.compile(r"[.!?]\s")
_SHORT_LABEL = 12  # "Answer:" leads nothing by itself
_WORDS_WITH_A_NUMBER = 4  # of a heading that is no mere title: "Closed until 5 June"


class _Item(Enum):
    """How an item of a list is told."""

    MARKED = "by a number or a mark before it"
    ROW = "by its cells"
    PHRASE = "by how short it is"
    SENTENCE = "by being one, and short"


class Introduction(NamedTuple):
    """A lead and what it leads.

    Attributes:
        lead: The words that lead.
        items: The sentences that it leads: the next one, or the first of each item of a list.
    """

    lead: Span
    items: tuple[Sentence, ...]


class Leads:
    """What can be cited in an article, and what leads to it. All of it takes linear time.

    Args:
        article: The article.
        passages: Its passages.

    Attributes:
        citable: What can be an answer: the sentences without those that lead, and the headings that say
            something.
    """

    def __init__(self, article: Article, passages: Sequence[Passage]) -> None:
        self._article = article
        self._passages = passages
        self._headings = article.heading_starts
        self._levels = {heading.start: heading.level for heading in article.headings}
        self._introductions: dict[Span, Introduction] = {}
        self._led_passages: dict[int, list[int]] = {}
        parts = Sentences(self._parts())
        leads = set(self._pass_on(parts))
        self.citable = Sentences(
            part
            for part in parts
            if part not in leads and (part.start not in self._headings or says(part.of(article.text)))
        )
        if not self.citable:  # nothing but questions
            self.citable = Sentences(sentence for passage in passages for sentence in passage.sentences)

    def led(self, sentence: Span) -> Introduction | None:
        """What leads a sentence, and what else it leads; None where nothing does."""
        return self._introductions.get(sentence)

    def led_words(self, sentence: Span) -> str:
        """What leads a sentence, with a space after it; empty where nothing does."""
        introduction = self._introductions.get(sentence)
        return f"{introduction.lead.of(self._article.text)} " if introduction else ""

    def led_passages(self, passage: int) -> Sequence[int]:
        """The numbers of the passages that something in a passage leads."""
        return self._led_passages.get(passage, ())

    def context(self, passage: Passage) -> Span:
        """A passage with what leads it, and with the rest of the list that it is an item of."""
        introduction = next(filter(None, map(self.led, self.citable.of_passage(passage.number))), None)
        if introduction is None:
            return passage
        start = min(introduction.lead.start, passage.start)
        end = max(self._passages[introduction.items[-1].passage].end, passage.end)
        if end - start > LONGEST_CONTEXT:
            end = passage.end
        return Span(start, end) if end - start <= LONGEST_CONTEXT else passage

    def _parts(self) -> Iterator[Sentence]:
        """Headings and sentences in order."""
        headings = list(reversed(self._article.headings))
        for passage in self._passages:
            alone = {sentence.start for sentence in passage.sentences}
            while headings and headings[-1].start < passage.end:
                heading = headings.pop()
                if not any(heading.start <= start < heading.end for start in alone):
                    number = self._article.paragraph_at(heading.start).number
                    yield Sentence(heading.start, heading.end, number, passage.number)
            yield from passage.sentences

    def _pass_on(self, parts: Sequence[Sentence]) -> Iterator[Sentence]:
        """Notes what is led by what; gives what leads: each question, and a colon where something follows."""
        text = self._article.text
        leads: list[Sentence] = []
        for place, part in enumerate(parts):
            words = part.of(text)
            if asks(words):
                leads.append(part)
                yield part
            elif introduces(words):
                leads.append(part)
            elif part.start in self._headings:
                leads = [part] if self._heads_a_list(parts, place) else []
            elif leads:
                yield from leads
                self._note(leads, tuple(self._items(parts, place, leads[-1])))
                leads.clear()

    def _heads_a_list(self, parts: Sequence[Sentence], place: int) -> bool:
        """Whether a heading only names the list that stands under it, as "Ingredients" does."""
        heading = parts[place]
        if self._levels[heading.start] < _LIST_LEVEL or says(heading.of(self._article.text)):
            return False
        lines: dict[int, Sentence] = {}
        for part in parts[place + 1 : place + 1 + 2 * _LIST_ITEMS]:
            lines.setdefault(part.paragraph, part)
        items = list(lines.values())[:_LIST_ITEMS]
        kinds = {self._kind(item.paragraph) for item in items if item.start not in self._headings}
        apart = heading.paragraph not in lines
        return apart and len(items) == _LIST_ITEMS and kinds in ({_Item.PHRASE}, {_Item.MARKED})

    def _note(self, leads: Sequence[Sentence], items: tuple[Sentence, ...]) -> None:
        *before, last = leads
        is_label = before and last.end - last.start <= _SHORT_LABEL
        introduction = Introduction(Span(before[-1].start, last.end) if is_label else last, items)
        for item in items:
            self._introductions[item] = introduction
        numbers = {item.passage: None for item in items}
        for lead in leads:
            self._led_passages.setdefault(lead.passage, []).extend(numbers)

    def _items(self, parts: Sequence[Sentence], first: int, lead: Sentence) -> Iterator[Sentence]:
        """The first sentence of each item that a lead leads, or of what it leads else."""
        yield parts[first]
        paragraph = parts[first].paragraph
        kind = self._kind(paragraph)
        if paragraph == lead.paragraph or kind is None:
            return
        if kind in (_Item.PHRASE, _Item.SENTENCE) and asks(lead.of(self._article.text)):
            return  # what follows an answer is more of it, or anything
        room = MOST_ITEMS - 1
        for place in range(first + 1, len(parts)):
            part = parts[place]
            if part.paragraph == paragraph:
                continue
            paragraph = part.paragraph
            is_item = part.start not in self._headings and self._kind(paragraph) is kind
            if not is_item or introduces(part.of(self._article.text)) or not room:
                return
            room -= 1
            yield part

    def _kind(self, paragraph: int) -> _Item | None:
        line = self._article.paragraphs[paragraph - 1].of(self._article.text)
        if _MARK.match(line):
            return _Item.MARKED
        if BETWEEN_CELLS in line:
            return _Item.ROW
        is_sentence = line.rstrip(_CLOSING).endswith(_ENDING)
        if len(line) > LONGEST_ITEM or (is_sentence and _STOP.search(line)):
            return None
        return _Item.SENTENCE if is_sentence and not line[0].islower() else _Item.PHRASE


def asks(words: str) -> bool:
    """Whether a sentence is a question of its own, and not somebody's that it reports."""
    bare = words.rstrip(_CLOSING)
    if not bare.endswith(_ASKING):
        return False
    quote = _OPENING_QUOTE.search(bare)
    is_quoted = quote is not None and _CLOSING_QUOTE.search(words, len(bare)) is not None
    return not is_quoted or not any(map(str.isalnum, words[: quote.start() if quote else 0]))


def introduces(words: str) -> bool:
    """Whether a sentence ends in a colon, before what it is about."""
    return words.rstrip(_CLOSING).endswith(_LEADING)


def says(heading: str) -> bool:
    """Whether a heading says something, and is not only the name of what stands under it."""
    numbering = _NUMBERING.match(heading)
    words = heading[numbering.end() :] if numbering else heading
    if _SAYING.search(words):
        return True
    return any(map(str.isdigit, words)) and len(words.split()) >= _WORDS_WITH_A_NUMBER
