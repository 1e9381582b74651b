"""Whose words an article quotes, and what a reader of one sentence alone needs to know about it.

Everything is read off the article's own words by rules of English, without a model. A wrong name is worse
than none: where the rules are unsure, or the article is in another language, the answer is None. Quotation
marks are paired in any language.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter, methodcaller
from typing import NamedTuple

from index.model.article import Article, Paragraph, Span


def _table(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Verbs by how they lead to the words they report. _SAYS govern a quotation anywhere after them (said the
# plan was “bold”), _UTTERS only one straight after, as they have other uses (continued: “…”), _AS through an
# object (described it as “bold”), _CALLS likewise (called the plan “bold”, but not: a group called “Bold”).
_SAYS = _table(
    "said says say told tells wrote writes warned warns argued argues insisted insists claimed stated"
    " declared announced explained explains admitted acknowledged urged vowed pledged promised predicted"
    " testified accused voiced expressed stressed emphasised emphasized suggested concluded complained"
    " reiterated noted remarked saying warning arguing insisting claiming stating urging writing telling"
    " stressing"
)
_UTTERS = _table(
    "continued continues added adds adding asked asks tweeted posted replied replies responded answered"
    " commented recalled confirmed repeated observed shouted whispered cried murmured muttered exclaimed"
    " joked quipped countered retorted states notes remarks"
)
_AS = _table(
    "described describes condemned denounced criticised criticized characterised characterized dismissed"
    " portrayed hailed praised rejected welcomed describing condemning denouncing dismissing"
)
_CALLS = _table("called calls branded labelled labeled dubbed calling branding")
_VERBS = _SAYS | _UTTERS | _AS | _CALLS
_TELLING = _VERBS | {"According", "according"}
_PARTICIPLES = frozenset(verb for verb in _VERBS if verb.endswith("ing"))
_AFTER_QUOTE = (_SAYS | _UTTERS) - _PARTICIPLES - _table("voiced expressed accused")
_INVERTED = _AFTER_QUOTE - _table("told tells say")
_CONTINUING = _table("continued continues added adds adding")

_PERSON_OF = {"he": "he", "his": "he", "she": "she", "her": "she", "it": "it", "its": "it"}
_PERSON_OF |= {"they": "they", "their": "they"}
_PRONOUNS = frozenset(_PERSON_OF.values())
_ARTICLES = _table("the a an")
_BLOCKING = _table("is are was were be been being not never didn't didn’t hasn't hasn’t")
_AUXILIARIES = _table("has have had will also later then once again now since just further even")
_LY_NOUNS = _table("family ally assembly anomaly reply supply bully monopoly rally")
_RELATIVES = _table("who which whose whom where what")
_UNSAYING = _RELATIVES | _table("if unless whether or nor")  # the man who said, if Khan said
_SUBORDINATORS = _table(
    "although though while after when if because since before unless whereas until once as"
)
_CLAUSE_WORDS = _table("and but or nor that whether than so yet") | _RELATIVES | _SUBORDINATORS | _SAYS
_PLACING = _table("in at on near across inside outside within into throughout around")
_PREPOSITIONS = _PLACING | _table(
    "during to from with by about onto over under amid against between through despite following without upon"
    " towards toward via per like"
)
_OPENERS = _table(
    "but and so yet then now later meanwhile however still instead also earlier nevertheless nonetheless"
    " moreover furthermore indeed thus therefore perhaps maybe both even only"
)
_CALENDAR = _table(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july"
    " august september october november december week month year morning afternoon evening night weekend"
    " spring summer autumn winter today tonight yesterday tomorrow last this late early"
)
_SPEAKING = _table("speaking writing addressing testifying posting tweeting talking responding")
_INTRODUCING = (
    _PREPOSITIONS | _SUBORDINATORS | _SPEAKING | _OPENERS | _CALENDAR | _table("asked according for of next")
)
_UNNAMED = (
    _table("i we you him them us me these those there would could should might may can must do does did")
    | _table("time day moment thing things way reason words this that no nobody none nothing neither")
    | _PERSON_OF.keys()
    | _BLOCKING
    | _AUXILIARIES
    | _VERBS
    | _RELATIVES
)
_NOBODY = _table("reports report some many others one another several most few both all")
_NOT_NAMES = (_INTRODUCING | _CLAUSE_WORDS | _UNNAMED) - _table("will")
_NOT_OF_PEOPLE = _PLACING | _ARTICLES | {"as"}
_LEADING = _NOT_NAMES | _NOBODY | _ARTICLES
_OCCASIONS = _table(
    "statement post interview letter speech message tweet conference briefing article column video email memo"
    " blog op-ed debate hearing address remarks testimony broadcast podcast newsletter editorial essay memoir"
)
_PLATFORMS = _table(
    "x twitter facebook instagram tiktok telegram youtube linkedin bluesky mastodon television radio"
)
_MALE_TITLES = _table("mr sir lord")
_FEMALE_TITLES = _table("mrs ms miss dame lady")
_MALE = _table("king prince spokesman chairman man boy actor father son brother husband")
_FEMALE = _table("queen princess spokeswoman chairwoman woman girl actress mother daughter sister wife")
ROLES = _table(
    "minister mayor president secretary spokesperson director judge lawyer doctor nurse teacher professor"
    " officer leader chief author singer senator governor ambassador bishop pope official"
) | (_MALE | _FEMALE)
_TITLES = _MALE_TITLES | _FEMALE_TITLES | ROLES | _table("dr prof st prime foreign former deputy vice")
_ABBREVIATIONS = _table("Mr Mrs Ms Dr Prof St Sen Rep Gov Gen Col Lt Sgt Capt Rev Hon No vs")

_CLOSING = {"“": "”", '"': '"', "„": "“", "‟": "”", "”": "”", "«": "»", "»": "«", "‘": "’"}
_REACH = 40  # tokens around a verb in which its subject is looked for
_NESTING = 4  # quotations within quotations that are told apart
_QUOTED = "\ue000"  # stands in the narration for each character of a quotation

_UPPER = "A-ZÀ-ÖØ-ÞČĆĐŁŚŠŽŻ"
_NAME = rf"[{_UPPER}]\w*+(?:[’'-](?![sS]\b)\w++)*+"
_STOPPED = rf"(?:(?<=\b[{_UPPER}])|(?<=\bMr)|(?<=\bMs)|(?<=\bDr)|(?<=\bMrs))\.\s++"
_PARTICLE = r"(?:of the|of|de|del|della|di|da|du|van|von|der|bin|al|ibn)\s++"
_NAMES = rf"{_NAME}(?:(?:\s++|{_STOPPED})(?:{_PARTICLE})?{_NAME}){{0,8}}+"
_SMALL = r"(?:in|on|at|to|with|of|by|and|for|from|as|the|an?|that|who|was|is|are|has|had|about)\b"
_ROLE = rf"(?:{'|'.join(sorted(ROLES))})\b"
_MENTION = re.compile(
    rf"\b(?:[Tt]he|[Aa]n?|[Oo]ne|\w++[’']s|[Hh]is|[Hh]er|[Tt]heir)\s(?:(?!{_SMALL})[\w’'-]++\s){{0,3}}?"
    rf"(?P<role>{_ROLE})(?:\s(?:(?:of|for)\s(?:the\s)?)?{_NAMES})?|\b{_NAMES}"
)
_TOKEN = re.compile(
    rf"\b(?:(?:[A-Z]\.){{2,}}|(?:Mrs?|Ms|Dr|Prof|Sen|Rep|Gov|Gen|St|[A-Z])\.(?=\s))"
    rf"|\w+(?:[’'.&-]\w+)*[’']?|{_QUOTED}+|[^\w\s]"
)
_WORDS = re.compile(r"\w+")
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]")
_PRONOUN = re.compile(r"\b(?:[Hh]e|[Ss]he|[Ii]t|[Tt]hey|His|Her|Its|Their)\b")
_MARK = re.compile(r"[“”\"„‟«»‘’]")
_ELISION = re.compile(r"(?:em|til|tis|twas|cause|n|bout|round|\d\ds)\b", re.IGNORECASE)
_BREAK = re.compile(rf"[.!?…{_QUOTED}][)\]]{{0,2}}\s+")
_TAG = re.compile(rf"(?<!\s)\s++(?:[{_UPPER}][\w’'.-]*+\s++){{1,4}}+([a-z]++)\b")
_PAUSE = re.compile(
    rf"(?<!\s)\s*+(?:[.,;:!?—–){_QUOTED}]"
    rf"|\b(?:{'|'.join(sorted(_PREPOSITIONS | _SUBORDINATORS | _CALENDAR))}|of|\w+ly)\b)"
)
_TURN = re.compile(
    r";|, and\b|\b(?:but|while|whereas|although|though|who|which|whose|whom|because|unless|until)\b"
)
_PREDICATE = re.compile(r"(?<!\s)\s*+(?:was|were|is|are|had|has|to)\b")
_AS_OPEN = re.compile(r"\bas(?:\s++\w++){0,2}+\s*+\Z")
_ANOTHER = re.compile(
    rf"\b(?:he|she|they|who|we|{_ROLE})|\b[{_UPPER}](?:\w++|[’'-](?![{_UPPER}]))*+\s++(?!and\b)[a-z]"
)
_SETTING = re.compile(
    rf"(?<![\s,])[\s,]*+((?:in|at|during|on|speaking|writing)\s[^.,:;(){_QUOTED}]{{1,100}}?)"
    r"(?=[.,:;]|\s(?:that|which|who|where|after|as|when|while|before)\b)"
)
_PLAIN = re.compile(r"[\w\s’'.,&-]+")
_OPENING_MARKS = '“”"„‟«»‘('
_EXPLETIVE = re.compile(r"\s(?:is|was|will be|has been|seems|appears)\b[^.,;:]{0,60}\b(?:that|to|who)\b")
_start = attrgetter("start")
_token_start = methodcaller("start")


@dataclass(frozen=True, slots=True)
class QuotedSpeech:
    """A quotation of the article, marks included, and who speaks it; None where the article does not say.

    ``speaker`` is as the article names them there, with the occasion; ``name`` is the same for all that one
    person says: the fullest name that the article has for them.
    """

    span: Span
    speaker: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class _Quotation(Span):
    """``inner`` are those within an outermost one, by their start; ``around`` what an inner one is within.

    ``around`` goes from outside in, and leaves the outermost out.
    """

    opening: str
    closing: str
    closed: bool
    inner: tuple[_Quotation, ...] = ()
    around: tuple[_Quotation, ...] = ()

    def is_cut_at(self, offset: int) -> bool:
        """Whether a mark is missing on one side of ``offset``; an unclosed quotation lacks one at its end."""
        return self.start < offset < self.end + (not self.closed)


class _Subject(NamedTuple):
    """Who says it: a name, a description or a pronoun as written. ``end`` is where the verb and it end."""

    name: str
    start: int
    end: int
    occasion: str | None = None
    preceded: bool = False  # the sentence has words before it
    conjunction: str = ""  # the word that joins its clause to what is before


class _Report(NamedTuple):
    """A verb that may report speech, and its subject if that is clear."""

    start: int
    verb: str
    subject: _Subject | None


class _Attribution(NamedTuple):
    name: str
    named_at: int
    occasion: str | None
    report: _Report
    leads: bool  # stands before the quotation
    goes_on: bool  # gives no occasion of its own: the last one may still hold

    @property
    def speaker(self) -> str:
        return f"{self.name}, {self.occasion}" if self.occasion else self.name


class _Person(NamedTuple):
    """A mention of who may be a person. ``key`` is the surname, where only one person has it."""

    name: str
    start: int
    key: str
    gender: str | None
    is_subject: bool


class _Run(NamedTuple):
    """Capitalised words, or a description such as "the minister", and the word before."""

    start: int
    end: int
    words: list[str]
    key: str
    before: str
    is_role: bool
    sentence: Span


def quoted_spans(text: str) -> tuple[Span, ...]:
    """The quotations of ``text`` in order, marks included, each within one paragraph.

    Double quotation marks and guillemets, mixed ones too; single ones where they cannot be apostrophes. A
    quotation that is never closed ends with its paragraph, or where the next one opens. Quotations inside a
    quotation are part of it.
    """
    return tuple(Span(q.start, q.end) for q in _quotations(Article(id="", title="", text=text)))


class Speech:
    """Who says what in one article. Whatever is found is kept for the next question."""

    def __init__(self, article: Article) -> None:
        self._text = article.text
        self._paragraphs = article.paragraphs
        self._english = article.language.lower().startswith("en")
        self._quotations = _quotations(article)

    def quotes(self) -> tuple[QuotedSpeech, ...]:
        """Every quotation in order, with its speaker."""
        return tuple(
            QuotedSpeech(
                Span(quotation.start, quotation.end),
                said.speaker if said else None,
                self._full_name(said) if said else None,
            )
            for quotation, said in zip(self._quotations, self._attributions, strict=True)
        )

    def speaker(self, span: Span) -> str | None:
        """Whose quoted words ``span`` holds, with the occasion where the article gives it.

        None when it holds no quoted words, when the article does not say of each of them whose they are, and
        when they are of different people. Where the occasions differ, the name alone.
        """
        said = self._said_in(span)
        if len({one and one.name for one in said}) != 1 or said[0] is None:
            return None
        return said[0].speaker if len({one and one.occasion for one in said}) == 1 else said[0].name

    def mentions(self, span: Span) -> tuple[Span, ...]:
        """The names outside of ``span`` of those who speak in it, or whom its pronouns mean, in order."""
        pronouns = _PRONOUN.finditer(self._narration, span.start, span.end)
        people = [self._antecedents.get(pronoun.start()) for pronoun in pronouns]
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
        said = self._attributions[at] if at >= 0 and span.start < self._quotations[at].end else None
        if said and not span.start <= said.named_at < span.end:
            speaker = said.speaker[0].upper() + said.speaker[1:]
            return f"{speaker}: {before}", after + self._note(span, given=said.name)
        return before, after + self._note(span)

    def leans_on_previous(self, span: Span) -> bool:
        """Whether ``span`` starts in a way that only the sentence before makes clear ("This …", "Such …")."""
        start = _WORDS.search(self._text, span.start, span.end)
        if not self._english or not start or span.start <= self._paragraphs[0].start:
            return False
        if any(c not in _OPENING_MARKS and not c.isspace() for c in self._text[span.start : start.start()]):
            return False
        rest = self._text[start.end() : span.end]
        second = _WORDS.match(rest, len(rest) - len(rest.lstrip()))
        word, following = start[0].lower(), second[0].lower() if second else ""
        if word in ("this", "these", "those", "such"):
            return following not in _CALENDAR | {"who", "of", "as"}
        if word == "that" or (word == "the" and following == "latter"):
            return True
        pronoun = start.start() if word in _PERSON_OF else self._leading_pronoun(span)
        if pronoun is None or pronoun in self._antecedents:
            return False
        return word != "it" or not _EXPLETIVE.match(self._text, start.end(), span.end)

    def _said_in(self, span: Span) -> list[_Attribution | None]:
        first = bisect_right(self._quotations, span.start, key=_start) - 1
        if first < 0 or self._quotations[first].end <= span.start:
            first += 1
        return self._attributions[first : bisect_left(self._quotations, span.end, key=_start)]

    def _note(self, span: Span, given: str | None = None) -> str:
        """Who the first pronoun of ``span`` is, unless the reader was ``given`` the name or has read it."""
        leading = self._leading_pronoun(span)
        for match in _PRONOUN.finditer(self._narration, span.start, span.end):
            pronoun = match[0].lower()
            if pronoun in ("he", "she") or match.start() == leading:
                person = self._antecedents.get(match.start())
                if not person or person.name == given or person.key in self._text[span.start : match.start()]:
                    return ""
                article, space, rest = person.name.partition(" ")
                name = article.lower() + space + rest if article.lower() in _ARTICLES else person.name
                return f" [“{match[0]}” is {name}{'' if pronoun in _PRONOUNS else '’s'}]"
        return ""

    def _leading_pronoun(self, span: Span) -> int | None:
        match = _PRONOUN.search(self._narration, span.start, span.end)
        return match.start() if match and self._is_introduced(span.start, match.start()) else None

    def _is_introduced(self, start: int, at: int) -> bool:
        """Whether nothing but a phrase ("In June,") or a quotation stands between ``start`` and ``at``."""
        before = self._narration[max(start, at - 150) : at].rstrip()
        if not before or before.rstrip(",").endswith(_QUOTED):
            return True
        return before[-1] == "," and at - start < 150 and before.split()[0].lower().strip(",") in _INTRODUCING

    def _full_name(self, said: _Attribution) -> str:
        """The longest name of the person who is named there; what else speaks keeps the name that it has."""
        last = bisect_left(self._people, said.named_at + len(said.name), key=_start) - 1
        if last < 0 or self._people[last].start < said.named_at:
            return said.name
        return max(self._names[self._people[last].key], said.name, key=len)

    @cached_property
    def _named_at(self) -> dict[str, set[int]]:
        """Where each name stands."""
        places: dict[str, set[int]] = {}
        for person in self._people:
            places.setdefault(person.name, set()).add(person.start)
        return places

    @cached_property
    def _names(self) -> dict[str, str]:
        """The longest name of each person by their key; the first of those that are as long."""
        names: dict[str, str] = {}
        for person in self._people:
            names[person.key] = max(names.get(person.key, ""), person.name, key=len)
        return names

    def _cut_at(self, offset: int) -> list[_Quotation]:
        """The quotations that a cut at ``offset`` leaves without a mark, from outside in."""
        at = bisect_left(self._quotations, offset, key=_start) - 1
        if at < 0 or not self._quotations[at].is_cut_at(offset):
            return []
        outer = self._quotations[at]
        last = bisect_left(outer.inner, offset, key=_start) - 1
        if last < 0:
            return [outer]
        inner = outer.inner[last]
        return [outer, *(one for one in (*inner.around, inner) if one.is_cut_at(offset))]

    # The narration: what the article says in its own voice.

    @cached_property
    def _narration(self) -> str:
        """The text with every quotation blanked out, offsets unchanged."""
        parts: list[str] = []
        end = 0
        for quotation in self._quotations:
            parts += self._text[end : quotation.start], _QUOTED * (quotation.end - quotation.start)
            end = quotation.end
        return "".join([*parts, self._text[end:]])

    @cached_property
    def _sentences(self) -> list[Span]:
        """The narration's sentences: those inside a quotation are not told apart."""
        sentences: list[Span] = []
        for paragraph in self._paragraphs:
            start = paragraph.start
            for mark in _BREAK.finditer(self._narration, paragraph.start, paragraph.end):
                if self._ends_sentence(mark.start(), mark.end()):
                    sentences.append(Span(start, mark.start() + 1))
                    start = mark.end()
            sentences.append(Span(start, paragraph.end))
        return sentences

    def _ends_sentence(self, at: int, following: int) -> bool:
        after = self._narration[following : following + 1]
        if not (after.isupper() or after.isdigit() or after in f"{_QUOTED}(["):
            return False
        if self._narration[at] == _QUOTED:
            last = self._text[
                at - self._quotations[bisect_right(self._quotations, at, key=_start) - 1].closed
            ]
            tag = _TAG.match(self._narration, at + 1)  # “Stop!” Khan said.
            tagged = tag and tag[1] in _AFTER_QUOTE and _PAUSE.match(self._narration, tag.end())
            return last == "." or (last in "!?…" and not tagged)
        words = self._narration[max(0, at - 30) : at].split()
        if self._narration[at] != "." or not words:
            return True
        initial = len(words[-1]) == 1 and words[-1].isupper() and (len(words) == 1 or words[-2][0].isupper())
        return not (initial or words[-1] in _ABBREVIATIONS or _INITIALS.fullmatch(words[-1]))

    def _sentence(self, offset: int) -> Span:
        return self._sentences[bisect_right(self._sentences, offset, key=_start) - 1]

    def _paragraph(self, offset: int) -> int:
        return bisect_right(self._paragraphs, offset, key=_start) - 1

    def _plain(self, start: int, end: int) -> str:
        return " ".join(self._text[start:end].split())

    # Who speaks.

    @cached_property
    def _attributions(self) -> list[_Attribution | None]:
        """Who speaks each quotation, in order, as one may go on from the one before it."""
        attributions: list[_Attribution | None] = []
        for number in range(len(self._quotations)):
            last = attributions[-1] if attributions else None
            attributions.append(self._attribute(number, last) if self._english else None)
        return attributions

    def _attribute(self, number: int, last: _Attribution | None) -> _Attribution | None:
        quotation = self._quotations[number]
        sentence = self._sentence(quotation.start)
        before = self._quotations[number - 1] if number else None
        beside = before if before and before.start >= sentence.start else None
        limit = min(
            [sentence.end, *(following.start for following in self._quotations[number + 1 : number + 2])]
        )
        after = self._told_after(quotation, limit)
        ahead = self._told_before(quotation, sentence, beside, last)
        if after and ahead and after.name != ahead.name:
            return None
        said = ahead or after
        if not before or not last:
            return said
        if said is None:
            return last if self._continues(before, quotation, sentence, last) else None
        together = self._paragraph(before.start) == self._paragraph(quotation.start)
        if said.goes_on and said.name == last.name and (together or said.report.verb in _CONTINUING):
            return said._replace(occasion=said.occasion or last.occasion)
        return said

    def _continues(self, before: Span, quotation: Span, sentence: Span, last: _Attribution) -> bool:
        """Whether a quotation that nothing introduces goes on from the one before it."""
        if self._paragraph(before.start) != self._paragraph(quotation.start):
            # A long quotation: each of its paragraphs opens it anew, the last one closes it.
            closed = self._quotations[bisect_left(self._quotations, before.start, key=_start)].closed
            return not closed and not self._text[before.end : quotation.start].strip()
        alone = sentence.start == quotation.start and sentence.end <= quotation.end + 1
        told = self._sentence(last.report.start)
        tagged = not last.leads and told.start <= before.start and told == self._sentence(sentence.start - 1)
        return alone and tagged and last.report.verb not in ("asked", "asks")

    def _told_after(self, quotation: Span, limit: int) -> _Attribution | None:
        """The speaker from what follows: “…,” he wrote; “…,” said Khan; “…,” according to Khan."""
        at = quotation.end
        following = self._narration[at : min(at + 5, limit)]
        if self._text[at - 2] not in ",.?!…–—-" and not following.startswith(","):
            return None
        at += len(following) - len(following.lstrip(", \xa0"))
        if self._narration.startswith("according to ", at):
            subject = self._subject_after(at + len("according to "), limit)
            return self._attribution(_Report(at, "", subject), leads=False)
        number = bisect_left(self._reports, at, key=_start)
        report = self._reports[number] if number < len(self._reports) else None
        if report is None or report.start >= limit or report.verb not in _AFTER_QUOTE or not report.subject:
            return None
        end = report.subject.end
        paused = report.verb in ("told", "tells") or end >= limit or _PAUSE.match(self._narration, end, limit)
        beside = at in (report.start, report.subject.start)
        return self._attribution(report, leads=False) if paused and beside else None

    def _told_before(
        self, quotation: Span, sentence: Span, beside: Span | None, last: _Attribution | None
    ) -> _Attribution | None:
        """The speaker from what leads to it: Khan said the plan was “…”; According to Khan, …; Khan: “…”."""
        number = bisect_left(self._reports, quotation.start, key=_start) - 1
        report = self._reports[number] if number >= 0 else None
        if beside and (report is None or report.start < beside.start):  # described it as “…” and “…”
            gap = self._narration[beside.end : quotation.start]
            return last if last and last.leads and len(gap) < 150 and not _TURN.search(gap) else None
        if report is None or report.start < sentence.start:
            report = self._source(sentence, quotation.start)
        if report.subject is None or quotation.start - report.subject.end > 300:
            return None
        gap = self._narration[report.subject.end : quotation.start]
        tagged = beside and last and not last.leads and last.report == report  # “…,” he said, “…”
        if (tagged and gap.rstrip()[-1:] not in tuple(",:—–")) or not _governs(report, gap):
            return None
        return self._attribution(report, leads=True)

    def _source(self, sentence: Span, end: int) -> _Report:
        """Who a sentence without such a verb gives as the source of what it quotes."""
        opening = "According to "
        if self._narration.startswith(opening, sentence.start):
            return _Report(sentence.start, "", self._subject_after(sentence.start + len(opening), end))
        label = self._plain(sentence.start, min(end, sentence.start + 60))
        known = label.endswith(":") and not self._named_at.get(label[:-1], {sentence.start}) <= {
            sentence.start
        }
        subject = _Subject(label[:-1], sentence.start, sentence.start + len(label) - 1) if known else None
        return _Report(sentence.start, "", subject)

    def _attribution(self, report: _Report, *, leads: bool) -> _Attribution | None:
        subject = report.subject
        if subject is None:
            return None
        is_pronoun = subject.name.lower() in _PRONOUNS
        person = self._antecedents.get(subject.start) if is_pronoun else subject
        if person is None:
            return None
        setting = _SETTING.match(self._narration, subject.end)
        occasion = (_occasion(setting[1]) if setting else None) or subject.occasion
        goes_on = (is_pronoun or report.verb in _CONTINUING) and not subject.preceded
        goes_on = goes_on and report.verb not in ("told", "tells")
        return _Attribution(person.name, person.start, occasion, report, leads, goes_on)

    @cached_property
    def _tokens(self) -> list[re.Match[str]]:
        """The tokens of the sentences that may say who speaks: of a long article, those are few."""
        return [
            token
            for sentence in self._sentences
            if not _TELLING.isdisjoint(_WORDS.findall(self._narration, sentence.start, sentence.end))
            for token in _TOKEN.finditer(self._narration, sentence.start, sentence.end)
        ]

    @cached_property
    def _reports(self) -> list[_Report]:
        """Every verb of the narration that may report speech, with its subject, in order."""
        reports: list[_Report] = []
        for number, token in enumerate(self._tokens):
            if token[0] in _VERBS:
                subject = self._subject(number, reports[-1] if reports else None)
                reports.append(_Report(token.start(), token[0], subject))
        return reports

    def _subject(self, number: int, earlier: _Report | None) -> _Subject | None:
        """The subject of the verb that is the token ``number``."""
        verb, start, end = self._tokens[number][0], self._tokens[number].start(), self._tokens[number].end()
        sentence = self._sentence(start)
        lead = self._narration[max(sentence.start, start - 4) : start].rstrip(", \xa0")
        if lead.endswith(_QUOTED) and verb in _INVERTED and (after := self._subject_after(end, sentence.end)):
            return after
        near = self._tokens[max(0, number - _REACH) : number]
        tokens = near[bisect_left(near, sentence.start, key=_token_start) :]
        whole = len(tokens) < _REACH
        words = [token[0] for token in tokens]
        stop = len(words)
        while stop and (words[stop - 1].lower() in _AUXILIARIES or _is_adverb(words[stop - 1])):
            stop -= 1
        joint = words[stop - 1] if stop else ""
        if joint == "and" or (joint == "," and verb in _PARTICIPLES):  # "…, and said", "…, adding"
            shared = earlier.subject if earlier and earlier.start >= sentence.start else None
            if not shared or start - shared.end > 300 or _ANOTHER.search(self._narration, shared.end, start):
                return None
            return shared._replace(end=end)
        aside = ""
        if joint == ",":  # Khan, the mayor of London, said
            comma = next((n for n in range(stop - 2, -1, -1) if words[n] == ","), 0)
            aside = self._narration[tokens[comma].end() : tokens[stop - 1].start()]
            stop = comma
        first = _clause_start(words, stop)
        conjunction = words[first - 1].lower() if first else ""
        if conjunction == "and":
            before = _clause_start(words, first - 1)
            pair = words[before : first - 1]
            if pair and (all(map(_is_name, pair)) or (len(pair) == 2 and pair[0].lower() == "the")):
                first = before  # Israel and Egypt said
            elif words[first - 2][0].isalnum():
                return None
        first += _opening(words[first:stop])
        if first >= stop or conjunction in _UNSAYING or (first == 0 and not whole):
            return None
        name = self._plain(tokens[first].start(), tokens[stop - 1].end())
        if not _can_speak(name.split(), anywhere=conjunction not in _CLAUSE_WORDS - {"and"}):
            return None
        at = tokens[first].start()
        occasion = _occasion(aside) or (_occasion(self._narration[sentence.start : at]) if whole else None)
        preceded = any(word[0].isalnum() for word in words[:first])
        return _Subject(name, at, end, occasion, preceded, conjunction)

    def _subject_after(self, start: int, limit: int) -> _Subject | None:
        """The name or description that starts at ``start``, if nothing but a pause follows it."""
        number = bisect_left(self._tokens, start, key=_token_start)
        tokens = [token for token in self._tokens[number : number + _REACH] if token.end() <= limit]
        words = [token[0] for token in tokens]
        stop, named = 0, False
        for word, following in zip(words, [*words, ""][1:], strict=True):
            low = word.lower()
            if not word[0].isalnum() or low in _CLAUSE_WORDS | _PREPOSITIONS or (low in _CALENDAR and stop):
                break
            runs_on = _is_name(following) and not low.endswith(("ing", "ed", "ly"))
            if named and word.islower() and word != "of" and not runs_on:
                break
            named = (named or _is_name(word)) and not word.endswith(("’s", "'s"))
            stop += 1
        if not stop:
            return None
        start, end = tokens[0].start(), tokens[stop - 1].end()
        name = self._plain(start, end)
        paused = end >= limit or _PAUSE.match(self._narration, end, limit)
        return _Subject(name, start, end) if paused and _can_speak(name.split(), anywhere=True) else None

    # Who "he" is.

    @cached_property
    def _people(self) -> list[_Person]:
        """Whom the narration names, in order. Not all of them need be people."""
        runs = [run for sentence in self._sentences for run in self._runs(sentence)]
        places = {run.key for run in runs if run.before in _PLACING and len(run.words) == 1}
        later = {run.key for run in runs if run.start > run.sentence.start}
        speaking = {report.subject.start for report in self._reports if report.subject}
        given: dict[str, set[str]] = {}
        for run in runs:
            first_names = {word for word in run.words[-2:-1] if word.lower() not in _TITLES}
            given.setdefault(run.key, set()).update(first_names)
        people: list[_Person] = []
        for run in runs:
            single = len(run.words) == 1
            placed = run.before in _NOT_OF_PEOPLE and not run.is_role
            if placed or (single and run.key in places and not given[run.key]):
                continue
            owns = self._narration[run.end : run.end + 2] in ("’s", "'s")
            speaks = run.start in speaking
            quoted = self._narration[max(0, run.start - 3) : run.start].rstrip(", ").endswith(_QUOTED)
            introduced = not quoted and self._is_introduced(run.sentence.start, run.start)
            # Any word is capitalised at the start of a sentence: a single one has to show that it is a name.
            shown = owns or run.key in later or self._narration.startswith(", who", run.end)
            shown = (
                shown
                or (speaks and not run.key.endswith("s"))
                or not single
                or run.start > run.sentence.start
            )
            if not shown or (owns and not introduced):
                continue
            titles = {run.key} if run.is_role else {word.lower().rstrip(".") for word in run.words}
            male, female = titles & (_MALE | _MALE_TITLES), titles & (_FEMALE | _FEMALE_TITLES)
            key = " ".join(run.words) if len(given[run.key]) > 1 else run.key
            name = self._plain(run.start, run.end)
            gender = "he" if male else "she" if female else None
            people.append(_Person(name, run.start, key, gender, introduced or speaks))
        return people

    def _runs(self, sentence: Span) -> Iterator[_Run]:
        for match in _MENTION.finditer(self._narration, sentence.start, sentence.end):
            start, words, role = match.start(), match[0].split(), match["role"]
            before = _last_word(self._narration[max(sentence.start, start - 15) : start]).lower()
            while words and not role and words[0].lower() in _LEADING:
                before = words.pop(0).lower()
                start = self._narration.find(words[0], start + 1) if words else start
            key = role or (words[-1] if words else "")
            acronym = not role and (key.isupper() or key[:-1].isupper())
            if key and not acronym and key.lower() not in _CALENDAR:
                yield _Run(start, match.end(), words, key, before, bool(role), sentence)

    @cached_property
    def _antecedents(self) -> dict[int, _Person]:
        """Who the pronouns of the narration are, by their offsets, where that is certain."""
        found: dict[int, _Person] = {}
        genders: dict[str, str] = {}
        for match in _PRONOUN.finditer(self._narration if self._english else ""):
            pronoun, sentence = _PERSON_OF[match[0].lower()], self._sentence(match.start())
            leads = self._is_introduced(sentence.start, match.start())
            person = None
            if pronoun in ("he", "she") and (leads or match[0].lower() == pronoun):
                person = self._person(pronoun, match.start(), sentence, genders)
            elif leads:
                person = self._body(pronoun, sentence, found, genders)
            if person:
                found[match.start()] = person
        return found

    def _person(self, pronoun: str, at: int, sentence: Span, genders: dict[str, str]) -> _Person | None:
        """The last person named as a subject, in this paragraph or the one before, if it can be nobody else.

        ``genders`` holds the pronouns found so far by the key of the person, and is added to.
        """
        floor = self._paragraphs[max(0, self._paragraph(at) - 1)].start
        index = bisect_left(self._people, at, key=_start)
        near = [one for one in self._people[max(0, index - 12) : index] if one.start >= floor]
        known = {one: one.gender or genders.get(one.key) for one in near}
        fitting = [one for one in near if known[one] in (None, pronoun)]
        subjects = [one for one in fitting if one.is_subject]
        person = subjects[-1] if subjects else None
        if person is None or any(one.key != person.key for one in fitting if one.start > person.start):
            return None
        others = {known[one] for one in subjects if one.key != person.key}
        if known[person] is None and others and (person.start < sentence.start or pronoun in others):
            return None
        genders.setdefault(person.key, pronoun)
        return person

    def _body(
        self, pronoun: str, sentence: Span, found: dict[int, _Person], genders: dict[str, str]
    ) -> _Person | None:
        """What "it" or "they" is: who spoke in the sentence before, if that is one body or several people."""
        number = bisect_left(self._reports, sentence.start, key=_start) - 1
        report = self._reports[number] if number >= 0 else None
        if report is None or report.subject is None or sentence.start - report.start > 3_000:
            return None
        between = self._narration[self._sentence(report.start).end : sentence.start]
        if between.strip(f"{_QUOTED} .\r\n"):
            return None
        name, start = report.subject[:2]
        if name.lower() in _PRONOUNS:
            return found.get(start) if name.lower() == pronoun else None
        words = name.split()
        words[0] = words[0].lower()
        several = any(word in ("and", "people", "police") or _is_plural(word) for word in words)
        if several != (pronoun == "they") or words[-1] in genders or words[-1] in ROLES:
            return None
        return _Person(name, start, name, None, is_subject=True)


def _governs(report: _Report, gap: str) -> bool:
    """Whether a quotation that ``gap`` divides from its verb is what the verb reports."""
    verb, subject, words = report.verb, report.subject, gap.split()
    if (
        subject is None
        or _TURN.search(gap)
        or (subject.conjunction in _SUBORDINATORS and "," in gap and words != [","])
    ):
        return False
    if verb in _SAYS:
        return not _PREDICATE.match(gap) and not (verb in _PARTICIPLES and "," in gap.rstrip(", "))
    if not verb:
        return gap.startswith((",", ":"))
    if subject.name.lower().startswith(("a ", "an ")) and verb in _AS | _CALLS | {"posted", "tweeted"}:
        return False  # a letter posted on …, a group called …
    if verb in _AS:
        return _is_object_as(gap)
    if verb in _CALLS:
        return not gap.rstrip().endswith((",", ":")) and (
            len(words) > 1 or words[:1] in (["it"], ["him"], ["her"])
        )
    return words in ([], [","]) or gap.rstrip().endswith(":") or words[0] == "that"


def _is_object_as(gap: str) -> bool:
    """Whether ``gap`` is an object and "as", with two words more at most: described [the plan as a very]."""
    first = len(gap) - len(gap.lstrip())
    return (
        0 < first < len(gap)
        and _WORDS.match(gap, first) is not None
        and bool(_AS_OPEN.search(gap, first + 1))
    )


def _last_word(text: str) -> str:
    """The word that ends ``text``, if white space follows it."""
    words = text.rstrip()
    if words == text:
        return ""
    start = len(words)
    while start and (words[start - 1].isalnum() or words[start - 1] == "_"):
        start -= 1
    return words[start:]


def _clause_start(words: list[str], stop: int) -> int:
    """Where the clause begins that ends before ``stop``."""
    while stop and words[stop - 1][0].isalnum() and words[stop - 1].lower() not in _CLAUSE_WORDS:
        stop -= 1
    return stop


def _is_name(word: str) -> bool:
    return word[:1].isupper()


def _is_plural(word: str) -> bool:
    return len(word) > 1 and word[-1] == "s" and word.isascii() and word.isalpha() and word.islower()


def _is_adverb(word: str) -> bool:
    return word.islower() and word.endswith("ly") and word not in _LY_NOUNS


def _opening(words: list[str]) -> int:
    """How many words before the subject say when, or join the sentence to the last one."""
    count = 0
    while count < len(words):
        low = words[count].lower()
        follows = words[count + 1].lower() if count + 1 < len(words) else ""
        if low in _OPENERS | _CALENDAR:
            count += 1
        elif low in ("on", "in", "by", "since", "at") and (follows in _CALENDAR or follows.isdigit()):
            count += 2
        else:
            break
    return count


def _can_speak(words: list[str], *, anywhere: bool) -> bool:
    """Whether these are the words of a name or a description, and of nothing more.

    ``anywhere`` is False inside of a clause, where they have to start like one.
    """
    first, last = words[0].lower(), words[-1]
    if len(words) == 1 and (first in _PRONOUNS or words[0].islower()):
        return (
            first in _PRONOUNS
            or first == "people"
            or (anywhere and first[-1] == "s" and first not in _NOBODY)
        )
    starts = anywhere or not words[0].islower() or first in _ARTICLES
    unnamed = first in _NOT_NAMES or "I" in words or any(word in _UNNAMED for word in words)
    verbal = any(
        word.islower() and word.endswith("ed") and words[n] not in _ARTICLES
        for n, word in enumerate(words[1:])
    )
    cut = last.endswith(("’s", "'s")) or last.lower() in _PREPOSITIONS | _ARTICLES | {"of", "for"}
    return len(words) < 11 and starts and not unnamed and not verbal and not cut and not last.isdigit()


def _occasion(phrase: str) -> str | None:
    """Where something was said, as a clause after the name, if that is what ``phrase`` says."""
    words = phrase.strip(" ,").split()
    if not 1 < len(words) <= 16 or len(phrase) > 120 or not _PLAIN.fullmatch(phrase):
        return None
    low = [word.lower().strip(",.") for word in words]
    said = low[0] in _SPEAKING
    said = said or (low[0] in ("in", "at", "during", "on") and not _OCCASIONS.isdisjoint(low[1:]))
    said = said or (low[0] == "on" and low[1] in _PLATFORMS)
    return " ".join([low[0], *words[1:]]) if said and _PRONOUNS.isdisjoint(low) else None


def _quotations(article: Article) -> list[_Quotation]:
    """The outermost quotations of the article, in order."""
    outermost: list[_Quotation] = []
    for paragraph in article.paragraphs:
        outer: _Quotation | None = None
        inner: list[_Quotation] = []
        for quotation in _pairs(article.text, paragraph):
            if outer is None or quotation.start >= outer.end:
                if outer is not None:
                    outermost.append(replace(outer, inner=tuple(inner)))
                outer, inner = quotation, []
                continue
            last = (*inner[-1].around, inner[-1]) if inner else ()
            around = tuple(one for one in last if one.end > quotation.start)
            if len(around) < _NESTING:
                inner.append(replace(quotation, around=around))
        if outer is not None:
            outermost.append(replace(outer, inner=tuple(inner)))
    return outermost


def _pairs(text: str, paragraph: Paragraph) -> list[_Quotation]:
    """The quotations of a paragraph, those within others too, by their start."""
    marks = [mark.start() for mark in _MARK.finditer(text, paragraph.start, paragraph.end)]
    kinds = [_kind(text, at, paragraph) for at in marks]
    pairs: dict[int, int | None] = {}  # where each opens: where its closing mark is
    pending: list[tuple[int, int | None]] = []  # where each opened: for a single mark, where it has to close
    for number, (at, kind) in enumerate(zip(marks, kinds, strict=True)):
        single = text[at] in "‘’"
        inch = text[at] == '"' and text[at - 1 : at].isdigit()
        if kind == "open" and single:
            closing = _single_closing(text, marks, number, kinds) if text[at] == "‘" else None
            pending += [(at, closing)] if closing else []
        elif kind == "open":
            pending.append((at, None))
        elif (partner := _partner(text, at, pending)) is not None:
            if not inch or (kind == "close" and kinds[number + 1 : number + 2] != ["close"]):
                pairs[pending[partner][0]] = at
                del pending[partner:]
        elif kind == "either" and not single and not inch:
            pending.append((at, None))
    pairs.update((opening, None) for opening, closing in pending if closing is None)
    quotations: list[_Quotation] = []
    following: dict[str, int] = {}  # where the next quotation of a family opens
    for start in sorted(pairs, reverse=True):
        shape, close = text[start], pairs[start]
        if close is not None:
            end, mark = close + 1, text[close]
        else:
            end = start + len(text[start : following.get(_family(shape), paragraph.end)].rstrip())
            mark = _CLOSING[shape]
        if mark == '"' != shape:
            mark = _CLOSING[shape]
        if end - start > 1:
            quotations.append(_Quotation(start, end, shape, mark, close is not None))
        following[_family(shape)] = start
    return quotations[::-1]


def _partner(text: str, at: int, pending: list[tuple[int, int | None]]) -> int | None:
    """Which of the ``pending`` quotations the mark at ``at`` closes."""
    for number in range(len(pending) - 1, max(-1, len(pending) - 1 - _NESTING), -1):
        opening, closing = pending[number]
        if closing == at or (closing is None and _family(text[opening]) == _family(text[at])):
            return number
    return None


def _family(mark: str) -> str:
    return "‘" if mark in "‘’" else "«" if mark in "«»" else "“"


def _kind(text: str, at: int, paragraph: Paragraph) -> str:
    """Whether the mark at ``at`` opens or closes, by what is on either side of it and else by its shape."""
    before = text[at - 1] if at > paragraph.start else " "
    after = text[at + 1] if at + 1 < paragraph.end else " "
    opens = before.isspace() or before in '([{—–-/“„«‘"'
    closes = after.isspace() or after in '.,;:!?)]}—–-…/”»’"'
    if opens != closes:
        return "open" if opens else "close"
    return "open" if text[at] in "“„‟«" else "close" if text[at] in "”»" else "either"


def _single_closing(text: str, marks: list[int], number: int, kinds: list[str]) -> int | None:
    """Where the single quotation that opens at ``marks[number]`` closes, if no apostrophe can be meant."""
    if _ELISION.match(text, marks[number] + 1):
        return None
    closing: list[int] = []
    for later in range(number + 1, len(marks)):
        if text[marks[later]] == "‘":
            break
        if text[marks[later]] == "’" and kinds[later] == "close":
            closing.append(marks[later])
    sure = [at for at in closing if text[at - 1] in ",.?!…"]
    return sure[0] if sure else closing[0] if len(closing) == 1 else None
