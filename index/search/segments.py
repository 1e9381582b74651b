"""What a library's index keeps of an article: a segment, which follows from the article's index alone.

A segment has all that tells how well the article's sentences match a question, but for the token embeddings:
those are read of the few passages that are looked into.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from index.errors import SnapshotDamagedError
from index.model.article import Sentence
from index.search.bm25 import TermPlaces, place_in
from index.search.build import Index, Ints
from index.search.embedding import Floats
from index.search.leads import Leads
from index.search.token_rows import Mentions, TokenCounts, TokenRows


class Segment(NamedTuple):
    """An article as a library's index has it. Places count in the article's text.

    Attributes:
        language: The article's.
        codec: The name of how its token embeddings are coded.
        vectors: The passages' vectors, shape (passages, dimension).
        passages: Where each passage starts and ends, and the same with what leads it, shape (passages, 4).
        sentences: Of what can be cited: start, end, paragraph and passage, in order, shape (sentences, 4).
        runs: Which rows of the token table count for sentences: the sentence's place above, the first row and
            the one after the last, shape (runs, 3).
        led: Passages, and passages that something in them leads, shape (pairs, 2).
        vocabulary: The distinct terms of the text, ascending.
        term_starts: Where each of its terms starts, ascending, shape (terms,),
        term_places: and its place in the vocabulary, shape (terms,).
        tokens: The distinct token ids, and in how many sentences each stands, shape (ids, 2).
        sentence_count: How many sentences those were counted in.
    """

    language: str
    codec: str
    vectors: Floats
    passages: Ints
    sentences: Ints
    runs: Ints
    led: Ints
    vocabulary: tuple[str, ...]
    term_starts: Ints
    term_places: Ints
    tokens: Ints
    sentence_count: int

    @property
    def nbytes(self) -> int:
        """About how much memory it takes."""
        arrays = (part.nbytes for part in self if isinstance(part, np.ndarray))
        return sum(arrays) + 64 * len(self.vocabulary)

    @property
    def token_counts(self) -> TokenCounts:
        """In how many sentences each token stands."""
        return TokenCounts(self.tokens[:, 0], self.tokens[:, 1], self.sentence_count)

    def citable(self, passage: int) -> range:
        """The places of the sentences of a passage."""
        first, end = np.searchsorted(self.sentences[:, 3], np.array([passage, passage + 1], dtype=np.int32))
        return range(int(first), int(end))

    def runs_of(self, place: int) -> list[tuple[int, int]]:
        """The runs of rows of the token table that count for the sentence at a place."""
        first, end = np.searchsorted(self.runs[:, 0], np.array([place, place + 1], dtype=np.int32))
        return [(one, other) for _, one, other in self.runs[first:end].tolist()]

    def sentence(self, place: int) -> Sentence:
        """The sentence at a place."""
        return Sentence(*self.sentences[place].tolist())

    def place_of(self, term: str) -> int | None:
        """The place of a term in the vocabulary; None where the text has it not."""
        return place_in(self.vocabulary, term)

    def terms_within(self, spans: Ints) -> list[list[int]]:
        """The terms of each of some spans, shape (spans, 2), as places in the vocabulary."""
        bounds = np.searchsorted(self.term_starts, spans)
        return [self.term_places[first:end].tolist() for first, end in bounds]

    def without_vectors(self) -> Segment:
        """It without its vectors, which are looked at nowhere but in the index of all articles."""
        return self._replace(vectors=self.vectors[:0].copy())

    def write(self, write: Callable[[Any], object]) -> None:
        """Gives it as it is kept on disk to ``write``, piece by piece: of the same article, the same bytes.

        A safetensors file. That library would put all of it together in memory, and what it reads as well.
        """
        texts = json.dumps([self.language, self.codec, self.vocabulary], ensure_ascii=False).encode()
        arrays: dict[str, Any] = {name: np.ascontiguousarray(getattr(self, name)) for name in _ARRAYS}
        arrays["sentence_count"] = np.array([self.sentence_count], dtype=np.int32)
        arrays["texts"] = np.frombuffer(texts, dtype=np.uint8)
        header, end = {}, 0
        for name, array in arrays.items():
            start, end = end, end + array.nbytes
            kind = _KINDS[array.dtype]
            header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [start, end]}
        head = json.dumps(header, separators=(",", ":")).encode()
        head += b" " * (-len(head) % 8)
        write(len(head).to_bytes(8, "little"))
        write(head)
        for array in arrays.values():
            write(array.reshape(-1).view(np.uint8))

    @classmethod
    def read(cls, take: Callable[[int], bytes]) -> Segment:
        """Reads what ``write`` gave, of what gives as many bytes as it is asked for.

        Raises:
            SnapshotDamagedError: it is none.
        """
        kinds: dict[str, Any] = {kind: dtype for dtype, kind in _KINDS.items()}
        arrays: dict[str, Any] = {}
        try:
            header = json.loads(take(int.from_bytes(take(8), "little")))
            rows = sorted(header.items(), key=lambda row: row[1]["data_offsets"])
            for name, row in rows:
                start, end = row["data_offsets"]
                arrays[name] = np.frombuffer(take(end - start), kinds[row["dtype"]]).reshape(row["shape"])
            language, codec, vocabulary = json.loads(arrays["texts"].tobytes())
            (count,) = arrays["sentence_count"].tolist()
            parts = {name: arrays[name] for name in _ARRAYS}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise SnapshotDamagedError("A segment of the library's index cannot be read.") from error
        return cls(
            language=language, codec=codec, vocabulary=tuple(vocabulary), sentence_count=count, **parts
        )


_ARRAYS = ("vectors", "passages", "sentences", "runs", "led", "term_starts", "term_places", "tokens")
_KINDS = {np.dtype("<f4"): "F32", np.dtype("<i4"): "I32", np.dtype("u1"): "U8"}
"""The types of arrays, as safetensors calls them."""


def segment_of(index: Index, leads: Leads, mentions: Mentions, terms: TermPlaces) -> Segment:
    """The segment of an article.

    Args:
        index: The article's.
        leads: What leads its sentences.
        mentions: The names that its sentences lean on.
        terms: Those of its text.
    """
    article, passages, store, tokens = index
    rows = TokenRows(tokens.starts, leads, mentions)
    sentences = leads.citable
    counts = TokenCounts.of(tokens)
    contexts = map(leads.context, passages)
    return Segment(
        language=article.language,
        codec=tokens.vectors.codec.name,
        vectors=store.vectors(),
        passages=_table(
            ((p.start, p.end, c.start, c.end) for p, c in zip(passages, contexts, strict=True)), 4
        ),
        sentences=_table(((s.start, s.end, s.paragraph, s.passage) for s in sentences), 4),
        runs=_table(((n, *run) for n, one in enumerate(sentences) for run in rows.new_runs(one)), 3),
        led=_table(((p.number, led) for p in passages for led in leads.led_passages(p.number)), 2),
        vocabulary=terms.vocabulary,
        term_starts=terms.starts,
        term_places=terms.places,
        tokens=np.stack([counts.ids, counts.counts], axis=1),
        sentence_count=counts.sentences,
    )


def _table(rows: Iterable[tuple[int, ...]], width: int) -> Ints:
    return np.fromiter(chain.from_iterable(rows), dtype=np.int32).reshape(-1, width)
