"""Questions about what somebody said, made from sentences that report it: few data sets ask them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from index.reader.training.data import SpanExample

_VERBS = dict(
    pair.split("/")
    for pair in (
        "said/say says/say stated/state argued/argue argues/argue claimed/claim claims/claim wrote/write "
        "writes/write suggested/suggest suggests/suggest believed/believe believes/believe "
        "announced/announce declared/declare explained/explain explains/explain noted/note notes/note "
        "warned/warn insisted/insist concluded/conclude reported/report observed/observe denied/deny "
        "proposed/propose estimated/estimate predicted/predict complained/complain admitted/admit "
        "acknowledged/acknowledge asserted/assert asserts/assert maintained/maintain contended/contend "
        "ruled/rule remarked/remark told/say"
    ).split()
)
_WORD = r"(?:[A-Z][\w'’-]{1,20}|[A-Z]\.)"
_NAME = rf"{_WORD}(?: (?:of |de |von |van |bin |al-)?{_WORD}){{0,3}}"
_INDIRECT = re.compile(
    rf"\b(?P<name>{_NAME})(?:, [a-z][^,.;]{{2,60}})?,? (?:has |had |have |also |later |then |once ){{0,2}}"
    rf"(?P<verb>{'|'.join(_VERBS)}) (?:that |in \d{{4}} that )(?P<what>[^.;!?\n]{{15,240}})[.;\n]"
)
_QUOTATION = re.compile(
    rf"\b(?P<name>{_NAME}) (?:has |had |also |later ){{0,2}}(?P<verb>{'|'.join(_VERBS)})[,:] "
    r"[\"“](?P<what>[^\"“”\n]{15,240})[\"”]"
)
_ACCORDING = re.compile(rf"\b[Aa]ccording to (?P<name>{_NAME}), (?P<what>[^.;!?\n]{{15,240}})[.;\n]")
_NOBODY = frozenset(
    "It He She They This That These Those The There We You I In On At And But However Some Many Others "
    "Critics Scholars Historians Scientists Researchers One Who Which".split()
)
_TOPIC = re.compile(
    r"\b(?:the|an?|his|her|their|its|of|for|about|on|in|by|with) "
    r"((?:[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*|[a-z]{4,}))\b"
)
_EMPTY = frozenset(
    "same most first this that these those which whom what order fact case other many some should "
    "because although another through against between without before having become became during "
    "whether however being there their would could rather itself himself themselves".split()
)


class Report(NamedTuple):
    """A sentence that says what somebody said.

    Attributes:
        speaker: Who, as named there.
        verb: The verb of saying, as in a question with "did".
        start: Where what was said starts in the context.
        end: Where it ends.
    """

    speaker: str
    verb: str
    start: int
    end: int


def reports(context: str) -> list[Report]:
    """The reports of a context whose speakers have names."""
    all_reports = []
    for pattern in (_INDIRECT, _QUOTATION, _ACCORDING):
        for match in pattern.finditer(context):
            speaker = match["name"].removesuffix("'s").removesuffix("’s")
            verb = _VERBS[match["verb"]] if pattern is not _ACCORDING else "say"
            if speaker.partition(" ")[0] not in _NOBODY:
                all_reports.append(Report(speaker, verb, *match.span("what")))
    return all_reports


def report_questions(contexts: Sequence[str], source_group: str, rng: random.Random) -> list[SpanExample]:
    """Questions about the reports of an article's contexts; about half ask what was not said there.

    These ask somebody else's words, the speaker's words on something else, or put the question to another
    context of the article, one that does not name the speaker.
    """
    of_each = [reports(context) for context in contexts]
    speakers = list(dict.fromkeys(report.speaker for some in of_each for report in some))
    examples = []
    for context, some in zip(contexts, of_each, strict=True):
        for report in some:
            what = context[report.start : report.end]
            topics = [topic for topic in _TOPIC.findall(what) if topic not in _EMPTY]
            if not topics:
                continue
            topic = rng.choice(topics)
            question = _asked(report.speaker, report.verb, topic, rng)
            examples.append(SpanExample(question, context, report.start, report.end, "report", source_group))
            way = rng.random()
            if way < 0.4:  # somebody else's words
                low = context.lower()
                others = [
                    one for one in speakers if not _alike(one, report.speaker) and one.lower() not in low
                ]
                present = _named_elsewhere(context, some)
                others = present if present and rng.random() < 0.5 else others
                if others:
                    question = _asked(rng.choice(others), report.verb, topic, rng)
                    examples.append(
                        SpanExample(question, context, None, None, "report of another", source_group)
                    )
            elif way < 0.8:  # on something else
                foreign = _topic_elsewhere(contexts, context, rng)
                if foreign:
                    question = _asked(report.speaker, report.verb, foreign, rng, always=True)
                    examples.append(
                        SpanExample(question, context, None, None, "report on else", source_group)
                    )
            else:
                silent = [c for c in contexts if report.speaker.split()[-1] not in c]
                if silent:
                    examples.append(
                        SpanExample(
                            question, rng.choice(silent), None, None, "report elsewhere", source_group
                        )
                    )
    return examples


def _asked(speaker: str, verb: str, topic: str, rng: random.Random, *, always: bool = False) -> str:
    """A question about what a speaker said, mostly with its topic."""
    if not always and rng.random() < 0.2:
        return rng.choice([f"What did {speaker} {verb}?", f"What does {speaker} {verb}?"])
    say = rng.choice([verb, "say", "say"])
    return rng.choice(
        [
            f"What did {speaker} {say} about {topic}?",
            f"What did {speaker} {say} about {topic}?",
            f"What does {speaker} {say} about {topic}?",
            f"What did {speaker} think about {topic}?",
            f"According to {speaker}, what about {topic}?",
            f"What was {speaker}'s view on {topic}?",
        ]
    )


def _named_elsewhere(context: str, some: Sequence[Report]) -> list[str]:
    """Names of a context that nobody's words are reported of."""
    names = dict.fromkeys(re.findall(rf"(?<=[a-z,] ){_NAME}", context))
    return [name for name in names if not any(_alike(name, report.speaker) for report in some)]


def _topic_elsewhere(contexts: Sequence[str], context: str, rng: random.Random) -> str | None:
    """A topic of another context that this one does not mention."""
    other = rng.choice(contexts)
    low = context.lower()
    topics = [
        topic
        for topic in _TOPIC.findall(other)
        if topic.lower() not in low and topic.lower() not in _EMPTY and len(topic) > 4
    ]
    return rng.choice(topics) if topics else None


def _alike(one: str, other: str) -> bool:
    """Whether two names share a word."""
    return any(a == b for a, b in pairwise(sorted([*set(one.split()), *set(other.split())])))
