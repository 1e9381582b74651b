"""Claims and questions that were written for this reader, about excerpts of the data sets and of its own.

Of an excerpt of a data set only its place is kept: the text is the data set's and not part of the project.

Contrasts are excerpts in two versions, with claims and questions to which the two answer differently, so
that how a claim or a question sounds tells nothing (as in VitaminC, Schuster et al. 2021, and contrast sets,
Gardner et al. 2020).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from index.reader.training import data
from index.reader.training.data import SpanExample, VerdictExample

SOURCE, CONTRASTS = "annotations", "contrasts"

_VERDICT_OF = {"yes": data.SAYS_SO, "no": data.SAYS_OTHERWISE, "open": data.DOES_NOT_SAY}


class Annotation(NamedTuple):
    """An excerpt and what was written about it.

    Attributes:
        text: The excerpt.
        group: The article that it is from.
        spans: Questions, answered by the excerpt or only looking so.
        verdicts: Claims, and questions that yes or no answers.
        is_held_out: Whether nothing is trained on it.
    """

    text: str
    group: str
    spans: list[SpanExample]
    verdicts: list[VerdictExample]
    is_held_out: bool


def annotated_excerpts(folder: Path) -> Iterator[Annotation]:
    """What was written, as far as the data sets that it is about lie in a folder."""
    contexts: dict[str, dict[str, tuple[str, str]]] = {}
    for row in _rows(f"{SOURCE}.jsonl.gz"):
        if "text" in row:
            text, group = row["text"], f"excerpt {data.digest(row['text'])}"
        else:
            source = row["source"]
            if source not in contexts:
                contexts[source] = _contexts(folder, source)
            if row["context"] not in contexts[source]:
                continue
            context, group = contexts[source][row["context"]]
            text = context[row["start"] : row["end"]]
        spans, verdicts = list(_spans(row, text, group)), list(_verdicts(row, text))
        yield Annotation(text, group, spans, verdicts, data.is_kept(text))


def contrasts() -> Iterator[Annotation]:
    """Each version of each excerpt that there are two of; those of one excerpt are of one group."""
    for row in _rows(f"{CONTRASTS}.jsonl.gz"):
        group = f"excerpt {data.digest(row['texts'][0])}"
        is_held_out = data.is_kept(row["texts"][0])
        for version, text in enumerate(row["texts"]):
            questions = [(question, answers[version]) for question, *answers in row["questions"]]
            claims = [(claim, kinds[version]) for claim, *kinds in row["claims"]]
            spans = [_span(question, answer, text, CONTRASTS, group) for question, answer in questions]
            verdicts = [VerdictExample(claim, text, _VERDICT_OF[kind], CONTRASTS) for claim, kind in claims]
            yield Annotation(text, group, spans, verdicts, is_held_out)


def _rows(name: str) -> Iterator[dict[str, Any]]:
    file = resources.files("index.reader.training") / name
    return map(json.loads, gzip.decompress(file.read_bytes()).splitlines())


def _contexts(folder: Path, source: str) -> dict[str, tuple[str, str]]:
    """The contexts of a data set with single spaces, and their articles, by the context's digest."""
    return {
        data.digest(example.context): (" ".join(example.context.split()), example.group)
        for example in data.span_examples(folder, source)
    }


def _spans(row: dict[str, Any], text: str, group: str) -> Iterator[SpanExample]:
    for question in row["unanswerable"]:
        yield _span(question, None, text, SOURCE, group)
    for question, answer in row["answerable"]:
        yield _span(question, answer, text, SOURCE, group)


def _span(question: str, answer: str | None, text: str, source: str, group: str) -> SpanExample:
    if answer is None:
        return SpanExample(question, text, None, None, source, group)
    start = text.index(answer)
    return SpanExample(question, text, start, start + len(answer), source, group)


def _verdicts(row: dict[str, Any], text: str) -> Iterator[VerdictExample]:
    for kind, verdict in _VERDICT_OF.items():
        for claim in row[kind]:
            yield VerdictExample(claim, text, verdict, SOURCE)
