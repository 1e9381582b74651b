"""Claims, and questions for yes or no, made from questions with their answers and from sentences.

A question with its answer says something ("Who wrote it?", "Orrell" -> "Orrell wrote it", "Did Orrell write
it?"), with another of the context's values something else, and of a context that lacks the answer nothing
(after Demszky, Guu & Liang 2018, *Transforming Question Answering Datasets Into Natural Language Inference
Datasets*, with patterns in place of a parser). Every claim is made in several ways that differ in little and
are judged differently, so that its words alone tell nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from index.reader.training.data import DOES_NOT_SAY, SAYS_OTHERWISE, SAYS_SO, SpanExample, VerdictExample
from index.reader.training.lookalikes import opposite_in, sentence_spans

_BE = r"is|are|was|were"
_MODAL = r"can|could|will|would|should|must|may|might|has|have|had"
_DO = r"did|does|do"
_WHO = re.compile(
    rf"(?i:who|what(?=\s+(?:{_BE}|{_MODAL}|[a-z]+(?:ed|s))\b))\s+"
    rf"(?!(?:\S+\s+){{0,5}}(?:{_DO})\b)(?!(?:{_MODAL})\b)(?P<rest>\S.*)"
)
_WHICH = re.compile(
    rf"(?i:which|what)\s+(?P<noun>[a-z]+(?: [a-z]+)?)\s+(?=(?:{_BE}|{_MODAL}|[a-z]+ed|[a-z]+s)\b)(?P<rest>.*)"
)
_MANY = re.compile(
    rf"(?i:how (?:many|much))\s+(?P<noun>[a-z]+(?: [a-z]+)?)\s+(?=(?:{_BE}|{_MODAL}|[a-z]+ed)\b)(?P<rest>.*)"
)
_INVERSION = re.compile(
    rf"(?P<prep>(?:[Ii]n|[Oo]n|[Aa]t|[Ff]rom|[Tt]o|[Bb]y|[Ff]or|[Ww]ith|[Dd]uring|[Uu]nder)\s+)?"
    rf"(?i:when|where|who|whom|what|which|how (?:many|much)|how long)\s+(?P<noun>(?:[a-z]+ ){{0,3}}?)"
    rf"(?P<auxiliary>{_BE}|{_MODAL}|{_DO})\s+(?P<rest>\S.*)"
)
_PARTICIPLE = re.compile(
    r"\b(?:[a-z]{2,}(?:ed|en|ing)|born|built|held|made|found|sold|sent|won|lost|set|put|cut|known|led|"
    r"located|used|to)\b"
)
_IRREGULAR = dict(
    pair.split("/")
    for pair in (
        "be/was become/became begin/began break/broke bring/brought build/built buy/bought call/called "
        "catch/caught choose/chose come/came cost/cost cut/cut die/died do/did draw/drew drive/drove eat/ate "
        "fall/fell feel/felt fight/fought find/found fly/flew get/got give/gave go/went grow/grew have/had "
        "hear/heard hit/hit hold/held keep/kept know/knew lay/laid lead/led leave/left lose/lost make/made "
        "mean/meant meet/met pay/paid put/put read/read rise/rose run/ran say/said see/saw sell/sold "
        "send/sent set/set show/showed sing/sang sit/sat speak/spoke spend/spent stand/stood take/took "
        "teach/taught tell/told think/thought throw/threw wear/wore win/won write/wrote"
    ).split()
)
_NUMBER_WORDS = "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty".split()
_CYCLES = (
    _NUMBER_WORDS,
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "January February March April May June July August September October November December".split(),
    "first second third fourth fifth".split(),
    "north south east west".split(),
    "morning afternoon evening night".split(),
    "seconds minutes hours days weeks months years".split(),
    "all some none".split(),
    "always never".split(),
    "once twice".split(),
)
_NEXT_TO = {word: cycle for cycle in _CYCLES for word in cycle}
_CYCLE_WORD = re.compile(r"\b(?:" + "|".join(_NEXT_TO) + r")\b")
_DIGITS = re.compile(r"\b\d+(?:[.,]\d+)*\b")
_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,2}\b")
_PLAIN_SENTENCE = re.compile(
    rf"(?P<subject>(?:The|An?|This|These|Its?|His|Her|Their|He|She|They|There)(?: [\w'’-]+){{0,3}}?|"
    rf"[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){{0,2}}) "
    rf"(?P<auxiliary>{_BE}|can|could|will|would|should|must|may|has|have|had) (?P<rest>[^;:]+)"
)
_FUNCTION_WORD = re.compile(r"(?:The|An?|This|These|Its?|His|Her|Their|He|She|They|There)\b")
_NEGATION = re.compile(r"\b(?:not|never|no|without|nor|none|neither)\b|n't")
_ASIDE = re.compile(r" \([^()]{0,80}\)|, (?:which|who|where) [^,]{3,80},(?= )|\[\d+\]")
_LEAD = re.compile(
    r"^(?:However|Therefore|Moreover|Furthermore|In addition|For example|Also|Thus|Instead|Then|But|And), ?"
)
_SENTENCES_ABOUT = 3  # that a context keeps on either side of what says it, at the most
_LONGEST_ANSWER = 60  # characters; a longer one makes no sentence


class Statement(NamedTuple):
    """A question with a place for its answer.

    Attributes:
        claim: As a claim, ``{}`` where the answer goes; None: no claim can be made of it.
        question: As a question for yes or no, likewise.
        negative: The claim's opposite, likewise.
    """

    claim: str | None
    question: str | None
    negative: str | None

    def put(self, answer: str, rng: random.Random) -> str:
        """The claim or the question with an answer in it."""
        form = rng.choice([form for form in (self.claim, self.question) if form])
        return _tidy(form.format(answer))


def statement_of(question: str, context: str) -> Statement | None:
    """What a question says once it is answered; None where its form is not among the known ones.

    Args:
        question: As asked.
        context: What it is asked of: verbs are put in the past as they stand there.
    """
    asked = re.sub(r"[{}]", "", question).strip().rstrip("?. ")
    asked = re.sub(r"(?i)^(?:according to [^,]{2,40}, )", "", asked)
    for pattern in (_MANY, _WHICH, _WHO):
        match = pattern.fullmatch(asked)
        if match:
            of = f"{{}} {match['noun']}" if pattern is _MANY else "{}"
            return _subject_asked(of, match["rest"])
    match = _INVERSION.fullmatch(asked)
    return _inverted(match, context) if match else None


def _subject_asked(of: str, rest: str) -> Statement | None:
    """The subject is asked for: the answer takes its place."""
    auxiliary, _, predicate = rest.partition(" ")
    claim = f"{of} {rest}."
    if re.fullmatch(rf"{_BE}|{_MODAL}", auxiliary) and predicate:
        return Statement(
            claim, f"{auxiliary.capitalize()} {of} {predicate}?", f"{of} {auxiliary} not {predicate}."
        )
    return Statement(claim, None, None)


def _inverted(match: re.Match[str], context: str) -> Statement | None:
    """Something else is asked for: the answer goes to the end."""
    auxiliary, rest, noun = match["auxiliary"], match["rest"], match["noun"].strip()
    preposition = (match["prep"] or "").lower()
    asks_many = match[0].lower().startswith("how")
    end = f"{preposition}{{}}{f' {noun}' if asks_many and noun else ''}"
    question = f"{auxiliary.capitalize()} {rest} {end}?"
    if re.fullmatch(_DO, auxiliary):
        past = _past(rest, context) if auxiliary == "did" else None
        if past is None:
            return Statement(None, question, None)
        subject, verb, base, others = past
        return Statement(
            f"{subject} {verb}{others} {end}.", question, f"{subject} did not {base}{others} {end}."
        )
    # The first word may be a part of the subject: "was united Italy proclaimed".
    participle = _PARTICIPLE.search(rest, rest.find(" ") + 1) if " " in rest else None
    if participle is None:
        return Statement(None, question, None)
    subject, predicate = rest[: participle.start()].strip(), rest[participle.start() :]
    return Statement(
        f"{subject} {auxiliary} {predicate} {end}.", question, f"{subject} {auxiliary} not {predicate} {end}."
    )


def _past(rest: str, context: str) -> tuple[str, str, str, str] | None:
    """Subject, verb in the past, in the base form, and what follows; None where the verb is not found."""
    low = context.lower()
    for match in re.finditer(r"(?<= )[a-z]+\b", rest):
        base = match[0]
        for past in (_IRREGULAR.get(base), f"{base}ed", f"{base}d", f"{base[:-1]}ied"):
            if past and re.search(rf"\b{past}\b", low):
                return rest[: match.start()].strip(), past, base, rest[match.end() :]
    return None


def statements(example: SpanExample, others: Sequence[str], rng: random.Random) -> Iterator[VerdictExample]:
    """Claims and questions for yes or no that are made of a question put to a context.

    Args:
        example: The question. If its context does not answer it, what is claimed is not said.
        others: Values of the context that are no answer to it, of the answer's kind.
        rng: Draws.
    """
    statement = statement_of(example.question, example.context)
    if statement is None:
        return
    context = _about(example, rng)
    if example.start is None:
        if others:
            yield _of(statement.put(rng.choice(others), rng), context, DOES_NOT_SAY)
        return
    answer = example.answer
    if len(answer) > _LONGEST_ANSWER or "\n" in answer:
        return
    way = rng.random()
    if way < 0.4 or not others:
        yield _of(statement.put(answer, rng), context, SAYS_SO)
    if way >= 0.3 and others:
        yield _of(statement.put(rng.choice(others), rng), context, SAYS_OTHERWISE)
    if statement.negative and rng.random() < 0.12:
        if others and rng.random() < 0.5:
            yield _of(_tidy(statement.negative.format(rng.choice(others))), context, SAYS_SO)
        else:
            yield _of(_tidy(statement.negative.format(answer)), context, SAYS_OTHERWISE)


def unsaid(example: SpanExample, answer: str, rng: random.Random) -> Iterator[VerdictExample]:
    """A claim on a context that does not say it: the question's, with an answer that stands elsewhere."""
    statement = statement_of(example.question, example.context)
    if statement is not None and len(answer) <= _LONGEST_ANSWER and "\n" not in answer:
        yield _of(statement.put(answer, rng), _about(example, rng), DOES_NOT_SAY)


def restatements(context: str, rng: random.Random) -> Iterator[VerdictExample]:
    """A sentence of a context as a claim: as it says it, with one thing changed, or with it taken out."""
    spans = sentence_spans(context)
    fitting = [n for n, (start, end) in enumerate(spans) if 35 <= end - start <= 220]
    if len(spans) < 2 or not fitting:
        return
    n = rng.choice(fitting)
    start, end = spans[n]
    claim = _without_asides(context[start:end].strip())
    claim = claim[:1].upper() + claim[1:]
    low, high = max(0, n - rng.randint(0, 2)), min(len(spans), n + 1 + rng.randint(0, 2))
    around = context[spans[low][0] : spans[high - 1][1]].strip()
    alteration = _changed(claim, around, rng)
    if alteration is None:
        return
    way = rng.random()
    if way < 0.4:
        yield _of(_asked(claim, rng), around, SAYS_SO)
    if way > 0.25:
        yield _of(_asked(alteration, rng), around, SAYS_OTHERWISE)
    rest = [span for place, span in enumerate(spans) if place != n][max(0, n - 2) : n + 3]
    if rest and rng.random() < 0.3:
        left = "".join(context[a:b] for a, b in rest).strip()
        yield _of(_asked(rng.choice([claim, alteration]), rng), left, DOES_NOT_SAY)


def repetition(context: str, rng: random.Random) -> VerdictExample | None:
    """A sentence of a context, or its main part, put as a claim that the context says.

    Who writes claims takes other words than the text: without these, the likeness of one speaks against it.
    """
    sentences = [context[start:end].strip() for start, end in sentence_spans(context)]
    fitting = [sentence for sentence in sentences if 25 <= len(sentence) <= 220]
    if not fitting:
        return None
    sentence = rng.choice(fitting)
    shorter = _without_asides(sentence)
    main_part = shorter.partition(", ")[0]
    claim = rng.choice([sentence, shorter, main_part if len(main_part) >= 25 else shorter])
    return _of(_asked(claim[:1].upper() + claim[1:], rng), context, SAYS_SO)


def _without_asides(sentence: str) -> str:
    return _ASIDE.sub("", _LEAD.sub("", sentence))


def _changed(claim: str, context: str, rng: random.Random) -> str | None:
    """A claim with one thing changed so that it says otherwise."""
    ways: list[Callable[[str, random.Random], str | None]] = [
        _other_number,
        _other_of_its_cycle,
        partial(_other_name, context),
        _negated,
        opposite_in,
    ]
    rng.shuffle(ways)
    for way in ways:
        alteration = way(claim, rng)
        if alteration and alteration != claim:
            return alteration
    return None


def _other_number(claim: str, rng: random.Random) -> str | None:
    numbers = list(_DIGITS.finditer(claim))
    if not numbers:
        return None
    number = rng.choice(numbers)
    digits = number[0]
    place = rng.randrange(len(digits))
    if not digits[place].isdigit():
        place = 0
    other = digits[:place] + str((int(digits[place]) + rng.randint(1, 8)) % 9 + 1) + digits[place + 1 :]
    return None if other == digits else claim[: number.start()] + other + claim[number.end() :]


def _other_of_its_cycle(claim: str, rng: random.Random) -> str | None:
    words = list(_CYCLE_WORD.finditer(claim))
    if not words:
        return None
    word = rng.choice(words)
    other = rng.choice([one for one in _NEXT_TO[word[0]] if one != word[0]])
    return claim[: word.start()] + other + claim[word.end() :]


def _other_name(context: str, claim: str, rng: random.Random) -> str | None:
    """One name becomes another that the context also has: the words are all there, the sense is not."""
    names = [name for name in _NAME.finditer(claim) if name.start()]
    others: list[str] = [name for name in dict.fromkeys(_NAME.findall(context)) if name not in claim]
    if not names or not others:
        return None
    name = rng.choice(names)
    return claim[: name.start()] + rng.choice(others) + claim[name.end() :]


def _negated(claim: str, rng: random.Random) -> str | None:
    if _NEGATION.search(claim):
        without = re.sub(r"\b(?:not|never) |n't\b", "", claim, count=1)
        return without if without != claim else None
    auxiliary = re.search(rf"\b(?:{_BE}|{_MODAL}) (?=[a-z])", claim)
    if auxiliary is None:
        return None
    word = "not" if rng.random() < 0.75 else "never"
    return f"{claim[: auxiliary.end()]}{word} {claim[auxiliary.end() :]}"


def _asked(claim: str, rng: random.Random) -> str:
    """A claim, where its form is plain now and then as a question for yes or no."""
    plain = _PLAIN_SENTENCE.fullmatch(claim.rstrip("."))
    if plain is None or rng.random() < 0.4:
        return claim
    subject = plain["subject"]
    if _FUNCTION_WORD.match(subject):
        subject = subject[0].lower() + subject[1:]
    return f"{plain['auxiliary'].capitalize()} {subject} {plain['rest']}?"


def _about(example: SpanExample, rng: random.Random) -> str:
    """The sentences about the answer; of a context that has none, those that sound most like the question."""
    spans = sentence_spans(example.context)
    if example.start is None:
        asked = set(example.question.lower().rstrip("?").split())
        overlaps = [len(asked & set(example.context[start:end].lower().split())) for start, end in spans]
        middle = overlaps.index(max(overlaps))
        low, high = max(0, middle - rng.randint(0, 2)), min(len(spans), middle + 1 + rng.randint(0, 2))
    else:
        middle = next((n for n, span in enumerate(spans) if span[0] <= example.start < span[1]), 0)
        low = max(0, middle - rng.randint(0, _SENTENCES_ABOUT))
        high = min(len(spans), middle + 1 + rng.randint(0, _SENTENCES_ABOUT))
    return example.context[spans[low][0] : spans[high - 1][1]].strip()


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    return text[:1].upper() + text[1:]


def _of(claim: str, context: str, verdict: int) -> VerdictExample:
    return VerdictExample(claim, context, verdict, "statement")


def values_beside(examples: Sequence[SpanExample]) -> dict[SpanExample, list[str]]:
    """Of each question, the answers to other questions of its context that could be taken for its own.

    Args:
        examples: All questions of one context.
    """
    answers = [(one.answer, _kind(one.answer)) for one in examples if one.start is not None]
    beside: dict[SpanExample, list[str]] = {}
    for example in examples:
        own = example.answer.lower()
        kinds = {_kind(example.answer)} if own else _kinds_asked(example.question)
        words = example.question.lower()
        beside[example] = [
            answer
            for answer, kind in dict.fromkeys(answers)
            if kind in kinds
            and len(answer) <= _LONGEST_ANSWER
            and answer.lower() not in words
            and (not own or not set(answer.lower().split()) & set(own.split()))
        ]
    return beside


def _kind(answer: str) -> str:
    """Whether an answer is a number, a name or some other words."""
    if re.search(r"\d", answer):
        return "year" if re.search(r"\b[12]\d{3}\b", answer) else "number"
    return "name" if answer[:1].isupper() else "words" if len(answer) < 30 else "long words"


def _kinds_asked(question: str) -> set[str]:
    low = question.lower()
    if "how many" in low or "how much" in low:
        return {"number"}
    if low.startswith("when") or "year" in low:
        return {"year", "number"}
    return {"name"} if re.match(r"who|where", low) else {"name", "words"}
