"""How an article goes from the process that reads it to the one that answers.

A line of JSON with what is small, then the text in UTF-8, then the numbers: JSON of a million sentences would
hold the process that answers for as long as it takes to parse, and these do not.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from datetime import date
from itertools import accumulate, pairwise

from index.model.article import Article, Heading, Span, Spans

_HEADING, _SPAN = 3, 2  # numbers of each


def pack(article: Article) -> bytes:
    """An article as bytes, without its id, and without what nobody but the one who adds it can say."""
    text = article.text.encode()
    headings = _numbers([n for one in article.headings for n in (one.start, one.end, one.level)])
    sentences = _numbers([n for one in article.sentences or () for n in (one.start, one.end)])
    head = {
        "title": article.title,
        "language": article.language,
        "source": article.source,
        "published": article.published.isoformat() if article.published else None,
        "author": article.author,
        "site": article.site,
        "language_is_guess": article.language_is_guess,
        "missing": article.missing,
        "parts": [len(text), len(headings), len(sentences)],
    }
    return b"".join([json.dumps(head).encode(), b"\n", text, headings, sentences])


def unpack(wire_bytes: bytes) -> Article:
    """What ``pack`` was given.

    Raises:
        ValueError: it is not what ``pack`` gives.
    """
    line = wire_bytes.find(b"\n") + 1
    try:
        head = json.loads(wire_bytes[:line])
        text, *numbers = _parts(memoryview(wire_bytes)[line:], head.pop("parts"))
        headings, sentences = (part.cast("i") for part in numbers)
        published, missing = head.pop("published"), head.pop("missing")
        return Article(
            id="",
            text=str(text, "utf-8"),
            published=date.fromisoformat(published) if published else None,
            missing=tuple(missing),
            headings=tuple(
                Heading(*headings[n : n + _HEADING].tolist()) for n in range(0, len(headings), _HEADING)
            ),
            sentences=Spans(map(Span, sentences[::_SPAN], sentences[1::_SPAN])),
            **head,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("no article") from error


def _parts(rest: memoryview, lengths: Sequence[int]) -> list[memoryview]:
    if sum(lengths) != len(rest):
        raise ValueError("cut off")
    ends = list(accumulate(lengths))
    return [rest[start:end] for start, end in pairwise([0, *ends])]


def _numbers(values: Sequence[int]) -> bytes:
    return array("i", values).tobytes()
