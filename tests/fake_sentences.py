"""Articles cut and cited by the simplest rules, for the double of the library."""

from __future__ import annotations

import re
from collections import Counter

from index.model.answer import Citation
from index.model.article import Article, Sentence
from index.model.source import Source


def read(source: Source) -> Article:
    """What a source says, its name for a title."""
    name = source.origin.place
    return Article(
        re.sub(r"\W+", "-", name.rsplit(".", 1)[0].lower()).strip("-"), name, source.content.decode()
    )


def texts(article: Article | None) -> Counter[str]:
    """The paragraphs of an article, counted; none of none."""
    return Counter(p.of(article.text) for p in article.paragraphs) if article else Counter()


def sentences(article: Article) -> list[Sentence]:
    """The sentences of an article: each ends with a full stop before a space, or with its paragraph."""
    return [
        Sentence(p.start + m.start(), p.start + m.end(), p.number, p.number - 1)
        for p in article.paragraphs
        for m in re.finditer(r"\S.*?(?:\.(?= )|$)", p.of(article.text))
    ]


def cite(article: Article, number: int, sentence: Sentence, asked: set[str]) -> Citation:
    """A sentence as a footnote: its score is how many of the words asked it has."""
    quote = sentence.of(article.text)
    speaker = re.search(r"” said (\w+ \w+)", quote)
    return Citation(
        number=number,
        quote=quote,
        start=sentence.start,
        end=sentence.end,
        paragraph=sentence.paragraph,
        passage_id=f"p{sentence.paragraph}",
        speaker=speaker[1] if speaker else None,
        score=float(len(asked & words(quote))),
    )


def words(text: str) -> set[str]:
    """The words of a text, without those that say little."""
    return set(re.findall(r"\w+", text.lower())) - {"the", "a", "is", "of", "in", "for", "to"}
