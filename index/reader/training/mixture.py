"""What one pass of the training reads: shares of the data sets, look-alikes, wrong passages, claims."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from index.language.terms import Analyzer
from index.reader.training import data
from index.reader.training.annotations import CONTRASTS, annotated_excerpts, contrasts
from index.reader.training.annotations import SOURCE as ANNOTATIONS
from index.reader.training.data import SpanExample, VerdictExample
from index.reader.training.lookalikes import Surroundings, lookalike, sentence_removed, surroundings
from index.reader.training.reports import report_questions, reports
from index.reader.training.statements import repetition, restatements, statements, unsaid, values_beside
from index.reader.training.variations import varied
from index.search.bm25 import BM25

SHARES = {
    # Encyclopaedia prose with questions that people wrote to look answerable: the thing itself.
    "squad2-train": 1.0,
    "squadshifts-new_wiki": 1.0,
    # Posts and reviews: how people on Discord write; many of their answers are opinions, hard to delimit.
    "squadshifts-reddit": 0.35,
    "squadshifts-amazon_reviews": 0.25,
    # Real people's queries.
    "nq-qed": 0.8,
    "quoref-contrast": 1.0,
    "quoref-superni": 1.0,
    "fairytaleqa-explicit": 0.3,
    # Many questions to one sentence, in odd English: a little for the variety of relations.
    "qamr": 0.06,
    "friendsqa": 0.5,
    "molweni": 0.2,
    "policyqa": 0.15,
}
LOOKALIKES = {
    "squad2-train": 0.25, "squadshifts-new_wiki": 0.6, "nq-qed": 0.35, "qamr": 0.3, "policyqa": 0.2,
    ANNOTATIONS: 0.1, CONTRASTS: 0.0,
}  # fmt: skip
"""Of the answerable questions drawn, the share also put changed; some data have look-alikes already."""

LOOKALIKES_ELSEWHERE = 0.4  # of the questions that can be changed
WRONG_PASSAGES = 0.3
"""Of the answerable questions drawn, the share also put to a passage that ranks high and lacks the answer."""

CLAIMS = 0.6  # of the claims that there are: about a fifth of what is drawn
YES_NO = 1.0  # of the questions for yes or no: all
STATEMENTS = {"squad2-train": 0.7, "squadshifts-new_wiki": 0.7, "nq-qed": 0.4}
"""Of the questions, the share that claims are made of."""

RESTATEMENTS = {
    "squad2-train": 0.8, "squadshifts-new_wiki": 0.5, "policyqa": 0.6, "fairytaleqa-explicit": 0.4,
    "squadshifts-amazon_reviews": 0.3, "squadshifts-reddit": 0.3,
}  # fmt: skip
"""Of the contexts, the share that has a sentence put as a claim."""

_OF_RULES = 0.33  # how many claims are made by rule to each of the data sets'
_REPETITIONS = 0.6  # of the annotated excerpts, the share that has a sentence of its own put as a claim
_ELSEWHERE = 0.2  # of the written claims, the share that is also put to another text that ranks high
_UNSAID = 0.3  # of those questions, the share that is also claimed of a text that lacks the answer
_LEAST_SHARE = 0.5  # an own context that scores below this share of another's is probably not the right one
_BEST = 5  # passages that BM25 ranks highest, of which a wrong one is drawn


class Mixture:
    """The training data, read once; ``examples`` draws a pass from it.

    Args:
        folder: Where the data sets lie.
        questions: Which part of the data sets' questions is drawn, of those that ``SHARES`` says: fewer for a
            training that is to learn from something else above all.
        claims: Which part of the claims of the data sets and of those made by rule, likewise.
        annotated_questions: Which part of the questions that were written for the reader. Half of them look
            answerable and are not.
        annotated_claims: Which part of the claims that were written for the reader.
        versions: Which part of the excerpts that there are two versions of.
    """

    def __init__(
        self,
        folder: Path,
        questions: float = 1.0,
        claims: float = 1.0,
        annotated_questions: float = 1.0,
        annotated_claims: float = 1.0,
        versions: float = 1.0,
    ) -> None:
        self._questions = questions
        self._shares = {
            **{source: share * questions for source, share in SHARES.items()},
            ANNOTATIONS: annotated_questions,
            CONTRASTS: versions,
        }
        self._claims = claims
        self._annotated_claims = annotated_claims
        self._versions = versions
        self.counts: Counter[str] = Counter()
        self._spans: dict[str, list[SpanExample]] = {}
        self._wrong: dict[SpanExample, list[str]] = {}
        self._reports: list[tuple[str, list[str]]] = []
        self._around: dict[str, Surroundings] = {}
        self.held_out_spans: list[SpanExample] = []
        analyzer = Analyzer()
        for source in data.SPAN_SOURCES:
            every = data.span_examples(folder, source)
            held_out = [example for example in every if data.is_held_out(example)]
            training = self._ranked(
                [example for example in every if not data.is_held_out(example)], source, analyzer
            )
            self._ranked(held_out, "held out", analyzer)
            self.held_out_spans += held_out
            self._spans[source] = training
            of_group: defaultdict[str, list[str]] = defaultdict(list)
            for example in {example.context: example for example in training}.values():
                of_group[example.group].append(example.context)
            self._reports += [(group, texts) for group, texts in of_group.items() if any(map(reports, texts))]
            self.counts[source] = len(training)
            self.counts[f"{source} held out"] = len(held_out)
        excerpts_of = {ANNOTATIONS: list(annotated_excerpts(folder)), CONTRASTS: list(contrasts())}
        for source, excerpts in excerpts_of.items():
            self._spans[source] = [e for one in excerpts if not one.is_held_out for e in one.spans]
            self.counts[f"{source}: questions"] = len(self._spans[source])
        self.held_out_annotations = [
            example for one in chain(*excerpts_of.values()) if one.is_held_out for example in one.verdicts
        ]
        self.counts["written claims held out"] = len(self.held_out_annotations)
        self._beside: dict[str, dict[SpanExample, list[str]]] = {}
        for source in STATEMENTS:
            of_context: defaultdict[str, list[SpanExample]] = defaultdict(list)
            for example in self._spans[source]:
                of_context[example.context].append(example)
            self._beside[source] = {}
            for some in of_context.values():
                self._beside[source].update(values_beside(some))
        self._verdicts: dict[str, list[VerdictExample]] = {}
        self.held_out_verdicts: list[VerdictExample] = []
        for name, verdicts in (
            ("claims", data.claim_examples(folder)),
            ("yes-no", data.yes_no_examples(folder)),
        ):
            self.held_out_verdicts += [example for example in verdicts if data.is_held_out(example)]
            self._verdicts[name] = [example for example in verdicts if not data.is_held_out(example)]
            self.counts[name] = len(self._verdicts[name])
        for source, excerpts in excerpts_of.items():
            self._verdicts[source] = [e for one in excerpts if not one.is_held_out for e in one.verdicts]
            self.counts[f"{source}: claims"] = len(self._verdicts[source])
        self._near = {
            name: _near_contexts(
                [e for e in self._verdicts[name] if e.source in ("fever", "yes-no", ANNOTATIONS)], analyzer
            )
            for name in self._verdicts
        }

    def around(self, example: SpanExample) -> Surroundings:
        """What the example's article has to swap in."""
        return self._around.get(example.group) or surroundings([example.context])

    def examples(self, number: int, seed: int) -> list[SpanExample | VerdictExample]:
        """The examples of a pass in random order, the same for the same seed."""
        rng = random.Random(f"{seed} {number}")  # noqa: S311 (reproducible, and no secret)
        examples: list[SpanExample | VerdictExample] = []
        for source, share in self._shares.items():
            every = self._spans[source]
            size = round(len(every) * share)
            draw = every if size >= len(every) else rng.sample(every, size)
            for example in draw:
                examples.append(example)
                if example.start is None:
                    continue
                if rng.random() < LOOKALIKES.get(source, LOOKALIKES_ELSEWHERE):
                    swap = lookalike(example, self.around(example), rng)
                    if swap:
                        examples.append(swap)
                wrong = self._wrong.get(example)
                if wrong and rng.random() < WRONG_PASSAGES:
                    examples.append(
                        SpanExample(
                            example.question, rng.choice(wrong), None, None, "wrong passage", example.group
                        )
                    )
        for group, texts in self._reports if self._questions else ():
            examples += report_questions(texts, group, rng)
        examples = [
            example._replace(question=varied(example.question, rng))
            for example in examples
            if isinstance(example, SpanExample)
        ]
        if self._claims:
            of_people, of_rules = self._verdicts_of_people(rng), self._verdicts_of_rules(rng)
            size = round(len(of_people) * self._claims)
            examples += rng.sample(of_people, size)
            examples += rng.sample(of_rules, min(len(of_rules), round(size * _OF_RULES)))
        examples += self._annotated_verdicts(rng)
        every_contrast = self._verdicts[CONTRASTS]
        some = rng.sample(every_contrast, round(len(every_contrast) * self._versions))
        examples += [one._replace(claim=varied(one.claim, rng)) for one in some]
        rng.shuffle(examples)
        return examples

    def wrong_passages_held_out(self, rng: random.Random, number: int) -> list[SpanExample]:
        """Held-out questions, each put to a passage of its article that ranks high and lacks the answer."""
        pairs = [(example, wrong) for example in self.held_out_spans if (wrong := self._wrong.get(example))]
        return [
            SpanExample(example.question, wrong[0], None, None, "wrong passage", example.group)
            for example, wrong in rng.sample(pairs, min(number, len(pairs)))
        ]

    def _verdicts_of_people(self, rng: random.Random) -> list[VerdictExample]:
        examples: list[VerdictExample] = []
        for name, share in (("claims", CLAIMS), ("yes-no", YES_NO)):
            every = self._verdicts[name]
            for example in rng.sample(every, round(len(every) * share)):
                near = self._near[name].get(example)
                # As many texts that do not say as texts that say so: FEVER and BoolQ have none of their own.
                if near and rng.random() < 0.4:
                    examples.append(example._replace(context=rng.choice(near), verdict=data.DOES_NOT_SAY))
                else:
                    examples.append(example._replace(claim=varied(example.claim, rng)))
        return examples

    def _annotated_verdicts(self, rng: random.Random) -> list[VerdictExample]:
        """Written claims, some of them put to another text as well, which does not say."""
        every = self._verdicts[ANNOTATIONS]
        verdicts: list[VerdictExample] = []
        for example in rng.sample(every, round(len(every) * self._annotated_claims)):
            verdicts.append(example._replace(claim=varied(example.claim, rng)))
            near = self._near[ANNOTATIONS].get(example)
            if near and rng.random() < _ELSEWHERE:
                verdicts.append(example._replace(context=rng.choice(near), verdict=data.DOES_NOT_SAY))
        for context in dict.fromkeys(example.context for example in every):
            copy = repetition(context, rng) if rng.random() < _REPETITIONS * self._annotated_claims else None
            if copy:
                verdicts.append(copy._replace(claim=varied(copy.claim, rng)))
        return verdicts

    def _verdicts_of_rules(self, rng: random.Random) -> list[VerdictExample]:
        """Claims made from questions with their answers, and from sentences."""
        verdicts: list[VerdictExample] = []
        for source, share in STATEMENTS.items():
            for example, others in self._beside[source].items():
                if rng.random() >= share:
                    continue
                verdicts += statements(example, others, rng)
                if example.start is None or rng.random() >= _UNSAID:
                    continue
                wrong = self._wrong.get(example)
                silent = (
                    example._replace(context=rng.choice(wrong), start=None, end=None)
                    if wrong and rng.random() < 0.5
                    else sentence_removed(example, self.around(example), rng)
                )
                if silent:
                    verdicts += unsaid(silent, rng.choice([example.answer, *others[:2]]), rng)
        for source, share in RESTATEMENTS.items():
            for context in dict.fromkeys(example.context for example in self._spans[source]):
                if rng.random() < share:
                    verdicts += restatements(context, rng)
        return [example._replace(claim=varied(example.claim, rng)) for example in verdicts]

    def _ranked(self, examples: Sequence[SpanExample], source: str, analyzer: Analyzer) -> list[SpanExample]:
        """Finds each question's wrong passages, and leaves out questions that sit on a wrong one."""
        contexts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for example in examples:
            contexts[example.group].setdefault(example.context, len(contexts[example.group]))
        ranking: dict[str, tuple[list[str], BM25]] = {}
        for group, of_group in contexts.items():
            texts = list(of_group)
            if len(texts) > 1:
                self._around[group] = surroundings(texts)
                ranking[group] = texts, BM25.of([analyzer.terms(text) for text in texts], analyzer)
        rest = []
        for example in examples:
            if example.group not in ranking or example.start is None:
                rest.append(example)
                continue
            texts, bm25 = ranking[example.group]
            scores = bm25.scores(example.question)
            own = scores[contexts[example.group][example.context]]
            order = np.argsort(-scores, kind="stable")[:_BEST]
            if source == "squad2-train" and own < _LEAST_SHARE * scores[order[0]]:
                self.counts["left out: on a wrong passage"] += 1
                continue
            answer = example.answer.lower()
            self._wrong[example] = [
                texts[n] for n in order if texts[n] != example.context and answer not in texts[n].lower()
            ]
            rest.append(example)
        return rest


def _near_contexts(examples: Sequence[VerdictExample], analyzer: Analyzer) -> dict[VerdictExample, list[str]]:
    """Of each claim, other claims' contexts that rank high for it."""
    near: dict[VerdictExample, list[str]] = {}
    for at in range(0, len(examples), 3000):  # near enough among so many, and ranked in a tenth of the time
        part = examples[at : at + 3000]
        texts = list(dict.fromkeys(example.context for example in part))
        bm25 = BM25.of([analyzer.terms(text) for text in texts], analyzer)
        for example in part:
            order = np.argsort(-bm25.scores(example.claim), kind="stable")[:6]
            # The best is often about the same thing: it may say what the claim says.
            near[example] = [texts[n] for n in order[2:] if texts[n] != example.context]
    return near
