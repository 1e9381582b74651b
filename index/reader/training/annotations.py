"""Claims and questions that were written for this reader, about excerpts of the data sets and of its own.

Of an excerpt of a data set only its place is kept: the text is the data set's and not part of the project.
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

SOURCE = "annotations"

_VERDICT_OF = {"yes": data.SAYS_SO, "no": data.SAYS_OTHERWISE, "open": data.DOES_NOT_SAY}


class Annotation(NamedTuple):
    """An excerpt and what was written about it.

    Attributes:
        text: The excerpt.
        group: The article that it is from.
        spans: Questions, answered by the excerpt or only looking so.
        verdicts: Claims, and questions that yes or no answers.
    """

    text: str
    group: str
    spans: list[SpanExample]
    verdicts: list[VerdictExample]


def annotated_excerpts(folder: Path) -> Iterator[Annotation]:
    """What was written, as far as the data sets that it is about lie in a folder."""
    contexts: dict[str, dict[str, tuple[str, str]]] = {}
    file = resources.files("index.reader.training") / "annotations.jsonl.gz"
    for row in map(json.loads, gzip.decompress(file.read_bytes()).splitlines()):
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
        yield Annotation(text, group, list(_spans(row, text, group)), list(_verdicts(row, text)))


def _contexts(folder: Path, source: str) -> dict[str, tuple[str, str]]:
    """The contexts of a data set with single spaces, and their articles, by the context's digest."""
    return {
        data.digest(example.context): (" ".join(example.context.split()), example.group)
        for example in data.span_examples(folder, source)
    }


def _spans(row: dict[str, Any], text: str, group: str) -> Iterator[SpanExample]:
    for question in row["unanswerable"]:
        yield SpanExample(question, text, None, None, SOURCE, group)
    for question, answer in row["answerable"]:
        start = text.index(answer)
        yield SpanExample(question, text, start, start + len(answer), SOURCE, group)


def _verdicts(row: dict[str, Any], text: str) -> Iterator[VerdictExample]:
    for kind, verdict in _VERDICT_OF.items():
        for claim in row[kind]:
            yield VerdictExample(claim, text, verdict, SOURCE)
